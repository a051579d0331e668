//! Maintenance and the read-only mode: two modes with two names (H14), turned on and off by jobs of the host's kind `maintenance`.

use crate::evidence;
use crate::memory::{self, Started, Upkeep, Work};
use crate::outcome::{has_begun, tell};
use crate::service::{self, Service};
use drillbell_sdk::{
    Action, Bot, Button, Command, Conversation, HostError, IncidentId, Job, NewJob, OnLost, Once, Result, Tone, View,
    user,
};
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;

/// How long turning a mode on or off may take.
const LIMIT: Duration = Duration::from_secs(15 * 60);

/// What stands on a button in place of a mode: what the public reads, and nothing else.
const NOTICE: &str = "notice";

/// A mode that a service may be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Nobody is served.
    Maintenance,
    /// People read and do not write.
    ReadOnly,
}

impl Mode {
    /// As it is typed.
    pub fn typed(self) -> &'static str {
        match self {
            Self::Maintenance => "maintenance",
            Self::ReadOnly => "read-only",
        }
    }

    /// As the configuration calls it.
    fn key(self) -> &'static str {
        match self {
            Self::Maintenance => "maintenance",
            Self::ReadOnly => "read_only",
        }
    }

    fn parse(text: &str) -> Self {
        if text == "read-only" { Self::ReadOnly } else { Self::Maintenance }
    }

    /// How a service gets into it, if it can: by the operator's commands, or (where there are none) by telling the public alone.
    pub fn of(self, service: &Service) -> Option<Work> {
        match self {
            Self::Maintenance if service.maintenance => Some(Work::Maintenance),
            Self::Maintenance if service.notice => Some(Work::Notice),
            Self::ReadOnly if service.read_only => Some(Work::Maintenance),
            Self::Maintenance | Self::ReadOnly => None,
        }
    }
}

/// What a `maintenance` job says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Said {
    status: String,
    sentence: String,
    error: String,
}

/// `/rollback maintenance SERVICE on|off [--mode MODE]`
pub fn command(bot: &mut impl Bot, cmd: &Command) -> Result {
    let (name, on) = (cmd.required("service")?, cmd.required("state")? == "on");
    let what = (name, Mode::parse(cmd.text("mode").unwrap_or_default()), on);
    let (work, why) = work(bot, what)?;
    let job = begin(bot, work, what, &cmd.by.name, Some(&cmd.conversation), cmd.incident.as_ref())?;
    bot.set_data(&json!({ "service": name, "mode": what.1.typed(), "on": on, "job": job }))?;
    bot.reply(View::default().text(format!("{}{why}", asked(work, what))))?;
    Ok(())
}

/// Somebody clicked "End maintenance": `SERVICE|MODE|on` or `off`, where the mode may be the notice alone.
pub fn clicked(bot: &mut impl Bot, action: &Action) -> Result {
    let parts: Vec<_> = action.value.split('|').collect();
    let [name, mode, state] = parts.as_slice() else { return Err(user("This card is of an older kind.")) };
    let what = (*name, Mode::parse(mode), *state == "on");
    let (work, why) = if *mode == NOTICE { (Work::Notice, "") } else { work(bot, what)? };
    begin(bot, work, what, &action.by.name, Some(&action.conversation), action.incident.as_ref())?;
    bot.reply(View::default().text(format!("{}{why}", asked(work, what))))?;
    Ok(())
}

/// What turns a mode of a service on or off, and what is to be said of that. What the public reads can always be taken down: the
/// configuration may have lost it, and maintenance may never have been turned on.
fn work(bot: &mut impl Bot, (name, mode, on): (&str, Mode, bool)) -> Result<(Work, &'static str)> {
    if on || mode == Mode::ReadOnly {
        return Ok((may(&service::need(bot, name)?, mode)?, ""));
    }
    let Some(service) = service::find(bot, name)?.filter(|service| service.maintenance) else {
        return Ok((Work::Notice, ""));
    };
    if service.notice && memory::is_not_on(bot, name)? {
        return Ok((
            Work::Notice,
            " Maintenance itself was not turned on; the same once more turns it off all the same.",
        ));
    }
    Ok((Work::Maintenance, ""))
}

/// The button that takes down what the public reads, and does nothing else.
fn take_down(name: &str) -> Button {
    let value = format!("{name}|{NOTICE}|off");
    Button::new("maintenance-notice", "Take the notice down").value(value).once(Once::Never)
}

fn may(service: &Service, mode: Mode) -> Result<Work> {
    if let Some(work) = mode.of(service) {
        return Ok(work);
    }
    let (name, key) = (&service.name, mode.key());
    let other = match mode {
        Mode::Maintenance if service.read_only => {
            " It has a read-only mode, which is another thing: `--mode read-only`."
        }
        Mode::ReadOnly if service.maintenance => " It has full maintenance, which is another thing: leave --mode out.",
        _ => "",
    };
    Err(user(format!(
        "{name} has no such mode: [services.{name}] `{key}` names the commands that turn it on and off.{other}"
    )))
}

fn asked(work: Work, (name, mode, on): (&str, Mode, bool)) -> String {
    let doing = if on { "Turning on" } else { "Turning off" };
    format!("{doing} {} of {name}.", words(work, mode))
}

