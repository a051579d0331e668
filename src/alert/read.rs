//! Reading JSON that anybody may have sent: what is not there is nothing, what has the wrong type is named.

use super::Reject;
use chrono::{DateTime, Utc};
use serde_json::Value;

/// Before this an "end" or "start" means that there is none: Go writes the year 1 for it.
const NEVER_BEFORE_MS: i64 = 0;
/// No moment later than this is meant: the year 2200.
const NEVER_AFTER_MS: i64 = 7_258_118_400_000;
/// Seconds since the epoch are below this, milliseconds above it.
const SECONDS_BELOW: i64 = 100_000_000_000;

/// The body as JSON. Nesting is bounded by the reader: deeper than 128 is refused, not followed.
pub(super) fn json(bytes: &[u8]) -> Result<Value, Reject> {
    serde_json::from_slice(bytes).map_err(|error| {
        let what = if error.to_string().contains("recursion") { "it is nested too deeply" } else { "it is not JSON" };
        let place = format!("line {}, column {}", error.line(), error.column());
        Reject::whole("body", format!("{what} ({place})"))
    })
}

/// Where something stands, for whoever reads of it.
#[derive(Clone, Debug)]
pub(super) struct At<'a> {
    pub(super) index: usize,
    pub(super) path: String,
    pub(super) value: &'a Value,
}

impl<'a> At<'a> {
    /// The whole of a notification of one alert.
    pub(super) fn whole(value: &'a Value) -> Self {
        Self { index: 0, path: String::new(), value }
    }

    /// The n-th of a list.
    pub(super) fn item(list: &str, index: usize, value: &'a Value) -> Self {
        let path = if list.is_empty() { index.to_string() } else { format!("{list}.{index}") };
        Self { index, path, value }
    }

    fn at(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Why this alert is not taken.
    pub(super) fn wrong(&self, key: &str, reason: impl Into<String>) -> Reject {
        Reject { at: self.index, field: self.at(key), reason: reason.into() }
    }

    fn found(&self, key: &str) -> Option<&'a Value> {
        self.value.get(key).filter(|value| !value.is_null())
    }

    /// The object under a key.
    pub(super) fn child(&self, key: &str) -> Result<Self, Reject> {
        match self.found(key) {
            Some(value) if value.is_object() => Ok(Self { index: self.index, path: self.at(key), value }),
            Some(_) => Err(self.wrong(key, "an object was expected")),
            None => Err(self.wrong(key, "it is missing")),
        }
    }

    /// The same if it is there and an object.
    pub(super) fn maybe(&self, key: &str) -> Option<Self> {
        self.child(key).ok()
    }

    /// A text, if there is one.
    pub(super) fn text(&self, key: &str) -> Result<Option<&'a str>, Reject> {
        match self.found(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.wrong(key, "a text was expected")),
        }
    }

    /// A text that must be there and not be empty.
    pub(super) fn needed(&self, key: &str) -> Result<&'a str, Reject> {
        match self.text(key)? {
            Some(text) if !text.trim().is_empty() => Ok(text),
            Some(_) => Err(self.wrong(key, "it is empty")),
            None => Err(self.wrong(key, "it is missing")),
        }
    }

    /// A text, or a number as text.
    pub(super) fn word(&self, key: &str) -> Option<String> {
        scalar(self.found(key)?)
    }

    /// The fields of an object of texts (or numbers), if there is one. Anything else in it is named.
    pub(super) fn texts(&self, key: &str) -> Result<Vec<(String, String)>, Reject> {
        let Some(value) = self.found(key) else { return Ok(Vec::new()) };
        let Value::Object(map) = value else { return Err(self.wrong(key, "an object of texts was expected")) };
        let mut texts = Vec::with_capacity(map.len());
        for (name, value) in map {
            match scalar(value) {
                Some(text) => texts.push((name.clone(), text)),
                None if value.is_null() => {}
                None => {
                    let name: String = name.chars().filter(|c| !c.is_control()).take(60).collect();
                    return Err(self.wrong(&format!("{key}.{name}"), "a text was expected"));
                }
            }
        }
        Ok(texts)
    }

    /// A moment, if there is one: milliseconds since the epoch. One that means "never" is none.
    pub(super) fn moment(&self, key: &str) -> Result<Option<i64>, Reject> {
        match self.found(key) {
            None => Ok(None),
            Some(value) => {
                moment(value).map_err(|()| self.wrong(key, "a time such as 2026-03-01T10:00:00Z was expected"))
            }
        }
    }
}

/// A text, number or truth value as text.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(answer) => Some(answer.to_string()),
        _ => None,
    }
}

/// RFC 3339 (with or without a colon in its offset), or seconds or milliseconds since the epoch.
pub(super) fn moment(value: &Value) -> Result<Option<i64>, ()> {
    let ms = match value {
        Value::String(text) if text.trim().is_empty() => return Ok(None),
        Value::String(text) => written(text.trim()).ok_or(())?,
        Value::Number(number) => {
            let whole = number.as_i64().or_else(|| {
                let seconds = number.as_f64().filter(|seconds| seconds.abs() < 1e15)?;
                #[expect(clippy::cast_possible_truncation, reason = "it was just looked at")]
                Some(seconds as i64)
            });
            from_epoch(whole.ok_or(())?).ok_or(())?
        }
        _ => return Err(()),
    };
    Ok(Some(ms).filter(|ms| (NEVER_BEFORE_MS..NEVER_AFTER_MS).contains(ms)))
}

fn from_epoch(number: i64) -> Option<i64> {
    if number.abs() < SECONDS_BELOW { number.checked_mul(1000) } else { Some(number) }
}

fn written(text: &str) -> Option<i64> {
    if let Ok(number) = text.parse::<i64>() {
        return from_epoch(number);
    }
    let parsed =
        DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z"));
    parsed.ok().map(|at| at.with_timezone(&Utc).timestamp_millis())
}
