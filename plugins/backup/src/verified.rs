//! A copy was read back: a whole one is told to who asked, trouble and its end to all.

use crate::ended::note;
use crate::memory::{self, Presence, Present, Started};
use crate::tell::{loud, well_again};
use drillbell_sdk::{BackupCopy, Bot, Conversation, Job, Result, Tone, View};
use serde::Deserialize;

/// What a `backup-verify` job says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Verified {
    verdict: String,
    /// What says most.
    sentence: String,
    checks: Vec<Check>,
    /// What stands beside copies, where something is expected.
    presence: Vec<Presence>,
}

/// One check of a copy.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Check {
    name: String,
    /// `None`: it could not be told.
    ok: Option<bool>,
    sentence: String,
}

/// A `backup-verify` job has done its work.
pub fn ended(bot: &mut impl Bot, started: &Started, job: &Job, to: Option<&Conversation>) -> Result {
    let found: Verified = bot.said_by(job);
    let present = Present { at_ms: bot.now(), all: found.presence.clone() };
    memory::set_present(bot, &started.target, present)?;
    let object = started.copy.clone().unwrap_or_default();
    let copy = bot.copies_named(&object)?.into_iter().next();
    let name = copy.as_ref().map_or(object.as_str(), BackupCopy::name).to_owned();
    let passed = found.checks.iter().filter(|check| check.ok == Some(true)).count();
    let wrong: Vec<_> = found.checks.iter().filter(|check| check.ok == Some(false)).collect();
    // A copy may be whole and still be a reason to look: it is too old, or much smaller than those before it.
    let state = match (found.verdict.as_str(), wrong.is_empty()) {
        ("verified" | "proven", true) => "ok",
        ("verified" | "proven", false) => "warning",
        ("broken", _) => "broken",
        _ => "unknown",
    };
    let said = match (state, wrong.first()) {
        ("ok", _) => format!("Copy `{name}` is whole: {passed} checks passed."),
        ("warning", Some(first)) => format!("Copy `{name}`: {}", first.sentence),
        _ if found.sentence.is_empty() => format!("Copy `{name}` is {}.", found.verdict),
        _ => format!("Copy `{name}`: {}", found.sentence),
    };
    let (failures, outcome) = note(bot, started, state, &said)?;
    let checks = found.checks.iter().map(line).collect::<Vec<_>>().join("\n");
    if state == "ok" {
        well_again(bot, started, failures, &said)?;
        let Some(to) = to else { return Ok(()) };
        let view = View::titled(format!("{name} of {} is whole", started.target)).tone(Tone::Good);
        bot.post_or_log(to, view.text(format!("{passed} checks passed.")).code(checks))?;
        return Ok(());
    }
    let (title, tone, next) = match state {
        "broken" => (
            format!("The copy {name} of {} is broken", started.target),
            Tone::Critical,
            "Take a fresh copy now, and look at the store",
        ),
        "warning" => (
            format!("The copy {name} of {} is whole, but look at it", started.target),
            Tone::Warning,
            "If that is not as it should be, mend the cause and take a fresh copy",
        ),
        _ => (
            format!("Nobody knows whether {name} of {} is whole", started.target),
            Tone::Warning,
            "Mend what is in the way and read it back again; until then a fresh copy does no harm",
        ),
    };
    let mut view = View::titled(title).tone(tone).text(said);
    if !checks.is_empty() {
        view = view.code(checks);
    }
    loud(bot, started, view, (&outcome, next), to)
}

fn line(check: &Check) -> String {
    let mark = match check.ok {
        Some(true) => "ok  ",
        Some(false) => "BAD ",
        None => "?   ",
    };
    format!("{mark} {}: {}", check.name, check.sentence)
}
