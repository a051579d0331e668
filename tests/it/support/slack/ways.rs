//! What of the fake Slack is no method of its Web API: ways back and uploads.

use super::api::{Shared, checked, put};
use super::rules;
use super::state::{Call, Fault};
use axum::body::Bytes;
use axum::extract::{Path, State as Extracted};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

/// A `response_url`: five uses. <https://docs.slack.dev/interactivity/handling-user-interaction>
pub(super) async fn respond(Extracted(slack): Extracted<Shared>, Path(way): Path<String>, body: Bytes) -> Response {
    let Some(slack) = slack.upgrade() else { return StatusCode::GONE.into_response() };
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let mut state = slack.state();
    let state = &mut *state;
    let fault = state.faults.get_mut("response_url").and_then(std::collections::VecDeque::pop_front);
    state.calls.push(Call { method: "response_url".to_owned(), done: fault.is_none() });
    match fault {
        Some(Fault::Limited(seconds)) => {
            return (StatusCode::TOO_MANY_REQUESTS, [("retry-after", seconds.to_string())]).into_response();
        }
        Some(Fault::Status(status)) => return StatusCode::from_u16(status).unwrap().into_response(),
        _ => {}
    }
    let Some((channel, user, used)) = state.ways.get_mut(&way) else {
        return (StatusCode::NOT_FOUND, "{\"ok\":false,\"error\":\"expired_url\"}").into_response();
    };
    *used += 1;
    if *used > 5 {
        return (StatusCode::NOT_FOUND, "{\"ok\":false,\"error\":\"used_url\"}").into_response();
    }
    let (channel, user) = (channel.clone(), user.clone());
    if checked(state, "response_url", rules::message(&body)).is_err() {
        return (StatusCode::OK, "{\"ok\":false,\"error\":\"invalid_blocks\"}").into_response();
    }
    let only_for = (body["response_type"] != "in_channel").then_some(user);
    let ts = state.moment();
    put(state, &channel, &ts, None, only_for, &body);
    "ok".into_response()
}

pub(super) async fn upload(Extracted(slack): Extracted<Shared>, Path(id): Path<String>, body: Bytes) -> Response {
    let Some(slack) = slack.upgrade() else { return StatusCode::GONE.into_response() };
    let mut state = slack.state();
    match state.files.get_mut(&id) {
        Some(file) => {
            file.bytes = body.to_vec();
            "OK - 1".into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
