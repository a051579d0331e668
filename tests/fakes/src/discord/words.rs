//! What people write at Discord besides commands, as its gateway tells a bot of it: by its intents, and the words only of those to
//! the bot, of direct ones, or with the intent for them (topics/gateway, `list-of-intents`, `message-content-intent`).

use super::events::{DIRECT_MESSAGES, GUILD_MESSAGES};
use super::state::State;
use super::{APPLICATION, FakeDiscord, GUILD};
use serde_json::{Value, json};

const MESSAGE_CONTENT: u64 = 1 << 15;

impl FakeDiscord {
    /// The direct conversation of the bot with somebody, if there is one.
    pub fn direct_with(&self, user: &str) -> Option<String> {
        let state = self.state();
        state.channels.iter().find(|channel| channel.direct.as_deref() == Some(user)).map(|channel| channel.id.clone())
    }

    /// Somebody writes something; its id.
    pub fn says(&self, user: &str, channel: &str, text: &str) -> String {
        self.replies(user, channel, None, text, false)
    }

    /// The same as an answer to a message, which pings its author unless that was switched off.
    pub fn replies(&self, user: &str, channel: &str, to: Option<&str>, text: &str, pings: bool) -> String {
        let mut state = self.state();
        let id =
            state.post(channel, json!({"content": text, "author": user, "to": to, "pings": pings}), None, Vec::new());
        let message = state.written(&id);
        state.tells_of_message("MESSAGE_CREATE", message);
        id
    }

    /// Somebody changes what they wrote.
    pub fn edits(&self, message: &str, text: &str) {
        let mut state = self.state();
        let found = state.message(message).unwrap();
        found.body["content"] = json!(text);
        found.edits += 1;
        self.tells_of_edit(&mut state, message);
    }

    /// Discord tells of a message that nobody changed: it has looked at a link.
    pub fn unfurls(&self, message: &str) {
        let mut state = self.state();
        let mut shown = state.written(message);
        shown["edited_timestamp"] = Value::Null;
        state.tells_of_message("MESSAGE_UPDATE", shown);
    }

    /// Discord tells of a message of the bot's own that was edited.
    pub fn tells_of_own_edit(&self, message: &str) {
        let mut state = self.state();
        let mut shown = state.shown(message);
        (shown["guild_id"], shown["edited_timestamp"]) = (json!(GUILD), json!("2026-01-01T00:00:09.000000+00:00"));
        state.tells_of_message("MESSAGE_UPDATE", shown);
    }

    fn tells_of_edit(&self, state: &mut State, message: &str) {
        let mut shown = state.written(message);
        let edits = state.message(message).unwrap().edits;
        shown["edited_timestamp"] = json!(format!("2026-01-01T00:00:{edits:02}.000000+00:00"));
        state.tells_of_message("MESSAGE_UPDATE", shown);
    }

    /// Somebody deletes messages: one alone, or several at once.
    pub fn deletes(&self, messages: &[&str]) {
        let mut state = self.state();
        let channel = state.message(messages[0]).unwrap().channel.clone();
        state.messages.retain(|one| !messages.contains(&one.id.as_str()));
        if state.intents() & GUILD_MESSAGES == 0 {
            return;
        }
        match messages {
            [one] => state.event("MESSAGE_DELETE", json!({"id": one, "channel_id": channel, "guild_id": GUILD})),
            all => state.event("MESSAGE_DELETE_BULK", json!({"ids": all, "channel_id": channel, "guild_id": GUILD})),
        }
    }
}

impl State {
    /// What the bot asked to hear of.
    fn intents(&self) -> u64 {
        self.current.as_ref().and_then(|id| self.sessions.get(id)).map_or(0, |session| session.intents)
    }

    /// A person's message as the gateway shows it, with all its words.
    fn written(&mut self, id: &str) -> Value {
        let message = self.message(id).unwrap().clone();
        let author = message.body["author"].as_str().unwrap().to_owned();
        let direct = self.channel(&message.channel).unwrap().direct.is_some();
        let text = message.body["content"].as_str().unwrap_or_default();
        let pings = message.body["pings"] == true || text.contains(&format!("<@{APPLICATION}>"));
        let bot =
            json!({"id": APPLICATION, "username": "drillbell", "discriminator": "0", "avatar": null, "bot": true});
        let mut shown = json!({
            "id": id, "channel_id": message.channel, "type": 0, "content": text, "author": State::user(&author),
            "timestamp": "2026-01-01T00:00:00.000000+00:00", "edited_timestamp": null, "attachments": [], "embeds": [],
            "mentions": if pings { json!([bot]) } else { json!([]) }, "mention_roles": [], "mention_everyone": false,
            "components": [], "pinned": false, "tts": false, "flags": 0,
        });
        if let Some(to) = message.body["to"].as_str() {
            shown["type"] = json!(19);
            shown["message_reference"] =
                json!({"type": 0, "message_id": to, "channel_id": message.channel, "guild_id": GUILD});
        }
        if !direct {
            shown["guild_id"] = json!(GUILD);
            shown["member"] = self.shown_member(&author);
        }
        shown
    }

    fn tells_of_message(&mut self, kind: &str, mut message: Value) {
        let direct = message["guild_id"].is_null();
        if self.intents() & if direct { DIRECT_MESSAGES } else { GUILD_MESSAGES } == 0 {
            return;
        }
        self.withholds(&mut message);
        self.event(kind, message);
    }

    /// A person's message as the bot may see it that asks for it.
    pub(super) fn seen(&mut self, id: &str) -> Value {
        let mut message = self.written(id);
        self.withholds(&mut message);
        message
    }

    /// The words are only there where the bot may know them.
    fn withholds(&self, message: &mut Value) {
        let direct = message["guild_id"].is_null();
        let mentions = message["mentions"].as_array().is_some_and(|all| all.iter().any(|one| one["id"] == APPLICATION));
        let own = message["author"]["id"] == APPLICATION;
        if !direct && !mentions && !own && self.intents() & MESSAGE_CONTENT == 0 {
            message["content"] = json!("");
        }
    }
}