fn words(work: Work, mode: Mode) -> &'static str {
    match (work, mode) {
        (Work::Notice, _) => "the public notice",
        (_, Mode::Maintenance) => "maintenance",
        (_, Mode::ReadOnly) => "the read-only mode",
    }
}

/// Turns a mode, or (`Work::Notice`) what the public reads of it, on or off. The job's id.
pub fn begin(
    bot: &mut impl Bot,
    work: Work,
    (name, mode, on): (&str, Mode, bool),
    by: &str,
    to: Option<&Conversation>,
    incident: Option<&IncidentId>,
) -> Result<String> {
    let state = if on { "on" } else { "off" };
    let kind = if work == Work::Notice { "notice" } else { "maintenance" };
    let key = format!("{kind}/{name}");
    if let Some(running) = bot.job_with_key(&key)? {
        return Err(user(format!("That is being changed already: job {} ({}).", running.id, running.title)));
    }
    let spec = match work {
        Work::Notice => json!({ "service": name, "on": on }),
        _ => json!({ "service": name, "mode": mode.key(), "on": on }),
    };
    let mut job = NewJob::new(kind, format!("turn {} of {name} {state}", words(work, mode)), &spec)?;
    job = job.key(key).run_limit(LIMIT).on_lost(OnLost::Verify);
    if let Some(to) = to {
        job = job.conversation(to);
    }
    let begun = bot.start_job(job);
    if begun.is_err() && on && (work, mode) == (Work::Maintenance, Mode::Maintenance) {
        // Whoever goes on without it may still have told the public, which then has a way down of its own.
        memory::set_upkeep(bot, name, Upkeep::NotBegun)?;
    }
    let id = match begun {
        Ok(id) => id,
        Err(HostError::Invalid(why)) => {
            return Err(user(format!(
                "{} of {name} cannot be turned {state}: {}.",
                words(work, mode),
                why.trim_end_matches('.')
            )));
        }
        Err(other) => return Err(other.into()),
    };
    let started = Started {
        work,
        service: name.to_owned(),
        to: to.cloned(),
        by: by.to_owned(),
        about: format!("{}|{state}", mode.typed()),
        incident: incident.cloned(),
    };
    memory::started(bot, &id, &started)?;
    Ok(id)
}

/// What a job that should have turned maintenance on leaves behind. Only one that never began has certainly done nothing: a command that
/// failed may have shut people out before it did.
fn turned_on(bot: &mut impl Bot, job: &Job) -> Upkeep {
    match job.status.as_str() {
        "done" => Upkeep::On,
        "denied" | "expired" => Upkeep::NotBegun,
        "cancelled" if !has_begun(bot, job) => Upkeep::NotBegun,
        _ => Upkeep::InDoubt,
    }
}

/// It was turned on or off, or could not be.
pub fn ended(bot: &mut impl Bot, started: &Started, job: &Job) -> Result {
    let name = &started.service;
    let (mode, state) = started.about.split_once('|').unwrap_or(("maintenance", "on"));
    let (mode, on) = (Mode::parse(mode), state == "on");
    let said: Said = bot.said_by(job);
    let passed = job.status == "done" && !matches!(said.status.as_str(), "fail" | "unknown");
    match (started.work, on) {
        (Work::Maintenance, true) if mode == Mode::Maintenance => {
            let now = turned_on(bot, job);
            memory::set_upkeep(bot, name, now)?;
        }
        (Work::Maintenance, false) if passed && mode == Mode::Maintenance => {
            memory::set_upkeep(bot, name, Upkeep::Off)?;
        }
        (Work::Notice, false) if passed => memory::set_untold(bot, name)?,
        _ => {}
    }
    if let Some(incident) = &started.incident {
        let word = if passed { state.to_owned() } else { format!("not turned {state} ({})", job.status) };
        evidence::noted(bot, incident, "rollback", &format!("{name}: {} {word}", words(started.work, mode)))?;
    }
    let (what, value) = (words(started.work, mode), |state: &str| format!("{name}|{}|{state}", mode.typed()));
    let view = match (passed, on) {
        (true, true) => {
            let off = Button::new("maintenance", "Turn it off").value(value("off")).once(Once::Never);
            View::titled(format!("{name}: {what} is on")).tone(Tone::Warning).button(off)
        }
        (true, false) => View::titled(format!("{name}: {what} is off")).tone(Tone::Good),
        (false, _) => {
            let why = if said.error.is_empty() { said.sentence } else { said.error };
            let why = if why.is_empty() { format!("The job ended as {}.", job.status) } else { why };
            let again = Button::new("maintenance", "Try again").value(value(state)).once(Once::Never);
            let title = format!("{name}: {what} was not turned {state}");
            let view = View::titled(title).tone(Tone::Critical).text(why).context("Do it by hand if it is urgent.");
            let view = view.button(again);
            // The public may read of it by now.
            let told = on && (started.work, mode) == (Work::Maintenance, Mode::Maintenance);
            match told && service::find(bot, name)?.is_some_and(|service| service.notice) {
                true => view.button(take_down(name)),
                false => view,
            }
        }
    };
    tell(bot, started.to.as_ref(), view)
}
