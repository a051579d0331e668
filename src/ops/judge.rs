//! What a text that came of a step must be: an answer's body, a program's output, rows as JSON. And the number that was measured.

use crate::model::bound::{Bound, number};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Characters of a text that are shown where something is wrong with it.
const SHOWN: usize = 80;

/// What a text must be; all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Wanted {
    /// A program's exit status. Default: 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit: Option<Exits>,
    /// A text within it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contains: Option<String>,
    /// A text that is not within it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lacks: Option<String>,
    /// Values within it, as JSON.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub json: Vec<JsonExpect>,
    /// A bound such as `< 0.05` on the one number that it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// A bound on how many there are: rows, items of a JSON list, lines that are not empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<String>,
}

/// One exit status, or some.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[expect(missing_docs, reason = "the names are the meaning")]
pub enum Exits {
    One(i32),
    Some(Vec<i32>),
}

/// A value within JSON: exactly one of `equals`, `value` and `count`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JsonExpect {
    /// Where: a JSON pointer, `/status/state`.
    pub pointer: String,
    /// What must be there.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "some")]
    pub equals: Option<Value>,
    /// A bound on the number that is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// A bound on how many items there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<String>,
}

/// `null` is a value that can be expected.
fn some<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// What a text is, besides its letters.
#[derive(Clone, Debug, Default)]
pub(in crate::ops) struct Found<'a> {
    /// As it came.
    pub text: &'a str,
    /// The one number, where it is not the text as a whole.
    pub number: Option<f64>,
    /// How many, where that is not what the text says.
    pub count: Option<usize>,
    /// There was more than this, which nobody has seen.
    pub cut: bool,
}

impl Exits {
    /// Whether a status is one of them.
    pub fn has(&self, code: i32) -> bool {
        match self {
            Self::One(one) => *one == code,
            Self::Some(some) => some.contains(&code),
        }
    }
}

impl Wanted {
    /// Whether it makes sense at all.
    ///
    /// # Errors
    /// What does not, in a sentence.
    pub fn check(&self) -> Result<(), String> {
        for (key, text) in [("value", &self.value), ("count", &self.count)] {
            bound(key, text.as_deref())?;
        }
        self.json.iter().try_for_each(JsonExpect::check)
    }

    /// What is wrong with a text; empty if it is as wanted. And the number that was looked at: the value, else the count.
    pub(in crate::ops) fn judge(&self, found: &Found<'_>) -> (Vec<String>, Option<f64>) {
        let mut problems = Vec::new();
        if let Some(text) = self.contains.as_ref().filter(|text| !found.text.contains(text.as_str())) {
            problems.push(format!("it does not contain {}", quoted(text)));
        }
        if let Some(text) = self.lacks.as_ref().filter(|text| found.text.contains(text.as_str())) {
            problems.push(format!("it contains {}", quoted(text)));
        }
        problems.extend(self.json.iter().filter_map(|one| one.problem(found.text)));
        let value = found.number.or_else(|| number(found.text));
        let count = || found.count.unwrap_or_else(|| counted(found.text));
        let mut measured = None;
        if let Some(bound) = self.count.as_deref().and_then(Bound::parse) {
            // Of rows that were cut there is one more at least.
            let more = found.cut && found.count.is_some();
            let count = (count() + usize::from(more)) as f64;
            measured = Some(count).filter(|_| !found.cut);
            let at_least = if found.cut { "at least " } else { "" };
            problems.extend((!bound.holds(count)).then(|| format!("there are {at_least}{count}, expected {bound}")));
        }
        if let Some(bound) = self.value.as_deref().and_then(Bound::parse) {
            measured = value;
            match value {
                Some(value) if bound.holds(value) => {}
                Some(value) => problems.push(format!("the value is {value}, expected {bound}")),
                None => problems.push(format!("{} is not one number", quoted(found.text.trim()))),
            }
        }
        (problems, measured)
    }
}

