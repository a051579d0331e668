//! `[chat]` as the other sections see it: which platforms are connected, and how a conversation of each is written.

use super::console::Console;
use super::grants::PLATFORMS;
use super::problem::{Refusal, did_you_mean};
use super::tree::Node;
use super::{Config, values};
use crate::model::ids::ConversationId;
use std::collections::BTreeSet;

/// The chats of a configuration.
#[derive(Clone, Debug)]
pub struct Chats<'a> {
    /// The console.
    pub console: &'a Console,
    /// Those connected beside it: `slack`, `discord`.
    pub remote: Vec<&'static str>,
}

impl Chats<'_> {
    /// Reads a conversation with its platform in front, which must be connected.
    pub(super) fn conversation(&self, node: &Node) -> Result<ConversationId, Refusal> {
        let console = self.console;
        let text = values::text(node)?;
        let expected = || Refusal::expected("a conversation with its platform, such as \"console:#ops\"");
        let Some((platform, local)) = text.split_once(':') else {
            return Err(expected().fix(format!("write \"console:#{}\"", text.trim_start_matches('#'))));
        };
        if !PLATFORMS.contains(&platform) {
            return Err(expected().maybe_fix(did_you_mean(platform, PLATFORMS)));
        }
        if local.is_empty() || local.contains(char::is_whitespace) {
            return Err(expected());
        }
        if self.remote.contains(&platform) {
            let checked = match platform {
                "slack" => super::slack::check_conversation(local),
                _ => super::discord::check_conversation(local),
            };
            return checked.map(|()| ConversationId::from(text));
        }
        if platform != "console" || !console.enabled {
            let expected = format!("a conversation of a platform that is connected; [chat.{platform}] is not");
            return Err(Refusal::expected(expected).maybe_fix(console.enabled.then(|| "use console:#…".to_owned())));
        }
        if !console.channels.iter().any(|known| known == local) {
            let known = console.channels.join(", ");
            let fix = did_you_mean(local, console.channels.iter().map(String::as_str));
            let fix = fix.unwrap_or_else(|| format!("add \"{local}\" to channels of [chat.console]"));
            return Err(Refusal::expected(format!("a channel of [chat.console]: {known}")).fix(fix));
        }
        Ok(ConversationId::from(text))
    }
}

impl Config {
    /// Which chats are connected.
    pub fn chats(&self) -> Chats<'_> {
        Chats { console: &self.console, remote: remote(self.slack.is_some(), self.discord.is_some()) }
    }

    /// The names of a platform's conversations that are written anywhere in the configuration, with their `#`: what is written
    /// as a name is called by that name everywhere.
    pub fn names_on(&self, platform: &str) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        // What applies, as a tree of texts: a section added later cannot be forgotten here.
        if let Ok(whole) = self.effective().parse::<toml::Table>() {
            collect(&toml::Value::Table(whole), &format!("{platform}:#"), &mut names);
        }
        names
    }
}

/// The remote platforms' names.
pub(super) fn remote(slack: bool, discord: bool) -> Vec<&'static str> {
    [("slack", slack), ("discord", discord)]
        .into_iter()
        .filter_map(|(name, connected)| connected.then_some(name))
        .collect()
}

fn collect(value: &toml::Value, lead: &str, names: &mut BTreeSet<String>) {
    match value {
        toml::Value::String(text) => {
            let text = text.strip_prefix("post:").unwrap_or(text);
            if let Some(name) = text.strip_prefix(lead).filter(|name| !name.is_empty() && !name.contains(['*', ' '])) {
                names.insert(format!("#{name}"));
            }
        }
        toml::Value::Array(items) => items.iter().for_each(|item| collect(item, lead, names)),
        toml::Value::Table(table) => table.iter().for_each(|(_, item)| collect(item, lead, names)),
        _ => {}
    }
}
