//! One socket: greets, acknowledges, and tells when it should be replaced or has ended. Every envelope is in a task of its own, so
//! that neither a slow database nor a bug holds up the next; what cannot be stored is not acknowledged, and Slack sends it again.
//! <https://docs.slack.dev/apis/events-api/using-socket-mode>

use super::SlackChat;
use super::inbound::Told;
use super::payload::EventCallback;
use crate::config::limits::{SLACK_DRAIN, SLACK_ENVELOPES};
use crate::platform::door::Door;
use crate::platform::socket::{Frame, Socket};
use crate::telemetry::Way;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use tokio_util::sync::CancellationToken;

/// How often the other side is asked whether it lives.
const PING: Duration = Duration::from_secs(10);
/// A socket that says nothing for so long, not even to a ping, is dead.
const SILENCE: Duration = Duration::from_secs(30);

/// What a session tells of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// Slack greeted: envelopes come from now on.
    Hello,
    /// Slack will close it: another shall take over.
    Replace(String),
    /// It is over.
    Ended(String),
}

/// One socket.
pub(super) struct Session {
    pub(super) slack: Arc<SlackChat>,
    pub(super) door: Door,
    pub(super) news: mpsc::UnboundedSender<News>,
    /// Something was acknowledged on it.
    pub(super) useful: Arc<AtomicBool>,
    /// Ends it, once what is in hand is acknowledged.
    pub(super) finish: CancellationToken,
}

impl Session {
    /// Until it ends.
    pub(super) async fn run(self, mut socket: Socket) {
        let (acks, mut outgoing) = mpsc::unbounded_channel();
        let places = Arc::new(Semaphore::new(SLACK_ENVELOPES));
        let mut ping = interval(PING);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = Instant::now();
        let mut asked: Option<Instant> = None;
        let mut leave: Option<Instant> = None;
        let reason = loop {
            if leave.is_some() && places.available_permits() == SLACK_ENVELOPES && outgoing.is_empty() {
                break "it was replaced".to_owned();
            }
            let deadline = leave.unwrap_or_else(|| Instant::now() + SILENCE);
            tokio::select! {
                () = self.finish.cancelled(), if leave.is_none() => leave = Some(Instant::now() + SLACK_DRAIN),
                () = sleep_until(deadline), if leave.is_some() => break "it was replaced".to_owned(),
                Some(ack) = outgoing.recv() => match socket.send(ack).await {
                    Ok(()) => self.useful.store(true, Ordering::Relaxed),
                    Err(error) => break error.to_string(),
                },
                _ = ping.tick() => {
                    if heard.elapsed() > SILENCE {
                        break format!("nothing was heard for {} s", SILENCE.as_secs());
                    }
                    asked = Some(Instant::now());
                    if let Err(error) = socket.ping().await {
                        break error.to_string();
                    }
                }
                frame = socket.next() => {
                    heard = Instant::now();
                    match frame {
                        Frame::Text(text) => self.frame(&text, &acks, &places),
                        Frame::Alive => {}
                        Frame::Answered => {
                            if let Some(asked) = asked.take() {
                                self.slack.link.answered(Way::Line, asked.elapsed());
                            }
                        }
                        Frame::Closed { code, reason } => {
                            let code = code.map_or_else(|| "no code".to_owned(), |code| code.to_string());
                            break format!("Slack closed it ({code}) {reason}").trim_end().to_owned();
                        }
                        Frame::Dropped(reason) => break reason,
                    }
                }
            }
        };
        socket.close(1000).await;
        let _ = self.news.send(News::Ended(reason));
    }

    fn frame(&self, text: &str, acks: &mpsc::UnboundedSender<String>, places: &Arc<Semaphore>) {
        let Ok(mut frame) = serde_json::from_str::<Value>(text) else {
            tracing::warn!("Slack sent a frame that is no JSON");
            return;
        };
        let kind = frame["type"].as_str().unwrap_or_default().to_owned();
        match (kind.as_str(), frame["envelope_id"].as_str().map(str::to_owned)) {
            ("hello", _) => drop(self.news.send(News::Hello)),
            ("disconnect", _) => {
                let reason = frame["reason"].as_str().unwrap_or("no reason").chars().take(60).collect();
                let _ = self.news.send(News::Replace(reason));
            }
            (_, Some(envelope)) => {
                let Ok(place) = places.clone().try_acquire_owned() else {
                    tracing::warn!("too many envelopes at once; Slack sends this one again");
                    return;
                };
                let (slack, door, acks) = (self.slack.clone(), self.door.clone(), acks.clone());
                let answers = frame["accepts_response_payload"].as_bool().unwrap_or(false);
                let (payload, retry) = (frame["payload"].take(), frame["retry_attempt"].as_u64().unwrap_or(0));
                tokio::spawn(async move {
                    let told = slack.hear(&door, &kind, payload, (&envelope, retry)).await;
                    let ack = match told {
                        Told::Taken(Some(answer)) if answers => json!({"envelope_id": envelope, "payload": answer}),
                        Told::Taken(_) => json!({"envelope_id": envelope}),
                        Told::NotNow => return,
                    };
                    let _ = acks.send(ack.to_string());
                    drop(place);
                });
            }
            (other, None) => tracing::debug!(kind = other, "Slack sent a frame that nothing here waits for"),
        }
    }
}

impl SlackChat {
    /// One envelope, which Slack has sent so often before.
    async fn hear(self: &Arc<Self>, door: &Door, kind: &str, payload: Value, (envelope, retry): (&str, u64)) -> Told {
        let unread = |error: serde_json::Error| {
            // It would come again and again, and be as unreadable.
            tracing::error!(kind, error = %error, "what Slack sent cannot be read; it is lost");
            Told::Taken(None)
        };
        match kind {
            "slash_commands" => match serde_json::from_value(payload) {
                Ok(command) => self.hear_command(door, command, envelope).await,
                Err(error) => unread(error),
            },
            "interactive" => match serde_json::from_value(payload) {
                Ok(happened) => self.hear_interaction(door, happened, envelope).await,
                Err(error) => unread(error),
            },
            "events_api" => match serde_json::from_value(payload) {
                Ok(told) => self.hear_event(door, EventCallback { retry, ..told }, envelope).await,
                Err(error) => unread(error),
            },
            other => {
                tracing::debug!(kind = other, "Slack sent an envelope that nothing here waits for");
                Told::Taken(None)
            }
        }
    }
}
