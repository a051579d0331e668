//! A restore has ended: what was done, how long each stage took, what is there now against the manifest, and where the writers stand. Told
//! where it was asked for and in the backups channel, however it went.

use crate::ended::note;
use crate::memory::{self, Measured, Started};
use crate::tell::everywhere;
use crate::words;
use drillbell_sdk::found::{BrokeOff, Stage, TableRows, measured, some};
use drillbell_sdk::{BackupCopy, Bot, Conversation, Job, Result, Tone, View};
use serde::Deserialize;

/// Tables that are shown; those that differ come first.
const TABLES: usize = 30;
/// Columns of a stage's name.
const STAGE: usize = 13;

/// What a `restore` job says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Restored {
    object: String,
    status: String,
    sentence: String,
    /// `stopped`, `running` or `none`.
    writers: String,
    /// The safety copy's object.
    safety: Option<String>,
    /// Where what was there is kept as it was, since it was too damaged to be copied.
    aside: Option<String>,
    stages: Vec<Stage>,
    tables: Vec<TableRows>,
    files: Option<u64>,
    minutes_lost: Option<u64>,
    seconds: f64,
}

/// Whether a job that was not done got as far as its stages, so that there is more to tell than that.
pub fn has_stages(job: &Job) -> bool {
    job.said::<BrokeOff<Restored>>().is_ok_and(|said| !said.detail.stages.is_empty())
}

/// A `restore` job went through its stages, to the end or until one failed.
pub fn ended(bot: &mut impl Bot, started: &Started, job: &Job, to: Option<&Conversation>) -> Result {
    let done: Restored = match job.status.as_str() {
        "done" => bot.said_by(job),
        _ => {
            let BrokeOff::<Restored> { error, detail } = bot.said_by(job);
            let sentence = if detail.sentence.is_empty() { error } else { detail.sentence };
            Restored { status: "fail".to_owned(), sentence, ..detail }
        }
    };
    let copy = bot.copies_named(&done.object)?.into_iter().next();
    let name = copy.as_ref().map_or(done.object.as_str(), BackupCopy::name).to_owned();
    let state = match done.status.as_str() {
        "pass" => "ok",
        "fail" => "failed",
        _ => "unknown",
    };
    note(bot, started, state, &done.sentence)?;
    if state == "ok" {
        let stages = measured(&done.stages);
        memory::set_measured(bot, &started.target, &Measured { at_ms: job.at_ms, stages })?;
    }
    let target = bot.find_target(&started.target)?;
    let (title, tone) = match state {
        "ok" => (format!("{} is restored from {name}", started.target), Tone::Good),
        "failed" => (format!("The restore of {name} into {} failed", started.target), Tone::Critical),
        _ => (format!("Nobody can tell whether {} is as {name} was", started.target), Tone::Warning),
    };
    let mut view = View::titled(title).tone(tone);
    if !done.sentence.is_empty() {
        view = view.text(done.sentence.clone());
    }
    view = view.field("Writers", writers(&done.writers, state));
    if let Some(minutes) = done.minutes_lost {
        view = view.field("Lost", format!("{minutes} min of changes"));
    }
    let rto = target.as_ref().and_then(|target| target.rto_ms);
    let allowed = rto.map_or_else(String::new, |rto| format!(" of the {} allowed", words::span(rto)));
    view = view.field("Took", format!("{}{allowed}", words::took(done.seconds)));
    if let Some(safety) = &done.safety {
        view = view.field("As it was before", format!("copy `{safety}`"));
    }
    if let Some(aside) = &done.aside {
        view = view.field("As it was before", format!("too damaged to be copied: kept as it was in {aside}"));
    }
    if let Some(files) = done.files {
        view = view.field("Files", words::number(files));
    }
    if !done.stages.is_empty() {
        view = view.code(done.stages.iter().map(|stage| stage.line(STAGE)).collect::<Vec<_>>().join("\n"));
    }
    view = counts(view, &done.tables);
    if let (true, Some(target)) = (state != "ok", target.filter(|target| !target.owner.is_empty())) {
        view = view.field("Owner", target.owner);
    }
    if let Some(safety) = done.safety.filter(|_| state != "ok") {
        let back = format!("`/backup restore {safety} --into {} --clean`", started.target);
        view = view.context(format!("What was there before is in the safety copy; {back} brings it back."));
    }
    everywhere(bot, started, &view, to)
}

fn writers(word: &str, state: &str) -> String {
    match (word, state) {
        ("stopped", _) => "stopped, and they stay so until somebody starts them".to_owned(),
        ("running", _) => "running".to_owned(),
        ("none", "ok") => "none are configured; start by hand what you stopped by hand".to_owned(),
        ("none", _) => "none are configured: look after them by hand".to_owned(),
        _ => "nobody can tell: look".to_owned(),
    }
}

fn counts(view: View, tables: &[TableRows]) -> View {
    if tables.is_empty() {
        return view;
    }
    let mut sorted: Vec<_> = tables.iter().collect();
    sorted.sort_by_key(|table| table.status == "pass");
    view.context("Rows that are there, of those that the manifest counts:")
        .code(some(&sorted, TABLES, |table| table.line()))
}
