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
    let fault = {
        let mut state = slack.state();
        let state = &mut *state;
        let own = state.faults.get_mut("response_url").and_then(std::collections::VecDeque::pop_front);
        own.or_else(|| state.decides.as_mut().and_then(|decides| decides("response_url", &body)))
    };
    let done = matches!(fault, None | Some(Fault::Nothing | Fault::DoneButSilent | Fault::DoneButCut));
    slack.state().calls.push(Call { method: "response_url".to_owned(), done });
    match fault {
        Some(Fault::Limited(seconds)) => {
            return (StatusCode::TOO_MANY_REQUESTS, [("retry-after", seconds.to_string())]).into_response();
        }
        Some(Fault::Status(status)) => return StatusCode::from_u16(status).unwrap().into_response(),
        _ => {}
    }
    let answer = answered(&slack, &way, &body);
    match fault {
        Some(Fault::DoneButSilent) => std::future::pending().await,
        _ => answer,
    }
}

fn answered(slack: &super::Slack, way: &str, body: &Value) -> Response {
    let mut state = slack.state();
    let state = &mut *state;
    let Some((channel, user, used)) = state.ways.get_mut(way) else {
        return (StatusCode::NOT_FOUND, "{\"ok\":false,\"error\":\"expired_url\"}").into_response();
    };
    *used += 1;
    if *used > 5 {
        return (StatusCode::NOT_FOUND, "{\"ok\":false,\"error\":\"used_url\"}").into_response();
    }
    let (channel, user) = (channel.clone(), user.clone());
    if checked(state, "response_url", rules::message(body)).is_err() {
        return (StatusCode::OK, "{\"ok\":false,\"error\":\"invalid_blocks\"}").into_response();
    }
    let only_for = (body["response_type"] != "in_channel").then_some(user);
    let ts = state.moment();
    put(state, &channel, &ts, None, only_for, body);
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
