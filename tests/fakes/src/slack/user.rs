//! A person on the fake Slack: types, clicks and fills in what is shown to them, and nothing else.

use super::state::{Message, Way};
use super::{Slack, TEAM, rules, ways};
use crate::{Whose, eventually};
use serde_json::{Value, json};
use std::sync::Arc;

/// A member of the workspace.
#[derive(Clone)]
pub struct Member {
    pub(super) slack: Arc<Slack>,
    /// The member id.
    pub id: &'static str,
    /// What they are called.
    pub name: &'static str,
    /// The workspace they are of.
    pub team: &'static str,
}

/// A modal on somebody's screen.
#[derive(Clone, Debug)]
pub struct Modal {
    /// As it was opened.
    pub view: Value,
}

impl Member {
    fn way(&self, channel: &str, source: Option<&str>) -> String {
        let way = self.slack.state().way(channel, self.id, source);
        format!("http://127.0.0.1:{}/response/{way}", self.slack.port)
    }

    /// What Slack sends for a command typed in a channel. <https://docs.slack.dev/interactivity/implementing-slash-commands>
    pub fn command(&self, channel: &str, line: &str) -> Value {
        let (command, text) = line.split_once(' ').unwrap_or((line, ""));
        let (id, name, trigger) = {
            let mut state = self.slack.state();
            let id = state.id_of(channel);
            let name = state.channels[&id].name.clone();
            (id, if name.is_empty() { "directmessage".to_owned() } else { name }, state.trigger())
        };
        let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        // With `should_escape` members come as mentions (the same page).
        let mention = |word: &str| match word {
            "@ana" => "<@U00000000ANA|ana>".to_owned(),
            "@ben" => "<@U00000000BEN|ben>".to_owned(),
            other => other.to_owned(),
        };
        let escaped = escaped.split(' ').map(mention).collect::<Vec<_>>().join(" ");
        json!({
            "token": "legacy", "team_id": TEAM, "team_domain": "test", "channel_id": id,
            "channel_name": name, "user_id": self.id, "user_name": self.name, "command": command,
            "text": escaped, "api_app_id": "A0000000001", "is_enterprise_install": "false",
            "response_url": self.way(&id, None), "trigger_id": trigger,
        })
    }

    /// Types a command.
    pub async fn types(&self, channel: &str, line: &str) {
        let payload = self.command(channel, line);
        let channel = payload["channel_id"].as_str().unwrap().to_owned();
        let answer = self.slack.deliver("slash_commands", payload, true).await;
        let mut state = self.slack.state();
        if state.whose == Whose::Ours {
            assert_eq!(answer, Value::Null, "a command is acknowledged without a word");
        } else if answer["text"].is_string() || answer["blocks"].is_array() {
            // The acknowledgement may be the first answer. <https://docs.slack.dev/interactivity/implementing-slash-commands>
            let user = self.id.to_owned();
            ways::said(&mut state, &Way { channel, user, used: 0, source: None }, &answer);
        }
    }

    /// All that this person sees in a channel, a text each.
    pub fn sees(&self, channel: &str) -> Vec<String> {
        let seen = self.slack.state().seen(channel, self.id);
        seen.iter().map(|message| rules::read(&message.body)).collect()
    }

    /// Waits until this person sees a message with these words in a channel.
    pub async fn reads(&self, channel: &str, words: &str) -> Message {
        let look = async || {
            let seen = self.slack.state().seen(channel, self.id);
            seen.into_iter().rev().find(|one| rules::read(&one.body).contains(words))
        };
        let what = format!("{} reads {words:?} in {channel}", self.name);
        // Outside of `eventually`, so that what was there instead is shown.
        let found = tokio::time::timeout(std::time::Duration::from_secs(25), eventually(&what, look)).await;
        found.unwrap_or_else(|_| panic!("{what}; instead: {:#?}", self.sees(channel)))
    }

    /// A message as it stands now.
    pub fn now(&self, message: &Message) -> Message {
        let seen = self.slack.state().seen(&message.channel, self.id);
        seen.into_iter().find(|one| one.ts == message.ts).expect("it is there")
    }

