//! What is remembered between calls: which job is about what, the attempts to roll a service back, how long each way took, and which
//! version runs since. What was deployed is not remembered here; the host knows.

use drillbell_sdk::{Bot, Conversation, Deployed, IncidentId, MessageRef, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Attempts that fail before nothing more is tried without a person (S3-21).
pub const ATTEMPTS: usize = 2;
/// Versions of a service that are remembered as rolled back.
const BAD: usize = 20;

/// What a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Work {
    /// Looks at the criteria because somebody asked.
    Check,
    /// Looks at the criteria because a deploy is watched.
    Watch,
    /// Looks whether a rollback helped.
    Verify,
    /// Looks whether a deploy may go ahead.
    Gate,
    /// Rolls back.
    Rollback,
    /// Turns maintenance or the read-only mode on or off.
    Maintenance,
    /// Puts up what the public reads while a service is closed, or takes it down.
    Notice,
    /// Writes frozen evidence as files.
    Evidence,
    /// Turns a feature flag off, or on again.
    Flag,
}

/// A job that was started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    /// What it does.
    pub work: Work,
    /// The service.
    pub service: String,
    /// Where its end is told.
    pub to: Option<Conversation>,
    /// Who wants it.
    pub by: String,
    /// What it is about besides: a check's number, a deploy's moment, an attempt's number, a mode.
    #[serde(default)]
    pub about: String,
    /// The incident it belongs to.
    #[serde(default)]
    pub incident: Option<IncidentId>,
}

impl Started {
    /// One that somebody asked for, to be told where they did.
    pub fn asked(work: Work, service: &str, by: &str, to: &Conversation, incident: Option<&IncidentId>) -> Self {
        Self {
            work,
            service: service.to_owned(),
            to: Some(to.clone()),
            by: by.to_owned(),
            about: String::new(),
            incident: incident.cloned(),
        }
    }
}

/// Remembers a job.
pub fn started(bot: &mut impl Bot, id: &str, started: &Started) -> Result {
    bot.set_json(&format!("job/{id}"), started)
}

/// A job that was remembered, which is then forgotten: an end that is told twice is heard once.
pub fn take_started(bot: &mut impl Bot, id: &str) -> Result<Option<Started>> {
    bot.take_json(&format!("job/{id}"))
}

/// How an attempt stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Others are asked whether it may begin.
    Asked,
    /// It is under way.
    #[default]
    Running,
    /// It was done, and is being verified.
    Verifying,
    /// It helped.
    Verified,
    /// It did not.
    Failed,
    /// Nobody can tell: somebody has to look.
    Unknown,
    /// It was not begun, and nothing was changed.
    NotDone,
}

impl State {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Asked => "waits for approvals",
            Self::Running => "under way",
            Self::Verifying => "done, being verified",
            Self::Verified => "verified",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::NotDone => "not done",
        }
    }
}

/// An attempt to roll back.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Attempt {
    /// From 1.
    pub number: usize,
    /// The approval it waits for, or empty.
    pub approval: String,
    /// The job, or empty before it began.
    pub job: String,
    /// By which strategy.
    pub strategy: String,
    /// What kind of strategy that is.
    pub kind: String,
    /// What ran.
    pub from: String,
    /// What shall run.
    pub to: String,
    /// Who wants it.
    pub by: String,
    /// Why it is tried again, after two have failed.
    pub again: Option<String>,
    /// When it was asked for, milliseconds since the epoch.
    pub began_ms: u64,
    /// When its job ended.
    pub ended_ms: Option<u64>,
    /// How it stands.
    pub state: State,
    /// What says most of it.
    pub said: String,
    /// What measures over a window is asked again until then.
    pub verify_until_ms: u64,
    /// What was tried out by hand, by number on the checklist: who and when.
    pub tried: BTreeMap<usize, crate::verdict::Attested>,
    /// It ended as done without a result: what it should have led to is believed to run once it is verified.
    pub marked_done: bool,
}

impl Attempt {
    /// Whether something of it is still to come by itself.
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Asked | State::Running | State::Verifying)
    }

    /// What a card's buttons say of it. Numbers begin at 1 again with each case: the moment tells them apart.
    pub fn on_card(&self, service: &str) -> String {
        format!("{service}|{}|{}", self.number, self.began_ms)
    }

    /// `attempt 1, by release from v2 to v1`.
    pub fn title(&self) -> String {
        format!("attempt {}, by {} from {} to {}", self.number, self.strategy, self.from, self.to)
    }
}

/// The attempts to bring one service back, from the first until it is verified or something newer is deployed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Case {
    /// The incident it belongs to.
    pub incident: Option<IncidentId>,
    /// Where it is told.
    pub to: Option<Conversation>,
    /// The attempts, first first.
    pub attempts: Vec<Attempt>,
    /// The P0 that two failed attempts led to. It is declared once.
    pub p0: Option<IncidentId>,
    /// That two failed attempts were told, whether or not an incident could be declared.
    pub alarmed: bool,
    /// The card of the last attempt's end.
    pub card: Option<MessageRef>,
}

