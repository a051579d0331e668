//! Bounds of the bot's own measurements.

use std::time::Duration;

/// Probes that may be configured: beyond it a monitoring system is the better tool. So many looks may be under way at once, too:
/// where they had to wait for each other, everything hanging at once would be noticed last.
pub const PROBES_MAX: usize = 200;
/// The least time between two looks of one probe, and the longest.
pub const PROBE_EVERY_MIN: Duration = Duration::from_secs(1);
/// The longest time between two looks, or two beats: a month, for what runs monthly.
pub const PROBE_EVERY_MAX: Duration = Duration::from_secs(31 * 86_400);
/// The least time that a look may be given.
pub const PROBE_TIMEOUT_MIN: Duration = Duration::from_millis(100);
/// The longest time that a look may take.
pub const PROBE_TIMEOUT_MAX: Duration = Duration::from_secs(60);
/// The shortest window of a threshold.
pub const PROBE_WINDOW_MIN: Duration = Duration::from_secs(5);
/// The longest window of a threshold: results are kept for longer than that.
pub const PROBE_WINDOW_MAX: Duration = Duration::from_secs(86_400);
/// For how long results are kept: a week, so that the same day of the week can be compared.
pub const PROBE_RESULTS_KEPT: Duration = Duration::from_secs(7 * 86_400);
/// Most looks in a row that may be asked for before something is said.
pub const PROBE_IN_A_ROW: i64 = 100;
/// Results that a measurement over a window reads at most: a day of looks every ten seconds.
pub const PROBE_RESULTS_READ: i64 = 10_000;
/// The most looks that a window may be configured to hold: those that come early by a tenth must fit too.
pub const PROBE_RESULTS_DUE: i64 = PROBE_RESULTS_READ / 10 * 9;
/// How far ahead of the clock a beat may lie, milliseconds: clocks of replicas differ, but by less.
pub const PROBE_BEAT_AHEAD_MS: i64 = 60_000;
/// Results in a window below which nothing is measured: of two looks one is half.
pub const PROBE_LEAST: usize = 3;
/// Characters of what a look says of itself.
pub const PROBE_DETAIL_CHARS: usize = 300;
/// Bytes of an expression or a query.
pub const PROBE_QUERY_CHARS: usize = 4_000;
/// Bytes of an answer of Redis or Prometheus that are read.
pub const PROBE_ANSWER_BYTES: usize = 1024 * 1024;
