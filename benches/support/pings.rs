//! People on a fake Slack who give a command each and wait for its answer on the command's `response_url`.

use drillbell_fakes::slack::Slack;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// How long an answer may take before it is held for lost.
const PATIENCE: Duration = Duration::from_secs(30);

/// A Slack, its people and what they wait for.
pub struct Pings {
    /// Where a bot connects to.
    pub slack: Arc<Slack>,
    command: &'static str,
    rooms: Vec<String>,
    answers: mpsc::UnboundedReceiver<(usize, Instant)>,
    given: usize,
}

/// How a run went.
pub struct Run {
    /// Answers a second.
    pub per_second: f64,
    /// How long each took, milliseconds, the quickest first.
    took_ms: Vec<f64>,
}

impl Run {
    /// So many of a hundred took no longer, milliseconds.
    pub fn percentile(&self, hundredths: usize) -> f64 {
        self.took_ms[self.took_ms.len() * hundredths / 100]
    }
}

impl Pings {
    /// A Slack with a channel for each that can be in flight.
    pub async fn start(command: &'static str, rooms: usize) -> Self {
        let slack = Slack::start().await;
        slack.serves_anyone();
        let rooms: Vec<String> = (0..rooms).map(|n| format!("room-{n}")).collect();
        let (sender, answers) = mpsc::unbounded_channel();
        {
            let mut state = slack.state();
            for (n, name) in rooms.iter().enumerate() {
                let members = [drillbell_fakes::slack::BOT, "U00000000ANA", "U00000000BEN"];
                state.add_channel(&format!("C{:010}", 100 + n), name, &members);
            }
            // Sees every call as it comes in, and lets all of them pass.
            state.decides = Some(Box::new(move |method, body| {
                if let Some(number) = answered(method, body) {
                    // The bench may have stopped listening.
                    let _ = sender.send((number, Instant::now()));
                }
                None
            }));
        }
        Self { slack, command, rooms, answers, given: 0 }
    }

    /// Gives `commands` commands, never more than `in_flight` at once and one in a channel, until each is answered.
    pub async fn run(&mut self, in_flight: usize, commands: usize) -> Run {
        let begun = Instant::now();
        let mut waiting = HashMap::new();
        let mut took_ms = Vec::with_capacity(commands);
        for room in 0..in_flight.min(commands) {
            self.give(room, &mut waiting);
        }
        while took_ms.len() < commands {
            let answer = tokio::time::timeout(PATIENCE, self.answers.recv()).await;
            let Ok(Some((number, at))) = answer else {
                let state = self.slack.state();
                let last = state.messages.last().map(|message| &message.body);
                panic!("{}: {} answers never came; last: {last:#?}", self.command, waiting.len());
            };
            // One that came twice is counted once.
            let Some((room, given)) = waiting.remove(&number) else { continue };
            took_ms.push((at - given).as_secs_f64() * 1e3);
            if took_ms.len() + waiting.len() < commands {
                self.give(room, &mut waiting);
            }
        }
        let per_second = commands as f64 / begun.elapsed().as_secs_f64();
        took_ms.sort_by(f64::total_cmp);
        Run { per_second, took_ms }
    }

    fn give(&mut self, room: usize, waiting: &mut HashMap<usize, (usize, Instant)>) {
        self.given += 1;
        let payload = self.slack.ana().command(&self.rooms[room], &format!("{} {}", self.command, self.given));
        waiting.insert(self.given, (room, Instant::now()));
        self.slack.state().send_envelope("slash_commands", payload, true);
    }

    /// Nothing that Slack would have refused was asked of it.
    pub fn was_strict(&self) {
        self.slack.was_strict();
    }
}

/// Which command a call answers, if it answers one.
fn answered(method: &str, body: &Value) -> Option<usize> {
    let text = (method == "response_url").then_some(&body["text"])?.as_str()?;
    let (_, number) = text.split_once("pong ")?;
    number.trim().parse().ok()
}
