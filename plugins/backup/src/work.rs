//! The jobs that this plugin has done, and how each is started.

use crate::memory::{self, Started};
use crate::policy::Policy;
use crate::restore::Spec;
use crate::words;
use drillbell_sdk::{BackupCopy, Bot, Conversation, HostError, NewJob, OnLost, Result, Target, internal, user};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;

/// Runs of one job: what passes by itself has passed by the second; what has not is told.
const ATTEMPTS: u32 = 2;
/// How long reading a copy back may take (S4-05), unless the target says otherwise.
const VERIFY_LIMIT: Duration = Duration::from_secs(30 * 60);
/// How long a restore may take; beyond a day and a half somebody should have looked.
const RESTORE_LIMIT: Duration = Duration::from_secs(36 * 3600);
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
    /// Reads back the copy that nobody has looked at for longest.
    #[serde(rename = "verify-old")]
    VerifyOld,
    /// Deletes copies.
    Prune,
    /// Makes the catalogue anew.
    Rebuild,
    /// Restores a copy into a target.
    Restore,
    /// Enters copies that somebody else made.
    Adopt,
}

impl Work {
    /// The lower-case word, as in keys and data.
    pub fn word(self) -> &'static str {
        match self {
            Self::Backup => "backup",
            Self::Verify => "verify",
            Self::VerifyOld => "verify-old",
            Self::Prune => "prune",
            Self::Rebuild => "rebuild",
            Self::Restore => "restore",
            Self::Adopt => "adopt",
        }
    }

    /// The host's kind of job.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Backup => "backup",
            Self::Verify | Self::VerifyOld => "backup-verify",
            Self::Prune => "backup-prune",
            Self::Rebuild => "backup-rebuild",
            Self::Restore => "restore",
            Self::Adopt => "backup-adopt",
        }
    }

    /// What it was, at the head of a message: "The backup of shop".
    pub fn title(self, target: &str) -> String {
        match self {
            Self::Backup => format!("The backup of {target}"),
            Self::Verify | Self::VerifyOld => format!("The verification of a copy of {target}"),
            Self::Prune => format!("Deleting copies of {target}"),
            Self::Rebuild => "Making the catalogue anew".to_owned(),
            Self::Restore => format!("The restore into {target}"),
            Self::Adopt => format!("Adopting copies of {target}"),
        }
    }

    /// Nothing is deleted on a day when it went wrong.
    pub fn holds_retention(self) -> bool {
        matches!(self, Self::Backup | Self::Verify | Self::VerifyOld)
    }

    /// How long after it was due it may still be under way, milliseconds.
    pub fn grace_ms(self) -> u64 {
        let limit = match self {
            Self::Backup => Duration::from_secs(3600),
            _ => SMALL_LIMIT,
        };
        u64::try_from(limit.as_millis()).unwrap_or(u64::MAX)
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
    let job = job.key(backup_key(&target.name));
    begin(bot, job, started(Work::Backup, &target.name, None, asked), asked)
}

/// What keeps two copies of a target from being taken at once.
pub fn backup_key(target: &str) -> String {
    format!("backup/{target}")
}

/// Reads a copy back.
pub fn verify(bot: &mut impl Bot, copy: &BackupCopy, asked: Asked<'_>) -> Result<String> {
    verify_as(bot, copy, Work::Verify, asked)
}

/// Reads back an old copy, beside what else is read back.
pub fn verify_old(bot: &mut impl Bot, copy: &BackupCopy) -> Result<String> {
    verify_as(bot, copy, Work::VerifyOld, Asked::BySchedule)
}

fn verify_as(bot: &mut impl Bot, copy: &BackupCopy, work: Work, asked: Asked<'_>) -> Result<String> {
    let spec = json!({ "object": copy.object });
    let job = NewJob::new(work.kind(), title(format!("verify {} of {}", copy.name(), copy.target)), &spec)?;
    // A copy may be of a target that is configured no longer.
    let limit = match bot.find_target(&copy.target)? {
        Some(target) => target.policy::<Policy>()?.backup.verify_limit_ms.map(Duration::from_millis),
        None => None,
    };
    let job = job.key(verify_key(copy, work)).run_limit(limit.unwrap_or(VERIFY_LIMIT));
    begin(bot, job, started(work, &copy.target, Some(&copy.object), asked), asked)
}

/// What keeps the same copy from being read back twice at once.
pub fn verify_key(copy: &BackupCopy, work: Work) -> String {
    const BYTES: usize = 150;
    // An object that somebody else named may have a longer name than a key.
    let object = match copy.object.len() {
        0..=BYTES => copy.object.clone(),
        _ => words::fingerprint([copy.object.as_str()]),
    };
    format!("{}/{object}", work.word())
}

/// Deletes copies, the oldest of them if there are very many.
pub fn prune(bot: &mut impl Bot, target: &str, objects: &[&str], asked: Asked<'_>) -> Result<String> {
    let oldest: Vec<_> = objects.iter().rev().take(PRUNED_AT_ONCE).collect();
    let many = oldest.len();
    let spec = json!({ "target": target, "objects": oldest });
    let job = NewJob::new(Work::Prune.kind(), title(format!("delete {many} copies of {target}")), &spec)?;
    let job = job.key(prune_key(target)).run_limit(SMALL_LIMIT);
    begin(bot, job, started(Work::Prune, target, None, asked), asked)
}

/// What keeps two jobs from clearing away the same target at once.
pub fn prune_key(target: &str) -> String {
    format!("prune/{target}")
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

/// Enters copies of a target that somebody else made; where they lie is configured.
pub fn adopt(bot: &mut impl Bot, target: &str, asked: Asked<'_>) -> Result<String> {
    let title = title(format!("adopt copies of {target}"));
    let job = NewJob::new(Work::Adopt.kind(), title, &json!({ "target": target }))?;
    let job = job.key(format!("adopt/{target}")).run_limit(SMALL_LIMIT);
    begin(bot, job, started(Work::Adopt, target, None, asked), asked)
}

/// Restores a copy. It is run once: what somebody has to look at before it is tried again does not try itself.
pub fn restore(bot: &mut impl Bot, spec: &Spec, copy: &BackupCopy, asked: Asked<'_>) -> Result<String> {
    // Whoever is asked to approve it reads the title, and its end may be cut off.
    let without = if spec.safety { "" } else { "without a safety copy: " };
    let title = title(format!("restore {without}{} of {} into {}", copy.name(), copy.target, spec.target));
    let job = NewJob::new(Work::Restore.kind(), title, spec)?;
    let job = job.key(format!("restore/{}", spec.target)).run_limit(RESTORE_LIMIT);
    let job = job.on_lost(OnLost::Ask).attempts(1);
    start(bot, job, started(Work::Restore, &spec.target, Some(&copy.object), asked), asked)
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
    start(bot, job.on_lost(OnLost::Repeat).attempts(ATTEMPTS), what, asked)
}

fn start(bot: &mut impl Bot, mut job: NewJob, what: Started, asked: Asked<'_>) -> Result<String> {
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
