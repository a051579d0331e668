//! Publishing: only what the check lets through. It is posted as a document, and a job puts it into the artifact store and on the web.

use crate::card;
use crate::document::{Written, weight};
use crate::draft;
use crate::known::{KIND, Known};
use crate::lint;
use crate::md::unlinked;
use crate::paper::{self, Paper, Published};
use crate::remind::{self, say};
use drillbell_sdk::{
    Action, Bot, Command, HostError, IncidentId, Job, Level, NewJob, OnLost, Person, Result, Tone, View, user,
};
use serde::Deserialize;
use serde_json::json;

/// What a job may carry, in bytes.
const SPEC: usize = 63 * 1024;
/// Characters of a reason.
const REASON: usize = 300;

/// What the job `document` says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Kept {
    revision: u32,
    page: String,
}

/// `/postmortem publish [INC-N]`
pub fn typed(bot: &mut impl Bot, cmd: &Command) -> Result {
    let paper = paper::meant(bot, cmd.args.incident("id"), cmd.incident.as_ref(), &cmd.conversation)?;
    publish(bot, paper, &cmd.by, cmd.text("passing").map(str::trim).filter(|why| !why.is_empty()))
}

/// The button.
pub fn clicked(bot: &mut impl Bot, action: &Action) -> Result {
    let paper = paper::meant(bot, Some(IncidentId::from(action.value.as_str())), None, &action.conversation)?;
    publish(bot, paper, &action.by, None)
}

fn publish(bot: &mut impl Bot, mut paper: Paper, by: &Person, passing: Option<&str>) -> Result {
    let id = paper.incident.clone();
    let (known, words) = (Known::of(bot, &id)?, paper::all_words(bot, &id)?);
    if let Some(into) = &known.facts.merged_into {
        return Err(user(format!("{id} was part of {into}: its postmortem is the one to publish.")));
    }
    if known.incident.is_open() {
        return Err(user(format!("{id} is not over: what is published would be wrong soon. First /sev resolve.")));
    }
    if passing.is_some_and(|why| why.chars().count() > REASON) {
        return Err(user(format!("The reason has more than {REASON} characters.")));
    }
    if let Some(job) = being_kept(bot, &id)? {
        let revision = paper.published.last().map_or(1, |last| last.revision);
        return Err(user(format!(
            "Not published: revision {revision} is still being put into the artifact store (job {job}). Nothing is lost: what you \
             wrote since is in the draft. Publish it once that has ended, or stop that job on its card first."
        )));
    }
    let found = lint::check(&known, &paper, &words);
    let errors = found.iter().filter(|finding| finding.error).count();
    let told = card::told(&found).join("\n");
    match (errors, found.len(), passing) {
        (0, 0, _) | (0, _, Some(_)) => {}
        (0, _, None) => {
            return Err(user(format!(
                "Not published, because of warnings:\n{told}\nMend them, or say why they may stand: /postmortem publish {id} --passing WHY"
            )));
        }
        _ => return Err(user(format!("Not published. First mend what is wrong:\n{told}"))),
    }
    let passed = passing.filter(|_| !found.is_empty());
    let markdown = Written { known: &known, paper: &paper, words: &words, passed }.markdown();
    if weight(&markdown) > SPEC {
        return Err(user(
            "Not published: the document is too long. Shorten a section; the timeline gives way by itself.",
        ));
    }
    let revision = paper.published.last().map_or(0, |last| last.revision) + 1;
    let job = store(bot, &id, &known.incident.title, &markdown)?;
    if let Some(job) = &job {
        bot.set_json(&format!("job/{job}"), &(id.to_string(), revision))?;
    }
    paper.published.push(Published { revision, by: by.name.clone(), at_ms: known.now_ms, page: None });
    bot.note(&id, KIND, &format!("revision {revision} published by {}", by.name))?;
    remind::is_published(bot, &id)?;
    draft::refresh(bot, &mut paper)?;
    bot.set_data(&json!({ "incident": id, "revision": revision, "published": true, "passed": passed.map(|_| &found), "job": job, "document": markdown }))?;
    let mut view =
        View::titled(format!("Postmortem of {id}, revision {revision}")).tone(Tone::Good).code(unlinked(&markdown));
    if let Some(why) = passed {
        view = view.field("Warnings may stand", why);
    }
    let next = match job {
        Some(_) => "It is being put into the artifact store and on the web.",
        None => "It is not kept: grant jobs:document, and it is in the artifact store and on the web, too.",
    };
    bot.reply(view.context(format!("Published by {}. {next}", by.name)))?;
    Ok(())
}

/// The job that keeps an earlier revision and has not ended: revisions are kept in the order in which they were published.
fn being_kept(bot: &mut impl Bot, id: &IncidentId) -> Result<Option<String>> {
    match bot.job_with_key(id.as_str()) {
        Ok(job) => Ok(job.map(|job| job.id)),
        // Nothing is kept where that is not granted.
        Err(HostError::Denied(_)) => Ok(None),
        Err(other) => Err(other.into()),
    }
}

/// Begins to keep it; none where that is not granted.
fn store(bot: &mut impl Bot, id: &IncidentId, title: &str, markdown: &str) -> Result<Option<String>> {
    let spec = json!({ "incident": id, "title": title, "markdown": markdown });
    let job = NewJob::new("document", format!("Keep the postmortem of {id}"), &spec)?
        .key(id.as_str())
        .on_lost(OnLost::Repeat)
        .attempts(10);
    match bot.start_job(job) {
        Ok(job) => Ok(Some(job)),
        Err(HostError::Denied(why)) => {
            bot.log(Level::Warn, &why);
            Ok(None)
        }
        Err(other) => Err(other.into()),
    }
}

/// It is kept, or could not be.
pub fn kept(bot: &mut impl Bot, job: &Job) -> Result {
    let Some((id, revision)) = bot.take_json::<(String, u32)>(&format!("job/{}", job.id))? else { return Ok(()) };
    let id = IncidentId::from(id);
    let Some(mut paper) = paper::find(bot, &id)? else { return Ok(()) };
    if job.status != "done" {
        let said: serde_json::Value = serde_json::from_str(&job.detail).unwrap_or_default();
        let why = said["error"].as_str().unwrap_or("nobody said why").to_owned();
        let view = View::titled(format!("{id}: the postmortem is not on the web")).tone(Tone::Warning).text(why);
        let again = format!("It was posted where it was published. To try again: /postmortem publish {id}");
        return say(bot, &id, true, view.context(again));
    }
    let kept = job.said::<Kept>().unwrap_or_default();
    for published in paper.published.iter_mut().filter(|published| published.revision == revision) {
        published.page = Some(kept.page.clone()).filter(|page| !page.is_empty());
        // The host counts what it keeps.
        published.revision = kept.revision.max(1);
    }
    draft::refresh(bot, &mut paper)?;
    let view =
        View::titled(format!("{id}: revision {} of the postmortem is on the web", kept.revision)).tone(Tone::Good);
    let next = format!(
        "What now: read it with those who were there. What is to be done: /postmortem action list --incident {id}"
    );
    say(bot, &id, false, view.field("Page", kept.page).context(next))
}
