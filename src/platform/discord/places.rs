//! Channels and threads that the bot opens for an incident: each act safe to repeat. Discord has no key for a channel's creation, so
//! that one of the same name that came into being after we began is ours; a thread has its message's id.

use super::api::{Call, Refused};
use super::outbound::{Outbound, Sent};
use super::text::plain;
use crate::config::limits::{DISCORD_CHANNEL_NAME, DISCORD_TOPIC};
use crate::model::conversation::{PlaceAct, Shape};
use crate::model::ids::{ConversationId, PersonId};
use crate::platform::{DeliverError, Request};
use reqwest::Method;
use serde_json::{Value, json};

/// Discord's first moment, milliseconds since the epoch (reference, `snowflakes`).
const DISCORD_EPOCH_MS: u64 = 1_420_070_400_000;
/// How far our clock and Discord's may be apart, milliseconds.
const APART_MS: u64 = 10_000;
/// A thread for this message is there already (topics/opcodes-and-status-codes).
const THREAD_EXISTS: u64 = 160_004;
/// How long a thread that nobody writes in stays in view: a week, the longest (resources/channel, `channel-object`).
const THREAD_MINUTES: u64 = 10_080;
/// A thread that everybody sees, under no message (`channel-types`).
const PUBLIC_THREAD: u64 = 11;
/// `SEND_MESSAGES`, `ADD_REACTIONS`, `SEND_MESSAGES_IN_THREADS`, `CREATE_PUBLIC_THREADS` (topics/permissions): what an archived
/// channel takes from people.
const SPEAKING: u64 = 1 << 11 | 1 << 6 | 1 << 38 | 1 << 35;
/// People and groups named in one invitation; more would be a crowd.
const INVITED: usize = 50;

impl Outbound {
    /// Does one thing with a conversation.
    pub(super) async fn place(&self, request: &Request<'_>, to: &ConversationId, act: &PlaceAct) -> Sent {
        match act {
            PlaceAct::Open { shape: Shape::Channel, name, near } => self.open_channel(request.id, name, near).await,
            PlaceAct::Open { shape: Shape::Thread, name, near } => {
                self.open_thread(request.id, name, near, request.native).await
            }
            PlaceAct::Topic { topic } if !is_thread(to) => {
                let topic = super::text::clip(topic, DISCORD_TOPIC);
                self.change(to, json!({"topic": topic})).await
            }
            // A thread has none.
            PlaceAct::Topic { .. } => Ok(None),
            PlaceAct::Invite { people, groups } => self.invite(request.id, to, people, groups).await,
            PlaceAct::Pin => {
                let (channel, message) = request
                    .native
                    .and_then(|native| native.split_once('/'))
                    .ok_or_else(|| DeliverError::Never { reason: "there is no message to pin".to_owned() })?;
                let path = format!("channels/{channel}/messages/pins/{message}");
                self.api.send(Call::new(Method::PUT, path, format!("channels/{channel}/pins"))).await?;
                Ok(None)
            }
            PlaceAct::Archive { archived } if is_thread(to) => {
                self.change(to, json!({"archived": archived, "locked": archived})).await
            }
            PlaceAct::Archive { archived } => self.quiet(to, *archived).await,
        }
    }

    async fn open_channel(&self, row: &str, name: &str, near: &ConversationId) -> Sent {
        let guild = &self.guild;
        let path = format!("guilds/{guild}/channels");
        let name = plain(name, DISCORD_CHANNEL_NAME);
        let there = self.api.send(Call::new(Method::GET, path.clone(), path.clone())).await?;
        let channels = || there.as_array().into_iter().flatten();
        if let Some(ours) = channels().find(|channel| channel["name"] == *name && is_since(channel, row)) {
            return Ok(ours["id"].as_str().map(str::to_owned));
        }
        // Beside the channel where it was asked for, if that can be found.
        let beside = self.channels.id(&self.api, near).await.ok();
        let parent = channels().find(|channel| channel["id"].as_str() == beside.as_deref());
        let parent = parent.map_or(&Value::Null, |channel| &channel["parent_id"]);
        let body = json!({"name": name, "type": 0, "parent_id": parent});
        let made = self.api.send(Call::new(Method::POST, path.clone(), path).json(body)).await?;
        self.channels.changed();
        Ok(Some(id_of(&made)?))
    }

