//! Where incidents live: what the operator wants, and how a timeline is written down.

use std::time::Duration;

/// Where incidents of a severity live.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// Where they were declared.
    #[default]
    Here,
    /// In a channel of their own.
    Channel,
    /// In a thread of their own.
    Thread,
}

/// What the operator wants of incidents of a severity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Home {
    /// Where they live.
    pub place: Place,
    /// Roles whose members are invited.
    pub invite: Vec<String>,
    /// How long after the end the place is archived.
    pub archive_after: Duration,
}

/// How a timeline is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people. Whatever people wrote in it is text, never markup.
    Markdown,
    /// For machines.
    Json,
}
