//! The facts of a section, computed from the timeline. Each names the lines it comes from; what they do not say is said to be
//! unknown. Nothing here knows why anything happened.

use crate::known::{Fact, Known, severity_of, status_of};
use crate::md::{line, moment, short};
use crate::section::Section;
use drillbell_sdk::{Entry, Span, words};

/// Characters of a line that is quoted.
const QUOTED: usize = 300;
/// Lines of one kind that are quoted; the timeline has the others.
const MOST: usize = 10;

/// When something was, and the line that says so.
type Told = (u64, Option<usize>);

/// A section's facts, and what the timeline does not say, each a sentence.
pub fn of(known: &Known, section: Section) -> (Vec<Fact>, Vec<String>) {
    match section {
        Section::Summary => (summary(known), Vec::new()),
        Section::Impact => impact(known),
        Section::Timeline | Section::ActionItems => (Vec::new(), Vec::new()),
        Section::RootCause => (Vec::new(), vec![String::from("Why it happened, no line of the timeline can say.")]),
        Section::Contributing => (contributing(known), Vec::new()),
        Section::WentWell => (against(known, true), Vec::new()),
        Section::WentPoorly => (poorly(known), Vec::new()),
    }
}

fn summary(known: &Known) -> Vec<Fact> {
    let incident = &known.incident;
    let about = incident.service.as_ref().map(|service| format!(", about the service {}", line(service)));
    let declared = known.of_kind("declared").map(|(number, _)| number);
    let mut facts = vec![Fact::new(
        format!(
            "{} was declared by {} at {}{}: {}.",
            line(incident.id.as_str()),
            line(&incident.declared_by),
            moment(incident.declared_ms),
            about.unwrap_or_default(),
            line(&incident.title)
        ),
        declared.chain(known.of_kind("title").map(|(number, _)| number)),
    )];
    if let Some(into) = &known.facts.merged_into {
        let from = known.of_kind("merged").map(|(number, _)| number);
        facts.push(Fact::new(format!("It was part of {} and went on there.", line(into.as_str())), from));
    }
    facts
}

fn impact(known: &Known) -> (Vec<Fact>, Vec<String>) {
    let mut facts = Vec::new();
    let mut unknown = vec![String::from("Who was affected, and how many of them, the timeline does not say.")];
    let spans = &known.facts.spans;
    for (nth, span) in spans.iter().enumerate() {
        let again = if nth == 0 { "" } else { "Opened again: " };
        times(known, span, again, (&mut facts, &mut unknown));
    }
    let whole: Option<u64> = spans.iter().map(|span| Some(span.resolved_ms?.saturating_sub(span.opened_ms))).sum();
    if let Some(ms) = whole.filter(|_| spans.len() > 1) {
        let ends = spans.iter().filter_map(|span| known.moved(span.resolved_ms?, &["resolved"]));
        facts.push(Fact::new(format!("It was open {} times, for {} in all.", spans.len(), words::span(ms)), ends));
    }
    facts.push(severities(known));
    if known.incident.service.is_none() {
        unknown.push(String::from("Which service it was, nobody has said."));
    }
    let alerts: Vec<usize> = known.of_kind("alert").map(|(number, _)| number).collect();
    if !alerts.is_empty() {
        let lines = if alerts.len() == 1 { "One line tells".into() } else { format!("{} lines tell", alerts.len()) };
        facts.push(Fact::new(format!("{lines} of alerts."), alerts));
    }
    facts.extend(quotes(known, "Said to the public", |entry| {
        entry.kind == "approval" && entry.text.contains("the public update of") && entry.text.starts_with("approved")
    }));
    let restored = quotes(known, "A restore", |entry| entry.kind == "job" && entry.text.contains(" was restored. "));
    if restored.is_empty() {
        unknown.push(String::from("Whether data was lost, the timeline does not say."));
    }
    facts.extend(restored);
    (facts, unknown)
}

/// How long it took, one time that it was open.
fn times(known: &Known, span: &Span, again: &str, (facts, unknown): (&mut Vec<Fact>, &mut Vec<String>)) {
    let opened = known.at("declared", span.opened_ms).or_else(|| known.moved(span.opened_ms, &["investigating"]));
    let after = |at_ms: u64| words::span(at_ms.saturating_sub(span.opened_ms));
    match &span.acknowledged {
        Some(deed) => facts.push(Fact::new(
            format!("{again}Acknowledged by {} after {}.", line(&deed.by), after(deed.at_ms)),
            opened.into_iter().chain(known.at("acknowledged", deed.at_ms)),
        )),
        None => unknown.push(format!("{again}Who took it up first, and when, the timeline does not say.")),
    }
    let restored = span.restored_ms.map(|at_ms| (at_ms, known.moved(at_ms, &["monitoring", "resolved"])));
    match restored {
        Some((at_ms, by)) => {
            let text = format!("{again}Restored after {}, at {}.", after(at_ms), moment(at_ms));
            facts.push(Fact::new(text, opened.into_iter().chain(by)));
        }
        None => unknown.push(format!("{again}When the service was restored, the timeline does not say.")),
    }
    match span.resolved_ms {
        Some(at_ms) => facts.push(Fact::new(
            format!("{again}Resolved after {}, at {}.", after(at_ms), moment(at_ms)),
            opened.into_iter().chain(known.moved(at_ms, &["resolved"])).chain(known.at("merged", at_ms)),
        )),
        None => unknown.push(format!("{again}It is not resolved.")),
    }
}

