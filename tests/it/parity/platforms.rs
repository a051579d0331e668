//! A Slack, a Discord and a terminal that show one message after another; both fakes refuse whatever the real ones would.

use crate::support::database::NEW_YEAR_MS;
use crate::support::discord::{ANA, FakeDiscord, OPS};
use crate::support::slack::{Slack, rules};
use drillbell::clock::Clock;
use drillbell::config::{Config, Env};
use drillbell::model::effect::Effect;
use drillbell::model::ids::{ConversationId, MessageRef, fresh};
use drillbell::model::view::{Block, View};
use drillbell::platform::console::{Look, Numbers, card, cells, clean};
use drillbell::platform::discord::Discord;
use drillbell::platform::slack::SlackChat;
use drillbell::platform::{Platform, Request};
use serde_json::Value;
use std::sync::{Arc, Mutex};

/// Columns of the terminal.
const COLUMNS: usize = 80;
/// Messages after which it goes on with another one: a bot keeps to fifty requests a second, for which nobody waits here.
const IN_A_SECOND: usize = 30;
/// Letters of a label by which it is found again: no platform cuts them shorter.
const LABEL: usize = 40;
/// Letters of a line that must be there.
const LINE: usize = 60;

/// All three.
pub struct Platforms {
    slack: Arc<Slack>,
    discord: Arc<FakeDiscord>,
    on_slack: Arc<SlackChat>,
    on_discord: Mutex<(usize, Arc<dyn Platform>)>,
    config: Config,
    _folder: tempfile::TempDir,
}

impl Platforms {
    /// Starts them, each with a channel `#ops`.
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (slack, discord) = (Slack::start().await, FakeDiscord::start().await);
        let chats = slack.config(folder.path(), "socket") + &discord.config(folder.path(), "gateway");
        let text = format!("[database]\nurl = \"sqlite:none.db\"\n{chats}[channels]\nops = \"slack:#ops\"\n");
        let config = Config::parse(&text, &folder.path().join("drillbell.toml"), &Env::none()).unwrap();
        let on_slack = SlackChat::of(&config, &Clock::manual(NEW_YEAR_MS)).unwrap().unwrap();
        let on_discord = Mutex::new((0, a_discord(&config)));
        Self { slack, discord, on_slack, on_discord, config, _folder: folder }
    }

    /// Has a message taken by both.
    pub async fn take(&self, view: &View) {
        deliver(self.on_slack.as_ref(), "slack:#ops", view).await;
        let on_discord = {
            let mut on_discord = self.on_discord.lock().unwrap();
            on_discord.0 += 1;
            if on_discord.0 > IN_A_SECOND {
                *on_discord = (1, a_discord(&self.config));
            }
            on_discord.1.clone()
        };
        deliver(on_discord.as_ref(), "discord:#ops", view).await;
    }

    /// Shows a message everywhere; what stands where, as text.
    pub async fn show(&self, view: &View) -> String {
        let (on_slack, on_discord) = (self.slack.state().messages.len(), self.discord.sees(ANA, OPS).len());
        self.take(view).await;
        let (slack, discord) = (self.on_slack_since(on_slack), self.on_discord_since(on_discord));
        let look = Look::new(Some(COLUMNS), false);
        let terminal = card(view, look, Numbers::None, &[]);
        let wide: Vec<_> = terminal.iter().filter(|line| cells(line) > look.width).collect();
        assert!(wide.is_empty(), "wider than the terminal: {wide:#?}");
        let terminal = terminal.join("\n");
        for part in parts(view) {
            for (place, shown) in [("Slack", &slack), ("Discord", &discord), ("the terminal", &terminal)] {
                let elsewhere = ["all of it is in message.txt", "the whole of it is a file"];
                let is_elsewhere = elsewhere.iter().any(|words| shown.contains(words));
                let found = is_elsewhere || bare(shown).contains(&bare(&part));
                assert!(found, "{part:?} is not there on {place}:\n{shown}\n{view:#?}");
            }
        }
        format!("═══ slack\n{slack}\n─── discord\n{discord}\n─── terminal\n{terminal}")
    }

    fn on_slack_since(&self, before: usize) -> String {
        let state = self.slack.state();
        let shown = state.messages[before..].iter().map(|message| {
            let words = rules::words(&message.body["blocks"]).join("\n");
            if message.thread.is_some() { format!("↳ in the thread:\n{words}") } else { words }
        });
        shown.collect::<Vec<_>>().join("\n")
    }

    fn on_discord_since(&self, before: usize) -> String {
        let shown = self.discord.sees(ANA, OPS).split_off(before);
        let lines = shown.iter().flat_map(|one| one.text.lines()).filter(|line| !line.is_empty()).map(str::to_owned);
        // What stands in menus is told by what was sent.
        let sent = self.discord.journal().into_iter().rfind(|call| call.body["embeds"].is_array());
        let rows = sent.map(|call| list(&call.body["components"])).unwrap_or_default();
        let rows = rows.iter().map(|row| list(&row["components"]).iter().map(control).collect::<Vec<_>>().join(" "));
        lines.chain(rows).collect::<Vec<_>>().join("\n")
    }

    /// Neither had anything to complain about.
    pub fn end(&self) {
        self.slack.was_strict();
        assert_eq!(self.discord.complaints(), Vec::<String>::new());
    }
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

