//! What is remembered of game days: the newest 100, told as a list, one by one, and beside earlier ones of the same runbook.

use super::card;
use super::game::{self, Game, State};
use drillbell_sdk::{Bot, Command, Result, View, time};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Game days that are remembered.
const KEPT: usize = 100;
/// Those in a list; the data have all.
const LINES: usize = 25;
/// Earlier ones that one is held against.
const BEFORE: usize = 12;

/// An earlier game day of the same runbook in the same place that went to its end.
pub struct Before {
    /// When it began.
    pub began_ms: u64,
    /// How long it took.
    pub took_ms: u64,
    /// How long each of its steps took that passed.
    pub steps: BTreeMap<String, u64>,
}

/// Those before one, the newest first.
pub fn before(bot: &mut impl Bot, game: &Game) -> Result<Vec<Before>> {
    let same = |one: &&Game| {
        (&one.book, &one.on) == (&game.book, &game.on) && one.id != game.id && one.began_ms <= game.began_ms
    };
    let told = |one: &Game| {
        let ended_ms = one.ended_ms.filter(|_| one.early.is_none())?;
        // What was skipped, withheld or failed says nothing of how long it takes.
        let done = one.steps.iter().filter(|step| step.state == State::Pass);
        let steps = done.filter_map(|step| Some((step.name.clone(), step.took_ms()?)));
        Some(Before { began_ms: one.began_ms, took_ms: ended_ms.saturating_sub(one.began_ms), steps: steps.collect() })
    };
    Ok(game::all(bot)?.iter().filter(same).filter_map(told).take(BEFORE).collect())
}

/// Forgets the oldest.
pub fn forget(bot: &mut impl Bot) -> Result {
    for old in game::all(bot)?.into_iter().skip(KEPT).filter(Game::has_ended) {
        if let Some(key) = game::key(&old.id) {
            bot.delete(&key)?;
        }
        for here in [&old.thread, &old.channel] {
            let key = format!("game-here/{here}");
            if bot.get(&key)?.is_some_and(|id| id == old.id) {
                bot.delete(&key)?;
            }
        }
    }
    Ok(())
}

/// `/drill gameday list`
pub fn list(bot: &mut impl Bot) -> Result {
    let games = game::all(bot)?;
    bot.set_data(&json!({ "games": games.iter().map(machine).collect::<Vec<_>>() }))?;
    if games.is_empty() {
        let text = "Begin one with `/drill gameday start RUNBOOK --on PLACE`; docs/gamedays.md tells how.";
        bot.reply(View::nothing("There was no game day yet").text(text))?;
        return Ok(());
    }
    let width = games.iter().take(LINES).map(|game| game.book.len()).max().unwrap_or_default();
    let lines: Vec<_> = games.iter().take(LINES).map(|game| line(game, width)).collect();
    let title = if games.len() == 1 { "1 game day".to_owned() } else { format!("{} game days", games.len()) };
    bot.reply(View::listing(title, &lines).context("/drill gameday report G-1 tells one."))?;
    Ok(())
}

fn line(game: &Game, width: usize) -> String {
    let took = match (game.ended_ms, &game.early) {
        (None, _) => "goes on".to_owned(),
        (Some(_), Some(_)) => "ended early".to_owned(),
        (Some(at_ms), None) => card::took(at_ms.saturating_sub(game.began_ms)),
    };
    let (id, when, tally) = (&game.id, time::day_hour_minute(game.began_ms), game.tally());
    format!("{id:<5} {when:<12}  {:<width$}  {:<12}  {took:>12}  {tally}", game.book, game.on)
}

fn machine(game: &Game) -> Value {
    let steps: Vec<_> = game
        .steps
        .iter()
        .map(|step| {
            json!({ "name": step.name, "state": step.state, "said": step.said, "by": step.by, "took_ms": step.took_ms(),
                    "takes_ms": step.takes_ms })
        })
        .collect();
    json!({
        "game": game.id, "exercise": true, "runbook": game.book, "on": game.on, "began_ms": game.began_ms,
        "ended_ms": game.ended_ms, "early": game.early, "at": game.at + 1, "steps": steps,
    })
}

/// `/drill gameday report [G-1]`
pub fn report(bot: &mut impl Bot, cmd: &Command) -> Result {
    let game = game::meant(bot, cmd.text("game").or(cmd.text("text")), &cmd.conversation)?;
    let before = before(bot, &game)?;
    bot.set_data(&machine(&game))?;
    bot.reply(card::report(&game, &before))?;
    Ok(())
}
