//! A `rollback` job has ended: what was done stage by stage, how long each took, and what is half done. What was done is verified next.

use crate::alarm;
use crate::memory::{self, Attempt, Case, Started, State, Took, Upkeep};
use crate::service;
use crate::verify;
use drillbell_sdk::found::{BrokeOff, Stage, measured};
use drillbell_sdk::words::capital;
use drillbell_sdk::{Bot, Button, Conversation, Job, Level, Once, Result, Tone, View, words};
use serde::Deserialize;
use serde_json::json;

/// What a `rollback` job says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Said {
    /// `pass`, `fail` or `unknown`.
    status: String,
    /// What says most.
    sentence: String,
    /// The stages, in order. None: it does not say, which is not the same as that there were none.
    stages: Option<Vec<Stage>>,
    /// Safety copies.
    safety: Vec<String>,
    /// `running`, `stopped` or `none`.
    writers: String,
    /// It is under maintenance still.
    maintenance: bool,
    /// How much is lost.
    minutes_lost: Option<u64>,
    /// How long all of it took.
    seconds: f64,
}

/// Columns of a stage's name.
const STAGE: usize = 13;

/// A rollback has ended, however it did.
pub fn ended(bot: &mut impl Bot, started: &Started, job: &Job) -> Result {
    let name = &started.service;
    let mut case = memory::case(bot, name)?;
    let now_ms = bot.now();
    let to = case.to.clone().or_else(|| started.to.clone());
    let number: usize = started.about.parse().unwrap_or_default();
    let Some(attempt) = case.attempt(number).filter(|attempt| attempt.job == job.id) else {
        bot.log(Level::Warn, &format!("the job {} ended, and no attempt to roll {name} back knows it", job.id));
        return Ok(());
    };
    if !attempt.is_open() {
        return Ok(());
    }
    let said = read(bot, job);
    let begun = has_begun(bot, job);
    let state = state(job, &said, begun);
    attempt.ended_ms = Some(now_ms);
    attempt.state = state;
    attempt.said = sentence(job, &said);
    // Who marks it done says so without a result: the version counts as running once it is verified, not before.
    attempt.marked_done = job.status == "done" && job.detail.trim() == "null";
    let done = attempt.clone();
    if state == State::Verifying {
        memory::set_ran(bot, name, &done.from, &done.to)?;
        remember(bot, name, &done, &said)?;
    }
    memory::set_case(bot, name, &case)?;
    let decision = format!("{} ended: {}", done.title(), state.words());
    let more = json!({ "job": job.id, "status": job.status, "detail": serde_json::from_str::<serde_json::Value>(&job.detail).unwrap_or_default() });
    crate::evidence::freeze(bot, name, (&decision, ""), case.incident.as_ref(), more)?;
    if said.maintenance {
        memory::set_upkeep(bot, name, Upkeep::On)?;
    }
    let view = told(name, &done, &said, &case);
    tell(bot, to.as_ref(), view)?;
    match state {
        State::Verifying => match service::find(bot, name)? {
            Some(service) => verify::begin_after(bot, &service, &mut case, number),
            None => {
                verify::nobody_can(bot, name, &mut case, number)?;
                let gone = format!("{name} is not configured any more, so that nobody can tell whether it helped.");
                tell(bot, to.as_ref(), View::default().tone(Tone::Warning).text(gone))
            }
        },
        State::Failed => alarm::after_failure(bot, name),
        _ => Ok(()),
    }
}

/// Says something where the rollback was asked for; without such a place, in the log.
pub fn tell(bot: &mut impl Bot, to: Option<&Conversation>, view: View) -> Result {
    match to {
        Some(to) => Ok(bot.post_or_log(to, view).map(drop)?),
        None => {
            bot.log(Level::Error, &format!("{view}; nobody knows where that was asked for"));
            Ok(())
        }
    }
}

fn read(bot: &mut impl Bot, job: &Job) -> Said {
    if job.status == "done" {
        return bot.said_by(job);
    }
    let BrokeOff::<Said> { error, detail } = bot.said_by(job);
    let sentence = if detail.sentence.is_empty() { error } else { detail.sentence };
    Said { sentence, ..detail }
}

impl Said {
    fn stages(&self) -> &[Stage] {
        self.stages.as_deref().unwrap_or_default()
    }

    /// Whether something was done, or may have been. None: it does not say.
    fn touched(&self) -> Option<bool> {
        let stages = self.stages.as_ref()?;
        Some(stages.iter().any(|stage| stage.status != "skipped" && stage.name != "check"))
    }
}

/// Whether a job ran at all. What the host knows nothing of may have run.
pub fn has_begun(bot: &mut impl Bot, job: &Job) -> bool {
    match bot.job(&job.id) {
        Ok(info) => info.started_ms.is_some(),
        Err(error) => {
            bot.log(Level::Warn, &format!("nobody can tell whether the job {} ran: {error}", job.id));
            true
        }
    }
}

