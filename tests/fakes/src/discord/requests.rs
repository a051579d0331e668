//! The API's outside: every request is read strictly, may have a mishap, and is written into the journal.

use super::{APPLICATION, FakeDiscord, TOKEN};
use axum::body::{Body, Bytes};
use axum::extract::State as Extracted;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Instant;
use tokio::net::TcpListener;

/// What goes wrong with a request.
#[derive(Clone, Copy, Debug)]
pub enum Mishap {
    /// 429 with this patience in seconds (topics/rate-limits).
    Limited(f64, bool),
    /// This status, and nothing is done.
    Status(u16),
    /// This status with Discord's own code, and nothing is done.
    Refused(u16, u64),
    /// It is carried out, and the connection breaks before the answer.
    Cut,
    /// It is carried out, and nothing is answered.
    CarriedOutAndSilent,
}

/// A request with its files.
#[derive(Clone)]
pub(super) struct Asked {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) body: Value,
    pub(super) files: Vec<(String, usize)>,
}

impl Asked {
    /// A body that came as the answer to an interaction over HTTP, by no route.
    pub(super) fn of(body: Value) -> Self {
        Self { method: Method::POST, path: String::new(), query: String::new(), body, files: Vec::new() }
    }
}

/// What is answered.
pub(super) struct Answer(pub(super) u16, pub(super) Value);

impl Answer {
    /// An error with Discord's own code (topics/opcodes-and-status-codes).
    pub(super) fn error(status: u16, code: u64, message: &str) -> Self {
        Self(status, json!({"code": code, "message": message}))
    }
}

pub(super) async fn serve(fake: Arc<FakeDiscord>, listener: TcpListener) {
    let router = axum::Router::new().fallback(request).with_state(fake);
    axum::serve(listener, router).await.unwrap();
}

async fn request(
    Extracted(fake): Extracted<Arc<FakeDiscord>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    bytes: Bytes,
) -> Response {
    let path = percent_decoded(uri.path().trim_start_matches("/api/v10/"));
    let mishap = fake.faults.lock().unwrap().as_mut().and_then(|faults| faults(method.as_str(), &path));
    let (body, files, unreadable) = read(&headers, &bytes);
    let mut complaints: Vec<String> = unreadable.into_iter().collect();
    if !uri.path().starts_with("/api/v10/") {
        complaints.push("the version is part of the path (reference, `api-versioning`)".to_owned());
    }
    let agent = headers.get("user-agent").and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    if !agent.starts_with("DiscordBot (http") {
        complaints.push(format!("{agent:?} is no user agent of a bot (reference, `user-agent`)"));
    }
    let answer = match mishap {
        Some(Mishap::Status(status)) => Answer(status, json!({"message": "upstream connect error"})),
        Some(Mishap::Refused(status, code)) => Answer::error(status, code, "as the test says"),
        Some(Mishap::Limited(after, global)) => {
            let words = "You are being rate limited.";
            Answer(429, json!({"message": words, "retry_after": after, "global": global, "code": 0}))
        }
        Some(Mishap::Cut | Mishap::CarriedOutAndSilent) | None => {
            let open = path.starts_with("interactions/") || path.starts_with(&format!("webhooks/{APPLICATION}/"));
            let known = headers.get("authorization").is_some_and(|value| value == &format!("Bot {TOKEN}"));
            let query = uri.query().unwrap_or_default().to_owned();
            let asked = Asked { method: method.clone(), path: path.clone(), query, body: body.clone(), files };
            match open || known {
                true => fake.answer(&asked),
                false => Answer::error(401, 0, "401: Unauthorized"),
            }
        }
    };
    let Answer(status, answered) = answer;
    {
        let mut state = fake.state();
        state.requests += 1;
        let what = format!("{method} {path}");
        state.complaints.extend(complaints.into_iter().map(|complaint| format!("{what}: {complaint}")));
        // What a bot must expect, such as a second first answer after a repeat, is no mistake.
        if answered["code"] == 50035 {
            state.complaints.push(format!("{what}: {answered}"));
        }
        if !body.is_null() {
            state.keeps(what, &body);
        }
        let method = method.to_string();
        state.journal.push(super::Call { method, path, body, status, at: Instant::now() });
    }
    if matches!(mishap, Some(Mishap::CarriedOutAndSilent)) {
        return std::future::pending().await;
    }
    if matches!(mishap, Some(Mishap::Cut)) {
        let broken = futures::stream::once(async { Err::<Bytes, _>(std::io::Error::other("cut")) });
        return Response::new(Body::from_stream(broken));
    }
    // On every answer (topics/rate-limits, `header-format`).
    let limits = [("x-ratelimit-limit", "50"), ("x-ratelimit-remaining", "49"), ("x-ratelimit-reset-after", "1.000")];
    let status = StatusCode::from_u16(status).unwrap();
    match answered {
        Value::Null => (status, limits).into_response(),
        body => (status, limits, [("content-type", "application/json")], body.to_string()).into_response(),
    }
}

type Read = (Value, Vec<(String, usize)>, Option<String>);

/// A JSON body, or one in parts with `payload_json` and `files[n]` (reference, `uploading-files`).
fn read(headers: &HeaderMap, bytes: &[u8]) -> Read {
    if bytes.is_empty() {
        return (Value::Null, Vec::new(), None);
    }
    let kind = headers.get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.starts_with("application/json") {
        return match serde_json::from_slice(bytes) {
            Ok(body) => (body, Vec::new(), None),
            Err(error) => (Value::Null, Vec::new(), Some(format!("the body is no JSON: {error}"))),
        };
    }
    let Some(boundary) = kind.strip_prefix("multipart/form-data; boundary=") else {
        return (Value::Null, Vec::new(), Some(format!("{kind:?} is no type of a body")));
    };
    let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    let (mut body, mut files) = (Value::Null, Vec::new());
    for part in text.split(&format!("--{boundary}")) {
        let Some((head, content)) = part.split_once("\r\n\r\n") else { continue };
        let content = content.strip_suffix("\r\n").unwrap_or(content);
        if head.contains("name=\"payload_json\"") {
            let bytes: Vec<u8> = content.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
            body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        } else if head.contains(&format!("name=\"files[{}]\"", files.len())) {
            let name = head.split("filename=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
            files.push((name.to_owned(), content.len()));
        }
    }
    (body, files, None)
}

fn percent_decoded(path: &str) -> String {
    url::form_urlencoded::parse(format!("p={}", path.replace('+', "%2B").replace('&', "%26")).as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}
