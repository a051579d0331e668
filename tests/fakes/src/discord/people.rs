//! People at Discord: they use the commands that were registered, with options that are declared, and click what they are shown.
//! What they cannot see they cannot use.

use super::requests::Asked;
use super::state::{Interaction, Message, State};
use super::{APPLICATION, FakeDiscord, GUILD};
use crate::eventually;
use ed25519_dalek::Signer;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// A message as somebody sees it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Shown {
    /// Its id.
    pub id: String,
    /// Its words, line by line; what only its reader sees begins with a mark.
    pub text: String,
    /// What can be clicked or chosen from.
    pub controls: Vec<String>,
    /// How often it was edited.
    pub edits: usize,
}

/// Something that somebody used.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Used {
    /// The interaction's id.
    pub id: String,
}

impl FakeDiscord {
    /// What somebody sees in a channel, oldest first; places of answers that have not come say so.
    pub fn sees(&self, user: &str, channel: &str) -> Vec<Shown> {
        let state = self.state();
        let there = state.messages.iter().filter(|message| message.channel == channel);
        there.filter(|message| message.only.as_ref().is_none_or(|only| only == user)).map(shown).collect()
    }

    /// Every message that somebody can see, as it was sent, oldest first, and where it stands; a direct message stands nowhere.
    pub fn all_of(&self, user: &str) -> Vec<(Message, String)> {
        let state = self.state();
        let name = |id: &str| state.channels.iter().find(|one| one.id == id);
        let place = |message: &Message| {
            let Some(channel) = name(&message.channel) else { return Some(String::new()) };
            match (&channel.direct, &channel.parent) {
                (Some(whose), _) => (whose == user).then(String::new),
                (None, None) => Some(format!("#{}", channel.name)),
                (None, Some(above)) => name(above).map(|above| format!("#{}, in a thread", above.name)),
            }
        };
        let mine = |message: &&Message| message.only.as_ref().is_none_or(|only| only == user);
        let all = state.messages.iter().filter(mine);
        all.filter_map(|message| Some((message.clone(), place(message)?))).collect()
    }

    /// Waits until somebody sees a message with these words; the newest of them.
    pub async fn finds(&self, user: &str, channel: &str, words: &str) -> Shown {
        eventually(&format!("{user} sees {words:?}, and not {:#?}", self.sees(user, channel)), async || {
            self.sees(user, channel).into_iter().rev().find(|shown| shown.text.contains(words))
        })
        .await
    }

    /// Somebody uses a command, such as `sev declare`, with options by name. Waits for the first answer.
    pub async fn uses(self: &Arc<Self>, user: &str, channel: &str, command: &str, options: &[(&str, &str)]) -> Used {
        let used = self.sends_command(user, channel, command, options);
        self.first_answer_to(&used).await;
        used
    }

    /// The same without waiting.
    pub fn sends_command(self: &Arc<Self>, user: &str, channel: &str, command: &str, options: &[(&str, &str)]) -> Used {
        let data = self.state().command(command, options, None);
        self.sends(user, channel, 2, data, None)
    }

    /// Somebody types into an option; what is offered, as `name=value`.
    pub async fn types(
        self: &Arc<Self>,
        user: &str,
        channel: &str,
        command: &str,
        options: &[(&str, &str)],
        typed: (&str, &str),
    ) -> Vec<String> {
        let data = self.state().command(command, options, Some(typed));
        let used = self.sends(user, channel, 4, data, None);
        let answer = self.first_answer_to(&used).await;
        let choices = answer["data"]["choices"].as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        choices.iter().map(|choice| format!("{}={}", text(&choice["name"]), text(&choice["value"]))).collect()
    }

    /// Somebody clicks a button of a message that they see.
    pub async fn clicks(self: &Arc<Self>, user: &str, message: &str, label: &str) -> Used {
        let used = self.click(user, message, label);
        self.first_answer_to(&used).await;
        used
    }

