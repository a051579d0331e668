//! One socket to Discord's gateway, from hello to its end: heartbeats, identify or resume, and the events that come over it. How it
//! ended says what comes next.

use super::Discord;
use super::session::{InHand, Session};
use super::spoken::Happened;
use super::wire::Interaction;
use crate::config::limits::{DISCORD_HEARTBEAT_MIN, DISCORD_HELLO_TIME, DISCORD_INVALID_WAIT};
use crate::platform::door::Door;
use crate::platform::pace::Pace;
use crate::platform::socket::{Frame, Socket, SocketError, jitter};
use crate::telemetry::Way;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use url::Url;

/// `GUILDS`, `GUILD_MESSAGES`, `GUILD_MESSAGE_REACTIONS`, `DIRECT_MESSAGES`, `DIRECT_MESSAGE_REACTIONS` (topics/gateway,
/// `list-of-intents`): none is privileged.
const INTENTS: u64 = 1 | 1 << 9 | 1 << 10 | 1 << 12 | 1 << 13;
/// `MESSAGE_CONTENT`, which is; only where the configuration says that Discord grants it.
const MESSAGE_CONTENT: u64 = 1 << 15;
/// With a code of neither 1000 nor 1001 Discord keeps the session (`disconnecting`).
const BACK_SOON: u16 = 4000;
const FOR_GOOD: u16 = 1000;

/// How a socket ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// We were told to stop.
    Stopped,
    /// The session goes on over another socket.
    Resume(String),
    /// No socket could be opened; the session stands as it stood.
    Unreached(String),
    /// A new session is needed.
    Anew(String),
    /// The same as before, after a wait.
    Wait(String, Duration),
    /// Trying again is of no use before somebody changes something.
    Refused(String),
}

/// What a socket works with.
pub(super) struct Connection<'a> {
    pub(super) discord: &'a Arc<Discord>,
    pub(super) door: &'a Door,
    pub(super) news: &'a watch::Sender<Option<Session>>,
    pub(super) hands: &'a InHand,
    pub(super) pace: &'a mut Pace,
}

/// The pulse of one socket.
struct Pulse {
    every: Duration,
    next: Instant,
    /// The last beat was answered.
    answered: bool,
    /// When it was sent, until it is.
    beaten: Option<Instant>,
}

