//! Which copies stay, and why. Pure: the copies there are and the rules in, a plan out.
//!
//! The tiers are disjoint and follow one another back in time: the newest copy of each of the last N hours that have one; from what is
//! older than those, the last copy of each of the last N days; then of weeks (from Monday) and of months (a week belongs
//! to the one in which it ends). All in UTC. Choosing the *last* of each makes the plan independent of how often it is applied: what a later plan wants, no earlier one deleted.

use crate::policy::Keep;
use drillbell_sdk::{BackupCopy, time};
use std::collections::BTreeMap;

const HOUR_MS: u64 = 3_600_000;
const DAY_MS: u64 = 24 * HOUR_MS;
/// For how long a copy stays that was found broken, so that somebody can look at it.
pub const BROKEN_MS: u64 = 7 * DAY_MS;
/// For how long a safety copy stays that nobody has pinned (any more), so that a restore can be undone; it takes no place in a tier.
pub const SAFETY_MS: u64 = 7 * DAY_MS;

/// What decides.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rules<'a> {
    /// The tiers.
    pub keep: Keep,
    /// Age beyond which a copy goes, whatever tier it is of.
    pub expires_ms: Option<u64>,
    /// Age beyond which the newest copy is too old, so that something is wrong.
    pub max_age_ms: Option<u64>,
    /// How the names of the target's own copies begin; what something else put into the store is not ours to delete.
    pub own: &'a str,
    /// Why nothing may be deleted today: a backup or a verification failed.
    pub failure: Option<&'a str>,
}

/// What is to become of the copies of one target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Those that stay and why, newest first.
    pub kept: Vec<(String, String)>,
    /// Those that go and why, newest first.
    pub gone: Vec<(String, String)>,
    /// Why none of them goes today, if that is so.
    pub held: Option<String>,
}

impl Plan {
    /// The objects that may be deleted now.
    pub fn deletes(&self) -> Vec<&str> {
        match self.held {
            Some(_) => Vec::new(),
            None => self.gone.iter().map(|(object, _)| object.as_str()).collect(),
        }
    }
}

/// A tier: its name, how many, and which bucket a moment falls into.
type Tier = (&'static str, usize, fn(u64) -> String);

/// Plans for the copies of one target.
pub fn plan(copies: &[BackupCopy], rules: &Rules<'_>, now_ms: u64) -> Plan {
    let mut all: Vec<&BackupCopy> = copies.iter().collect();
    all.sort_by(|a, b| (b.taken_ms, &b.object).cmp(&(a.taken_ms, &a.object)));
    let is_own = |copy: &&&BackupCopy| copy.object.starts_with(rules.own) && !copy.is_safety();
    let own: Vec<&BackupCopy> = all.iter().filter(is_own).copied().collect();
    let mut why = tiers(&own, rules, now_ms);
    if let Some(copy) = best(&own) {
        let standing = if copy.verdict == "proven" { "the newest proven copy" } else { "the newest verified copy" };
        why.entry(&copy.object).or_insert_with(|| standing.to_owned());
    }
    if let Some(copy) = own.iter().find(|copy| copy.verdict != "broken") {
        why.entry(&copy.object).or_insert_with(|| "the newest copy".to_owned());
    }
    for copy in &all {
        if let Some(pin) = &copy.pinned {
            why.insert(&copy.object, format!("pinned by {}: {}", pin.by, pin.reason));
        } else if copy.verdict == "broken" && now_ms.saturating_sub(found_ms(copy)) < BROKEN_MS {
            why.insert(&copy.object, "broken; to be looked at for 7 days".to_owned());
        } else if copy.is_safety() && now_ms.saturating_sub(copy.taken_ms) < SAFETY_MS {
            why.insert(&copy.object, "a safety copy; it stays for 7 days".to_owned());
        } else if !copy.object.starts_with(rules.own) {
            why.insert(&copy.object, "adopted: something else made it, and keeps it".to_owned());
        }
    }
    let mut plan = Plan::default();
    for copy in &all {
        match why.remove(copy.object.as_str()) {
            Some(why) => plan.kept.push((copy.object.clone(), why)),
            None => plan.gone.push((copy.object.clone(), goes(copy, rules, now_ms))),
        }
    }
    plan.held = held(&own, &plan, rules, now_ms);
    plan
}

/// What each tier keeps, by object. A broken copy takes no place, nor does one that has expired.
fn tiers<'a>(newest_first: &[&'a BackupCopy], rules: &Rules<'_>, now_ms: u64) -> BTreeMap<&'a str, String> {
    let Keep { hourly, daily, weekly, monthly } = rules.keep;
    let tiers: [Tier; 4] =
        [("hourly", hourly, hour), ("daily", daily, day), ("weekly", weekly, week), ("monthly", monthly, month)];
    let mut rest =
        newest_first.iter().filter(|copy| copy.verdict != "broken" && !expired(copy, rules, now_ms)).peekable();
    let mut kept = BTreeMap::new();
    for (name, count, bucket) in tiers {
        for place in 1..=count {
            let Some(copy) = rest.next() else { break };
            kept.insert(copy.object.as_str(), format!("{name} {place} of {count}"));
            // It stands for all that were taken in the same hour, day, week or month.
            let stands_for = bucket(copy.taken_ms);
            while rest.next_if(|older| bucket(older.taken_ms) == stands_for).is_some() {}
        }
    }
    kept
}

