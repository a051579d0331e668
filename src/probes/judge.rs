//! From looks to a standing, pure: how many in a row, for how long, and what is not known. A look that says nothing is neither a
//! pass nor a failure: it ends no run and counts in none.

use crate::model::public::ComponentState;
use serde::{Deserialize, Serialize};

/// What a look says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are the meaning")]
pub enum Verdict {
    Pass,
    Fail,
    Unknown,
}

impl Verdict {
    /// The word that is kept and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Unknown => "unknown",
        }
    }
}

/// When enough is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Failures in a row before it fires.
    pub fail_after: u32,
    /// Passes in a row before that is over.
    pub pass_after: u32,
    /// For how long a run of failures must have lasted, milliseconds.
    pub lasting_ms: i64,
    /// Looks that are further apart are not in a row: nobody knows what was between them.
    pub gap_ms: i64,
}

/// Looks in a row that say the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// What they say: never `Unknown`.
    pub says: Verdict,
    /// How many.
    pub count: u32,
    /// When the first was.
    pub since_ms: i64,
    /// When the last was.
    pub last_ms: i64,
}

/// How one threshold of a probe stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LevelStanding {
    /// As it is shown: `Fail` exactly while its alert fires and looks say something.
    pub state: Verdict,
    /// Its alert fires.
    pub firing: bool,
    /// Since when it fires, or has not fired.
    pub since_ms: i64,
    /// How often that changed: each change is one alert event.
    pub seq: u64,
    /// The last change has become an event.
    pub told: bool,
    /// What looks say in a row.
    pub run: Option<Run>,
    /// How many looks in a row said nothing.
    pub blind: u32,
}

impl Default for LevelStanding {
    fn default() -> Self {
        Self { state: Verdict::Unknown, firing: false, since_ms: 0, seq: 0, told: true, run: None, blind: 0 }
    }
}

/// How a probe stands: the first threshold, and the second if there is one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Standing {
    /// When it was first looked at.
    pub began_ms: i64,
    /// Since when there were no gaps between looks: before that a call may have found nobody to take it.
    pub listening_since_ms: i64,
    /// Each threshold.
    pub levels: Vec<LevelStanding>,
}

impl Standing {
    /// What was kept; nothing of what cannot be read.
    pub fn read(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }

    /// After a time in which nobody looked: only what fires is still believed, because it does so until a look says otherwise.
    pub fn lapse(&mut self, now_ms: i64) {
        self.listening_since_ms = now_ms;
        let quiet = self.levels.iter_mut().filter(|level| !level.firing);
        quiet.for_each(|level| level.state = Verdict::Unknown);
    }

