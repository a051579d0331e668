//! What of the fake Slack is no method of its Web API: ways back and uploads.

use super::api::{Shared, checked, put};
use super::state::{Fault, State, Way};
use super::{parts, rules};
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
        let fault = own.or_else(|| state.decides.as_mut().and_then(|decides| decides("response_url", &body)));
        let done = matches!(fault, None | Some(Fault::Nothing | Fault::DoneButSilent | Fault::DoneButCut));
        state.note("response_url", done, &body, false);
        fault
    };
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
    let Some(way) = state.ways.get_mut(way) else {
        return (StatusCode::NOT_FOUND, "{\"ok\":false,\"error\":\"expired_url\"}").into_response();
    };
    way.used += 1;
    if way.used > 5 {
        return (StatusCode::NOT_FOUND, "{\"ok\":false,\"error\":\"used_url\"}").into_response();
    }
    let way = way.clone();
    if body["delete_original"] == true {
        let source = way.source.unwrap_or_default();
        state.messages.retain(|one| one.channel != way.channel || one.ts != source);
        return "ok".into_response();
    }
    if checked(state, "response_url", rules::message_of(body, state.whose)).is_err() {
        return (StatusCode::OK, "{\"ok\":false,\"error\":\"invalid_blocks\"}").into_response();
    }
    said(state, &way, body);
    "ok".into_response()
}

/// What was said on the way back: instead of the message that it is of (`replace_original`), or beside it.
pub(super) fn said(state: &mut State, way: &Way, body: &Value) {
    let replaced = way.source.as_ref().filter(|_| body["replace_original"] == true);
    let replaced = state.messages.iter().position(|one| one.channel == way.channel && Some(&one.ts) == replaced);
    if let Some(at) = replaced {
        let mut body = body.clone();
        parts::named(state, body.get_mut("blocks"));
        state.messages[at].body = body;
        state.messages[at].edits += 1;
        return;
    }
    let only_for = (body["response_type"] != "in_channel").then(|| way.user.clone());
    let ts = state.moment();
    put(state, &way.channel, &ts, body["thread_ts"].as_str().map(str::to_owned), only_for, body);
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
