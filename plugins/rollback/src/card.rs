//! How a check looks: every verdict, what follows from it, what people attested, and the decision with its clock.

use crate::check::{self, Check};
use crate::service::Service;
use crate::tree::Leads;
use crate::verdict::{self, Advice, Attestations};
use drillbell_sdk::{Button, Once, Tone, View, time};

/// Characters of a button's label.
const LABEL: usize = 70;

/// The card of a check.
pub fn check(service: &Service, check: &Check, now_ms: u64) -> View {
    let (name, ways) = (&service.name, service.ways());
    let (title, tone) = match check::advice(check) {
        Advice::RollBack => (format!("{name}: roll back"), Tone::Critical),
        Advice::Weigh => (format!("{name}: weigh it, the criteria and people disagree"), Tone::Warning),
        Advice::Hold => (format!("{name}: hold, nobody can tell"), Tone::Warning),
        Advice::Keep => (format!("{name}: no reason to roll back"), Tone::Good),
    };
    let mut view = View::titled(title).tone(tone);
    view = view.text(verdict::because(name, &check.results, check.asks.len(), check.against.len()));
    if !check.results.is_empty() {
        view = view.code(check.results.iter().map(|one| one.line()).collect::<Vec<_>>().join("\n"));
    }
    view = attested(view, "For it", &ways.asks, &check.asks);
    view = attested(view, "Against it", &ways.against, &check.against);
    let value = |word: &str| format!("{name}|{}|{word}", check.id);
    let toggles = [("ask", &ways.asks, &check.asks), ("against", &ways.against, &check.against)];
    for (word, texts, all) in toggles {
        for (number, text) in texts.iter().enumerate() {
            let label = if all.contains_key(&number) { format!("Take back: {text}") } else { text.clone() };
            let button =
                Button::new(format!("{word}-{number}"), clip(&label)).value(value(&format!("{word}|{number}")));
            view = view.button(button.once(Once::Never));
        }
    }
    decision(view.divider(), service, check, now_ms)
}

fn decision(mut view: View, service: &Service, check: &Check, now_ms: u64) -> View {
    let name = &service.name;
    let button = |word: &str, label: &str| {
        Button::new(word, label).value(format!("{name}|{}|{word}", check.id)).once(Once::Never)
    };
    if let Some((leads, who)) = &check.decided {
        let said = format!("{}, by {} at {}", leads.words(), who.by, time::hour_minute(who.at_ms));
        view = view.field("Decided", said).button(button("anew", "Decide anew"));
        if *leads == Leads::RollBack {
            view =
                view.button(Button::new("plan", "Plan the rollback").value(name.as_str()).primary().once(Once::Never));
        }
        return view;
    }
    if let Some(clock) = &check.clock {
        view = view.field("Clock", clock.stands(now_ms)).time("Roll back by", clock.until_ms());
    }
    match check.tree.question() {
        Some(question) if check.tree.severe.is_none() => {
            view.text(question).button(button("severe", "P0 or P1")).button(button("lesser", "Less than that"))
        }
        Some(question) => view
            .text(question)
            .button(button("quick", "Yes: fix forward"))
            .button(button("slow", "No: roll back").danger()),
        None => view,
    }
}

fn attested(mut view: View, title: &str, texts: &[String], all: &Attestations) -> View {
    for (number, who) in all {
        if let Some(text) = texts.get(*number) {
            view = view.field(title, format!("{text} ({}, {})", who.by, time::hour_minute(who.at_ms)));
        }
    }
    view
}

/// The clock has run out and nobody decided.
pub fn undecided(service: &Service, check: &Check) -> View {
    let name = &service.name;
    let mut view = View::titled(format!("{name}: the time to decide is over")).tone(Tone::Critical);
    if let Some(clock) = &check.clock {
        view = view.text(format!(
            "{} was to be rolled back or repaired by {}, and nobody has decided.",
            name,
            time::hour_minute(clock.until_ms())
        ));
    }
    view.context(format!("Answer on the card above, or `/rollback plan {name}`."))
        .button(Button::new("plan", "Plan the rollback").value(name.as_str()).primary().once(Once::Never))
}

/// A label that every platform shows.
pub fn clip(text: &str) -> String {
    match text.chars().count() {
        0..=LABEL => text.to_owned(),
        _ => text.chars().take(LABEL - 1).chain(['…']).collect(),
    }
}
