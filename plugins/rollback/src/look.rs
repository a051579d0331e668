//! Looks: jobs of the host's kind `assess`, which read and change nothing. How each is told is its own module's.

use crate::memory::{self, Started, Work};
use crate::verdict::Assessed;
use drillbell_sdk::{Bot, HostError, Job, Level, NewJob, OnLost, Result, Tone, View, internal, user};
use serde_json::{Value, json};
use std::time::Duration;

/// How long one look may take.
const LIMIT: Duration = Duration::from_secs(5 * 60);
/// Runs of one look: what passes by itself has passed by the second.
const ATTEMPTS: u32 = 2;

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Whether to roll back.
    Criteria,
    /// Whether a rollback helped.
    Verify,
    /// Whether a deploy may go ahead.
    Gate,
}

impl What {
    fn word(self) -> &'static str {
        match self {
            Self::Criteria => "criteria",
            Self::Verify => "verify",
            Self::Gate => "gate",
        }
    }
}

/// What keeps the same look from being under way twice.
pub fn key(work: Work, service: &str) -> String {
    let word = match work {
        Work::Watch => "watch",
        Work::Verify => "verify",
        Work::Gate => "gate",
        _ => "check",
    };
    format!("{word}/{service}")
}

/// Begins a look. The job's id.
pub fn begin(bot: &mut impl Bot, started: &Started, what: What) -> Result<String> {
    begin_with(bot, started, what, json!({}))
}

/// Begins a look with more to look at, keys of an object. The job's id.
pub fn begin_with(bot: &mut impl Bot, started: &Started, what: What, mut more: Value) -> Result<String> {
    let name = &started.service;
    let key = key(started.work, name);
    // Asked first, so that whoever is refused reads which job it is and not about keys.
    if let Some(running) = bot.job_with_key(&key)? {
        return Err(user(format!("That is being looked at already: job {} ({}).", running.id, running.title)));
    }
    let title = match what {
        What::Criteria => format!("look at the criteria of {name}"),
        What::Verify => format!("verify {name}"),
        What::Gate => format!("ask whether {name} may be deployed"),
    };
    (more["service"], more["what"]) = (json!(name), json!(what.word()));
    let mut job = NewJob::new("assess", title.clone(), &more)?;
    job = job.key(key).run_limit(LIMIT).on_lost(OnLost::Repeat).attempts(ATTEMPTS);
    // What nobody asked for shall not leave a card each time.
    if let Some(to) = started.to.as_ref().filter(|_| !started.by.is_empty()) {
        job = job.conversation(to);
    }
    match bot.start_job(job) {
        Ok(id) => {
            memory::started(bot, &id, started)?;
            Ok(id)
        }
        Err(HostError::Invalid(why)) if started.by.is_empty() => Err(internal(format!("cannot {title}: {why}"))),
        Err(HostError::Invalid(why)) => Err(user(format!("Cannot {title}: {}.", why.trim_end_matches('.')))),
        Err(other) => Err(other.into()),
    }
}

/// The service left the configuration while somebody looked at it.
pub fn gone(bot: &mut impl Bot, started: &Started) -> Result {
    let name = &started.service;
    let said = format!("{name} is not configured any more: what was found about it is dropped.");
    bot.log(Level::Warn, &said);
    match &started.to {
        Some(to) => Ok(bot.post_or_log(to, View::default().tone(Tone::Warning).text(said)).map(drop)?),
        None => Ok(()),
    }
}

/// What says most of a look: what it found, or why nobody looked.
pub fn why(job: &Job, said: &Assessed) -> String {
    let why = match (job.status.as_str(), said.error.as_str()) {
        ("done", _) => return said.sentence.clone(),
        ("lost", "") => "the bot died while it looked",
        ("cancelled", "") => "somebody stopped it",
        ("denied", "") => "whoever was asked said no",
        ("expired", "") => "nobody approved it in time",
        (_, "") => "it failed and does not say why",
        (_, error) => error.trim_end_matches('.'),
    };
    format!("Nobody looked: {why}.")
}
