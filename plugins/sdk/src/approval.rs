//! Asking people for their yes, and what became of it.

use crate::events::Person;
use crate::ids::{ApprovalId, Conversation};
use crate::view::View;
use serde::Serialize;
use std::time::Duration;

/// What people are asked: `ApprovalRequest::new("Restore shop", &plan).role("commander").needed(2)`.
#[derive(Clone, Debug, PartialEq)]
pub struct ApprovalRequest {
    /// What it is about, in one line.
    pub title: String,
    /// What exactly is to be approved, as JSON or plain text.
    pub subject: String,
    /// The role that those who approve must have; empty: anybody in `[people]`.
    pub role: String,
    /// How many must say yes.
    pub needed: u32,
    /// How long it may wait, from 30 seconds to 7 days.
    pub timeout: Duration,
    /// Where its card goes; none: where the incident lives, else where somebody caused the event.
    pub to: Option<Conversation>,
    /// What its card shows, besides what the host says.
    pub details: View,
}

impl ApprovalRequest {
    /// One approval of anybody in `[people]` within 15 minutes. A subject that is not a text is written as JSON.
    pub fn new(title: impl Into<String>, subject: &impl Serialize) -> Self {
        Self {
            title: title.into(),
            // What cannot be JSON (a map with keys that are no texts) is refused by the host as an empty subject would be.
            subject: serde_json::to_string(subject).unwrap_or_default(),
            role: String::new(),
            needed: 1,
            timeout: Duration::from_secs(15 * 60),
            to: None,
            details: View::default(),
        }
    }

    /// Only people with this configured role count.
    #[must_use]
    pub fn role(mut self, role: impl Into<String>) -> Self {
        self.role = role.into();
        self
    }

    /// So many must say yes.
    #[must_use]
    pub fn needed(mut self, needed: u32) -> Self {
        self.needed = needed;
        self
    }

    /// It waits so long.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The card goes there.
    #[must_use]
    pub fn to(mut self, to: &Conversation) -> Self {
        self.to = Some(to.clone());
        self
    }

    /// The card shows this too.
    #[must_use]
    pub fn details(mut self, details: impl Into<View>) -> Self {
        self.details = details.into();
        self
    }
}

/// An approval that this plugin asked for, as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// Its id.
    pub id: ApprovalId,
    /// What it is about.
    pub title: String,
    /// What exactly is to be approved, as canonical JSON.
    pub subject: String,
    /// `open`, `approved`, `denied`, `expired` or `void`.
    pub status: String,
    /// How many must say yes.
    pub needed: u32,
    /// The role they must have, or empty.
    pub role: String,
    /// Those who said yes so far; after a no, the one who said it.
    pub by: Vec<Person>,
    /// From when on nobody can give it any more, milliseconds since the epoch.
    pub expires_ms: u64,
}
