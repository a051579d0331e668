//! What came of a step of a game day: from a job's end, or from people. After it the next one's turn comes, and its clock begins.

use super::game::{self, Game, State};
use super::{card, past};
use drillbell_sdk::book::Book;
use drillbell_sdk::{Bot, Error, HostError, Job, Level, Result, words};
use serde_json::Value;

/// A step has come out so. After a failure people decide, as in earnest; where the runbook goes on, so does this.
pub fn step(bot: &mut impl Bot, game: &mut Game, book: &Book, state: State, said: &str) -> Result {
    let now_ms = bot.now();
    game.job = None;
    let step = game.now();
    (step.state, step.said, step.ended_ms) = (state, said.trim().trim_end_matches('.').to_owned(), now_ms);
    let on = matches!(state, State::Pass | State::Skipped | State::Withheld);
    if !on && !book.steps.get(game.at).is_some_and(|step| step.go_on) {
        return show(bot, game, book);
    }
    if game.at + 1 == game.steps.len() {
        return end(bot, game);
    }
    game.at += 1;
    game.now().turn_ms = now_ms;
    show(bot, game, book)
}

/// Keeps it and shows its card as it is now.
pub fn show(bot: &mut impl Bot, game: &mut Game, book: &Book) -> Result {
    game::keep(bot, game)?;
    edit(bot, game, card::card(game, book))
}

fn edit(bot: &mut impl Bot, game: &Game, view: drillbell_sdk::View) -> Result {
    let Some(message) = &game.card else { return Ok(()) };
    match bot.edit(message, view) {
        Ok(()) => Ok(()),
        // The host forgets messages after a while; what came of it is remembered.
        Err(HostError::NotFound(why)) => {
            bot.log(Level::Info, &why);
            Ok(())
        }
        Err(other) => Err(other.into()),
    }
}

/// It is over: its card becomes the report, which is kept, and posted where it was begun.
pub fn end(bot: &mut impl Bot, game: &mut Game) -> Result {
    game.ended_ms = Some(bot.now());
    game.job = None;
    game::keep(bot, game)?;
    let before = past::before(bot, game)?;
    edit(bot, game, card::report(game, &before))?;
    if game.channel != game.thread {
        bot.post_or_log(&game.channel, card::report(game, &before))?;
    }
    past::forget(bot)
}

/// A job has ended; `false` if it is none of a game day's.
pub fn ended(bot: &mut impl Bot, job: &Job) -> Result<bool> {
    let Some((id, at)) = bot.take_json::<(String, usize)>(&format!("game-job/{}", job.id))? else {
        return Ok(false);
    };
    let mut game = game::get(bot, &id)?;
    // It was ended meanwhile.
    if game.has_ended() || game.at != at || game.job.as_deref() != Some(job.id.as_str()) {
        return Ok(true);
    }
    let detail: Value = serde_json::from_str(&job.detail).unwrap_or_default();
    let result = if job.status == "done" { &detail } else { &detail["detail"] };
    for (name, value) in result["captured"].as_object().into_iter().flatten() {
        if let Some(value) = value.as_str().filter(|value| !value.contains(['{', '}'])) {
            game.values.insert(name.clone(), value.to_owned());
        }
    }
    let (state, said) = judged(&job.status, result, detail["error"].as_str().unwrap_or_default());
    match game::book_of(bot, &game) {
        Ok(book) => step(bot, &mut game, &book, state, &said)?,
        // How it goes on is not known any more; what came of the step is.
        Err(Error::User(why)) => {
            game.early = Some(why);
            let step = game.now();
            (step.state, step.said, step.ended_ms) = (state, said, job.at_ms);
            end(bot, &mut game)?;
        }
        Err(other) => return Err(other),
    }
    Ok(true)
}

fn judged(status: &str, result: &Value, error: &str) -> (State, String) {
    let last = result["steps"].as_array().and_then(|steps| steps.last());
    let sentence = last.and_then(|last| last["sentence"].as_str()).filter(|said| !said.is_empty());
    let said = words::clip(sentence.unwrap_or(error), 500);
    let unseen = last.is_some_and(|last| last["unseen"] == true || last["status"] == "unknown");
    match status {
        "done" => (State::Pass, if said.is_empty() { "done".to_owned() } else { said }),
        "denied" | "expired" | "cancelled" => (State::Unknown, format!("it was not done: {status}")),
        "failed" if last.is_some() && !unseen => (State::Fail, said),
        // Refused once more beneath this plugin, when it was to begin.
        _ => match withheld(error).filter(|_| last.is_none()) {
            Some(reason) => (State::Withheld, reason.to_owned()),
            None => (State::Unknown, said),
        },
    }
}

/// What the host says of what is production's.
const WITHHELD: &str = "it was withheld: ";

/// Why something was withheld, without what the host says around it; `None` if it was not.
pub fn withheld(why: &str) -> Option<&str> {
    why.find(WITHHELD).map(|at| &why[at + WITHHELD.len()..])
}
