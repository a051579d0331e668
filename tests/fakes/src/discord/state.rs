//! What there is at Discord: channels, messages, commands, interactions, sessions.

use super::{ANA, APPLICATION, BEN, GUILD, INCIDENTS, OPS};
use crate::Whose;
use crate::journal::{self, Sent};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::{Instant, UNIX_EPOCH};
use tokio::sync::mpsc;

/// A request as it was taken.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// `POST`.
    pub method: String,
    /// After `/api/v10`, percent-decoded.
    pub path: String,
    /// JSON, or the `payload_json` of several parts.
    pub body: Value,
    /// What was answered.
    pub status: u16,
    /// When it came.
    pub at: Instant,
}

/// A message.
#[derive(Clone, Debug)]
pub struct Message {
    /// Its id.
    pub id: String,
    /// The channel it is in.
    pub channel: String,
    /// What was sent of it last.
    pub body: Value,
    /// Only this person sees it.
    pub only: Option<String>,
    /// The place of an answer that has not come.
    pub loading: bool,
    /// How often it was edited.
    pub edits: usize,
    /// Names and sizes.
    pub files: Vec<(String, usize)>,
    /// What people reacted with.
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
pub(super) struct Interaction {
    pub(super) token: String,
    pub(super) kind: u64,
    pub(super) user: String,
    pub(super) channel: String,
    pub(super) at: Instant,
    pub(super) answered: Option<(Instant, Value)>,
    /// The message whose button or form was used.
    pub(super) source: Option<String>,
    /// The message in the place of the first answer.
    pub(super) original: Option<String>,
}

/// One that was begun on the gateway, as long as it may be resumed.
pub(super) struct Session {
    /// What it asked to hear of (topics/gateway, `gateway-intents`).
    pub(super) intents: u64,
    pub(super) events: Vec<Value>,
    pub(super) live: Option<mpsc::UnboundedSender<super::gateway::Out>>,
}

pub(super) struct State {
    next_id: u64,
    pub(super) channels: Vec<Channel>,
    pub(super) messages: Vec<Message>,
    pub(super) nonces: BTreeMap<String, String>,
    pub(super) commands: Vec<Value>,
    pub(super) interactions: BTreeMap<String, Interaction>,
    pub(super) sessions: BTreeMap<String, Session>,
    pub(super) current: Option<String>,
    pub(super) journal: Vec<Call>,
    pub(super) complaints: Vec<String>,
    pub(super) opened: usize,
    pub(super) identified: usize,
    pub(super) resumed: usize,
    /// Who talks to it.
    pub(super) whose: Whose,
    /// Everything that the bot sent.
    pub(super) sent: Vec<Sent>,
    pub(super) requests: usize,
    /// What the role of the bot permits.
    pub(super) permissions: u64,
    /// Roles by who has them.
    pub(super) roles: BTreeMap<String, Vec<String>>,
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
            resumed: 0,
            whose: Whose::Ours,
            sent: Vec::new(),
            requests: 0,
            permissions: u64::MAX >> 8 & !8,
            roles: BTreeMap::new(),
            content_granted: false,
        }
    }

    pub(super) fn id(&mut self) -> String {
        self.next_id += 1;
        // As Discord's do, it holds its moment (reference, `snowflakes`).
        let now_ms = u64::try_from(UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap();
        ((now_ms - 1_420_070_400_000) << 22 | (self.next_id & 0x3f_ffff)).to_string()
    }

    /// The commands as the API shows them (interactions/application-commands, `application-command-object`).
    pub(super) fn registered(&self) -> Vec<Value> {
        let shown = |(number, command): (usize, &Value)| {
            let mut command = command.clone();
            let made = [("id", json!((1_100_000_000_000_001_000 + number).to_string())), ("version", json!("1"))];
            let of = [("application_id", json!(APPLICATION)), ("guild_id", json!(GUILD)), ("type", json!(1))];
            for (key, value) in made.into_iter().chain(of) {
                command[key] = value;
            }
            for key in ["default_member_permissions", "name_localizations", "description_localizations"] {
                if command.get(key).is_none() {
                    command[key] = Value::Null;
                }
            }
            command
        };
        self.commands.iter().enumerate().map(shown).collect()
    }

    /// Keeps what the bot sent.
    pub(super) fn keeps(&mut self, kind: String, body: &Value) {
        let sent = Sent { platform: "discord", kind, as_text: false, body: body.clone() };
        if self.whose == Whose::Ours {
            journal::keep(&sent);
        }
        self.sent.push(sent);
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
        let listed = |key: &str| Some(message.body[key].clone()).filter(Value::is_array).unwrap_or(json!([]));
        let mut embeds = listed("embeds");
        for embed in embeds.as_array_mut().into_iter().flatten() {
            embed["type"] = json!("rich");
        }
        json!({
            "id": message.id, "channel_id": message.channel, "type": 0, "flags": flags, "pinned": false, "tts": false,
            "content": message.body["content"].as_str().unwrap_or_default(), "embeds": embeds,
            "components": listed("components"), "attachments": self.shown_files(message),
            "author": {"id": APPLICATION, "username": "drillbell", "discriminator": "0", "avatar": null, "bot": true},
            "edited_timestamp": (message.edits > 0).then_some("2026-01-01T00:00:01.000000+00:00"),
            "mention_roles": [], "mention_everyone": false,
            "timestamp": "2026-01-01T00:00:00.000000+00:00", "nonce": message.body["nonce"],
            "allowed_mentions": null, "mentions": [],
        })
    }

    /// The files of a message (resources/message, `attachment-object`).
    fn shown_files(&self, message: &Message) -> Value {
        let shown = |(number, (name, size)): (usize, &(String, usize))| {
            let url = format!("http://127.0.0.1/attachments/{}/{number}/{name}", message.channel);
            json!({"id": format!("{}{number}", message.id), "filename": name, "size": size, "url": url, "proxy_url": url})
        };
        message.files.iter().enumerate().map(shown).collect()
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
