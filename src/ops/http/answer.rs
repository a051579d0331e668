//! What an answer must be, and what is taken from it.

use super::Response;
use crate::config::limits::CAPTURE_BYTES;
use crate::config::{parse_duration, show_duration};
use crate::ops::judge::{Found, JsonExpect, Wanted, clipped};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

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
    /// A text that is not within it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lacks: Option<String>,
    /// A bound such as `< 0.05` on the number that the body is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// A bound on the items or lines of the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<String>,
    /// The answer leads there, and nobody follows; a `*` at its end stands for anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect: Option<String>,
    /// A duration such as `500ms`; a slower answer is noted, it does not fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
    /// The same, and a slower answer fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub faster: Option<String>,
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
        self.of_body().check()?;
        for (key, text) in [("within", &self.within), ("faster", &self.faster)] {
            if text.as_deref().is_some_and(|text| parse_duration(text).is_none()) {
                return Err(format!("`{key}` is a duration such as \"500ms\""));
            }
        }
        Ok(())
    }

    fn of_body(&self) -> Wanted {
        let Self { contains, lacks, json, value, count, .. } = self.clone();
        Wanted { exit: None, contains, lacks, json, value, count }
    }

    /// What is wrong with an answer; empty if it is as expected. Shows no more of the body than a few characters. And what was measured.
    pub(crate) fn problems(&self, response: &Response) -> (Vec<String>, Option<f64>) {
        let mut problems = Vec::new();
        let usual = if self.redirect.is_some() { "3xx" } else { "2xx" };
        let status = self.status.clone().unwrap_or(Statuses::Class(usual.to_owned()));
        if !status.has(response.status) {
            problems.push(format!("the status is {}, expected {}", response.status, status.shown()));
        }
        for (name, expected) in &self.headers {
            match response.header(name) {
                Some(value) if value == *expected || expected == "*" => {}
                Some(value) => problems.push(format!("the header {name} is {}, expected {expected:?}", shown(&value))),
                None => problems.push(format!("the header {name} is missing")),
            }
        }
        if let Some(most) = self.faster.as_deref().and_then(parse_duration).filter(|most| response.took > *most) {
            problems.push(format!(
                "it took {}, expected at most {}",
                show_duration(response.took),
                show_duration(most)
            ));
        }
        problems.extend(self.redirect.as_ref().and_then(|to| leads(response, to)));
        let wanted = self.of_body();
        if wanted == Wanted::default() {
            return (problems, None);
        }
        if response.cut {
            problems.push("the body is longer than what is read of it".to_owned());
            return (problems, None);
        }
        let (of_body, measured) = wanted.judge(&Found { text: &response.body, ..Found::default() });
        problems.extend(of_body.into_iter().map(|problem| match problem.strip_prefix("it ") {
            Some(rest) => format!("the body {rest}"),
            None => problem,
        }));
        (problems, measured)
    }

    /// What is worth saying though it is no failure.
    pub(crate) fn note(&self, response: &Response) -> Option<String> {
        let within = parse_duration(self.within.as_deref()?)?;
        let slow = response.took > within;
        slow.then(|| format!("took {}, longer than {}", show_duration(response.took), show_duration(within)))
    }
}

/// What is wrong with where an answer leads.
fn leads(response: &Response, to: &str) -> Option<String> {
    let Some(found) = response.header("location") else { return Some("it leads nowhere".to_owned()) };
    let right = to.strip_suffix('*').map_or(found == to, |prefix| found.starts_with(prefix));
    (!right).then(|| format!("it leads to {}, expected {to:?}", shown(&found)))
}

fn shown(text: &str) -> String {
    format!("{:?}", clipped(text))
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
