//! The types of blocks: which keys each has, and the step of a job that it becomes.

use super::block::{Read, Reading};
use super::expect::{self, Expected};
use super::finding::shown;
use super::node::{Entry, Keys, Node, Value};
use super::{Risk, Type};
use crate::config::limits::{COMMAND_TIME_MAX, PROMQL_BYTES, SQL_BYTES, SQL_ROWS_MAX};
use crate::config::parse_duration;
use crate::model::places;
use serde_json::{Map, Value as Json, json};

const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

impl Reading<'_> {
    fn name_of(&self, keys: &mut Keys<'_>, key: &'static str) -> Option<Json> {
        let good = |node: &Node| {
            node.text().is_some_and(|text| {
                let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(&b);
                !text.is_empty() && text.len() <= 40 && text.bytes().all(plain)
            })
        };
        self.typed(keys.required(key), good, &format!("`{key}` is a name of the configuration: a-z, 0-9, - and _"))
    }

    fn expected(&self, kind: Type, keys: &mut Keys<'_>, required: bool) -> Expected {
        let node = if required { keys.required("expect") } else { keys.take("expect") };
        node.map(|node| expect::read(kind, node, self)).unwrap_or_default()
    }

    pub(super) fn http(&self, keys: &mut Keys<'_>) -> Read {
        let mut http = Map::new();
        let url = keys.required("url");
        let good = |node: &Node| node.text().is_some_and(is_url);
        let url = self.typed(
            url,
            good,
            "`url` is an address with https:// or http://, no password, no #, and places in its path and query only",
        );
        http.extend(url.map(|url| ("url".to_owned(), url)));
        let method = keys.take("method");
        let good = |node: &Node| node.text().is_some_and(|text| METHODS.contains(&text));
        http.extend(
            self.typed(method, good, "`method` is GET, HEAD, POST, PUT, PATCH or DELETE")
                .map(|m| ("method".to_owned(), m)),
        );
        let writes = method.and_then(Node::text).is_some_and(|method| !matches!(method, "GET" | "HEAD"));
        if let Some(node) = keys.take("headers") {
            http.insert("headers".to_owned(), self.headers(node));
        }
        if let Some(node) = keys.take("body") {
            if !writes {
                self.notes.problem(node.line, "a GET or HEAD request has no body");
            }
            http.insert("body".to_owned(), node.json());
        }
        let expected = self.expected(Type::Http, keys, false);
        if !expected.json.is_empty() {
            http.insert("expect".to_owned(), Json::Object(expected.json));
        }
        let mut does = Map::from_iter([("http".to_owned(), Json::Object(http))]);
        does.extend(expected.previous.map(|text| ("previous".to_owned(), text.into())));
        (does, if writes { Risk::Change } else { Risk::ReadOnly }, None, &["url", "headers", "body"])
    }

    fn headers(&self, node: &Node) -> Json {
        let Value::Table(entries) = &node.value else {
            self.notes.problem(node.line, "`headers` is a table");
            return json!({});
        };
        for entry in entries {
            let secret = |table: &[Entry]| {
                table.iter().any(|entry| entry.key == "secret")
                    && table
                        .iter()
                        .all(|entry| matches!(entry.key.as_str(), "secret" | "prefix") && entry.node.text().is_some())
            };
            match &entry.node.value {
                Value::Text(_) if is_credential(&entry.key) => self.notes.problem(
                    entry.line,
                    format!(
                        "`{}` is a credential: write {{ secret = \"HANDLE\" }}, and keep the secret out of the file",
                        shown(&entry.key)
                    ),
                ),
                Value::Text(_) => {}
                Value::Table(table) if secret(table) => {}
                _ => self
                    .notes
                    .problem(entry.line, "a header is a text, or { secret = \"HANDLE\", prefix = \"Bearer \" }"),
            }
        }
        node.json()
    }

    pub(super) fn sql(&self, keys: &mut Keys<'_>) -> Read {
        let mut sql = Map::new();
        sql.extend(self.name_of(keys, "database").map(|name| ("database".to_owned(), name)));
        if let Some(node) = keys.required("query") {
            match node.text() {
                Some(text) if !text.trim().is_empty() && text.len() <= SQL_BYTES => {
                    if let Err(why) = crate::ops::sql::check(text) {
                        self.notes.problem(node.line, why);
                    }
                    sql.insert("query".to_owned(), text.into());
                    let filled = places::names(text)
                        .into_iter()
                        .filter_map(|name| Some((name.clone(), Json::from(self.scope.filled.get(&name)?.as_text()?))));
                    let args: Map<String, Json> = filled.collect();
                    if !args.is_empty() {
                        sql.insert("args".to_owned(), Json::Object(args));
                    }
                }
                _ => self.notes.problem(node.line, format!("`query` is one statement of at most {SQL_BYTES} bytes")),
            }
        }
        let good = |node: &Node| matches!(node.value, Value::Int(n) if usize::try_from(n).is_ok_and(|n| (1..=SQL_ROWS_MAX).contains(&n)));
        let rows = self.typed(keys.take("rows"), good, "`rows` is a number from 1 to 1000");
        sql.extend(rows.map(|rows| ("rows".to_owned(), rows)));
        let expected = self.expected(Type::Sql, keys, false);
        if !expected.json.is_empty() {
            sql.insert("expect".to_owned(), Json::Object(expected.json));
        }
        let mut does = Map::from_iter([("sql".to_owned(), Json::Object(sql))]);
        does.extend(expected.previous.map(|text| ("previous".to_owned(), text.into())));
        (does, Risk::ReadOnly, None, &["query"])
    }

    pub(super) fn command(&self, keys: &mut Keys<'_>) -> Read {
        let mut does = Map::new();
        does.extend(self.name_of(keys, "command").map(|name| ("command".to_owned(), name)));
        let args = |node| self.typed(node, is_arguments, "`args` is a table of texts or numbers").map(written_out);
        does.extend(args(keys.take("args")).map(|args| ("args".to_owned(), args)));
        if let Some(node) = keys.take("undo") {
            match &node.value {
                Value::Table(entries) => {
                    let mut undo = Keys::new(entries, "`undo`", node.line, self.notes);
                    let mut back = Map::new();
                    back.extend(self.name_of(&mut undo, "command").map(|name| ("command".to_owned(), name)));
                    back.extend(args(undo.take("args")).map(|args| ("args".to_owned(), args)));
                    undo.finish();
                    does.insert("undo".to_owned(), Json::Object(back));
                }
                _ => self.notes.problem(node.line, "`undo` is { command = \"NAME\", args = {} }"),
            }
        }
        let expected = self.expected(Type::Command, keys, false);
        if !expected.json.is_empty() {
            does.insert("expect".to_owned(), Json::Object(expected.json));
        }
        does.extend(expected.previous.map(|text| ("previous".to_owned(), text.into())));
        (does, Risk::Change, None, &["args", "undo"])
    }

    pub(super) fn promql(&self, keys: &mut Keys<'_>) -> Read {
        let query = keys.line_of_text("query", PROMQL_BYTES, true).unwrap_or_default().to_owned();
        let unit = keys.line_of_text("unit", 40, false).map(str::to_owned);
        let window = keys.take("window");
        let time = |node: &Node| node.text().and_then(parse_duration).is_some_and(|time| !time.is_zero());
        let written = self.typed(window, time, "`window` is a duration such as \"5m\"");
        if query.contains("$window") != window.is_some() {
            self.notes.problem(keys.line, "$window in `query` and the key `window`, which fills it, go together");
        }
        let expected = self.expected(Type::Promql, keys, true);
        let mut promql =
            Map::from_iter([("query".to_owned(), query.into()), ("expect".to_owned(), Json::Object(expected.json))]);
        promql.extend(unit.map(|unit| ("unit".to_owned(), unit.into())));
        promql.extend(written.map(|window| ("window".to_owned(), window)));
        let mut does = Map::from_iter([("promql".to_owned(), Json::Object(promql))]);
        does.extend(expected.previous.map(|text| ("previous".to_owned(), text.into())));
        (does, Risk::ReadOnly, None, &[])
    }

    pub(super) fn backup(&self, keys: &mut Keys<'_>) -> Read {
        let word = keys.required("do");
        let good = |node: &Node| matches!(node.text(), Some("take" | "verify" | "fresh"));
        let word = self.typed(word, good, "`do` is \"take\", \"verify\" or \"fresh\"").unwrap_or_default();
        let mut does = Map::from_iter([("do".to_owned(), word.clone())]);
        does.extend(self.name_of(keys, "target").map(|name| ("target".to_owned(), name)));
        if let Some(node) = keys.take("max_age") {
            let good = |node: &Node| node.text().is_some_and(|text| parse_duration(text).is_some());
            does.extend(
                self.typed(Some(node), good, "`max_age` is a duration such as \"2h\"")
                    .map(|age| ("max_age".to_owned(), age)),
            );
            if word != "fresh" {
                self.notes.problem(node.line, "`max_age` belongs to do = \"fresh\"");
            }
        }
        (does, if word == "take" { Risk::Change } else { Risk::ReadOnly }, None, &[])
    }

    pub(super) fn chat(&self, keys: &mut Keys<'_>) -> Read {
        let some =
            |node: &Node| node.text().is_some_and(|text| !text.trim().is_empty() && text.chars().count() <= 2000);
        let (say, channel, ask) = (keys.take("say"), keys.take("channel"), keys.take("ask"));
        let mut does = Map::new();
        does.extend(
            self.typed(say, some, "`say` is a text of at most 2000 characters").map(|text| ("say".to_owned(), text)),
        );
        does.extend(
            self.typed(ask, some, "`ask` is a question of at most 2000 characters")
                .map(|text| ("ask".to_owned(), text)),
        );
        let known =
            |node: &Node| matches!(node.text(), Some("incidents" | "alerts" | "backups" | "deployments" | "ops"));
        let expected = "`channel` is incidents, alerts, backups, deployments or ops";
        does.extend(self.typed(channel, known, expected).map(|channel| ("channel".to_owned(), channel)));
        if say.is_some() == ask.is_some() {
            self.notes.problem(keys.line, "a `chat` block has exactly one of `say` and `ask`");
        }
        if let Some(channel) = channel.filter(|_| ask.is_some()) {
            self.notes.problem(channel.line, "a question is asked in the runbook's own thread");
        }
        (does, Risk::ReadOnly, None, &["say", "ask"])
    }

    pub(super) fn wait(&self, keys: &mut Keys<'_>) -> Read {
        let node = keys.required("wait");
        let time = |node: &Node| {
            node.text().and_then(parse_duration).filter(|time| !time.is_zero() && *time <= COMMAND_TIME_MAX)
        };
        let wait = self.typed(node, |node| time(node).is_some(), "`wait` is a duration up to a day, such as \"30s\"");
        let does = wait.map(|wait| ("wait".to_owned(), wait)).into_iter().collect();
        (does, Risk::ReadOnly, node.and_then(time), &[])
    }
}

fn is_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let sample = places::replace(text, |_| Some("x".to_owned()));
    matches!(scheme, "https" | "http")
        && !authority.is_empty()
        && !authority.contains(['{', '}', '@'])
        && !rest.contains('#')
        && url::Url::parse(&sample).is_ok_and(|url| url.host().is_some())
}

fn is_credential(header: &str) -> bool {
    let name = header.to_ascii_lowercase();
    ["authorization", "cookie", "x-api-key", "x-auth-token"].iter().any(|credential| name.ends_with(credential))
}

/// Whether a value can be a command's arguments: a number is given as it is written.
fn is_arguments(node: &Node) -> bool {
    let is_one = |node: &Node| node.text().is_some() || matches!(node.value, Value::Int(_) | Value::Float(_));
    matches!(&node.value, Value::Table(table) if table.iter().all(|entry| is_one(&entry.node)))
}

/// Arguments as texts.
fn written_out(args: Json) -> Json {
    match args {
        Json::Object(args) => Json::Object(args.into_iter().map(|(name, value)| (name, written_out(value))).collect()),
        Json::Number(number) => Json::String(number.to_string()),
        other => other,
    }
}
