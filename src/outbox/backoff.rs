//! How long to wait before the next try, and when to give up.

use std::time::Duration;

/// The first wait.
const FIRST: Duration = Duration::from_millis(500);
/// The longest wait between two tries; a platform that is back is noticed within this.
const LONGEST: Duration = Duration::from_secs(60);
/// The same for a page, which somebody waits for.
const LONGEST_URGENT: Duration = Duration::from_secs(15);
/// A message nobody could deliver for this long is news no more: it is given up and listed.
pub(super) const GIVE_UP: Duration = Duration::from_secs(6 * 3600);

/// The wait after the n-th failed try (from 1): doubling, for a page up to a shorter bound, and never less than the platform asked for. Spread by up to a
/// quarter with `spread` (0 to 255), so that many do not come back at once.
pub(super) fn wait(attempt: u32, asked: Option<Duration>, spread: u8, urgent: bool) -> Duration {
    let longest = if urgent { LONGEST_URGENT } else { LONGEST };
    let doubled = FIRST.saturating_mul(1_u32 << attempt.saturating_sub(1).min(12)).min(longest);
    let spread = doubled / 4 * u32::from(spread) / 255;
    (doubled + spread).max(asked.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_minute_and_honour_what_was_asked() {
        let waits: Vec<u128> = (1..=9).map(|n| wait(n, None, 0, false).as_millis()).collect();
        assert_eq!(waits, [500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
        assert_eq!(wait(1, Some(Duration::from_secs(30)), 0, false), Duration::from_secs(30));
        assert_eq!(wait(1, None, 255, false), Duration::from_millis(625));
        assert!(wait(u32::MAX, None, 255, false) <= Duration::from_secs(75));
        assert_eq!(wait(9, None, 0, true), Duration::from_secs(15), "a page is tried more often");
    }
}
