//! Bounds of rollbacks.

use std::ops::RangeInclusive;
use std::time::Duration;

/// Sentences in one list that people are asked: more are not read when it burns.
pub const ROLLBACK_TEXTS: usize = 20;
/// Characters of one of them: it stands on a button's card.
pub const ROLLBACK_WORDS_CHARS: usize = 120;
/// For how long a deploy is watched when nothing is said.
pub const ROLLBACK_WATCH: Duration = Duration::from_secs(15 * 60);
/// The longest watch: after a day it is the probes' business.
pub const ROLLBACK_WATCH_MAX: Duration = Duration::from_secs(86_400);
/// The longest time that a strategy may be said to take.
pub const ROLLBACK_TAKES_MAX: Duration = Duration::from_secs(86_400);
/// How old a number may be that speaks for or against a rollback: whatever is older says how things were.
pub const ASSESS_STALE: Duration = Duration::from_secs(5 * 60);
/// Commands after the old version is there: more belong into one.
pub const ROLLBACK_AFTER: usize = 20;
/// How long a service's public notice tells people to wait when nothing is said.
pub const NOTICE_LASTS: Duration = Duration::from_secs(30 * 60);
/// What may be said instead.
pub const NOTICE_LASTS_RANGE: RangeInclusive<Duration> = Duration::from_secs(60)..=Duration::from_secs(86_400);
