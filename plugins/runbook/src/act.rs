//! What people do with a run: start it, do, skip or fail its steps, take it over, end it.

use crate::run::{self, Outcome, Run, State, Waiting};
use crate::{card, settle, work};
use drillbell_sdk::book::{self, Book};
use drillbell_sdk::{Action, ApprovalId, Bot, Command, Conversation, HostError, Level, Result, View, internal, user};
use serde_json::json;
use std::collections::BTreeMap;

/// `/runbook start NAME [INPUTS]`
pub fn start(bot: &mut impl Bot, cmd: &Command) -> Result {
    let name = cmd.required("name")?;
    let values = book::inputs(cmd.text("inputs").unwrap_or_default())?;
    let run = begin(bot, name, values, cmd.flag("dry-run"), (&cmd.by.name, &cmd.conversation), cmd.incident.as_ref())?;
    bot.set_data(&json!({ "run": run.id, "runbook": run.book, "steps": run.steps.len(), "thread": run.thread }))?;
    Ok(())
}

/// Starts a runbook where somebody asked for it.
pub fn begin(
    bot: &mut impl Bot,
    name: &str,
    values: BTreeMap<String, String>,
    dry: bool,
    asked: (&str, &Conversation),
    incident: Option<&drillbell_sdk::IncidentId>,
) -> Result<Run> {
    let (by, here) = asked;
    let book = book::get(bot, name)?;
    let values = book.filled_by(values, &format!("/runbook start {name}"))?;
    let id = run::new_id(bot)?;
    let dry_words = if dry { " (dry run)" } else { "" };
    let head =
        View::titled(format!("{id} {}{dry_words}", book.title)).text(format!("{by} runs it, step by step, below."));
    let head = bot.post(here, head)?;
    let (thread, card) = match bot.open_thread(&head, &format!("{id} {}", book.name)) {
        Ok(thread) => (thread, None),
        // A run goes on whatever becomes of its thread; the operator reads why there is none.
        Err(error @ (HostError::Denied(_) | HostError::Invalid(_))) => {
            bot.log(Level::Warn, &format!("{id} runs where it was started: {error}"));
            (here.clone(), Some(head))
        }
        Err(other) => return Err(other.into()),
    };
    let steps = book.steps.iter().map(|step| Outcome { name: step.name.clone(), ..Outcome::default() }).collect();
    let mut run = Run {
        id,
        book: book.name.clone(),
        title: book.title.clone(),
        digest: book.digest.clone(),
        incident: incident.cloned(),
        thread: thread.clone(),
        channel: here.clone(),
        card,
        lead: by.to_owned(),
        began_ms: bot.now(),
        ended_ms: None,
        aborted: None,
        dry,
        values,
        revision: 0,
        at: 0,
        steps,
        waiting: None,
        scheduled: false,
        alone: false,
    };
    if run.card.is_none() {
        // The revision that keeping it below will give it.
        let shown = Run { revision: 1, ..run.clone() };
        run.card = Some(bot.post(&thread, card::card(&shown, &book))?);
        run::keep(bot, &mut run)?;
    } else {
        work::show(bot, &mut run, &book)?;
    }
    // Where it was started the newest is meant, whatever becomes of older ones.
    bot.set(&format!("here/{}", run.channel), &run.id)?;
    run::tell_timeline(bot, &run, &format!("{} {} was started by {by}{dry_words}", run.id, run.book))?;
    Ok(run)
}

/// `/runbook run|done|fail|skip|handover|abort`
pub fn command(bot: &mut impl Bot, cmd: &Command) -> Result {
    let mut run = run::meant(bot, cmd.text("run"), &cmd.conversation)?;
    run::must_go_on(&run)?;
    let at = run.at as i64 + 1;
    if let Some(meant) = cmd.int("step")?.filter(|meant| *meant != at) {
        let name = &run.steps[run.at].name;
        return Err(user(format!("{} is at step {at}, \"{name}\", not at {meant}: nothing was done.", run.id)));
    }
    let text = ["note", "reason", "to"].into_iter().find_map(|name| cmd.text(name)).unwrap_or_default().to_owned();
    act(bot, &mut run, &cmd.subcommand, &text, &cmd.by.name)?;
    let step = &run.steps[run.at];
    bot.set_data(&json!({ "run": run.id, "at": run.at + 1, "step": step.name, "state": step.state.word(), "ended": run.has_ended() }))?;
    let told = match run.has_ended() {
        true => format!("{}: {}.", run.id, run.tally()),
        false => {
            format!("{}: step {} of {}, {}: {}.", run.id, run.at + 1, run.steps.len(), step.name, step.state.word())
        }
    };
    bot.reply(View::default().text(told))?;
    Ok(())
}

