//! Discord's rate limits as its answers tell them (topics/rate-limits): one for each route and major parameter, and one for
//! everything. Whose turn it is, is decided before a request is made, so that 429s stay rare.

use crate::config::limits::{DISCORD_BUCKETS, DISCORD_REQUESTS_PER_SECOND, DISCORD_RETRY_AFTER};
use crate::platform::http::seconds_of;
use reqwest::header::HeaderMap;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Whether a request may be made.
#[derive(Debug, PartialEq, Eq)]
enum Turn {
    /// Now.
    Now,
    /// After this wait.
    In(Duration),
}

#[derive(Default)]
pub(super) struct Buckets(Mutex<State>);

#[derive(Default)]
struct State {
    buckets: HashMap<String, Bucket>,
    /// Nothing may be sent before then.
    closed_until: Option<Instant>,
    /// When the second of the count began, and how many were sent in it.
    second: Option<(Instant, u32)>,
}

struct Bucket {
    left: u32,
    resets: Instant,
}

impl Buckets {
    /// Waits until a request may be made, and counts it. The error is how long to wait where that is beyond `most`.
    pub(super) async fn wait(&self, bucket: &str, beyond_global: bool, most: Duration) -> Result<(), Duration> {
        let by = Instant::now() + most;
        loop {
            let now = Instant::now();
            match self.turn(bucket, beyond_global, now) {
                Turn::Now => return Ok(()),
                // Asked again afterwards: of all who wait for the same moment it is not everybody's turn.
                Turn::In(wait) if now + wait <= by => tokio::time::sleep(wait).await,
                Turn::In(wait) => return Err(wait),
            }
        }
    }

    /// Whether a request may be made now; if so, it is counted.
    fn turn(&self, bucket: &str, beyond_global: bool, now: Instant) -> Turn {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let until = |then: Instant| Turn::In(then.saturating_duration_since(now));
        if let Some(closed) = state.closed_until.filter(|closed| *closed > now && !beyond_global) {
            return until(closed);
        }
        if let Some(bucket) = state.buckets.get_mut(bucket).filter(|bucket| bucket.resets > now) {
            if bucket.left == 0 {
                return until(bucket.resets);
            }
            // Those that are under way count too; the answer will say how many are really left.
            bucket.left -= 1;
        }
        if beyond_global {
            return Turn::Now;
        }
        let (began, sent) = state.second.filter(|(began, _)| now < *began + Duration::from_secs(1)).unwrap_or((now, 0));
        if sent >= DISCORD_REQUESTS_PER_SECOND {
            return until(began + Duration::from_secs(1));
        }
        state.second = Some((began, sent + 1));
        Turn::Now
    }

    /// Notes what an answer says of its bucket.
    pub(super) fn learn(&self, bucket: &str, headers: &HeaderMap, now: Instant) {
        let number = |name: &str| headers.get(name)?.to_str().ok()?.parse::<f64>().ok();
        let (Some(left), Some(after)) =
            (number("x-ratelimit-remaining"), number("x-ratelimit-reset-after").and_then(seconds_of))
        else {
            return;
        };
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.buckets.len() >= DISCORD_BUCKETS {
            state.buckets.clear();
        }
        let resets = now + after.min(DISCORD_RETRY_AFTER);
        // Saturates, as casts of floats do.
        let left = left.clamp(0.0, f64::from(u32::MAX)) as u32;
        // Answers overtake each other; within one period the least is the latest.
        let left = match state.buckets.get(bucket) {
            Some(known) if known.resets + Duration::from_millis(50) > resets && known.resets > now => {
                left.min(known.left)
            }
            _ => left,
        };
        state.buckets.insert(bucket.to_owned(), Bucket { left, resets });
    }

    /// Notes a 429.
    pub(super) fn limited(&self, bucket: &str, global: bool, wait: Duration, now: Instant) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let until = now + wait;
        match global {
            true => state.closed_until = Some(until),
            false => drop(state.buckets.insert(bucket.to_owned(), Bucket { left: 0, resets: until })),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(left: &str, after: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("x-ratelimit-remaining", left.parse().unwrap());
        headers.insert("x-ratelimit-reset-after", after.parse().unwrap());
        headers
    }

    #[test]
    fn a_bucket_that_is_empty_is_waited_for_and_the_others_are_not() {
        let (buckets, now) = (Buckets::default(), Instant::now());
        assert_eq!(buckets.turn("a", false, now), Turn::Now, "nothing is known yet");
        buckets.learn("a", &says("1", "4.5"), now);
        assert_eq!(buckets.turn("a", false, now), Turn::Now);
        assert_eq!(buckets.turn("a", false, now), Turn::In(Duration::from_millis(4500)));
        assert_eq!(buckets.turn("b", false, now), Turn::Now);
        assert_eq!(buckets.turn("a", false, now + Duration::from_millis(4500)), Turn::Now);
        buckets.learn("a", &says("-1", "NaN"), now);
    }

    #[test]
    fn a_429_closes_its_bucket_or_everything_but_answers_to_interactions() {
        let (buckets, now) = (Buckets::default(), Instant::now());
        buckets.limited("a", false, Duration::from_secs(3), now);
        assert_eq!(buckets.turn("a", false, now), Turn::In(Duration::from_secs(3)));
        assert_eq!(buckets.turn("b", false, now), Turn::Now);
        buckets.limited("a", true, Duration::from_secs(9), now);
        assert_eq!(buckets.turn("b", false, now), Turn::In(Duration::from_secs(9)));
        assert_eq!(buckets.turn("b", true, now), Turn::Now);
    }

    #[tokio::test]
    async fn after_a_wait_it_is_asked_again_whose_turn_it_is() {
        let (buckets, now) = (Buckets::default(), Instant::now());
        buckets.limited("a", false, Duration::from_secs(3600), now);
        buckets.limited("b", true, Duration::from_millis(20), now);
        let most = Duration::from_secs(60);
        let refused = buckets.wait("a", false, most).await.unwrap_err();
        assert!(refused > most, "everything is open again, its bucket is not: {refused:?}");
        assert_eq!(buckets.wait("b", false, most).await, Ok(()));
    }

    #[test]
    fn no_more_than_fifty_go_out_in_a_second() {
        let (buckets, now) = (Buckets::default(), Instant::now());
        let out = (0..60).filter(|n| buckets.turn(&n.to_string(), false, now) == Turn::Now).count();
        assert_eq!(out, 50);
        assert_eq!(buckets.turn("a", false, now + Duration::from_secs(1)), Turn::Now);
    }
}