impl Connection<'_> {
    /// Runs until it ends.
    pub(super) async fn run(
        mut self,
        address: &str,
        session: Option<Session>,
        stop: &CancellationToken,
    ) -> Result<End, End> {
        let lost = |error: SocketError| End::Resume(error.to_string());
        let socket = Socket::connect(&versioned(address)?).await;
        let mut socket = socket.map_err(|error| End::Unreached(error.to_string()))?;
        let every = timeout(DISCORD_HELLO_TIME, hello(&mut socket)).await;
        let every = every.map_err(|_| End::Resume("Discord said no hello".to_owned()))??;
        socket.send(self.opening(session.as_ref()).to_string()).await.map_err(lost)?;
        // The first beat comes at a random moment of the first period (`sending-heartbeats`).
        let first = every.mul_f64((jitter() - 0.5) * 2.0);
        let mut pulse = Pulse { every, next: Instant::now() + first, answered: true, beaten: None };
        let greeted_by = Instant::now() + DISCORD_HELLO_TIME;
        let mut greeted = false;
        loop {
            let frame = tokio::select! {
                frame = socket.next() => frame,
                () = tokio::time::sleep_until(pulse.next) => {
                    if !pulse.answered {
                        socket.close(BACK_SOON).await;
                        return Ok(End::Resume("Discord did not answer a heartbeat".to_owned()));
                    }
                    pulse.answered = false;
                    pulse.next = Instant::now() + pulse.every;
                    pulse.beaten = Some(Instant::now());
                    socket.send(self.beat()).await.map_err(lost)?;
                    continue;
                }
                () = tokio::time::sleep_until(greeted_by), if !greeted => {
                    socket.close(BACK_SOON).await;
                    return Ok(End::Anew("Discord did not say whether it takes the session".to_owned()));
                }
                () = stop.cancelled() => {
                    // Whoever takes over resumes it.
                    socket.close(BACK_SOON).await;
                    return Ok(End::Stopped);
                }
            };
            let text = match frame {
                Frame::Text(text) => text,
                Frame::Alive | Frame::Answered => continue,
                Frame::Closed { code, reason } => return Ok(closed(code, &reason)),
                Frame::Dropped(reason) => return Ok(End::Resume(reason)),
            };
            let Ok(payload) = serde_json::from_str::<Value>(&text) else {
                socket.close(BACK_SOON).await;
                return Ok(End::Resume("Discord sent something that is no JSON".to_owned()));
            };
            match payload["op"].as_u64() {
                Some(0) => greeted |= self.dispatch(payload).await,
                Some(1) => socket.send(self.beat()).await.map_err(lost)?,
                Some(7) => {
                    socket.close(BACK_SOON).await;
                    return Ok(End::Resume("Discord asked to reconnect".to_owned()));
                }
                Some(9) => {
                    let end = match payload["d"] == true {
                        true => End::Resume("Discord does not take the session right now".to_owned()),
                        false => End::Anew("the session is over".to_owned()),
                    };
                    socket.close(if payload["d"] == true { BACK_SOON } else { FOR_GOOD }).await;
                    // A random moment of one to five seconds (`resuming`).
                    tokio::time::sleep(DISCORD_INVALID_WAIT.mul_f64(jitter() * 8.0 - 3.0)).await;
                    return Ok(end);
                }
                Some(11) => {
                    pulse.answered = true;
                    if let Some(beaten) = pulse.beaten.take() {
                        self.discord.link.answered(Way::Line, beaten.elapsed());
                    }
                }
                // What comes with later versions is none of ours.
                _ => {}
            }
        }
    }

    /// Identify or resume.
    fn opening(&self, session: Option<&Session>) -> Value {
        let token = self.discord.token.expose();
        match session {
            Some(Session { session, sequence, .. }) => {
                json!({"op": 6, "d": {"token": token, "session_id": session, "seq": sequence}})
            }
            None => json!({"op": 2, "d": {
                "token": token, "intents": INTENTS | if self.discord.ears.reads { MESSAGE_CONTENT } else { 0 },
                "properties": {"os": std::env::consts::OS, "browser": "drillbell", "device": "drillbell"},
            }}),
        }
    }

    /// A heartbeat with the last event that was heard.
    fn beat(&self) -> String {
        let sequence = self.news.borrow().as_ref().map(|session| session.sequence);
        json!({"op": 1, "d": sequence}).to_string()
    }

    /// An event; `true` if it says that the session stands.
    async fn dispatch(&mut self, mut payload: Value) -> bool {
        let sequence = payload["s"].as_u64().unwrap_or(0);
        let data = payload["d"].take();
        let kind = payload["t"].as_str().unwrap_or_default();
        // In hand before it counts as heard.
        let hand = self.hands.take(sequence);
        let mut stands = false;
        match kind {
            "READY" => {
                let text = |key: &str| data[key].as_str().unwrap_or_default().to_owned();
                let (session, resume) = (text("session_id"), text("resume_gateway_url"));
                self.news.send_replace(Some(Session { session, resume, sequence }));
                self.discord.channels.changed();
                stands = true;
            }
            "RESUMED" => stands = true,
            "INTERACTION_CREATE" => match serde_json::from_value::<Interaction>(data) {
                Ok(interaction) => self.discord.clone().take(self.door.clone(), interaction, hand).await,
                Err(error) => tracing::warn!(error = %error, "an interaction of Discord's cannot be read"),
            },
            "MESSAGE_REACTION_ADD" | "MESSAGE_CREATE" | "MESSAGE_UPDATE" | "MESSAGE_DELETE" | "MESSAGE_DELETE_BULK" => {
                if let Some(happened) = Happened::read(kind, data) {
                    let (discord, door) = (self.discord.clone(), self.door.clone());
                    // As for interactions: each costs a look into the database.
                    let place = discord.places.clone().acquire_owned().await.ok();
                    tokio::spawn(async move {
                        let _in_hand = (hand, place);
                        discord.ears.happened(&door, happened).await;
                    });
                }
            }
            "CHANNEL_CREATE" | "CHANNEL_UPDATE" | "CHANNEL_DELETE" | "GUILD_CREATE" => self.discord.channels.changed(),
            _ => {}
        }
        if stands {
            self.discord.link.is_up();
            self.pace.greeted(Instant::now());
            self.pace.was_useful();
        }
        self.news.send_if_modified(|session| match session {
            Some(session) if sequence > session.sequence => {
                session.sequence = sequence;
                true
            }
            _ => false,
        });
        stands
    }
}

