//! Whose fault a failure is. Blame decides what the user sees, how it is logged and whether it is tried again.

/// Whose fault it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// Bad arguments, not allowed: shown to the user plainly, never retried.
    User,
    /// A trap, a time-out, an exceeded limit: the user is told in one sentence, operators get the text.
    Plugin,
    /// A service we depend on: retried with backoff, then said.
    Upstream,
    /// Our bug or our database: the event stays in the inbox and is tried again a few times.
    Us,
}

impl Blame {
    /// The word used in logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Plugin => "plugin",
            Self::Upstream => "upstream",
            Self::Us => "us",
        }
    }
}
