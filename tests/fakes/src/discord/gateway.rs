//! The gateway: hello, identify, resume, heartbeats (topics/gateway), and the ways in which a socket ends.

use super::events::intents_of;
use super::state::{Session, State};
use super::{APPLICATION, FakeDiscord, GUILD, TOKEN};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Callback, ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

/// How a socket ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The connection is gone.
    Drop,
    /// Closed with this code, or with none.
    Close(Option<u16>),
    /// Asked to reconnect (opcode 7).
    Reconnect,
    /// The session is invalid (opcode 9); `true`: it may be resumed.
    Invalid(bool),
}

pub(super) enum Out {
    Text(String),
    Cut(Cut),
}

/// Notes where a socket was opened.
struct Look<'a>(&'a mut String);

impl Callback for Look<'_> {
    fn on_request(self, request: &Request, response: Response) -> Result<Response, ErrorResponse> {
        *self.0 = request.uri().to_string();
        Ok(response)
    }
}

pub(super) async fn serve(fake: Arc<FakeDiscord>, listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        let fewer = |left: usize| left.checked_sub(1);
        if fake.refuses.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fewer).is_ok() {
            continue;
        }
        let fake = fake.clone();
        tokio::spawn(async move {
            let mut path = String::new();
            if let Ok(socket) = tokio_tungstenite::accept_hdr_async(stream, Look(&mut path)).await {
                fake.speak(socket, &path).await;
            }
        });
    }
}

impl FakeDiscord {
    async fn speak(&self, mut socket: WebSocketStream<TcpStream>, path: &str) {
        self.state().opened += 1;
        if !path.contains("v=10") || !path.contains("encoding=json") {
            self.state()
                .complaints
                .push(format!("{path} says neither version nor encoding (topics/gateway, `connecting`)"));
        }
        let hello = json!({"op": 10, "d": {"heartbeat_interval": self.heartbeat_ms.load(Ordering::SeqCst)}, "s": null, "t": null});
        let _ = socket.send(Message::text(hello.to_string())).await;
        let (sender, mut out) = mpsc::unbounded_channel();
        loop {
            tokio::select! {
                frame = socket.next() => {
                    let Some(Ok(Message::Text(text))) = frame else {
                        if matches!(frame, Some(Ok(_))) { continue }
                        break;
                    };
                    let payload: Value = serde_json::from_str(&text).unwrap_or_default();
                    self.state().keeps(format!("gateway op {}", payload["op"]), &payload);
                    match payload["op"].as_u64() {
                        Some(1) if self.answers_beats.load(Ordering::SeqCst) => {
                            let _ = sender.send(Out::Text(json!({"op": 11}).to_string()));
                        }
                        Some(1) => {}
                        Some(2) => self.identify(&payload["d"], &sender),
                        Some(6) => self.resume(&payload["d"], &sender, path),
                        other => self.state().complaints.push(format!("opcode {other:?} is none of a bot's")),
                    }
                }
                Some(out) = out.recv() => match out {
                    Out::Text(text) => {
                        if socket.send(Message::text(text)).await.is_err() { break }
                    }
                    Out::Cut(Cut::Drop) => return,
                    Out::Cut(Cut::Close(code)) => {
                        let frame = code.map(|code| CloseFrame { code: code.into(), reason: "as the test says".into() });
                        let _ = socket.close(frame).await;
                        break;
                    }
                    Out::Cut(Cut::Reconnect) => {
                        let _ = socket.send(Message::text(json!({"op": 7, "d": null}).to_string())).await;
                    }
                    Out::Cut(Cut::Invalid(resumable)) => {
                        let _ = socket.send(Message::text(json!({"op": 9, "d": resumable}).to_string())).await;
                    }
                },
            }
        }
    }

