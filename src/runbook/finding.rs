//! What is found in a runbook: problems, which keep it from being used, and notes.

use serde::Serialize;
use std::cell::RefCell;
use std::fmt;

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// The line, from 1.
    pub line: usize,
    /// It keeps the runbook from being used.
    pub problem: bool,
    /// In a sentence without a full stop.
    pub text: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.problem { "problem" } else { "note" };
        write!(f, "{}: {word}: {}", self.line, self.text)
    }
}

/// Where findings are put while a file is read; the reading goes on after each.
#[derive(Debug, Default)]
pub(super) struct Notes(RefCell<Vec<Finding>>);

impl Notes {
    /// Something is wrong.
    pub fn problem(&self, line: usize, text: impl Into<String>) {
        self.0.borrow_mut().push(Finding { line, problem: true, text: text.into() });
    }

    /// Something is worth knowing.
    pub fn note(&self, line: usize, text: impl Into<String>) {
        self.0.borrow_mut().push(Finding { line, problem: false, text: text.into() });
    }

    /// All of them, in the order of the file, each once.
    pub fn into_all(self) -> Vec<Finding> {
        let mut all = self.0.into_inner();
        all.sort();
        all.dedup();
        all
    }
}

/// A word of the file as it can be shown: on one line, and not too long.
pub(super) fn shown(text: &str) -> String {
    let short: String = text.chars().take(60).flat_map(char::escape_debug).collect();
    if text.chars().count() > 60 { format!("{short}…") } else { short }
}