/// The severities over time.
fn severities(known: &Known) -> Fact {
    let changes: Vec<_> =
        known.of_kind("severity").filter_map(|(number, entry)| Some((number, entry, severity_of(entry)?))).collect();
    let declared = known.of_kind("declared").next().map(|(number, _)| number);
    let first = changes.first().map_or(known.incident.severity.as_str(), |(_, _, (from, _))| from);
    let mut text = format!("Severity: {} from {}", line(first), moment(known.incident.declared_ms));
    for (_, entry, (_, to)) in &changes {
        text.push_str(&format!(", {} from {}", line(to), moment(entry.at_ms)));
    }
    text.push('.');
    Fact::new(text, declared.into_iter().chain(changes.iter().map(|(number, _, _)| *number)))
}

fn contributing(known: &Known) -> Vec<Fact> {
    let mut facts = quotes(known, "A deploy", |entry| entry.kind == "deploy");
    facts.extend(quotes(known, "It came back", |entry| entry.kind == "status" && entry.text.starts_with("reopened: ")));
    facts
}

fn poorly(known: &Known) -> Vec<Fact> {
    let mut facts = against(known, false);
    facts.extend(quotes(known, "Work that failed", |entry| entry.kind == "job" && entry.text.contains(": failed. ")));
    facts.extend(quotes(known, "Without the approval it needed", |entry| entry.kind == "break-glass"));
    facts
}

/// How the first time that it was open stands against what is expected of its severity: those that held, or those that did not.
fn against(known: &Known, well: bool) -> Vec<Fact> {
    let Some(span) = known.facts.spans.first() else { return Vec::new() };
    let opened = known.at("declared", span.opened_ms);
    let acknowledged = span.acknowledged.as_ref().map(|deed| (deed.at_ms, known.at("acknowledged", deed.at_ms)));
    let decided = span.decided_ms.map(|at_ms| (at_ms, known.moved(at_ms, &["identified", "monitoring", "resolved"])));
    let restored = span.restored_ms.map(|at_ms| (at_ms, known.moved(at_ms, &["monitoring", "resolved"])));
    let clocks = known.clocks;
    let all = [
        ("Acknowledged", clocks.acknowledge_ms, acknowledged),
        ("Decided what to do", clocks.decide_ms, decided),
        ("Restored", clocks.rollback_ms, restored),
    ];
    let fact = |(what, within, done): (&str, Option<u64>, Option<Told>)| {
        let (within, (at_ms, by)) = (within?, done?);
        let took = at_ms.saturating_sub(span.opened_ms);
        let (took_words, within_words) = (words::span(took), words::span(within));
        let severity = line(&known.incident.severity);
        let text = match took <= within {
            true => format!("{what} after {took_words}, within the {within_words} expected of {severity}."),
            false => format!("{what} after {took_words}; {within_words} are expected of {severity}."),
        };
        (well == (took <= within)).then(|| Fact::new(text, opened.into_iter().chain(by)))
    };
    all.into_iter().filter_map(fact).collect()
}

/// Lines, quoted.
fn quotes(known: &Known, what: &str, fits: impl Fn(&Entry) -> bool) -> Vec<Fact> {
    let quote = |(number, entry): (usize, &Entry)| {
        Fact::new(format!("{what}, at {}: {}", moment(entry.at_ms), short(&entry.text, QUOTED)), [number])
    };
    known.numbered().filter(|(_, entry)| fits(entry)).take(MOST).map(quote).collect()
}

/// A runbook that was run, or a glass that was broken: what somebody should look at afterwards. The line's id, and what is to be done.
pub fn lessons(known: &Known) -> Vec<(String, String)> {
    let lesson = |entry: &Entry| match entry.kind.as_str() {
        "runbook" if entry.text.contains(" was started by ") && !entry.text.ends_with("(dry run)") => {
            let run = entry.text.split(" was started by ").next()?;
            Some(format!("What the runbook {run} taught: mend what was wrong or missing in it"))
        }
        "break-glass" => Some(format!("Review: {}", words::clip(&entry.text, 150))),
        _ => None,
    };
    known.lines.iter().filter_map(|entry| Some((entry.id.clone(), lesson(entry)?))).collect()
}

/// The moments of a picture of it: when, and what.
pub fn marks(known: &Known) -> Vec<(u64, String)> {
    let mark = |entry: &Entry| match entry.kind.as_str() {
        "declared" => Some(String::from("declared")),
        "acknowledged" => Some(String::from("acknowledged")),
        "status" => status_of(entry).map(|(_, to)| to.to_owned()),
        _ => None,
    };
    known.lines.iter().filter_map(|entry| Some((entry.at_ms, mark(entry)?))).take(20).collect()
}
