//! Jobs: slow and dangerous work that the host does after the call, and how one stands.

use crate::error::HostError;
use crate::ids::{Conversation, IncidentId};
use serde::Serialize;
use std::time::Duration;

/// What is to happen if the process that runs a job dies, so that nobody knows how far it got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnLost {
    /// Run it again: for work that may be done twice.
    Repeat,
    /// Let its kind look how far it got, and ask people if it cannot tell.
    Verify,
    /// Ask people, by buttons on its card.
    #[default]
    Ask,
}

/// A job to start with [`Bot::start_job`](crate::Bot::start_job).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewJob {
    /// A kind that the host knows.
    pub kind: String,
    /// One line for people, at most 120 characters.
    pub title: String,
    /// What the kind needs to know, JSON text of at most 64 KiB.
    pub spec: String,
    /// What if its process dies; people are asked unless it is said otherwise.
    pub on_lost: OnLost,
    /// While a job of this plugin with this key has not ended, no second one can be started.
    pub key: Option<String>,
    /// How often it may be run at most; the host's default is 3.
    pub attempts: Option<u32>,
    /// How long one run may take; the host's default is an hour.
    pub run_limit: Option<Duration>,
    /// Where its card stands; where the event came from unless it is said otherwise.
    pub conversation: Option<Conversation>,
    /// The approval that it waits for.
    pub approval: Option<String>,
}

impl NewJob {
    /// A job of a kind, with what that needs to know. A spec that cannot be JSON is `Invalid`.
    pub fn new(kind: &str, title: impl Into<String>, spec: &impl Serialize) -> Result<Self, HostError> {
        let spec = serde_json::to_string(spec).map_err(|error| HostError::Invalid(error.to_string()))?;
        let title = title.into();
        Ok(Self {
            kind: kind.to_owned(),
            title,
            spec,
            on_lost: OnLost::Ask,
            key: None,
            attempts: None,
            run_limit: None,
            conversation: None,
            approval: None,
        })
    }

    /// Says what if its process dies.
    #[must_use]
    pub fn on_lost(self, on_lost: OnLost) -> Self {
        Self { on_lost, ..self }
    }

    /// Lets there be one unfinished job of this key.
    #[must_use]
    pub fn key(self, key: impl Into<String>) -> Self {
        Self { key: Some(key.into()), ..self }
    }

    /// Says how often it may be run.
    #[must_use]
    pub fn attempts(self, attempts: u32) -> Self {
        Self { attempts: Some(attempts), ..self }
    }

    /// Says how long one run may take.
    #[must_use]
    pub fn run_limit(self, limit: Duration) -> Self {
        Self { run_limit: Some(limit), ..self }
    }

    /// Puts its card elsewhere.
    #[must_use]
    pub fn conversation(self, to: &Conversation) -> Self {
        Self { conversation: Some(to.clone()), ..self }
    }

    /// Begins with an approval that this plugin was given for `{"kind": KIND, "spec": SPEC}`. Without one the host asks people
    /// itself where the policy wants it, and holds the job until they agree.
    #[must_use]
    pub fn approval(self, approval: impl Into<String>) -> Self {
        Self { approval: Some(approval.into()), ..self }
    }
}

/// A job as it stood when it was looked at; it goes on by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JobInfo {
    /// Its id.
    pub id: String,
    /// Its kind.
    pub kind: String,
    /// One line for people.
    pub title: String,
    /// `held`, `ready`, `running` or `lost`; `done`, `failed`, `cancelled`, `denied` or `expired` when it has ended.
    pub state: String,
    /// Where its card stands.
    pub conversation: Conversation,
    /// The incident it belongs to.
    pub incident: Option<IncidentId>,
    /// When it was asked for, milliseconds since the epoch.
    pub created_ms: u64,
    /// When its first run began.
    pub started_ms: Option<u64>,
    /// When it ended.
    pub ended_ms: Option<u64>,
    /// What it does now, a few words.
    pub stage: String,
    /// How much of that is done.
    pub done: u64,
    /// Out of; 0 is unknown.
    pub total: u64,
    /// Once it has ended: `{"outcome": SENTENCE, "result": …}`, else empty.
    pub detail: String,
}

impl JobInfo {
    /// Whether nothing more will happen to it.
    pub fn has_ended(&self) -> bool {
        !matches!(self.state.as_str(), "held" | "ready" | "running" | "lost")
    }
}
