//! Readers of single values. Each says what it expects; where the value stands, the section knows.

use super::problem::Refusal;
use super::quantity;
use super::tree::{Node, Value};
use std::ops::RangeInclusive;
use std::time::Duration;

/// A text that is not empty, without control characters.
pub(super) fn text(node: &Node) -> Result<&str, Refusal> {
    let text = any_text(node).ok_or_else(|| Refusal::expected("a text in quotes"))?;
    if text.trim().is_empty() {
        return Err(Refusal::expected("a text that is not empty"));
    }
    if text.chars().any(char::is_control) {
        return Err(Refusal::expected("a text on one line, without control characters"));
    }
    Ok(text)
}

/// The text of a node. A variable's value that happens to read as TOML (`1`, `true`) is the text it was.
pub(super) fn any_text(node: &Node) -> Option<&str> {
    match (&node.value, &node.raw) {
        (Value::Text(text), _) => Some(text),
        (Value::List(_) | Value::Table(_), _) => None,
        (_, raw) => raw.as_deref(),
    }
}

/// `true` or `false`.
pub(super) fn boolean(node: &Node) -> Result<bool, Refusal> {
    match &node.value {
        Value::Bool(answer) => Ok(*answer),
        _ => Err(Refusal::expected("true or false")),
    }
}

/// A whole number within a range.
pub(super) fn integer(node: &Node, range: RangeInclusive<i64>) -> Result<i64, Refusal> {
    match &node.value {
        Value::Int(number) if range.contains(number) => Ok(*number),
        _ => Err(Refusal::expected(format!("a whole number from {} to {}", range.start(), range.end()))),
    }
}

/// A duration within a range.
pub(super) fn duration(node: &Node, range: RangeInclusive<Duration>) -> Result<Duration, Refusal> {
    let (least, most) = (quantity::show_duration(*range.start()), quantity::show_duration(*range.end()));
    let expected =
        || Refusal::expected(format!("a duration from {least} to {most}, such as \"90s\", \"15m\", \"1h30m\""));
    let quoted = match &node.value {
        Value::Int(number) => Some(format!("write a unit and quotes: \"{number}s\" for seconds")),
        _ => None,
    };
    let Some(text) = any_text(node) else { return Err(expected().maybe_fix(quoted)) };
    match quantity::parse_duration(text) {
        Some(value) if range.contains(&value) => Ok(value),
        Some(_) => Err(expected()),
        None => Err(expected().fix(quoted.unwrap_or_else(|| "units are ms, s, m, h, d, w".to_owned()))),
    }
}

/// A size in bytes within a range.
pub(super) fn bytes(node: &Node, range: RangeInclusive<u64>) -> Result<u64, Refusal> {
    let (least, most) = (quantity::show_bytes(*range.start()), quantity::show_bytes(*range.end()));
    let expected = || Refusal::expected(format!("a size from {least} to {most}, such as \"64MiB\""));
    let quoted = match &node.value {
        Value::Int(_) => Some("write a unit and quotes, such as \"64MiB\"".to_owned()),
        _ => None,
    };
    let Some(text) = any_text(node) else { return Err(expected().maybe_fix(quoted)) };
    match quantity::parse_bytes(text) {
        Some(value) if range.contains(&value) => Ok(value),
        Some(_) => Err(expected()),
        None => Err(expected().fix(quoted.unwrap_or_else(|| "units are B, KiB, MiB, GiB, KB, MB, GB".to_owned()))),
    }
}

/// A name of the operator's choice: lower-case letters, digits and `also`, beginning with a letter or digit, at most 40.
pub(super) fn is_name(text: &str, also: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.len() <= 40 && text.starts_with(plain) && text.chars().all(|c| plain(c) || also.contains(c))
}
