//! What kept looks add up to, pure: a percentile of how long answers took, the part that failed, a ratio of two counters. What too
//! few looks say is not known.

use crate::config::limits::PROBE_LEAST;
use crate::store::ProbeRow;

/// The part of answers that a percentile leaves out: of 100 the 5 slowest.
const SLOWEST: usize = 20;

/// Whether looks are enough to say something of a window: at least three, and at least half of those that were due.
fn enough(count: usize, window_ms: i64, every_ms: i64) -> Result<(), String> {
    let due = usize::try_from(window_ms / every_ms.max(1)).unwrap_or(usize::MAX);
    let least = (due / 2).max(PROBE_LEAST);
    if count >= least {
        Ok(())
    } else {
        Err(format!("{count} looks within the window say something; {least} are needed"))
    }
}

/// The time, in seconds, that 95 of 100 answers took at most. What was not answered took as long as was
/// waited for it; what could not be reached at all took no time, and is an error instead.
///
/// # Errors
/// There are too few.
pub fn p95(looks: &[ProbeRow], window_ms: i64, every_ms: i64) -> Result<f64, String> {
    let mut took: Vec<i64> = looks.iter().filter_map(|look| look.took_ms).collect();
    enough(took.len(), window_ms, every_ms)?;
    took.sort_unstable();
    // The nearest rank: the smallest that is not below 95 of 100.
    let rank = took.len() - took.len() / SLOWEST;
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of a look are far below 2^52")]
    Ok(took[rank - 1] as f64 / 1000.0)
}

/// The part of looks that failed. Those that say nothing are not counted.
///
/// # Errors
/// There are too few.
pub fn error_rate(looks: &[ProbeRow], window_ms: i64, every_ms: i64) -> Result<f64, String> {
    let of = |outcome: &str| looks.iter().filter(|look| look.outcome == outcome).count();
    let (failed, passed) = (of("fail"), of("pass"));
    enough(failed + passed, window_ms, every_ms)?;
    #[expect(clippy::cast_precision_loss, reason = "looks are counted by thousands")]
    Ok(failed as f64 / (failed + passed) as f64)
}

/// Of two counters that only grow, as read one after another: the part of the first in what both grew by. What was between two
/// readings of which one is lower, because they began anew in between, is left out.
///
/// # Errors
/// There are too few readings, or neither counter has moved.
pub fn ratio(samples: &[[f64; 2]], window_ms: i64, every_ms: i64) -> Result<f64, String> {
    enough(samples.len(), window_ms, every_ms)?;
    let mut grown = [0.0, 0.0];
    for pair in samples.windows(2) {
        if let [then, now] = pair
            && now[0] >= then[0]
            && now[1] >= then[1]
        {
            grown = [grown[0] + now[0] - then[0], grown[1] + now[1] - then[1]];
        }
    }
    let all = grown[0] + grown[1];
    if all > 0.0 { Ok(grown[0] / all) } else { Err("nothing was looked up within the window".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn look(outcome: &str, took_ms: Option<i64>) -> ProbeRow {
        ProbeRow {
            probe: "p".to_owned(),
            at_ms: 0,
            outcome: outcome.to_owned(),
            value: None,
            took_ms,
            detail: String::new(),
            sample: String::new(),
            standing: String::new(),
        }
    }

    proptest! {
        #[test]
        fn ninety_five_of_a_hundred_took_no_longer(took in prop::collection::vec(0_i64..10_000, 3..300)) {
            let looks: Vec<_> = took.iter().map(|ms| look("pass", Some(*ms))).collect();
            let p95 = p95(&looks, 1, 1).unwrap() * 1000.0;
            let within = |most: f64| took.iter().filter(|ms| **ms as f64 <= most).count() * 100;
            prop_assert!(within(p95 + 0.5) >= took.len() * 95);
            prop_assert!(within(p95 - 0.5) < took.len() * 95, "and no shorter time has as many");
        }
    }

    #[test]
    fn too_few_looks_say_nothing() {
        let looks: Vec<_> = (0..4).map(|_| look("fail", Some(10))).collect();
        assert_eq!(
            error_rate(&looks, 300_000, 30_000).unwrap_err(),
            "4 looks within the window say something; 5 are needed"
        );
        assert!(p95(&looks[..2], 1, 1).is_err());
        let half: Vec<_> = ["fail", "pass", "unknown", "pass", "fail"].iter().map(|said| look(said, None)).collect();
        assert_eq!(error_rate(&half, 120_000, 30_000), Ok(0.5));
        assert!(p95(&half, 120_000, 30_000).is_err(), "none of them was answered");
    }

    #[test]
    fn a_ratio_is_of_what_has_grown_since() {
        let ratio = |samples: &[[f64; 2]]| ratio(samples, 90_000, 30_000);
        assert_eq!(ratio(&[[100.0, 900.0], [110.0, 905.0], [130.0, 910.0]]), Ok(0.75));
        // What was served before a restart counts, and what after it; what between the two is not known.
        assert_eq!(ratio(&[[100.0, 900.0], [110.0, 905.0], [2.0, 1.0], [32.0, 6.0]]), Ok(0.8));
        assert!(ratio(&[[1.0, 1.0]; 3]).is_err());
        let few = "2 looks within the window say something; 3 are needed";
        assert_eq!(ratio(&[[1.0, 1.0], [2.0, 1.0]]).unwrap_err(), few, "of one pair nothing is said");
    }
}
