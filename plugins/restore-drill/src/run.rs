//! Drills are begun here: by the schedule, a command or a button.

use crate::history::{self, Started};
use crate::policy;
use drillbell_sdk::{BackupCopy, Bot, Conversation, HostError, NewJob, OnLost, Result, Target, user};
use serde_json::json;
use std::time::Duration;

/// The host's kind of job.
pub const KIND: &str = "drill";
/// How long one may take (S4-06), unless the target says otherwise.
const LIMIT: Duration = Duration::from_secs(2 * 3600);
/// Runs of one drill: what passes by itself has passed by the second.
const ATTEMPTS: u32 = 2;

/// What keeps two drills of a target from running at once.
pub fn key(target: &str) -> String {
    format!("drill/{target}")
}

/// Begins a drill of a copy, or of the newest that is not broken. `here`: where somebody asked for it. The job's id.
pub fn begin(
    bot: &mut impl Bot,
    target: &Target,
    copy: Option<&BackupCopy>,
    here: Option<&Conversation>,
) -> Result<String> {
    // Asked first, so that whoever is refused reads which job it is and not about keys.
    if let Some(running) = bot.job_with_key(&key(&target.name))? {
        return Err(user(format!("That is being done already: job {} ({}).", running.id, running.title)));
    }
    let usable = |copy: &BackupCopy| copy.verdict != "broken" && !copy.is_safety();
    if copy.is_none() && !bot.copies(Some(&target.name), 500, None)?.iter().any(usable) {
        let why = format!("There is no copy of {} to drill that is not broken", target.name);
        return Err(user(format!("{why}. Take one with `/backup run {}`.", target.name)));
    }
    let (spec, what) = match copy {
        Some(copy) => (json!({ "target": target.name, "object": copy.object }), copy.name().to_owned()),
        None => (json!({ "target": target.name }), "the newest copy".to_owned()),
    };
    let title: String = format!("drill {what} of {}", target.name).chars().take(120).collect();
    let mut job = NewJob::new(KIND, title, &spec)?;
    let limit = policy::of(target)?.run_limit_ms.map_or(LIMIT, Duration::from_millis);
    job = job.key(key(&target.name)).run_limit(limit).on_lost(OnLost::Repeat).attempts(ATTEMPTS);
    if let Some(here) = here {
        job = job.conversation(here);
    }
    match bot.start_job(job) {
        Ok(id) => {
            history::started(bot, &id, &Started { target: target.name.clone(), asked: here.is_some() })?;
            Ok(id)
        }
        Err(HostError::Invalid(why)) => Err(user(format!("{} cannot be drilled: {why}.", target.name))),
        Err(other) => Err(other.into()),
    }
}
