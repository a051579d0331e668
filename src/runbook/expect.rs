//! What must come of a step, read and checked; it is judged where the step runs, but for `previous`.

use super::Type;
use super::block::Reading;
use super::finding::shown;
use super::node::{Entry, Keys, Node, Value};
use crate::config::parse_duration;
use crate::model::bound::{Bound, number};
use serde_json::{Map, Value as Json, json};

/// What is compared with the run before: nothing else is understood.
const PREVIOUS: &str = "`previous` is \"same\", \"not-higher\", \"not-lower\" or \"within N%\"";

/// What a block expects.
#[derive(Debug, Default)]
pub(super) struct Expected {
    /// For where the step runs.
    pub json: Map<String, Json>,
    /// For who knows the run before.
    pub previous: Option<String>,
}

/// Reads `expect` of a block of a type.
pub(super) fn read(kind: Type, node: &Node, of: &Reading<'_>) -> Expected {
    let mut expected = Expected::default();
    let Value::Table(entries) = &node.value else {
        of.notes.problem(node.line, "`expect` is a table such as { status = 200 }");
        return expected;
    };
    let mut keys = Keys::new(entries, "`expect`", node.line, of.notes);
    let (http, command) = (kind == Type::Http, kind == Type::Command);
    let mut put = |key: &str, value: Option<Json>| expected.json.extend(value.map(|value| (key.to_owned(), value)));
    if http {
        put("status", of.typed(keys.take("status"), is_status, "`status` is 200, [200, 204] or \"2xx\""));
        put(
            "redirect",
            of.typed(keys.take("redirect"), is_address, "`redirect` is where the answer leads, such as \"https://…\""),
        );
        put("headers", of.typed(keys.take("headers"), is_texts, "`headers` is a table of texts"));
        let duration = |node: &Node| node.text().is_some_and(|text| parse_duration(text).is_some());
        put("within", of.typed(keys.take("within"), duration, "`within` is a duration such as \"500ms\""));
        put("faster", of.typed(keys.take("faster"), duration, "`faster` is a duration such as \"1s\""));
    }
    if command {
        put("exit", of.typed(keys.take("exit"), is_exit, "`exit` is a number from 0 to 255, or a list of them"));
    }
    let plain = kind != Type::Promql;
    if plain {
        put("contains", of.typed(keys.take("contains"), is_some_text, "`contains` is a text"));
        put("lacks", of.typed(keys.take("lacks"), is_some_text, "`lacks` is a text"));
        put("json", keys.take("json").map(|node| json_list(node, of)));
    }
    let (value, count) = (keys.take("value"), keys.take("count"));
    put("value", of.typed(value, is_bound, "`value` is an operator and a number, such as \"< 0.05\""));
    put("count", of.typed(count, is_bound, "`count` is an operator and a number, such as \">= 1\""));
    if !plain && value.is_none() && count.is_none() {
        of.notes.problem(node.line, "an expression's `expect` says its `value`, its `count`, or both");
    }
    if let Some(node) = keys.take("previous") {
        expected.previous = node.text().filter(|text| is_previous(text)).map(str::to_owned);
        if expected.previous.is_none() {
            of.notes.problem(node.line, PREVIOUS);
        } else if value.is_none() && count.is_none() {
            of.notes.problem(node.line, "`previous` compares the `value` or the `count`, and there is neither");
        }
    }
    keys.finish();
    expected
}

/// Whether the words after `previous` are understood.
fn is_previous(text: &str) -> bool {
    let within = text.strip_prefix("within ").and_then(|rest| rest.strip_suffix('%')).and_then(number);
    matches!(text, "same" | "not-higher" | "not-lower") || within.is_some_and(|percent| percent >= 0.0)
}

fn is_status(node: &Node) -> bool {
    let one = |node: &Node| matches!(node.value, Value::Int(100..=599));
    match &node.value {
        Value::Text(text) => ["1xx", "2xx", "3xx", "4xx", "5xx"].contains(&text.as_str()),
        Value::List(items) => !items.is_empty() && items.iter().all(one),
        _ => one(node),
    }
}

fn is_exit(node: &Node) -> bool {
    let one = |node: &Node| matches!(node.value, Value::Int(0..=255));
    match &node.value {
        Value::List(items) => !items.is_empty() && items.iter().all(one),
        _ => one(node),
    }
}

fn is_address(node: &Node) -> bool {
    node.text().is_some_and(|text| text.starts_with("https://") || text.starts_with("http://") || text.starts_with('/'))
}

fn is_some_text(node: &Node) -> bool {
    node.text().is_some_and(|text| !text.is_empty())
}

fn is_texts(node: &Node) -> bool {
    matches!(&node.value, Value::Table(entries) if entries.iter().all(|entry| entry.node.text().is_some()))
}

fn is_bound(node: &Node) -> bool {
    node.text().and_then(Bound::parse).is_some()
}

fn json_list(node: &Node, of: &Reading<'_>) -> Json {
    let Value::List(items) = &node.value else {
        of.notes.problem(node.line, "`json` is a list of tables such as { pointer = \"/state\", equals = \"ok\" }");
        return json!([]);
    };
    for item in items {
        match &item.value {
            Value::Table(entries) => one_json(entries, item.line, of),
            _ => of.notes.problem(item.line, "an item of `json` is a table with a `pointer`"),
        }
    }
    node.json()
}

fn one_json(entries: &[Entry], line: usize, of: &Reading<'_>) {
    let mut keys = Keys::new(entries, "an item of `json`", line, of.notes);
    let pointer = |node: &Node| node.text().is_some_and(|text| text.is_empty() || text.starts_with('/'));
    of.typed(keys.required("pointer"), pointer, "`pointer` begins with /, such as \"/items/0/state\"");
    let tests = [keys.take("equals"), keys.take("value"), keys.take("count")];
    of.typed(tests[1], is_bound, "`value` is an operator and a number, such as \"< 0.05\"");
    of.typed(tests[2], is_bound, "`count` is an operator and a number, such as \">= 1\"");
    if tests.iter().flatten().count() != 1 {
        of.notes.problem(line, "an item of `json` has exactly one of `equals`, `value` and `count`");
    }
    keys.finish();
}

/// What `capture` is: the name that later steps know it by.
pub(super) fn capture(node: &Node, kind: Type, of: &Reading<'_>) -> Option<(String, Json)> {
    let Value::Table(entries) = &node.value else {
        of.notes.problem(node.line, "`capture` is a table such as { name = \"release\", json = \"/id\" }");
        return None;
    };
    let mut keys = Keys::new(entries, "`capture`", node.line, of.notes);
    let name = keys.line_of_text("name", 40, true).unwrap_or_default().to_owned();
    let good = crate::model::places::is_name(&name) && name.starts_with(|c: char| c.is_ascii_lowercase());
    if !name.is_empty() && (!good || name == "item") {
        of.notes.problem(
            node.line,
            format!("`{}`: what is captured is called in lower-case letters, digits and _", shown(&name)),
        );
    }
    let json = keys.take("json");
    of.typed(
        json,
        |node| node.text().is_some_and(|text| text.starts_with('/')),
        "`json` is a pointer that begins with /",
    );
    if kind == Type::Http {
        let header = keys.take("header");
        of.typed(header, is_some_text, "`header` is the name of a header");
        if let Some(header) = header.filter(|_| json.is_some()) {
            of.notes.problem(header.line, "what is captured comes from `json` or from a `header`");
        }
    }
    if let Some(secret) = keys.take("secret") {
        of.notes.problem(secret.line, "a secret is not captured from step to step: name its handle where it is needed");
    }
    keys.finish();
    Some((name, node.json()))
}