    fn identify(&self, d: &Value, sender: &mpsc::UnboundedSender<Out>) {
        let mut state = self.state();
        if d["token"] != TOKEN {
            let _ = sender.send(Out::Cut(Cut::Close(Some(4004))));
            return;
        }
        if d["intents"].as_u64().is_none() || d["properties"]["os"].as_str().is_none() {
            state.complaints.push(format!("{d} lacks intents or properties (topics/gateway-events, `identify`)"));
        }
        let intents = d["intents"].as_u64().unwrap_or(0);
        // A privileged intent that is not switched on (topics/opcodes-and-status-codes, `gateway-close-event-codes`).
        if intents & 1 << 15 != 0 && !state.content_granted {
            let _ = sender.send(Out::Cut(Cut::Close(Some(4014))));
            return;
        }
        state.identified += 1;
        let id = format!("session-{}", state.identified);
        state.sessions.insert(id.clone(), Session { intents, events: Vec::new(), live: Some(sender.clone()) });
        state.current = Some(id.clone());
        // Another address than the first (topics/gateway, `resuming`).
        let resume = format!("ws://127.0.0.1:{}/resume", self.gateway_port);
        let ready = json!({
            "v": 10, "user": {"id": APPLICATION, "username": "drillbell", "bot": true}, "guilds": [{"id": GUILD, "unavailable": true}],
            "session_id": id, "resume_gateway_url": resume, "application": {"id": APPLICATION, "flags": 0},
            "session_type": "normal", "shard": d.get("shard").cloned().unwrap_or(json!([0, 1])),
        });
        state.event("READY", ready);
        // Each server follows that READY names as not there yet (topics/gateway-events, `ready`).
        let guild = state.shown_guild();
        state.event("GUILD_CREATE", guild);
        self.end_at_once(sender);
    }

    fn resume(&self, d: &Value, sender: &mpsc::UnboundedSender<Out>, path: &str) {
        let mut state = self.state();
        if !path.starts_with("/resume") {
            state.complaints.push(format!("resumed at {path}, not at resume_gateway_url"));
        }
        let heard = usize::try_from(d["seq"].as_u64().unwrap_or(0)).unwrap();
        let id = d["session_id"].as_str().unwrap_or_default().to_owned();
        let Some(session) = state.sessions.get_mut(&id).filter(|_| d["token"] == TOKEN) else {
            let _ = sender.send(Out::Cut(Cut::Invalid(false)));
            return;
        };
        // The older of two sockets of one session ends.
        if let Some(older) = session.live.replace(sender.clone()) {
            let _ = older.send(Out::Cut(Cut::Close(Some(4000))));
        }
        for event in session.events.iter().skip(heard) {
            let _ = sender.send(Out::Text(event.to_string()));
        }
        state.current = Some(id);
        state.resumed += 1;
        state.event("RESUMED", json!({}));
        self.end_at_once(sender);
    }

    fn end_at_once(&self, sender: &mpsc::UnboundedSender<Out>) {
        if let Some(cut) = *self.ends_at_once.lock().unwrap() {
            let _ = sender.send(Out::Cut(cut));
        }
    }

    /// Ends the socket of the current session.
    pub fn cut(&self, cut: Cut) {
        let mut state = self.state();
        if let Some(session) = state.current.clone().and_then(|id| state.sessions.get_mut(&id)) {
            let live = if matches!(cut, Cut::Reconnect | Cut::Invalid(_)) {
                session.live.clone()
            } else {
                session.live.take()
            };
            if let Some(live) = live {
                let _ = live.send(Out::Cut(cut));
            }
        }
        if matches!(cut, Cut::Invalid(false)) {
            state.sessions.clear();
        }
    }

    /// Sends an event once more, under a new number.
    pub fn repeats_last(&self, kind: &str) {
        let mut state = self.state();
        let mut events = state.sessions.values().flat_map(|session| session.events.iter());
        let last = events.rfind(|event| event["t"] == kind).map(|event| event["d"].clone());
        state.event(kind, last.expect("there was one"));
    }

    /// Whether a session has a socket.
    pub fn is_connected(&self) -> bool {
        let state = self.state();
        state
            .current
            .as_ref()
            .and_then(|id| state.sessions.get(id))
            .is_some_and(|session| session.live.as_ref().is_some_and(|live| !live.is_closed()))
    }
}

impl State {
    /// Numbers an event, keeps it for a resume, and sends it.
    pub(super) fn event(&mut self, kind: &str, data: Value) {
        let Some(session) = self.current.as_ref().and_then(|id| self.sessions.get_mut(id)) else { return };
        let of = intents_of(kind);
        if of != 0 && session.intents & of == 0 {
            return;
        }
        let event = json!({"op": 0, "t": kind, "s": session.events.len() + 1, "d": data});
        session.events.push(event.clone());
        if let Some(live) = &session.live {
            let _ = live.send(Out::Text(event.to_string()));
        }
    }
}
