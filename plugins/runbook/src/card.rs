//! What people see of a run: one card with the present step, and the report.

use crate::run::{Run, State, Waiting};
use drillbell_sdk::book::{Book, Step};
use drillbell_sdk::{Button, Form, FormField, Once, Tone, View, words};

/// Characters of prose on a card: the rest is in the file.
const PROSE: usize = 1200;
/// Characters of an output on a card.
const OUTPUT: usize = 600;

/// The card.
pub fn card(run: &Run, book: &Book) -> View {
    if run.has_ended() {
        return report(run);
    }
    let total = run.steps.len();
    let dry = if run.dry { " (dry run)" } else { "" };
    let mut view = View::titled(format!("{} {}{dry}", run.id, run.title)).tone(tone(run));
    view = view.progress("Steps", run.at as u64, total as u64);
    for (step, n) in run.steps.iter().zip(1..).take(run.at) {
        view = view.context(format!("{} {n} {}: {}", step.state.mark(), step.name, step.said));
    }
    let (Some(step), Some(outcome)) = (book.steps.get(run.at), run.steps.get(run.at)) else { return view };
    view = view.divider().text(format!("Step {} of {total}, {}: {}", run.at + 1, step.section, step.name));
    if !step.text.is_empty() {
        view = view.text(words::clip(&step.text, PROSE));
    }
    view = view.code(words::clip(&step.shown(&run.values), OUTPUT));
    if let Some(expects) = step.expects() {
        view = view.context(format!("Expects {}", words::clip(&expects, 300)));
    }
    if let Some(back) = step.way_back(&run.values) {
        view = view.context(format!("To take it back, which nothing does by itself: {}", words::clip(&back, 300)));
    }
    view = view.context(format!("{}, should take {}, {} runs it", step.risk, words::span(step.takes_ms), run.lead));
    view = match (&run.waiting, outcome.state) {
        (Some(Waiting::Approval(_)), _) => view.text("It waits for an approval."),
        (Some(Waiting::Job(_)), _) => view.time("Running since", outcome.began_ms),
        (None, State::Open) if outcome.said.is_empty() => view,
        (None, state) => {
            let view = view.field(state.word(), outcome.said.clone());
            if outcome.output.is_empty() { view } else { view.code(words::clip(&outcome.output, OUTPUT)) }
        }
    };
    buttons(view, run, step)
}

fn tone(run: &Run) -> Tone {
    match run.steps.get(run.at).map(|step| step.state) {
        Some(State::Fail) => Tone::Critical,
        Some(State::Unknown) => Tone::Warning,
        _ => Tone::Info,
    }
}

fn buttons(view: View, run: &Run, step: &Step) -> View {
    let value = format!("{} {}", run.id, run.revision);
    let button = |action: &str, label: &str| Button::new(action, label).value(value.clone()).once(Once::Never);
    if run.waiting.is_some() {
        return view.button(button("stop", "Stop"));
    }
    let again = run.steps.get(run.at).is_some_and(|outcome| outcome.state != State::Open);
    let mut view = view;
    if !step.by_hand() {
        let run_it = button("run", if again { "Run again" } else { "Run" });
        view = view.button(if step.risk == "read-only" { run_it.primary() } else { run_it.danger() });
    }
    let form = |title: &str, label: &str, command: &str| {
        let field = FormField::new("text", label).hint("It stands in the report.").required();
        Form::new(title, title)
            .command(format!("/runbook {command} --run {} --step {} why", run.id, run.at + 1))
            .field(field)
    };
    view = view.button(button("done", "Done"));
    view = view.form(button("skip", "Skip"), form("Skip", "Why", "skip"));
    view = view.form(button("fail", "Fail"), form("Fail", "What is wrong", "fail"));
    view.button(button("take", "Hand over to me"))
}

/// What came of each step.
pub fn report(run: &Run) -> View {
    let tone = match (run.count(State::Fail), run.count(State::Unknown), &run.aborted) {
        (0, 0, None) => Tone::Good,
        (0, _, None) => Tone::Warning,
        _ => Tone::Critical,
    };
    let dry = if run.dry { " (dry run)" } else { "" };
    let mut view = View::titled(format!("{} {}{dry}: {}", run.id, run.title, run.tally())).tone(tone);
    if let Some(reason) = &run.aborted {
        view = view.field("Ended early", reason.clone());
    }
    view = view.time("Began", run.began_ms);
    if let Some(at_ms) = run.ended_ms {
        view = view.time("Ended", at_ms).field("Took", words::span(at_ms.saturating_sub(run.began_ms)));
    }
    for (step, n) in run.steps.iter().zip(1..) {
        let by = if step.by.is_empty() { String::new() } else { format!(" ({})", step.by) };
        let took = match step.ended_ms > step.began_ms && step.began_ms > 0 {
            true => format!(", {}", words::span(step.ended_ms - step.began_ms)),
            false => String::new(),
        };
        let said = if step.said.is_empty() { step.state.word().to_owned() } else { step.said.clone() };
        view = view.text(format!("{} {n} {}: {said}{by}{took}", step.state.mark(), step.name));
    }
    match &run.incident {
        Some(id) => view.context(format!("What now: tell people what came of it: /sev update TEXT --incident {id}")),
        None => view,
    }
}
