//! One claimed job, from the claim to its end or until it is given back: what somebody wishes goes first, what a dead
//! process left is looked after, and a run is watched until it ends.

use super::context::{JobContext, Live, Why};
use super::handover::{self, Next};
use super::steps::{Ending, NotOurs};
use super::worker::Shared;
use super::{JobError, Kind, eta};
use crate::config::limits::{JOB_EDIT, JOB_GRACE, JOB_RETRY_FIRST, JOB_RETRY_LONGEST};
use crate::model::ids::PersonId;
use crate::model::job::{Job, JobState, Wish};
use crate::store::JobLock;
use futures::FutureExt;
use serde_json::{Value, json};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How often it is looked whether enough time has passed for the next edit.
const LOOK: Duration = Duration::from_millis(50);
/// How often a lock that another process has is tried again, and one that we have looked after.
const LOCK: Duration = Duration::from_millis(500);

/// Handles a claimed job.
pub(super) async fn handle(shared: &Arc<Shared>, job: Job, live: &Arc<Live>) {
    let (id, epoch) = (job.id.clone(), job.epoch);
    let whole = AssertUnwindSafe(whole(shared, job, live)).catch_unwind().await;
    match whole {
        Ok(Ok(())) => {}
        Ok(Err(NotOurs)) => {
            tracing::warn!(job = %id, epoch, "a job is no longer ours; nothing more is written about it")
        }
        Err(_) => tracing::error!(job = %id, epoch, "handling a job panicked; it is taken up again"),
    }
    if live.why() != Some(Why::NotOurs)
        && let Err(error) = shared.store.let_go_of_job(id, epoch).await
    {
        tracing::debug!(error = %error, "a job's lease was left to run out");
    }
}

async fn whole(shared: &Arc<Shared>, job: Job, live: &Arc<Live>) -> Result<(), NotOurs> {
    if let Some(wish) = job.wish {
        return fulfil(shared, &job, live, wish).await;
    }
    let lock = match job.state {
        JobState::Running => match handover::take_over(shared, &job, live).await? {
            Next::Nothing => return Ok(()),
            Next::Run(lock) => Some(lock),
        },
        _ => None,
    };
    attempt(shared, job, live, lock).await
}

/// Does what somebody wishes of a job that nobody runs.
async fn fulfil(shared: &Arc<Shared>, job: &Job, live: &Live, wish: Wish) -> Result<(), NotOurs> {
    let by = job.wish_by.clone();
    let who = by.as_ref().map_or("somebody", PersonId::as_str);
    let left = handover::end_left(shared, job).await;
    let (state, outcome) = match (wish, job.state) {
        // Two of them would be at it.
        (Wish::Again, _) if left.as_deref() == Some(handover::STUCK) => {
            return shared.ask(job, live, handover::STUCK).await;
        }
        (Wish::Again, _) => return shared.again(job, live, 0, &format!("{who} wants it run again."), by).await,
        (Wish::Done, _) => (JobState::Done, format!("{who} says that it had done its work.")),
        (Wish::Failed, _) => (JobState::Failed, format!("{who} says that it had not done its work.")),
        (Wish::Denied, _) => (JobState::Denied, format!("{who} denied it.")),
        (Wish::Expired, _) => (JobState::Expired, "Nobody approved it in time.".to_owned()),
        (Wish::Cancel, JobState::Running | JobState::Lost) => {
            let left = left.map(|left| format!(" {left}")).unwrap_or_default();
            let text =
                format!("{who} cancelled it. Its process had died before that, so nobody knows how far it got.{left}");
            (JobState::Cancelled, text)
        }
        (Wish::Cancel, _) => (JobState::Cancelled, format!("{who} cancelled it.")),
    };
    shared.end(job, live, Ending { state, outcome, result: Value::Null, by }).await?;
    if job.attempts > 0 {
        shared.given_up.notify_one();
    }
    Ok(())
}