impl Case {
    /// How many attempts have failed.
    pub fn failed(&self) -> usize {
        self.attempts.iter().filter(|attempt| attempt.state == State::Failed).count()
    }

    /// The last attempt.
    pub fn last(&self) -> Option<&Attempt> {
        self.attempts.last()
    }

    /// The attempt of that number.
    pub fn attempt(&mut self, number: usize) -> Option<&mut Attempt> {
        self.attempts.iter_mut().find(|attempt| attempt.number == number)
    }

    /// The last attempt, if it is the one that a card is about.
    pub fn of_card(&mut self, number: &str, began_ms: &str) -> Option<&mut Attempt> {
        let last = self.attempts.last_mut()?;
        (last.number.to_string() == number && last.began_ms.to_string() == began_ms).then_some(last)
    }

    /// Whether it is over: it helped, or it never came to anything.
    pub fn is_over(&self) -> bool {
        self.last().is_none_or(|last| last.state == State::Verified)
    }
}

/// The attempts to bring a service back, of the case that is open or was last.
pub fn case(bot: &mut impl Bot, service: &str) -> Result<Case> {
    Ok(bot.get_json(&format!("case/{service}"))?.unwrap_or_default())
}

/// Remembers them.
pub fn set_case(bot: &mut impl Bot, service: &str, case: &Case) -> Result {
    bot.set_json(&format!("case/{service}"), case)
}

/// How long a way took the last time it went well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Took {
    /// When it ended, milliseconds since the epoch.
    pub at_ms: u64,
    /// How long all of it took, milliseconds.
    pub all_ms: u64,
    /// Name and milliseconds of each stage.
    pub stages: Vec<(String, u64)>,
}

/// How long a strategy of a service took the last time it went well.
pub fn took(bot: &mut impl Bot, service: &str, strategy: &str) -> Result<Option<Took>> {
    bot.get_json(&format!("took/{service}/{strategy}"))
}

/// Remembers it.
pub fn set_took(bot: &mut impl Bot, service: &str, strategy: &str, took: &Took) -> Result {
    bot.set_json(&format!("took/{service}/{strategy}"), took)
}

/// Whether it is certain that a service's maintenance is not on although somebody wanted it: people may read of it all the same.
pub fn is_not_on(bot: &mut impl Bot, service: &str) -> Result<bool> {
    Ok(bot.get_json(&format!("not-on/{service}"))?.unwrap_or_default())
}

/// What is known of a service's maintenance after something was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upkeep {
    /// It was turned on.
    On,
    /// It was turned off.
    Off,
    /// What should have turned it on never began, and changed nothing.
    NotBegun,
    /// Somebody tried, and it may be on or half on.
    InDoubt,
}

/// Remembers it. What is on stays on until it is turned off, whatever else was tried and did not begin.
pub fn set_upkeep(bot: &mut impl Bot, service: &str, now: Upkeep) -> Result {
    let (on, not_on) = (format!("maintenance-on/{service}"), format!("not-on/{service}"));
    match now {
        Upkeep::NotBegun if bot.get_json(&on)?.unwrap_or(false) => return Ok(()),
        Upkeep::NotBegun => return bot.set_json(&not_on, &true),
        Upkeep::On => bot.set_json(&on, &true)?,
        Upkeep::Off => drop(bot.take_json::<bool>(&on)?),
        Upkeep::InDoubt => {}
    }
    bot.take_json::<bool>(&not_on).map(drop)
}

/// The public reads nothing of it any more, whether it is on or not.
pub fn set_untold(bot: &mut impl Bot, service: &str) -> Result {
    bot.take_json::<bool>(&format!("not-on/{service}")).map(drop)
}

/// What runs since a rollback, and what was rolled back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ran {
    /// The version that a rollback left running.
    pub version: String,
    /// When, milliseconds since the epoch.
    pub at_ms: u64,
    /// Versions that were rolled back: nobody goes back to them by default.
    pub bad: Vec<String>,
}

/// What runs since a rollback of a service.
pub fn ran(bot: &mut impl Bot, service: &str) -> Result<Ran> {
    Ok(bot.get_json(&format!("ran/{service}"))?.unwrap_or_default())
}

/// Remembers that a rollback led from one version to another.
pub fn set_ran(bot: &mut impl Bot, service: &str, from: &str, to: &str) -> Result {
    let mut known = ran(bot, service)?;
    known.bad.retain(|version| version != from && version != to);
    known.bad.push(from.to_owned());
    let over = known.bad.len().saturating_sub(BAD);
    known.bad.drain(..over);
    let at_ms = bot.now();
    bot.set_json(&format!("ran/{service}"), &Ran { version: to.to_owned(), at_ms, bad: known.bad })
}

impl Ran {
    /// What runs now, by what was deployed (newest first) and rolled back since.
    pub fn now(&self, newest_first: &[Deployed]) -> Option<String> {
        let newest = newest_first.first()?;
        match self.version.is_empty() || newest.recorded_ms.max(newest.at_ms) > self.at_ms {
            true => Some(newest.version.clone()),
            false => Some(self.version.clone()),
        }
    }
}
