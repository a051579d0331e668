//! What people see of a game day: one card with the present step and its clock, and the report. Each says first that it is an exercise.

use super::BUTTON;
use super::game::{Game, State};
use super::past::Before;
use drillbell_sdk::book::Book;
use drillbell_sdk::{Button, Chart, Form, FormField, Once, Tone, Unit, View, words};

/// Characters of prose on a card: the rest is in the file.
const PROSE: usize = 1200;
/// Characters of what a step does.
const DOES: usize = 600;
/// Earlier times that stand beside a step's.
const SHOWN: usize = 4;

/// The card.
pub fn card(game: &Game, book: &Book) -> View {
    let total = game.steps.len();
    let mut view = View::titled(format!("{} {}", game.mark(), game.title)).tone(tone(game));
    view = view.progress("Steps", game.at as u64, total as u64);
    for (step, n) in game.steps.iter().zip(1..).take(game.at) {
        let took = step.took_ms().map(|ms| format!(", {}", took(ms))).unwrap_or_default();
        view = view.context(format!("{} {n} {}: {}{took}", step.state.mark(), step.name, step.said));
    }
    let (Some(step), Some(now)) = (book.steps.get(game.at), game.steps.get(game.at)) else { return view };
    view = view.divider().text(format!("Step {} of {total}, {}: {}", game.at + 1, step.section, step.name));
    if !step.text.is_empty() {
        view = view.text(words::clip(&step.text, PROSE));
    }
    view = view.code(words::clip(&step.shown(&game.values), DOES));
    view = view.context(format!("should take {}, {} leads, on `{}`", words::span(step.takes_ms), game.lead, game.on));
    view = view.time("Its turn since", now.turn_ms);
    if !matches!(now.state, State::Open | State::Running) {
        view = view.field(now.state.word(), now.said.clone());
    }
    let value = format!("{} {}", game.id, game.revision);
    let button =
        |what: &str, label: &str| Button::new(format!("{BUTTON}{what}"), label).value(value.clone()).once(Once::Never);
    if game.job.is_some() {
        return view.text("It is being done.");
    }
    if !step.by_hand() {
        let again = now.state != State::Open;
        view = view.button(button("run", if again { "Run again" } else { "Run" }).primary());
    }
    let form = |title: &str, label: &str, what: &str| {
        let field = FormField::new("text", label).hint("It stands in the report.").required();
        let command = format!("/drill gameday {what} --game {} --step {} why", game.id, game.at + 1);
        Form::new(title, title).command(command).field(field)
    };
    view.button(button("done", "Done"))
        .form(button("skip", "Skip"), form("Skip", "Why", "skip"))
        .form(button("fail", "Fail"), form("Fail", "What is wrong", "fail"))
}

fn tone(game: &Game) -> Tone {
    match game.steps.get(game.at).map(|step| step.state) {
        Some(State::Fail) => Tone::Critical,
        Some(State::Unknown) => Tone::Warning,
        _ => Tone::Info,
    }
}

/// What came of each step, how long it took, and how long before.
pub fn report(game: &Game, before: &[Before]) -> View {
    let bad = (game.count(State::Fail), game.count(State::Unknown), &game.early);
    let tone = match bad {
        (0, 0, None) => Tone::Good,
        (0, _, None) => Tone::Warning,
        _ => Tone::Critical,
    };
    let mut view = View::titled(format!("{} {}: {}", game.mark(), game.title, game.tally())).tone(tone);
    if let Some(why) = &game.early {
        view = view.field("Ended early", why.clone());
    }
    view = view.field("Practised on", game.on.clone()).time("Began", game.began_ms);
    if let Some(at_ms) = game.ended_ms {
        let whole_ms = at_ms.saturating_sub(game.began_ms);
        view = view.field("Took", took(whole_ms));
        if game.early.is_none() && !before.is_empty() {
            view = view.chart(chart(game, whole_ms, before));
        }
    }
    for (step, n) in game.steps.iter().zip(1..) {
        let by = if step.by.is_empty() { String::new() } else { format!(" ({})", step.by) };
        let said = if step.said.is_empty() { step.state.word() } else { &step.said };
        view = view.text(format!("{} {n} {}: {said}{by}", step.state.mark(), step.name));
    }
    let lines: Vec<_> =
        game.steps.iter().filter_map(|step| Some(line(&step.name, step.took_ms()?, step.takes_ms, before))).collect();
    if lines.is_empty() {
        return view;
    }
    let head = format!("{:>12} {:>8}  {:<36} step", "took", "should", "before");
    view.code(format!("{head}\n{}", lines.join("\n")))
}

fn line(name: &str, took_ms: u64, takes_ms: u64, before: &[Before]) -> String {
    let earlier: Vec<_> = before.iter().rev().filter_map(|one| one.steps.get(name)).copied().collect();
    let from = earlier.len().saturating_sub(SHOWN);
    let told: Vec<_> = earlier[from..].iter().map(|ms| took(*ms)).collect();
    let told = if told.is_empty() { "first time".to_owned() } else { told.join(", ") };
    let late = if took_ms > takes_ms { "!" } else { " " };
    format!("{:>12} {:>8}{late} {told:<36} {name}", took(took_ms), words::span(takes_ms))
}

/// A time as people compare it: `4.2 s`, `1 min 30 s`.
pub fn took(ms: u64) -> String {
    match ms {
        0..60_000 => words::took_ms(ms),
        _ => format!("{} min {} s", ms / 60_000, ms % 60_000 / 1_000),
    }
}

fn chart(game: &Game, took_ms: u64, before: &[Before]) -> Chart {
    #[expect(clippy::cast_precision_loss, reason = "a chart needs no milliseconds of centuries")]
    let earlier = before.iter().rev().map(|one| (one.began_ms, Some(one.took_ms as f64)));
    #[expect(clippy::cast_precision_loss, reason = "as above")]
    let points = earlier.chain([(game.began_ms, Some(took_ms as f64))]);
    Chart::new("How long it took", Unit::Milliseconds).series(game.book.clone(), points)
}
