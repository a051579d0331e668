//! What there is at Discord: channels, messages, commands, interactions, sessions.

use super::{ANA, APPLICATION, BEN, GUILD, INCIDENTS, OPS};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Instant;
use tokio::sync::mpsc;

/// A request as it was taken.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    pub method: String,
    /// After `/api/v10`, percent-decoded.
    pub path: String,
    pub body: Value,
    pub status: u16,
    pub at: Instant,
}

/// A message.
#[derive(Clone, Debug)]
pub struct Message {
    pub id: String,
    pub channel: String,
    /// What was sent of it last.
    pub body: Value,
    /// Only this person sees it.
    pub only: Option<String>,
    /// The place of an answer that has not come.
    pub loading: bool,
    pub edits: usize,
    /// Names and sizes.
    pub files: Vec<(String, usize)>,
    pub reactions: Vec<String>,
}

pub(super) struct Channel {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) kind: u64,
    pub(super) parent: Option<String>,
    pub(super) topic: String,
    pub(super) archived: bool,
    pub(super) pins: Vec<String>,
    /// What it permits beside roles, by whose it is: kind, allowed and denied bits (topics/permissions, `permission-overwrites`).
    pub(super) overwrites: BTreeMap<String, (u64, u64, u64)>,
    /// Whose direct conversation it is.
    pub(super) direct: Option<String>,
}

/// An interaction that was sent.
pub(super) struct Sent {
    pub(super) token: String,
    pub(super) kind: u64,
    pub(super) user: String,
    pub(super) channel: String,
    pub(super) at: Instant,
    pub(super) answered: Option<(Instant, Value)>,
    /// The message in the place of the first answer.
    pub(super) original: Option<String>,
}

pub(super) struct Session {
    pub(super) events: Vec<Value>,
    pub(super) live: Option<mpsc::UnboundedSender<super::gateway::Out>>,
}

pub(super) struct State {
    next_id: u64,
    pub(super) channels: Vec<Channel>,
    pub(super) messages: Vec<Message>,
    pub(super) nonces: BTreeMap<String, String>,
    pub(super) commands: Vec<Value>,
    pub(super) interactions: BTreeMap<String, Sent>,
    pub(super) sessions: BTreeMap<String, Session>,
    pub(super) current: Option<String>,
    pub(super) journal: Vec<Call>,
    pub(super) complaints: Vec<String>,
    pub(super) opened: usize,
    pub(super) identified: usize,
    pub(super) requests: usize,
    /// What the role of the bot permits.
    pub(super) permissions: u64,
    /// Roles by who has them.
    pub(super) roles: BTreeMap<String, Vec<String>>,
    /// What the bot wants to be told.
    pub(super) intents: u64,
    /// Message Content Intent is switched on for the application.
    pub(super) content_granted: bool,
}

impl State {
    pub(super) fn new() -> Self {
        let channel = |(id, name): (&str, &str)| Channel::new(id, name, 0);
        let channels = [(INCIDENTS, "incidents"), (OPS, "ops"), ("1100000000000000005", "random")];
        Self {
            next_id: 0,
            channels: channels.map(channel).into(),
            messages: Vec::new(),
            nonces: BTreeMap::new(),
            commands: Vec::new(),
            interactions: BTreeMap::new(),
            sessions: BTreeMap::new(),
            current: None,
            journal: Vec::new(),
            complaints: Vec::new(),
            opened: 0,
            identified: 0,
            requests: 0,
            permissions: u64::MAX >> 8 & !8,
            roles: BTreeMap::new(),
            intents: 0,
            content_granted: false,
        }
    }

    pub(super) fn id(&mut self) -> String {
        self.next_id += 1;
        // As Discord's do, it holds its moment (reference, `snowflakes`).
        let now_ms = u64::try_from(drillbell::clock::Clock::system().now_ms()).unwrap();
        ((now_ms - 1_420_070_400_000) << 22 | (self.next_id & 0x3f_ffff)).to_string()
    }

    pub(super) fn channel(&mut self, id: &str) -> Option<&mut Channel> {
        self.channels.iter_mut().find(|channel| channel.id == id)
    }

    pub(super) fn message(&mut self, id: &str) -> Option<&mut Message> {
        self.messages.iter_mut().find(|message| message.id == id)
    }

    pub(super) fn post(
        &mut self,
        channel: &str,
        body: Value,
        only: Option<String>,
        files: Vec<(String, usize)>,
    ) -> String {
        let id = self.id();
        let (channel, reactions) = (channel.to_owned(), Vec::new());
        let message = Message { id: id.clone(), channel, body, only, loading: false, edits: 0, files, reactions };
        self.messages.push(message);
        id
    }

    /// A message as the API shows it (resources/message, `message-object`).
    pub(super) fn shown(&self, id: &str) -> Value {
        let Some(message) = self.messages.iter().find(|message| message.id == id) else { return Value::Null };
        let flags = u64::from(message.only.is_some()) << 6 | u64::from(message.loading) << 7;
        let mut embeds = message.body["embeds"].clone();
        for embed in embeds.as_array_mut().into_iter().flatten() {
            embed["type"] = json!("rich");
        }
        json!({
            "id": message.id, "channel_id": message.channel, "type": 0, "flags": flags, "pinned": false, "tts": false,
            "content": message.body["content"].as_str().unwrap_or_default(), "embeds": embeds,
            "components": message.body["components"], "author": {"id": APPLICATION, "username": "drillbell", "bot": true},
            "attachments": message.files.iter().map(|(name, size)| json!({"filename": name, "size": size})).collect::<Vec<_>>(),
            "timestamp": "2026-01-01T00:00:00.000000+00:00", "nonce": message.body["nonce"],
            "allowed_mentions": null, "mentions": [],
        })
    }

    /// A channel as the API shows it (resources/channel, `channel-object`).
    pub(super) fn shown_channel(&self, id: &str) -> Value {
        let Some(channel) = self.channels.iter().find(|channel| channel.id == id) else { return Value::Null };
        let overwrites = channel.overwrites.iter().map(|(id, (kind, allow, deny))| {
            json!({"id": id, "type": kind, "allow": allow.to_string(), "deny": deny.to_string()})
        });
        let position = self.channels.iter().position(|other| other.id == id);
        json!({
            "id": channel.id, "name": channel.name, "type": channel.kind, "guild_id": GUILD, "parent_id": channel.parent,
            "topic": channel.topic, "position": position, "permission_overwrites": overwrites.collect::<Vec<_>>(),
        })
    }

    /// Who somebody is (resources/user, `user-object`).
    pub(super) fn user(id: &str) -> Value {
        let name = match id {
            ANA => "ana",
            BEN => "ben",
            _ => "stranger",
        };
        json!({"id": id, "username": name, "global_name": name.to_uppercase(), "discriminator": "0", "avatar": null})
    }
}

impl Channel {
    pub(super) fn new(id: &str, name: &str, kind: u64) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            kind,
            parent: None,
            topic: String::new(),
            archived: false,
            pins: Vec::new(),
            overwrites: BTreeMap::new(),
            direct: None,
        }
    }
}
