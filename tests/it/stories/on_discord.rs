//! A story on Discord, by the gateway or by HTTP.

use super::way::{Part, Said, Seen, Who};
use super::{Given, served};
use crate::support::bot::TestBot;
use crate::support::database::TestDatabase;
use crate::support::discord::{ANA, BEN, FakeDiscord, INCIDENTS, Message, OPS, Used};
use crate::support::eventually;
use drillbell::model::ids::DeliveryId;
use serde_json::Value;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// The bot, and the Discord that it is on.
pub struct OnDiscord {
    pub bot: TestBot,
    discord: Arc<FakeDiscord>,
    _stop: CancellationToken,
}

impl OnDiscord {
    /// Starts both, and waits until the line is up and the commands are registered.
    pub async fn start(database: &TestDatabase, mode: &str, given: Given) -> Self {
        let discord = FakeDiscord::start().await;
        let chat = discord.config(given.folder(), mode);
        let bot = TestBot::start(database, given.setup("discord", &chat)).await;
        let stop = CancellationToken::new();
        if mode == "http" {
            discord.interactions_go_to(format!("{}/discord/interactions", served(&bot, &stop).await));
            discord.time_is(bot.clock.now_ms());
        }
        eventually("the line is up", async || {
            bot.app.house().about.links.iter().all(|link| link.state().is_up()).then_some(())
        })
        .await;
        eventually("the commands are registered", async || (!discord.commands().is_empty()).then_some(())).await;
        Self { bot, discord, _stop: stop }
    }

    pub fn moved(&self) {
        self.discord.time_is(self.bot.clock.now_ms());
    }

    pub fn sees(&self, who: Who) -> Vec<Seen> {
        let mut all = Vec::new();
        for (message, place) in self.discord.all_of(user(who)) {
            let direct = place.is_empty();
            let place = if direct { "a direct message".to_owned() } else { place };
            let only_for = (direct || message.only.is_some()).then_some(who);
            all.push(Seen { id: message.id.clone(), place, only_for, parts: parts(&message) });
        }
        all
    }

    /// Waits until it has been handled, which a deferred answer says nothing of.
    async fn handled(&self, used: Used) {
        self.bot.handled(&DeliveryId::new(format!("discord/{}", used.id))).await;
    }

    pub async fn types(&self, who: Who, channel: &str, said: Said<'_>) {
        let command = said.command.trim_start_matches('/');
        let options: Vec<_> = said.arguments.iter().map(option).collect();
        let channel = if channel == "#ops" { OPS } else { INCIDENTS };
        self.handled(self.discord.uses(user(who), channel, command, &options).await).await;
    }

    pub async fn presses(&self, who: Who, on: &Seen, label: &str) {
        self.handled(self.discord.clicks(user(who), &on.id, label).await).await;
    }

    pub async fn fills(&self, who: Who, on: &Seen, label: &str, entries: &[(&str, &str)]) {
        self.handled(self.discord.fills(user(who), &on.id, label, entries).await).await;
    }

    pub async fn finish(self) {
        self.bot.finish().await;
        assert_eq!(self.discord.complaints(), Vec::<String>::new());
    }
}

/// An option as Discord sends it: flags are true, people are ids.
fn option<'a>(&(name, given): &(&'a str, &'a str)) -> (&'a str, &'a str) {
    let value = match Who::called(given) {
        Some(who) => user(who),
        None if given.is_empty() => "true",
        None => given,
    };
    (name.trim_start_matches('-'), value)
}

fn user(who: Who) -> &'static str {
    match who {
        Who::Ana => ANA,
        Who::Ben => BEN,
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn parts(message: &Message) -> Vec<Part> {
    let body = &message.body;
    let mut parts = Vec::new();
    if message.loading {
        parts.push(Part::Small("thinking…".to_owned()));
    }
    parts.extend(marked(&text(&body["content"])));
    for embed in list(&body["embeds"]) {
        if let Some(title) = embed["title"].as_str() {
            parts.push(Part::Head(plain(title)));
        }
        parts.extend(marked(&text(&embed["description"])));
        for field in list(&embed["fields"]) {
            parts.push(Part::Text(format!("{}: {}", plain(&text(&field["name"])), plain(&text(&field["value"])))));
        }
        if let Some(footer) = embed["footer"]["text"].as_str() {
            parts.push(Part::Small(footer.to_owned()));
        }
    }
    parts.extend(message.files.iter().map(|(name, _)| Part::File(name.clone())));
    for row in list(&body["components"]) {
        let label = |one: &Value| text(one.get("label").unwrap_or(&one["placeholder"]));
        parts.push(Part::Controls(list(&row["components"]).iter().map(label).collect()));
    }
    parts
}

/// Markdown as it is read: code keeps its lines, small text is small.
fn marked(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    for (nth, piece) in text.split("```").enumerate() {
        let piece = piece.trim_matches('\n');
        if piece.is_empty() {
            continue;
        }
        if nth % 2 == 1 {
            parts.push(Part::Code(piece.replace('\u{200b}', "")));
            continue;
        }
        for line in piece.lines() {
            parts.push(match line.strip_prefix("-# ") {
                Some(small) => Part::Small(plain(small)),
                None => Part::Text(plain(line)),
            });
        }
    }
    parts
}

/// Without what only Discord reads: backslashes, emphasis, marks of moments (reference, `message-formatting`).
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if chars.peek().is_some_and(char::is_ascii_punctuation) => out.extend(chars.next()),
            '*' | '`' | '\u{200b}' => {}
            '<' if chars.peek() == Some(&'t') => {
                let mark: String = chars.by_ref().take_while(|c| *c != '>').collect();
                let seconds = mark.split(':').nth(1).and_then(|number| number.parse::<i64>().ok());
                match seconds.and_then(|at| chrono::DateTime::from_timestamp(at, 0)) {
                    Some(at) => out.push_str(&at.format("%Y-%m-%d %H:%M UTC").to_string()),
                    None => out.push_str(&format!("<{mark}>")),
                }
            }
            other => out.push(other),
        }
    }
    out
}
