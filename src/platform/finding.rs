//! What `drillbell check` is told of a chat platform.

use crate::model::verdict::Verdict;

/// What one look found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at: `slack`, `discord token`.
    pub name: &'static str,
    /// How it is.
    pub verdict: Verdict,
    /// In words; for a failure what to do.
    pub text: String,
}

impl Finding {
    /// It is well.
    pub fn pass(name: &'static str, text: impl Into<String>) -> Self {
        Self { name, verdict: Verdict::Pass, text: text.into() }
    }

    /// It is not.
    pub fn fail(name: &'static str, text: impl Into<String>) -> Self {
        Self { name, verdict: Verdict::Fail, text: text.into() }
    }

    /// It could not be told.
    pub fn unknown(name: &'static str, text: impl Into<String>) -> Self {
        Self { name, verdict: Verdict::Unknown, text: text.into() }
    }
}
