//! What people write on the fake Slack besides commands, and what they do with it afterwards, as the Events API tells of it.
//! <https://docs.slack.dev/reference/events/message>

use super::user::Member;
use super::{TEAM, api};
use serde_json::{Value, json};

/// Something that somebody wrote.
#[derive(Clone, Debug)]
pub struct Words {
    /// Where.
    pub channel: String,
    /// Its moment, which is its id.
    pub ts: String,
    thread: Option<String>,
    text: String,
}

impl Member {
    /// The direct conversation with the bot.
    pub fn direct(&self) -> String {
        self.slack.state().direct(self.id)
    }

    /// Writes something in a channel (`#name`, or an id), or in a thread of it.
    pub async fn says(&self, channel: &str, thread: Option<&str>, text: &str) -> Words {
        let said = self.writes(channel, thread, text);
        self.tells(self.said(&said)).await;
        said
    }

    /// The same, of which the bot is not told yet.
    pub fn writes(&self, channel: &str, thread: Option<&str>, text: &str) -> Words {
        let mut state = self.slack.state();
        let channel = state.id_of(channel);
        let (ts, thread, text) = (state.moment(), thread.map(str::to_owned), text.to_owned());
        api::put(&mut state, &channel, &ts, thread.clone(), None, &json!({"text": text, "user": self.id}));
        Words { channel, ts, thread, text }
    }

    /// The event of that.
    pub fn said(&self, said: &Words) -> Value {
        let mut event = self.message(said, &said.text);
        event["channel"] = json!(said.channel);
        event["channel_type"] = json!(if said.channel.starts_with('D') { "im" } else { "channel" });
        event["event_ts"] = json!(said.ts);
        event
    }

    fn message(&self, said: &Words, text: &str) -> Value {
        let mut message = json!({"type": "message", "user": self.id, "text": escaped(text), "ts": said.ts, "team": TEAM, "client_msg_id": "c"});
        if let Some(thread) = &said.thread {
            message["thread_ts"] = json!(thread);
        }
        message
    }

    /// The event of an edit: how the message stands now, and how it stood.
    pub fn edit(&self, said: &Words, text: &str) -> Value {
        let moment = self.slack.state().moment();
        let mut now = self.message(said, text);
        now["edited"] = json!({"user": self.id, "ts": moment});
        json!({"type": "message", "subtype": "message_changed", "hidden": true, "channel": said.channel, "ts": moment,
            "event_ts": moment, "channel_type": "channel", "message": now, "previous_message": self.message(said, &said.text)})
    }

    /// Changes what they wrote.
    pub async fn edits(&self, said: &mut Words, text: &str) {
        let event = self.edit(said, text);
        text.clone_into(&mut said.text);
        self.tells(event).await;
    }

    /// Reacts to what somebody wrote.
    pub async fn marks(&self, said: &Words, emoji: &str) {
        self.tells(self.mark(said, emoji)).await;
    }

    /// The event of that.
    pub fn mark(&self, said: &Words, emoji: &str) -> Value {
        json!({"type": "reaction_added", "user": self.id, "reaction": emoji, "item_user": self.id,
            "item": {"type": "message", "channel": said.channel, "ts": said.ts}, "event_ts": "1767225600.000001"})
    }

    /// Deletes what they wrote.
    pub async fn deletes(&self, said: &Words) {
        let moment = {
            let mut state = self.slack.state();
            state.messages.retain(|message| message.ts != said.ts);
            state.moment()
        };
        self.tells(json!({"type": "message", "subtype": "message_deleted", "hidden": true, "channel": said.channel,
            "ts": moment, "event_ts": moment, "deleted_ts": said.ts, "channel_type": "channel",
            "previous_message": self.message(said, &said.text)}))
            .await;
    }
}

/// Words as Slack's messages hold them.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