impl Wanted {
    /// Whether what was cut off could have decided it: what was seen neither proves it well nor proves it wrong.
    pub(in crate::ops) fn is_open(&self, found: &Found<'_>) -> bool {
        if !found.cut || self.lacks.as_ref().is_some_and(|text| found.text.contains(text.as_str())) {
            return false;
        }
        let count = self.count.as_deref().and_then(Bound::parse).map(|bound| {
            // Rows are counted whole, so one more is certain; a text may have been cut within its last line.
            let least = found.count.map_or_else(|| counted(found.text), |count| count + 1) as f64;
            // A list cut in its middle is no list any more, and its lines say nothing.
            let list = found.count.is_none() && found.text.trim_start().starts_with('[');
            let exact = bound.to_string().starts_with(['=', '!']);
            let settled = !exact && !list && bound.holds(least) == bound.holds(f64::INFINITY);
            settled.then(|| bound.holds(least))
        });
        let seen = serde_json::from_str::<Value>(found.text).ok();
        let there = |one: &JsonExpect| {
            !one.pointer.is_empty() && seen.as_ref().is_some_and(|whole| whole.pointer(&one.pointer).is_some())
        };
        match count {
            Some(Some(false)) => false,
            Some(None) => true,
            Some(Some(true)) | None => {
                self.lacks.is_some()
                    || self.value.is_some()
                    || self.contains.as_ref().is_some_and(|text| !found.text.contains(text.as_str()))
                    || !self.json.iter().all(there)
            }
        }
    }
}

impl JsonExpect {
    /// Whether it makes sense at all.
    ///
    /// # Errors
    /// What does not, in a sentence.
    pub fn check(&self) -> Result<(), String> {
        if !self.pointer.is_empty() && !self.pointer.starts_with('/') {
            return Err(format!("{:?} is no JSON pointer: it begins with /", self.pointer));
        }
        let tests = [self.equals.is_some(), self.value.is_some(), self.count.is_some()];
        if tests.into_iter().filter(|there| *there).count() != 1 {
            return Err(format!("what is expected at {:?} is one of `equals`, `value` and `count`", self.pointer));
        }
        bound("value", self.value.as_deref())?;
        bound("count", self.count.as_deref())
    }

    pub(in crate::ops) fn problem(&self, body: &str) -> Option<String> {
        let pointer = &self.pointer;
        let Ok(whole) = serde_json::from_str::<Value>(body) else { return Some("the body is not JSON".to_owned()) };
        let Some(found) = whole.pointer(pointer) else { return Some(format!("there is nothing at {pointer}")) };
        let said = |expected: &dyn std::fmt::Display| {
            Some(format!("{pointer} is {}, expected {expected}", clipped(&found.to_string())))
        };
        if let Some(equals) = self.equals.as_ref().filter(|equals| *equals != found) {
            return said(equals);
        }
        if let Some(bound) = self.value.as_deref().and_then(Bound::parse) {
            let value = found.as_f64().or_else(|| found.as_str().and_then(number));
            return if value.is_some_and(|value| bound.holds(value)) { None } else { said(&bound) };
        }
        if let Some(bound) = self.count.as_deref().and_then(Bound::parse) {
            let count = found.as_array().map(Vec::len).or_else(|| found.as_object().map(serde_json::Map::len));
            return match count {
                Some(count) if bound.holds(count as f64) => None,
                Some(count) => Some(format!("there are {count} at {pointer}, expected {bound}")),
                None => said(&"a list"),
            };
        }
        None
    }
}

fn bound(key: &str, text: Option<&str>) -> Result<(), String> {
    match text.map(Bound::parse) {
        Some(None) => Err(format!("`{key}` is an operator and a number, such as \"< 0.05\"")),
        _ => Ok(()),
    }
}

/// The items of a JSON list, or the lines that are not empty.
fn counted(text: &str) -> usize {
    match serde_json::from_str(text) {
        Ok(Value::Array(items)) => items.len(),
        _ => text.lines().filter(|line| !line.trim().is_empty()).count(),
    }
}

