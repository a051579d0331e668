//! Colour, or the lack of it: a card means the same without. Everything that is painted must be clean already.

use crate::model::view::Tone;

/// Cards are drawn for at least this many columns.
const NARROWEST: usize = 40;
/// And for at most this many: longer lines are hard to read.
const WIDEST: usize = 100;

/// How much room there is, and whether it may be coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Columns, within what is readable.
    pub width: usize,
    /// Colour and drawing characters may be used; otherwise plain ASCII words carry the meaning.
    pub ink: Ink,
}

impl Look {
    /// For an output of so many columns (`None`: unknown, as in a pipe).
    pub fn new(columns: Option<usize>, colour: bool) -> Self {
        Self { width: columns.unwrap_or(80).clamp(NARROWEST, WIDEST), ink: Ink { colour } }
    }
}

/// Paints, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ink {
    /// Whether escape sequences may be written.
    pub colour: bool,
}

/// A way to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the meaning")]
pub enum Style {
    Plain,
    Bold,
    Dim,
    Link,
    Tone(Tone),
}

impl Ink {
    /// One line of clean text in a style.
    pub fn paint(self, style: Style, text: &str) -> String {
        let code = match style {
            _ if !self.colour || text.is_empty() => return text.to_owned(),
            Style::Plain => return text.to_owned(),
            Style::Bold => "1",
            Style::Dim => "2",
            Style::Link => "4",
            Style::Tone(Tone::Neutral) => "90",
            Style::Tone(Tone::Info) => "34",
            Style::Tone(Tone::Good) => "32",
            Style::Tone(Tone::Warning) => "33",
            Style::Tone(Tone::Critical) => "31",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }

    /// The left edge of a card.
    pub(super) fn bar(self, tone: Tone) -> String {
        if self.colour { self.paint(Style::Tone(tone), "▌") } else { "|".to_owned() }
    }

    /// A tone in a word, where colour does not tell it; tones that ask for nothing have none.
    pub(super) fn word(self, tone: Tone) -> Option<&'static str> {
        match tone {
            _ if self.colour => None,
            Tone::Neutral | Tone::Info => None,
            Tone::Good => Some("[good]"),
            Tone::Warning => Some("[warning]"),
            Tone::Critical => Some("[critical]"),
        }
    }
}
