//! Feature flags that go off before a deploy and on again after it (S1-04, S1-23): each is open from the one until the other, is shown
//! until then, and people are reminded of it. Turning one is the operator's command, done by a job.

use crate::memory::{self, Started, Work};
use crate::outcome::tell;
use crate::service::{self, Service};
use crate::watch;
use drillbell_sdk::{
    Action, Bot, Button, Command, Conversation, HostError, Job, NewJob, OnLost, Once, Result, Timer, Tone, View, time,
    user, words,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

/// How often people are reminded of what is still off.
const REMIND_MS: u64 = 24 * 3_600_000;

/// Somebody turned something off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Off {
    /// Who.
    pub by: String,
    /// When, milliseconds since the epoch.
    pub at_ms: u64,
}

fn key(service: &str) -> String {
    format!("flags/{service}")
}

/// What is off of a service, by the command that turned it off.
pub fn open(bot: &mut impl Bot, service: &str) -> Result<BTreeMap<String, Off>> {
    Ok(bot.get_json(&key(service))?.unwrap_or_default())
}

/// `/rollback flags SERVICE`
pub fn command(bot: &mut impl Bot, cmd: &Command) -> Result {
    let service = service::need(bot, cmd.required("service")?)?;
    let open = open(bot, &service.name)?;
    let flags = service.ways().undo_flags;
    if flags.is_empty() {
        let section = format!("[services.{}.rollback] `undo_flags`", service.name);
        return Err(user(format!("{} has no flags: {section} names pairs of commands, off and on.", service.name)));
    }
    bot.set_data(&json!({ "service": service.name, "flags": flags, "off": open }))?;
    let view = View::titled(format!("Flags of {}", service.name));
    bot.reply(shown(view, &service, &open))?;
    Ok(())
}

/// Every pair with its button.
pub fn shown(mut view: View, service: &Service, open: &BTreeMap<String, Off>) -> View {
    let name = &service.name;
    for (number, flag) in service.ways().undo_flags.iter().enumerate() {
        let button = |state: &str, label: String| {
            Button::new(format!("flag-{number}"), crate::card::clip(&label))
                .value(format!("{name}|{number}|{state}"))
                .once(Once::Never)
        };
        match open.get(&flag.off) {
            Some(off) => {
                view = view
                    .field(flag.off.clone(), format!("off since {}, by {}", time::day_hour_minute(off.at_ms), off.by));
                view = view.button(button("on", format!("On again: {}", flag.on)).primary());
            }
            None => view = view.button(button("off", format!("Off: {}", flag.off))),
        }
    }
    view
}

/// Somebody clicked on a pair: `SERVICE|NUMBER|on` or `off`.
pub fn clicked(bot: &mut impl Bot, action: &Action) -> Result {
    let parts: Vec<_> = action.value.split('|').collect();
    let [name, number, state] = parts.as_slice() else { return Err(user("This card is of an older kind.")) };
    let service = service::need(bot, name)?;
    let flags = service.ways().undo_flags;
    let Some(flag) = number.parse::<usize>().ok().and_then(|number| flags.get(number)) else {
        return Err(user(format!("The flags of {name} have changed since. `/rollback flags {name}` shows them.")));
    };
    let (on, open) = (*state == "on", open(bot, name)?);
    if open.contains_key(&flag.off) != on {
        return Err(user(format!("That was done already. `/rollback flags {name}` shows how they stand.")));
    }
    let job = begin(bot, name, if on { &flag.on } else { &flag.off }, &format!("{state}|{}", flag.off), action)?;
    bot.reply(View::default().text(format!("{} of {name}: job {job}.", if on { &flag.on } else { &flag.off })))?;
    Ok(())
}

