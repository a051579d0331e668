//! All runbooks of a bot: those that came with it, the operator's own before them, and whether each is ready. Opens no file.

use super::{Finding, Risk, Runbook, Type, read};
use crate::config::Config;
use crate::config::commands::Commands;
use crate::config::limits::RUNBOOKS;
use crate::config::runbooks::Runbooks;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What a configuration has that steps name.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Each with whether it changes production.
    commands: BTreeMap<String, bool>,
    databases: BTreeSet<String>,
    targets: BTreeSet<String>,
    secrets: BTreeSet<String>,
    channels: BTreeSet<String>,
}

/// A runbook on the shelf.
#[derive(Clone, Debug)]
pub struct Shelved {
    /// As it was read.
    pub runbook: Runbook,
    /// Where it is from: `bundled`, or the file.
    pub from: String,
    /// What was found in it.
    pub findings: Vec<Finding>,
    /// Why it cannot be started; empty if it can.
    pub unready: Vec<String>,
}

/// All runbooks, by name.
#[derive(Clone, Debug, Default)]
pub struct Library(pub BTreeMap<String, Shelved>);

impl Known {
    /// What this configuration has.
    pub fn of(config: &Config) -> Self {
        let Commands { all, path: _ } = &config.commands;
        Self {
            commands: all.iter().map(|(name, command)| (name.clone(), command.changes)).collect(),
            databases: config.databases.0.keys().cloned().collect(),
            targets: config.targets.names().map(str::to_owned).collect(),
            secrets: config.secrets.handles().map(str::to_owned).collect(),
            channels: config
                .channels
                .all()
                .into_iter()
                .filter(|(_, id)| id.is_some())
                .map(|(key, _)| key.to_owned())
                .collect(),
        }
    }

    /// Why a runbook cannot be started here.
    pub fn unready(&self, runbook: &Runbook, findings: &[Finding]) -> Vec<String> {
        let problems = findings.iter().filter(|finding| finding.problem);
        let mut why: Vec<String> = problems.map(|one| format!("line {}: {}", one.line, one.text)).collect();
        for place in &runbook.missing {
            let about = runbook.values.get(place).map_or("", |place| place.about.as_str());
            why.push(format!("runbooks.values.{place} is missing: {about}"));
        }
        for step in &runbook.steps {
            let lacks = |what: &str| format!("step \"{}\" needs {what}, which is not configured", step.name);
            let text =
                |pointer: &str| step.does.pointer(pointer).and_then(Value::as_str).filter(|text| !text.contains('{'));
            let mut need = |name: Option<&str>, known: &dyn Fn(&str) -> bool, section: &str| {
                why.extend(name.filter(|name| !known(name)).map(|name| lacks(&format!("[{section}.{name}]"))));
            };
            match step.kind {
                Type::Command => {
                    let known = |name: &str| self.commands.contains_key(name);
                    need(text("/command"), &known, "commands");
                    need(text("/undo/command"), &known, "commands");
                    let changes = |name: &&str| self.commands.get(*name).is_some_and(|changes| *changes);
                    if let Some(name) = text("/command").filter(|_| step.risk == Risk::ReadOnly).filter(changes) {
                        why.push(format!(
                            "step \"{}\" says risk = \"read-only\", and [commands.{name}] changes production: say \
                             risk = \"change\" there, or changes = false in [commands.{name}] if it only looks",
                            step.name
                        ));
                    }
                }
                Type::Sql => need(text("/sql/database"), &|name| self.databases.contains(name), "databases"),
                Type::Backup => need(text("/target"), &|name| self.targets.contains(name), "targets"),
                Type::Chat => {
                    let channel = text("/channel").filter(|channel| !self.channels.contains(*channel));
                    why.extend(channel.map(|channel| lacks(&format!("`{channel}` of [channels]"))));
                }
                Type::Http => {
                    let headers = step.does.pointer("/http/headers").and_then(Value::as_object);
                    let handles = headers.into_iter().flatten().filter_map(|(_, value)| value.get("secret")?.as_str());
                    let unknown = handles.filter(|handle| !self.secrets.contains(*handle));
                    why.extend(unknown.map(|handle| lacks(&format!("the secret `{handle}`"))));
                }
                Type::Promql | Type::Wait => {}
            }
        }
        why
    }
}

impl Library {
    /// Reads runbooks given as (name, where from, text): a later one takes the place of an earlier one of the same name.
    pub fn read<'a>(
        files: impl IntoIterator<Item = (&'a str, String, &'a str)>,
        config: &Runbooks,
        known: &Known,
    ) -> Self {
        let mut all = BTreeMap::new();
        for (name, from, text) in files {
            if !config.enabled(name) || (all.len() >= RUNBOOKS && !all.contains_key(name)) {
                continue;
            }
            let (mut runbook, findings) = read(name, text, &config.values_of(name));
            if let Some(own) = config.overrides.get(name).and_then(|own| own.schedule.as_ref()) {
                (runbook.schedule, runbook.zone) = own.clone().unzip();
            }
            let unready = known.unready(&runbook, &findings);
            all.insert(name.to_owned(), Shelved { runbook, from, findings, unready });
        }
        Self(all)
    }
}
