//! What is remembered: how drills went, the newest 100 of each target; what was started; what was put off; who was reminded of what.

use drillbell_sdk::{Bot, MessageRef, Result};
use serde::{Deserialize, Serialize};

/// Drills of a target that are remembered.
const KEPT: usize = 100;
/// Keys that are read at a time.
const LISTED: u32 = 1_000;

/// A drill that was started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    /// The target.
    pub target: String,
    /// Somebody asked for it: the answer goes where they did as well.
    pub asked: bool,
}

/// How a drill went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Drill {
    /// When it ended, milliseconds since the epoch.
    pub at_ms: u64,
    /// The job.
    pub job: String,
    /// The copy's object.
    pub object: String,
    /// What people call it.
    pub copy: String,
    /// The moment whose state that holds.
    pub taken_ms: u64,
    /// `pass`, `fail` or `unknown`; or how the job ended: `failed`, `lost`, `cancelled`, …
    pub status: String,
    /// `backup`, `environment` or `check`, if it did not pass.
    pub cause: Option<String>,
    /// What says most.
    pub sentence: String,
    /// From its start until the last check, milliseconds; 0 if it did not come to that.
    pub rto_ms: u64,
    /// How old the copy was: what would have been lost, milliseconds.
    pub age_ms: u64,
    /// How long each stage took: name and milliseconds.
    pub stages: Vec<(String, u64)>,
    /// Names of the checks that did not pass.
    pub not_passed: Vec<String>,
    /// The signed evidence's object.
    pub evidence: String,
}

impl Drill {
    /// Whether the copy is proven.
    pub fn passed(&self) -> bool {
        self.status == "pass"
    }
}

/// That the next drill was put off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PutOff {
    /// Until when, milliseconds since the epoch.
    pub until_ms: u64,
    /// Why, in their words.
    pub reason: String,
    /// Who.
    pub by: String,
}

/// What people were told last of a target.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Told {
    /// Since when its drills are looked after.
    pub since_ms: u64,
    /// Which drill they were reminded of, and how long before it last.
    pub reminded: Option<(u64, u64)>,
    /// The message about the last drill that passed; it is edited.
    pub message: Option<MessageRef>,
}

fn job_key(id: &str) -> String {
    format!("job/{id}")
}

/// Remembers a job.
pub fn started(bot: &mut impl Bot, id: &str, job: &Started) -> Result {
    bot.set_json(&job_key(id), job)
}

/// A job that was remembered, which is then forgotten.
pub fn take_started(bot: &mut impl Bot, id: &str) -> Result<Option<Started>> {
    bot.take_json(&job_key(id))
}

/// The drills of a target, newest first.
pub fn drills(bot: &mut impl Bot, target: &str) -> Result<Vec<Drill>> {
    let mut drills = Vec::new();
    for (key, text) in bot.list(&format!("past/{target}/"), LISTED)?.into_iter().rev() {
        match serde_json::from_str(&text) {
            Ok(drill) => drills.push(drill),
            // Another version wrote it; it is no reason to lose the others.
            Err(error) => bot.log(drillbell_sdk::Level::Warn, &format!("the key `{key}` reads wrong: {error}")),
        }
    }
    Ok(drills)
}

/// Remembers a drill, and forgets the oldest.
pub fn add(bot: &mut impl Bot, target: &str, drill: &Drill) -> Result {
    let prefix = format!("past/{target}/");
    bot.set_json(&format!("{prefix}{:015}/{}", drill.at_ms, drill.job), drill)?;
    let known = bot.list(&prefix, LISTED)?;
    let too_many = known.len().saturating_sub(KEPT);
    for (key, _) in known.iter().take(too_many) {
        bot.delete(key)?;
    }
    Ok(())
}

/// What was put off, if it was.
pub fn put_off(bot: &mut impl Bot, target: &str) -> Result<Option<PutOff>> {
    bot.get_json(&format!("put-off/{target}"))
}

/// Remembers that it was put off; `None`: it is no longer.
pub fn set_put_off(bot: &mut impl Bot, target: &str, put_off: Option<&PutOff>) -> Result {
    let key = format!("put-off/{target}");
    match put_off {
        Some(put_off) => bot.set_json(&key, put_off),
        None => Ok(bot.delete(&key)?),
    }
}

/// What was told of a target, from now on if nothing was.
pub fn told(bot: &mut impl Bot, target: &str) -> Result<Told> {
    let now_ms = bot.now();
    Ok(bot.get_json(&format!("told/{target}"))?.unwrap_or(Told { since_ms: now_ms, ..Told::default() }))
}

/// Remembers it.
pub fn set_told(bot: &mut impl Bot, target: &str, told: &Told) -> Result {
    bot.set_json(&format!("told/{target}"), told)
}
