//! A Slack on this machine: its Web API, its sockets, its signed requests, and people who can use only what was shown to them.
//! Strict: what Slack would refuse is refused and noted. Faults come by a knob. `rules` names Slack's page for every rule.

mod api;
mod arguments;
mod parts;
pub mod rules;
mod socket;
mod state;
mod user;
mod ways;
mod words;

pub use state::{Call, Channel, Fault, File, Message, State, Wire};
pub use user::{Member, Modal};
pub use words::Words;

use crate::journal::Sent;
use crate::{Whose, eventually};
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// The bot's token.
pub const BOT_TOKEN: &str = "xoxb-fake-bot-token";
/// What opens sockets.
pub const APP_TOKEN: &str = "xapp-fake-app-token";
/// What requests are signed with.
pub const SIGNING_SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
/// The bot's member id.
pub const BOT: &str = "U0000000B0T";
/// The team.
pub const TEAM: &str = "T0000000001";
/// The organisation that it belongs to, where the app is installed for all of it.
pub const ORGANISATION: &str = "E0000000001";

/// Where the bot is called in HTTP mode, and what time it is there.
#[derive(Clone)]
pub struct Callee {
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    /// Milliseconds since the epoch, by the bot's clock.
    pub now_ms: Arc<dyn Fn() -> i64 + Send + Sync>,
}

/// The server.
pub struct Slack {
    /// Where the Web API is.
    pub port: u16,
    socket_port: u16,
    state: Mutex<State>,
    callee: Mutex<Option<Callee>>,
    stop: CancellationToken,
}

