//! How a verb ends when it does not end well: one sentence for people and an exit code.

use crate::config::ConfigErrors;
use crate::store::StoreError;
use std::fmt;

/// Something was refused or failed.
pub const FAILED: u8 = 1;
/// The command line itself makes no sense.
pub const USAGE: u8 = 2;
/// It waits for an approval.
pub const PENDING: u8 = 3;
/// Ctrl-C detached us from something whose end we do not know: what a shell calls an interrupted program.
pub const DETACHED: u8 = 130;

/// Why a verb ends early.
#[derive(Debug)]
pub struct Failure {
    /// What failed, on what, what to do; empty when there is nobody left to read it.
    pub sentence: String,
    /// The exit code.
    pub code: u8,
}

impl Failure {
    /// It failed.
    pub fn new(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), code: FAILED }
    }

    /// It was called in a way that makes no sense.
    pub fn usage(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), code: USAGE }
    }

    /// Whoever read our output has gone (`… | head`): nothing is wrong.
    pub fn nobody_reads() -> Self {
        Self { sentence: String::new(), code: 0 }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<ConfigErrors> for Failure {
    fn from(errors: ConfigErrors) -> Self {
        Self::new(errors.to_string())
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::new(format!("{error:#}"))
    }
}
