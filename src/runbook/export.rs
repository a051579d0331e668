//! The nine documents that an auditor asks for (S0-21), written from the configuration as it applies and the runbooks with their places
//! filled. What is not configured is said to be missing. Pure: nothing is opened or written here.

use super::{Library, Runbook};
use crate::config::Config;
use serde_json::Value as Json;
use std::fmt::Write;
use toml::{Table, Value};

/// The first line of each document: what begins so may be written anew.
pub const MARK: &str = "<!-- Written by `drillbell runbook export` from the configuration: change that, not this. -->";

/// The documents that are runbooks: what they are called, and the runbook's name.
const RUNBOOKS: [(&str, &str); 5] = [
    ("runbook-db-down", "db-down"),
    ("runbook-redis-down", "redis-down"),
    ("runbook-worker-down", "worker-down"),
    ("runbook-5xx-spike", "http-5xx-spike"),
    ("runbook-migration-lock", "migration-lock"),
];

/// All nine: file names and texts.
pub fn documents(config: &Config, library: &Library) -> Vec<(String, String)> {
    let whole: Table = config.effective().parse().unwrap_or_default();
    let of = Source { whole: &whole, library };
    let mut all = vec![
        ("backups.md".to_owned(), of.backups()),
        ("restore-drill.md".to_owned(), of.drills()),
        ("rollback.md".to_owned(), of.rollback()),
        ("incidents.md".to_owned(), of.incidents()),
    ];
    all.extend(RUNBOOKS.map(|(file, name)| (format!("{file}.md"), format!("{MARK}\n{}", of.runbook(name, 1)))));
    all
}

struct Source<'a> {
    whole: &'a Table,
    library: &'a Library,
}

