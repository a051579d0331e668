//! A view as the host takes it: block by block, in the author's order.

use super::bindings::drillbell::view::view as wire;
use crate::chart::{Chart, Unit};
use crate::form::{Form, FormField, Input};
use crate::view::{Block, ButtonStyle, Once, Tone, View};

/// Rebuilds the view on the host's side.
pub(super) fn send(view: impl Into<View>) -> wire::View {
    let view = view.into();
    let sent = wire::View::new(&view.title);
    match view.tone {
        // What a view is anyway.
        Tone::Neutral => {}
        Tone::Info => sent.set_tone(wire::Tone::Info),
        Tone::Good => sent.set_tone(wire::Tone::Good),
        Tone::Warning => sent.set_tone(wire::Tone::Warning),
        Tone::Critical => sent.set_tone(wire::Tone::Critical),
    }
    for block in &view.blocks {
        match block {
            Block::Text(text) => sent.text(text),
            Block::Field(name, value) => sent.field(name, value),
            Block::Time(name, at_ms) => sent.time(name, *at_ms),
            Block::Moment(at_ms, text) => sent.moment(*at_ms, text),
            Block::Code(text) => sent.code(text),
            Block::Link(label, url) => sent.link(label, url),
            Block::Progress(label, done, total) => sent.progress(label, *done, *total),
            Block::Context(text) => sent.context(text),
            Block::Chart(chart) => send_chart(&sent, chart),
            Block::Divider => sent.divider(),
            Block::Button(button) => {
                let (style, once) = (style(button.style), once(button.once));
                sent.button(&button.action, &button.label, &button.value, style, once);
            }
            Block::Form(button, form) => {
                let (style, once) = (style(button.style), once(button.once));
                sent.form(&button.action, &button.label, &button.value, style, once, &self::form(form));
            }
            Block::Select(action, label, times, options) => sent.select(action, label, once(*times), &choices(options)),
        }
    }
    sent
}

fn send_chart(sent: &wire::View, chart: &Chart) {
    let unit = match chart.unit {
        Unit::Count => wire::Unit::Count,
        Unit::Percent => wire::Unit::Percent,
        Unit::Milliseconds => wire::Unit::Milliseconds,
        Unit::Seconds => wire::Unit::Seconds,
        Unit::Bytes => wire::Unit::Bytes,
    };
    let line = |(name, points): &(String, Vec<(u64, Option<f64>)>)| wire::Series {
        name: name.clone(),
        points: points.iter().map(|(at, value)| wire::Point { at: *at, value: *value }).collect(),
    };
    let series: Vec<_> = chart.series.iter().map(line).collect();
    let limit = |(label, value): &(String, f64)| wire::Threshold { label: label.clone(), value: *value };
    let thresholds: Vec<_> = chart.thresholds.iter().map(limit).collect();
    let mark = |(at, label): &(u64, String)| wire::Mark { at: *at, label: label.clone() };
    let marks: Vec<_> = chart.marks.iter().map(mark).collect();
    sent.chart(&chart.title, unit, &series, &thresholds, &marks, chart.since, chart.until);
}

fn style(style: ButtonStyle) -> wire::ButtonStyle {
    match style {
        ButtonStyle::Normal => wire::ButtonStyle::Normal,
        ButtonStyle::Primary => wire::ButtonStyle::Primary,
        ButtonStyle::Danger => wire::ButtonStyle::Danger,
    }
}

fn once(once: Once) -> wire::Once {
    match once {
        Once::Card => wire::Once::Card,
        Once::User => wire::Once::User,
        Once::Never => wire::Once::Never,
    }
}

fn choices(options: &[(String, String)]) -> Vec<wire::Choice> {
    options.iter().map(|(value, label)| wire::Choice { value: value.clone(), label: label.clone() }).collect()
}

fn form(form: &Form) -> wire::Form {
    let field = |field: &FormField| wire::FormField {
        name: field.name.clone(),
        label: field.label.clone(),
        hint: field.hint.clone(),
        required: field.required,
        input: match field.input {
            Input::Text => wire::Input::Text,
            Input::Paragraph => wire::Input::Paragraph,
            Input::Number => wire::Input::Number,
            Input::Select => wire::Input::Select,
        },
        options: choices(&field.options),
        initial: field.initial.clone(),
    };
    wire::Form {
        title: form.title.clone(),
        submit: form.submit.clone(),
        command: form.command.clone(),
        fields: form.fields.iter().map(field).collect(),
    }
}
