//! An incident and its timeline as words. The rules of how they change are in `crate::incident`.

use super::facts::Facts;
use super::ids::{ConversationId, IncidentId, MessageRef, PersonId};
use serde::{Deserialize, Serialize};

/// Where an incident stands. The four words are those that public status pages use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
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

/// An incident as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Incident {
    /// `INC-7`.
    pub id: IncidentId,
    /// What is wrong, one line.
    pub title: String,
    /// A configured severity's name.
    pub severity: String,
    /// Where it stands.
    pub status: Status,
    /// Where its card lives.
    pub conversation: ConversationId,
    /// The service it is about.
    pub service: Option<String>,
    /// Who declared it: a person's id or `plugin:NAME`.
    pub declared_by: PersonId,
    /// When.
    pub declared_ms: i64,
    /// When it was resolved, while it is.
    pub resolved_ms: Option<i64>,
    /// Its card, once posted.
    pub card: Option<MessageRef>,
    /// The last update's words.
    pub latest: String,
    /// Its roles, tasks, acknowledgements and times.
    #[serde(default)]
    pub facts: Facts,
    /// Counts its changes, from 1; what a call read is checked against it at commit.
    pub revision: i64,
}

/// A line of a timeline, with where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TimelineLine {
    /// The line.
    #[serde(flatten)]
    pub entry: TimelineEntry,
    /// What it was written for: `delivery:ID`, `message:REF` or `page:ID`. `null` for lines from before this was kept.
    pub source: Option<String>,
    /// The plugin whose call wrote it, as it was then: `sev-declare 0.1.0 sha256:4f5d…`. `null` for the host's own lines.
    pub via: Option<String>,
}

impl TimelineLine {
    /// The chat platform on which it was typed or pressed, if it was on one.
    pub fn platform(&self) -> Option<&str> {
        let delivery = self.source.as_deref()?.strip_prefix("delivery:")?;
        let (platform, _) = delivery.split_once('/')?;
        ["slack", "discord"].contains(&platform).then_some(platform)
    }
}

/// The last lines of a timeline.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LastLines {
    /// Oldest first.
    pub lines: Vec<TimelineLine>,
    /// How many came before them.
    pub earlier: usize,
}

/// A line of a timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TimelineEntry {
    /// UUIDv7, sortable by time.
    pub id: String,
    /// Whose timeline.
    pub incident: IncidentId,
    /// When it happened.
    pub at_ms: i64,
    /// `declared`, `update`, `severity`, `status`, `role`, `task`, `acknowledged`, `merged`, `note`, … or a plugin's own word.
    pub kind: String,
    /// A person's id or `plugin:NAME`.
    pub author: PersonId,
    /// What happened.
    pub text: String,
}