    /// As it is kept.
    pub fn written(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// How a threshold stands after one more look.
pub fn next(rules: Rules, before: &LevelStanding, says: Verdict, at_ms: i64) -> LevelStanding {
    let mut after = before.clone();
    if says == Verdict::Unknown {
        after.blind = before.blind.saturating_add(1);
        if after.blind >= rules.fail_after.max(rules.pass_after) {
            after.state = Verdict::Unknown;
        }
        return after;
    }
    // A run that lies ahead is of a clock that has been set back since.
    let near = |last_ms: i64| at_ms.abs_diff(last_ms) <= rules.gap_ms.unsigned_abs();
    let goes_on = before.run.filter(|run| run.says == says && near(run.last_ms));
    let run = match goes_on {
        Some(run) => Run { count: run.count.saturating_add(1), last_ms: at_ms, ..run },
        None => Run { says, count: 1, since_ms: at_ms, last_ms: at_ms },
    };
    (after.blind, after.run) = (0, Some(run));
    let enough = match says {
        Verdict::Fail => run.count >= rules.fail_after && at_ms.saturating_sub(run.since_ms) >= rules.lasting_ms,
        _ => run.count >= rules.pass_after,
    };
    let fails = says == Verdict::Fail;
    if enough && fails != before.firing {
        (after.firing, after.since_ms, after.told) = (fails, run.since_ms, false);
        after.seq = before.seq + 1;
    }
    after.state = match (after.firing, before.state) {
        (true, _) => Verdict::Fail,
        // Of what was never, or is no longer, known to be well one good look is not enough.
        (false, Verdict::Unknown) if !enough => Verdict::Unknown,
        (false, _) => Verdict::Pass,
    };
    after
}

/// What the public page shows of a probe whose looks are fresh. One that says whether something can be reached knows when it is
/// gone; a number beyond its threshold is worse than it should be, and beyond the second one badly so.
pub fn component(standing: &Standing, is_about_reach: bool) -> ComponentState {
    let states: Vec<_> = standing.levels.iter().map(|level| level.state).collect();
    match states.as_slice() {
        [Verdict::Fail, Verdict::Fail] => ComponentState::PartialOutage,
        [Verdict::Fail, ..] if is_about_reach => ComponentState::MajorOutage,
        [Verdict::Fail, ..] | [_, Verdict::Fail] => ComponentState::DegradedPerformance,
        [Verdict::Pass, ..] => ComponentState::Operational,
        _ => ComponentState::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The same by looking back over all there was: what is in a row, and nothing remembered but whether it fires.
    fn by_history(rules: Rules, looks: &[(Verdict, i64)]) -> Vec<(bool, u64)> {
        let (mut firing, mut seq) = (false, 0);
        let mut told = Vec::new();
        for end in 1..=looks.len() {
            let said: Vec<_> = looks[..end].iter().filter(|(says, _)| *says != Verdict::Unknown).copied().collect();
            let last = looks[end - 1];
            if last.0 != Verdict::Unknown {
                let mut row = vec![last.1];
                for pair in said.windows(2).rev() {
                    let [(before, before_ms), (_, after_ms)] = pair else { unreachable!() };
                    if *before != last.0 || after_ms - before_ms > rules.gap_ms {
                        break;
                    }
                    row.push(*before_ms);
                }
                let (count, since_ms) = (u32::try_from(row.len()).unwrap(), *row.last().unwrap());
                let lasts = last.1 - since_ms >= rules.lasting_ms;
                let turn = match last.0 {
                    Verdict::Fail => !firing && count >= rules.fail_after && lasts,
                    _ => firing && count >= rules.pass_after,
                };
                if turn {
                    (firing, seq) = (!firing, seq + 1);
                }
            }
            told.push((firing, seq));
        }
        told
    }

    fn look() -> impl Strategy<Value = (Verdict, i64)> {
        let says = prop_oneof![3 => Just(Verdict::Fail), 3 => Just(Verdict::Pass), 1 => Just(Verdict::Unknown)];
        (says, prop_oneof![9 => 1_i64..40, 1 => 40_i64..500])
    }

    proptest! {
        #[test]
        fn what_is_remembered_says_the_same_as_all_there_was(
            looks in prop::collection::vec(look(), 0..60), fail_after in 1_u32..5, pass_after in 1_u32..5,
            lasting_ms in prop_oneof![Just(0), 0_i64..200],
        ) {
            let rules = Rules { fail_after, pass_after, lasting_ms, gap_ms: 90 };
            let mut at_ms = 0;
            let looks: Vec<_> = looks.into_iter().map(|(says, after)| { at_ms += after; (says, at_ms) }).collect();
            let mut standing = LevelStanding::default();
            let mut told = Vec::new();
            for (says, at_ms) in &looks {
                let after = next(rules, &standing, *says, *at_ms);
                prop_assert!(after.seq - standing.seq <= 1);
                prop_assert_eq!(after.firing != standing.firing, after.seq != standing.seq);
                prop_assert!(after.firing || after.state != Verdict::Fail, "nothing fails that does not fire");
                prop_assert!(!after.firing || after.state != Verdict::Pass, "nothing is well while it fires");
                if *says == Verdict::Unknown {
                    prop_assert_eq!(after.firing, standing.firing, "what says nothing changes nothing");
                }
                standing = after;
                told.push((standing.firing, standing.seq));
            }
            prop_assert_eq!(told, by_history(rules, &looks));
        }
    }

    #[test]
    fn what_says_nothing_is_unknown_and_comes_back_by_as_many_looks_as_ever() {
        let rules = Rules { fail_after: 2, pass_after: 2, lasting_ms: 0, gap_ms: 100 };
        let mut standing = LevelStanding::default();
        let mut states = Vec::new();
        use Verdict::{Fail, Pass, Unknown};
        for (n, says) in
            [Pass, Pass, Unknown, Unknown, Pass, Pass, Fail, Fail, Unknown, Unknown, Pass].iter().enumerate()
        {
            standing = next(rules, &standing, *says, i64::try_from(n).unwrap() * 10);
            states.push(standing.state);
        }
        // The pass after the silence goes on with the run from before it: the looks are not too far apart.
        let expected = [Unknown, Pass, Pass, Unknown, Pass, Pass, Pass, Fail, Fail, Unknown, Fail];
        assert_eq!(states, expected);
        assert_eq!(
            component(&Standing { levels: vec![standing], ..Standing::default() }, true),
            ComponentState::MajorOutage
        );
    }
    #[test]
    fn after_a_time_without_looks_one_failure_is_not_shown_as_well() {
        let rules = Rules { fail_after: 2, pass_after: 2, lasting_ms: 0, gap_ms: 100 };
        let well = LevelStanding { state: Verdict::Pass, ..LevelStanding::default() };
        let fires = LevelStanding { state: Verdict::Fail, firing: true, ..LevelStanding::default() };
        let mut standing = Standing { levels: vec![well, fires], ..Standing::default() };
        standing.lapse(5_000);
        let states = |standing: &Standing, says| -> Vec<_> {
            standing.levels.iter().map(|level| next(rules, level, says, 5_000).state).collect()
        };
        assert_eq!(states(&standing, Verdict::Fail), [Verdict::Unknown, Verdict::Fail]);
        assert_eq!(
            states(&standing, Verdict::Pass),
            [Verdict::Unknown, Verdict::Fail],
            "what fires does so until it is over"
        );
        assert_eq!(standing.listening_since_ms, 5_000);
    }

    #[test]
    fn a_run_from_ahead_of_the_clock_is_not_gone_on_with() {
        let rules = Rules { fail_after: 2, pass_after: 2, lasting_ms: 50, gap_ms: 100 };
        let run = Run { says: Verdict::Fail, count: 9, since_ms: 3_600_000, last_ms: 3_600_010 };
        let mut standing = LevelStanding { run: Some(run), ..LevelStanding::default() };
        for at_ms in [1_000, 1_060] {
            standing = next(rules, &standing, Verdict::Fail, at_ms);
        }
        assert!(standing.firing && standing.since_ms == 1_000, "{standing:?}");
    }
}
