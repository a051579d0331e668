//! What the API does: each route as its page documents it.

use super::requests::{Answer, Asked};
use super::rules::{self, Wrong};
use super::state::{Channel, State};
use super::{APPLICATION, FakeDiscord, GUILD};
use crate::Whose;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How long a first answer may take (interactions/receiving-and-responding).
const FIRST_ANSWER: Duration = Duration::from_secs(3);

impl FakeDiscord {
    pub(super) fn answer(&self, asked: &Asked) -> Answer {
        let parts: Vec<&str> = asked.path.split('/').collect();
        let mut state = self.state();
        let body = &asked.body;
        match (asked.method.as_str(), parts.as_slice()) {
            ("GET", ["gateway", "bot"]) => {
                let url = format!("ws://127.0.0.1:{}/gw", self.gateway_port);
                let limit = json!({"total": 1000, "remaining": 900, "reset_after": 1000, "max_concurrency": 1});
                Answer(200, json!({"url": url, "shards": 1, "session_start_limit": limit}))
            }
            ("GET", ["applications", "@me"]) => Answer(
                200,
                json!({
                    "id": APPLICATION, "name": "drillbell", "verify_key": hex::encode(self.key.verifying_key().to_bytes()),
                    "interactions_endpoint_url": self.endpoint.lock().unwrap().clone(),
                    "flags": u64::from(state.content_granted) << 19,
                }),
            ),
            ("GET", ["users", "@me"]) => Answer(200, json!({"id": APPLICATION, "username": "drillbell", "bot": true})),
            ("GET", ["guilds", GUILD]) => {
                let roles = json!([{"id": GUILD, "permissions": "1024"}, {"id": "7", "permissions": state.permissions.to_string()}]);
                Answer(200, json!({"id": GUILD, "name": "Shop", "roles": roles}))
            }
            ("GET", ["guilds", GUILD, "members", APPLICATION]) => Answer(200, json!({"roles": ["7"]})),
            ("PUT", ["applications", APPLICATION, "guilds", GUILD, "commands"]) => {
                match refuse(rules::commands(body)) {
                    Some(refused) => refused,
                    None => {
                        state.commands = body.as_array().cloned().unwrap_or_default();
                        Answer(200, state.registered().into())
                    }
                }
            }
            ("GET", ["guilds", GUILD, "channels"]) => {
                let ids: Vec<_> =
                    state.channels.iter().filter(|c| c.direct.is_none() && c.kind == 0).map(|c| c.id.clone()).collect();
                Answer(200, ids.iter().map(|id| state.shown_channel(id)).collect())
            }
            ("POST", ["guilds", GUILD, "channels"]) => {
                let (id, name) = (state.id(), body["name"].as_str().unwrap_or_default().to_owned());
                if !(1..=100).contains(&name.chars().count()) {
                    return Answer::error(400, 50035, "Invalid Form Body: name");
                }
                state.channels.push(Channel::new(&id, &name, 0));
                Answer(201, state.shown_channel(&id))
            }
            ("GET", ["guilds", GUILD, "threads", "active"]) => {
                let ids: Vec<_> =
                    state.channels.iter().filter(|c| c.kind == 11 && !c.archived).map(|c| c.id.clone()).collect();
                let threads: Value = ids.iter().map(|id| state.shown_channel(id)).collect();
                Answer(200, json!({"threads": threads, "members": []}))
            }
            ("POST", ["channels", channel, "messages", under, "threads"]) => state.thread(channel, Some(under), body),
            ("POST", ["channels", channel, "threads"]) => state.thread(channel, None, body),
            ("GET", ["channels", channel]) => match state.shown_channel(channel) {
                Value::Null => Answer::error(404, 10003, "Unknown Channel"),
                shown => Answer(200, shown),
            },
            ("PATCH", ["channels", channel]) => match state.channel(channel) {
                None => Answer::error(404, 10003, "Unknown Channel"),
                Some(known) => {
                    known.topic = body["topic"].as_str().unwrap_or(&known.topic).to_owned();
                    known.archived = body["archived"].as_bool().unwrap_or(known.archived);
                    Answer(200, state.shown_channel(channel))
                }
            },
            (method @ ("PUT" | "DELETE"), ["channels", channel, "messages", "pins", id]) => {
                let id = (*id).to_owned();
                match state.message(&id).is_some().then(|| state.channel(channel)).flatten() {
                    Some(known) => {
                        known.pins.retain(|pinned| *pinned != id);
                        if method == "PUT" {
                            known.pins.push(id);
                        }
                        Answer(204, Value::Null)
                    }
                    None => unknown_message(),
                }
            }
            (method @ ("PUT" | "DELETE"), ["channels", channel, "permissions", whose]) => {
                match state.channel(channel) {
                    None => Answer::error(404, 10003, "Unknown Channel"),
                    Some(known) => {
                        let bits = |key: &str| body[key].as_str().and_then(|bits| bits.parse::<u64>().ok());
                        match (method, body["type"].as_u64(), bits("allow"), bits("deny")) {
                            ("PUT", Some(kind), Some(allow), Some(deny)) => {
                                known.overwrites.insert((*whose).to_owned(), (kind, allow, deny));
                            }
                            ("PUT", ..) => return Answer::error(400, 50035, "Invalid Form Body: type, allow, deny"),
                            _ => drop(known.overwrites.remove(*whose)),
                        }
                        // Nobody may speak (`SEND_MESSAGES`).
                        known.archived = known.overwrites.get(GUILD).is_some_and(|(_, _, deny)| deny & 1 << 11 != 0);
                        Answer(204, Value::Null)
                    }
                }
            }
            ("POST", ["users", "@me", "channels"]) => {
                let user = body["recipient_id"].as_str().unwrap_or_default().to_owned();
                let there = state
                    .channels
                    .iter()
                    .find(|channel| channel.direct.as_ref() == Some(&user))
                    .map(|channel| channel.id.clone());
                let id = there.unwrap_or_else(|| {
                    let id = state.id();
                    state.channels.push(Channel { direct: Some(user), ..Channel::new(&id, "", 1) });
                    id
                });
                Answer(200, json!({"id": id, "type": 1}))
            }
            ("POST", ["channels", channel, "messages"]) => state.create(asked, channel),
            ("PATCH", ["channels", channel, "messages", id]) => state.edit(asked, Some(channel), id),
            ("PUT", ["channels", _, "messages", id, "reactions", sign, "@me"]) => match state.message(id) {
                Some(message) => {
                    message.reactions.push((*sign).to_owned());
                    Answer(204, Value::Null)
                }
                None => unknown_message(),
            },
            ("POST", ["interactions", id, token, "callback"]) => state.call_back(id, token, asked),
            (method, ["webhooks", APPLICATION, token, rest @ ..]) => state.webhook(asked, method, token, rest),
            _ => {
                state.complaints.push(format!("{} {} is no route that is known here", asked.method, asked.path));
                Answer::error(404, 0, "404: Not Found")
            }
        }
    }
}

