//! What the deliverer has in hand. Only that stays leased to this process: a row that nobody here knows of, since the answer to its
//! commit got lost or a line broke, is claimed anew within seconds.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The ids of rows in hand.
#[derive(Clone, Default)]
pub(super) struct InHand(Arc<Mutex<HashSet<String>>>);

/// A row in hand, until this is dropped.
pub(super) struct Grip {
    id: String,
    all: InHand,
}

impl InHand {
    fn all(&self) -> MutexGuard<'_, HashSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes one; `None` if it is in hand already.
    pub(super) fn take(&self, id: &str) -> Option<Grip> {
        self.all().insert(id.to_owned()).then(|| Grip { id: id.to_owned(), all: self.clone() })
    }

    /// All of them.
    pub(super) fn ids(&self) -> Vec<String> {
        self.all().iter().cloned().collect()
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
        self.all.all().remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_hand_is_taken_by_nobody_else() {
        let all = InHand::default();
        let (one, other) = (all.take("b").unwrap(), all.take("a").unwrap());
        assert_eq!((all.ids().len(), one.id()), (2, "b"));
        assert!(all.take("b").is_none());
        drop(one);
        let again = all.take("b").unwrap();
        drop((again, other));
        assert!(all.ids().is_empty());
    }
}
