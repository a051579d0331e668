//! The runbooks there are, and which of them helps. Running one is up to a plugin; what its steps do is jobs.

use crate::error::HostResult;
use crate::ids::Conversation;
use serde::Serialize;

/// A runbook in a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Shelved {
    /// What is typed to name it.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// Who keeps it true.
    pub owner: String,
    /// When it is to be read again: `2027-03-01`.
    pub review: String,
    /// `read-only`, `change` or `dangerous`.
    pub risk: String,
    /// How many steps it has.
    pub steps: u32,
    /// How long it should take, milliseconds.
    pub takes_ms: u64,
    /// Why it cannot be started; empty when it is ready.
    pub unready: Vec<String>,
}

/// A runbook that helps with something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Suggested {
    /// Its name.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// Its matchers that hold: `service=shop`.
    pub because: Vec<String>,
}

/// What the bot knows of runbooks; a part of every [`Bot`](crate::Bot). All of it needs the grant `runbooks`.
pub trait Runbooks {
    /// All of them, by name.
    fn runbooks(&mut self) -> HostResult<Vec<Shelved>>;

    /// One of them as JSON; the keys are told in `wit/deps/runbooks`. `NotFound` says which name may have been meant.
    fn runbook(&mut self, name: &str) -> HostResult<String>;

    /// Those that help with something that has these labels, the best first.
    fn suggest_runbooks(&mut self, labels: &[(&str, &str)]) -> HostResult<Vec<Suggested>>;

    /// The conversation behind a key of `[channels]`. Posting there needs the grant `post` for it.
    fn channel(&mut self, key: &str) -> HostResult<Option<Conversation>>;
}
