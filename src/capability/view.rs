//! `drillbell:view`: messages under construction. Nothing is sent here; a draft that grew too large refuses to be sent.
//! Needs no grant.

use super::caller::Caller;
use super::exceeded::Exceeded;
use crate::bindings::draft::ViewDraft;
use crate::bindings::latest::drillbell::types::types::HostError;
use crate::bindings::latest::drillbell::view::view as wit;
use crate::config::limits::{FORM_FIELDS, SELECT_OPTIONS, VIEW_BYTES};
use crate::model::chart::{Chart, Mark, Number, Series, Threshold, Unit};
use crate::model::form::{Choice, Form, FormField, Input, Select};
use crate::model::view::{Block, Button, ButtonStyle, Once, Tone, View};
use wasmtime::component::{HasData, Resource, ResourceTable, ResourceTableError};

/// What a block weighs besides its text: its share of the JSON it is stored as.
const BLOCK_BYTES: usize = 32;

/// What a point of a chart weighs, in that JSON.
const POINT_BYTES: usize = 24;

/// The capability with its caller.
pub struct ViewHost<'a> {
    /// Who builds.
    pub caller: &'a mut Caller,
    /// The drafts.
    pub table: &'a mut ResourceTable,
}

/// Names `ViewHost` to the linker.
pub struct HasView;

impl HasData for HasView {
    type Data<'a> = ViewHost<'a>;
}

/// The finished message of a draft, held for the commit; `too-large` if it outgrew its limits.
pub fn finished(
    caller: &mut Caller,
    table: &ResourceTable,
    draft: &Resource<ViewDraft>,
) -> wasmtime::Result<Result<View, HostError>> {
    let draft = table.get(draft)?;
    if draft.overfull {
        return Ok(Err(HostError::TooLarge(format!(
            "a message may have {} KiB of text and blocks; this one has more",
            VIEW_BYTES / 1024
        ))));
    }
    Ok(caller.meter.hold(draft.bytes).map(|()| draft.view.clone()))
}

impl ViewHost<'_> {
    /// Adds `bytes` worth of something, or marks the draft as overfull.
    fn add(
        &mut self,
        draft: &Resource<ViewDraft>,
        bytes: usize,
        build: impl FnOnce(&mut View),
    ) -> wasmtime::Result<()> {
        self.caller.meter.begin("view.build", "", bytes)?;
        let draft = self.table.get_mut(draft)?;
        if draft.bytes + bytes > VIEW_BYTES || self.caller.meter.hold(bytes).is_err() {
            draft.overfull = true;
        } else {
            draft.bytes += bytes;
            build(&mut draft.view);
        }
        self.caller.meter.done(0);
        Ok(())
    }

    fn block(&mut self, draft: &Resource<ViewDraft>, text_bytes: usize, block: Block) -> wasmtime::Result<()> {
        self.add(draft, text_bytes + BLOCK_BYTES, |view| view.blocks.push(block))
    }
}

impl From<wit::ButtonStyle> for ButtonStyle {
    fn from(style: wit::ButtonStyle) -> Self {
        match style {
            wit::ButtonStyle::Normal => Self::Normal,
            wit::ButtonStyle::Primary => Self::Primary,
            wit::ButtonStyle::Danger => Self::Danger,
        }
    }
}

impl From<wit::Once> for Once {
    fn from(once: wit::Once) -> Self {
        match once {
            wit::Once::Card => Self::Card,
            wit::Once::User => Self::User,
            wit::Once::Never => Self::Never,
        }
    }
}

fn choice(choice: wit::Choice) -> Choice {
    Choice { value: choice.value, label: choice.label }
}

fn field(field: wit::FormField) -> FormField {
    let wit::FormField { name, label, hint, required, input, options, initial } = field;
    let input = match input {
        wit::Input::Text => Input::Text,
        wit::Input::Paragraph => Input::Paragraph,
        wit::Input::Number => Input::Number,
        wit::Input::Select => Input::Select,
    };
    FormField { name, label, hint, required, input, options: options.into_iter().map(choice).collect(), initial }
}

