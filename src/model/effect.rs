//! What a handler wants done, in the imperative. Recorded during the call, delivered by the outbox after the commit.

use super::conversation::PlaceAct;
use super::ids::{ConversationId, IncidentId, MessageRef, PersonId};
use super::page::PageAction;
use super::view::View;
use serde::{Deserialize, Serialize};

/// One thing to do on a chat platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Effect {
    /// Posts a message.
    PostMessage {
        /// The reference minted for it.
        message: MessageRef,
        /// Where to.
        to: ConversationId,
        /// What.
        view: View,
        /// Only this person sees it; `None` is everybody.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        private_to: Option<PersonId>,
        /// It answers the event that caused it.
        #[serde(default)]
        reply: bool,
    },
    /// Replaces a message.
    EditMessage {
        /// Which.
        message: MessageRef,
        /// Where it stands.
        to: ConversationId,
        /// The new content.
        view: View,
        /// Only this person sees it, as with the message itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        private_to: Option<PersonId>,
    },
    /// Adds a reaction.
    AddReaction {
        /// To which message.
        message: MessageRef,
        /// Where it stands.
        to: ConversationId,
        /// A short name such as `eyes`.
        emoji: String,
        /// Only this person sees it, as with the message itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        private_to: Option<PersonId>,
    },
    /// Pages somebody through a notifier. Goes before everything else.
    Page {
        /// The reference minted for it.
        message: MessageRef,
        /// Where the notifier's pages go: `notify:NAME`, or a chat's conversation.
        to: ConversationId,
        /// What is said.
        view: View,
        /// In a chat: only this person sees it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        private_to: Option<PersonId>,
        /// The notifier's configured name.
        notifier: String,
        /// What it is about: what triggers, acknowledges and resolves the same thing has the same key.
        key: String,
        /// What it wants.
        action: PageAction,
        /// The incident it belongs to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        incident: Option<IncidentId>,
    },
    /// Does something with a conversation that the bot opens or has opened.
    Place {
        /// The message it is about: the pinned one, the one that a thread is under; else one that does not exist.
        message: MessageRef,
        /// Our reference of the conversation.
        to: ConversationId,
        /// What.
        #[serde(flatten)]
        act: PlaceAct,
    },
}

impl Effect {
    /// The conversation it goes to.
    pub fn conversation(&self) -> &ConversationId {
        match self {
            Self::PostMessage { to, .. }
            | Self::EditMessage { to, .. }
            | Self::AddReaction { to, .. }
            | Self::Page { to, .. }
            | Self::Place { to, .. } => to,
        }
    }

    /// The message it is about.
    pub fn message(&self) -> &MessageRef {
        match self {
            Self::PostMessage { message, .. }
            | Self::EditMessage { message, .. }
            | Self::AddReaction { message, .. }
            | Self::Page { message, .. }
            | Self::Place { message, .. } => message,
        }
    }

    /// The only person who sees it, if it is private.
    pub fn private_to(&self) -> Option<&PersonId> {
        match self {
            Self::PostMessage { private_to, .. }
            | Self::EditMessage { private_to, .. }
            | Self::AddReaction { private_to, .. }
            | Self::Page { private_to, .. } => private_to.as_ref(),
            Self::Place { .. } => None,
        }
    }

    /// Whether it pages somebody, and therefore goes before everything that does not.
    pub fn is_page(&self) -> bool {
        matches!(self, Self::Page { .. })
    }

    /// The word used in logs, metrics and the audit trail.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::PostMessage { .. } => "post_message",
            Self::EditMessage { .. } => "edit_message",
            Self::AddReaction { .. } => "add_reaction",
            Self::Page { .. } => "page",
            Self::Place { act, .. } => act.kind(),
        }
    }
}
