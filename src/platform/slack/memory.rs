//! What this process remembers of what it has said: by outbox row, or by message. Bounded; when it is full all of it is forgotten,
//! and the worst that comes of that is that something is looked for, or said, once more than need be.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Entries that are remembered: many times what is under way at once.
const REMEMBERED: usize = 1000;

/// Something by a row's or a message's id.
pub(super) struct Memory<V>(Mutex<HashMap<String, V>>);

impl<V> Default for Memory<V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<V: Clone> Memory<V> {
    fn entries(&self) -> MutexGuard<'_, HashMap<String, V>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was kept under an id.
    pub(super) fn get(&self, id: &str) -> Option<V> {
        self.entries().get(id).cloned()
    }

    /// Keeps it instead of what was there.
    pub(super) fn keep(&self, id: &str, value: V) {
        let mut entries = self.entries();
        if entries.len() >= REMEMBERED && !entries.contains_key(id) {
            entries.clear();
        }
        entries.insert(id.to_owned(), value);
    }

    /// It is of no use any more.
    pub(super) fn forget(&self, id: &str) {
        self.entries().remove(id);
    }
}

/// How the last try of a row's first message went, where that is certain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tried {
    /// It is not there: it need not be looked for.
    Unsent,
    /// It is there, at this moment; what belongs to it is not yet.
    Sent(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_bounded_and_forgets() {
        let memory = Memory::default();
        for n in 0..REMEMBERED {
            memory.keep(&n.to_string(), n);
        }
        memory.keep("0", 7);
        assert_eq!((memory.get("0"), memory.get("1")), (Some(7), Some(1)));
        memory.keep("one more", 8);
        assert_eq!((memory.get("0"), memory.get("one more"), memory.entries().len()), (None, Some(8), 1));
        memory.forget("one more");
        assert_eq!(memory.get("one more"), None);
    }
}
