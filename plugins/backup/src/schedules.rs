//! What happens by itself: each target's backups as its policy says, and once a day retention (03:00) and verification (04:00), once a week
//! an old copy read back. Set whenever the bot starts with a new build or configuration; what cannot be set is told, and the rest is.

use crate::memory;
use crate::policy::Policy;
use crate::turns::{self, Daily};
use crate::work::{self, Asked};
use drillbell_sdk::{Bot, Error, HostError, Level, Result, Schedule, Timer, Tone, View};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The host's name for "you are new, or what you are told is".
const START: &str = "start";
/// How late the daily and weekly work may begin, milliseconds.
const START_BY_MS: u64 = 12 * 3_600_000;

/// The settings of `[plugins.backup.settings]`: when the daily and weekly work is done, five fields each; an empty text is never. S4-04,
/// S4-05, and: what lies there for long decays unseen, unless somebody looks.
const SETTINGS: [(&str, Daily, &str); 3] = [
    ("retention_at", Daily::Retention, "0 3 * * *"),
    ("verify_at", Daily::Verify, "0 4 * * *"),
    ("verify_old_at", Daily::VerifyOld, "0 5 * * sun"),
];

/// What a schedule or a timer leaves for itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Due {
    /// Take a copy of a target.
    Backup(String),
    /// Do it for all targets.
    All(Daily),
    /// Do it for those after this one, by name.
    Rest(Daily, String),
    /// Do it for this one.
    One(Daily, String),
}

impl Due {
    /// As a schedule and a timer keep it.
    pub fn payload(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// A moment has come.
pub fn due(bot: &mut impl Bot, timer: &Timer) -> Result {
    if timer.name == START {
        return set(bot);
    }
    match serde_json::from_str(&timer.payload) {
        Ok(Due::Backup(name)) => match bot.find_target(&name)? {
            Some(target) => quietly(bot, |bot| work::backup(bot, &target, Asked::BySchedule)),
            // It left the configuration, and the schedule will too.
            None => Ok(()),
        },
        Ok(Due::All(daily)) => turns::begin(bot, daily, None),
        Ok(Due::Rest(daily, after)) => turns::begin(bot, daily, Some(&after)),
        Ok(Due::One(daily, name)) => match bot.find_target(&name)? {
            Some(target) => turns::take(bot, daily, &target),
            None => Ok(()),
        },
        Err(error) => {
            bot.log(Level::Warn, &format!("`{}` left what is not understood: {error}", timer.name));
            Ok(())
        }
    }
}

/// Sets every schedule that there shall be, and cancels what shall not be any more. What cannot be set leaves the others as they shall be.
fn set(bot: &mut impl Bot) -> Result {
    let (wanted, mut wrong) = wanted(bot)?;
    bot.cancel_schedules_but(|name| wanted.contains_key(name))?;
    for (name, schedule) in &wanted {
        match bot.set_schedule(name, schedule) {
            Ok(_) => {}
            Err(HostError::Invalid(why) | HostError::TooLarge(why)) => {
                let usual = SETTINGS.iter().find(|(_, daily, _)| daily.schedule() == name);
                let fallen_back = match usual {
                    Some((_, _, usual)) => {
                        let schedule = Schedule { expression: (*usual).to_owned(), ..schedule.clone() };
                        bot.set_schedule(name, &schedule).is_ok().then(|| format!("; until then it is `{usual}`"))
                    }
                    None => None,
                };
                wrong.push(format!("{why}{}", fallen_back.unwrap_or_default()));
            }
            Err(other) => return Err(other.into()),
        }
    }
    tell_wrong(bot, &wrong)
}

/// Whoever wrote what cannot be done hears of it, once.
fn tell_wrong(bot: &mut impl Bot, wrong: &[String]) -> Result {
    let text = wrong.join("\n");
    if !text.is_empty() {
        bot.log(Level::Error, &format!("not everything is scheduled as it was written: {text}"));
    }
    if !memory::is_news(bot, "settings", &text)? {
        return Ok(());
    }
    let Some(channel) = bot.backups_channel()? else { return Ok(()) };
    let view = View::titled("Not every backup is scheduled as it was written").tone(Tone::Critical).code(text);
    let next = "Mend it in the configuration and start the bot again; all the others are scheduled.";
    bot.post_or_log(&channel, view.context(next))?;
    Ok(())
}

/// The schedules that there shall be, and what of the configuration does not read.
fn wanted(bot: &mut impl Bot) -> Result<(BTreeMap<String, Schedule>, Vec<String>)> {
    let (mut wanted, mut wrong) = (BTreeMap::new(), Vec::new());
    let targets = bot.targets()?;
    for target in &targets {
        let policy: Policy = match target.policy() {
            Ok(policy) => policy,
            Err(error) => {
                wrong.push(error.to_string());
                continue;
            }
        };
        let Some(expression) = policy.backup.schedule else { continue };
        let mut schedule = Schedule::new(expression).zone(policy.backup.zone);
        schedule = schedule.payload(Due::Backup(target.name.clone()).payload());
        schedule.start_by_ms = policy.backup.start_by_ms;
        // The job has the same limit; this one is for whoever waits in a queue, and said to the operators.
        schedule.run_limit_ms = policy.backup.run_limit_ms;
        wanted.insert(backup_of(&target.name), schedule);
    }
    if targets.is_empty() {
        return Ok((wanted, wrong));
    }
    for (key, daily, usual) in SETTINGS {
        let expression = bot.setting::<String>(key).unwrap_or_else(|error| {
            wrong.push(format!("{error}; until it is mended it is `{usual}`"));
            None
        });
        let expression = expression.unwrap_or_else(|| usual.to_owned());
        if expression.is_empty() {
            continue;
        }
        let schedule = Schedule::new(expression).payload(Due::All(daily).payload()).start_by_ms(START_BY_MS);
        wanted.insert(daily.schedule().to_owned(), schedule);
    }
    Ok((wanted, wrong))
}

/// The name of the schedule by which a target is backed up.
pub fn backup_of(target: &str) -> String {
    format!("backup/{target}")
}

/// What the schedule starts while the same is still being done is not begun twice, and nobody needs to hear of it.
pub fn quietly<B: Bot>(bot: &mut B, start: impl FnOnce(&mut B) -> Result<String>) -> Result {
    match start(bot) {
        Ok(_) => Ok(()),
        Err(Error::User(why)) => {
            bot.log(Level::Info, &why);
            Ok(())
        }
        Err(other) => Err(other),
    }
}
