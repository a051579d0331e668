//! Who is to be told when something is wrong, as the operator configured it.

use serde::{Deserialize, Serialize};

/// A moment at which a level of a ladder is to be paged while nobody has acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Milliseconds after the ladder began.
    pub after_ms: u64,
    /// From 1.
    pub level: u32,
    /// How often the level was paged before: 0 is the first time.
    pub round: u32,
}

/// Somebody, or a notifier that is no person's, as things stand at this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// The configured name: what [`Bot::page_contact`](crate::Bot::page_contact) takes.
    pub who: String,
    /// How people read it, such as `Ana (on call: primary)`.
    pub title: String,
    /// Why they are left out now; `None` when they are to be paged.
    pub left_out: Option<String>,
}

impl Contact {
    /// Somebody who is to be paged.
    pub fn new(who: impl Into<String>, title: impl Into<String>) -> Self {
        Self { who: who.into(), title: title.into(), left_out: None }
    }

    /// Somebody who is left out now, and why.
    #[must_use]
    pub fn left_out(mut self, why: impl Into<String>) -> Self {
        self.left_out = Some(why.into());
        self
    }
}