/// Bytes of a form's texts, and a little for each part.
fn weight(form: &Form) -> usize {
    let Form { action, label, value, title, submit, command, fields, .. } = form;
    let own: usize = [action, label, value, title, submit, command].into_iter().map(String::len).sum();
    let of_field = |field: &FormField| {
        let FormField { name, label, hint, initial, options, .. } = field;
        let texts: usize = [name, label, hint, initial].into_iter().map(String::len).sum();
        let choices: usize = options.iter().map(|o| o.value.len() + o.label.len() + BLOCK_BYTES).sum();
        texts + choices + BLOCK_BYTES
    };
    own + fields.iter().map(of_field).sum::<usize>()
}

impl wit::Host for ViewHost<'_> {}

impl wit::HostView for ViewHost<'_> {
    fn new(&mut self, title: String) -> wasmtime::Result<Resource<ViewDraft>> {
        let draft = match self.table.push(ViewDraft::default()) {
            Ok(draft) => draft,
            Err(ResourceTableError::Full) => return Err(Exceeded::Handles.into()),
            Err(error) => return Err(error.into()),
        };
        self.add(&draft, title.len() + BLOCK_BYTES, |view| view.title = title)?;
        Ok(draft)
    }

    fn set_tone(&mut self, draft: Resource<ViewDraft>, tone: wit::Tone) -> wasmtime::Result<()> {
        let tone = match tone {
            wit::Tone::Neutral => Tone::Neutral,
            wit::Tone::Info => Tone::Info,
            wit::Tone::Good => Tone::Good,
            wit::Tone::Warning => Tone::Warning,
            wit::Tone::Critical => Tone::Critical,
        };
        self.add(&draft, 0, |view| view.tone = tone)
    }

    fn text(&mut self, draft: Resource<ViewDraft>, text: String) -> wasmtime::Result<()> {
        self.block(&draft, text.len(), Block::Text { text })
    }

    fn field(&mut self, draft: Resource<ViewDraft>, name: String, value: String) -> wasmtime::Result<()> {
        self.block(&draft, name.len() + value.len(), Block::Field { name, value })
    }

    fn time(&mut self, draft: Resource<ViewDraft>, name: String, at: u64) -> wasmtime::Result<()> {
        // Beyond the range of `bigint` there is nothing to show but "far away".
        let at_ms = i64::try_from(at).unwrap_or(i64::MAX);
        self.block(&draft, name.len(), Block::Time { name, at_ms })
    }

    fn moment(&mut self, draft: Resource<ViewDraft>, at: u64, text: String) -> wasmtime::Result<()> {
        let at_ms = i64::try_from(at).unwrap_or(i64::MAX);
        self.block(&draft, text.len(), Block::Moment { at_ms, text })
    }

    fn code(&mut self, draft: Resource<ViewDraft>, text: String) -> wasmtime::Result<()> {
        self.block(&draft, text.len(), Block::Code { text })
    }

    fn link(&mut self, draft: Resource<ViewDraft>, label: String, url: String) -> wasmtime::Result<()> {
        self.block(&draft, label.len() + url.len(), Block::Link { label, url })
    }

    fn progress(&mut self, draft: Resource<ViewDraft>, label: String, done: u64, total: u64) -> wasmtime::Result<()> {
        self.block(&draft, label.len(), Block::Progress { label, done, total })
    }

    fn context(&mut self, draft: Resource<ViewDraft>, text: String) -> wasmtime::Result<()> {
        self.block(&draft, text.len(), Block::Context { text })
    }

    fn chart(
        &mut self,
        draft: Resource<ViewDraft>,
        title: String,
        unit: wit::Unit,
        series: Vec<wit::Series>,
        thresholds: Vec<wit::Threshold>,
        marks: Vec<wit::Mark>,
        since: Option<u64>,
        until: Option<u64>,
    ) -> wasmtime::Result<()> {
        let named = |name: &str, points: usize| name.len() + BLOCK_BYTES + points * POINT_BYTES;
        let bytes = title.len()
            + series.iter().map(|series| named(&series.name, series.points.len())).sum::<usize>()
            + thresholds.iter().map(|threshold| named(&threshold.label, 1)).sum::<usize>()
            + marks.iter().map(|mark| named(&mark.label, 1)).sum::<usize>();
        // Beyond the range of `bigint` there is nothing to show but "far away".
        let moment = |at: u64| i64::try_from(at).unwrap_or(i64::MAX);
        let line = |series: wit::Series| {
            let point = |point: wit::Point| (moment(point.at), point.value.and_then(Number::new));
            Series { name: series.name, points: series.points.into_iter().map(point).collect() }
        };
        let limit = |threshold: wit::Threshold| {
            Some(Threshold { label: threshold.label, value: Number::new(threshold.value)? })
        };
        let unit = match unit {
            wit::Unit::Count => Unit::Count,
            wit::Unit::Percent => Unit::Percent,
            wit::Unit::Milliseconds => Unit::Milliseconds,
            wit::Unit::Seconds => Unit::Seconds,
            wit::Unit::Bytes => Unit::Bytes,
        };
        let chart = Chart {
            title,
            unit,
            series: series.into_iter().map(line).collect(),
            thresholds: thresholds.into_iter().filter_map(limit).collect(),
            marks: marks.into_iter().map(|mark| Mark { at_ms: moment(mark.at), label: mark.label }).collect(),
            from_ms: since.map(moment),
            to_ms: until.map(moment),
        };
        self.block(&draft, bytes, Block::Chart(Box::new(chart)))
    }

    fn divider(&mut self, draft: Resource<ViewDraft>) -> wasmtime::Result<()> {
        self.block(&draft, 0, Block::Divider)
    }

    fn button(
        &mut self,
        draft: Resource<ViewDraft>,
        action: String,
        label: String,
        value: String,
        style: wit::ButtonStyle,
        once: wit::Once,
    ) -> wasmtime::Result<()> {
        let bytes = action.len() + label.len() + value.len();
        let (style, once) = (style.into(), once.into());
        self.block(&draft, bytes, Block::Button(Button { action, label, value, style, once }))
    }

    fn form(
        &mut self,
        draft: Resource<ViewDraft>,
        action: String,
        label: String,
        value: String,
        style: wit::ButtonStyle,
        once: wit::Once,
        form: wit::Form,
    ) -> wasmtime::Result<()> {
        let wit::Form { title, submit, command, fields } = form;
        let outgrown = fields.len() > FORM_FIELDS || fields.iter().any(|field| field.options.len() > SELECT_OPTIONS);
        let fields: Vec<FormField> = fields.into_iter().map(field).collect();
        let (style, once) = (style.into(), once.into());
        let form = Form { action, label, value, style, once, title, submit, command, fields };
        let bytes = if outgrown { VIEW_BYTES } else { weight(&form) };
        self.block(&draft, bytes, Block::Form(form))
    }

    fn select(
        &mut self,
        draft: Resource<ViewDraft>,
        action: String,
        label: String,
        once: wit::Once,
        options: Vec<wit::Choice>,
    ) -> wasmtime::Result<()> {
        let options: Vec<Choice> = options.into_iter().map(choice).collect();
        let texts: usize = options.iter().map(|option| option.value.len() + option.label.len() + BLOCK_BYTES).sum();
        let bytes = if options.len() > SELECT_OPTIONS { VIEW_BYTES } else { action.len() + label.len() + texts };
        self.block(&draft, bytes, Block::Select(Select { action, label, once: once.into(), options }))
    }

    fn drop(&mut self, draft: Resource<ViewDraft>) -> wasmtime::Result<()> {
        let draft = self.table.delete(draft)?;
        self.caller.meter.release(draft.bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