/// 400 with the reasons as a tree (reference, `error-messages`).
fn refuse(wrong: Vec<Wrong>) -> Option<Answer> {
    if wrong.is_empty() {
        return None;
    }
    let mut errors = json!({});
    for (at, why) in wrong {
        let mut here = &mut errors;
        for key in at.split('.') {
            here = &mut here[key];
        }
        here["_errors"] = json!([{"code": "BASE", "message": why}]);
    }
    Some(Answer(400, json!({"code": 50035, "message": "Invalid Form Body", "errors": errors})))
}

fn unknown_message() -> Answer {
    Answer::error(404, 10008, "Unknown Message")
}

impl State {
    /// `start-thread-from-message`, `start-thread-without-message`.
    fn thread(&mut self, parent: &str, under: Option<&str>, body: &Value) -> Answer {
        if under.is_some_and(|id| self.message(id).is_none()) {
            return unknown_message();
        }
        if under.is_some_and(|id| self.channel(id).is_some()) {
            return Answer::error(400, 160_004, "A thread has already been created for this message");
        }
        let id = under.map_or_else(|| self.id(), str::to_owned);
        let name = body["name"].as_str().unwrap_or_default();
        self.channels.push(Channel { parent: Some(parent.to_owned()), ..Channel::new(&id, name, 11) });
        Answer(201, self.shown_channel(&id))
    }