/// Runs a job once.
async fn attempt(shared: &Arc<Shared>, job: Job, live: &Arc<Live>, lock: Option<JobLock>) -> Result<(), NotOurs> {
    let Some((kind, spec)) = known(shared, &job) else {
        let outcome = "This bot cannot run it any more: its kind or its form is unknown here.".to_owned();
        let ending = Ending { state: JobState::Failed, outcome, result: Value::Null, by: None };
        return shared.end(&job, live, ending).await;
    };
    let lock = match lock {
        Some(lock) => lock,
        None => match locked(shared, &job, kind.changes_production(&spec), live).await {
            Some(lock) => lock,
            None => return stopped_before(shared, &job, live).await,
        },
    };
    let job = shared.begin(&job, live).await?;
    live.begin(shared.clock.now_ms());
    let context = shared.context(&job, spec, live);
    let (answer, lock) = watched(shared, &kind, &job, live, context, lock).await;
    let concluded = conclude(shared, &job, live, answer).await;
    // Only now: until its end is written down, others must take it for running.
    lock.release().await;
    concluded
}

/// The kind of a job and its spec, if both are known here.
pub(super) fn known(shared: &Shared, job: &Job) -> Option<(Arc<dyn Kind>, Value)> {
    Some((shared.kinds.get(&job.kind)?.clone(), serde_json::from_str(&job.spec).ok()?))
}

/// The lock of a job that needs one; `None` when the run is to end before it could be had.
pub(super) async fn locked(shared: &Shared, job: &Job, dangerous: bool, live: &Live) -> Option<JobLock> {
    if !dangerous {
        return Some(JobLock::formality());
    }
    loop {
        match shared.store.lock_job(&job.id).await {
            Ok(Some(lock)) => return Some(lock),
            Ok(None) => tracing::info!(job = %job.id, "a job waits until the process that had it is gone"),
            Err(error) => tracing::warn!(job = %job.id, error = %error, "a job cannot be locked; trying again"),
        }
        tokio::select! {
            () = live.cancel.cancelled() => return None,
            () = tokio::time::sleep(LOCK) => {}
        }
    }
}

/// A run that was to end before it began.
pub(super) async fn stopped_before(shared: &Arc<Shared>, job: &Job, live: &Live) -> Result<(), NotOurs> {
    match live.why() {
        Some(Why::NotOurs) => Err(NotOurs),
        Some(Why::Asked(by)) => {
            let outcome = format!("{by} cancelled it.");
            let ending = Ending { state: JobState::Cancelled, outcome, result: Value::Null, by: Some(by) };
            shared.end(job, live, ending).await
        }
        _ => Ok(()),
    }
}

