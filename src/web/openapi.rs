//! The description of every route, OpenAPI 3.1. Written by hand beside the route table; tests hold it to the routes and to
//! what they really answer.

use super::state::Web;
use crate::config::limits::{ANSWER_WAIT, ANSWER_WAIT_MAX, IDEMPOTENCY_KEY_CHARS, STREAM_LAST, STREAM_LAST_MAX};
use axum::Json;
use axum::extract::State;
use serde_json::{Map, Value, json};

mod schemas;

/// `GET /api/openapi.json`.
pub(super) async fn document(State(web): State<Web>) -> Json<Value> {
    Json(describe(web.version, web.public_url.as_deref()))
}

/// The whole description.
pub(super) fn describe(version: &str, public_url: Option<&str>) -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Drillbell",
            "version": version,
            "description": "Commands, clicks and the console's stream of one bot. Everything sent under one \
                            Idempotency-Key happens once, however often it is sent.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": public_url.unwrap_or("/")}],
        "security": [{"token": []}, {"session": []}],
        "paths": paths(),
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer",
                    "description": "The API token, from the file beside the data. Its holder may act for any console user with `as`."},
                "session": {"type": "apiKey", "in": "cookie", "name": "drillbell_session",
                    "description": "A session of the page (`__Host-drillbell` over TLS). It may change something only from there."},
            },
            "schemas": schemas::all(),
        },
    })
}

fn paths() -> Value {
    let key = json!({
        "name": "Idempotency-Key", "in": "header",
        "description": "Your name for this delivery. A second one of the same name is answered, not repeated.",
        "schema": {"type": "string", "minLength": 1, "maxLength": IDEMPOTENCY_KEY_CHARS, "pattern": "^[!-~]+$"},
    });
    let patience = |usual: u64| query("wait", "Seconds to wait for the end.", wait_schema(usual));
    let user = || query("as", "In whose name: a console login. For the API token only.", json!({"type": "string"}));
    let channel = || {
        query(
            "channel",
            "A console channel, with or without its `#`; by default `#incidents`, or the first.",
            json!({"type": "string"}),
        )
    };
    let ends = |what: &str| {
        with_problems(
            &[400, 401, 403, 408, 413, 422, 500, 503],
            [
                ("200", answer(&format!("{what} and all that came of it has ended."), "Answer")),
                ("202", answer("It still goes on; ask again at `follow`.", "Running")),
            ],
        )
    };
    let line = json!({"type": "string", "minLength": 1, "description": "What is typed, up to the cursor."});
    let number = |most: i64, usual: i64| json!({"type": "integer", "minimum": 0, "maximum": most, "default": usual});
    json!({
        "/healthz": {"get": open("Alive", [("200", text("text/plain", "`ok`, while the process lives."))])},
        "/readyz": {"get": open("Ready to work", [
            ("200", answer("Ready.", "Ready")), ("503", answer("Not ready, and why.", "Ready"))])},
        "/metrics": {"get": open("Metrics for Prometheus", [("200", text("text/plain", "The text format, version 0.0.4."))])},
        "/api/v1/commands": {"post": {
            "summary": "Run a command",
            "parameters": [key.clone(), patience(ANSWER_WAIT.as_secs())],
            "requestBody": body("Command"),
            "responses": ends("The command"),
        }},
        "/api/v1/commands/{delivery}": {"get": {
            "summary": "The answer to what was sent before",
            "parameters": [path("delivery", "The `delivery` of an earlier answer, percent-encoded."), patience(0)],
            "responses": with_problems(&[401, 404, 422, 500, 503], [
                ("200", answer("It has ended.", "Answer")), ("202", answer("It still goes on.", "Running"))]),
        }},
        "/api/v1/actions": {"post": {
            "summary": "Click a button",
            "parameters": [key, patience(ANSWER_WAIT.as_secs())],
            "requestBody": body("Action"),
            "responses": ends("The click"),
        }},
        "/api/v1/console/stream": {"get": {
            "summary": "Follow a console channel",
            "description": "Server-sent events without a name, each a `StreamItem` with its `seq` as id. The first event has an \
                            id and no data: where the stream begins.",
            "parameters": [
                channel(), user(),
                query("last", "Lines of the past to begin with.", number(STREAM_LAST_MAX, STREAM_LAST)),
                query("after", "Begin after this line instead.", json!({"type": "integer"})),
                {"name": "Last-Event-ID", "in": "header", "schema": {"type": "integer"},
                    "description": "Go on after this line; what browsers send by themselves."},
            ],
            "responses": with_problems(&[400, 401, 403, 422, 500, 503], [("200", text("text/event-stream", "The stream."))]),
        }},
        "/api/v1/charts/{message}/{block}": {"get": {
            "summary": "A chart of a console message, as a picture",
            "parameters": [
                path("message", "The message."), path("block", "Which of its blocks, from 0."),
                query("theme", "On what ground.", json!({"type": "string", "enum": ["light", "dark"], "default": "light"})),
            ],
            "responses": with_problems(&[401, 403, 404, 422, 500, 503], [("200", text("image/svg+xml", "The chart."))]),
        }},
        "/api/v1/complete": {"get": {
            "summary": "What may come next on a line",
            "parameters": [required("line", "query", "The line up to the cursor.", line), channel(), user()],
            "responses": with_problems(&[401, 403, 422, 500, 503], [("200", answer("Candidates; none is an answer too.", "Completion"))]),
        }},
        "/api/v1/whoami": {"get": {
            "summary": "Who this is, and which channels there are",
            "parameters": [user()],
            "responses": with_problems(&[401, 403, 422, 500, 503], [("200", answer("You.", "Whoami"))]),
        }},
        "/api/openapi.json": {"get": open("This description", [("200", text("application/json", "OpenAPI 3.1."))])},
        "/login/{code}": {"get": with_parameter(path("code", "The one-time code."), open("Sign in with a link", [
            ("200", text("text/html", "Signed in, on a page that leads to the console.")),
            ("303", plain("Signed in; on to the console.")),
            ("403", text("text/html", "The link was used, is too old, or never was one.")),
            ("429", plain("Too many were tried in vain; see `Retry-After`."))]))},
        "/logout": {"post": open("Sign out", [("303", plain("Signed out.")), ("403", plain("Not from the bot's own page."))])},
        "/": {"get": open("The way to the console", [("303", plain("On to the console."))])},
        "/console": {"get": open("The console page", [
            ("200", text("text/html", "The page.")), ("401", text("text/html", "How to sign in."))])},
        "/assets/console.js": {"get": open("The page's script", [("200", text("text/javascript", "JavaScript."))])},
        "/assets/console.css": {"get": open("The page's style", [("200", text("text/css", "CSS."))])},
    })
}

