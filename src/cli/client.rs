//! The running bot's API, as its own command line speaks it. Says in one sentence why something did not work; what to do
//! about it (try again, look elsewhere) is the caller's business.

use super::token_file::ApiFile;
use crate::commands::CommandAnswer;
use crate::model::ids::{DeliveryId, MessageRef};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;

/// How long one request may wait for an answer; the bot answers "running" well before.
const WAIT_S: u64 = 20;
/// And the network's share on top of it.
const REQUEST: Duration = Duration::from_secs(WAIT_S + 10);
/// The bot is on this machine: whoever does not take a connection within this time is not there.
const CONNECT: Duration = Duration::from_secs(3);

/// A bot that is spoken to in one user's name.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: SecretString,
    user: String,
}

/// Why a request came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// Nobody there, or the connection broke: whether anything was done is not known.
    #[error("the bot at {url} cannot be reached: {why}")]
    Unreachable {
        /// Where it should be.
        url: String,
        /// What the network said.
        why: String,
        /// Nobody took the connection, so that nothing can have been done.
        refused: bool,
    },
    /// The bot refused or failed, and said why.
    #[error("{detail}")]
    Problem {
        /// The HTTP status.
        status: u16,
        /// A sentence for people.
        detail: String,
    },
    /// Something answered, but no bot of ours.
    #[error("{url} answered in a way that no bot of this version does: {what}")]
    Strange {
        /// Where.
        url: String,
        /// What it said.
        what: String,
    },
}

impl ClientError {
    /// Whether the same request may well succeed in a moment.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            // A restarted bot has another token.
            Self::Problem { status, .. } => matches!(status, 401 | 502..=504),
            Self::Strange { .. } => false,
        }
    }
}

/// How far a command or click is.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// It ended.
    Ended(Box<Ended>),
    /// It goes on; ask again.
    Running,
}

/// The answer, with the name under which it can be asked for again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ended {
    /// Its delivery id, as the bot knows it.
    pub delivery: DeliveryId,
    /// The answer.
    #[serde(flatten)]
    pub answer: CommandAnswer,
}

/// What may follow on a line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Completion {
    /// Byte offset from which on a candidate replaces what stands there.
    pub start: usize,
    /// In the order to show them.
    pub candidates: Vec<Candidate>,
}

/// A word that may come next.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Candidate {
    /// As it is to be inserted.
    pub value: String,
    /// What it is; may be empty.
    pub label: String,
}

/// Something to be done once, however often it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Our name for it.
    pub key: String,
    /// What it is.
    pub what: What,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A slash command in a channel (`#incidents`).
    Command {
        /// The line.
        text: String,
        /// Where.
        channel: String,
    },
    /// A click on a button.
    Click {
        /// The card.
        message: MessageRef,
        /// The button.
        action: String,
    },
}

impl Request {
    /// With a name that nobody else has.
    pub fn new(what: What) -> Self {
        Self { key: format!("terminal-{}", crate::model::ids::fresh()), what }
    }
}

#[derive(Deserialize)]
struct Problem {
    detail: String,
}

