//! Jobs, as the test asks for them: started with every setting, listed, and asked for without the right to.

use crate::outcome;
use drillbell_sdk::{Bot, Command, Conversation, NewJob, OnLost, Result, user};
use serde_json::Value;

/// Starts the job that the arguments describe; its id is the data.
pub fn start(bot: &mut impl Bot, cmd: &Command) -> Result<String> {
    let spec: Value = serde_json::from_str(cmd.required("spec")?).map_err(|error| user(error.to_string()))?;
    let on_lost = match cmd.text("lost") {
        Some("repeat") => OnLost::Repeat,
        Some("verify") => OnLost::Verify,
        _ => OnLost::Ask,
    };
    let mut job = NewJob::new(cmd.required("kind")?, cmd.required("title")?, &spec)?.on_lost(on_lost);
    if let Some(key) = cmd.text("key") {
        job = job.key(key);
    }
    if let Some(attempts) = cmd.int("attempts")? {
        job = job.attempts(u32::try_from(attempts).unwrap_or(u32::MAX));
    }
    if let Some(limit) = cmd.duration("limit")? {
        job = job.run_limit(limit);
    }
    if let Some(to) = cmd.text("to") {
        job = job.conversation(&Conversation::from(to));
    }
    if let Some(approval) = cmd.text("approval") {
        job = job.approval(approval);
    }
    let id = bot.start_job(job)?;
    bot.set_data(&id)?;
    Ok(format!("started {}", cmd.required("title")?))
}

/// Its jobs, a line each.
pub fn list(bot: &mut impl Bot) -> Result<String> {
    let jobs = bot.jobs(false, 200)?;
    bot.set_data(&jobs)?;
    Ok(jobs.into_iter().map(|job| format!("{} {}", job.title, job.state)).collect::<Vec<_>>().join("\n"))
}

/// Everything that needs the grant.
pub fn ask(bot: &mut impl Bot) -> String {
    let start = NewJob::new("scripted", "asked for", &serde_json::json!({})).and_then(|job| bot.start_job(job));
    let unknown = NewJob::new("rm", "asked for", &serde_json::json!({})).and_then(|job| bot.start_job(job));
    let (list, get) = (outcome(bot.jobs(false, 10)), outcome(bot.job("0190c0de-0000-7000-8000-000000000000")));
    let cancel = outcome(bot.cancel_job("0190c0de-0000-7000-8000-000000000000"));
    format!("start {}\nunknown {}\nlist {list}\nget {get}\ncancel {cancel}", outcome(start), outcome(unknown))
}