    async fn open_thread(&self, row: &str, name: &str, near: &ConversationId, under: Option<&str>) -> Sent {
        let name = plain(name, DISCORD_CHANNEL_NAME);
        let mut body = json!({"name": name, "auto_archive_duration": THREAD_MINUTES});
        let (channel, id) = match under.and_then(|native| native.split_once('/')) {
            Some((channel, message)) => {
                let path = format!("channels/{channel}/messages/{message}/threads");
                let call = Call::new(Method::POST, path, format!("channels/{channel}/threads")).json(body);
                match self.api.send(call).await {
                    Ok(made) => (channel.to_owned(), id_of(&made)?),
                    Err(refused) if refused.code() == THREAD_EXISTS => (channel.to_owned(), message.to_owned()),
                    Err(refused) => return Err(refused.into()),
                }
            }
            None => {
                let channel = self.channels.id(&self.api, near).await?;
                let path = format!("guilds/{}/threads/active", self.guild);
                let active = self.api.send(Call::new(Method::GET, path.clone(), path)).await?;
                let ours = |thread: &&Value| {
                    thread["name"] == *name && thread["parent_id"] == *channel && is_since(thread, row)
                };
                if let Some(ours) = active["threads"].as_array().into_iter().flatten().find(ours) {
                    (channel, id_of(ours)?)
                } else {
                    body["type"] = json!(PUBLIC_THREAD);
                    let path = format!("channels/{channel}/threads");
                    let made = self.api.send(Call::new(Method::POST, path.clone(), path).json(body)).await?;
                    (channel, id_of(&made)?)
                }
            }
        };
        let parent = self.channels.conversation(&super::channels::Place { id: channel, ..Default::default() }, "");
        Ok(Some(format!("{}/{id}", parent.local())))
    }

    async fn change(&self, to: &ConversationId, body: Value) -> Sent {
        let id = self.channels.id(&self.api, to).await?;
        self.api.send(Call::new(Method::PATCH, format!("channels/{id}"), format!("channels/{id}")).json(body)).await?;
        Ok(None)
    }

    /// Everybody who sees the server sees the channel: to be invited is to be told, by a mention, which in a thread lets one in as well.
    async fn invite(&self, row: &str, to: &ConversationId, people: &[PersonId], groups: &[String]) -> Sent {
        let users: Vec<_> = people.iter().filter_map(|person| self.user(person)).take(INVITED).collect();
        let roles: Vec<_> = groups.iter().filter(|id| crate::config::discord::is_snowflake(id)).take(INVITED).collect();
        let mentions = users.iter().map(|id| format!("<@{id}>")).chain(roles.iter().map(|id| format!("<@&{id}>")));
        let mentions: Vec<_> = mentions.collect();
        if mentions.is_empty() {
            return Ok(None);
        }
        let channel = self.channels.id(&self.api, to).await?;
        let body = json!({
            "content": format!("Invited: {}", mentions.join(" ")),
            "allowed_mentions": {"parse": [], "users": users, "roles": roles},
            "nonce": super::bodies::nonce(row), "enforce_nonce": true,
        });
        let path = format!("channels/{channel}/messages");
        self.api.send(Call::new(Method::POST, path.clone(), path).json(body)).await?;
        Ok(None)
    }

    /// A channel becomes one to read, or takes words again: the bot itself may speak there first and last.
    async fn quiet(&self, to: &ConversationId, quiet: bool) -> Sent {
        let channel = self.channels.id(&self.api, to).await?;
        let path = |whose: &str| format!("channels/{channel}/permissions/{whose}");
        let call = |method, whose: &str| Call::new(method, path(whose), format!("channels/{channel}/permissions"));
        if quiet {
            let us = json!({"type": 1, "allow": SPEAKING.to_string(), "deny": "0"});
            self.api.send(call(Method::PUT, &self.application).json(us)).await?;
            let everybody = json!({"type": 0, "allow": "0", "deny": SPEAKING.to_string()});
            self.api.send(call(Method::PUT, &self.guild).json(everybody)).await?;
            return Ok(None);
        }
        match self.api.send(call(Method::DELETE, &self.guild)).await {
            Err(refused) if !refused.is_missing() => Err(refused.into()),
            _ => Ok(None),
        }
    }
}

fn is_thread(to: &ConversationId) -> bool {
    to.local().contains('/')
}

fn id_of(channel: &Value) -> Result<String, Refused> {
    channel["id"].as_str().map(str::to_owned).ok_or_else(|| {
        let reason = "Discord's answer names no channel; is api_url right?".to_owned();
        Refused::Later { reason, after: None }
    })
}

/// Whether something of Discord's came into being after an outbox row did: both ids hold their moment.
fn is_since(channel: &Value, row: &str) -> bool {
    let made = channel["id"].as_str().and_then(|id| id.parse::<u64>().ok()).map(|id| (id >> 22) + DISCORD_EPOCH_MS);
    let asked = uuid::Uuid::parse_str(row).ok().and_then(|row| row.get_timestamp());
    let asked = asked.map(|at| at.to_unix()).map(|(s, ns)| s * 1000 + u64::from(ns) / 1_000_000);
    made.zip(asked).is_some_and(|(made, asked)| made + APART_MS >= asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_before_the_row_is_not_ours() {
        let row = crate::model::ids::fresh();
        let now_ms = u64::try_from(chrono::Utc::now().timestamp_millis()).unwrap();
        let made = |ms: u64| json!({"id": ((ms - DISCORD_EPOCH_MS) << 22).to_string()});
        assert!(is_since(&made(now_ms + 500), &row) && is_since(&made(now_ms), &row));
        assert!(!is_since(&made(now_ms - 60_000), &row), "another of the same name, a minute old");
        assert!(!is_since(&json!({"id": "x"}), &row) && !is_since(&made(now_ms), "no uuid"));
    }
}
