//! Requests to Discord's API: authorised, within its rate limits, with what an answer means for the next try. Which requests there
//! are is the business of whoever makes them.

mod buckets;

use crate::clock::Clock;
use crate::config::discord::Discord;
use crate::config::limits::{DISCORD_ANSWER_BYTES, DISCORD_BUCKET_WAIT, DISCORD_REQUEST_TIME, DISCORD_RETRY_AFTER};
use crate::config::secret::Secret;
use crate::platform::{DeliverError, http};
use buckets::Buckets;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::multipart::{Form, Part};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

/// How Discord wants clients to say who they are (reference, `user-agent`).
const AGENT: &str = concat!("DiscordBot (https://github.com/drillbell/drillbell, ", env!("CARGO_PKG_VERSION"), ")");
/// Characters of what Discord said that are repeated.
const SAID_CHARS: usize = 300;

/// A client of the API.
pub(super) struct Api {
    http: reqwest::Client,
    base: String,
    token: Secret,
    clock: Clock,
    buckets: Buckets,
}

/// One request.
pub(super) struct Call {
    method: Method,
    path: String,
    /// What is limited together: method, route and its major parameter (topics/rate-limits).
    bucket: String,
    body: Option<Value>,
    files: Vec<File>,
    /// Interactions are answered outside the limit on all of a bot's requests.
    interaction: bool,
}

/// A file to go with a message.
#[derive(Clone)]
pub(super) struct File {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
    pub(super) kind: &'static str,
    /// For whoever does not see it.
    pub(super) description: String,
}

/// Why a request did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// Not now.
    Later { reason: String, after: Option<Duration> },
    /// Not with this token, which can be put right while messages wait.
    Token { reason: String },
    /// Discord will not: its own code (topics/opcodes-and-status-codes), 0 if it gave none.
    Never { status: u16, code: u64, reason: String },
}

impl Refused {
    /// Discord's own code.
    pub(super) fn code(&self) -> u64 {
        match self {
            Self::Never { code, .. } => *code,
            Self::Later { .. } | Self::Token { .. } => 0,
        }
    }

    /// Whether there is no such thing.
    pub(super) fn is_missing(&self) -> bool {
        matches!(self, Self::Never { status: 404, .. })
    }
}

impl From<Refused> for DeliverError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Later { reason, after } => Self::Later { reason, after },
            Refused::Token { reason } => Self::Later { reason, after: None },
            Refused::Never { reason, .. } => Self::Never { reason },
        }
    }
}

impl Call {
    /// `bucket` is the route with its major parameter filled in: `channels/1/messages`.
    pub(super) fn new(method: Method, path: impl Into<String>, bucket: impl Into<String>) -> Self {
        let (path, bucket) = (path.into(), format!("{method} {}", bucket.into()));
        Self { method, path, bucket, body: None, files: Vec::new(), interaction: false }
    }

    /// With a body.
    pub(super) fn json(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// With files, which the body's `attachments` describe.
    pub(super) fn files(mut self, files: Vec<File>) -> Self {
        self.files = files;
        self
    }

    /// It answers an interaction.
    pub(super) fn interaction(mut self) -> Self {
        self.interaction = true;
        self
    }
}

impl Api {
    /// # Errors
    /// The HTTP client cannot be set up.
    pub(super) fn new(config: &Discord, clock: Clock) -> Result<Self, String> {
        // No proxy and no redirect: where the token goes is the configuration's to say.
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(DISCORD_REQUEST_TIME)
            .no_proxy()
            .user_agent(AGENT)
            .build()
            .map_err(|error| format!("cannot set up HTTP for Discord: {error}"))?;
        let (base, token) = (config.api_url.clone(), config.token.clone());
        Ok(Self { http, base, token, clock, buckets: Buckets::default() })
    }

