//! Alerts as people see them: one card a group, edited and not posted anew; one summary where there are too many. What alerts
//! are, where they go and how bad they are is decided by the host, and stands in their annotations under `drillbell.`.
//!
//! `group` is what is remembered of a group and how an alert changes it; `memory` keeps it; `card` and `storm` show it;
//! `hear`, `act` and `ring` are what happens on alerts, on people's wishes and on time; `declare` ties groups to incidents;
//! `silence` tells an Alertmanager; `picture` has what was measured drawn; `apart` takes an alert out of its group.

mod act;
mod apart;
mod card;
mod declare;
mod group;
mod hear;
mod memory;
mod picture;
mod ring;
mod silence;
mod storm;

#[cfg(test)]
mod tests;

use drillbell_sdk::{
    Action, Alert, Bot, Command, Job, OnAction, OnAlert, OnCommand, OnJob, OnTimer, Result, Timer, internal,
};

/// The plugin.
pub struct Alerts;

impl OnAlert for Alerts {
    fn on_alert(bot: &mut impl Bot, alert: Alert) -> Result {
        hear::alert(bot, &alert)
    }
}

impl OnCommand for Alerts {
    fn on_command(bot: &mut impl Bot, cmd: Command) -> Result {
        if cmd.subcommand == "list" {
            return act::list(bot, cmd.flag("all"));
        }
        let group = memory::named(bot, cmd.required("id")?)?;
        match cmd.subcommand.as_str() {
            "show" => act::show(bot, group),
            "ack" => act::acknowledge(bot, group, &cmd.by),
            "silence" => {
                let span = cmd.duration("for")?.unwrap_or_default();
                let reason = cmd.required("reason")?;
                act::silence(bot, group, &cmd.by, span, reason)
            }
            "unsilence" => act::unsilence(bot, group, &cmd.by),
            "resolve" => act::resolve(bot, group, &cmd.by),
            "split" => apart::split(bot, group, cmd.required("alert")?, &cmd.by),
            other => Err(internal(format!("plugin.toml declares `/alert {other}`, which nothing here handles"))),
        }
    }
}

impl OnAction for Alerts {
    fn on_action(bot: &mut impl Bot, action: Action) -> Result {
        act::clicked(bot, &action)
    }
}

impl OnTimer for Alerts {
    fn on_timer(bot: &mut impl Bot, timer: Timer) -> Result {
        ring::timer(bot, &timer)
    }
}

impl OnJob for Alerts {
    fn on_job(bot: &mut impl Bot, job: Job) -> Result {
        match job.kind == picture::KIND {
            true => hear::pictured(bot, &job),
            false => silence::ended(bot, &job),
        }
    }
}

drillbell_sdk::export!(Alerts: on_alert, on_command, on_action, on_timer, on_job; manifest "plugin.toml");
