//! What people see of a postmortem: its card, where each section is written by a form, and the lines of lists.

use crate::document::Written;
use crate::lint::Finding;
use crate::md::moment;
use crate::paper::{Paper, Words};
use crate::section::Section;
use drillbell_sdk::{Button, Form, FormField, Once, Task, Tone, View, words};

/// A button that opens the form of a section is called this and the section's word: on one card, no two buttons have one name.
pub const EDIT: &str = "edit-";
/// The button that publishes.
pub const PUBLISH: &str = "publish";
/// The button that begins a postmortem, on the offer.
pub const DRAFT: &str = "draft";
/// Characters of what a section says.
pub const TEXT: usize = 3000;
/// Characters of a section on the card.
const SHOWN: usize = 200;
/// Findings that are told at once.
const FOUND: usize = 8;
/// Action items on the card.
const ITEMS: usize = 10;

/// The card.
pub fn card(written: &Written<'_>, found: &[Finding]) -> View {
    let Written { known, paper, words, .. } = written;
    let incident = &known.incident;
    let id = incident.id.as_str();
    let mut view = View::titled(format!("{id} · Postmortem · {}", incident.title)).tone(tone(found));
    view = view.field("State", state(paper)).field("Severity", incident.severity.clone());
    // Action items are lines of their own; words about them are not needed.
    let shown = |(section, words): &&(Section, Words)| *section != Section::ActionItems || words.is_said();
    for (section, words) in words.iter().filter(shown) {
        view = view.field(section.title(), said(words));
    }
    let items: Vec<&Task> = known.items(&paper.replaced).collect();
    if !items.is_empty() {
        let mut lines: Vec<_> = items.iter().take(ITEMS).map(|task| item(task, known.now_ms)).collect();
        if items.len() > ITEMS {
            lines.push(format!("and {} more: /postmortem action list", items.len() - ITEMS));
        }
        view = view.text(lines.join("\n"));
    }
    for line in told(found) {
        view = view.context(line);
    }
    view = view.chart(written.picture());
    for (section, words) in *words {
        view = view.form(edit(id, *section, words.revision), form(id, *section, words));
    }
    let publish = Button::new(PUBLISH, "Publish").value(id).once(Once::Never);
    view = view.button(if found.iter().any(|finding| finding.error) { publish } else { publish.primary() });
    view.context(format!(
        "The whole document: /postmortem show {id}. To read the timeline anew: /postmortem draft {id}"
    ))
}

/// The button that opens a section's form. Its value says which revision the form shows.
pub fn edit(id: &str, section: Section, revision: u32) -> Button {
    Button::new(format!("{EDIT}{}", section.word()), section.title())
        .value(format!("{id} {revision}"))
        .once(Once::Never)
}

/// A section's form.
pub fn form(id: &str, section: Section, words: &Words) -> Form {
    let word = section.word();
    let state = if words.unknown { "unknown" } else { "known" };
    Form::new(format!("{id}: {}", section.title()), "Keep it")
        .command(format!("/postmortem edit {word} --incident {id} --on {} TEXT", words.revision))
        .field(FormField::new("text", section.title()).paragraph().hint(section.asks()).initial(words.text.clone()))
        .field(
            FormField::new("state", "Is it known?")
                .select([
                    ("known", "it is as written above"),
                    ("unknown", "it is not known; the text, if any, says why"),
                ])
                .initial(state),
        )
}

fn tone(found: &[Finding]) -> Tone {
    match (found.iter().any(|finding| finding.error), found.is_empty()) {
        (true, _) => Tone::Warning,
        (false, false) => Tone::Info,
        (false, true) => Tone::Good,
    }
}

/// How far it is, in words.
pub fn state(paper: &Paper) -> String {
    match paper.published.last() {
        None => format!("draft, begun by {} on {}", paper.by, moment(paper.at_ms)),
        Some(last) => {
            let page = last.page.as_ref().map(|page| format!(", {page}")).unwrap_or_default();
            format!("revision {} published by {} on {}{page}", last.revision, last.by, moment(last.at_ms))
        }
    }
}

fn said(words: &Words) -> String {
    let by = format!("({}, revision {})", words.name, words.revision);
    match (words.is_said(), words.unknown, words.text.is_empty()) {
        (false, ..) => String::from("nobody has written it yet"),
        (_, true, true) => format!("unknown {by}"),
        (_, true, false) => format!("unknown: {} {by}", words::clip(&words.text, SHOWN)),
        (_, false, _) => format!("{} {by}", words::clip(&words.text, SHOWN)),
    }
}

/// The first findings, a line each, and how many more there are.
pub fn told(found: &[Finding]) -> Vec<String> {
    let mut lines: Vec<String> = found.iter().take(FOUND).map(Finding::told).collect();
    if found.len() > FOUND {
        lines.push(format!("And {} more.", found.len() - FOUND));
    }
    lines
}

/// `3 renew the certificate (ben, due 2026-03-08 10:00 UTC)`.
pub fn item(task: &Task, now_ms: u64) -> String {
    let owner = task.owner.clone().unwrap_or_else(|| String::from("nobody"));
    let when = match (&task.done, task.due_ms) {
        (Some(done), _) => format!("done by {} on {}", done.by, moment(done.at_ms)),
        (None, None) => String::from("no date"),
        (None, Some(due_ms)) if due_ms < now_ms => format!("overdue by {}", words::span(now_ms - due_ms)),
        (None, Some(due_ms)) => format!("due {}", moment(due_ms)),
    };
    format!("{} {} ({owner}, {when})", task.number, task.text)
}
