//! The jobs that this plugin has done, and how each is started.

use crate::memory::{self, Started};
use crate::policy::Policy;
use drillbell_sdk::{BackupCopy, Bot, Conversation, HostError, NewJob, OnLost, Result, Target, internal, user};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;

/// Runs of one job: what passes by itself has passed by the second; what has not is told.
const ATTEMPTS: u32 = 2;
/// How long reading a copy back may take (S4-05).
const VERIFY_LIMIT: Duration = Duration::from_secs(30 * 60);
/// Copies that one job may delete.
const PRUNED_AT_ONCE: usize = 200;
/// How long deleting copies, or reading manifests, may take.
const SMALL_LIMIT: Duration = Duration::from_secs(30 * 60);

/// What a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Work {
    /// Takes a copy.
    Backup,
    /// Reads a copy back.
    Verify,
    /// Deletes copies.
    Prune,
    /// Makes the catalogue anew.
    Rebuild,
}

impl Work {
    /// The lower-case word, as in keys and data.
    pub fn word(self) -> &'static str {
        match self {
            Self::Backup => "backup",
            Self::Verify => "verify",
            Self::Prune => "prune",
            Self::Rebuild => "rebuild",
        }
    }

    /// The host's kind of job.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Backup => "backup",
            Self::Verify => "backup-verify",
            Self::Prune => "backup-prune",
            Self::Rebuild => "backup-rebuild",
        }
    }
}

/// Who wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked<'a> {
    /// The schedule: its results are told in the backups channel, and nobody watches.
    BySchedule,
    /// Somebody, here: card and result appear there.
    Here(&'a Conversation),
}

/// Takes a copy.
pub fn backup(bot: &mut impl Bot, target: &Target, asked: Asked<'_>) -> Result<String> {
    let policy: Policy = target.policy()?;
    let reason = match asked {
        Asked::BySchedule => "scheduled",
        Asked::Here(_) => "manual",
    };
    let spec = json!({ "target": target.name, "reason": reason });
    let mut job = NewJob::new(Work::Backup.kind(), title(format!("back up {}", target.name)), &spec)?;
    if let Some(limit_ms) = policy.backup.run_limit_ms {
        job = job.run_limit(Duration::from_millis(limit_ms));
    }
    let job = job.key(format!("backup/{}", target.name));
    begin(bot, job, started(Work::Backup, &target.name, None, asked), asked)
}

/// Reads a copy back.
pub fn verify(bot: &mut impl Bot, copy: &BackupCopy, asked: Asked<'_>) -> Result<String> {
    let spec = json!({ "object": copy.object });
    let job = NewJob::new(Work::Verify.kind(), title(format!("verify {} of {}", copy.name(), copy.target)), &spec)?;
    let job = job.key(format!("verify/{}", copy.object)).run_limit(VERIFY_LIMIT);
    begin(bot, job, started(Work::Verify, &copy.target, Some(&copy.object), asked), asked)
}

/// Deletes copies, the oldest of them if there are very many.
pub fn prune(bot: &mut impl Bot, target: &str, objects: &[&str], asked: Asked<'_>) -> Result<String> {
    let oldest: Vec<_> = objects.iter().rev().take(PRUNED_AT_ONCE).collect();
    let many = oldest.len();
    let spec = json!({ "target": target, "objects": oldest });
    let job = NewJob::new(Work::Prune.kind(), title(format!("delete {many} copies of {target}")), &spec)?;
    let job = job.key(format!("prune/{target}")).run_limit(SMALL_LIMIT);
    begin(bot, job, started(Work::Prune, target, None, asked), asked)
}

/// Makes the catalogue anew, of one target or of all.
pub fn rebuild(bot: &mut impl Bot, target: Option<&str>, asked: Asked<'_>) -> Result<String> {
    let (spec, of) = match target {
        Some(target) => (json!({ "target": target }), format!(" of {target}")),
        None => (json!({}), String::new()),
    };
    let job = NewJob::new(Work::Rebuild.kind(), title(format!("rebuild the catalogue{of}")), &spec)?;
    let job = job.key("rebuild").run_limit(SMALL_LIMIT);
    begin(bot, job, started(Work::Rebuild, target.unwrap_or_default(), None, asked), asked)
}

fn started(work: Work, target: &str, copy: Option<&str>, asked: Asked<'_>) -> Started {
    let by_somebody = matches!(asked, Asked::Here(_));
    Started { work, target: target.to_owned(), copy: copy.map(str::to_owned), asked: by_somebody }
}

/// A job's title is one line of at most 120 characters; names of objects can be longer.
fn title(text: String) -> String {
    const CHARS: usize = 120;
    match text.chars().count() {
        0..=CHARS => text,
        _ => text.chars().take(CHARS - 1).chain(['…']).collect(),
    }
}

fn begin(bot: &mut impl Bot, job: NewJob, what: Started, asked: Asked<'_>) -> Result<String> {
    let mut job = job.on_lost(OnLost::Repeat).attempts(ATTEMPTS);
    if let Asked::Here(conversation) = asked {
        job = job.conversation(conversation);
    }
    let key = job.key.clone().unwrap_or_default();
    // Asked first, so that whoever is refused reads which job it is and not about keys.
    if let Some(running) = bot.job_with_key(&key)? {
        return Err(user(format!("That is being done already: job {} ({}).", running.id, running.title)));
    }
    let title = job.title.clone();
    match bot.start_job(job) {
        Ok(id) => {
            memory::started(bot, &id, &what)?;
            Ok(id)
        }
        Err(HostError::Invalid(why)) => Err(match asked {
            Asked::Here(_) => user(format!("Cannot {title}: {why}.")),
            Asked::BySchedule => internal(format!("cannot {title}: {why}")),
        }),
        Err(other) => Err(other.into()),
    }
}
