//! When the next socket is opened. Discord ends good sessions' sockets now and then and wants them back at once; one that ends every
//! socket at once must not be stormed all the same.

use crate::platform::socket::{Reconnect, jitter};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// Sockets of a standing session that are replaced at once, in [`WITHIN`]; what comes beyond waits longer and longer.
const AT_ONCE: usize = 10;
/// How long a replacement counts.
const WITHIN: Duration = Duration::from_secs(60);
/// The longest wait that still is at once.
const SOON: Duration = Duration::from_millis(400);

/// The pace of one line.
#[derive(Default)]
pub(super) struct Pace {
    reconnect: Reconnect,
    stood: bool,
    recent: VecDeque<Instant>,
}

impl Pace {
    /// The session stands over this socket.
    pub(super) fn is_up(&mut self) {
        self.stood = true;
        self.reconnect.is_up();
    }

    /// How long to wait before the next socket, now that the last one has ended.
    pub(super) fn wait(&mut self, now: Instant) -> Duration {
        while self.recent.front().is_some_and(|then| now.saturating_duration_since(*then) > WITHIN) {
            self.recent.pop_front();
        }
        if std::mem::take(&mut self.stood) && self.recent.len() < AT_ONCE {
            self.recent.push_back(now);
            return SOON.mul_f64(jitter());
        }
        self.reconnect.wait()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_that_stood_is_resumed_at_once_but_not_for_ever() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        let mut opened = 0;
        let mut at = now;
        // A server that greets and ends every socket.
        while at < now + Duration::from_secs(60) {
            pace.is_up();
            at += pace.wait(at);
            opened += 1;
        }
        assert!((AT_ONCE..AT_ONCE + 12).contains(&opened), "{opened} sockets in a minute");
        // One that does not even greet.
        let mut pace = Pace::default();
        let waits: Vec<_> = (0..8).map(|_| pace.wait(now)).collect();
        assert!(waits[7] >= Duration::from_secs(15), "{waits:?}");
    }
}