/// An operation for everybody.
fn open<const N: usize>(summary: &str, responses: [(&str, Value); N]) -> Value {
    json!({"summary": summary, "security": [], "responses": map(responses)})
}

fn with_parameter(parameter: Value, mut operation: Value) -> Value {
    operation["parameters"] = json!([parameter]);
    operation
}

fn map<const N: usize>(pairs: [(&str, Value); N]) -> Map<String, Value> {
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn with_problems<const N: usize>(codes: &[u16], answers: [(&str, Value); N]) -> Value {
    let mut responses = map(answers);
    for code in codes {
        let said = match code {
            400 => "It cannot be read.",
            401 => "No token or session that is known.",
            403 => "Not allowed.",
            404 => "Nothing of yours is known by that name.",
            408 => "The body did not arrive in time.",
            413 => "The body is too large.",
            422 => "A field does not fit; `field` names it.",
            503 => "Too much is waiting, or the database does not answer; see `Retry-After`.",
            _ => "Something went wrong on our side.",
        };
        let content = json!({super::PROBLEM_JSON: {"schema": reference("Problem")}});
        responses.insert(code.to_string(), json!({"description": said, "content": content}));
    }
    Value::Object(responses)
}

fn plain(said: &str) -> Value {
    json!({"description": said})
}

fn text(kind: &str, said: &str) -> Value {
    json!({"description": said, "content": {kind: {}}})
}

fn answer(said: &str, schema: &str) -> Value {
    json!({"description": said, "content": {"application/json": {"schema": reference(schema)}}})
}

fn body(schema: &str) -> Value {
    json!({"required": true, "content": {"application/json": {"schema": reference(schema)}}})
}

fn reference(schema: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{schema}")})
}

fn query(name: &str, said: &str, schema: Value) -> Value {
    json!({"name": name, "in": "query", "description": said, "schema": schema})
}

fn path(name: &str, said: &str) -> Value {
    required(name, "path", said, json!({"type": "string"}))
}

fn required(name: &str, place: &str, said: &str, schema: Value) -> Value {
    json!({"name": name, "in": place, "required": true, "description": said, "schema": schema})
}

fn wait_schema(usual: u64) -> Value {
    json!({"type": "integer", "minimum": 0, "maximum": ANSWER_WAIT_MAX.as_secs(), "default": usual})
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_route_is_described_and_nothing_else_is() {
        let described = describe("0", None);
        let mut told = BTreeSet::new();
        for (path, methods) in described["paths"].as_object().unwrap() {
            for method in methods.as_object().unwrap().keys() {
                told.insert((method.clone(), path.clone()));
            }
        }
        let there: BTreeSet<_> = super::super::routes()
            .into_iter()
            .map(|(method, path, _)| (method.to_owned(), path.replace("{*", "{")))
            .collect();
        assert_eq!(told, there);
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_schema_is_used() {
        let described = describe("0", Some("https://bell.example.org"));
        let text = described.to_string();
        let known: BTreeSet<&str> =
            described["components"]["schemas"].as_object().unwrap().keys().map(String::as_str).collect();
        let used: BTreeSet<&str> =
            text.split("#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        // The stream's items are named in words: OpenAPI 3.1 has no schema for server-sent events.
        let missing: Vec<_> = known.symmetric_difference(&used).copied().filter(|name| *name != "StreamItem").collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
