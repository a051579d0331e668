//! Which outbox rows were certainly not sent when this process tried them: those need not be looked for before the next try.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// Rows that are remembered; beyond them one is looked for once more than need be.
const REMEMBERED: usize = 1000;

/// The rows.
#[derive(Default)]
pub(super) struct Unsent(Mutex<HashSet<String>>);

impl Unsent {
    /// Notes how a try of a row went.
    pub(super) fn note(&self, row: &str, unsent: bool) {
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !unsent {
            rows.remove(row);
            return;
        }
        if rows.len() >= REMEMBERED {
            rows.clear();
        }
        rows.insert(row.to_owned());
    }

    /// Whether a row was certainly not sent.
    pub(super) fn holds(&self, row: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(row)
    }
}