    fn create(&mut self, asked: &Asked, channel: &str) -> Answer {
        if self.channel(channel).is_none() {
            return Answer::error(404, 10003, "Unknown Channel");
        }
        if let Some(refused) =
            refuse(rules::message(asked, &["nonce", "enforce_nonce", "tts", "sticker_ids"], self.whose))
        {
            return refused;
        }
        // `enforce_nonce`: what was created with it in the past few minutes is returned instead.
        let nonce = asked.body["nonce"].as_str().unwrap_or_default().to_owned();
        if asked.body["enforce_nonce"] == true
            && let Some(there) = self.nonces.get(&nonce)
        {
            return Answer(200, self.shown(there));
        }
        let id = self.post(channel, asked.body.clone(), None, asked.files.clone());
        self.nonces.insert(nonce, id.clone());
        Answer(200, self.shown(&id))
    }

    fn edit(&mut self, asked: &Asked, channel: Option<&str>, id: &str) -> Answer {
        if let Some(refused) = refuse(rules::message(asked, &[], self.whose)) {
            return refused;
        }
        let whispered = channel.is_some();
        let Some(message) = self.message(id).filter(|message| {
            channel.is_none_or(|channel| message.channel == channel) && !(whispered && message.only.is_some())
        }) else {
            return unknown_message();
        };
        message.body = asked.body.clone();
        message.files = asked.files.clone();
        message.edits += usize::from(!message.loading);
        message.loading = false;
        Answer(200, self.shown(id))
    }

    /// `create-interaction-response`.
    fn call_back(&mut self, id: &str, token: &str, asked: &Asked) -> Answer {
        let Some(sent) = self.interactions.get(id).filter(|sent| sent.token == token) else {
            return Answer::error(404, 10062, "Unknown interaction");
        };
        if sent.answered.is_some() {
            return Answer::error(400, 40060, "Interaction has already been acknowledged.");
        }
        match self.first_answer(id, asked) {
            Ok(()) if asked.query.contains("with_response=true") => {
                // `interaction-callback-response-object`.
                let sent = &self.interactions[id];
                let message = sent.original.as_ref().map(|original| self.shown(original));
                let interaction = json!({"id": id, "type": sent.kind, "response_message_id": sent.original});
                Answer(
                    200,
                    json!({"interaction": interaction, "resource": {"type": asked.body["type"], "message": message}}),
                )
            }
            Ok(()) => Answer(204, Value::Null),
            Err(answer) => answer,
        }
    }

