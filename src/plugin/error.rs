//! How a call can fail, whose fault that is, and the sentence for the operator. What the user is told is decided by blame.

use super::handlers::NoHandler;
use crate::capability::exceeded::Exceeded;
use crate::model::blame::Blame;
use wasmtime::Trap;
use wasmtime_wasi::I32Exit;

/// Longest text of a plugin's own that is taken over, in bytes.
const TEXT_BYTES: usize = 4096;

/// Why a call came to nothing. Displays as a sentence without its subject, to be read after the plugin's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The user's mistake, in the plugin's words: show it to them as it is.
    #[error("{0}")]
    User(String),
    /// The plugin's own trouble, in its words.
    #[error("it failed: {0}")]
    Internal(String),
    /// It crashed.
    #[error("it crashed: {reason}")]
    Trap {
        /// What kind of crash, and the last words on its stderr.
        reason: String,
    },
    /// It went over a limit.
    #[error("it was stopped: {0}")]
    Limit(Exceeded),
    /// It has no handler for the event.
    #[error("it exports no handler for this kind of event ({0})")]
    NoHandler(&'static str),
    /// The host could not serve it: the database did not answer, the sandbox is full. To be tried again.
    #[error("it could not be run: {0}")]
    Unavailable(String),
}

impl CallError {
    /// Whose fault it was.
    pub fn blame(&self) -> Blame {
        match self {
            Self::User(_) => Blame::User,
            Self::Internal(_) | Self::Trap { .. } | Self::Limit(_) | Self::NoHandler(_) => Blame::Plugin,
            Self::Unavailable(_) => Blame::Us,
        }
    }

    /// The sentence for people in chat, to be read after the plugin's name: like the operator's, but without what a crash
    /// printed and without the host's or the plugin's internals.
    pub fn for_chat(&self) -> String {
        match self {
            Self::Internal(_) => "it failed".to_owned(),
            Self::Trap { .. } => "it crashed".to_owned(),
            Self::Unavailable(_) => "it could not be run".to_owned(),
            Self::User(_) | Self::Limit(_) | Self::NoHandler(_) => self.to_string(),
        }
    }

    /// Reads the sandbox's error; `stderr` is what the guest printed.
    pub(super) fn of(error: &wasmtime::Error, stderr: &str) -> Self {
        if let Some(exceeded) = error.downcast_ref::<Exceeded>() {
            return Self::Limit(*exceeded);
        }
        if let Some(missing) = error.downcast_ref::<NoHandler>() {
            return Self::NoHandler(missing.0);
        }
        if let Some(exit) = error.downcast_ref::<I32Exit>() {
            return Self::Trap { reason: format!("it called exit with status {}", exit.0) };
        }
        if let Some(trap) = error.downcast_ref::<Trap>() {
            return Self::Trap { reason: because(trap_text(*trap), stderr) };
        }
        let root = error.root_cause().to_string();
        // wasmtime's type for this is private; the sentence is what can be recognised.
        if root.starts_with("too much data is being copied") {
            return Self::Limit(Exceeded::Copied);
        }
        if root.starts_with("maximum concurrent") {
            return Self::Unavailable(format!("the sandbox pool is full ({root})"));
        }
        Self::Trap { reason: because(root, stderr) }
    }
}

fn trap_text(trap: Trap) -> String {
    match trap {
        Trap::UnreachableCodeReached => "it panicked or aborted".to_owned(),
        Trap::StackOverflow => "it recursed too deeply".to_owned(),
        Trap::MemoryOutOfBounds => "it touched memory that is not its own, as a stack overflow does".to_owned(),
        other => other.to_string(),
    }
}

/// The reason with the guest's last words, if it had any.
fn because(reason: String, stderr: &str) -> String {
    let words = stderr.trim();
    if words.is_empty() { reason } else { format!("{reason}: {}", bounded(words.to_owned())) }
}

/// A guest's text, cut to what is worth keeping.
pub(super) fn bounded(mut text: String) -> String {
    if text.len() > TEXT_BYTES {
        let mut end = TEXT_BYTES;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;

    #[test]
    fn each_failure_is_a_sentence_with_its_blame() {
        let crash = CallError::of(&Trap::UnreachableCodeReached.into(), "panicked at src/lib.rs:3:\nboom\n");
        assert_snapshot!(crash, @r"
        it crashed: it panicked or aborted: panicked at src/lib.rs:3:
        boom
        ");
        assert_eq!((crash.blame(), crash.for_chat().as_str()), (Blame::Plugin, "it crashed"));
        let limit = CallError::of(&Exceeded::Memory { limit_bytes: 64 << 20 }.into(), "");
        assert_snapshot!(limit, @"it was stopped: it needed more than 64 MiB of memory");
        let exit = CallError::of(&I32Exit(3).into(), "");
        assert_snapshot!(exit, @"it crashed: it called exit with status 3");
        let full = CallError::of(&wasmtime::format_err!("maximum concurrent limit of 2 for memories reached"), "");
        assert_eq!(full.blame(), Blame::Us);
    }

    #[test]
    fn a_guests_text_is_cut_between_characters() {
        let text = bounded("é".repeat(TEXT_BYTES));
        assert!(text.len() <= TEXT_BYTES + "…".len() && text.ends_with("é…"));
        assert_eq!(bounded("short".into()), "short");
    }
}
