//! Numbers with their units: what a probe's number is a number of, and from where on it is too much, or too little.

use crate::config::problem::Refusal;
use crate::config::quantity::{parse_bytes, parse_duration, show_duration};
use crate::config::section::Section;
use crate::config::tree::{Node, Value};
use crate::config::values;
use std::time::Duration;

/// Characters of a unit of the operator's own.
const UNIT_CHARS: usize = 20;

/// What a number is a number of; it is shown with every value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Nothing: the look itself says whether it is well.
    None,
    /// Seconds.
    Seconds,
    /// Milliseconds, as databases count.
    Milliseconds,
    /// A part of a whole, 0 to 1; shown in percent.
    Ratio,
    /// Bytes.
    Bytes,
    /// The operator's own word.
    Word(String),
}

impl Unit {
    /// As it is written in the file.
    pub fn as_str(&self) -> &str {
        match self {
            Self::None => "",
            Self::Seconds => "s",
            Self::Milliseconds => "ms",
            Self::Ratio => "ratio",
            Self::Bytes => "bytes",
            Self::Word(word) => word,
        }
    }

    /// A number with its unit, as people read it.
    pub fn show(&self, number: f64) -> String {
        match self {
            Self::None => plain(number),
            Self::Seconds if number.abs() >= 120.0 => {
                let whole = Duration::try_from_secs_f64(number.abs().round()).unwrap_or_default();
                format!("{}{}", if number < 0.0 { "-" } else { "" }, show_duration(whole))
            }
            Self::Seconds => format!("{} s", plain(number)),
            Self::Milliseconds => format!("{} ms", plain(number)),
            Self::Ratio => format!("{} %", plain(number * 100.0)),
            Self::Bytes => bytes(number),
            Self::Word(word) => format!("{} {word}", plain(number)),
        }
    }

    /// A number of this unit out of a text: `5%`, `2s`, `512MiB`, `3`. None if it is no such number.
    #[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^52")]
    pub(in crate::config) fn amount(&self, text: &str) -> Option<f64> {
        let plain = crate::model::bound::number(text);
        match self {
            Self::Seconds => parse_duration(text).map(|span| span.as_secs_f64()),
            Self::Milliseconds => plain.or_else(|| Some(parse_duration(text)?.as_secs_f64() * 1000.0)),
            Self::Ratio => match text.strip_suffix('%') {
                Some(percent) => Some(crate::model::bound::number(percent)? / 100.0),
                None => plain,
            }
            .filter(|part| (0.0..=1.0).contains(part)),
            Self::Bytes => plain.or_else(|| parse_bytes(text).map(|bytes| bytes as f64)),
            Self::None | Self::Word(_) => plain,
        }
    }

    /// What a number of this unit looks like.
    pub(in crate::config) fn example(&self) -> &'static str {
        match self {
            Self::Seconds => "2s",
            Self::Milliseconds => "100ms",
            Self::Ratio => "5%",
            Self::Bytes => "512MiB",
            Self::None | Self::Word(_) => "5",
        }
    }

    pub(super) fn read(node: &Node) -> Result<Self, Refusal> {
        let text = values::text(node)?;
        Ok(match text {
            "s" | "seconds" => Self::Seconds,
            "ms" | "milliseconds" => Self::Milliseconds,
            "bytes" => Self::Bytes,
            "ratio" => Self::Ratio,
            "%" | "percent" => {
                let expected = "a unit that says what the number is";
                return Err(Refusal::expected(expected)
                    .fix("write unit = \"ratio\" for a number from 0 to 1; it is shown in percent"));
            }
            word if word.chars().count() <= UNIT_CHARS => Self::Word(word.to_owned()),
            _ => return Err(Refusal::expected(format!("a unit of at most {UNIT_CHARS} characters, such as \"ms\""))),
        })
    }
}