fn hour(at_ms: u64) -> String {
    (at_ms / HOUR_MS).to_string()
}

fn day(at_ms: u64) -> String {
    (at_ms / DAY_MS).to_string()
}

/// Weeks begin on Monday; the first of January 1970 was a Thursday.
fn week(at_ms: u64) -> String {
    ((at_ms / DAY_MS + 3) / 7).to_string()
}

/// A week belongs to the month in which its Sunday is: otherwise the last copy of a month could be one that its week has no place for.
fn month(at_ms: u64) -> String {
    let days_since_monday = (at_ms / DAY_MS + 3) % 7;
    time::rfc3339(at_ms + (6 - days_since_monday) * DAY_MS).chars().take("2026-03".len()).collect()
}

/// When it was found to be what it is; an old copy that broke yesterday is news.
fn found_ms(copy: &BackupCopy) -> u64 {
    copy.checked_ms.unwrap_or(copy.taken_ms)
}

fn expired(copy: &BackupCopy, rules: &Rules<'_>, now_ms: u64) -> bool {
    rules.expires_ms.is_some_and(|expires| now_ms.saturating_sub(copy.taken_ms) > expires)
}

/// The newest proven copy, else the newest verified one: whatever happens, that one stays.
fn best<'a>(newest_first: &[&'a BackupCopy]) -> Option<&'a BackupCopy> {
    let newest = |verdict: &str| newest_first.iter().find(|copy| copy.verdict == verdict).copied();
    newest("proven").or_else(|| newest("verified"))
}

fn goes(copy: &BackupCopy, rules: &Rules<'_>, now_ms: u64) -> String {
    match (copy.verdict.as_str(), expired(copy, rules, now_ms)) {
        ("broken", _) => "broken".to_owned(),
        _ if copy.is_safety() => "a safety copy that nobody has pinned".to_owned(),
        (_, true) => "expired".to_owned(),
        (_, false) => "a later copy stands for it".to_owned(),
    }
}

/// Retention never acts when something is wrong: what it would delete may be what is needed next.
fn held(newest_first: &[&BackupCopy], plan: &Plan, rules: &Rules<'_>, now_ms: u64) -> Option<String> {
    if plan.gone.is_empty() {
        return None;
    }
    if let Some(failure) = rules.failure {
        return Some(format!("nothing is deleted on a day with failures: {failure}"));
    }
    let newest = newest_first.first()?;
    if newest.verdict == "broken" {
        return Some(format!("the newest copy, {}, is broken", newest.name()));
    }
    let age = now_ms.saturating_sub(newest.taken_ms);
    if rules.max_age_ms.is_some_and(|max| age > max) {
        let age = time::span(std::time::Duration::from_millis(age));
        return Some(format!("the newest copy, {}, is {age} old: take one first", newest.name()));
    }
    if best(newest_first).is_none() {
        return Some("no copy is known to be whole: verify one first".to_owned());
    }
    None
}