    /// Sends it, within the limits, and reads the answer; `null` where there is none.
    pub(super) async fn send(&self, call: Call) -> Result<Value, Refused> {
        if let Err(wait) = self.buckets.wait(&call.bucket, call.interaction, DISCORD_BUCKET_WAIT).await {
            let reason = "Discord's rate limit is used up".to_owned();
            return Err(Refused::Later { reason, after: Some(wait) });
        }
        let mut request = self.http.request(call.method, format!("{}/{}", self.base, call.path));
        if !call.interaction {
            let mut token = HeaderValue::from_str(&format!("Bot {}", self.token.expose()))
                .map_err(|_| never("the token holds characters that no header takes: look at chat.discord.token"))?;
            token.set_sensitive(true);
            request = request.header(AUTHORIZATION, token);
        }
        request = match (call.body, call.files.is_empty()) {
            (None, _) => request,
            (Some(body), true) => request.json(&body),
            (Some(body), false) => request.multipart(form(body, call.files)?),
        };
        let later =
            |error: &reqwest::Error| Refused::Later { reason: http::reason(error, DISCORD_REQUEST_TIME), after: None };
        let response = request.send().await.map_err(|error| later(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        self.buckets.learn(&call.bucket, &headers, Instant::now());
        let body = http::head_of(response, DISCORD_ANSWER_BYTES).await.map_err(|error| later(&error))?;
        let answer: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
        if status.is_success() {
            return match (answer, body.is_empty()) {
                (Value::Null, false) => {
                    let reason = "Discord's answer is no JSON; is api_url right?".to_owned();
                    Err(Refused::Later { reason, after: None })
                }
                (answer, _) => Ok(answer),
            };
        }
        let asked = answer["retry_after"].as_f64().and_then(http::seconds_of).map(|wait| wait.min(DISCORD_RETRY_AFTER));
        let asked = asked.or(http::retry_after(&headers, self.clock.now_ms(), DISCORD_RETRY_AFTER));
        if status == StatusCode::TOO_MANY_REQUESTS {
            let global = answer["global"] == true
                || headers.get("x-ratelimit-scope").is_some_and(|scope| scope.as_bytes() == b"global");
            let wait = asked.unwrap_or(Duration::from_secs(1));
            self.buckets.limited(&call.bucket, global, wait, Instant::now());
            let which = if global { "on all requests " } else { "" };
            let reason = format!("Discord's rate limit {which}is used up (HTTP 429)");
            return Err(Refused::Later { reason, after: Some(wait) });
        }
        Err(refused(status, &answer, asked))
    }
}

fn never(reason: &str) -> Refused {
    Refused::Never { status: 0, code: 0, reason: reason.to_owned() }
}

fn form(body: Value, files: Vec<File>) -> Result<Form, Refused> {
    let mut form = Form::new().text("payload_json", body.to_string());
    for (number, file) in files.into_iter().enumerate() {
        let part = Part::bytes(file.bytes).file_name(file.name).mime_str(file.kind);
        let part = part.map_err(|_| never("a file's kind is none, which is a bug"))?;
        form = form.part(format!("files[{number}]"), part);
    }
    Ok(form)
}

/// What an answer that is no success means.
fn refused(status: StatusCode, answer: &Value, after: Option<Duration>) -> Refused {
    let (said_code, number) = (answer["code"].as_u64(), status.as_u16());
    let code = said_code.unwrap_or(0);
    let mut words = answer["message"].as_str().unwrap_or_default().to_owned();
    if let Some(first) = first_error(&answer["errors"], String::new()) {
        words = format!("{words}: {first}");
    }
    let words: String = words.chars().filter(|c| !c.is_control()).take(SAID_CHARS).collect();
    let said = if words.is_empty() { format!("HTTP {number}") } else { format!("HTTP {number}, {words}") };
    let what = match (number, code) {
        // Of an interaction, which needs no token of the bot's.
        (_, 50027) => "the way back to whoever asked is over",
        (401, _) => "Discord does not take the token; set a new one in chat.discord.token",
        (_, 10003) => "Discord knows no such channel",
        (_, 10008) => "the message is gone",
        (_, 50001) => "the bot cannot see the channel; add it there",
        (_, 50013) => "the bot lacks a permission there; docs/discord.md lists them",
        (_, 50083) => "the thread is archived",
        _ => "Discord refused",
    };
    let reason = format!("{what} ({said})");
    // A form of ours that Discord does not take cannot be put right while messages wait. What has no code is not Discord's word, but
    // that of something on the way there, and passes.
    match status.is_server_error() || number == 408 || (said_code.is_none() && number != 401) {
        true => Refused::Later { reason, after },
        false if number == 401 && code != 50027 => Refused::Token { reason },
        false => Refused::Never { status: number, code, reason },
    }
}

/// The first complaint in Discord's tree of errors, with where it is: `embeds.0.title: Must be 256 or fewer in length.`
fn first_error(errors: &Value, path: String) -> Option<String> {
    if let Some(first) = errors["_errors"].get(0) {
        return Some(format!("{path}: {}", first["message"].as_str().unwrap_or("no reason")));
    }
    errors.as_object()?.iter().find_map(|(key, below)| {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        // Deeper than any body of ours is somebody's joke.
        (path.len() < SAID_CHARS).then(|| first_error(below, path)).flatten()
    })
}

/// What describes files in a message's body.
pub(super) fn attachments(files: &[File]) -> Value {
    let one = |(id, file): (usize, &File)| {
        let description = super::text::clip(&file.description, crate::config::limits::DISCORD_FILE_DESCRIPTION);
        json!({"id": id, "filename": file.name, "description": description})
    };
    files.iter().enumerate().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_refusal_means_follows_from_its_status_and_code() {
        let refusals = [
            (
                400,
                json!({"code": 50035, "message": "Invalid Form Body", "errors": {"embeds": {"0": {"title": {"_errors": [{"message": "Must be 256 or fewer in length."}]}}}}}),
            ),
            (401, json!({"message": "401: Unauthorized", "code": 0})),
            (401, json!({"message": "Invalid Webhook Token", "code": 50027})),
            (403, json!({"message": "Missing Access", "code": 50001})),
            (403, json!({"message": "Missing Permissions", "code": 50013})),
            (403, Value::Null),
            (404, json!({"message": "404: Not Found", "code": 0})),
            (404, json!({"message": "Unknown Message", "code": 10008})),
            (500, Value::Null),
            (503, json!({"message": "upstream\nconnect"})),
        ];
        let shown =
            refusals.map(|(status, answer)| match refused(StatusCode::from_u16(status).unwrap(), &answer, None) {
                Refused::Later { reason, .. } => format!("later: {reason}"),
                Refused::Token { reason } => format!("token: {reason}"),
                Refused::Never { reason, code, .. } => format!("never {code}: {reason}"),
            });
        insta::assert_snapshot!(shown.join("\n"), @"
        never 50035: Discord refused (HTTP 400, Invalid Form Body: embeds.0.title: Must be 256 or fewer in length.)
        token: Discord does not take the token; set a new one in chat.discord.token (HTTP 401, 401: Unauthorized)
        never 50027: the way back to whoever asked is over (HTTP 401, Invalid Webhook Token)
        never 50001: the bot cannot see the channel; add it there (HTTP 403, Missing Access)
        never 50013: the bot lacks a permission there; docs/discord.md lists them (HTTP 403, Missing Permissions)
        later: Discord refused (HTTP 403)
        never 0: Discord refused (HTTP 404, 404: Not Found)
        never 10008: the message is gone (HTTP 404, Unknown Message)
        later: Discord refused (HTTP 500)
        later: Discord refused (HTTP 503, upstreamconnect)
        ");
    }
}
