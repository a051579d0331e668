//! A job whose process died while it ran, in new hands: what that process left is ended first, then the job's own rule says
//! whether it is run again, looked at, or whether people are asked.

use super::context::{Kept, Live};
use super::left::{self, Child, Left};
use super::run::{known, locked, stopped_before};
use super::steps::{Ending, NotOurs};
use super::worker::Shared;
use super::{Verified, eta};
use crate::config::limits::JOB_GRACE;
use crate::model::job::{Job, JobState, OnLost};
use crate::store::JobLock;
use serde_json::Value;
use std::sync::Arc;

/// What is to be done next.
pub(super) enum Next {
    /// It is run again, under this lock.
    Run(JobLock),
    /// Nothing: it has ended, or people are asked.
    Nothing,
}

/// Decides about a job that was running.
pub(super) async fn take_over(shared: &Arc<Shared>, job: &Job, live: &Arc<Live>) -> Result<Next, NotOurs> {
    let left = end_left(shared, job).await;
    let known_so_far = what_is_known(job, left.as_deref());
    tracing::warn!(job = %job.id, kind = job.kind, on_lost = job.on_lost.as_str(), "{known_so_far}");
    if job.on_lost == OnLost::Ask || left.as_deref() == Some(STUCK) {
        shared.ask(job, live, &known_so_far).await?;
        return Ok(Next::Nothing);
    }
    let Some((kind, spec)) = known(shared, job) else {
        shared.ask(job, live, &known_so_far).await?;
        return Ok(Next::Nothing);
    };
    // Whoever is frozen with this lock in hand may still be at work once it thaws.
    let Some(lock) = locked(shared, job, kind.changes_production(&spec), live).await else {
        stopped_before(shared, job, live).await?;
        return Ok(Next::Nothing);
    };
    let verified = match job.on_lost {
        OnLost::Verify => {
            let verify = kind.verify(shared.context(job, spec, live));
            tokio::select! {
                verified = verify => verified,
                () = async { live.cancel.cancelled().await; tokio::time::sleep(JOB_GRACE).await } => {
                    stopped_before(shared, job, live).await?;
                    return Ok(Next::Nothing);
                }
            }
        }
        _ => Verified::Repeat,
    };
    let (state, outcome, result) = match verified {
        Verified::Repeat if job.attempts < job.max_attempts => return Ok(Next::Run(lock)),
        Verified::Repeat => {
            let text = format!("It was cut off in each of its {} runs, and is given up. {known_so_far}", job.attempts);
            (JobState::Failed, text, Value::Null)
        }
        Verified::Done(result) => (JobState::Done, "It had done its work when its process died.".to_owned(), result),
        Verified::Failed(why) => (JobState::Failed, format!("{why} {known_so_far}"), Value::Null),
        Verified::Unknown(why) => {
            lock.release().await;
            shared.ask(job, live, &format!("{known_so_far} {why}")).await?;
            return Ok(Next::Nothing);
        }
    };
    lock.release().await;
    shared.end(job, live, Ending { state, outcome, result, by: None }).await?;
    shared.given_up.notify_one();
    Ok(Next::Nothing)
}

/// Said of a process that does not die.
pub(super) const STUCK: &str =
    "A process that it had started cannot be ended: it must be gone before the job is run again.";

/// Ends the process that a job's dead runner left, if one is recorded; what is to be said about it.
pub(super) async fn end_left(shared: &Shared, job: &Job) -> Option<String> {
    let child: Child = serde_json::from_str(job.child.as_deref()?).ok()?;
    Some(match left::end(&child, &shared.home, &job.id).await {
        Left::Gone => "The process that it had started had ended.".to_owned(),
        Left::Ended(1) => "The process that it had started was still there and was ended.".to_owned(),
        Left::Ended(count) => format!("{count} processes that it had started were still there and were ended."),
        Left::Elsewhere => "The process that it had started was on another machine.".to_owned(),
        Left::Stuck => STUCK.to_owned(),
    })
}

/// What can be said to those who have to decide.
fn what_is_known(job: &Job, left: Option<&str>) -> String {
    let place = job.place.as_deref().unwrap_or("another process");
    let mut text = format!("{place}, which ran it, died or lost touch during run {}.", job.attempts);
    let kept: Option<Kept> = job.progress.as_deref().and_then(|text| serde_json::from_str(text).ok());
    if let Some(kept) = kept.filter(|kept| !kept.progress.stage.is_empty()) {
        let how_far = eta::line(&Kept { stage_ms: 0, ..kept.clone() }, 0);
        let how_far = if how_far.is_empty() { String::new() } else { format!(", {how_far}") };
        text.push_str(&format!(" The last that was heard of it: {}{how_far}.", kept.progress.stage));
    }
    if let Some(left) = left {
        text.push(' ');
        text.push_str(left);
    }
    text
}
