//! What monitoring systems send, read into one shape; and where an alert goes. Pure: bytes in, alerts and named rejects out.
//! Whether a sender may send is the business of `hooks`, what becomes of an alert that of plugins.

pub mod deploy;
mod draft;
mod read;
pub mod route;
mod sources;
mod text;

#[cfg(test)]
mod tests;

pub use sources::sns;

use crate::config::alerts::Mapping;
use std::collections::BTreeMap;

/// An alert in the one shape that all sources are read into. Every text is clean: no control characters, bounded length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// The same for the same trouble, within its source: the sender's own word for it, else made from the labels.
    pub fingerprint: String,
    /// Whether it fires; else it is over.
    pub firing: bool,
    /// One line.
    pub title: String,
    /// What it is about.
    pub labels: BTreeMap<String, String>,
    /// What else is said of it.
    pub annotations: BTreeMap<String, String>,
    /// When it began, milliseconds since the epoch, if the sender says.
    pub started_ms: Option<i64>,
    /// When it ended.
    pub ended_ms: Option<i64>,
    /// The sender's own page about it: an http(s) address, or empty.
    pub url: String,
}

/// An alert that cannot be taken, and why. What is beside it in the same notification is not affected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Its place in the notification, from 0.
    pub at: usize,
    /// Where in the notification: `alerts.3.labels`.
    pub field: String,
    /// A sentence without its end: what is wrong, and what was expected.
    pub reason: String,
}

/// What a notification holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parsed {
    /// What can be taken.
    pub alerts: Vec<Alert>,
    /// What cannot.
    pub rejects: Vec<Reject>,
    /// The sender's own name for this notification, by which a repeat is recognised.
    pub name: Option<String>,
}

/// What a parser is given.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The body of the request.
    pub bytes: &'a [u8],
    /// Where things stand, for `generic`.
    pub map: &'a Mapping,
}

/// Reads a notification. The error names what makes it unreadable as a whole.
pub type Parse = fn(Input<'_>) -> Result<Parsed, Reject>;

/// Every source, by the `kind` of its configuration.
pub const SOURCES: [(&str, Parse); 7] = [
    ("alertmanager", sources::prometheus::alertmanager),
    ("grafana", sources::prometheus::grafana),
    ("pagerduty", sources::pagerduty::parse),
    ("sentry", sources::sentry::parse),
    ("uptimerobot", sources::uptimerobot::parse),
    ("cloudwatch-sns", sources::sns::parse),
    ("generic", sources::generic::parse),
];

/// Reads a notification of a kind.
///
/// # Errors
/// It cannot be read at all, or the kind is unknown; what is wrong with single alerts is among the rejects.
pub fn parse(kind: &str, input: Input<'_>) -> Result<Parsed, Reject> {
    let known = SOURCES.iter().find(|(name, _)| *name == kind);
    known.map_or_else(|| Err(Reject::whole("kind", "no source of this kind is known")), |(_, parse)| parse(input))
}

impl Reject {
    /// A notification that cannot be read at all.
    pub(crate) fn whole(field: &str, reason: impl Into<String>) -> Self {
        Self { at: 0, field: field.to_owned(), reason: reason.into() }
    }
}