    fn click(self: &Arc<Self>, user: &str, message: &str, label: &str) -> Used {
        let (channel, component, original) = {
            let state = self.state();
            let (message, component) = state.component(user, message, label);
            (message.channel.clone(), component, state.shown(&message.id))
        };
        let data = json!({"custom_id": component["custom_id"], "component_type": component["type"]});
        self.sends(user, &channel, 3, data, Some(original))
    }

    /// Somebody chooses from a menu of a message that they see.
    pub async fn chooses(self: &Arc<Self>, user: &str, message: &str, menu: &str, label: &str) -> Used {
        let (channel, component, original) = {
            let state = self.state();
            let (message, component) = state.component(user, message, menu);
            (message.channel.clone(), component, state.shown(&message.id))
        };
        let options = component["options"].as_array().cloned().unwrap_or_default();
        let option = options.iter().find(|option| option["label"] == label);
        let option = option.unwrap_or_else(|| panic!("{menu} has no choice {label}: {options:?}"));
        let data = json!({"custom_id": component["custom_id"], "component_type": 3, "values": [option["value"]]});
        let used = self.sends(user, &channel, 3, data, Some(original));
        self.first_answer_to(&used).await;
        used
    }

    /// Somebody clicks a button that opens a form, fills it in by its labels and submits it.
    pub async fn fills(self: &Arc<Self>, user: &str, message: &str, label: &str, values: &[(&str, &str)]) -> Used {
        let opened = self.click(user, message, label);
        let answer = self.first_answer_to(&opened).await;
        assert_eq!(answer["type"], 9, "{label} opens a form: {answer}");
        let modal = &answer["data"];
        let parts = modal["components"].as_array().cloned().unwrap_or_default();
        let filled: Vec<_> = parts.iter().map(|part| filled(part, values)).collect();
        for (label, _) in values {
            assert!(
                parts.iter().any(|part| part["label"] == *label),
                "the form asks nothing called {label}: {parts:?}"
            );
        }
        let data = json!({"custom_id": modal["custom_id"], "components": filled});
        let (channel, original) = {
            let state = self.state();
            let message = state.messages.iter().find(|one| one.id == message).unwrap();
            (message.channel.clone(), state.shown(&message.id))
        };
        let used = self.sends(user, &channel, 5, data, Some(original));
        self.first_answer_to(&used).await;
        used
    }

    /// Sends an interaction of any form: for what no person could do.
    pub fn sends(self: &Arc<Self>, user: &str, channel: &str, kind: u64, data: Value, message: Option<Value>) -> Used {
        let mut state = self.state();
        let id = state.id();
        let token = format!("token-of-{id}");
        let mut place = state.shown_channel(channel);
        let direct = place["type"] == 1;
        place["id"] = json!(channel);
        let mut member = state.shown_member(user);
        (member["user"], member["permissions"]) = (State::user(user), json!("0"));
        let mut interaction = json!({
            "id": id, "application_id": APPLICATION, "type": kind, "token": token, "version": 1, "data": data,
            "channel": place, "channel_id": channel, "locale": "en-US", "entitlements": [], "context": 0,
            "authorizing_integration_owners": {"0": GUILD}, "app_permissions": state.permissions.to_string(),
            "attachment_size_limit": 10 * 1024 * 1024,
        });
        match direct {
            true => interaction["user"] = State::user(user),
            false => (interaction["guild_id"], interaction["member"]) = (json!(GUILD), member),
        }
        let source = message.as_ref().and_then(|message| message["id"].as_str()).map(str::to_owned);
        if let Some(message) = message {
            interaction["message"] = message;
        }
        let (user, channel) = (user.to_owned(), channel.to_owned());
        let sent =
            Interaction { token, kind, user, channel, at: Instant::now(), answered: None, source, original: None };
        state.interactions.insert(id.clone(), sent);
        match self.endpoint.lock().unwrap().clone() {
            None => state.event("INTERACTION_CREATE", interaction),
            Some(url) => drop(tokio::spawn(self.clone().calls(url, id.clone(), interaction))),
        }
        Used { id }
    }

