//! What was known when something was decided, frozen: it stays as it was, whatever is found later. One line of it stands on the incident's
//! timeline, all of it is had by `/rollback evidence`.

use crate::memory::{Started, Work};
use crate::outcome::tell;
use crate::{memory, service};
use drillbell_sdk::{Bot, Command, HostError, IncidentId, Job, Level, NewJob, OnLost, Result, Tone, View, time, user};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

/// Decisions of a service that are kept.
const KEPT: u64 = 50;
/// Bytes of a document that a message shows; all of it is in the data.
const SHOWN: usize = 12 * 1024;

/// How long writing them as files may take.
const LIMIT: Duration = Duration::from_secs(5 * 60);
/// Runs of that: a store that does not answer may by then.
const ATTEMPTS: u32 = 3;

/// Freezes what is known of a service now. Its number.
pub fn freeze(
    bot: &mut impl Bot,
    service: &str,
    (decision, by): (&str, &str),
    incident: Option<&IncidentId>,
    more: Value,
) -> Result<u64> {
    let number = bot.get_json::<u64>(&format!("evidence-of/{service}"))?.unwrap_or(0) + 1;
    let now_ms = bot.now();
    let record = json!({
        "number": number, "service": service, "at": time::rfc3339(now_ms), "decision": decision, "by": by, "incident": incident,
        "check": bot.get_json::<Value>(&format!("check/{service}"))?,
        "attempts": memory::case(bot, service)?.attempts,
        "deploys": bot.deploys(Some(service), 5)?,
        "copies": copies(bot, service)?,
        "more": more,
    });
    bot.set_json(&format!("evidence-of/{service}"), &number)?;
    bot.set_json(&key(service, number), &record)?;
    if let Some(old) = number.checked_sub(KEPT) {
        bot.delete(&key(service, old))?;
    }
    if let Some(incident) = incident {
        let by = if by.is_empty() { String::new() } else { format!(", by {by}") };
        let line =
            format!("{service}: {decision}{by}. Evidence {number}: `/rollback evidence {service} --number {number}`");
        noted(bot, incident, "rollback", &line)?;
    }
    Ok(number)
}

fn key(service: &str, number: u64) -> String {
    format!("evidence/{service}/{number:08}")
}

/// The newest copies of what a service writes to: whether there was a way back for its data.
fn copies(bot: &mut impl Bot, name: &str) -> Result<Vec<Value>> {
    let Some(service) = service::find(bot, name)? else { return Ok(Vec::new()) };
    let mut newest = Vec::new();
    for target in &service.targets {
        if let Some(copy) = bot.newest_copy(target)? {
            newest.push(json!({
                "target": target, "copy": copy.name(), "taken": time::rfc3339(copy.taken_ms), "verdict": copy.verdict,
                "proven": copy.proven_ms.map(time::rfc3339),
            }));
        }
    }
    Ok(newest)
}

/// Writes a line on a timeline. That it cannot be written must not undo what is done.
pub fn noted(bot: &mut impl Bot, incident: &IncidentId, kind: &str, text: &str) -> Result {
    match bot.note(incident, kind, text) {
        Ok(()) => Ok(()),
        Err(error @ HostError::Unavailable(_)) => Err(error.into()),
        Err(error) => {
            bot.log(Level::Warn, &format!("not on the timeline of {incident}: {error} Unsaid: {text}"));
            Ok(())
        }
    }
}

/// `/rollback evidence SERVICE [--number N]`
pub fn show(bot: &mut impl Bot, cmd: &Command) -> Result {
    let service = cmd.required("service")?.to_owned();
    let newest = bot.get_json::<u64>(&format!("evidence-of/{service}"))?.unwrap_or(0);
    if newest == 0 {
        return Err(user(format!("Nothing was decided about {service} yet. `/rollback check {service}` begins.")));
    }
    let number = cmd.int("number")?.map_or(newest, |number| u64::try_from(number).unwrap_or(0));
    let Some(record) = bot.get_json::<Value>(&key(&service, number))? else {
        let oldest = newest.saturating_sub(KEPT - 1).max(1);
        return Err(user(format!("There is no evidence {number} of {service}; there is {oldest} to {newest}.")));
    };
    let job = if cmd.flag("file") { Some(write(bot, cmd, &service, number)?) } else { None };
    let mut data = record.clone();
    if let Some(job) = &job {
        data["job"] = json!(job);
    }
    bot.set_data(&data)?;
    let text = serde_json::to_string_pretty(&record).unwrap_or_default();
    let mut shown: String = text.chars().take(SHOWN).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    let word = |key: &str| record[key].as_str().unwrap_or_default().to_owned();
    let whole =
        format!("`drillbell run --json '/rollback evidence {service} --number {number}'` writes all of it to a file.");
    let view = View::titled(format!("{service}: evidence {number} of {newest}")).tone(Tone::Info);
    let view = view.field("Decided", word("decision")).field("By", word("by")).field("At", word("at"));
    let mut view = view.code(shown).context(whole);
    if let Some(job) = job {
        view = view.field("Files", format!("job {job} writes them"));
    }
    bot.reply(view)?;
    Ok(())
}

/// Has it written into the artifact store. The job's id.
fn write(bot: &mut impl Bot, cmd: &Command, service: &str, number: u64) -> Result<String> {
    let title = format!("write evidence {number} of {service} as files");
    let job = NewJob::new("evidence", title.clone(), &json!({ "key": key(service, number) }))?;
    let job = job.conversation(&cmd.conversation).on_lost(OnLost::Repeat).run_limit(LIMIT).attempts(ATTEMPTS);
    match bot.start_job(job) {
        Ok(id) => {
            let started =
                Started::asked(Work::Evidence, service, &cmd.by.name, &cmd.conversation, cmd.incident.as_ref());
            memory::started(bot, &id, &started)?;
            Ok(id)
        }
        Err(HostError::Invalid(why) | HostError::Denied(why)) => {
            Err(user(format!("Cannot {title}: {}.", why.trim_end_matches('.'))))
        }
        Err(other) => Err(other.into()),
    }
}

/// The files are written, or could not be.
pub fn ended(bot: &mut impl Bot, started: &Started, job: &Job) -> Result {
    let Written { objects, error } = bot.said_by(job);
    let name = &started.service;
    let view = match objects.is_empty() {
        false => {
            View::titled(format!("{name}: the evidence is written")).tone(Tone::Good).field("Files", objects.join(", "))
        }
        true => {
            let why = if error.is_empty() { format!("The job ended as {}.", job.status) } else { error };
            View::titled(format!("{name}: the evidence was not written")).tone(Tone::Warning).text(why)
        }
    };
    tell(bot, started.to.as_ref(), view)
}

/// What the job `evidence` says.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Written {
    objects: Vec<String>,
    error: String,
}
