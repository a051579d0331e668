//! Telling an Alertmanager of silences, by jobs of the kind `silence`, and what became of it.

use crate::group::{Group, Silence};
use crate::{hear, memory};
use drillbell_sdk::{Bot, HostError, Job, Level, NewJob, OnLost, Result};
use serde::Deserialize;
use serde_json::{Value, json};

/// The kind of job.
const KIND: &str = "silence";
/// Tries of one job.
const ATTEMPTS: u32 = 8;

/// What a job says of its end.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Ended {
    source: Option<String>,
    group: Option<String>,
    /// Which of the group's silences it is about.
    nonce: Option<String>,
    /// What was made.
    silence: Option<String>,
    /// What was ended.
    expired: Option<String>,
    error: Option<String>,
    /// Of one that failed: what its kind tells besides.
    detail: Option<About>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct About {
    group: Option<String>,
    nonce: Option<String>,
    /// What was to be ended.
    expire: Option<String>,
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
        "until_ms": silence.until_ms, "by": silence.by, "reason": silence.reason, "nonce": silence.nonce,
    });
    let title = format!("silence {} in {}", group.id, group.source);
    let why = start(bot, format!("silence/{}/{}", group.id, silence.nonce), title, &spec)?;
    silence.remark = why.map(|why| format!("Its source could not be told: {why}.")).unwrap_or_default();
    Ok(())
}

/// Has a silence ended there too. One that is only being made is ended when it is known what it is called: see [`ended`].
pub fn take_back(bot: &mut impl Bot, group: &mut Group, silence: &Silence) -> Result {
    let Some(remote) = &silence.remote else { return Ok(()) };
    expire(bot, group, remote)
}

/// Has a silence ended where the group comes from. If not even a job can be started, card and operator say so.
fn expire(bot: &mut impl Bot, group: &mut Group, remote: &str) -> Result {
    let spec = json!({ "source": group.source, "group": group.id, "action": "expire", "silence": remote });
    let title = format!("end the silence of {} in {}", group.id, group.source);
    if let Some(why) = start(bot, format!("expire/{}/{remote}", group.source), title, &spec)? {
        still_there(bot, group, remote, &why);
    }
    Ok(())
}

/// A silence that people ended here stands there: nothing comes in until it is over, so somebody must end it by hand.
fn still_there(bot: &mut impl Bot, group: &mut Group, remote: &str, why: &str) {
    let why = why.trim_end_matches('.');
    group.left = format!("The silence {remote} could not be ended in {}, end it there: {why}.", group.source);
    bot.log(Level::Error, &format!("{}: {}", group.id, group.left));
}

/// Starts a job; the answer is why it cannot be.
fn start(bot: &mut impl Bot, key: String, title: String, spec: &Value) -> Result<Option<String>> {
    let job = NewJob::new(KIND, title, spec)?.on_lost(OnLost::Repeat).attempts(ATTEMPTS).key(key);
    match bot.start_job(job) {
        Ok(_) => Ok(None),
        Err(HostError::Denied(why) | HostError::Invalid(why)) => Ok(Some(why.trim_end_matches('.').to_owned())),
        Err(other) => Err(other.into()),
    }
}

/// A job has ended: the card says what became of it.
pub fn ended(bot: &mut impl Bot, job: &Job) -> Result {
    let Ok(ended) = serde_json::from_str::<Ended>(&job.detail) else { return Ok(()) };
    let Ended { source, group: id, nonce, silence: made, expired, error, detail } = ended;
    let detail = detail.unwrap_or_default();
    let id = id.or(detail.group);
    let known = match &id {
        Some(id) => memory::group(bot, id)?,
        None => None,
    };
    let now_ms = bot.now();
    let made = made.filter(|_| job.status == "done");
    let Some(mut group) = known else {
        // Forgotten meanwhile. What was made for it must not stay.
        if let (Some(made), Some(id), Some(source)) = (made, id, source) {
            return expire(bot, &mut Group { id, source, ..Group::default() }, &made);
        }
        if let Some(error) = error {
            bot.log(Level::Error, &format!("a silence could not be told: {error}"));
        }
        return Ok(());
    };
    let nonce = nonce.or(detail.nonce).filter(|nonce| !nonce.is_empty());
    let stands = |silence: &&mut Silence| {
        silence.until_ms > now_ms && nonce.as_ref().is_none_or(|nonce| *nonce == silence.nonce)
    };
    let ours = group.silence.as_mut().filter(stands);
    match (made, expired, detail.expire) {
        (Some(made), ..) => match ours {
            Some(silence) => {
                silence.remark = format!("{} knows it as {made}.", group.source);
                silence.remote = Some(made);
            }
            // People ended it while it was being made.
            None => expire(bot, &mut group, &made)?,
        },
        (None, Some(_), _) => {
            if group.left.is_empty() {
                return Ok(());
            }
            group.left.clear();
        }
        (None, None, failed) => {
            let why = error.unwrap_or_else(|| job.status.clone());
            match (failed, ours) {
                (Some(remote), _) => still_there(bot, &mut group, &remote, &why),
                (None, Some(silence)) => {
                    silence.remark = format!("{} could not be told: {}.", group.source, why.trim_end_matches('.'));
                }
                (None, None) => {
                    bot.log(Level::Error, &format!("{}: a silence that is over could not be told: {why}", group.id));
                    return Ok(());
                }
            }
        }
    }
    hear::draw(bot, &mut group, now_ms)?;
    memory::keep(bot, &group)
}
