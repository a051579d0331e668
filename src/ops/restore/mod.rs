//! The bytes of restores: a stored copy is opened, unpacked and compared with its manifest as it passes, and what comes out becomes a
//! database, a file or a folder again. Knows neither the artifact store nor the catalogue: those are the job kinds'.

mod ask;
pub mod cluster;
mod feed;
pub mod files;
pub mod open;
mod pipe;
pub mod postgres;
pub mod put;
mod restrict;
pub mod scratch;
mod script;
pub mod sqlite;
mod strangers;
mod table;

pub use ask::Counted;
pub use open::{Expected, NOBODY, Opened, open};
pub use table::TableName;

use super::backup::DumpError;

/// Whose fault it is that something did not go as it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The copy's: it is not what it should be.
    Backup,
    /// Of what is around it: a server, a disk, a key, a program.
    Environment,
    /// The check's own: what it asks for does not hold, or it cannot be asked.
    Check,
}

impl Cause {
    /// The lower-case word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Backup => "backup",
            Self::Environment => "environment",
            Self::Check => "check",
        }
    }
}

/// Why something could not be restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestoreError {
    /// For people: what failed, on what, what to do. Without secrets.
    pub sentence: String,
    /// Whose fault it is.
    pub cause: Cause,
    /// Whether the destination is left in between, and the sentence says where.
    pub half_done: bool,
}

impl RestoreError {
    /// Whoever is at fault; the destination is as it was.
    pub fn of(cause: Cause, sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), cause, half_done: false }
    }

    /// What was asked for does not hold, or cannot be done.
    pub fn check(sentence: impl Into<String>) -> Self {
        Self::of(Cause::Check, sentence)
    }

    /// The copy is not what it should be.
    pub fn backup(sentence: impl Into<String>) -> Self {
        Self::of(Cause::Backup, sentence)
    }

    /// Something around it is not as it should be.
    pub fn environment(sentence: impl Into<String>) -> Self {
        Self::of(Cause::Environment, sentence)
    }
}

impl From<DumpError> for RestoreError {
    fn from(error: DumpError) -> Self {
        Self::environment(error.sentence)
    }
}

#[cfg(test)]
mod tests;
