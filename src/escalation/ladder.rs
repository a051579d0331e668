//! A ladder as the steps that somebody climbs: each level at its time, and again as often as it says.

use crate::config::escalation::Ladder;
use std::time::Duration;

/// A moment at which a level is paged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Milliseconds after the ladder began.
    pub after_ms: u64,
    /// From 1.
    pub level: u32,
    /// How often the level was paged before: 0 is the first time.
    pub round: u32,
}

/// All steps, earliest first; of two at the same moment the lower level goes first.
pub(super) fn steps(ladder: &Ladder) -> Vec<Step> {
    let mut steps = Vec::new();
    for (level, number) in ladder.levels.iter().zip(1_u32..) {
        for round in 0..=level.repeat {
            let after = level.after.saturating_add(level.every.saturating_mul(round));
            steps.push(Step { after_ms: milliseconds(after), level: number, round });
        }
    }
    steps.sort_by_key(|step| (step.after_ms, step.level));
    steps
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
