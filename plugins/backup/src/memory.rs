//! What is remembered between calls: which job is about what, what became of the last of each kind for each target, and which copies somebody
//! tried to look at. What copies there are is not remembered here; the catalogue knows.

use crate::work::Work;
use drillbell_sdk::{Bot, MessageRef, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A job that was started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    /// What it does.
    pub work: Work,
    /// The target.
    pub target: String,
    /// The copy it reads, if it reads one.
    pub copy: Option<String>,
    /// Somebody asked for it: the answer goes where they did.
    pub asked: bool,
}

/// What became of some work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// When it ended, milliseconds since the epoch.
    pub at_ms: u64,
    /// `ok`, `failed`, `lost`, `cancelled`, `denied`, `expired`, `broken` (a copy was read and is), `warning` (it is whole, but something is
    /// odd), `unknown` (nobody could tell) or `held` (it was not right to do it).
    pub state: String,
    /// One sentence.
    pub said: String,
    /// How often in a row it was not `ok`, this time included.
    #[serde(default)]
    pub failures: u32,
}

/// How long the stages of the last restore into a target took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    /// When it ended, milliseconds since the epoch.
    pub at_ms: u64,
    /// Name and milliseconds of each stage that was not left out.
    pub stages: Vec<(String, u64)>,
}

impl Measured {
    /// How long a stage took.
    pub fn took_ms(&self, stage: &str) -> Option<u64> {
        self.stages.iter().find(|(name, _)| name == stage).map(|(_, took_ms)| *took_ms)
    }
}

/// Something that stands beside copies: that a server archives its log, that a bucket keeps versions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Presence {
    /// What.
    pub name: String,
    /// `pass`, `fail` or `unknown`.
    pub status: String,
    /// For people, without a full stop.
    pub sentence: String,
}

/// What was last seen of all that is expected of a target.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Present {
    /// When it was looked at, milliseconds since the epoch.
    pub at_ms: u64,
    /// Each.
    pub all: Vec<Presence>,
}

/// The messages of a day about one target: one, which is edited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// Days since 1970, in UTC.
    pub day: u64,
    /// The message.
    pub message: Option<MessageRef>,
    /// Backups that succeeded that day.
    pub taken: u32,
}

/// A drill that stayed overdue became an incident.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Escalated {
    /// The incident.
    pub incident: String,
    /// When that was, milliseconds since the epoch.
    pub at_ms: u64,
}

fn job_key(id: &str) -> String {
    format!("job/{id}")
}

fn last_key(target: &str, work: Work) -> String {
    format!("last/{}/{target}", work.word())
}

/// Remembers a job.
pub fn started(bot: &mut impl Bot, id: &str, job: &Started) -> Result {
    bot.set_json(&job_key(id), job)
}

/// A job that was remembered, which is then forgotten.
pub fn take_started(bot: &mut impl Bot, id: &str) -> Result<Option<Started>> {
    bot.take_json(&job_key(id))
}

/// What became of the last work of a kind on a target.
pub fn last(bot: &mut impl Bot, target: &str, work: Work) -> Result<Option<Outcome>> {
    bot.get_json(&last_key(target, work))
}

/// Notes what became of some work now; how often in a row it was not `ok`, before and now.
pub fn note(bot: &mut impl Bot, target: &str, work: Work, state: &str, said: &str) -> Result<(u32, Outcome)> {
    let before = last(bot, target, work)?.map_or(0, |last| last.failures);
    let failures = if state == "ok" { 0 } else { before + 1 };
    let outcome = Outcome { at_ms: bot.now(), state: state.to_owned(), said: said.to_owned(), failures };
    bot.set_json(&last_key(target, work), &outcome)?;
    Ok((before, outcome))
}

/// The last failure of a backup or a verification of a target; a success does not wipe it out, for its day is not over.
pub fn failure(bot: &mut impl Bot, target: &str) -> Result<Option<Outcome>> {
    bot.get_json(&format!("failed/{target}"))
}

/// Remembers a failure.
pub fn set_failure(bot: &mut impl Bot, target: &str, outcome: &Outcome) -> Result {
    bot.set_json(&format!("failed/{target}"), outcome)
}

/// What was told of a target on its last day.
pub fn day(bot: &mut impl Bot, target: &str) -> Result<Day> {
    Ok(bot.get_json(&format!("day/{target}"))?.unwrap_or_default())
}

/// Remembers it.
pub fn set_day(bot: &mut impl Bot, target: &str, day: &Day) -> Result {
    bot.set_json(&format!("day/{target}"), day)
}

/// What stands beside the copies of a target, as it was last seen; `None` if nothing is expected.
pub fn present(bot: &mut impl Bot, target: &str) -> Result<Option<Present>> {
    bot.get_json(&format!("present/{target}"))
}

/// Remembers it; nothing at all is forgotten.
pub fn set_present(bot: &mut impl Bot, target: &str, present: Present) -> Result {
    let key = format!("present/{target}");
    match (present.all.is_empty(), bot.get(&key)?) {
        (true, None) => Ok(()),
        (true, Some(_)) => Ok(bot.delete(&key)?),
        (false, _) => bot.set_json(&key, &present),
    }
}

/// When somebody last set out to look at a copy of a target, by object, whether or not that gave an answer.
pub fn tried(bot: &mut impl Bot, target: &str) -> Result<BTreeMap<String, u64>> {
    Ok(bot.get_json(&format!("tried/{target}"))?.unwrap_or_default())
}

/// Remembers it.
pub fn set_tried(bot: &mut impl Bot, target: &str, tried: &BTreeMap<String, u64>) -> Result {
    bot.set_json(&format!("tried/{target}"), tried)
}

/// How long the last restore into a target took that went well.
pub fn measured(bot: &mut impl Bot, target: &str) -> Result<Option<Measured>> {
    bot.get_json(&format!("measured/{target}"))
}

/// Remembers it.
pub fn set_measured(bot: &mut impl Bot, target: &str, measured: &Measured) -> Result {
    bot.set_json(&format!("measured/{target}"), measured)
}

/// Whether a text is another than the last that was told about something; nothing to tell is remembered too.
pub fn is_news(bot: &mut impl Bot, about: &str, text: &str) -> Result<bool> {
    let key = format!("told/{about}");
    let known = bot.get(&key)?.unwrap_or_default();
    if known == text {
        return Ok(false);
    }
    match text {
        "" => bot.delete(&key)?,
        text => bot.set(&key, text)?,
    }
    Ok(!text.is_empty())
}

/// Whether a target's overdue drill has become an incident.
pub fn escalated(bot: &mut impl Bot, target: &str) -> Result<Option<Escalated>> {
    bot.get_json(&format!("escalated/{target}"))
}

/// Remembers it; `None`: it is overdue no longer.
pub fn set_escalated(bot: &mut impl Bot, target: &str, escalated: Option<&Escalated>) -> Result {
    let key = format!("escalated/{target}");
    match escalated {
        Some(escalated) => bot.set_json(&key, escalated),
        None => Ok(bot.delete(&key)?),
    }
}
