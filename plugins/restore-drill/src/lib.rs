//! Restore drills: copies are proven by restoring them. The bytes are the host's, in jobs; when, how people are reminded, and what is said of
//! how it went is decided here.
//!
//! `policy` is what the operator wants; `due` says when a drill is due and overdue (pure), `subject` gathers what is known of a target;
//! `schedules` sets schedules and timers, `reminders` are what people are told beforehand, `owner` is who is told besides the
//! channel, `run` begins drills, `verdict` tells how they went,
//! `history` is what is remembered, `status` and `report` show it, `postpone` puts one off. `gameday` is a runbook as an exercise.

mod due;
mod gameday;
mod history;
mod owner;
mod policy;
mod postpone;
mod reminders;
mod report;
mod run;
mod schedules;
mod status;
mod subject;
mod verdict;

#[cfg(test)]
mod tests;

use drillbell_sdk::{
    Action, Bot, Command, Job, OnAction, OnCommand, OnJob, OnTimer, Query, Result, Suggest, Suggestion, Timer, View,
    internal, time,
};
use serde_json::json;

/// The plugin.
pub struct RestoreDrill;

impl OnCommand for RestoreDrill {
    fn on_command(bot: &mut impl Bot, cmd: Command) -> Result {
        match cmd.subcommand.as_str() {
            "run" => run(bot, &cmd),
            "report" => report::show(bot, &cmd),
            "status" => status::show(bot, &cmd),
            "postpone" => postpone::typed(bot, &cmd),
            "gameday" => gameday::typed(bot, &cmd),
            other => Err(internal(format!("plugin.toml declares `/drill {other}`, which nothing here handles"))),
        }
    }
}

impl OnAction for RestoreDrill {
    fn on_action(bot: &mut impl Bot, action: Action) -> Result {
        match action.action.as_str() {
            "run" => {
                let target = bot.need_target(&action.value)?;
                run::begin(bot, &target, None, Some(&action.conversation)).map(drop)
            }
            "postpone" => postpone::entered(bot, &action),
            name if name.starts_with(gameday::BUTTON) => gameday::clicked(bot, &action),
            other => Err(internal(format!("a card has the button `{other}`, which nothing here handles"))),
        }
    }
}

impl OnTimer for RestoreDrill {
    fn on_timer(bot: &mut impl Bot, timer: Timer) -> Result {
        schedules::due(bot, &timer)
    }
}

impl OnJob for RestoreDrill {
    fn on_job(bot: &mut impl Bot, job: Job) -> Result {
        if gameday::ended(bot, &job)? {
            return Ok(());
        }
        verdict::ended(bot, &job)
    }
}

impl Suggest for RestoreDrill {
    /// Copies by their short names.
    fn suggest(bot: &mut impl Bot, query: Query) -> Result<Vec<Suggestion>> {
        const MANY: usize = 25;
        if query.argument != "backup" {
            return Ok(Vec::new());
        }
        let copies = bot.copies(None, 200, None)?.into_iter().filter(|copy| copy.verdict != "broken");
        let suggestions = copies.map(|copy| Suggestion {
            label: format!("{} {} {}", copy.target, time::day_hour_minute(copy.taken_ms), copy.verdict),
            value: copy.name().to_owned(),
        });
        let fits = |one: &Suggestion| one.value.starts_with(&query.prefix) || one.label.starts_with(&query.prefix);
        Ok(suggestions.filter(fits).take(MANY).collect())
    }
}

/// `/drill run TARGET [--backup ID]`
fn run(bot: &mut impl Bot, cmd: &Command) -> Result {
    let target = bot.need_target(cmd.required("target")?)?;
    let copy = match cmd.text("backup") {
        Some(name) => Some(bot.need_copy(name, Some(&target.name))?),
        None => None,
    };
    let job = run::begin(bot, &target, copy.as_ref(), Some(&cmd.conversation))?;
    bot.set_data(&json!({ "target": target.name, "object": copy.as_ref().map(|copy| &copy.object), "job": job }))?;
    let what = copy.map_or_else(|| "the newest copy".to_owned(), |copy| copy.name().to_owned());
    bot.reply(View::default().text(format!("Drilling {what} of {}.", target.name)))?;
    Ok(())
}

drillbell_sdk::export!(RestoreDrill: on_command, on_action, on_timer, on_job, suggest; manifest "plugin.toml");
