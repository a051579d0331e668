//! Work that is done for all targets: one after the other, each in a call of its own, for a call may do only so much and one target's
//! trouble shall not be another's. And what is daily and weekly about it, and when it should have been done.

use crate::memory;
use crate::policy::Policy;
use crate::prune;
use crate::schedules::{Due, backup_of, quietly};
use crate::work::{self, Asked, Work};
use crate::{catalogue, escalate, standing};
use drillbell_sdk::{BackupCopy, Bot, Result, Scheduled, Target};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Targets that get their turn from one call; a further call goes on. The host takes 100 timers from one.
const AT_ONCE: usize = 50;

/// Work that is done for all targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Daily {
    /// Clear away.
    Retention,
    /// Read the newest copy back.
    Verify,
    /// Read back the copy that nobody has looked at for longest.
    VerifyOld,
}

impl Daily {
    /// The name of its schedule.
    pub fn schedule(self) -> &'static str {
        match self {
            Self::Retention => "retention",
            Self::Verify => "verify",
            Self::VerifyOld => "verify-old",
        }
    }
}

/// Gives targets their turns, those after one by name, or all.
pub fn begin(bot: &mut impl Bot, daily: Daily, after: Option<&str>) -> Result {
    let (now_ms, name) = (bot.now(), daily.schedule());
    let mut names: Vec<_> = bot.targets()?.into_iter().map(|target| target.name).collect();
    names.sort();
    names.retain(|name| after.is_none_or(|after| name.as_str() > after));
    for target in names.iter().take(AT_ONCE) {
        bot.set_timer(&format!("turn/{name}/{target}"), now_ms, &Due::One(daily, target.clone()).payload())?;
    }
    if let (true, Some(last)) = (names.len() > AT_ONCE, names.get(AT_ONCE - 1)) {
        bot.set_timer(&format!("rest/{name}"), now_ms, &Due::Rest(daily, last.clone()).payload())?;
    }
    Ok(())
}

/// It is a target's turn.
pub fn take(bot: &mut impl Bot, daily: Daily, target: &Target) -> Result {
    match daily {
        Daily::Retention => prune::by_schedule(bot, target),
        Daily::Verify => {
            prune::alarm_if_overdue(bot, target)?;
            let copies = catalogue::all(bot, Some(&target.name))?;
            let has_schedule = target.policy::<Policy>()?.drill.schedule.is_some();
            escalate::overdue_drill(bot, target, has_schedule, &copies)?;
            // That there is none is told by whoever failed to take one.
            let Some(copy) = standing::newest_usable(&copies) else { return Ok(()) };
            quietly(bot, |bot| work::verify(bot, copy, Asked::BySchedule))
        }
        Daily::VerifyOld => verify_old(bot, target),
    }
}

fn verify_old(bot: &mut impl Bot, target: &Target) -> Result {
    let copies = catalogue::all(bot, Some(&target.name))?;
    let mut tried = memory::tried(bot, &target.name)?;
    tried.retain(|object, _| copies.iter().any(|copy| copy.object == *object));
    let Some(copy) = least_looked_at(&copies, &tried) else { return Ok(()) };
    tried.insert(copy.object.clone(), bot.now());
    memory::set_tried(bot, &target.name, &tried)?;
    quietly(bot, |bot| work::verify_old(bot, copy))
}

/// The copy that nobody has looked at for the longest time, the newest apart, which is read every day. Who looked and got no answer looked
/// too: otherwise one copy that never answers would keep all others from being read.
fn least_looked_at<'a>(newest_first: &'a [BackupCopy], tried: &BTreeMap<String, u64>) -> Option<&'a BackupCopy> {
    let newest = standing::newest_usable(newest_first).map(|copy| copy.object.as_str());
    let older = newest_first.iter().filter(|copy| copy.verdict != "broken" && Some(copy.object.as_str()) != newest);
    older.min_by_key(|copy| (copy.checked_ms.max(tried.get(&copy.object).copied()), copy.taken_ms))
}

/// When some work is done, and by how much it is overdue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// `hourly`, `daily`, `weekly`, `monthly`, else the expression; `by hand` without one.
    pub every: String,
    /// When it is due next, milliseconds since the epoch.
    pub next_ms: Option<u64>,
    /// For how long it has been due without having been done, milliseconds.
    pub overdue_ms: Option<u64>,
}

/// When a kind of work is a target's turn by these schedules. `since`: when it was last done, or since when there has been anything to do.
pub fn turn(known: &[Scheduled], target: &str, work: Work, since: Option<u64>, now_ms: u64) -> Turn {
    let name = match work {
        Work::Backup => backup_of(target),
        Work::Verify => Daily::Verify.schedule().to_owned(),
        Work::VerifyOld => Daily::VerifyOld.schedule().to_owned(),
        Work::Prune => Daily::Retention.schedule().to_owned(),
        Work::Rebuild | Work::Restore | Work::Adopt => String::new(),
    };
    let Some(known) = known.iter().find(|known| known.name == name) else {
        return Turn { every: every(None), ..Turn::default() };
    };
    // The last moment at which it should have been done: a bot that was down has not even noticed the next.
    let passed = [known.last_due_ms, known.next_ms.filter(|next| *next <= now_ms)].into_iter().flatten().max();
    let overdue = passed.filter(|due| since.is_some_and(|since| since < *due)).map(|due| now_ms.saturating_sub(due));
    Turn {
        every: every(Some(&known.expression)),
        next_ms: known.next_ms,
        overdue_ms: overdue.filter(|late| *late > work.grace_ms()),
    }
}

/// How often an expression comes round, in a word.
pub fn every(expression: Option<&str>) -> String {
    let Some(expression) = expression else { return "by hand".to_owned() };
    let fields: Vec<_> = expression.split_whitespace().collect();
    let one = |field: &str| !field.contains(['*', ',', '-', '/']);
    match fields.as_slice() {
        [word] => word.trim_start_matches('@').to_owned(),
        [minute, "*", "*", "*", "*"] if one(minute) => "hourly".to_owned(),
        [minute, hour, "*", "*", "*"] if one(minute) && one(hour) => "daily".to_owned(),
        [minute, hour, "*", "*", day] if one(minute) && one(hour) && one(day) => "weekly".to_owned(),
        [minute, hour, day, "*", "*"] if one(minute) && one(hour) && one(day) => "monthly".to_owned(),
        _ => format!("`{expression}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_is_called_by_how_often_it_comes_round() {
        for (expression, word) in [
            ("0 * * * *", "hourly"),
            ("@hourly", "hourly"),
            ("30 2 * * *", "daily"),
            ("0 5 * * sun", "weekly"),
            ("0 5 1 * *", "monthly"),
            ("*/5 * * * *", "`*/5 * * * *`"),
            ("0 5 1 */2 *", "`0 5 1 */2 *`"),
        ] {
            assert_eq!(every(Some(expression)), word);
        }
        assert_eq!(every(None), "by hand");
    }
}
