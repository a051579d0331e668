//! Runbooks: run step by step in a thread, with one card that shows the present step, and a report at the end. Of each step it is said
//! whether it passed, failed, or is unknown because nobody could look.
//!
//! `run` is how far one is (kept, so that a restarted bot goes on); `act` is what people do,
//! `work` begins steps and `settle` hears how they ended; `card` shows it, `trend` puts its numbers beside
//! earlier ones; `due` begins what is scheduled; `shelf` finds and suggests, and `symptoms`
//! looks whether what is suggested fits.

mod act;
mod card;
mod due;
mod run;
mod settle;
mod shelf;
mod symptoms;
mod trend;
mod work;

#[cfg(test)]
mod tests;

use drillbell_sdk::{
    Action, Alert, Approval, Bot, Command, Job, OnAction, OnAlert, OnApproval, OnCommand, OnJob, OnTimer, Result,
    Timer, internal,
};

/// The plugin.
pub struct Runbook;

impl OnCommand for Runbook {
    fn on_command(bot: &mut impl Bot, cmd: Command) -> Result {
        match cmd.subcommand.as_str() {
            "list" => shelf::list(bot),
            "show" => shelf::show(bot, &cmd),
            "suggest" => shelf::suggest(bot, &cmd),
            "status" => shelf::status(bot),
            "report" => shelf::report(bot, &cmd),
            "start" => act::start(bot, &cmd),
            "run" | "done" | "fail" | "skip" | "handover" | "abort" => act::command(bot, &cmd),
            other => Err(internal(format!("plugin.toml declares `/runbook {other}`, which nothing here handles"))),
        }
    }
}

impl OnAction for Runbook {
    fn on_action(bot: &mut impl Bot, action: Action) -> Result {
        match action.action.as_str() {
            "start" => shelf::started(bot, &action),
            _ => act::clicked(bot, &action),
        }
    }
}

impl OnAlert for Runbook {
    fn on_alert(bot: &mut impl Bot, alert: Alert) -> Result {
        shelf::alert(bot, &alert)
    }
}

impl OnTimer for Runbook {
    fn on_timer(bot: &mut impl Bot, timer: Timer) -> Result {
        if due::due(bot, &timer)? {
            return Ok(());
        }
        if let Some(id) = timer.name.strip_prefix("look/") {
            return symptoms::look(bot, id);
        }
        match timer.name.strip_prefix("takes/") {
            Some(id) => settle::late(bot, id, &timer.payload),
            None => Err(internal(format!("the timer `{}` is not one of this plugin's", timer.name))),
        }
    }
}

impl OnJob for Runbook {
    fn on_job(bot: &mut impl Bot, job: Job) -> Result {
        settle::job(bot, &job)
    }
}

impl OnApproval for Runbook {
    fn on_approval(bot: &mut impl Bot, approval: Approval) -> Result {
        settle::approval(bot, &approval)
    }
}

drillbell_sdk::export!(Runbook: on_command, on_action, on_alert, on_timer, on_job, on_approval; manifest "plugin.toml");
