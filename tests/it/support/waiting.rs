//! Waiting for a condition, never for a time.

use super::bot::{PATIENCE, TestBot};
use drillbell::model::job::{Job, JobState};
use std::time::Duration;
use tokio::time::Instant;

/// How often a condition is looked at again.
const LOOK: Duration = Duration::from_millis(5);

/// Looks until there is something to see; panics with `what` should have come if it never does.
#[track_caller]
pub fn eventually<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> impl Future<Output = T> {
    let called_from = std::panic::Location::caller();
    let deadline = Instant::now() + PATIENCE;
    async move {
        loop {
            if let Some(seen) = look().await {
                return seen;
            }
            assert!(Instant::now() < deadline, "{called_from}: it never came to this: {what}");
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// Waits for the test guest's job of a title of which this holds; `what` says it, after the title.
pub async fn job_that(bot: &TestBot, title: &str, what: &str, is: impl Fn(&Job) -> bool) -> Job {
    let store = bot.app.store();
    eventually(&format!("{title} {what}"), async || {
        let jobs = store.jobs_of(&"misbehaving".into(), false, 1000).await.expect("the database answers");
        jobs.into_iter().find(|job| job.title == title && is(job))
    })
    .await
}

/// Waits until that job is in a state.
pub async fn is_in(bot: &TestBot, title: &str, state: JobState) -> Job {
    job_that(bot, title, &format!("is {}", state.as_str()), |job| job.state == state).await
}