    /// The first answer to an interaction, however it came.
    pub(super) fn first_answer(&mut self, id: &str, asked: &Asked) -> Result<(), Answer> {
        let (body, sent) = (&asked.body, &self.interactions[id]);
        let (kind, user, channel, late) =
            (sent.kind, sent.user.clone(), sent.channel.clone(), sent.at.elapsed() > FIRST_ANSWER);
        let source = sent.source.clone();
        if late {
            return Err(Answer::error(404, 10062, "Unknown interaction"));
        }
        let data = &body["data"];
        let only = (data["flags"].as_u64().unwrap_or(0) & 64 != 0).then_some(user);
        // `interaction-callback-type`: which may answer what.
        let wrong = match (body["type"].as_u64(), kind) {
            (Some(4), 2 | 3 | 5) | (Some(7), 3 | 5) if self.whose == Whose::Anyones => {
                let asked = Asked { body: data.clone(), ..asked.clone() };
                let under = |(at, why)| (format!("data.{at}"), why);
                rules::message(&asked, &[], self.whose).into_iter().map(under).collect()
            }
            (Some(4), 2 | 3 | 5) => match data["content"].as_str() {
                Some(text) if (1..=2000).contains(&text.chars().count()) => Vec::new(),
                _ => vec![("data.content".to_owned(), "Must be between 1 and 2000 in length".to_owned())],
            },
            (Some(5), 2 | 3 | 5) | (Some(6), 3 | 5) => Vec::new(),
            (Some(8), 4) => choices(&data["choices"]),
            (Some(9), 2 | 3) => rules::modal(data),
            (answer, _) => {
                vec![("type".to_owned(), format!("{answer:?} does not answer an interaction of type {kind}"))]
            }
        };
        if let Some(refused) = refuse(wrong) {
            return Err(refused);
        }
        let original = match body["type"].as_u64() {
            // The message that the component is of is changed; what is not said stays.
            Some(7) => {
                let message = source.as_ref().and_then(|id| self.message(id));
                if let Some(message) = message {
                    for (key, value) in data.as_object().into_iter().flatten() {
                        message.body[key] = value.clone();
                    }
                    message.edits += 1;
                }
                source
            }
            Some(6) => source,
            Some(4) => Some(self.post(&channel, data.clone(), only, Vec::new())),
            Some(5) => {
                let place = self.post(&channel, json!({}), only, Vec::new());
                self.message(&place).unwrap().loading = true;
                Some(place)
            }
            _ => None,
        };
        let sent = self.interactions.get_mut(id).unwrap();
        sent.original = original;
        sent.answered = Some((Instant::now(), body.clone()));
        Ok(())
    }

    /// Follow-ups and the first answer's message, by the interaction's token (`followup-messages`).
    fn webhook(&mut self, asked: &Asked, method: &str, token: &str, rest: &[&str]) -> Answer {
        let found = self.interactions.values().find(|sent| sent.token == token && sent.answered.is_some());
        let Some(sent) = found else { return Answer::error(404, 10015, "Unknown Webhook") };
        let (user, channel, original) = (sent.user.clone(), sent.channel.clone(), sent.original.clone());
        let id = match rest {
            ["messages", "@original"] => match original.clone() {
                Some(id) => id,
                None => return unknown_message(),
            },
            ["messages", id] => (*id).to_owned(),
            _ => String::new(),
        };
        match (method, rest) {
            ("POST", []) => {
                let place = original.filter(|id| self.message(id).is_some_and(|message| message.loading));
                if place.is_some() {
                    self.complaints
                        .push("a follow-up took the place of the first answer, which is deprecated".to_owned());
                }
                if let Some(refused) = refuse(rules::message(asked, &["tts"], self.whose)) {
                    return refused;
                }
                let only = (asked.body["flags"].as_u64().unwrap_or(0) & 64 != 0).then_some(user);
                let id = self.post(&channel, asked.body.clone(), only, asked.files.clone());
                Answer(200, self.shown(&id))
            }
            ("GET", ["messages", _]) if self.message(&id).is_some() => Answer(200, self.shown(&id)),
            ("PATCH", ["messages", _]) => self.edit(asked, None, &id),
            ("DELETE", ["messages", _]) if self.message(&id).is_some() => {
                self.messages.retain(|message| message.id != id);
                Answer(204, Value::Null)
            }
            _ => unknown_message(),
        }
    }
}

fn choices(choices: &Value) -> Vec<Wrong> {
    let all = choices.as_array().cloned().unwrap_or_default();
    let long = |choice: &Value| {
        ["name", "value"]
            .iter()
            .any(|key| choice[*key].as_str().is_none_or(|text| text.is_empty() || text.chars().count() > 100))
    };
    match all.len() > 25 || all.iter().any(long) {
        true => vec![("data.choices".to_owned(), "25 of 100 characters at most".to_owned())],
        false => Vec::new(),
    }
}
