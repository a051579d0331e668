//! What a message looks like, without any chat platform in it: built up in Rust, sent as a whole.
//! All text is plain: it can never ping, forge a link or break a platform's markup.

use crate::chart::Chart;
use crate::form::Form;
use crate::time;
use std::fmt;

/// A message. Blocks appear in the order of the calls.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(target_family = "wasm", derive(Default))]
pub struct View {
    /// The heading; empty shows none.
    pub title: String,
    /// The edge's colour.
    pub tone: Tone,
    /// In order from the top.
    pub blocks: Vec<Block>,
}

/// A colour by meaning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the meaning")]
pub enum Tone {
    #[default]
    Neutral,
    Info,
    Good,
    Warning,
    Critical,
}

/// A part of a message.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// A paragraph.
    Text(String),
    /// A name and its value.
    Field(String, String),
    /// A name and a moment in milliseconds since the epoch, shown in the reader's zone.
    Time(String, u64),
    /// A line of a history: a moment in milliseconds since the epoch, shown in the reader's zone, and what was so then.
    Moment(u64, String),
    /// Preformatted text.
    Code(String),
    /// A label and an address; anything but http(s) is shown as text.
    Link(String, String),
    /// A progress bar: label, how much is done, out of (0 is unknown).
    Progress(String, u64, u64),
    /// A small line.
    Context(String),
    /// A chart.
    Chart(Chart),
    /// A dividing line.
    Divider,
    /// A button.
    Button(Button),
    /// A button that opens a form.
    Form(Button, Form),
    /// A choice on the card itself: what the plugin calls it, its label, how often it counts, value and label of each option.
    Select(String, String, Once, Vec<(String, String)>),
}

/// A button. A click arrives at `OnAction` with its `action` and `value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Button {
    /// What the plugin calls it.
    pub action: String,
    /// What people read.
    pub label: String,
    /// Given back with the click.
    pub value: String,
    /// How it looks.
    pub style: ButtonStyle,
    /// How often it counts.
    pub once: Once,
}

/// How a button looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the meaning")]
pub enum ButtonStyle {
    #[default]
    Normal,
    Primary,
    Danger,
}

/// How often a click counts. The host enforces it; a later click is answered with what already happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Once {
    /// Once for everybody.
    #[default]
    Card,
    /// Once for each person.
    User,
    /// As often as it is clicked.
    Never,
}

impl View {
    /// A message with a heading.
    #[cfg_attr(not(target_family = "wasm"), track_caller)]
    pub fn titled(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }

    /// Sets the colour; the last call wins.
    #[must_use]
    pub fn tone(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }

    /// Adds a paragraph.
    #[must_use]
    pub fn text(self, text: impl Into<String>) -> Self {
        self.block(Block::Text(text.into()))
    }

    /// Adds a name and its value.
    #[must_use]
    pub fn field(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.block(Block::Field(name.into(), value.into()))
    }

    /// Adds a name and a moment (milliseconds since the epoch), shown in the reader's zone.
    #[must_use]
    pub fn time(self, name: impl Into<String>, at_ms: u64) -> Self {
        self.block(Block::Time(name.into(), at_ms))
    }

    /// Adds a line of a history: a moment (milliseconds since the epoch), shown in the reader's zone, and what was so then.
    #[must_use]
    pub fn moment(self, at_ms: u64, text: impl Into<String>) -> Self {
        self.block(Block::Moment(at_ms, text.into()))
    }

    /// Adds preformatted text.
    #[must_use]
    pub fn code(self, text: impl Into<String>) -> Self {
        self.block(Block::Code(text.into()))
    }

    /// Adds a link. Only `http` and `https` addresses are rendered as links; others appear as text.
    #[must_use]
    pub fn link(self, label: impl Into<String>, url: impl Into<String>) -> Self {
        self.block(Block::Link(label.into(), url.into()))
    }

    /// Adds a progress bar: `done` of `total`; a `total` of 0 means unknown.
    #[must_use]
    pub fn progress(self, label: impl Into<String>, done: u64, total: u64) -> Self {
        self.block(Block::Progress(label.into(), done, total))
    }

    /// Adds a small line.
    #[must_use]
    pub fn context(self, text: impl Into<String>) -> Self {
        self.block(Block::Context(text.into()))
    }

    /// Adds a chart.
    #[must_use]
    pub fn chart(self, chart: Chart) -> Self {
        self.block(Block::Chart(chart))
    }

    /// Adds a dividing line.
    #[must_use]
    pub fn divider(self) -> Self {
        self.block(Block::Divider)
    }

    /// Adds a button.
    #[must_use]
    pub fn button(self, button: Button) -> Self {
        self.block(Block::Button(button))
    }

    /// Adds a button that opens a form. Its submission arrives at `OnAction` with the fields' values.
    #[must_use]
    pub fn form(self, button: Button, form: Form) -> Self {
        self.block(Block::Form(button, form))
    }

    /// Adds a choice of at most 25 options (value, label). Choosing arrives at `OnAction`; its `value` is what was chosen.
    #[must_use]
    pub fn select<V: Into<String>, L: Into<String>>(
        self,
        action: impl Into<String>,
        label: impl Into<String>,
        once: Once,
        options: impl IntoIterator<Item = (V, L)>,
    ) -> Self {
        let options = options.into_iter().map(|(value, label)| (value.into(), label.into())).collect();
        self.block(Block::Select(action.into(), label.into(), once, options))
    }

