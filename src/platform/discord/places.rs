//! Channels and threads that the bot opens for an incident: each act safe to repeat. Discord has no key for a channel's creation, so
//! that one of the same name that came into being after we began is ours; a thread has its message's id.

use super::api::{Call, Refused};
use super::outbound::{Outbound, Sent};
use super::snowflake::made_ms;
use super::text::plain;
use crate::config::limits::{DISCORD_CHANNEL_NAME, DISCORD_TOPIC};
use crate::model::conversation::{PlaceAct, Shape};
use crate::model::ids::{self, ConversationId, PersonId};
use crate::platform::{DeliverError, Request};
use reqwest::Method;
use serde_json::{Value, json};

/// How far our clock and Discord's may be apart, milliseconds.
const APART_MS: i64 = 10_000;
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
            PlaceAct::Pin | PlaceAct::Unpin => {
                let (channel, message) = request
                    .native
                    .and_then(|native| native.split_once('/'))
                    .ok_or_else(|| DeliverError::Never { reason: "there is no message to pin".to_owned() })?;
                let path = format!("channels/{channel}/messages/pins/{message}");
                let method = if *act == PlaceAct::Pin { Method::PUT } else { Method::DELETE };
                self.api.send(Call::new(method, path, format!("channels/{channel}/pins"))).await?;
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
        let call = Call::new(Method::PATCH, format!("channels/{id}"), format!("channels/{id}")).json(body);
        self.api.send(call).await.map_err(|refused| self.refused(to, &id, refused))?;
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
        let call = Call::new(Method::POST, path.clone(), path).json(body);
        self.api.send(call).await.map_err(|refused| self.refused(to, &channel, refused))?;
        Ok(None)
    }

    /// A channel becomes one to read, or takes words again: the bot itself may speak there first and last. Nothing else of what
    /// stands there is touched: who does not see the channel does not see it afterwards.
    async fn quiet(&self, to: &ConversationId, quiet: bool) -> Sent {
        let channel = self.channels.id(&self.api, to).await?;
        let path = format!("channels/{channel}");
        let there = self.api.send(Call::new(Method::GET, path.clone(), path)).await;
        let there = there.map_err(|refused| self.refused(to, &channel, refused))?;
        let path = |whose: &str| format!("channels/{channel}/permissions/{whose}");
        let call = |method, whose: &str| Call::new(method, path(whose), format!("channels/{channel}/permissions"));
        let put = |whose: &str, kind: u64, Rights { allow, deny }: Rights| {
            let body = json!({"type": kind, "allow": allow.to_string(), "deny": deny.to_string()});
            self.api.send(call(Method::PUT, whose).json(body))
        };
        let of = |whose: &str| Rights::of(&there, whose).ok_or_else(|| unreadable(whose));
        if quiet {
            put(&self.application, 1, of(&self.application)?.given(SPEAKING)).await?;
            put(&self.guild, 0, of(&self.guild)?.taken(SPEAKING)).await?;
            return Ok(None);
        }
        let (before, after) = (of(&self.guild)?, of(&self.guild)?.left(SPEAKING));
        if after == before {
            return Ok(None);
        }
        if after != Rights::default() {
            put(&self.guild, 0, after).await?;
            return Ok(None);
        }
        match self.api.send(call(Method::DELETE, &self.guild)).await {
            Err(refused) if !refused.is_missing() => Err(refused.into()),
            _ => Ok(None),
        }
    }
}

/// What a channel allows and denies to somebody beside their roles (topics/permissions, `permission-overwrites`), as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Rights {
    allow: u64,
    deny: u64,
}

impl Rights {
    /// Those of somebody in a channel as Discord shows it, none if it names none; `None` if they cannot be read.
    fn of(channel: &Value, whose: &str) -> Option<Self> {
        let all = channel["permission_overwrites"].as_array()?;
        let Some(one) = all.iter().find(|one| one["id"] == *whose) else { return Some(Self::default()) };
        let bits = |key: &str| one[key].as_str().and_then(|bits| bits.parse().ok());
        Some(Self { allow: bits("allow")?, deny: bits("deny")? })
    }

    fn given(self, bits: u64) -> Self {
        Self { allow: self.allow | bits, deny: self.deny & !bits }
    }

    fn taken(self, bits: u64) -> Self {
        Self { allow: self.allow & !bits, deny: self.deny | bits }
    }

    fn left(self, bits: u64) -> Self {
        Self { deny: self.deny & !bits, ..self }
    }
}

fn unreadable(whose: &str) -> Refused {
    let reason = format!("Discord does not say what the channel permits {whose}; nothing is changed there");
    Refused::Later { reason, after: None }
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
    let made = channel["id"].as_str().and_then(made_ms);
    made.zip(ids::made_ms(row)).is_some_and(|(made, asked)| made + APART_MS >= asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_and_left_again_touches_nothing_else() {
        const VIEW: u64 = 1 << 10;
        let private =
            json!({"permission_overwrites": [{"id": "5", "type": 0, "allow": "64", "deny": VIEW.to_string()}]});
        let everybody = Rights::of(&private, "5").unwrap();
        let archived = everybody.taken(SPEAKING);
        assert_eq!(archived, Rights { allow: 0, deny: VIEW | SPEAKING });
        assert_eq!(archived.left(SPEAKING), Rights { allow: 0, deny: VIEW });
        assert_eq!(archived.given(SPEAKING), Rights { allow: SPEAKING, deny: VIEW });
        let nothing = Rights::of(&private, "6").unwrap();
        assert_eq!(nothing.taken(SPEAKING).left(SPEAKING), Rights::default(), "and may go");
        assert_eq!(Rights::of(&json!({}), "5"), None, "what is not said is not overwritten");
        assert_eq!(Rights::of(&json!({"permission_overwrites": [{"id": "5"}]}), "5"), None);
    }

    #[test]
    fn what_came_before_the_row_is_not_ours() {
        let row = crate::model::ids::fresh();
        let now_ms = chrono::Utc::now().timestamp_millis();
        let made = |ms: i64| json!({"id": super::super::snowflake::id_at(ms)});
        assert!(is_since(&made(now_ms + 500), &row) && is_since(&made(now_ms), &row));
        assert!(!is_since(&made(now_ms - 60_000), &row), "another of the same name, a minute old");
        assert!(!is_since(&json!({"id": "x"}), &row) && !is_since(&made(now_ms), "no uuid"));
    }
}
