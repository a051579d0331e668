//! What a message looks like, without any platform in it. All text is plain; each platform escapes it in its own way.

use super::chart::Chart;
use super::form::{Form, Select};
use serde::{Deserialize, Serialize};

/// A message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct View {
    /// The heading; empty shows none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// The edge's colour.
    #[serde(default)]
    pub tone: Tone,
    /// In order from the top.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocks: Vec<Block>,
}

/// A colour by meaning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Block {
    /// A paragraph.
    Text {
        /// Plain text.
        text: String,
    },
    /// A name and its value.
    Field {
        /// The name.
        name: String,
        /// The value.
        value: String,
    },
    /// A moment, shown in the reader's zone.
    Time {
        /// What the moment is.
        name: String,
        /// Milliseconds since the epoch.
        at_ms: i64,
    },
    /// A line of a history.
    Moment {
        /// When, milliseconds since the epoch; shown in the reader's zone.
        at_ms: i64,
        /// What was so then, plain text.
        text: String,
    },
    /// Preformatted text.
    Code {
        /// Plain text, line breaks kept.
        text: String,
    },
    /// A link; anything but http(s) is shown as text.
    Link {
        /// What to click.
        label: String,
        /// Where it leads.
        url: String,
    },
    /// A progress bar.
    Progress {
        /// What progresses.
        label: String,
        /// How much is done.
        done: u64,
        /// Out of; 0 is unknown.
        total: u64,
    },
    /// A small line.
    Context {
        /// Plain text.
        text: String,
    },
    /// A chart; its words where there are no pictures.
    Chart(Box<Chart>),
    /// A dividing line.
    Divider,
    /// A button.
    Button(Button),
    /// A button that opens a form.
    Form(Form),
    /// A choice on the card itself.
    Select(Select),
}

/// Something on a message that people can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control<'a> {
    /// Click it.
    Button(&'a Button),
    /// Fill it in.
    Form(&'a Form),
    /// Choose from it.
    Select(&'a Select),
}

impl<'a> Control<'a> {
    /// What the plugin calls it.
    pub fn action(self) -> &'a str {
        match self {
            Self::Button(button) => &button.action,
            Self::Form(form) => &form.action,
            Self::Select(select) => &select.action,
        }
    }

    /// What people read.
    pub fn label(self) -> &'a str {
        match self {
            Self::Button(button) => &button.label,
            Self::Form(form) => &form.label,
            Self::Select(select) => &select.label,
        }
    }

    /// How often it counts.
    pub fn once(self) -> Once {
        match self {
            Self::Button(button) => button.once,
            Self::Form(form) => form.once,
            Self::Select(select) => select.once,
        }
    }
}

/// A button of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Button {
    /// What the plugin calls it.
    pub action: String,
    /// What people read.
    pub label: String,
    /// Given back to the plugin with the click.
    pub value: String,
    /// How it looks.
    #[serde(default)]
    pub style: ButtonStyle,
    /// How often it counts.
    #[serde(default)]
    pub once: Once,
}

/// How a button looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are the meaning")]
pub enum ButtonStyle {
    #[default]
    Normal,
    Primary,
    Danger,
}

/// How often a click counts; enforced by the host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Once {
    /// Once for everybody.
    #[default]
    Card,
    /// Once for each person.
    User,
    /// Every time.
    Never,
}

impl View {
    /// A message of one paragraph.
    pub fn text(text: impl Into<String>) -> Self {
        Self { blocks: vec![Block::Text { text: text.into() }], ..Self::default() }
    }

    /// The same message with another colour.
    #[must_use]
    pub fn toned(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }

    /// The buttons, in order.
    pub fn buttons(&self) -> impl Iterator<Item = &Button> {
        self.blocks.iter().filter_map(|block| match block {
            Block::Button(button) => Some(button),
            _ => None,
        })
    }

    /// What people can do on it under that name.
    pub fn control(&self, action: &str) -> Option<Control<'_>> {
        let mut controls = self.blocks.iter().filter_map(|block| match block {
            Block::Button(button) => Some(Control::Button(button)),
            Block::Form(form) => Some(Control::Form(form)),
            Block::Select(select) => Some(Control::Select(select)),
            _ => None,
        });
        controls.find(|control| control.action() == action)
    }

    /// The message as a few plain lines, for logs, `--json` and search.
    pub fn to_plain(&self) -> String {
        let mut lines = Vec::new();
        if !self.title.is_empty() {
            lines.push(self.title.clone());
        }
        for block in &self.blocks {
            match block {
                Block::Text { text } | Block::Code { text } | Block::Context { text } => lines.push(text.clone()),
                Block::Field { name, value } => lines.push(format!("{name}: {value}")),
                Block::Time { name, at_ms } => lines.push(format!("{name}: {}", crate::clock::rfc3339(*at_ms))),
                Block::Moment { at_ms, text } => lines.push(format!("{} {text}", crate::clock::rfc3339(*at_ms))),
                Block::Link { label, url } => lines.push(format!("{label}: {url}")),
                Block::Progress { label, done, total } => {
                    let lead = if label.is_empty() { String::new() } else { format!("{label}: ") };
                    lines.push(format!("{lead}{done}/{total}"));
                }
                Block::Chart(chart) => lines.push(chart.to_string()),
                Block::Divider | Block::Button(_) | Block::Form(_) | Block::Select(_) => {}
            }
        }
        lines.join("\n")
    }
}