/// A button, or a menu with what can be chosen from it.
fn control(part: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let options: Vec<_> = list(&part["options"]).iter().map(|option| text(&option["label"])).collect();
    match options.is_empty() {
        true => format!("[{}]", text(&part["label"])),
        false => format!("[{} ▾ {}]", text(&part["placeholder"]), options.join(" | ")),
    }
}

/// One that has sent nothing in this second.
fn a_discord(config: &Config) -> Arc<dyn Platform> {
    Discord::configured(config, &Clock::manual(NEW_YEAR_MS)).unwrap().unwrap().platform
}

async fn deliver(platform: &dyn Platform, to: &str, view: &View) {
    let (message, to) = (MessageRef::new(fresh()), ConversationId::from(to));
    let effect = Effect::PostMessage { message, to, view: view.clone(), private_to: None, reply: false };
    let request = Request { id: &fresh(), effect: &effect, native: None, route: None, again: false };
    let delivered = platform.deliver(request).await;
    assert!(delivered.is_ok(), "{} does not take it: {delivered:?}\n{view:#?}", platform.name());
}

/// What must be there on every platform: the words, and the beginnings of what stands on everything that can be used.
fn parts(view: &View) -> Vec<String> {
    let start = |label: &str| label.chars().take(LABEL).collect::<String>();
    // What is long goes on in another message, at the end of a line.
    let line = |text: &str| text.chars().take(LINE).collect::<String>();
    let parts = view.blocks.iter().flat_map(|block| match block {
        Block::Button(button) => vec![start(&button.label)],
        Block::Form(form) => vec![start(&form.label)],
        Block::Select(select) => vec![start(&select.label)],
        Block::Field { name, value } => [start(name)].into_iter().chain(value.lines().map(line)).collect(),
        Block::Text { text } | Block::Code { text } | Block::Context { text } | Block::Moment { text, .. } => {
            text.lines().map(line).collect()
        }
        Block::Time { name, .. } => vec![start(name)],
        Block::Link { label, .. } | Block::Progress { label, .. } => vec![start(label)],
        Block::Chart(_) | Block::Divider => Vec::new(),
    });
    [line(&view.title)].into_iter().chain(parts).collect()
}

/// Letters and digits alone: each platform breaks lines and escapes in its own way, and what piles up on a letter is no word.
fn bare(text: &str) -> String {
    clean(text).chars().filter(|c| c.is_alphanumeric()).collect()
}
