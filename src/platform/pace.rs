//! When the next socket is opened, on any platform. Platforms end good sockets now and then and want them back at once; one that ends
//! every socket at once must not be stormed all the same, whatever it says before.

use super::socket::{Reconnect, jitter};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// Sockets that did their work and are replaced at once, in [`WITHIN`]; what comes beyond waits longer and longer.
const AT_ONCE: usize = 20;
/// How long a replacement counts.
const WITHIN: Duration = Duration::from_secs(60);
/// The longest wait that still is at once.
const SOON: Duration = Duration::from_millis(400);

/// The pace of one line.
#[derive(Default)]
pub(super) struct Pace {
    reconnect: Reconnect,
    useful: bool,
    recent: VecDeque<Instant>,
}

impl Pace {
    /// A socket is open and the platform has greeted on it.
    pub(super) fn greeted(&mut self, now: Instant) {
        self.reconnect.is_up(now);
    }

    /// The socket did its work: its end is no failure, however short it held.
    pub(super) fn was_useful(&mut self) {
        self.useful = true;
    }

    /// How long to wait before the next socket, now that the last one has ended.
    pub(super) fn wait(&mut self, now: Instant) -> Duration {
        while self.recent.front().is_some_and(|then| now.saturating_duration_since(*then) > WITHIN) {
            self.recent.pop_front();
        }
        if std::mem::take(&mut self.useful) && self.recent.len() < AT_ONCE {
            self.recent.push_back(now);
            return SOON.mul_f64(jitter());
        }
        self.reconnect.wait(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sockets that are opened in an hour, minute by minute, if each ends as soon as it has come so far.
    fn opened(come: impl Fn(&mut Pace, Instant)) -> Vec<usize> {
        let (mut pace, began) = (Pace::default(), Instant::now());
        let (mut at, mut minutes) = (began, vec![0; 60]);
        while let Some(count) = minutes.get_mut(usize::try_from((at - began).as_secs() / 60).unwrap()) {
            *count += 1;
            come(&mut pace, at);
            at += pace.wait(at);
        }
        minutes
    }

    #[test]
    fn whatever_a_server_says_before_it_ends_a_socket_so_many_are_opened_in_a_minute_and_no_more() {
        /// What one socket did in its life.
        type Life = fn(&mut Pace, Instant);
        let cases: [(&str, Life); 3] = [
            ("refuses the socket", |_, _| {}),
            ("greets", |pace, now| pace.greeted(now)),
            ("greets and has work", |pace, now| {
                pace.greeted(now);
                pace.was_useful();
            }),
        ];
        for ((what, come), (first, later)) in cases.into_iter().zip([(12, 5), (12, 5), (32, 26)]) {
            let minutes = opened(come);
            assert!(minutes[0] <= first && minutes[1..].iter().all(|count| *count <= later), "{what}: {minutes:?}");
        }
    }

    #[test]
    fn sockets_that_did_their_work_are_replaced_at_once() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        for number in 0..AT_ONCE {
            pace.greeted(now);
            pace.was_useful();
            let wait = pace.wait(now);
            assert!(wait <= SOON, "socket {number} waits {wait:?}");
        }
        // One that does not even greet.
        let mut pace = Pace::default();
        let waits: Vec<_> = (0..8).map(|_| pace.wait(now)).collect();
        assert!(waits[7] >= Duration::from_secs(15), "{waits:?}");
    }
}