/// At most three digits behind the point, and none that say nothing.
fn plain(number: f64) -> String {
    let text = format!("{number:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

fn bytes(number: f64) -> String {
    const STEPS: [(&str, f64); 3] = [("GiB", 1_073_741_824.0), ("MiB", 1_048_576.0), ("KiB", 1024.0)];
    match STEPS.iter().find(|(_, size)| number.abs() >= *size) {
        Some((unit, size)) => format!("{:.1} {unit}", number / size),
        None => format!("{} bytes", plain(number)),
    }
}

/// On which side of it is too far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the meaning")]
pub enum Side {
    Above,
    Below,
}

/// From where on it is too much, or too little.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    /// Which side is too far.
    pub side: Side,
    /// The number, in the unit of the probe.
    pub number: f64,
    /// As it is written in the file.
    pub(super) written: toml::Value,
}

impl Threshold {
    /// Whether a number is too far. The threshold itself is not.
    pub fn is_beyond(&self, number: f64) -> bool {
        match self.side {
            Side::Above => number > self.number,
            Side::Below => number < self.number,
        }
    }

    /// `above 1 s`.
    pub fn show(&self, unit: &Unit) -> String {
        let side = match self.side {
            Side::Above => "above",
            Side::Below => "below",
        };
        format!("{side} {}", unit.show(self.number))
    }

    /// What `expires_within` means: fewer seconds are left than that.
    pub(super) fn within(span: Duration) -> Self {
        Self { side: Side::Below, number: span.as_secs_f64(), written: show_duration(span).into() }
    }

    /// Reads `above` or `below`, of which there is one.
    pub(super) fn read(section: &mut Section<'_>, unit: &Unit) -> Option<Self> {
        let above = section.read("above", |node| number(node, unit));
        let below = section.read("below", |node| number(node, unit));
        if section.has("above") && section.has("below") {
            section.refuse("below", Refusal::expected("either `above` or `below`"));
        }
        let (side, (number, written)) = match (above, below) {
            (Some(above), _) => (Side::Above, above),
            (None, Some(below)) => (Side::Below, below),
            (None, None) => return None,
        };
        Some(Self { side, number, written })
    }
}

#[expect(clippy::cast_precision_loss, reason = "thresholds are far below 2^52")]
fn number(node: &Node, unit: &Unit) -> Result<(f64, toml::Value), Refusal> {
    let expected = || {
        Refusal::expected(match unit {
            Unit::Seconds => "a duration such as \"1s\" or \"250ms\"",
            Unit::Milliseconds => "a duration such as \"100ms\", or a number of milliseconds",
            Unit::Ratio => "a part of a whole, such as \"5%\" or 0.05",
            Unit::Bytes => "a size such as \"512MiB\", or a number of bytes",
            Unit::None | Unit::Word(_) => "a number",
        })
    };
    let written = |text: &str| toml::Value::String(text.to_owned());
    let read = match (&node.value, unit) {
        // A number without a unit is no duration: is it seconds, or milliseconds?
        (Value::Int(_) | Value::Float(_), Unit::Seconds) => {
            return Err(expected().fix("write a unit and quotes: \"1s\""));
        }
        (Value::Int(number), _) => (*number as f64, (*number).into()),
        (Value::Float(number), _) => (*number, (*number).into()),
        (_, Unit::Seconds | Unit::Milliseconds) => {
            let text = values::text(node)?;
            let span = parse_duration(text).ok_or_else(expected)?.as_secs_f64();
            (if *unit == Unit::Seconds { span } else { span * 1000.0 }, written(text))
        }
        (_, Unit::Ratio) => {
            let text = values::text(node)?;
            let percent = text.strip_suffix('%').and_then(|text| text.trim().parse::<f64>().ok());
            (percent.ok_or_else(expected)? / 100.0, written(text))
        }
        (_, Unit::Bytes) => {
            let text = values::text(node)?;
            (parse_bytes(text).ok_or_else(expected)? as f64, written(text))
        }
        _ => return Err(expected()),
    };
    if !read.0.is_finite() || (*unit == Unit::Ratio && !(0.0..=1.0).contains(&read.0)) {
        return Err(expected().maybe_fix((*unit == Unit::Ratio).then(|| "write percent: \"5%\"".to_owned())));
    }
    Ok(read)
}
