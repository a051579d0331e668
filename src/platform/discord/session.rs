//! A session at Discord's gateway as it is kept: enough to go on where another process ended (topics/gateway, `resuming`). And how
//! far events have really become durable, since a session that resumes hears nothing again of what came before.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// A session that can be resumed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Session {
    /// Its id.
    pub(super) session: String,
    /// Where it is resumed.
    pub(super) resume: String,
    /// The last event that was heard.
    pub(super) sequence: u64,
}

impl Session {
    pub(super) fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    pub(super) fn write(&self) -> String {
        serde_json::json!({"session": self.session, "resume": self.resume, "sequence": self.sequence}).to_string()
    }
}

/// Which events are in hand.
#[derive(Clone, Default)]
pub(super) struct InHand(Arc<Mutex<BTreeSet<u64>>>);

/// An event in hand; when it is dropped, it is not any more.
pub(super) struct Hand(InHand, u64);

impl InHand {
    pub(super) fn take(&self, sequence: u64) -> Hand {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(sequence);
        Hand(self.clone(), sequence)
    }

    /// Up to which event everything is done, of those up to `heard`.
    pub(super) fn done(&self, heard: u64) -> u64 {
        let first = self.0.lock().unwrap_or_else(PoisonError::into_inner).first().copied();
        first.map_or(heard, |first| heard.min(first.saturating_sub(1)))
    }
}

impl Drop for Hand {
    fn drop(&mut self) {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_hand_is_not_done() {
        let hands = InHand::default();
        assert_eq!(hands.done(9), 9);
        let (five, seven) = (hands.take(5), hands.take(7));
        assert_eq!(hands.done(9), 4);
        drop(five);
        assert_eq!(hands.done(9), 6);
        drop(seven);
        assert_eq!(hands.done(9), 9);
    }

    #[test]
    fn a_session_is_read_back_or_is_none() {
        let session = Session { session: "s".into(), resume: "wss://x.example".into(), sequence: 7 };
        assert_eq!(Session::read(&session.write()), Some(session));
        assert_eq!(Session::read("{}"), None);
    }
}
