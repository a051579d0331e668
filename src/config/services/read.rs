//! Reading one service: what it names must be there, and what does not fit the rest is said.

use super::rollback::{Flag, Rollback, Smoke};
use super::{Pair, Service, address, criteria, notice, strategies};
use crate::config::alerts::Mute;
use crate::config::commands::Commands;
use crate::config::limits::{ROLLBACK_TEXTS, ROLLBACK_WATCH, ROLLBACK_WATCH_MAX, ROLLBACK_WORDS_CHARS};
use crate::config::probes::Probes;
use crate::config::problem::{Refusal, did_you_mean};
use crate::config::secrets::Secrets;
use crate::config::section::Section;
use crate::config::status::StatusPage;
use crate::config::targets::Targets;
use crate::config::tree::{Entry, Node};
use crate::config::values;
use std::time::Duration;

/// What the host fills into an operator's commands, where they declare it.
pub(super) const FILLED: [&str; 5] = ["version", "from", "commit", "migration", "service"];

const ASKS: [&str; 5] = [
    "Far more requests fail than before the deploy",
    "A critical feature is fully broken",
    "Data were lost or damaged",
    "The new version opens a security hole",
    "An important customer has escalated",
];
const AGAINST: [&str; 4] = [
    "It is a small thing on the surface",
    "Only one tenant is affected",
    "What is broken is not critical",
    "A simple change of the configuration mends it",
];
const CHECKLIST: [&str; 4] = [
    "Log in and out",
    "Create what people create first",
    "Go through the most critical flow",
    "Receive an e-mail that the application sends",
];

/// What the rest of the file says that services refer to.
pub(in crate::config) struct Known<'a> {
    pub commands: &'a Commands,
    pub probes: &'a Probes,
    pub targets: &'a Targets,
    pub secrets: &'a Secrets,
    /// The names under `[notify]` and `[people]`.
    pub pagers: &'a [&'a str],
    /// The public page, if there is one.
    pub page: Option<&'a StatusPage>,
}

pub(super) fn service(all: &Section<'_>, entry: &Entry, mut section: Section<'_>, of: &Known<'_>) -> (String, Service) {
    let name = entry.key.clone();
    if !values::is_name(&name, "-_ ") {
        all.refuse_name(entry, Refusal::expected("a name of lower-case letters, digits, - _ and blanks"));
    }
    let mut plain = |key| section.read(key, |node| command(node, of.commands, &[]));
    let (stop, start, migrate) = (plain("stop"), plain("start"), plain("migrate"));
    if stop.is_some() && start.is_none() {
        section.refuse("stop", Refusal::expected("`start` beside it: what is stopped is to be started again"));
    }
    let health = section.read("health", address);
    let restart = section.read("restart", |node| command(node, of.commands, &FILLED));
    let maintenance = pair(&mut section, "maintenance", of.commands);
    let read_only = pair(&mut section, "read_only", of.commands);
    let notice = notice::read(&mut section, of.page);
    let pager = |node| known(node, of.pagers, "the name of a section of [notify] or [people]");
    let vendors = section.read_list("vendors", "a list of notifiers and people", pager).unwrap_or_default();
    let criteria = criteria::read(&section.child("criteria"), "when", of.probes);
    let verify = criteria::read(&section.child("verify"), "expect", of.probes);
    let mut read = Service {
        name: name.clone(),
        health,
        stop,
        start,
        migrate,
        restart,
        maintenance,
        read_only,
        notice,
        vendors,
        criteria,
        verify,
        rollback: None,
    };
    if section.has("rollback") {
        read.rollback = rollback(section.child("rollback"), &read, of);
    }
    section.finish();
    (name, read)
}

fn pair(section: &mut Section<'_>, key: &'static str, commands: &Commands) -> Option<Pair> {
    let written = section.has(key);
    let mut pair = section.child(key);
    let on = pair.read("on", |node| command(node, commands, &["service"]));
    let off = pair.read("off", |node| command(node, commands, &["service"]));
    if written && (!pair.has("on") || !pair.has("off")) {
        section.refuse(key, Refusal::expected("`on` and `off`, the names of two commands that undo each other"));
    }
    pair.finish();
    Some(Pair { on: on?, off: off? })
}