fn quoted(text: &str) -> String {
    format!("{:?}", clipped(text))
}

pub(in crate::ops) fn clipped(text: &str) -> String {
    let clipped: String = text.chars().take(SHOWN).collect();
    if clipped.len() < text.len() { format!("{clipped}…") } else { clipped }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn judged(wanted: Value, text: &str) -> String {
        let wanted: Wanted = serde_json::from_value(wanted).unwrap();
        wanted.check().unwrap();
        let (problems, measured) = wanted.judge(&Found { text, ..Found::default() });
        format!("{} {measured:?}", problems.join("; "))
    }

    #[test]
    fn what_is_wrong_with_a_text_is_named_with_what_was_measured() {
        let told = [
            judged(json!({"contains": "PONG", "lacks": "ERR"}), "PONG\n"),
            judged(json!({"contains": "PONG", "lacks": "ERR"}), "ERR no"),
            judged(json!({"value": "< 5"}), " 4.5\n"),
            judged(json!({"value": "< 5"}), "5"),
            judged(json!({"value": "< 5"}), "many"),
            judged(json!({"count": ">= 2"}), "a\n\nb\n"),
            judged(json!({"count": ">= 4"}), "[1, 2, 3]"),
            judged(
                json!({"json": [{"pointer": "/a", "value": "< 2"}, {"pointer": "/b", "count": "= 0"}]}),
                r#"{"a": 3, "b": [1]}"#,
            ),
            judged(json!({"json": [{"pointer": "/a", "equals": null}]}), r#"{"a": null}"#),
        ];
        insta::assert_snapshot!(told.join("\n"), @r#"
         None
        it does not contain "PONG"; it contains "ERR" None
         Some(4.5)
        the value is 5, expected < 5 Some(5.0)
        "many" is not one number None
         Some(2.0)
        there are 3, expected >= 4 Some(3.0)
        /a is 3, expected < 2; there are 1 at /b, expected = 0 None
         None
        "#);
        for (wanted, rows, open) in [
            (json!({"lacks": "b"}), "[]", true),
            (json!({"lacks": "["}), "[]", false),
            (json!({"contains": "a"}), "[\"a\"]", false),
            (json!({"contains": "b"}), "[\"a\"]", true),
            (json!({"value": "< 5"}), "[1]", true),
            (json!({"count": "<= 2"}), "[1, 2]", false),
            (json!({"count": "< 5"}), "[1, 2]", true),
            (json!({"count": ">= 3"}), "[1, 2]", false),
            (json!({"count": "> 3"}), "[1, 2]", true),
            (json!({"count": "= 2"}), "[1, 2]", true),
            (json!({"json": [{"pointer": "/0", "equals": 1}]}), "[1]", false),
            (json!({"json": [{"pointer": "", "count": "< 9"}]}), "[1]", true),
        ] {
            let wanted_of: Wanted = serde_json::from_value(wanted.clone()).unwrap();
            let count = serde_json::from_str::<Vec<Value>>(rows).ok().map(|rows| rows.len());
            let found = Found { text: rows, count, cut: true, ..Found::default() };
            assert_eq!(wanted_of.is_open(&found), open, "{wanted} of {rows}");
            assert!(!wanted_of.is_open(&Found { cut: false, ..found }));
        }
        let few: Wanted = serde_json::from_value(json!({"count": "< 3"})).unwrap();
        let cut = Found { text: "[1, 2]", count: Some(2), cut: true, ..Found::default() };
        assert_eq!(few.judge(&cut), (vec!["there are at least 3, expected < 3".to_owned()], None));
        for wrong in [json!({"value": "5"}), json!({"count": "few"}), json!({"json": [{"pointer": "/a"}]})] {
            assert!(serde_json::from_value::<Wanted>(wrong).unwrap().check().is_err());
        }
    }
}
