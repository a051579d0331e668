//! A story on Slack, by socket or by request.

use super::way::{Part, Said, Seen, Who};
use super::{Given, served};
use crate::support::bot::TestBot;
use crate::support::database::TestDatabase;
use crate::support::slack::{Callee, Member, Message, Slack};
use serde_json::Value;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// The bot, and the Slack that it is on.
pub struct OnSlack {
    pub bot: TestBot,
    slack: Arc<Slack>,
    _stop: CancellationToken,
}

impl OnSlack {
    /// Starts both, and waits until the bot hears.
    pub async fn start(database: &TestDatabase, mode: &str, given: Given) -> Self {
        let slack = Slack::start().await;
        let chat = slack.config(given.folder(), mode);
        let bot = TestBot::start(database, given.setup("slack", &chat)).await;
        let stop = CancellationToken::new();
        if mode == "http" {
            let url = served(&bot, &stop).await;
            let clock = bot.clock.clone();
            slack.calls(Callee { url, now_ms: Arc::new(move || clock.now_ms()) });
        } else {
            slack.connected().await;
        }
        Self { bot, slack, _stop: stop }
    }

    fn member(&self, who: Who) -> Member {
        match who {
            Who::Ana => self.slack.ana(),
            Who::Ben => self.slack.ben(),
        }
    }

    pub fn sees(&self, who: Who) -> Vec<Seen> {
        let (me, state) = (self.member(who), self.slack.state());
        let there = state.messages.iter().filter(|one| one.only_for.as_deref().is_none_or(|only| only == me.id));
        let mut all: Vec<Seen> = Vec::new();
        for message in there {
            let channel = &state.channels[&message.channel];
            let direct = channel.name.is_empty();
            if direct && !channel.members.contains(me.id) {
                continue;
            }
            let place = match (direct, &message.thread) {
                (true, _) => "a direct message".to_owned(),
                (false, None) => format!("#{}", channel.name),
                (false, Some(_)) => format!("#{}, in a thread", channel.name),
            };
            let only_for = (direct || message.only_for.is_some()).then_some(who);
            all.push(Seen { id: message.ts.clone(), place, only_for, parts: parts(&message.body) });
        }
        for (id, file) in &state.files {
            let Some((channel, thread)) = &file.shared else { continue };
            let thread = if thread.is_some() { ", in a thread" } else { "" };
            let place = format!("#{}{thread}", state.channels[channel].name);
            all.push(Seen { id: id.clone(), place, only_for: None, parts: vec![Part::File(file.name.clone())] });
        }
        all
    }

    pub async fn types(&self, who: Who, channel: &str, said: Said<'_>) {
        self.member(who).types(channel, &said.line()).await;
    }

    fn message(&self, on: &Seen) -> Message {
        let state = self.slack.state();
        state.messages.iter().find(|one| one.ts == on.id).cloned().expect("the message is there")
    }

    pub async fn presses(&self, who: Who, on: &Seen, label: &str) {
        self.member(who).clicks(&self.message(on), label).await;
    }

    pub async fn fills(&self, who: Who, on: &Seen, label: &str, entries: &[(&str, &str)]) {
        let member = self.member(who);
        let form = member.opens(&self.message(on), label).await;
        assert_eq!(member.submits(&form, entries).await, Value::Null, "{label} closes");
    }

    pub async fn finish(self) {
        self.slack.was_strict();
        self.bot.finish().await;
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// What stands in blocks; the plain text where there are none.
fn parts(body: &Value) -> Vec<Part> {
    let blocks = list(&body["blocks"]);
    if blocks.is_empty() {
        return vec![Part::Text(text(&body["text"]))];
    }
    blocks.iter().flat_map(part).collect()
}

fn part(block: &Value) -> Vec<Part> {
    match block["type"].as_str().unwrap_or_default() {
        "header" => vec![Part::Head(text(&block["text"]["text"]))],
        "divider" => vec![Part::Rule],
        "context" => list(&block["elements"]).iter().map(|one| Part::Small(text(&one["text"]))).collect(),
        "rich_text" => list(&block["elements"]).iter().map(rich).collect(),
        "actions" => {
            let label = |one: &Value| text(one["text"].get("text").unwrap_or(&one["placeholder"]["text"]));
            vec![Part::Controls(list(&block["elements"]).iter().map(label).collect())]
        }
        other => vec![Part::Text(format!("({other})"))],
    }
}

fn rich(part: &Value) -> Part {
    let of = |one: &Value| match one["type"].as_str().unwrap_or_default() {
        "date" => text(&one["fallback"]),
        _ => text(&one["text"]),
    };
    let words: String = list(&part["elements"]).iter().map(of).collect();
    match part["type"] == "rich_text_preformatted" {
        true => Part::Code(words),
        false => Part::Text(words.trim_end_matches('\n').to_owned()),
    }
}
