//! A run: how far it is and what came of each step. All of it is kept, so that a restarted bot goes on where it was; its revision tells
//! a click on what is shown from one on what was shown before.

use drillbell_sdk::book::{self, Book};
use drillbell_sdk::{Bot, Conversation, IncidentId, MessageRef, Person, Result, user};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A run of a runbook.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Run {
    /// `R-3`.
    pub id: String,
    /// The runbook.
    pub book: String,
    /// Its title, when the run began.
    pub title: String,
    /// Its digest, when the run began.
    pub digest: String,
    /// The incident it belongs to.
    pub incident: Option<IncidentId>,
    /// Where it runs.
    pub thread: Conversation,
    /// Where it was started.
    pub channel: Conversation,
    /// The card with the present step.
    pub card: Option<MessageRef>,
    /// Who runs it.
    pub lead: String,
    /// When it began.
    pub began_ms: u64,
    /// When it ended.
    pub ended_ms: Option<u64>,
    /// Why it was ended early.
    pub aborted: Option<String>,
    /// Nothing is changed.
    pub dry: bool,
    /// Inputs, and what steps captured.
    pub values: BTreeMap<String, String>,
    /// Goes up with every change.
    pub revision: u64,
    /// The present step, from 0.
    pub at: usize,
    /// What came of each step.
    pub steps: Vec<Outcome>,
    /// What the present step waits for.
    pub waiting: Option<Waiting>,
    /// It began by its schedule.
    #[serde(default)]
    pub scheduled: bool,
    /// Nobody attends to it: it goes on by itself as long as it only looks.
    #[serde(default)]
    pub alone: bool,
}

/// What came of a step.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The step's name.
    pub name: String,
    /// How it is.
    pub state: State,
    /// One sentence.
    pub said: String,
    /// Who did or decided it.
    pub by: String,
    /// When it began.
    pub began_ms: u64,
    /// When it ended.
    pub ended_ms: u64,
    /// The number that was looked at.
    pub value: Option<String>,
    /// The end of what it said.
    pub output: String,
}

/// How a step is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Its turn has not come, or nobody has done it yet.
    #[default]
    Open,
    /// It goes on.
    Running,
    Pass,
    Fail,
    Unknown,
    Skipped,
}

/// What a step waits for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Waiting {
    /// The end of a job.
    Job(String),
    /// An approval.
    Approval(String),
}

impl State {
    /// A mark for lists.
    pub fn mark(self) -> &'static str {
        match self {
            Self::Open => "·",
            Self::Running => "▶",
            Self::Pass => "✓",
            Self::Fail => "✗",
            Self::Unknown => "?",
            Self::Skipped => "–",
        }
    }

    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Running => "running",
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Unknown => "unknown",
            Self::Skipped => "skipped",
        }
    }
}

impl Run {
    /// Nothing more will happen to it.
    pub fn has_ended(&self) -> bool {
        self.ended_ms.is_some()
    }

    /// The outcome of the present step.
    pub fn now(&mut self) -> &mut Outcome {
        // A run that has not ended has a present step.
        let last = self.steps.len().saturating_sub(1);
        &mut self.steps[self.at.min(last)]
    }

    /// How many steps came out so.
    pub fn count(&self, state: State) -> usize {
        self.steps.iter().filter(|step| step.state == state).count()
    }

    /// `3 passed, 1 failed, 1 skipped`.
    pub fn tally(&self) -> String {
        let parts = [
            (State::Pass, "passed"),
            (State::Fail, "failed"),
            (State::Unknown, "unknown"),
            (State::Skipped, "skipped"),
            (State::Running, "running"),
            (State::Open, "not done"),
        ];
        let told: Vec<_> = parts
            .into_iter()
            .map(|(state, word)| (self.count(state), word))
            .filter(|(n, _)| *n > 0)
            .map(|(n, word)| format!("{n} {word}"))
            .collect();
        told.join(", ")
    }
}

/// A new run's id.
pub fn new_id(bot: &mut impl Bot) -> Result<String> {
    let last: u64 = bot.get_json("last-run")?.unwrap_or_default();
    bot.set_json("last-run", &(last + 1))?;
    Ok(format!("R-{}", last + 1))
}

/// Keeps a run; whatever was shown of it before is old from now on.
pub fn keep(bot: &mut impl Bot, run: &mut Run) -> Result {
    run.revision += 1;
    bot.set_json(&format!("run/{}", run.id), run)?;
    match run.has_ended() {
        true => bot.delete(&format!("open/{}", run.id))?,
        false => bot.set(&format!("open/{}", run.id), "")?,
    }
    bot.set(&format!("here/{}", run.thread), &run.id)?;
    Ok(())
}

/// What whoever looks on is told of a runbook's last run, as the manifest says that it is shown.
pub fn shown(bot: &mut impl Bot, run: &Run) -> Result {
    if run.dry {
        return Ok(());
    }
    let well = run.aborted.is_none() && run.count(State::Fail) + run.count(State::Unknown) == 0;
    let told = serde_json::json!({
        "run": run.id, "began_ms": run.began_ms, "ended_ms": run.ended_ms, "outcome": run.tally(), "well": well,
    });
    bot.set_json(&format!("last-run/{}", run.book), &told)
}

/// A run by its id.
pub fn get(bot: &mut impl Bot, id: &str) -> Result<Run> {
    let id = id.trim().to_uppercase();
    let found = bot.get_json(&format!("run/{id}"))?;
    found.ok_or_else(|| user(format!("There is no run `{id}`. `/runbook status` names those that go on.")))
}

/// The run that was named, else the last one here.
pub fn meant(bot: &mut impl Bot, named: Option<&str>, here: &Conversation) -> Result<Run> {
    if let Some(id) = named {
        return get(bot, id);
    }
    match bot.get(&format!("here/{here}"))? {
        Some(id) => get(bot, &id),
        None => Err(user("No runbook runs here. Start one with `/runbook start NAME`, or name a run with --run.")),
    }
}

/// All runs that go on, oldest first.
pub fn open(bot: &mut impl Bot) -> Result<Vec<Run>> {
    let ids: Vec<String> =
        bot.list("open/", 200)?.into_iter().map(|(key, _)| key["open/".len()..].to_owned()).collect();
    let mut runs = ids.iter().map(|id| get(bot, id)).collect::<Result<Vec<_>>>()?;
    runs.sort_by_key(|run| run.began_ms);
    Ok(runs)
}

/// The runbook as it was when the run began.
pub fn book_of(bot: &mut impl Bot, run: &Run) -> Result<Book> {
    book::as_begun(bot, &run.book, &run.digest, &run.id, "End it with `/runbook abort` and start the new one.")
}

/// It goes on: refused once it has ended.
pub fn must_go_on(run: &Run) -> Result {
    book::must_go_on(&run.id, run.ended_ms, || run.tally())
}

/// A step's outcome is told on the incident's timeline.
pub fn tell_timeline(bot: &mut impl Bot, run: &Run, text: &str) -> Result {
    if let Some(incident) = &run.incident {
        bot.note(incident, "runbook", text)?;
    }
    Ok(())
}

/// Who, as they are shown.
pub fn name(person: &Person) -> String {
    person.name.clone()
}