/// A click on a run's card. One on a card as it no longer is does nothing.
pub fn clicked(bot: &mut impl Bot, action: &Action) -> Result {
    let Some((id, revision)) = action.value.split_once(' ') else {
        return Err(internal(format!("a button has the value `{}`", action.value)));
    };
    let mut run = run::get(bot, id)?;
    run::must_go_on(&run)?;
    if run.revision.to_string() != revision {
        return Err(user(format!(
            "Somebody was quicker: {} has changed meanwhile. Its card shows how it is now.",
            run.id
        )));
    }
    let text = action.fields.text("text").unwrap_or_default().to_owned();
    let word = if action.action == "take" { "handover" } else { action.action.as_str() };
    let text = if word == "handover" { action.by.name.clone() } else { text };
    act(bot, &mut run, word, &text, &action.by.name)
}

fn act(bot: &mut impl Bot, run: &mut Run, word: &str, text: &str, by: &str) -> Result {
    run::must_go_on(run)?;
    // Whoever takes it in hand attends to it from now on.
    run.alone = false;
    if word == "abort" {
        return abort(bot, run, text, by);
    }
    let book = run::book_of(bot, run)?;
    if run.waiting.is_some() && matches!(word, "done" | "fail" | "skip") {
        return Err(user("The step goes on: stop it first, or wait for its end."));
    }
    match word {
        "run" => work::begin(bot, run, &book, by),
        "done" => by_hand(bot, run, &book, State::Pass, if text.is_empty() { "done by hand" } else { text }, by),
        "fail" => by_hand(bot, run, &book, State::Fail, text, by),
        "skip" => by_hand(bot, run, &book, State::Skipped, text, by),
        "stop" => stop(bot, run, &book),
        "handover" => {
            run.lead = text.to_owned();
            run::tell_timeline(bot, run, &format!("{} {} was handed to {text} by {by}", run.id, run.book))?;
            work::show(bot, run, &book)
        }
        other => Err(internal(format!("a card has the button `{other}`, which nothing here handles"))),
    }
}

/// What people say of the present step. What was measured before stays with it.
fn by_hand(bot: &mut impl Bot, run: &mut Run, book: &Book, state: State, said: &str, by: &str) -> Result {
    if said.trim().is_empty() {
        return Err(user("Say why: it stands in the report."));
    }
    let now_ms = bot.now();
    let outcome = run.now();
    let before = match outcome.state {
        State::Fail | State::Unknown => format!("{} (before: {}, {})", said.trim(), outcome.state.word(), outcome.said),
        _ => said.trim().to_owned(),
    };
    outcome.by = by.to_owned();
    if outcome.began_ms == 0 {
        outcome.began_ms = now_ms;
    }
    settle::step(bot, run, book, state, before)
}

fn stop(bot: &mut impl Bot, run: &mut Run, book: &Book) -> Result {
    let_go(bot, run)?;
    let outcome = run.now();
    (outcome.state, outcome.said) = (State::Unknown, "it was stopped; how far it came is on its job's card".to_owned());
    work::show(bot, run, book)
}

/// What the present step waits for ends too.
fn let_go(bot: &mut impl Bot, run: &mut Run) -> Result {
    match run.waiting.take() {
        Some(Waiting::Job(id)) => bot.cancel_job(&id)?,
        Some(Waiting::Approval(id)) => bot.cancel_approval(&ApprovalId::from(id), "the step was stopped")?,
        None => {}
    }
    Ok(())
}

fn abort(bot: &mut impl Bot, run: &mut Run, why: &str, by: &str) -> Result {
    let now_ms = bot.now();
    let waited = run.waiting.clone();
    let_go(bot, run)?;
    let outcome = run.now();
    match waited {
        Some(Waiting::Job(_)) => {
            (outcome.state, outcome.said) = (State::Unknown, "the run was ended while it ran".to_owned());
            outcome.ended_ms = now_ms;
        }
        Some(Waiting::Approval(_)) => {
            (outcome.state, outcome.said) = (State::Open, "it was not begun: nobody had approved it".to_owned());
        }
        None => {}
    }
    run.aborted = Some(format!("{why} ({by})"));
    // A runbook that changed, or went, cannot keep a run from being ended: its card needs none of it any more.
    settle::end(bot, run, &Book::default())
}
