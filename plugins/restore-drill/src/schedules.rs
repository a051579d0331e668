//! What happens by itself: drills by each target's schedule, reminders before and alarms after. Set whenever the bot starts with a new build or
//! configuration, and anew after whatever changes when the next drill is. All of it may be set twice.

use crate::subject::{self, schedule_of};
use crate::{due, history, owner, policy, reminders, run};
use drillbell_sdk::{Bot, Error, HostError, Level, Result, Schedule, Scheduled, Target, Timer, Tone, View};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The host's name for "you are new, or what you are told is".
const START: &str = "start";
/// How late a scheduled drill may begin, milliseconds.
const START_BY_MS: u64 = 12 * 3_600_000;
/// Targets that one call arranges; a further call goes on. Each sets at most twelve timers, and the host takes 100.
const AT_ONCE: usize = 8;

/// What a schedule or a timer leaves for itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Due {
    /// Drill a target: its schedule says so.
    Drill(String),
    /// Drill a target: it was put off until now.
    PutOff(String),
    /// Remind people.
    Remind(String),
    /// Cry out if it is overdue.
    Overdue(String),
    /// Arrange the targets after this one, by name.
    Rest(String),
}

impl Due {
    fn payload(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// A moment has come.
pub fn due(bot: &mut impl Bot, timer: &Timer) -> Result {
    if timer.name == START {
        return set(bot);
    }
    let due: Due = match serde_json::from_str(&timer.payload) {
        Ok(due) => due,
        Err(error) => {
            bot.log(Level::Warn, &format!("`{}` left what is not understood: {error}", timer.name));
            return Ok(());
        }
    };
    let name = match &due {
        Due::Rest(after) => return arrange_all(bot, Some(after)),
        Due::Drill(name) | Due::PutOff(name) | Due::Remind(name) | Due::Overdue(name) => name.clone(),
    };
    // It left the configuration, and the schedule will too.
    let Some(target) = bot.find_target(&name)? else { return Ok(()) };
    match due {
        Due::Drill(_) => by_schedule(bot, &target),
        Due::PutOff(_) => {
            // Somebody may have put it off again, or a drill may have made it needless.
            let over = history::put_off(bot, &name)?.is_some_and(|put_off| put_off.until_ms <= bot.now());
            if over {
                history::set_put_off(bot, &name, None)?;
                begin(bot, &target)?;
            }
            arrange(bot, &target)
        }
        Due::Remind(_) => {
            let known = bot.schedules()?;
            let subject = subject::of(bot, &target, &known)?;
            reminders::remind(bot, &subject)
        }
        Due::Overdue(_) => {
            let known = bot.schedules()?;
            let subject = subject::of(bot, &target, &known)?;
            reminders::alarm(bot, &subject)?;
            arrange(bot, &target)
        }
        Due::Rest(_) => Ok(()),
    }
}

fn by_schedule(bot: &mut impl Bot, target: &Target) -> Result {
    let now_ms = bot.now();
    match history::put_off(bot, &target.name)?.filter(|put_off| put_off.until_ms > now_ms) {
        Some(put_off) => {
            let why = format!("the drill of {} is put off by {}: {}", target.name, put_off.by, put_off.reason);
            bot.log(Level::Info, &why);
        }
        None => begin(bot, target)?,
    }
    arrange(bot, target)
}

/// Begins a drill that nobody asked for; that it cannot begin is told as loudly as if it had failed.
fn begin(bot: &mut impl Bot, target: &Target) -> Result {
    if let Some(running) = bot.job_with_key(&run::key(&target.name))? {
        bot.log(Level::Info, &format!("{} is being drilled already: job {}", target.name, running.id));
        return Ok(());
    }
    let why = match run::begin(bot, target, None, None) {
        Ok(_) => return Ok(()),
        Err(Error::User(why)) => why,
        Err(other) => return Err(other),
    };
    bot.log(Level::Error, &format!("the drill of {} did not begin: {why}", target.name));
    let mut view = View::titled(format!("The drill of {} did not begin", target.name)).tone(Tone::Critical).text(why);
    if !target.owner.is_empty() {
        view = view.field("Owner", owner::shown(target));
    }
    let view = view.context(format!("Once that is mended: `/drill run {}`.", target.name));
    owner::tell(bot, target, &view).map(drop)
}

/// Sets every schedule that there shall be, and cancels what shall not be any more. What cannot be set leaves the others as they shall be.
fn set(bot: &mut impl Bot) -> Result {
    let (mut wanted, mut wrong) = (BTreeMap::new(), Vec::new());
    for target in bot.targets()? {
        match policy::of(&target) {
            Ok(drill) => {
                let Some(expression) = drill.schedule else { continue };
                let schedule = Schedule::new(expression).zone(drill.zone).start_by_ms(START_BY_MS);
                let name = target.name;
                wanted.insert(schedule_of(&name), schedule.payload(Due::Drill(name).payload()));
            }
            Err(error) => wrong.push(error.to_string()),
        }
    }
    bot.cancel_schedules_but(|name| wanted.contains_key(name))?;
    for (name, schedule) in &wanted {
        match bot.set_schedule(name, schedule) {
            Ok(_) => {}
            Err(HostError::Invalid(why) | HostError::TooLarge(why)) => wrong.push(why),
            Err(other) => return Err(other.into()),
        }
    }
    if !wrong.is_empty() {
        bot.log(Level::Error, &format!("not every drill is scheduled as it was written: {}", wrong.join("; ")));
        if let Some(channel) = bot.backups_channel()? {
            let view = View::titled("Not every drill is scheduled as it was written").tone(Tone::Critical);
            let next = "Mend it in the configuration and start the bot again; all the others are scheduled.";
            bot.post_or_log(&channel, view.code(wrong.join("\n")).context(next))?;
        }
    }
    arrange_all(bot, None)
}

/// Arranges the targets after one by name, or all; one target's trouble is not another's.
fn arrange_all(bot: &mut impl Bot, after: Option<&str>) -> Result {
    let known = bot.schedules()?;
    let mut targets = bot.targets()?;
    targets.retain(|target| after.is_none_or(|after| target.name.as_str() > after));
    targets.sort_by(|a, b| a.name.cmp(&b.name));
    for target in targets.iter().take(AT_ONCE) {
        if let Err(error) = arrange_by(bot, target, &known) {
            bot.log(Level::Error, &format!("reminders of {} are not set: {error}", target.name));
        }
    }
    match targets.get(AT_ONCE - 1).filter(|_| targets.len() > AT_ONCE) {
        Some(last) => {
            let (now_ms, payload) = (bot.now(), Due::Rest(last.name.clone()).payload());
            Ok(bot.set_timer("rest", now_ms, &payload)?)
        }
        None => Ok(()),
    }
}

/// Sets what is to come of a target: its reminders, the moment it was put off to, the alarm.
pub fn arrange(bot: &mut impl Bot, target: &Target) -> Result {
    let known = bot.schedules()?;
    arrange_by(bot, target, &known)
}

fn arrange_by(bot: &mut impl Bot, target: &Target, known: &[Scheduled]) -> Result {
    let (name, now_ms) = (&target.name, bot.now());
    let told = history::told(bot, name)?;
    history::set_told(bot, name, &told)?;
    let subject = subject::of(bot, target, known)?;
    if let Some(next_ms) = subject.due.next_ms {
        for (before_ms, at_ms) in due::reminders_to_come(next_ms, &subject.drill.reminders(), now_ms) {
            bot.set_timer(&format!("remind/{name}/{before_ms}"), at_ms, &Due::Remind(name.clone()).payload())?;
        }
    }
    if let Some(put_off) = &subject.put_off {
        bot.set_timer(&format!("put-off/{name}"), put_off.until_ms, &Due::PutOff(name.clone()).payload())?;
    }
    if subject.drill.schedule.is_some() {
        let at_ms = due::alarm_at_ms(&subject.due, now_ms);
        bot.set_timer(&format!("overdue/{name}"), at_ms, &Due::Overdue(name.clone()).payload())?;
    }
    Ok(())
}
