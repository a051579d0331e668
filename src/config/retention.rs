//! `[retention]`: how long finished work is kept. The audit trail and incidents are kept for good.

use super::section::Section;
use super::values;
use std::ops::RangeInclusive;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

/// Default of `inbox`: a sender that repeats a delivery after a week has other problems.
pub const INBOX: Duration = DAY.saturating_mul(7);
/// Default of `outbox`: long enough to answer "what did it post?" in a postmortem.
pub const OUTBOX: Duration = DAY.saturating_mul(30);
/// Default of `receipts`: a quarter, the usual rhythm of reviewing what plugins do.
pub const RECEIPTS: Duration = DAY.saturating_mul(90);
/// What may be set: at least an hour, since platforms and monitoring repeat deliveries for minutes, and what is forgotten
/// cannot be recognised; at most ten years.
const RANGE: RangeInclusive<Duration> = Duration::from_secs(3600)..=DAY.saturating_mul(3650);

/// `[retention]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Events that were handled; repeated deliveries are recognised for as long. Default 7 days.
    pub inbox: Duration,
    /// Jobs and approvals that have ended, messages that were delivered or given up, the console's lines, and what belongs to no incident. Default 30 days.
    pub outbox: Duration,
    /// Receipts of calls. Default 90 days.
    pub receipts: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        Self { inbox: INBOX, outbox: OUTBOX, receipts: RECEIPTS }
    }
}

impl Retention {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let read = |node| values::duration(node, RANGE);
        let retention = Self {
            inbox: section.read("inbox", read).unwrap_or(INBOX),
            outbox: section.read("outbox", read).unwrap_or(OUTBOX),
            receipts: section.read("receipts", read).unwrap_or(RECEIPTS),
        };
        section.finish();
        retention
    }
}
