//! What the deliverer has in hand. Only that stays leased to this process: a row that nobody here knows of, since the answer to its
//! commit got lost or a line broke, is claimed anew within seconds.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The ids of rows in hand, with how often each is: one may be claimed again while it still is.
#[derive(Clone, Default)]
pub(super) struct InHand(Arc<Mutex<BTreeMap<String, usize>>>);

/// A row in hand, until this is dropped.
pub(super) struct Grip {
    id: String,
    all: InHand,
}

impl InHand {
    fn all(&self) -> MutexGuard<'_, BTreeMap<String, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes one.
    pub(super) fn take(&self, id: &str) -> Grip {
        *self.all().entry(id.to_owned()).or_insert(0) += 1;
        Grip { id: id.to_owned(), all: self.clone() }
    }

    /// All of them, in order.
    pub(super) fn ids(&self) -> Vec<String> {
        self.all().keys().cloned().collect()
    }
}

impl Grip {
    /// The row's id.
    pub(super) fn id(&self) -> &str {
        &self.id
    }
}

impl Drop for Grip {
    fn drop(&mut self) {
        let mut all = self.all.all();
        match all.get_mut(&self.id) {
            Some(count) if *count > 1 => *count -= 1,
            _ => _ = all.remove(&self.id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_twice_is_held_until_both_let_go() {
        let all = InHand::default();
        let (one, same, other) = (all.take("b"), all.take("b"), all.take("a"));
        assert_eq!(all.ids(), ["a", "b"]);
        drop(one);
        assert_eq!(all.ids(), ["a", "b"]);
        drop((same, other));
        assert!(all.ids().is_empty());
    }
}