    /// By HTTP, signed; the response is the first answer (interactions/overview, `setting-up-an-endpoint`).
    async fn calls(self: Arc<Self>, url: String, id: String, interaction: Value) {
        let (status, answer) = self.posts(&url, &interaction.to_string(), None).await;
        let mut state = self.state();
        if status != 200 {
            state.complaints.push(format!("the endpoint answers {status}: {answer}"));
            return;
        }
        let answer: Value = serde_json::from_str(&answer).unwrap_or_default();
        state.keeps("answer to an interaction".to_owned(), &answer);
        let asked = Asked::of(answer);
        let (refused, answer) = (state.first_answer(&id, &asked), &asked.body);
        if let Err(refused) = refused {
            state.complaints.push(format!("the first answer {answer} is refused: {}", refused.1));
        }
    }

    /// Posts to the endpoint with a signature, or with these headers instead; status and body.
    pub async fn posts(&self, url: &str, body: &str, headers: Option<(&str, &str)>) -> (u16, String) {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let at = self.now_ms.lock().unwrap().map_or(now.as_secs(), |now_ms| now_ms / 1000).to_string();
        let signature = hex::encode(self.key.sign(format!("{at}{body}").as_bytes()).to_bytes());
        let (signature, at) = headers.map_or((signature, at), |(signature, at)| (signature.to_owned(), at.to_owned()));
        let request =
            self.client.post(url).header("x-signature-ed25519", signature).header("x-signature-timestamp", at);
        let request =
            request.header("content-type", "application/json").header("user-agent", "Discord-Interactions/1.0");
        let answer = request.timeout(Duration::from_secs(10)).body(body.to_owned()).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// The first answer to something, once it has come.
    pub async fn first_answer_to(&self, used: &Used) -> Value {
        eventually("a first answer", async || self.answer_now(used)).await
    }

    /// The first answer, if it has come.
    pub fn answer_now(&self, used: &Used) -> Option<Value> {
        self.state().interactions[&used.id].answered.as_ref().map(|(_, answer)| answer.clone())
    }

    /// How long the first answer took.
    pub fn took(&self, used: &Used) -> Option<Duration> {
        let state = self.state();
        let sent = &state.interactions[&used.id];
        sent.answered.as_ref().map(|(at, _)| at.duration_since(sent.at))
    }
}

impl State {
    pub(super) fn roles_of(&self, user: &str) -> Vec<String> {
        self.roles.get(user).cloned().unwrap_or_default()
    }

    /// A command's data, checked against what is registered.
    fn command(&self, command: &str, options: &[(&str, &str)], typed: Option<(&str, &str)>) -> Value {
        let mut words = command.split(' ');
        let (name, sub) = (words.next().unwrap_or_default(), words.next());
        let registered = self.commands.iter().find(|one| one["name"] == name);
        let registered = registered.unwrap_or_else(|| panic!("there is no command /{name}"));
        let of = match sub {
            None => registered.clone(),
            Some(sub) => {
                let subs = registered["options"].as_array().cloned().unwrap_or_default();
                subs.into_iter().find(|one| one["name"] == sub).unwrap_or_else(|| panic!("/{name} has no {sub}"))
            }
        };
        let declared = of["options"].as_array().cloned().unwrap_or_default();
        let find = |name: &str| {
            declared
                .iter()
                .find(|one| one["name"] == name)
                .unwrap_or_else(|| panic!("{command} has no option {name}: {declared:?}"))
        };
        for option in declared.iter().filter(|option| option["required"] == true && typed.is_none()) {
            assert!(options.iter().any(|(name, _)| option["name"] == *name), "{} is required", option["name"]);
        }
        let value = |option: &Value, text: &str| match option["type"].as_u64() {
            Some(4) => json!(text.parse::<i64>().unwrap()),
            Some(5) => json!(text == "true"),
            _ => json!(text),
        };
        let mut given: Vec<_> = options
            .iter()
            .map(|(name, text)| {
                let option = find(name);
                let choices = option["choices"].as_array().cloned().unwrap_or_default();
                assert!(
                    choices.is_empty() || choices.iter().any(|one| one["value"] == *text),
                    "{text} is no choice of {name}"
                );
                json!({"name": name, "type": option["type"], "value": value(option, text)})
            })
            .collect();
        given.extend(typed.map(|(name, text)| {
            assert_eq!(find(name)["autocomplete"], true, "{name} offers nothing");
            json!({"name": name, "type": find(name)["type"], "value": text, "focused": true})
        }));
        let given = match sub {
            Some(sub) => json!([{"name": sub, "type": 1, "options": given}]),
            None => json!(given),
        };
        let id = self.registered().into_iter().find(|one| one["name"] == name).map(|one| one["id"].clone());
        json!({"id": id, "name": name, "type": 1, "options": given})
    }

