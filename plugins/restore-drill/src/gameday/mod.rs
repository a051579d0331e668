//! Game days: a runbook as an exercise. Its steps are jobs of the kind `exercise`, which the host does with nothing of production's;
//! this plugin may start no other that could. What is said is said in the exercise's own thread, each time as an exercise.
//!
//! `game` is how far one is (kept, so that a restarted bot goes on); `act` is what people do and `settle` what comes of it; `card` shows
//! it, `past` is what is remembered of those that ended.

mod act;
mod card;
mod game;
mod past;
mod settle;

pub use settle::ended;

use drillbell_sdk::{Action, Bot, Command, Result, internal, user};

/// What the name of each of its buttons begins with.
pub const BUTTON: &str = "game-";
/// What stands before everything that is said.
pub const MARK: &str = "EXERCISE";

/// `/drill gameday WHAT`
pub fn typed(bot: &mut impl Bot, cmd: &Command) -> Result {
    let what = cmd.text("what").unwrap_or("list");
    if let Some(incident) = cmd.incident.as_ref().filter(|_| !matches!(what, "list" | "report" | "end")) {
        return Err(user(format!(
            "{incident} is open, and nobody practises beside it: what is done here would stand on its timeline. \
             A game day that goes on rests, or is ended with `/drill gameday end`."
        )));
    }
    match what {
        "list" => past::list(bot),
        "report" => past::report(bot, cmd),
        "start" => act::start(bot, cmd),
        "run" | "done" | "fail" | "skip" | "end" => act::command(bot, cmd, what),
        other => Err(internal(format!("plugin.toml declares `/drill gameday {other}`, which nothing here handles"))),
    }
}

/// A click on a game day's card.
pub fn clicked(bot: &mut impl Bot, action: &Action) -> Result {
    act::clicked(bot, action)
}
