//! Waiting for jobs, on what the fakes wait with.

use super::bot::TestBot;
use drillbell::model::job::{Job, JobState};
pub use drillbell_fakes::eventually;

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
