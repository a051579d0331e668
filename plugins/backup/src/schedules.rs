//! What happens by itself: each target's backups as its policy says, and once a day retention (03:00) and verification (04:00), once a week
//! an old copy read back. Set whenever the bot starts with a new build or configuration.

use crate::memory;
use crate::policy::Policy;
use crate::prune;
use crate::work::{self, Asked, Work};
use drillbell_sdk::{BackupCopy, Bot, Error, Level, Result, Schedule, Target, Timer};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The host's name for "you are new, or what you are told is".
const START: &str = "start";
/// S4-04.
const RETENTION_AT: &str = "0 3 * * *";
/// S4-05.
const VERIFY_AT: &str = "0 4 * * *";
/// What lies there for long decays unseen, unless somebody looks.
const OLD_AT: &str = "0 5 * * sun";
const HOUR_MS: u64 = 3_600_000;

/// The settings of `[plugins.backup.settings]`: when the daily and weekly work is done, five fields each; an empty text is never.
const SETTINGS: [(&str, Daily, &str); 3] = [
    ("retention_at", Daily::Retention, RETENTION_AT),
    ("verify_at", Daily::Verify, VERIFY_AT),
    ("verify_old_at", Daily::VerifyOld, OLD_AT),
];

/// Work that is done for all targets at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Daily {
    Retention,
    Verify,
    VerifyOld,
}

/// What a schedule leaves for itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Due {
    /// Take a copy of a target.
    Backup(String),
    /// Do it for all.
    All(Daily),
}

/// A moment has come.
pub fn due(bot: &mut impl Bot, timer: &Timer) -> Result {
    if timer.name == START {
        return set(bot);
    }
    match serde_json::from_str(&timer.payload) {
        Ok(Due::Backup(name)) => match target(bot, &name)? {
            Some(target) => quietly(bot, |bot| work::backup(bot, &target, Asked::BySchedule)),
            // It left the configuration, and the schedule will too.
            None => Ok(()),
        },
        Ok(Due::All(Daily::Retention)) => for_all(bot, |bot, target| retention(bot, target)),
        Ok(Due::All(Daily::Verify)) => for_all(bot, |bot, target| {
            prune::alarm_if_overdue(bot, &target.name)?;
            verify(bot, target, newest)
        }),
        Ok(Due::All(Daily::VerifyOld)) => for_all(bot, |bot, target| verify(bot, target, least_looked_at)),
        Err(error) => {
            bot.log(Level::Warn, &format!("the schedule {} left what is not understood: {error}", timer.name));
            Ok(())
        }
    }
}

fn target(bot: &mut impl Bot, name: &str) -> Result<Option<Target>> {
    Ok(bot.targets()?.into_iter().find(|target| target.name == name))
}

fn for_all<B: Bot>(bot: &mut B, mut act: impl FnMut(&mut B, &Target) -> Result) -> Result {
    for target in bot.targets()? {
        act(bot, &target)?;
    }
    Ok(())
}

/// Sets every schedule that there shall be, and cancels what shall not be any more.
fn set(bot: &mut impl Bot) -> Result {
    let wanted = wanted(bot)?;
    for known in bot.schedules()? {
        if !wanted.contains_key(&known.name) {
            bot.cancel_schedule(&known.name)?;
        }
    }
    for (name, schedule) in &wanted {
        bot.set_schedule(name, schedule)?;
    }
    Ok(())
}

fn wanted(bot: &mut impl Bot) -> Result<BTreeMap<String, Schedule>> {
    let payload = |due: &Due| serde_json::to_string(due).unwrap_or_default();
    let mut wanted = BTreeMap::new();
    let targets = bot.targets()?;
    for target in &targets {
        let policy: Policy = target.policy()?;
        let Some(expression) = policy.backup.schedule else { continue };
        let mut schedule = Schedule::new(expression).zone(policy.backup.zone);
        schedule = schedule.payload(payload(&Due::Backup(target.name.clone())));
        schedule.start_by_ms = policy.backup.start_by_ms;
        // The job has the same limit; this one is for whoever waits in a queue, and said to the operators.
        schedule.run_limit_ms = policy.backup.run_limit_ms;
        wanted.insert(format!("backup/{}", target.name), schedule);
    }
    if targets.is_empty() {
        return Ok(wanted);
    }
    for (key, daily, usual) in SETTINGS {
        let expression: String = bot.setting(key)?.unwrap_or_else(|| usual.to_owned());
        if expression.is_empty() {
            continue;
        }
        let schedule = Schedule::new(expression).payload(payload(&Due::All(daily))).start_by_ms(12 * HOUR_MS);
        wanted.insert(key.trim_end_matches("_at").replace('_', "-"), schedule);
    }
    Ok(wanted)
}

/// What the schedule starts while the same is still being done is not begun twice, and nobody needs to hear of it.
fn quietly<B: Bot>(bot: &mut B, start: impl FnOnce(&mut B) -> Result<String>) -> Result {
    match start(bot) {
        Ok(_) => Ok(()),
        Err(Error::User(why)) => {
            bot.log(Level::Info, &why);
            Ok(())
        }
        Err(other) => Err(other),
    }
}

fn retention(bot: &mut impl Bot, target: &Target) -> Result {
    let plan = prune::plan_for(bot, target)?;
    if let Some(held) = &plan.held {
        return prune::held(bot, &target.name, held);
    }
    let objects = plan.deletes();
    match objects.is_empty() {
        true => prune::nothing_to_do(bot, &target.name),
        false => quietly(bot, |bot| work::prune(bot, &target.name, &objects, Asked::BySchedule)),
    }
}

fn verify<B: Bot>(bot: &mut B, target: &Target, which: fn(&[BackupCopy]) -> Option<&BackupCopy>) -> Result {
    let copies = bot.copies(Some(&target.name), 500, None)?;
    match which(&copies).cloned() {
        Some(copy) => quietly(bot, |bot| work::verify(bot, &copy, Asked::BySchedule)),
        // That there is none is told by whoever failed to take one.
        None => Ok(()),
    }
}

fn newest(newest_first: &[BackupCopy]) -> Option<&BackupCopy> {
    newest_first.first()
}

/// The copy that nobody has looked at for the longest time, the newest apart, which is read every day.
fn least_looked_at(newest_first: &[BackupCopy]) -> Option<&BackupCopy> {
    let older = newest_first.iter().skip(1).filter(|copy| copy.verdict != "broken");
    older.min_by_key(|copy| (copy.checked_ms, copy.taken_ms))
}

/// When the next work of a kind is due, and what became of the last occurrence: `(next, last due, outcome)`.
pub fn next(bot: &mut impl Bot, target: &str, work: Work) -> Result<Option<u64>> {
    let name = match work {
        Work::Backup => format!("backup/{target}"),
        Work::Verify => "verify".to_owned(),
        Work::Prune => "retention".to_owned(),
        Work::Rebuild => return Ok(None),
    };
    Ok(bot.schedules()?.into_iter().find(|known| known.name == name).and_then(|known| known.next_ms))
}

/// Whether the last work of a kind is longer ago than it may be, and by how much: a day and an hour for what is daily.
pub fn overdue(bot: &mut impl Bot, target: &str, work: Work) -> Result<Option<u64>> {
    let now_ms = bot.now();
    let limit = 25 * HOUR_MS;
    let last = memory::last(bot, target, work)?;
    Ok(last.map(|last| now_ms.saturating_sub(last.at_ms)).filter(|age| *age > limit))
}