    /// Adds any block.
    #[must_use]
    pub fn block(mut self, block: Block) -> Self {
        self.blocks.push(block);
        self
    }
}

impl Button {
    /// A button that counts once for everybody, as a careful default.
    pub fn new(action: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            action: action.into(),
            label: label.into(),
            value: String::new(),
            style: ButtonStyle::Normal,
            once: Once::Card,
        }
    }

    /// Sets what comes back with the click.
    #[must_use]
    pub fn value(mut self, value: impl Into<String>) -> Self {
        self.value = value.into();
        self
    }

    /// Makes it the one to click next.
    #[must_use]
    pub fn primary(mut self) -> Self {
        self.style = ButtonStyle::Primary;
        self
    }

    /// Makes it look as serious as it is.
    #[must_use]
    pub fn danger(mut self) -> Self {
        self.style = ButtonStyle::Danger;
        self
    }

    /// Sets how often a click counts.
    #[must_use]
    pub fn once(mut self, once: Once) -> Self {
        self.once = once;
        self
    }
}

/// Tests keep where messages are begun.
#[cfg(not(target_family = "wasm"))]
impl Default for View {
    #[track_caller]
    fn default() -> Self {
        crate::testing::begun(std::panic::Location::caller());
        Self { title: String::new(), tone: Tone::default(), blocks: Vec::new() }
    }
}

impl From<&str> for View {
    #[cfg_attr(not(target_family = "wasm"), track_caller)]
    fn from(text: &str) -> Self {
        Self::default().text(text)
    }
}

impl From<String> for View {
    #[cfg_attr(not(target_family = "wasm"), track_caller)]
    fn from(text: String) -> Self {
        Self::default().text(text)
    }
}

impl From<&View> for View {
    fn from(view: &View) -> Self {
        view.clone()
    }
}

/// Plain lines, for snapshots in tests: `title (tone)`, then a line for each block.
impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = Vec::new();
        if !self.title.is_empty() || self.tone != Tone::Neutral {
            let tone = format!("({})", format!("{:?}", self.tone).to_lowercase());
            lines.push(format!("{} {tone}", self.title).trim_start().to_owned());
        }
        lines.extend(self.blocks.iter().map(ToString::to_string));
        f.write_str(&lines.join("\n"))
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Field(name, value) => write!(f, "{name}: {value}"),
            Self::Time(name, at_ms) => write!(f, "{name}: {}", time::rfc3339(*at_ms)),
            Self::Moment(at_ms, text) => write!(f, "{} {text}", time::rfc3339(*at_ms)),
            Self::Code(text) => write!(f, "```\n{text}\n```"),
            Self::Link(label, url) => write!(f, "{label} <{url}>"),
            Self::Progress(label, done, 0) => write!(f, "{label}: {done} of unknown"),
            Self::Progress(label, done, total) => write!(f, "{label}: {done} of {total}"),
            Self::Context(text) => write!(f, "~ {text}"),
            Self::Chart(chart) => chart.fmt(f),
            Self::Divider => f.write_str("----"),
            Self::Button(button) => button.fmt(f),
            Self::Form(button, form) => write!(f, "{button} opens {form}"),
            Self::Select(action, label, _, options) => {
                let options: Vec<_> = options.iter().map(|(value, label)| format!("{value}={label}")).collect();
                write!(f, "[{label} v] {action} {}", options.join(" "))
            }
        }
    }
}

impl fmt::Display for Button {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {} {}", self.label, self.action, self.value)?;
        match self.style {
            ButtonStyle::Normal => {}
            ButtonStyle::Primary => f.write_str(", primary")?,
            ButtonStyle::Danger => f.write_str(", danger")?,
        }
        f.write_str(match self.once {
            Once::Card => ", once",
            Once::User => ", once each",
            Once::Never => "",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::Unit;

    #[test]
    fn a_view_reads_as_plain_lines() {
        let view = View::titled("Disk nearly full")
            .tone(Tone::Warning)
            .text("db-1 has 4 GB left.")
            .field("Host", "db-1")
            .time("Since", 0)
            .moment(1_000, "ana looked")
            .code("df -h")
            .link("Graph", "https://example.org/g")
            .progress("Cleaning", 3, 10)
            .progress("Copying", 3, 0)
            .chart(
                Chart::new("Free", Unit::Bytes)
                    .series("db-1", [(0, Some(4e9)), (1, None)])
                    .threshold("low", 5e9)
                    .mark(0, "full"),
            )
            .divider()
            .context("asked by ana")
            .button(Button::new("clean", "Clean up").value("db-1").danger())
            .button(Button::new("snooze", "Snooze").value("1h").once(Once::Never));
        insta::assert_snapshot!(view, @r"
        Disk nearly full (warning)
        db-1 has 4 GB left.
        Host: db-1
        Since: 1970-01-01T00:00:00.000Z
        1970-01-01T00:00:01.000Z ana looked
        ```
        df -h
        ```
        Graph <https://example.org/g>
        Cleaning: 3 of 10
        Copying: 3 of unknown
        chart Free (bytes), db-1 of 2 points, low at 5000000000, full on 1970-01-01T00:00:00.000Z
        ----
        ~ asked by ana
        [Clean up] clean db-1, danger, once
        [Snooze] snooze 1h
        ");
    }
}