fn begin(bot: &mut impl Bot, name: &str, command: &str, about: &str, action: &Action) -> Result<String> {
    let key = format!("flag/{name}/{command}");
    if let Some(running) = bot.job_with_key(&key)? {
        return Err(user(format!("That is being done already: job {} ({}).", running.id, running.title)));
    }
    let title: String = format!("{command} of {name}").chars().take(120).collect();
    let job = NewJob::new("steps", title, &json!({ "steps": [{ "command": command }] }))?;
    let job = job.key(key).on_lost(OnLost::Verify).conversation(&action.conversation);
    let id = match bot.start_job(job) {
        Ok(id) => id,
        Err(HostError::Invalid(why)) => {
            return Err(user(format!("{command} cannot be run: {}.", why.trim_end_matches('.'))));
        }
        Err(other) => return Err(other.into()),
    };
    let (by, incident) = (&action.by.name, action.incident.as_ref());
    let started = Started::asked(Work::Flag, name, by, &action.conversation, incident);
    let started = Started { about: about.to_owned(), ..started };
    memory::started(bot, &id, &started)?;
    Ok(id)
}

/// A command has ended. Only one that went well closes what it was to close; what may have been turned off is open.
pub fn ended(bot: &mut impl Bot, started: &Started, job: &Job) -> Result {
    let name = &started.service;
    let (state, off) = started.about.split_once('|').unwrap_or(("off", &started.about));
    let (passed, now_ms) = (job.status == "done", bot.now());
    let mut all = open(bot, name)?;
    let begun = !matches!(job.status.as_str(), "denied" | "expired");
    let said = match (state, passed) {
        ("on", true) => {
            all.remove(off);
            View::titled(format!("{name}: {off} is undone")).tone(Tone::Good)
        }
        ("on", false) => {
            let error = bot.said_by::<Failed>(job).error;
            View::titled(format!("{name}: {off} is not undone")).tone(Tone::Critical).text(error)
        }
        (_, _) => {
            if begun {
                all.insert(off.to_owned(), Off { by: started.by.clone(), at_ms: now_ms });
            }
            let (title, tone) = match (passed, begun) {
                (true, _) => (format!("{name}: {off} is done, and stays open until it is undone"), Tone::Info),
                (false, true) => (format!("{name}: {off} failed; it counts as off until it is undone"), Tone::Warning),
                (false, false) => (format!("{name}: {off} was not done"), Tone::Neutral),
            };
            let view = View::titled(title).tone(tone);
            match passed {
                true => view,
                false => view.text(bot.said_by::<Failed>(job).error),
            }
        }
    };
    bot.set_json(&key(name), &all)?;
    match all.is_empty() {
        true => bot.cancel_timer(&key(name))?,
        false => bot.set_timer(&key(name), now_ms + REMIND_MS, "")?,
    }
    let view = match service::find(bot, name)? {
        Some(service) => shown(said, &service, &all),
        None => said,
    };
    tell(bot, started.to.as_ref(), view)
}

/// Why a job failed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Failed {
    error: String,
}

/// A day has passed, and something is still off.
pub fn remind(bot: &mut impl Bot, name: &str, _: &Timer) -> Result {
    let all = open(bot, name)?;
    let Some(service) = service::find(bot, name)?.filter(|_| !all.is_empty()) else { return Ok(()) };
    let to = watch::channel(bot)?;
    still_off(bot, &service, to.as_ref())?;
    let at_ms = bot.now() + REMIND_MS;
    Ok(bot.set_timer(&key(name), at_ms, "")?)
}

/// Says what is still off, if anything is.
pub fn still_off(bot: &mut impl Bot, service: &Service, to: Option<&Conversation>) -> Result {
    let (all, now_ms) = (open(bot, &service.name)?, bot.now());
    let Some(oldest) = all.values().map(|off| off.at_ms).min() else { return Ok(()) };
    let since = words::span(now_ms.saturating_sub(oldest));
    let view = View::titled(format!("{}: {} still off", service.name, count(all.len()))).tone(Tone::Warning);
    let view = view.text(format!("The oldest is off for {since}. Turn it on again once that is safe."));
    tell(bot, to, shown(view, service, &all))
}

fn count(flags: usize) -> String {
    if flags == 1 { "1 flag is".to_owned() } else { format!("{flags} flags are") }
}
