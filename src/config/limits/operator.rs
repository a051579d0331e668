//! `[limits]`: how much work is taken on at once, and how patient the bot is.

use crate::config::section::Section;
use crate::config::{plugins, values};
use std::time::Duration;

use super::{CALL_MEMORY_BYTES, CALL_TIME};

/// Default of `lanes`: what keeps two cores and one disk busy; more only lengthens the queue.
pub const LANES: u32 = 64;
/// Default of `inbox_backlog`: minutes of work on a small machine; beyond it the sender had better keep the event.
pub const INBOX_BACKLOG: u64 = 10_000;
/// Default of `jobs`: dumps and restores keep a core each busy, and a database.
pub const JOBS: u32 = 4;
/// Default of `shutdown`: below the ten seconds after which container runtimes kill.
pub const SHUTDOWN: Duration = Duration::from_secs(8);

/// Default of `deaf_after`: a reconnection takes seconds, and nobody should be alarmed by each.
pub const DEAF_AFTER: Duration = Duration::from_secs(60);

/// How often it is tested whether a chat platform takes what is said; sooner where `deaf_after` is shorter.
pub const LINK_TEST_EVERY: Duration = Duration::from_secs(60);
/// How long such a test may take: people would have given up waiting for an answer by then.
pub const LINK_TEST_TIME: Duration = Duration::from_secs(10);

/// `[limits]`: how much work is taken on at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Calls in flight at once, each in its own lane. 1 to 1024, default 64.
    pub lanes: u32,
    /// Waiting events at which intake answers "busy". At least 1, default 10000.
    pub inbox_backlog: u64,
    /// Deadline of a plugin call that sets none of its own. Default 5 s.
    pub call_time: Duration,
    /// Memory of a plugin call that sets none of its own, bytes. Default 64 MiB.
    pub call_memory_bytes: u64,
    /// Jobs that run at once in this process. 1 to 64, default 4.
    pub jobs: u32,
    /// How long a shutdown waits for what is in hand. Default 8 s.
    pub shutdown: Duration,
    /// How long the line to a chat platform may be down before the operators hear of it elsewhere. Default 60 s.
    pub deaf_after: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            lanes: LANES,
            inbox_backlog: INBOX_BACKLOG,
            call_time: CALL_TIME,
            call_memory_bytes: CALL_MEMORY_BYTES,
            jobs: JOBS,
            shutdown: SHUTDOWN,
            deaf_after: DEAF_AFTER,
        }
    }
}

impl Limits {
    pub(in crate::config) fn read(mut section: Section<'_>) -> Self {
        let lanes = section.read("lanes", |node| values::integer(node, 1..=1024));
        let backlog = section.read("inbox_backlog", |node| values::integer(node, 1..=10_000_000));
        let jobs = section.read("jobs", |node| values::integer(node, 1..=64));
        let shutdown = |node| values::duration(node, Duration::from_secs(1)..=Duration::from_secs(300));
        let deaf_after = |node| values::duration(node, Duration::from_secs(1)..=Duration::from_secs(3600));
        let limits = Self {
            lanes: lanes.and_then(|n| u32::try_from(n).ok()).unwrap_or(LANES),
            inbox_backlog: backlog.and_then(|n| u64::try_from(n).ok()).unwrap_or(INBOX_BACKLOG),
            call_time: section.read("call_time", plugins::call_time).unwrap_or(CALL_TIME),
            call_memory_bytes: section.read("call_memory", plugins::call_memory).unwrap_or(CALL_MEMORY_BYTES),
            jobs: jobs.and_then(|n| u32::try_from(n).ok()).unwrap_or(JOBS),
            shutdown: section.read("shutdown", shutdown).unwrap_or(SHUTDOWN),
            deaf_after: section.read("deaf_after", deaf_after).unwrap_or(DEAF_AFTER),
        };
        section.finish();
        limits
    }
}