impl Source<'_> {
    fn section(&self, name: &str) -> Option<&Table> {
        self.whole.get(name)?.as_table().filter(|table| !table.is_empty())
    }

    /// Each entry of a section, below a heading of its own; what is said if there is none.
    fn each(&self, out: &mut String, section: &str, none: &str) {
        let Some(table) = self.section(section) else { return missing(out, none) };
        for (name, value) in table {
            let _ = writeln!(out, "### {name}\n");
            lines(out, value, 0);
            out.push('\n');
        }
    }

    fn backups(&self) -> String {
        let mut out = head("Backups", "What is copied, how often, for how long, where to, and how it is encrypted.");
        out.push_str("## Targets\n\n");
        self.each(&mut out, "targets", "nothing is backed up: write [targets.NAME]");
        for (name, target) in self.section("targets").into_iter().flatten() {
            let backup = target.get("backup").and_then(Value::as_table);
            let has = |key: &str| backup.is_some_and(|backup| backup.contains_key(key));
            for (key, what) in [
                ("schedule", "how often it is copied"),
                ("expires", "when a copy that did not start in time is given up"),
            ] {
                if !has(key) {
                    missing(&mut out, &format!("{name}: {what}, [targets.{name}.backup] {key}"));
                }
            }
        }
        out.push_str("## Where copies lie, and encryption at rest\n\n");
        match self.section("artifacts") {
            Some(artifacts) => {
                lines(&mut out, &Value::Table(artifacts.clone()), 0);
                out.push('\n');
                let encrypts = artifacts.get("encrypt_to").and_then(Value::as_array).is_some_and(|to| !to.is_empty());
                if !encrypts {
                    missing(&mut out, "encryption at rest: [artifacts] encrypt_to");
                }
            }
            None => missing(&mut out, "where copies lie: [artifacts]"),
        }
        out
    }

    fn drills(&self) -> String {
        let mut out = head("Restore drills", "How it is shown that copies can be restored, and when.");
        out.push_str("## Plan\n\n");
        let targets = self.section("targets");
        for (name, target) in targets.into_iter().flatten() {
            let _ = writeln!(out, "### {name}\n");
            match target.get("drill").and_then(Value::as_table).filter(|drill| drill.contains_key("schedule")) {
                Some(drill) => {
                    lines(&mut out, &Value::Table(drill.clone()), 0);
                    out.push('\n');
                }
                None => missing(&mut out, &format!("a schedule: [targets.{name}.drill] schedule")),
            }
        }
        if targets.is_none() {
            missing(&mut out, "something to drill: write [targets.NAME]");
        }
        out + &self.runbook("restore-drill", 2)
    }

    fn rollback(&self) -> String {
        let mut out =
            head("Rollback", "How a change is taken back: its code, its schema, or by a fix that goes forward.");
        out.push_str("## Services\n\n");
        self.each(&mut out, "services", "services: write [services.NAME]");
        for (heading, names) in [
            ("Code", &["git-revert", "container-revert"][..]),
            ("Schema", &["migration-rollback", "full-restore"][..]),
            ("Forward fix", &["failed-migration"][..]),
        ] {
            let _ = writeln!(out, "## {heading}\n");
            for name in names {
                out.push_str(&self.runbook(name, 3));
            }
        }
        out
    }

    fn incidents(&self) -> String {
        let mut out = head(
            "Incidents",
            "How bad is how bad, who is told and when, who may do what, and where it is talked about.",
        );
        for (section, heading, none) in [
            ("severities", "Severities", "severities: write [severities.NAME]"),
            ("escalation", "Escalation", "whom to tell after whom: write [escalation.NAME]"),
            ("rotations", "Rotations", "who is on call: write [rotations.NAME]"),
        ] {
            let _ = writeln!(out, "## {heading}\n");
            self.each(&mut out, section, none);
        }
        for (section, heading, none) in [
            ("channels", "Channels", "where it is talked about: write [channels]"),
            ("roles", "Roles", "who may do what: write [roles.NAME]"),
            ("policy", "Policy", "what needs approval: write [[policy]]"),
        ] {
            let _ = writeln!(out, "## {heading}\n");
            match self.whole.get(section).filter(|value| !is_empty(value)) {
                Some(value) => {
                    lines(&mut out, value, 0);
                    out.push('\n');
                }
                None => missing(&mut out, none),
            }
        }
        out
    }

    /// A runbook with its places filled, its heading of this level.
    fn runbook(&self, name: &str, level: usize) -> String {
        let mut out = String::new();
        let Some(shelved) = self.library.0.get(name) else {
            missing(&mut out, &format!("the runbook {name}, which is switched off"));
            return out;
        };
        let Runbook { title, owner, review, risk, about, sections, steps, .. } = &shelved.runbook;
        let marks = "#".repeat(level);
        let _ = writeln!(out, "{marks} {title}\n\n{about}\n");
        let _ = writeln!(out, "Owner: {owner}. To be read again: {review}. Risk: {}.\n", risk.as_str());
        for why in &shelved.unready {
            missing(&mut out, why);
        }
        for section in sections {
            let _ = writeln!(out, "{marks}# {}\n", section.heading);
            if !section.text.is_empty() {
                let _ = writeln!(out, "{}\n", section.text);
            }
            for step in steps.iter().filter(|step| step.section == section.heading) {
                let _ = writeln!(out, "{marks}## {}\n", step.name);
                if !step.text.is_empty() {
                    let _ = writeln!(out, "{}\n", step.text);
                }
                let does = serde_json::to_string_pretty::<Json>(&step.does).unwrap_or_default();
                let _ = writeln!(out, "{}, {}:\n\n```json\n{does}\n```\n", step.kind.as_str(), step.risk.as_str());
            }
        }
        out
    }
}

fn head(title: &str, about: &str) -> String {
    format!("{MARK}\n# {title}\n\n{about}\n\n")
}

fn missing(out: &mut String, what: &str) {
    let _ = writeln!(out, "**Missing:** {what}\n");
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.is_empty(),
        Value::Table(table) => table.is_empty(),
        _ => false,
    }
}

/// A value as a list of lines; what is empty is left out.
fn lines(out: &mut String, value: &Value, depth: usize) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Table(table) => {
            for (key, value) in table.iter().filter(|(_, value)| !is_empty(value)) {
                match value {
                    Value::Table(_) => {
                        let _ = writeln!(out, "{indent}- {key}:");
                        lines(out, value, depth + 1);
                    }
                    Value::Array(items) if items.iter().any(|item| item.is_table()) => {
                        let _ = writeln!(out, "{indent}- {key}:");
                        lines(out, value, depth + 1);
                    }
                    _ => {
                        let _ = writeln!(out, "{indent}- {key}: {}", plain(value));
                    }
                }
            }
        }
        Value::Array(items) => {
            for (item, n) in items.iter().zip(1..) {
                match item {
                    Value::Table(_) => {
                        let _ = writeln!(out, "{indent}- {n}:");
                        lines(out, item, depth + 1);
                    }
                    _ => {
                        let _ = writeln!(out, "{indent}- {}", plain(item));
                    }
                }
            }
        }
        _ => {
            let _ = writeln!(out, "{indent}- {}", plain(value));
        }
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => format!("`{}`", text.replace('`', "'")),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
