//! What a call came with: a query, a form or JSON.
//! <https://docs.slack.dev/apis/web-api/#post-bodies>

use axum::http::HeaderMap;
use serde_json::{Map, Value};

/// What in a form or a query is JSON itself, as Slack's own clients send it: the page says so of every complex argument.
const NESTED: [&str; 5] = ["attachments", "blocks", "files", "metadata", "view"];

/// The arguments, the token that was among them, and whether they came as texts.
pub(super) fn read(query: Option<&str>, headers: &HeaderMap, body: &[u8]) -> (Value, Option<String>, bool) {
    let kind = headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if kind.starts_with("application/json") {
        return (serde_json::from_slice(body).unwrap_or_default(), None, false);
    }
    let pairs =
        url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()).chain(url::form_urlencoded::parse(body));
    let mut arguments: Map<String, Value> = pairs.map(|(name, value)| of_form(&name, value.into_owned())).collect();
    // https://docs.slack.dev/apis/web-api/#authentication: in the header, or among the arguments of a form.
    let token = arguments.remove("token").and_then(|token| token.as_str().map(str::to_owned));
    (Value::Object(arguments), token, true)
}

fn of_form(name: &str, value: String) -> (String, Value) {
    let nested = NESTED.contains(&name).then(|| serde_json::from_str(&value).ok()).flatten();
    (name.to_owned(), nested.unwrap_or(Value::String(value)))
}
