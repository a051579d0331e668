//! Telling an Alertmanager of silences, by jobs of the kind `silence`, and what became of it.

use crate::group::{Group, Silence};
use crate::{hear, memory};
use drillbell_sdk::{Bot, HostError, Job, Level, NewJob, OnLost, Result};
use serde::Deserialize;
use serde_json::json;

/// The kind of job.
const KIND: &str = "silence";
/// Tries of one job.
const ATTEMPTS: u32 = 8;

/// What a job says of its end.
#[derive(Deserialize)]
struct Ended {
    group: Option<String>,
    silence: Option<String>,
    error: Option<String>,
    /// Of one that failed: what its kind tells besides.
    detail: Option<About>,
}

#[derive(Deserialize)]
struct About {
    group: Option<String>,
}

/// Has a group's silence made where it comes from, if that can be.
pub fn push(bot: &mut impl Bot, group: &mut Group) -> Result {
    let Some(silence) = &mut group.silence else { return Ok(()) };
    if !group.pushes {
        return Ok(());
    }
    if group.labels.values().all(String::is_empty) {
        silence.remark = "Its source is not told: the group has no label that a silence could name.".to_owned();
        return Ok(());
    }
    let spec = json!({
        "source": group.source, "group": group.id, "action": "create", "labels": group.labels,
        "until_ms": silence.until_ms, "by": silence.by, "reason": silence.reason,
    });
    silence.remark = start(bot, &group.id, format!("silence {} in {}", group.id, group.source), &spec)?;
    Ok(())
}

/// Has a silence ended there too.
pub fn take_back(bot: &mut impl Bot, group: &Group, silence: &Silence) -> Result {
    let Some(remote) = &silence.remote else { return Ok(()) };
    let spec = json!({ "source": group.source, "group": group.id, "action": "expire", "silence": remote });
    let remark = start(bot, &group.id, format!("end the silence of {} in {}", group.id, group.source), &spec)?;
    if !remark.is_empty() {
        bot.log(Level::Error, &format!("{}: {remark}", group.id));
    }
    Ok(())
}

/// Starts a job; the answer is what to say if it cannot be.
fn start(bot: &mut impl Bot, group: &str, title: String, spec: &serde_json::Value) -> Result<String> {
    let job =
        NewJob::new(KIND, title, spec)?.on_lost(OnLost::Repeat).attempts(ATTEMPTS).key(format!("silence/{group}"));
    match bot.start_job(job) {
        Ok(_) => Ok(String::new()),
        Err(HostError::Denied(why) | HostError::Invalid(why)) => Ok(format!("Its source could not be told: {why}.")),
        Err(other) => Err(other.into()),
    }
}

/// A job has ended: the card says what became of it.
pub fn ended(bot: &mut impl Bot, job: &Job) -> Result {
    let Ok(ended) = serde_json::from_str::<Ended>(&job.detail) else { return Ok(()) };
    let now_ms = bot.now();
    let about = ended.detail.and_then(|about| about.group);
    let group = match ended.group.or(about) {
        Some(group) => memory::group(bot, &group)?,
        None => None,
    };
    let Some(mut group) = group else {
        if let Some(error) = ended.error {
            bot.log(Level::Error, &format!("a silence could not be told: {error}"));
        }
        return Ok(());
    };
    let Some(silence) = &mut group.silence else { return Ok(()) };
    match (ended.silence, job.status.as_str()) {
        (Some(id), "done") => {
            silence.remark = format!("{} knows it as {id}.", group.source);
            silence.remote = Some(id);
        }
        _ => {
            let why = ended.error.unwrap_or_else(|| job.status.clone());
            silence.remark = format!("{} could not be told: {}", group.source, why.trim_end_matches('.'));
            silence.remark.push('.');
        }
    }
    hear::draw(bot, &mut group, now_ms)?;
    memory::keep(bot, &group)
}