impl Client {
    /// Speaks to the bot of that file in the name of a console user.
    ///
    /// # Errors
    /// The HTTP client cannot be built.
    pub fn new(file: &ApiFile, user: &str) -> Result<Self, reqwest::Error> {
        // A proxy has no business between us and this machine, and our token no business on a proxy.
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT)
            .build()?;
        let base = file.url.trim_end_matches('/').to_owned();
        Ok(Self { http, base, token: file.token.clone(), user: user.to_owned() })
    }

    /// Where the bot is.
    pub fn url(&self) -> &str {
        &self.base
    }

    /// In whose name we speak.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// Whether the bot is there and takes our token.
    ///
    /// # Errors
    /// It is not there, or does not.
    pub async fn greet(&self) -> Result<(), ClientError> {
        let request = self.request(Method::GET, "/api/v1/whoami").timeout(CONNECT);
        self.answer(request).await.map(drop)
    }

    /// `/readyz` as it is: whether the bot is ready, and its checks.
    ///
    /// # Errors
    /// It is not there.
    pub async fn ready(&self) -> Result<(bool, serde_json::Value), ClientError> {
        let response = self.send(self.request(Method::GET, "/readyz").timeout(CONNECT)).await?;
        let ready = response.status().is_success();
        let body = response.json().await.map_err(|error| self.strange(&error))?;
        Ok((ready, body))
    }

    /// Offers something and waits a while for its end. The same request sent again is answered, not repeated.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn offer(&self, request: &Request) -> Result<Progress, ClientError> {
        let (path, body) = match &request.what {
            What::Command { text, channel } => {
                ("/api/v1/commands", json!({"text": text, "channel": channel, "as": self.user}))
            }
            What::Click { message, action } => {
                ("/api/v1/actions", json!({"message": message, "action": action, "as": self.user}))
            }
        };
        let sent = self.request(Method::POST, path).query(&[("wait", WAIT_S)]).timeout(REQUEST);
        let response = self.answer(sent.header("idempotency-key", request.key.as_str()).json(&body)).await?;
        if response.status() == StatusCode::ACCEPTED {
            return Ok(Progress::Running);
        }
        response.json().await.map(|ended| Progress::Ended(Box::new(ended))).map_err(|error| self.strange(&error))
    }

    /// What may follow on a line typed in a channel.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn complete(&self, line: &str, channel: &str, within: Duration) -> Result<Completion, ClientError> {
        let query = [("line", line), ("channel", channel), ("as", &self.user)];
        let request = self.request(Method::GET, "/api/v1/complete").query(&query).timeout(within);
        self.answer(request).await?.json().await.map_err(|error| self.strange(&error))
    }

    /// The console's stream of one channel as server-sent events: after a place, or the last few lines first.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn stream(&self, channel: &str, from: From) -> Result<Response, ClientError> {
        let mut request = self.request(Method::GET, "/api/v1/console/stream");
        request = request.query(&[("channel", channel), ("as", &self.user)]);
        request = match from {
            From::After(seq) => request.header("last-event-id", seq.to_string()),
            From::Last(lines) => request.query(&[("last", lines)]),
        };
        self.answer(request.header("accept", "text/event-stream")).await
    }

    /// Any other request of the API, with a JSON body or without; its answer.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<serde_json::Value>,
    ) -> Result<serde_json::Value, ClientError> {
        let mut request = self.request(method, path).timeout(REQUEST);
        if let Some(body) = body {
            request = request.json(&body);
        }
        self.answer(request).await?.json().await.map_err(|error| self.strange(&error))
    }

    /// Records a deploy under a key of ours.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn record_deploy(
        &self,
        service: &str,
        key: &str,
        record: &serde_json::Value,
    ) -> Result<serde_json::Value, ClientError> {
        let mut body = record.clone();
        body["service"] = service.into();
        let sent = self.request(Method::POST, "/api/v1/deploys").timeout(REQUEST);
        let response = self.answer(sent.header("idempotency-key", key).json(&body)).await?;
        response.json().await.map_err(|error| self.strange(&error))
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base)).bearer_auth(self.token.expose_secret())
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, ClientError> {
        request.send().await.map_err(|error| self.unreachable(&error))
    }

    async fn answer(&self, request: RequestBuilder) -> Result<Response, ClientError> {
        let response = self.send(request).await?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        match response.json::<Problem>().await {
            Ok(Problem { detail }) => Err(ClientError::Problem { status: status.as_u16(), detail }),
            Err(_) => Err(ClientError::Strange { url: self.base.clone(), what: status.to_string() }),
        }
    }

    fn strange(&self, error: &reqwest::Error) -> ClientError {
        if error.is_decode() {
            ClientError::Strange { url: self.base.clone(), what: reason(error) }
        } else {
            self.unreachable(error)
        }
    }

    fn unreachable(&self, error: &reqwest::Error) -> ClientError {
        let refused = error.is_connect() && !error.is_timeout();
        ClientError::Unreachable { url: self.base.clone(), why: reason(error), refused }
    }
}

/// From where on to read the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// What came after that place.
    After(i64),
    /// So many of the last lines, then what comes.
    Last(i64),
}

/// The innermost reason, which is the one that says something ("Connection refused").
fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "it does not answer".to_owned();
    }
    let mut inner: &dyn std::error::Error = error;
    while let Some(next) = inner.source() {
        inner = next;
    }
    inner.to_string()
}