    fn element(&self, message: &Message, fits: impl Fn(&Value) -> bool) -> Option<(Value, Value)> {
        let message = self.now(message);
        let blocks = message.body["blocks"].as_array().cloned().unwrap_or_default();
        blocks.into_iter().filter(|block| block["type"] == "actions").find_map(|block| {
            let element = block["elements"].as_array()?.iter().find(|one| fits(one))?.clone();
            Some((block, element))
        })
    }

    /// Where the app is installed, as interactions say it.
    fn installed(&self) -> (Value, bool) {
        let organisation = self.slack.state().organisation;
        (if organisation { Value::Null } else { json!({"id": TEAM, "domain": "test"}) }, organisation)
    }

    fn action(&self, message: &Message, block: &Value, mut action: Value) -> Value {
        let (name, trigger, moment) = {
            let mut state = self.slack.state();
            let moment = state.moment();
            (state.channels[&message.channel].name.clone(), state.trigger(), moment)
        };
        let (team, organisation) = self.installed();
        action["action_ts"] = json!(moment);
        action["block_id"] = block["block_id"].clone();
        let mut container = json!({"type": "message", "message_ts": message.ts, "channel_id": message.channel,
            "is_ephemeral": message.only_for.is_some()});
        if let Some(thread) = &message.thread {
            container["thread_ts"] = json!(thread);
        }
        json!({
            "type": "block_actions", "user": {"id": self.id, "username": self.name, "name": self.name, "team_id": self.team},
            "api_app_id": "A0000000001", "token": "legacy", "container": container, "trigger_id": trigger, "team": team,
            "enterprise": null, "is_enterprise_install": organisation, "channel": {"id": message.channel, "name": name},
            "response_url": self.way(&message.channel, Some(&message.ts)), "actions": [action],
        })
    }

    /// Does what a payload says; its trigger.
    async fn acts(&self, payload: Value) -> String {
        let trigger = payload["trigger_id"].as_str().unwrap().to_owned();
        self.slack.deliver("interactive", payload, false).await;
        trigger
    }

    /// Clicks the button of that label; the trigger of the click.
    pub async fn clicks(&self, message: &Message, label: &str) -> String {
        self.acts(self.click(message, label)).await
    }

    /// What Slack sends for a click of the button of that label.
    pub fn click(&self, message: &Message, label: &str) -> Value {
        let found = self.element(message, |one| one["type"] == "button" && one["text"]["text"] == label);
        let (block, button) = found.unwrap_or_else(|| {
            panic!("no button {label:?}: {:#?}", rules::words(&self.now(message).body["blocks"]));
        });
        let action = json!({"type": "button", "action_id": button["action_id"], "text": button["text"], "value": button["value"]});
        self.action(message, &block, action)
    }

    /// Chooses an option of the select with that placeholder.
    pub async fn chooses(&self, message: &Message, select: &str, option: &str) {
        self.acts(self.choice(message, select, option)).await;
    }

    /// What Slack sends for that.
    pub fn choice(&self, message: &Message, select: &str, option: &str) -> Value {
        let found = self.element(message, |one| one["type"] == "static_select" && one["placeholder"]["text"] == select);
        let (block, element) = found.unwrap_or_else(|| panic!("no select {select:?}"));
        let options = element["options"].as_array().unwrap();
        let chosen =
            options.iter().find(|one| one["text"]["text"] == option).unwrap_or_else(|| panic!("no {option:?}"));
        let action = json!({"type": "static_select", "action_id": element["action_id"], "selected_option": chosen,
            "placeholder": element["placeholder"]});
        self.action(message, &block, action)
    }

    /// Clicks a button that opens a modal, and waits for it.
    pub async fn opens(&self, message: &Message, label: &str) -> Modal {
        let trigger = self.clicks(message, label).await;
        let look = async || self.slack.state().modals.get(&trigger).cloned();
        Modal { view: eventually(&format!("a modal opens for {label:?}"), look).await }
    }

