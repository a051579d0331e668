//! What is known of an incident besides its words: roles, tasks, and when it was open. Moments are milliseconds since the
//! epoch; serialised, they are RFC 3339.

use crate::ids::IncidentId;
use crate::incident::{maybe_moment, moment};
use serde::Serialize;

/// Everything of the kind. Serialised, it is the `facts` of `--json` answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// Roles that somebody has.
    pub roles: Vec<Holder>,
    /// All tasks, those done included, numbered from 1.
    pub tasks: Vec<Task>,
    /// The times it was open, the first first; at least one.
    pub spans: Vec<Span>,
    /// The incident that this one is part of.
    pub merged_into: Option<IncidentId>,
    /// When people expect the next update.
    #[serde(rename = "next_update_at", serialize_with = "maybe_moment")]
    pub next_update_ms: Option<u64>,
}

impl Facts {
    /// Who has a role.
    pub fn holder(&self, role: &str) -> Option<&Holder> {
        self.roles.iter().find(|holder| holder.role == role)
    }

    /// The present or last time it was open.
    pub fn span(&self) -> Option<&Span> {
        self.spans.last()
    }

    /// Who took up the present or last time it was open.
    pub fn acknowledged(&self) -> Option<&Deed> {
        self.span()?.acknowledged.as_ref()
    }

    /// Tasks that are not done.
    pub fn open_tasks(&self) -> impl Iterator<Item = &Task> {
        self.tasks.iter().filter(|task| task.done.is_none())
    }
}

/// A role and who has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Holder {
    /// `commander`, `communications`, `scribe` or another word.
    pub role: String,
    /// A person's id.
    pub person: String,
    /// Since when.
    #[serde(rename = "since", serialize_with = "moment")]
    pub since_ms: u64,
}

/// Something to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Task {
    /// Counts from 1 within the incident.
    pub number: u32,
    /// What, in one line.
    pub text: String,
    /// Whose it is (a person's id), if anybody's.
    pub owner: Option<String>,
    /// When it should be done.
    #[serde(rename = "due_at", serialize_with = "maybe_moment")]
    pub due_ms: Option<u64>,
    /// Who added it, and when.
    pub added: Deed,
    /// Who did it, and when.
    pub done: Option<Deed>,
}

/// Somebody did something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Deed {
    /// A person's id, or `plugin:NAME`.
    pub by: String,
    /// When.
    #[serde(rename = "at", serialize_with = "moment")]
    pub at_ms: u64,
}

/// A time that an incident was open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Span {
    /// When it began.
    #[serde(rename = "opened_at", serialize_with = "moment")]
    pub opened_ms: u64,
    /// Who first took it up.
    pub acknowledged: Option<Deed>,
    /// When it first left `investigating`.
    #[serde(rename = "decided_at", serialize_with = "maybe_moment")]
    pub decided_ms: Option<u64>,
    /// When it first reached `monitoring` or its end.
    #[serde(rename = "restored_at", serialize_with = "maybe_moment")]
    pub restored_ms: Option<u64>,
    /// When it ended.
    #[serde(rename = "resolved_at", serialize_with = "maybe_moment")]
    pub resolved_ms: Option<u64>,
}

/// What is expected of an incident of some severity: milliseconds from when it was opened; `None` is never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clocks {
    /// Somebody takes it up.
    pub acknowledge_ms: Option<u64>,
    /// It is decided whether to roll back or to repair.
    pub decide_ms: Option<u64>,
    /// The service is restored.
    pub rollback_ms: Option<u64>,
    /// From one update to the next.
    pub update_every_ms: Option<u64>,
}

/// An incident as statistics see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// `INC-7`.
    pub id: IncidentId,
    /// A severity's name.
    pub severity: String,
    /// The service it was about.
    pub service: Option<String>,
    /// When it was declared.
    pub declared_ms: u64,
    /// The incident that it is part of.
    pub merged_into: Option<IncidentId>,
    /// The times it was open, the first first; at least one.
    pub spans: Vec<Span>,
}
