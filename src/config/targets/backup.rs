//! `[targets.NAME.backup]`: how often, how long, how many are kept, and what a good copy looks like.

use crate::config::limits::{BACKUP_KEEP_MAX, BACKUP_RUN_MAX, BACKUP_SIZE_MAX, BACKUP_SPAN_MAX, BACKUP_START_MAX};
use crate::config::problem::Refusal;
use crate::config::section::Section;
use crate::config::tree::Node;
use crate::config::values;
use crate::recurrence::Recurrence;
use std::time::Duration;

/// Default of `run_limit`: an hourly backup has to be over before the next (S4-03).
pub const RUN_LIMIT: Duration = Duration::from_secs(55 * 60);
/// Default of `verify_limit` (S4-03).
const VERIFY_LIMIT: Duration = Duration::from_secs(30 * 60);
/// Where the gaps between a schedule's moments are measured from: 1 January 2025, so that the answer is always the same.
const MEASURED_FROM_MS: i64 = 1_735_689_600_000;
const HOUR_MS: i64 = 3_600_000;
/// How gaps are looked for: in so many steps of at least so long, for what repeats within an hour, within a day, and within a
/// year with its seasons and changes of clocks; of a rare schedule that is as far as there are moments.
const STEPS: [(i64, usize); 3] = [(0, 122), (HOUR_MS, 120), (24 * HOUR_MS, 2 * 366)];

/// `[targets.NAME.backup]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupPolicy {
    /// When it is backed up, as a five-field expression. Default: only when somebody asks.
    pub schedule: Option<String>,
    /// The time zone of that. Default UTC.
    pub zone: String,
    /// The longest time between two moments of the schedule.
    pub interval: Option<Duration>,
    /// How late one may begin. Default: half the interval, at most 31 days.
    pub start_by: Option<Duration>,
    /// How long one may take. Default 55 min.
    pub run_limit: Duration,
    /// How long reading one back may take. Default 30 min.
    pub verify_limit: Duration,
    /// How many are kept. Default 24 hourly, 7 daily, 4 weekly (S4-04).
    pub keep: Keep,
    /// Age beyond which a copy goes, whatever tier it is of. Default: none.
    pub expires: Option<Duration>,
    /// Stored bytes below which a copy is not believed. Default: none.
    pub min_size: Option<u64>,
    /// Age beyond which the newest copy is too old. Default: twice the interval (H3).
    pub max_age: Option<Duration>,
    /// Rows are counted and hashed as they pass. Default `true`.
    pub checksums: bool,
    /// Roles and tablespaces of the whole server are kept too. Only of PostgreSQL. Default `false`.
    pub globals: bool,
}

/// `[targets.NAME.backup.keep]`: disjoint tiers, so that their sum is what is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// One of each of so many hours. Default 24.
    pub hourly: u32,
    /// One of each of so many days before those. Default 7.
    pub daily: u32,
    /// One of each of so many weeks before those. Default 4.
    pub weekly: u32,
    /// One of each of so many months before those. Default 0.
    pub monthly: u32,
}

impl Default for Keep {
    fn default() -> Self {
        Self { hourly: 24, daily: 7, weekly: 4, monthly: 0 }
    }
}

impl BackupPolicy {
    pub(super) fn read(mut section: Section<'_>, has_roles: bool) -> Self {
        let (schedule, zone) = schedule(&mut section);
        let interval = schedule.as_ref().and_then(interval);
        let span = |node| values::duration(node, Duration::from_secs(1)..=BACKUP_SPAN_MAX);
        let run_limit = |node| values::duration(node, Duration::from_secs(60)..=BACKUP_RUN_MAX);
        let start_by =
            section.read("start_by", |node| values::duration(node, Duration::from_secs(1)..=BACKUP_START_MAX));
        let verify_limit = section.read("verify_limit", run_limit);
        let run_limit = section.read("run_limit", run_limit);
        let keep = Keep::read(section.child("keep"));
        let expires = section.read("expires", span);
        let min_size = section.read("min_size", |node| values::bytes(node, 1..=BACKUP_SIZE_MAX));
        let max_age = section.read("max_age", span);
        let checksums = section.read("checksums", values::boolean);
        let globals = if has_roles { section.read("globals", values::boolean) } else { None };
        section.finish();
        Self {
            schedule: schedule.map(|schedule| schedule.expression().to_owned()),
            zone,
            interval,
            start_by: start_by.or(interval.map(|interval| (interval / 2).min(BACKUP_START_MAX))),
            run_limit: run_limit.unwrap_or(RUN_LIMIT),
            verify_limit: verify_limit.unwrap_or(VERIFY_LIMIT),
            keep,
            expires,
            min_size,
            max_age: max_age.or(interval.map(|interval| interval * 2)),
            checksums: checksums.unwrap_or(true),
            globals: globals.unwrap_or(false),
        }
    }
}

impl Keep {
    fn read(mut section: Section<'_>) -> Self {
        let default = Self::default();
        let mut count = |key, default: u32| {
            let read = section.read(key, |node| values::integer(node, 0..=BACKUP_KEEP_MAX));
            read.and_then(|n| u32::try_from(n).ok()).unwrap_or(default)
        };
        let keep = Self {
            hourly: count("hourly", default.hourly),
            daily: count("daily", default.daily),
            weekly: count("weekly", default.weekly),
            monthly: count("monthly", default.monthly),
        };
        if [keep.hourly, keep.daily, keep.weekly, keep.monthly] == [0; 4] {
            let key = section.names().first().copied().unwrap_or("hourly").to_owned();
            section.refuse(&key, Refusal::expected("at least one copy that is kept, in any of the tiers"));
        }
        section.finish();
        keep
    }
}

/// `schedule` and `zone`, understood; the zone as it was written, in its right spelling.
pub(super) fn schedule(section: &mut Section<'_>) -> (Option<Recurrence>, String) {
    let utc = || "UTC".to_owned();
    let zone = section.read("zone", |node| {
        let text = values::text(node)?;
        let known = Recurrence::parse("@daily", text);
        known
            .map(|known| known.zone().to_owned())
            .map_err(|why| Refusal::expected("the name of a time zone, such as \"Europe/Lisbon\"").fix(why.to_string()))
    });
    let zone = zone.unwrap_or_else(utc);
    let read = |node: &Node| {
        let text = values::text(node)?;
        Recurrence::parse(text, &zone).map_err(|why| {
            let expected = "five fields, such as \"0 * * * *\" (hourly) or \"30 2 * * mon-fri\", or @hourly, @daily, @weekly, @monthly";
            Refusal::expected(expected).fix(why.to_string())
        })
    };
    (section.read("schedule", read), zone)
}

/// The longest time between two moments of a schedule: of a dense one the nights, weekends and seasons without any.
fn interval(schedule: &Recurrence) -> Option<Duration> {
    let mut at = schedule.next(MEASURED_FROM_MS)?;
    let mut longest = 0;
    for least in STEPS.into_iter().flat_map(|(least, steps)| std::iter::repeat_n(least, steps)) {
        // Between here and the last moment within reach there is no longer gap than is known.
        match schedule.previous(at + longest.max(least)).filter(|last| *last > at) {
            Some(last) => at = last,
            None => {
                let Some(next) = schedule.next(at) else { break };
                (longest, at) = (longest.max(next - at), next);
            }
        }
    }
    u64::try_from(longest).ok().filter(|ms| *ms > 0).map(Duration::from_millis)
}