/// That nothing was changed is said only when the job says so or never ran. A job that a person marked, that ran into its limit or was
/// given up says nothing about its stages, and may have done any of them.
fn state(job: &Job, said: &Said, begun: bool) -> State {
    match (job.status.as_str(), said.status.as_str(), said.touched()) {
        ("denied" | "expired", ..) => State::NotDone,
        ("done", "pass", _) => State::Verifying,
        ("done" | "failed", "fail", Some(true)) => State::Failed,
        ("done" | "failed", "fail", Some(false)) => State::NotDone,
        ("failed" | "cancelled", "", None) if !begun => State::NotDone,
        _ => State::Unknown,
    }
}

fn sentence(job: &Job, said: &Said) -> String {
    if !said.sentence.is_empty() {
        return said.sentence.clone();
    }
    match job.status.as_str() {
        "done" => "It says nothing of how it went, as when somebody marks it done.",
        "denied" => "Whoever was asked to approve it said no.",
        "expired" => "Nobody approved it in time.",
        "cancelled" => "Somebody stopped it.",
        "lost" => "The bot died while it ran, and nobody can tell how far it got.",
        _ => "It failed and does not say why.",
    }
    .to_owned()
}

fn remember(bot: &mut impl Bot, name: &str, attempt: &Attempt, said: &Said) -> Result {
    let stages = measured(said.stages());
    let sum = stages.iter().map(|(_, took_ms)| took_ms).sum();
    let all_ms = match said.seconds {
        // Beyond a year it is no duration.
        seconds if seconds > 0.0 && seconds < 3e7 => {
            std::time::Duration::from_secs_f64(seconds).as_millis().try_into().unwrap_or(sum)
        }
        _ => sum,
    };
    let at_ms = bot.now();
    memory::set_took(bot, name, &attempt.strategy, &Took { at_ms, all_ms, stages })
}

fn told(name: &str, attempt: &Attempt, said: &Said, case: &Case) -> View {
    let (from, to) = (&attempt.from, &attempt.to);
    let (title, tone) = match attempt.state {
        State::Verifying => (format!("{name} is back on {to}, and is being verified"), Tone::Info),
        State::Failed => (format!("Rolling {name} back from {from} to {to} failed"), Tone::Critical),
        State::NotDone => (format!("{name} is not rolled back"), Tone::Neutral),
        _ => (format!("Nobody can tell what {name} runs"), Tone::Critical),
    };
    let mut view = View::titled(title).tone(tone).text(attempt.said.clone());
    view = view.context(format!("{}, asked for by {}.", capital(&attempt.title()), attempt.by));
    if !said.stages().is_empty() {
        view = view.code(said.stages().iter().map(|stage| stage.line(STAGE)).collect::<Vec<_>>().join("\n"));
    }
    if said.seconds > 0.0 {
        view = view.field("Took", words::took(said.seconds));
    }
    if let Some(minutes) = said.minutes_lost {
        view = view.field("Lost", format!("{minutes} min of changes"));
    }
    if attempt.state == State::NotDone {
        return view.text("Nothing was changed.");
    }
    if said.writers == "stopped" {
        view = view.field("Writers", "stopped, and they stay so until somebody starts them");
    }
    if said.maintenance {
        view = view.field("Maintenance", "on, until somebody ends it").button(alarm::end(name));
    }
    for object in &said.safety {
        view = view.field("As it was before", format!("copy `{object}`"));
    }
    match attempt.state {
        State::Unknown => {
            let half = half(name, said);
            let look = Button::new("verify", "Verify now").value(name).primary().once(Once::Never);
            let broken = Button::new("broken", "It did not help").value(attempt.on_card(name)).danger();
            view.text(half).button(look).button(broken)
        }
        State::Failed => view.text(half(name, said)).field("Attempts that failed", case.failed().to_string()),
        _ => view,
    }
}

/// What is done and what is not, in a sentence.
fn half(name: &str, said: &Said) -> String {
    let of = |statuses: &[&str]| {
        let names = said.stages().iter().filter(|stage| statuses.contains(&stage.status.as_str()));
        names.map(|stage| stage.name.as_str()).collect::<Vec<_>>().join(", ")
    };
    let (done, broke, doubt) = (of(&["pass"]), of(&["fail"]), of(&["unknown"]));
    let mut parts = Vec::new();
    if !done.is_empty() {
        parts.push(format!("done: {done}"));
    }
    if !broke.is_empty() {
        parts.push(format!("failed: {broke}"));
    }
    if !doubt.is_empty() {
        parts.push(format!("in doubt: {doubt}"));
    }
    match parts.is_empty() {
        true => format!(
            "What was done is not known, and neither is which version runs. Look at {name} before anything is tried again; \
             `/rollback verify {name}` decides whether it is well."
        ),
        false => format!("{}. Look before anything is tried again.", capital(&parts.join("; "))),
    }
}