impl Slack {
    /// Starts one with the channels `#incidents` and `#ops`, with Ana and Ben in both.
    pub async fn start() -> Arc<Self> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let api = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sockets = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut state = State::default();
        for (id, name) in [("C0000000001", "incidents"), ("C0000000002", "ops")] {
            state.add_channel(id, name, &[BOT, "U00000000ANA", "U00000000BEN"]);
        }
        let slack = Arc::new(Self {
            port: api.local_addr().unwrap().port(),
            socket_port: sockets.local_addr().unwrap().port(),
            state: Mutex::new(state),
            callee: Mutex::default(),
            stop: CancellationToken::new(),
        });
        tokio::spawn(api::serve(slack.clone(), api));
        tokio::spawn(socket::serve(slack.clone(), sockets));
        slack
    }

    /// What stands on it now.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// The address of the Web API.
    pub fn api_url(&self) -> String {
        format!("http://127.0.0.1:{}/api", self.port)
    }

    /// `[chat.slack]` that leads here; the secrets are files in `folder`.
    pub fn config(&self, folder: &std::path::Path, mode: &str) -> String {
        for (name, secret) in [("bot", BOT_TOKEN), ("app", APP_TOKEN), ("signing", SIGNING_SECRET)] {
            std::fs::write(folder.join(name), secret).unwrap();
        }
        format!(
            "[chat.slack]\nmode = {mode:?}\nbot_token.file = \"bot\"\napp_token.file = \"app\"\nsigning_secret.file = \"signing\"\n\
             api_url = {:?}\n",
            self.api_url()
        )
    }

    /// From now on whoever talks to it need not keep to what is ours alone, only to what Slack asks of everybody.
    pub fn serves_anyone(&self) {
        self.state().whose = Whose::Anyones;
    }

    /// Everything that the bot sent so far, for a judge.
    pub fn sent(&self) -> Vec<Sent> {
        self.state().sent.clone()
    }

    /// From now on what people do is sent as signed requests to there, instead of by socket.
    pub fn calls(&self, callee: Callee) {
        *self.callee.lock().unwrap() = Some(callee);
    }

    /// From now on what people do is sent by socket again.
    pub fn calls_nobody(&self) {
        *self.callee.lock().unwrap() = None;
    }

    /// Where the bot is called.
    pub fn callee(&self) -> Callee {
        self.callee.lock().unwrap().clone().expect("HTTP mode")
    }

    /// Somebody who can use what is shown to them.
    pub fn member(self: &Arc<Self>, id: &'static str, name: &'static str) -> Member {
        Member { slack: self.clone(), id, name, team: TEAM }
    }

    /// Somebody of another workspace, who is in a channel that both share.
    pub fn stranger(self: &Arc<Self>, id: &'static str) -> Member {
        Member { team: "T0000000002", ..self.member(id, "stranger") }
    }

    /// Ana.
    pub fn ana(self: &Arc<Self>) -> Member {
        self.member("U00000000ANA", "ana")
    }

    /// Ben.
    pub fn ben(self: &Arc<Self>) -> Member {
        self.member("U00000000BEN", "ben")
    }

    /// Waits until the bot hears by a socket.
    pub async fn connected(&self) {
        eventually("the bot has opened a socket", async || self.state().has_socket().then_some(())).await;
    }

    /// Sends an envelope and waits until it is acknowledged; what the acknowledgement carries.
    pub async fn envelope(&self, kind: &str, payload: Value, answers: bool) -> Value {
        let id = self.state().send_envelope(kind, payload, answers);
        self.acknowledged(&id).await
    }

    /// Waits until an envelope is acknowledged.
    pub async fn acknowledged(&self, id: &str) -> Value {
        eventually(&format!("envelope {id} is acknowledged"), async || self.state().acks.get(id).cloned()).await
    }

    /// What people do reaches the bot, by whichever way it listens; what the bot answers at once.
    pub(super) async fn deliver(&self, kind: &str, payload: Value, answers: bool) -> Value {
        if self.callee.lock().unwrap().is_none() {
            return self.envelope(kind, payload, answers).await;
        }
        let answer = self.request(kind, &payload).await;
        assert!(answer.status().is_success(), "{kind}: {}", answer.status());
        let text = answer.text().await.unwrap();
        // A command may be answered in plain text. <https://docs.slack.dev/interactivity/implementing-slash-commands>
        let plain = if kind == "slash_commands" && !text.is_empty() { json!({"text": text}) } else { Value::Null };
        let answer = serde_json::from_str(&text).unwrap_or(plain);
        self.state().keeps_answer(kind, &answer);
        answer
    }

    /// What people do is sent as a signed request, once.
    pub async fn request(&self, kind: &str, payload: &Value) -> reqwest::Response {
        self.request_again(kind, payload, 0).await
    }

    /// The same, which was sent so often before. <https://docs.slack.dev/apis/events-api>
    pub async fn request_again(&self, kind: &str, payload: &Value, before: usize) -> reqwest::Response {
        let callee = self.callee();
        let (path, body, form) = match kind {
            "slash_commands" => ("commands", form_of(payload), true),
            "interactive" => ("interactions", form_of(&json!({"payload": payload.to_string()})), true),
            _ => ("events", payload.to_string(), false),
        };
        let timestamp = ((callee.now_ms)() / 1000).to_string();
        let signature = sign(SIGNING_SECRET, &timestamp, &body);
        let kind = if form { "application/x-www-form-urlencoded" } else { "application/json" };
        let mut request = reqwest::Client::new()
            .post(format!("{}/slack/{path}", callee.url))
            .header("content-type", kind)
            .header("x-slack-request-timestamp", timestamp)
            .header("x-slack-signature", signature);
        if before > 0 {
            request = request.header("x-slack-retry-num", before).header("x-slack-retry-reason", "http_error");
        }
        request.body(body).send().await.unwrap()
    }

    /// Sends a command with a signature that is none; the status of the answer.
    pub async fn forged(&self, body: &str) -> u16 {
        let callee = self.callee();
        let timestamp = ((callee.now_ms)() / 1000).to_string();
        let request = reqwest::Client::new()
            .post(format!("{}/slack/commands", callee.url))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("x-slack-request-timestamp", &timestamp)
            .header("x-slack-signature", sign("another secret", &timestamp, body));
        request.body(body.to_owned()).send().await.unwrap().status().as_u16()
    }

    /// Nothing that Slack would have refused was asked of it.
    pub fn was_strict(&self) {
        assert_eq!(self.state().refused, Vec::<String>::new(), "what Slack would not have taken");
    }
}

impl Drop for Slack {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// A signature as Slack makes it. <https://docs.slack.dev/authentication/verifying-requests-from-slack>
pub fn sign(secret: &str, timestamp: &str, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("v0:{timestamp}:{body}").as_bytes());
    format!("v0={}", hex::encode(mac.finalize().into_bytes()))
}

fn form_of(object: &Value) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in object.as_object().unwrap() {
        form.append_pair(name, value.as_str().unwrap_or(&value.to_string()));
    }
    form.finish()
}
