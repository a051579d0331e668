//! Incidents and their timelines as plugins see them. The records and the rules of their change are the host's.

use crate::ids::{Conversation, IncidentId, MessageRef};
use crate::time;
use serde::{Serialize, Serializer};
use std::fmt;

/// Where an incident stands. The four words are those that public status pages use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are the meaning")]
pub enum Status {
    Investigating,
    Identified,
    Monitoring,
    Resolved,
}

impl Status {
    /// All of them, in their usual order.
    pub const ALL: [Self; 4] = [Self::Investigating, Self::Identified, Self::Monitoring, Self::Resolved];

    /// The lower-case word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Investigating => "investigating",
            Self::Identified => "identified",
            Self::Monitoring => "monitoring",
            Self::Resolved => "resolved",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An incident as it is now, this call's own changes included. Serialised, it is the `incident` of `--json` answers:
/// the same in every plugin, moments in RFC 3339.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Incident {
    /// `INC-7`.
    pub id: IncidentId,
    /// What is wrong, one line.
    pub title: String,
    /// A configured severity's name, such as `sev1`.
    pub severity: String,
    /// Where it stands.
    pub status: Status,
    /// The service it is about, if one was named.
    pub service: Option<String>,
    /// Where its card lives.
    pub conversation: Conversation,
    /// Who declared it: a person's id, or `plugin:NAME`.
    pub declared_by: String,
    /// When, in milliseconds since the epoch.
    #[serde(rename = "declared_at", serialize_with = "moment")]
    pub declared_ms: u64,
    /// When it was resolved, while it is.
    #[serde(rename = "resolved_at", serialize_with = "maybe_moment")]
    pub resolved_ms: Option<u64>,
    /// The last words of an update, or empty.
    pub latest: String,
    /// The card, once `set_card` named it. Of no use outside the bot, so not serialised.
    #[serde(skip)]
    pub card: Option<MessageRef>,
}

impl Incident {
    /// It is not resolved.
    pub fn is_open(&self) -> bool {
        self.status != Status::Resolved
    }
}

/// A line of a timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Sortable by time.
    pub id: String,
    /// When, in milliseconds since the epoch.
    #[serde(rename = "at", serialize_with = "moment")]
    pub at_ms: u64,
    /// `declared`, `update`, `severity`, `status`, `role`, `task`, `acknowledged`, `merged`, `update-due`, `note`, … or a
    /// plugin's own word.
    pub kind: String,
    /// A person's id, or `plugin:NAME`.
    pub author: String,
    /// What happened.
    pub text: String,
}

/// A configured severity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Severity {
    /// `sev1`.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// When it applies.
    pub description: String,
}

pub(crate) fn moment<S: Serializer>(at_ms: &u64, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(&time::rfc3339(*at_ms))
}

pub(crate) fn maybe_moment<S: Serializer>(at_ms: &Option<u64>, out: S) -> Result<S::Ok, S::Error> {
    match at_ms {
        Some(at_ms) => moment(at_ms, out),
        None => out.serialize_none(),
    }
}
