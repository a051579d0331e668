//! Jobs that have ended: what they say is read and remembered here, and told by the module of their work. Success of the schedule's work is
//! quiet; failure is loud, every time, with what to do next.

use crate::memory::{self, Outcome, Started};
use crate::tell::{self, loud};
use crate::work::Work;
use crate::{cleared, restored, taken, verified};
use drillbell_sdk::{Bot, Conversation, Job, Level, Result, Tone, View};
use serde::Deserialize;

/// Why a job failed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Failed {
    error: String,
}

/// A job of this plugin's has ended.
pub fn job(bot: &mut impl Bot, job: &Job) -> Result {
    let Some(started) = memory::take_started(bot, &job.id)? else {
        bot.log(Level::Warn, &format!("the job {} ended, of which nothing is remembered", job.id));
        return Ok(());
    };
    let to = if started.asked { Some(bot.job(&job.id)?.conversation) } else { None };
    if started.work == Work::Restore && restored::has_stages(job) {
        return restored::ended(bot, &started, job, to.as_ref());
    }
    if job.status != "done" {
        return failed(bot, &started, job, to.as_ref());
    }
    match started.work {
        Work::Backup => taken::ended(bot, &started, job, to.as_ref()),
        Work::Verify | Work::VerifyOld => verified::ended(bot, &started, job, to.as_ref()),
        Work::Prune => cleared::pruned(bot, &started, job, to.as_ref()),
        Work::Rebuild => cleared::rebuilt(bot, job, to.as_ref()),
        Work::Adopt => cleared::adopted(bot, &started, job, to.as_ref()),
        Work::Restore => restored::ended(bot, &started, job, to.as_ref()),
    }
}

/// Notes what became of a job: how often in a row it had not been `ok` before, and how it is now.
pub fn note(bot: &mut impl Bot, started: &Started, state: &str, said: &str) -> Result<(u32, Outcome)> {
    let (before, outcome) = memory::note(bot, &started.target, started.work, state, said)?;
    if outcome.failures > 0 && started.work.holds_retention() {
        memory::set_failure(bot, &started.target, &outcome)?;
    }
    Ok((before, outcome))
}

fn failed(bot: &mut impl Bot, started: &Started, job: &Job, to: Option<&Conversation>) -> Result {
    let failed: Failed = bot.said_by(job);
    let cause = tell::cause(&job.status);
    let why = if failed.error.is_empty() { cause.why.to_owned() } else { failed.error };
    let title = format!("{} {}", started.work.title(&started.target), cause.did);
    // What somebody decided against is no trouble; neither retention nor anybody's sleep depends on it.
    let harmless = match job.status.as_str() {
        "cancelled" => started.work != Work::Restore,
        other => matches!(other, "denied" | "expired"),
    };
    if started.asked && harmless {
        let view = View::titled(title).tone(Tone::Neutral).text(why);
        return to.map_or(Ok(()), |to| Ok(bot.post_or_log(to, view).map(drop)?));
    }
    if let (Work::Adopt, Some(to)) = (started.work, to) {
        // Nobody's backups depend on it but theirs who asked.
        bot.post_or_log(to, View::titled(title).tone(Tone::Critical).text(why))?;
        return Ok(());
    }
    let (_, outcome) = note(bot, started, &job.status, &why)?;
    if started.work == Work::Restore {
        // It may have ended amid its stages.
        let next = format!("Look whether {} is as it should be and whether what writes to it runs.", started.target);
        return tell::everywhere(bot, started, &View::titled(title).tone(Tone::Critical).text(why).context(next), to);
    }
    loud(bot, started, View::titled(title).tone(cause.tone).text(why), (&outcome, cause.first), to)
}
