//! Conversations that the bot opens for an incident, as words: what is asked of a platform, and how one stands. Each has a
//! reference of ours, valid before the platform has heard of it.

use super::ids::{ConversationId, IncidentId, MessageRef, PersonId, PluginId};
use serde::{Deserialize, Serialize};

/// Where incidents of a severity live.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// Where they were declared.
    #[default]
    Here,
    /// In a channel of their own.
    Channel,
    /// In a thread of their own.
    Thread,
}

impl Place {
    /// The lower-case word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Here => "here",
            Self::Channel => "channel",
            Self::Thread => "thread",
        }
    }
}

/// What a conversation is on its platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// A place of its own.
    Channel,
    /// Under a message of another.
    Thread,
}

impl Shape {
    /// The lower-case word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Channel => "channel",
            Self::Thread => "thread",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Channel, Self::Thread].into_iter().find(|shape| shape.as_str() == text)
    }
}

/// What is asked of a platform for a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum PlaceAct {
    /// It is opened.
    Open {
        /// As what.
        shape: Shape,
        /// What it should be called: lower case, at most 80 characters. A platform may add to it if it is taken.
        name: String,
        /// Where it was asked for: what the thread is under, and where everything goes if it cannot be opened.
        near: ConversationId,
    },
    /// What stands at its head.
    Topic {
        /// One line.
        topic: String,
    },
    /// People are brought in.
    Invite {
        /// Who, by our own names for them.
        people: Vec<PersonId>,
        /// The platform's own groups, by their ids there.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        groups: Vec<String>,
    },
    /// A message is pinned.
    Pin,
    /// A message is pinned no more.
    Unpin,
    /// It becomes read-only, or is opened again.
    Archive {
        /// Whether it is archived from now on.
        archived: bool,
    },
}

impl PlaceAct {
    /// The word used in logs, metrics and the audit trail.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Open { .. } => "open_conversation",
            Self::Topic { .. } => "set_topic",
            Self::Invite { .. } => "invite",
            Self::Pin => "pin",
            Self::Unpin => "unpin",
            Self::Archive { archived: true } => "archive",
            Self::Archive { archived: false } => "unarchive",
        }
    }
}

/// A conversation that the bot opened, as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Opened {
    /// Our own reference of it: `console:#inc-7-checkout-is-down`.
    pub id: ConversationId,
    /// What it is.
    pub shape: Shape,
    /// What it was to be called.
    pub name: String,
    /// Where it was asked for.
    pub near: ConversationId,
    /// Who looks after it.
    pub plugin: PluginId,
    /// The incident that it was opened for.
    pub incident: Option<IncidentId>,
    /// What stands at its head; may be empty.
    pub topic: String,
    /// The message pinned to it.
    pub pinned: Option<MessageRef>,
    /// Who was invited.
    pub invited: Vec<PersonId>,
    /// Nobody types there any more.
    pub archived: bool,
    /// Where it really is: the platform's own conversation, or the one where it was asked for if the platform would not open
    /// it. `None` while it is under way.
    pub lives_in: Option<ConversationId>,
    /// Why the platform would not open it.
    pub problem: Option<String>,
    /// When it was asked for, milliseconds since the epoch.
    pub created_ms: i64,
}