/// Lets the kind run and publishes what it says. `None`: it did not end in time when it was to.
async fn watched(
    shared: &Arc<Shared>,
    kind: &Arc<dyn Kind>,
    job: &Job,
    live: &Arc<Live>,
    context: JobContext,
    mut lock: JobLock,
) -> (Option<Result<Value, JobError>>, JobLock) {
    let run = AssertUnwindSafe(kind.run(context)).catch_unwind();
    let publish = publish(shared, job, live);
    tokio::pin!(run, publish);
    let mut look = tokio::time::interval(LOCK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut deadline: Option<Instant> = None;
    loop {
        let patience = async {
            match deadline {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            ended = &mut run => {
                let broke = |_| Err(JobError::failed("Its code broke, which is our mistake; the log has the place."));
                return (Some(ended.unwrap_or_else(broke)), lock);
            }
            () = &mut publish => {}
            () = live.cancel.cancelled(), if deadline.is_none() => deadline = Some(Instant::now() + JOB_GRACE),
            () = patience => return (None, lock),
            _ = look.tick() => if !lock.holds().await {
                tracing::error!(job = %job.id, "the lock of a job is lost; it is stopped, and taken up as its on-lost says");
                live.stop(Why::Stopping);
            }
        }
    }
}

/// Shows what is said, no more often than people and platforms can take. Never ends.
async fn publish(shared: &Arc<Shared>, job: &Job, live: &Arc<Live>) {
    let spacing_ms = i64::try_from(JOB_EDIT.as_millis()).unwrap_or(i64::MAX);
    let mut last_ms = i64::MIN / 2;
    loop {
        live.changed.notified().await;
        while (shared.clock.now_ms() - last_ms).abs() < spacing_ms && live.why().is_none() {
            tokio::time::sleep(LOOK).await;
        }
        if !live.with_said(|said| said.fresh) {
            continue;
        }
        last_ms = shared.clock.now_ms();
        if shared.publish(job, live).await.is_err() {
            live.stop(Why::NotOurs);
            std::future::pending::<()>().await;
        }
        if live.with_said(|said| said.fresh) {
            live.changed.notify_one();
        }
    }
}

/// What becomes of a job after a run.
async fn conclude(
    shared: &Arc<Shared>,
    job: &Job,
    live: &Live,
    answer: Option<Result<Value, JobError>>,
) -> Result<(), NotOurs> {
    let why = live.why();
    if why == Some(Why::NotOurs) {
        return Err(NotOurs);
    }
    if let Some(Ok(result)) = answer {
        let outcome = result.get("summary").and_then(Value::as_str).unwrap_or("It is done.").to_owned();
        return shared.end(job, live, Ending { state: JobState::Done, outcome, result, by: None }).await;
    }
    if why == Some(Why::Stopping) {
        // The next process, or this one in a moment, decides by `on_lost`.
        return Ok(());
    }
    let said = answer.and_then(Result::err);
    // A run that was dropped or broke may have left a process.
    if let Ok(Some(row)) = shared.store.job(&job.id).await
        && handover::end_left(shared, &row).await.as_deref() == Some(handover::STUCK)
    {
        let why = said.map(|error| format!("{} ", error.sentence)).unwrap_or_default();
        return shared.ask(job, live, &format!("{why}{}", handover::STUCK)).await;
    }
    let detail = said.as_ref().map_or(Value::Null, |error| error.detail.clone());
    let ending = match (why, said) {
        (Some(Why::Asked(by)), _) => {
            let outcome = format!("{by} cancelled it.");
            Ending { state: JobState::Cancelled, outcome, result: detail, by: Some(by) }
        }
        (Some(Why::Limit), _) => {
            let limit = eta::span(u64::try_from(job.run_limit_ms / 1000).unwrap_or(0));
            let outcome = format!("It was stopped because it ran longer than {limit}, its limit.");
            Ending { state: JobState::Failed, outcome, result: json!({"limit_ms": job.run_limit_ms}), by: None }
        }
        (_, Some(error)) if error.retry && job.attempts < job.max_attempts => {
            return shared.again(job, live, backoff_ms(job.attempts), &error.sentence, None).await;
        }
        (_, Some(error)) if error.ask => return shared.ask(job, live, &error.sentence).await,
        (_, error) => {
            let outcome = error.map_or_else(|| "It ended without an answer.".to_owned(), |error| error.sentence);
            Ending { state: JobState::Failed, outcome, result: detail, by: None }
        }
    };
    shared.end(job, live, ending).await
}

/// How long to wait after the n-th run, from 1.
fn backoff_ms(attempt: i64) -> i64 {
    let doublings = u32::try_from(attempt.clamp(1, 20) - 1).unwrap_or(0);
    let wait = JOB_RETRY_FIRST.saturating_mul(1 << doublings).min(JOB_RETRY_LONGEST);
    i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::backoff_ms;

    #[test]
    fn waits_double_up_to_ten_minutes() {
        let waits: Vec<i64> = (0..10).map(|n| backoff_ms(n) / 1000).collect();
        assert_eq!(waits, [5, 5, 10, 20, 40, 80, 160, 320, 600, 600]);
        assert_eq!(backoff_ms(i64::MAX), 600_000);
    }
}
