//! What an answer must be, and what is taken from it.

use super::Response;
use crate::config::limits::CAPTURE_BYTES;
use crate::config::{parse_duration, show_duration};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Characters of an answer that are shown where something is wrong with it.
const SHOWN: usize = 80;

/// What an answer must be; all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expect {
    /// Its status. Default: any 2xx.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Statuses>,
    /// Headers and what each holds.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Values within a JSON body.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub json: Vec<JsonExpect>,
    /// A text within the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contains: Option<String>,
    /// A duration such as `500ms`; a slower answer is noted, it does not fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
}

/// One status, some, or a class such as `2xx`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[expect(missing_docs, reason = "the names are the meaning")]
pub enum Statuses {
    One(u16),
    Some(Vec<u16>),
    Class(String),
}

/// A value within a JSON body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JsonExpect {
    /// Where: a JSON pointer, `/status/state`.
    pub pointer: String,
    /// What must be there.
    pub equals: Value,
}

/// What is taken from a step's outcome for the steps after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capture {
    /// What it is called from then on.
    pub name: String,
    /// A JSON pointer into the body or output. Without it (and `header`) all of the text, trimmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json: Option<String>,
    /// A header of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// It is masked from then on, and forgotten with this run.
    #[serde(default)]
    pub secret: bool,
}

impl Statuses {
    fn has(&self, status: u16) -> bool {
        match self {
            Self::One(one) => *one == status,
            Self::Some(some) => some.contains(&status),
            Self::Class(class) => class.strip_suffix("xx") == Some(&(status / 100).to_string()),
        }
    }

    fn shown(&self) -> String {
        match self {
            Self::One(one) => one.to_string(),
            Self::Some(some) => some.iter().map(u16::to_string).collect::<Vec<_>>().join(" or "),
            Self::Class(class) => class.clone(),
        }
    }

    fn check(&self) -> Result<(), String> {
        let good = match self {
            Self::One(one) => (100..600).contains(one),
            Self::Some(some) => !some.is_empty() && some.iter().all(|one| (100..600).contains(one)),
            Self::Class(class) => ["1xx", "2xx", "3xx", "4xx", "5xx"].contains(&class.as_str()),
        };
        if good {
            Ok(())
        } else {
            Err("a status is a number such as 200, a list of them, or a class such as \"2xx\"".to_owned())
        }
    }
}

impl Expect {
    /// Whether it makes sense at all.
    ///
    /// # Errors
    /// What does not, in a sentence.
    pub fn check(&self) -> Result<(), String> {
        self.status.as_ref().map_or(Ok(()), Statuses::check)?;
        if let Some(bad) = self.json.iter().find(|one| !one.pointer.is_empty() && !one.pointer.starts_with('/')) {
            return Err(format!("{:?} is no JSON pointer: it begins with /", bad.pointer));
        }
        match self.within.as_deref().map(parse_duration) {
            Some(None) => Err("`within` is a duration such as \"500ms\"".to_owned()),
            _ => Ok(()),
        }
    }

    /// What is wrong with an answer; empty if it is as expected. Shows no more of the body than a few characters.
    pub(crate) fn problems(&self, response: &Response) -> Vec<String> {
        let mut problems = Vec::new();
        let status = self.status.clone().unwrap_or(Statuses::Class("2xx".to_owned()));
        if !status.has(response.status) {
            problems.push(format!("the status is {}, expected {}", response.status, status.shown()));
        }
        for (name, expected) in &self.headers {
            match response.header(name) {
                Some(value) if value == *expected => {}
                Some(value) => problems.push(format!("the header {name} is {}, expected {expected:?}", shown(&value))),
                None => problems.push(format!("the header {name} is missing")),
            }
        }
        let body = &response.body;
        if response.cut && (!self.json.is_empty() || self.contains.is_some()) {
            problems.push("the body is longer than what is read of it".to_owned());
        } else {
            if self.contains.as_ref().is_some_and(|text| !body.contains(text.as_str())) {
                problems.push(format!("the body does not contain {:?}", self.contains.as_deref().unwrap_or_default()));
            }
            problems.extend(self.json.iter().filter_map(|one| one.problem(body)));
        }
        problems
    }

    /// What is worth saying though it is no failure.
    pub(crate) fn note(&self, response: &Response) -> Option<String> {
        let within = parse_duration(self.within.as_deref()?)?;
        let slow = response.took > within;
        slow.then(|| format!("took {}, longer than {}", show_duration(response.took), show_duration(within)))
    }
}

impl JsonExpect {
    fn problem(&self, body: &str) -> Option<String> {
        let Self { pointer, equals } = self;
        let Ok(value) = serde_json::from_str::<Value>(body) else { return Some("the body is not JSON".to_owned()) };
        match value.pointer(pointer) {
            Some(found) if found == equals => None,
            Some(found) => Some(format!("{pointer} is {}, expected {equals}", clipped(&found.to_string()))),
            None => Some(format!("there is nothing at {pointer}")),
        }
    }
}

fn shown(text: &str) -> String {
    format!("{:?}", clipped(text))
}

fn clipped(text: &str) -> String {
    let clipped: String = text.chars().take(SHOWN).collect();
    if clipped.len() < text.len() { format!("{clipped}…") } else { clipped }
}

impl Capture {
    /// What it takes out of a text or a response's body.
    ///
    /// # Errors
    /// It is not there, or longer than what can be captured.
    pub(crate) fn take(&self, text: &str, response: Option<&Response>) -> Result<String, String> {
        let name = &self.name;
        let found = match (&self.header, &self.json) {
            (Some(header), _) => response
                .and_then(|response| response.header(header))
                .ok_or_else(|| format!("`{name}` cannot be captured: there is no header {header}"))?,
            (None, Some(pointer)) => {
                let value: Value = serde_json::from_str(text)
                    .map_err(|_| format!("`{name}` cannot be captured: what came is not JSON"))?;
                match value.pointer(pointer) {
                    Some(Value::String(text)) => text.clone(),
                    Some(Value::Number(number)) => number.to_string(),
                    Some(Value::Bool(answer)) => answer.to_string(),
                    _ => return Err(format!("`{name}` cannot be captured: no text or number at {pointer}")),
                }
            }
            (None, None) => text.trim().to_owned(),
        };
        if found.is_empty() || found.len() >= CAPTURE_BYTES {
            return Err(format!("`{name}` cannot be captured: it is empty or longer than {CAPTURE_BYTES} bytes"));
        }
        Ok(found)
    }
}