    /// A component of a message that somebody sees, by its label.
    fn component(&self, user: &str, message: &str, label: &str) -> (&Message, Value) {
        let message = self.messages.iter().find(|one| one.id == message).expect("the message is there");
        assert!(message.only.as_ref().is_none_or(|only| only == user), "{user} does not see the message");
        let all = components(message);
        let found = all.iter().find(|part| part["label"] == label || part["placeholder"] == label);
        let found = found.unwrap_or_else(|| panic!("nothing is called {label}: {:?}", shown(message).controls));
        (message, found.clone())
    }
}

fn components(message: &Message) -> Vec<Value> {
    let rows = message.body["components"].as_array().cloned().unwrap_or_default();
    rows.iter().flat_map(|row| row["components"].as_array().cloned().unwrap_or_default()).collect()
}

fn shown(message: &Message) -> Shown {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut lines = Vec::new();
    if message.only.is_some() {
        lines.push("(only for you)".to_owned());
    }
    if message.loading {
        lines.push("thinking…".to_owned());
    }
    lines.push(text(&message.body["content"]));
    for embed in message.body["embeds"].as_array().into_iter().flatten() {
        lines.extend([text(&embed["title"]), text(&embed["description"])]);
        for field in embed["fields"].as_array().into_iter().flatten() {
            lines.push(format!("{}: {}", text(&field["name"]), text(&field["value"])));
        }
        lines.push(text(&embed["footer"]["text"]));
    }
    lines.extend(message.files.iter().map(|(name, _)| format!("[{name}]")));
    lines.extend(message.reactions.iter().cloned());
    lines.retain(|line| !line.is_empty());
    let label = |part: &Value| part["label"].as_str().or(part["placeholder"].as_str()).unwrap_or_default().to_owned();
    let controls = components(message).iter().map(label).collect();
    Shown { id: message.id.clone(), text: lines.join("\n"), controls, edits: message.edits }
}

fn filled(part: &Value, values: &[(&str, &str)]) -> Value {
    let inner = &part["component"];
    let given = values.iter().find(|(label, _)| part["label"] == *label).map(|(_, value)| *value);
    let mut component = json!({"type": inner["type"], "custom_id": inner["custom_id"], "id": 1});
    match inner["type"].as_u64() {
        Some(3) => {
            let options = inner["options"].as_array().cloned().unwrap_or_default();
            let is_chosen = |one: &&Value| given.map_or(one["default"] == true, |given| one["label"] == given);
            let chosen = options.iter().find(is_chosen);
            component["values"] = chosen.map_or(json!([]), |one| json!([one["value"]]));
        }
        _ => component["value"] = json!(given.unwrap_or(inner["value"].as_str().unwrap_or_default())),
    }
    assert!(inner["required"] != true || given.is_some() || !inner["value"].is_null(), "{} is required", part["label"]);
    json!({"type": 18, "id": 2, "component": component})
}
