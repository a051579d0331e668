//! HTTP mode: what Slack sends as requests. Each is verified over its raw bytes before anything of it is read; what cannot be
//! stored is answered 503. <https://docs.slack.dev/apis/events-api/using-http-request-urls>

use super::SlackChat;
use super::inbound::Told;
use super::payload::{Command, EventCallback, Interaction};
use super::signature::{SIGNATURE, TIMESTAMP, verify};
use crate::config::limits::SLACK_REQUEST_BYTES;
use crate::platform::door::Door;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// How often Slack has sent an event before. <https://docs.slack.dev/apis/events-api>
const RETRY: &str = "x-slack-retry-num";

#[derive(Clone)]
struct Shared {
    slack: Arc<SlackChat>,
    door: Door,
}

/// The three paths that the app's manifest names.
pub(super) fn router(slack: Arc<SlackChat>, door: Door) -> Router {
    Router::new()
        .route("/slack/commands", post(commands))
        .route("/slack/interactions", post(interactions))
        .route("/slack/events", post(events))
        .layer(DefaultBodyLimit::max(SLACK_REQUEST_BYTES))
        .with_state(Shared { slack, door })
}

impl Shared {
    /// Whether it is Slack's. A stranger is told nothing but that.
    fn verified(&self, headers: &HeaderMap, body: &[u8]) -> Result<(), Box<Response>> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let Some(secret) = &self.slack.config.signing_secret else {
            return Err(Box::new(StatusCode::UNAUTHORIZED.into_response()));
        };
        let now_ms = self.slack.clock.now_ms();
        verify(secret.expose(), now_ms, text(TIMESTAMP), text(SIGNATURE), body).map_err(|forged| {
            tracing::warn!(error = %forged, "a request to /slack was refused");
            Box::new((StatusCode::UNAUTHORIZED, "This request is not signed by Slack.").into_response())
        })
    }
}

async fn commands(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    if let Err(refused) = shared.verified(&headers, &body) {
        return *refused;
    }
    let fields = form(&body);
    if fields.get("ssl_check").is_some_and(|check| check == "1") {
        return StatusCode::OK.into_response();
    }
    match serde_json::from_value::<Command>(Value::Object(fields)) {
        Ok(command) => answer(shared.slack.hear_command(&shared.door, command, &unnamed(&headers)).await),
        Err(error) => unread(&error),
    }
}

async fn interactions(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    if let Err(refused) = shared.verified(&headers, &body) {
        return *refused;
    }
    let fields = form(&body);
    let payload = fields.get("payload").and_then(Value::as_str).unwrap_or_default();
    match serde_json::from_str::<Interaction>(payload) {
        Ok(happened) => answer(shared.slack.hear_interaction(&shared.door, happened, &unnamed(&headers)).await),
        Err(error) => unread(&error),
    }
}

async fn events(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    if let Err(refused) = shared.verified(&headers, &body) {
        return *refused;
    }
    match serde_json::from_slice::<EventCallback>(&body) {
        // Slack asks once whether the address is ours.
        Ok(told) if told.kind == "url_verification" => answer(Told::Taken(Some(json!({"challenge": told.challenge})))),
        Ok(told) => {
            let retry = headers.get(RETRY).and_then(|value| value.to_str().ok()?.parse().ok()).unwrap_or(0);
            answer(shared.slack.hear_event(&shared.door, EventCallback { retry, ..told }, &unnamed(&headers)).await)
        }
        Err(error) => unread(&error),
    }
}

fn answer(told: Told) -> Response {
    match told {
        Told::Taken(None) => StatusCode::OK.into_response(),
        Told::Taken(Some(json)) => ([(header::CONTENT_TYPE, "application/json")], json.to_string()).into_response(),
        Told::NotNow => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

fn unread(error: &serde_json::Error) -> Response {
    tracing::error!(error = %error, "what Slack sent cannot be read; it is lost");
    StatusCode::BAD_REQUEST.into_response()
}

/// A form's fields.
fn form(body: &[u8]) -> Map<String, Value> {
    url::form_urlencoded::parse(body)
        .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
        .collect()
}

/// What a request is called that names itself nowhere: its signature, which no two share.
fn unnamed(headers: &HeaderMap) -> String {
    headers.get(SIGNATURE).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}