fn rollback(mut section: Section<'_>, service: &Service, of: &Known<'_>) -> Option<Rollback> {
    let texts = |section: &mut Section<'_>, key, usual: &[&str]| {
        let read = section.read_list(key, "a list of sentences", sentence);
        if read.as_ref().is_some_and(|list| list.len() > ROLLBACK_TEXTS) {
            section.refuse(key, Refusal::expected(format!("at most {ROLLBACK_TEXTS} sentences")));
        }
        read.unwrap_or_else(|| usual.iter().map(|text| (*text).to_owned()).collect())
    };
    let asks = texts(&mut section, "asks", &ASKS);
    let against = texts(&mut section, "against", &AGAINST);
    let checklist = texts(&mut section, "checklist", &CHECKLIST);
    let span = |node| values::duration(node, Duration::from_secs(60)..=ROLLBACK_WATCH_MAX);
    let watch = section.read("watch", span).unwrap_or(ROLLBACK_WATCH);
    let window = |node: &Node| Mute::parse(values::text(node)?);
    let what = "a list of times in UTC, such as [\"mon-thu 09:00-16:00\"]";
    let deploy_windows = section.read_list("deploy_windows", what, window).unwrap_or_default();
    let ci = section.read_list("ci", "a list of the checks' names", check_name).unwrap_or_default();
    let smoke = section.tables("smoke").into_iter().filter_map(|(_, one)| smoke(one, of)).collect();
    let flags = section.tables("undo_flags").into_iter().filter_map(|(_, one)| flag(one, of)).collect();
    let strategies = strategies::read(&section.child("strategies"), service, of);
    let names: Vec<&str> = section.child("strategies").names();
    let order = section.read_list("order", "a list of the strategies' names", |node| {
        known(node, &names, "the name of one of the strategies")
    });
    match &order {
        Some(order) if names.iter().any(|name| order.iter().filter(|one| one == name).count() != 1) => {
            let expected = format!("each of the strategies once, the preferred one first: {}", names.join(", "));
            section.refuse("order", Refusal::expected(expected));
        }
        None if names.len() > 1 && !section.has("order") => {
            let expected = "`order` beside them: which strategy is preferred to which";
            section.refuse("strategies", Refusal::expected(expected));
        }
        _ => {}
    }
    let order = order.unwrap_or_else(|| names.iter().map(|name| (*name).to_owned()).collect());
    section.finish();
    Some(Rollback { order, asks, against, checklist, smoke, watch, deploy_windows, ci, undo_flags: flags, strategies })
}

fn smoke(mut section: Section<'_>, of: &Known<'_>) -> Option<Smoke> {
    let url = section.required("url", "an address: url = \"http://127.0.0.1:8000/api/health\"", address);
    let status = section.read("status", |node| values::integer(node, 100..=599)).unwrap_or(200);
    let contains = section.read("contains", |node| values::text(node).map(str::to_owned));
    let secret = section.read("secret", |node| {
        let handle = values::text(node)?;
        of.secrets.check(handle).map(|()| handle.to_owned())
    });
    let post = section.read("post", |node| {
        let text = values::text(node)?;
        let is_object = serde_json::from_str(text).is_ok_and(|value: serde_json::Value| value.is_object());
        is_object
            .then(|| text.to_owned())
            .ok_or_else(|| Refusal::expected("an object as JSON: '{\"name\": \"smoke\"}'"))
    });
    let token = section.read("token", |node| {
        let text = values::text(node)?;
        let expected = || Refusal::expected("a JSON pointer, such as \"/access\"");
        if text.starts_with('/') { Ok(text.to_owned()) } else { Err(expected()) }
    });
    section.finish();
    let status = u16::try_from(status).unwrap_or(200);
    Some(Smoke { url: url?, status, contains, secret, post, token })
}

fn flag(mut section: Section<'_>, of: &Known<'_>) -> Option<Flag> {
    let mut one =
        |key| section.required(key, "`off` and `on`, commands", |node| command(node, of.commands, &["service"]));
    let (off, on) = (one("off"), one("on"));
    section.finish();
    Some(Flag { off: off?, on: on? })
}

/// A name that a pipeline can give on a command line.
fn check_name(node: &Node) -> Result<String, Refusal> {
    let text = values::text(node)?;
    match values::is_name(text, "-_.") {
        true => Ok(text.to_owned()),
        false => Err(Refusal::expected("a name of lower-case letters, digits, - _ .")),
    }
}

fn sentence(node: &Node) -> Result<String, Refusal> {
    let text = values::text(node)?.trim();
    match text.chars().count() <= ROLLBACK_WORDS_CHARS {
        true => Ok(text.to_owned()),
        false => Err(Refusal::expected(format!("a sentence of at most {ROLLBACK_WORDS_CHARS} characters"))),
    }
}

/// One of some names.
pub(super) fn known(node: &Node, names: &[&str], what: &str) -> Result<String, Refusal> {
    let name = values::text(node)?;
    match names.contains(&name) {
        true => Ok(name.to_owned()),
        false => Err(Refusal::expected(what).maybe_fix(did_you_mean(name, names.iter().copied()))),
    }
}

/// A command that needs no values but those that are `filled` by the host: nobody else is there to give any.
pub(in crate::config) fn command(node: &Node, commands: &Commands, filled: &[&str]) -> Result<String, Refusal> {
    let name = values::text(node)?;
    let Some(command) = commands.get(name) else {
        let known = commands.all.keys().map(String::as_str);
        let fix = did_you_mean(name, known).unwrap_or_else(|| format!("write [commands.{name}] with its argv"));
        return Err(Refusal::expected("the name of a section of [commands]").fix(fix));
    };
    let lacking = |place: &str| !filled.contains(&place);
    match command.args.iter().find(|(place, arg)| arg.default.is_none() && lacking(place)) {
        None => Ok(name.to_owned()),
        Some((place, _)) if filled.is_empty() => Err(Refusal::expected("a command that can be run without values")
            .fix(format!(
                "give [commands.{name}.args.{place}] a default, or write a command of its own for this service"
            ))),
        Some((place, _)) => {
            let expected = format!("a command that needs no values but {}", filled.join(", "));
            Err(Refusal::expected(expected).fix(format!("give [commands.{name}.args.{place}] a default")))
        }
    }
}