    /// Fills in a modal by its labels and submits it; what the bot answers (`null`: it closes).
    pub async fn submits(&self, modal: &Modal, entries: &[(&str, &str)]) -> Value {
        self.slack.deliver("interactive", self.submission(modal, entries), true).await
    }

    /// What Slack sends for that.
    pub fn submission(&self, modal: &Modal, entries: &[(&str, &str)]) -> Value {
        let mut values = json!({});
        for block in modal.view["blocks"].as_array().unwrap().iter().filter(|block| block["type"] == "input") {
            let (id, element) = (block["block_id"].as_str().unwrap(), &block["element"]);
            let given = entries.iter().find(|(label, _)| block["label"]["text"] == *label).map(|(_, value)| *value);
            let mut state = json!({"type": element["type"]});
            if element["type"] == "static_select" {
                let options = element["options"].as_array().unwrap();
                let named = |label: &str| options.iter().find(|one| one["text"]["text"] == label).cloned();
                let chosen = match given {
                    Some(label) => Some(named(label).unwrap_or_else(|| panic!("no option {label:?}"))),
                    None => element.get("initial_option").cloned(),
                };
                state["selected_option"] = chosen.unwrap_or(Value::Null);
            } else {
                let initial = element["initial_value"].as_str();
                state["value"] = given.or(initial).map_or(Value::Null, |text| json!(text));
            }
            values[id][element["action_id"].as_str().unwrap()] = state;
        }
        for (label, _) in entries {
            let labels = modal.view["blocks"].as_array().unwrap().iter();
            assert!(labels.into_iter().any(|block| block["label"]["text"] == *label), "no field {label:?}");
        }
        let mut view = modal.view.clone();
        view["state"] = json!({"values": values});
        view["team_id"] = Value::Null;
        let trigger = self.slack.state().trigger();
        let (team, organisation) = self.installed();
        json!({"type": "view_submission", "team": team, "enterprise": {"id": "E1", "name": "Org"},
            "is_enterprise_install": organisation, "user": {"id": self.id, "username": self.name, "name": self.name, "team_id": self.team},
            "api_app_id": "A0000000001", "token": "legacy", "trigger_id": trigger, "view": view, "response_urls": []})
    }

    /// Something that the Events API tells. <https://docs.slack.dev/apis/events-api>
    pub async fn tells(&self, event: Value) {
        self.slack.deliver("events_api", self.callback(event), false).await;
    }

    /// What Slack sends for that. In a channel that two workspaces share it says so.
    pub fn callback(&self, event: Value) -> Value {
        let id = format!("Ev{:010}", self.slack.state().unique());
        json!({"token": "legacy", "team_id": TEAM, "api_app_id": "A0000000001", "event": event,
            "type": "event_callback", "event_id": id, "event_time": 1_767_225_600, "authorizations": [], "is_ext_shared_channel": self.team != TEAM})
    }

    /// Mentions the bot, in a channel or in a thread of it.
    pub async fn mentions(&self, channel: &str, thread: Option<&str>, text: &str) {
        let (id, ts) = {
            let mut state = self.slack.state();
            (state.id_of(channel), state.moment())
        };
        let mut event = json!({"type": "app_mention", "user": self.id, "text": format!("<@{}> {text}", super::BOT), "ts": ts,
            "channel": id, "event_ts": ts});
        if let Some(thread) = thread {
            event["thread_ts"] = json!(thread);
        }
        self.tells(event).await;
    }

    /// Reacts to a message.
    pub async fn reacts(&self, message: &Message, emoji: &str) {
        self.tells(self.reaction(message, emoji)).await;
    }

    /// The event of that.
    pub fn reaction(&self, message: &Message, emoji: &str) -> Value {
        json!({"type": "reaction_added", "user": self.id, "reaction": emoji, "item_user": super::BOT,
            "item": {"type": "message", "channel": message.channel, "ts": message.ts}, "event_ts": "1767225600.000001"})
    }
}