/// How often Discord wants a heartbeat.
async fn hello(socket: &mut Socket) -> Result<Duration, End> {
    loop {
        match socket.next().await {
            Frame::Text(text) => {
                let hello: Value = serde_json::from_str(&text).unwrap_or_default();
                if let (Some(10), Some(ms)) = (hello["op"].as_u64(), hello["d"]["heartbeat_interval"].as_u64()) {
                    return Ok(Duration::from_millis(ms).max(DISCORD_HEARTBEAT_MIN));
                }
            }
            Frame::Alive | Frame::Answered => {}
            Frame::Closed { code, reason } => return Err(closed(code, &reason)),
            Frame::Dropped(reason) => return Err(End::Resume(reason)),
        }
    }
}

/// What a close code means (`gateway-close-event-codes`).
fn closed(code: Option<u16>, reason: &str) -> End {
    let said = match (code, reason) {
        (Some(code), "") => format!("Discord closed the line ({code})"),
        (Some(code), reason) => format!("Discord closed the line ({code}: {reason})"),
        (None, _) => "Discord closed the line without a reason".to_owned(),
    };
    let what_to_do = match code {
        Some(4004) => "set a valid token in chat.discord.token",
        Some(4010 | 4011) => "the server wants sharding, which this bot does not do: it serves one server",
        Some(4012) => "this version of drillbell speaks an old version of the gateway: update it",
        Some(4013 | 4014) => "the bot asks for intents that it may not have: update drillbell",
        // The session is over: a normal close, one that timed out, a sequence that makes no sense, nobody identified.
        Some(1000 | 1001 | 4003 | 4007 | 4009) => return End::Anew(said),
        _ => return End::Resume(said),
    };
    End::Refused(format!("{said}; {what_to_do}, and start the bot again"))
}

/// The address with what is spoken there.
fn versioned(address: &str) -> Result<String, End> {
    let cannot = || End::Anew("Discord's address for the gateway is none".to_owned());
    let mut url = Url::parse(address).map_err(|_| cannot())?;
    if !matches!(url.scheme(), "ws" | "wss") {
        return Err(cannot());
    }
    url.query_pairs_mut().append_pair("v", "10").append_pair("encoding", "json");
    Ok(url.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_close_code_has_its_consequence() {
        let codes = [None, Some(1000), Some(1001), Some(1006)].into_iter().chain((4000..=4014).map(Some));
        let lines: Vec<_> = codes
            .map(|code| match closed(code, "") {
                End::Resume(_) => format!("{code:?}: resume"),
                End::Anew(_) => format!("{code:?}: anew"),
                End::Refused(reason) => format!("{code:?}: {reason}"),
                other => format!("{code:?}: {other:?}"),
            })
            .collect();
        insta::assert_snapshot!(lines.join("\n"), @r"
        None: resume
        Some(1000): anew
        Some(1001): anew
        Some(1006): resume
        Some(4000): resume
        Some(4001): resume
        Some(4002): resume
        Some(4003): anew
        Some(4004): Discord closed the line (4004); set a valid token in chat.discord.token, and start the bot again
        Some(4005): resume
        Some(4006): resume
        Some(4007): anew
        Some(4008): resume
        Some(4009): anew
        Some(4010): Discord closed the line (4010); the server wants sharding, which this bot does not do: it serves one server, and start the bot again
        Some(4011): Discord closed the line (4011); the server wants sharding, which this bot does not do: it serves one server, and start the bot again
        Some(4012): Discord closed the line (4012); this version of drillbell speaks an old version of the gateway: update it, and start the bot again
        Some(4013): Discord closed the line (4013); the bot asks for intents that it may not have: update drillbell, and start the bot again
        Some(4014): Discord closed the line (4014); the bot asks for intents that it may not have: update drillbell, and start the bot again
        ");
    }

    #[test]
    fn the_gateways_address_says_what_is_spoken() {
        assert_eq!(versioned("wss://gateway.example").unwrap(), "wss://gateway.example/?v=10&encoding=json");
        assert_eq!(versioned("ws://127.0.0.1:9/gw?x=1").unwrap(), "ws://127.0.0.1:9/gw?x=1&v=10&encoding=json");
        assert!(versioned("https://gateway.example").is_err() && versioned("").is_err());
    }
}
