//! What people do in a game day: begin it, do, skip or fail its steps, end it.

use super::game::{self, Game, State, Step};
use super::{BUTTON, card, settle};
use drillbell_sdk::book::{self, Book};
use drillbell_sdk::{Action, Bot, Command, HostError, Level, NewJob, OnLost, Result, View, internal, user, words};
use serde_json::{Value, json};

/// The host's kind of job: the only one that a game day has.
const KIND: &str = "exercise";
/// Characters of a job's title.
const TITLE: usize = 110;

/// `/drill gameday start RUNBOOK [INPUTS] [--on PLACE]`
pub fn start(bot: &mut impl Bot, cmd: &Command) -> Result {
    let text = cmd.text("text").unwrap_or_default();
    let (name, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    if name.is_empty() {
        return Err(user("Which runbook? `/drill gameday start RUNBOOK --on PLACE`; `/runbook list` names them."));
    }
    let book = book::get(bot, name)?;
    let on = place(&book, cmd.text("on"))?;
    let values = book.filled_by(book::inputs(rest)?, &format!("/drill gameday start {name}"))?;
    let (id, now_ms) = (game::new_id(bot)?, bot.now());
    let mark = format!("{} {id}", super::MARK);
    let about = &book.gamedays[&on];
    let head = View::titled(format!("{mark} {}", book.title)).text(format!(
        "{} practises it below, on {about} (`{on}`). Nothing of production is touched, nobody is paged, and nothing becomes public.",
        cmd.by.name
    ));
    let head = bot.post(&cmd.conversation, head)?;
    let thread = match bot.open_thread(&head, &format!("{mark} {}", book.name)) {
        Ok(thread) => thread,
        // A game day goes on whatever becomes of its thread; the operator reads why there is none.
        Err(error @ (HostError::Denied(_) | HostError::Invalid(_))) => {
            bot.log(Level::Warn, &format!("{id} runs where it was started: {error}"));
            cmd.conversation.clone()
        }
        Err(other) => return Err(other.into()),
    };
    let step = |step: &book::Step| Step { name: step.name.clone(), takes_ms: step.takes_ms, ..Step::default() };
    let mut game = Game {
        id: id.clone(),
        book: book.name.clone(),
        title: book.title.clone(),
        digest: book.digest.clone(),
        on: on.clone(),
        thread: thread.clone(),
        channel: cmd.conversation.clone(),
        card: None,
        lead: cmd.by.name.clone(),
        began_ms: now_ms,
        ended_ms: None,
        early: None,
        values,
        revision: 0,
        at: 0,
        steps: book.steps.iter().map(step).collect(),
        job: None,
    };
    game.now().turn_ms = now_ms;
    // The revision that keeping it will give it.
    let shown = Game { revision: 1, ..game.clone() };
    game.card = Some(bot.post(&thread, card::card(&shown, &book))?);
    game::keep(bot, &mut game)?;
    for here in [&thread, &cmd.conversation] {
        bot.set(&format!("game-here/{here}"), &id)?;
    }
    bot.set_data(&json!({ "game": id, "runbook": book.name, "on": on, "steps": game.steps.len(), "thread": thread }))?;
    Ok(())
}

/// Where it is practised: the place that was named, or the only one there is.
fn place(book: &Book, named: Option<&str>) -> Result<String> {
    let known = || book.gamedays.keys().cloned().collect::<Vec<_>>().join(", ");
    match named {
        _ if book.gamedays.is_empty() => {
            Err(user("There is no place to practise at: the operator configures one as [gamedays.NAME]."))
        }
        Some(name) if book.gamedays.contains_key(name) => Ok(name.to_owned()),
        Some(name) => Err(user(format!("There is no [gamedays.{}]; there is {}.", words::clip(name, 40), known()))),
        None if book.gamedays.len() == 1 => Ok(known()),
        None => Err(user(format!("Where? Say it with --on: {}.", known()))),
    }
}

/// `/drill gameday run|done|fail|skip|end`
pub fn command(bot: &mut impl Bot, cmd: &Command, what: &str) -> Result {
    let mut game = game::meant(bot, cmd.text("game"), &cmd.conversation)?;
    game::must_go_on(&game)?;
    let at = game.at as i64 + 1;
    if let Some(meant) = cmd.int("step")?.filter(|meant| *meant != at) {
        let name = &game.steps[game.at].name;
        return Err(user(format!("{} is at step {at}, \"{name}\", not at {meant}: nothing was done.", game.id)));
    }
    act(bot, &mut game, what, cmd.text("text").unwrap_or_default(), &cmd.by.name)?;
    let step = &game.steps[game.at];
    bot.set_data(&json!({
        "game": game.id, "at": game.at + 1, "step": step.name, "state": step.state, "ended": game.has_ended(),
    }))?;
    let told = match game.has_ended() {
        true => format!("{}: {}.", game.mark(), game.tally()),
        false => {
            let (at, of) = (game.at + 1, game.steps.len());
            format!("{}: step {at} of {of}, {}: {}.", game.mark(), step.name, step.state.word())
        }
    };
    bot.reply(View::default().text(told))?;
    Ok(())
}

/// A click. One on a card as it no longer is does nothing.
pub fn clicked(bot: &mut impl Bot, action: &Action) -> Result {
    let Some((id, revision)) = action.value.split_once(' ') else {
        return Err(internal(format!("a button has the value `{}`", action.value)));
    };
    let mut game = game::get(bot, id)?;
    game::must_go_on(&game)?;
    if game.revision.to_string() != revision {
        return Err(user(format!(
            "Somebody was quicker: {} has changed meanwhile. Its card shows how it is now.",
            game.id
        )));
    }
    let what = action.action.strip_prefix(BUTTON).unwrap_or_default();
    act(bot, &mut game, what, "", &action.by.name)
}

fn act(bot: &mut impl Bot, game: &mut Game, what: &str, text: &str, by: &str) -> Result {
    if what == "end" {
        let why = if text.is_empty() { "nobody said why" } else { text };
        if let Some(job) = game.job.take() {
            bot.cancel_job(&job)?;
            game.now().state = State::Unknown;
        }
        game.early = Some(format!("{why} ({by})"));
        return settle::end(bot, game);
    }
    let book = game::book_of(bot, game)?;
    if game.job.is_some() {
        return Err(user(format!("\"{}\" goes on: wait for its end, or end the game day.", game.steps[game.at].name)));
    }
    let step = game.now();
    step.by = by.to_owned();
    let before = match step.state {
        State::Fail | State::Unknown => format!(" (before: {}, {})", step.state.word(), step.said),
        _ => String::new(),
    };
    let text = text.trim();
    match what {
        "run" => begin(bot, game, &book),
        "done" => {
            let said = if text.is_empty() { "done by hand" } else { text };
            settle::step(bot, game, &book, State::Pass, &format!("{said}{before}"))
        }
        "fail" | "skip" if text.is_empty() => Err(user("Say why: it stands in the report.")),
        "fail" => settle::step(bot, game, &book, State::Fail, &format!("{text}{before}")),
        "skip" => settle::step(bot, game, &book, State::Skipped, &format!("{text}{before}")),
        other => Err(internal(format!("a card has the button `{other}`, which nothing here handles"))),
    }
}

/// Does the present step: as a job of the only kind there is.
fn begin(bot: &mut impl Bot, game: &mut Game, book: &Book) -> Result {
    let step = &book.steps[game.at];
    if step.by_hand() {
        return Err(user("This step is done by hand: say `/drill gameday done` or `/drill gameday fail WHY`."));
    }
    if step.kind == "chat" {
        return say(bot, game, book, step);
    }
    let mut does = match step.kind.as_str() {
        // The host is asked all the same: it is the host that says no.
        "backup" => json!({ "backup": step.filled(&game.values) }),
        _ => step.filled(&game.values),
    };
    // Each line of a job's output says its step's name.
    does["name"] = json!(words::clip(&format!("{} {}", super::MARK, step.name), 90));
    let spec: Value = json!({ "on": game.on, "steps": [does] });
    let title = words::clip(&format!("{} {}: {}", game.mark(), game.book, step.name), TITLE);
    let key = format!("{}/{}", game.id, game.at);
    let job = NewJob::new(KIND, title, &spec)?.key(key).on_lost(OnLost::Verify).attempts(1).conversation(&game.thread);
    match bot.start_job(job) {
        Ok(id) => {
            bot.set_json(&format!("game-job/{id}"), &(game.id.clone(), game.at))?;
            game.job = Some(id);
            game.now().state = State::Running;
            settle::show(bot, game, book)
        }
        Err(HostError::Invalid(why) | HostError::Denied(why)) => match settle::withheld(&why) {
            Some(reason) => settle::step(bot, game, book, State::Withheld, reason),
            None => settle::step(bot, game, book, State::Unknown, &format!("it could not be begun: {why}")),
        },
        Err(other) => Err(other.into()),
    }
}

/// What a step would have said somewhere is said here, and only here.
fn say(bot: &mut impl Bot, game: &mut Game, book: &Book, step: &book::Step) -> Result {
    let does = step.filled(&game.values);
    let text = does["say"].as_str().unwrap_or_default();
    let to = does["channel"].as_str().unwrap_or("the runbook's thread");
    let view = View::default().text(format!("{}, for {to}: {text}", game.mark()));
    bot.post(&game.thread, view)?;
    settle::step(bot, game, book, State::Pass, &format!("said in this thread instead of {to}"))
}
