//! What tests show, kept for whoever asks for it: if the variable below names a folder, every message said is written there as the host
//! reads messages, and every place where one is begun. So a test of the host's can show them all on every platform.

use super::Said;
use crate::chart::Chart;
use crate::form::{Form, FormField};
use crate::view::{Block, Button, View};
use serde_json::{Value, json};
use std::fmt::Debug;
use std::fs::OpenOptions;
use std::io::Write;
use std::panic::Location;

/// Names the folder.
const FOLDER: &str = "DRILLBELL_KEEP_VIEWS";

/// A message is begun here.
pub(crate) fn begun(at: &Location<'_>) {
    keep(|| json!({"begun": format!("{}:{}", at.file(), at.line())}));
}

/// A message is said.
pub(super) fn said(said: &Said) {
    if let Some(shown) = said.view() {
        shows(shown);
    }
}

/// A message is shown to somebody, by whichever way.
pub(super) fn shows(shown: &View) {
    keep(|| json!({"view": view(shown)}));
}

/// One line more, written at once: several processes and threads have the folder.
fn keep(line: impl FnOnce() -> Value) {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let plugin = std::env::var("CARGO_PKG_NAME").unwrap_or_default();
    let mut line = line();
    line["plugin"] = json!(plugin);
    let path = std::path::Path::new(&folder).join(format!("{}.jsonl", std::process::id()));
    let written = OpenOptions::new().create(true).append(true).open(&path);
    let written = written.and_then(|mut file| file.write_all(format!("{line}\n").as_bytes()));
    if let Err(error) = written {
        panic!("{FOLDER} names a folder that cannot be written to, {}: {error}", path.display());
    }
}

/// As the host names it: its words are these, in lower case.
fn word(of: impl Debug) -> String {
    format!("{of:?}").to_lowercase()
}

fn view(view: &View) -> Value {
    json!({"title": view.title, "tone": word(view.tone), "blocks": view.blocks.iter().map(block).collect::<Vec<_>>()})
}

fn block(block: &Block) -> Value {
    match block {
        Block::Text(text) => json!({"type": "text", "text": text}),
        Block::Field(name, value) => json!({"type": "field", "name": name, "value": value}),
        Block::Time(name, at_ms) => json!({"type": "time", "name": name, "at_ms": at_ms}),
        Block::Moment(at_ms, text) => json!({"type": "moment", "at_ms": at_ms, "text": text}),
        Block::Code(text) => json!({"type": "code", "text": text}),
        Block::Link(label, url) => json!({"type": "link", "label": label, "url": url}),
        Block::Progress(label, done, total) => {
            json!({"type": "progress", "label": label, "done": done, "total": total})
        }
        Block::Context(text) => json!({"type": "context", "text": text}),
        Block::Chart(of) => chart(of),
        Block::Divider => json!({"type": "divider"}),
        Block::Button(of) => button("button", of),
        Block::Form(of, opens) => form(of, opens),
        Block::Select(action, label, once, options) => {
            json!({"type": "select", "action": action, "label": label, "once": word(once), "options": choices(options)})
        }
    }
}

fn chart(chart: &Chart) -> Value {
    let series = chart.series.iter().map(|(name, points)| json!({"name": name, "points": points}));
    let thresholds = chart.thresholds.iter().map(|(label, value)| json!({"label": label, "value": value}));
    let marks = chart.marks.iter().map(|(at_ms, label)| json!({"at_ms": at_ms, "label": label}));
    json!({
        "type": "chart", "title": chart.title, "unit": word(chart.unit), "series": series.collect::<Vec<_>>(),
        "thresholds": thresholds.collect::<Vec<_>>(), "marks": marks.collect::<Vec<_>>(), "from_ms": chart.since, "to_ms": chart.until,
    })
}

fn button(kind: &str, button: &Button) -> Value {
    json!({
        "type": kind, "action": button.action, "label": button.label, "value": button.value, "style": word(button.style),
        "once": word(button.once),
    })
}

fn form(opens: &Button, form: &Form) -> Value {
    let mut shown = button("form", opens);
    shown["title"] = json!(form.title);
    shown["submit"] = json!(form.submit);
    shown["command"] = json!(form.command);
    shown["fields"] = form.fields.iter().map(field).collect();
    shown
}

fn field(field: &FormField) -> Value {
    json!({
        "name": field.name, "label": field.label, "hint": field.hint, "required": field.required, "type": word(field.input),
        "options": choices(&field.options), "initial": field.initial,
    })
}

fn choices(options: &[(String, String)]) -> Value {
    options.iter().map(|(value, label)| json!({"value": value, "label": label})).collect()
}
