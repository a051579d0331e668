//! How far a run is: what is kept after each step, and what is told in the end.

use crate::clock;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// How far a run is. Holds no secret: those that were captured are gone with the process that captured them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct State {
    /// What has been done, in order.
    pub done: Vec<Done>,
    /// A step has begun and its end is not known yet.
    pub running: bool,
    /// People were asked about the running one: should they want it run again, it is.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub asked: bool,
    /// Steps are being taken back.
    pub undoing: bool,
    /// What has been taken back, in order.
    pub undone: Vec<Done>,
    /// What was captured.
    pub captured: BTreeMap<String, String>,
    /// Names of secrets that were captured.
    pub secret: BTreeSet<String>,
}

/// One step, done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// What people call it.
    pub name: String,
    /// How it went.
    pub status: Status,
    /// How it went, as the end of a sentence: "exited with 1".
    pub sentence: String,
    /// The program's exit code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<i32>,
    /// The signal that killed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
    /// The answer's status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<u16>,
    /// When it began, milliseconds since the epoch.
    pub began_ms: i64,
    /// How long it took, milliseconds.
    pub took_ms: i64,
    /// The end of what it said, without secrets.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub output: String,
    /// The number that was looked at, of a step that expects one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// It could not be looked at: nobody knows how it is, though the step failed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unseen: bool,
    /// It was cancelled.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cancelled: bool,
}

/// How something went. Unknown is neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are the meaning")]
pub enum Status {
    Pass,
    Fail,
    Unknown,
}

/// How a whole run came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every step passed.
    Passed,
    /// A step failed.
    Failed,
    /// It was cancelled.
    Cancelled,
    /// Of a step that changes something nobody knows whether it was done: a person must look.
    Unknown,
}

/// What is told of a run in the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// How it came out.
    pub outcome: Outcome,
    /// In a sentence.
    pub sentence: String,
    /// Everything that was done.
    pub state: State,
    /// How many steps there were to do.
    pub total: usize,
}

impl State {
    /// A person, or a check, found out how the step went that was running when the bot died.
    pub fn settle(&mut self, status: Status, name: &str, sentence: &str, now_ms: i64) {
        if !self.running {
            return;
        }
        (self.running, self.asked) = (false, false);
        let done = Done::now(name, status, sentence.to_owned(), now_ms);
        if self.undoing { self.undone.push(done) } else { self.done.push(done) }
    }
}

impl Done {
    /// Something that took no time.
    pub(super) fn now(name: &str, status: Status, sentence: String, now_ms: i64) -> Self {
        Self {
            name: name.to_owned(),
            status,
            sentence,
            exit: None,
            signal: None,
            http: None,
            began_ms: now_ms,
            took_ms: 0,
            output: String::new(),
            value: None,
            unseen: false,
            cancelled: false,
        }
    }

    /// As a line of output.
    pub(super) fn line(&self) -> String {
        let mark = match self.status {
            Status::Pass => "✓",
            Status::Fail => "✗",
            Status::Unknown => "?",
        };
        let took =
            crate::config::show_duration(std::time::Duration::from_millis(u64::try_from(self.took_ms).unwrap_or(0)));
        format!("{mark} {} {} after {took}", self.name, self.sentence)
    }
}

impl Report {
    /// The machine-readable result.
    pub fn to_json(&self) -> Value {
        let Self { outcome, sentence, state, total } = self;
        let status = match outcome {
            Outcome::Passed => "pass",
            Outcome::Failed | Outcome::Cancelled => "fail",
            Outcome::Unknown => "unknown",
        };
        let steps = |all: &[Done]| all.iter().map(Done::to_json).collect::<Vec<_>>();
        json!({
            "status": status,
            "cancelled": *outcome == Outcome::Cancelled,
            "sentence": sentence,
            "total": total,
            "steps": steps(&state.done),
            "undone": steps(&state.undone),
            "captured": state.captured,
        })
    }
}

impl Done {
    fn to_json(&self) -> Value {
        let mut value = json!(self);
        value["began"] = clock::rfc3339(self.began_ms).into();
        value
    }
}
