//! What is remembered between calls: which job is about what, and what became of the last of each kind for each target. What copies there
//! are is not remembered here; the catalogue knows.

use crate::ended::Outcome;
use crate::work::Work;
use drillbell_sdk::{Bot, MessageRef, Result};
use serde::{Deserialize, Serialize};

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
    let known = bot.get_json(&job_key(id))?;
    if known.is_some() {
        bot.delete(&job_key(id))?;
    }
    Ok(known)
}

/// What became of the last work of a kind on a target.
pub fn last(bot: &mut impl Bot, target: &str, work: Work) -> Result<Option<Outcome>> {
    bot.get_json(&last_key(target, work))
}

/// Remembers what became of it.
pub fn set_last(bot: &mut impl Bot, target: &str, work: Work, outcome: &Outcome) -> Result {
    bot.set_json(&last_key(target, work), outcome)
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
