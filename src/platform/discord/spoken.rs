//! What people write on Discord besides commands: a reply that takes something up, a message that they change, delete or pin.
//! Bots are never heard. What messages say Discord tells of those to the bot and of direct ones, of others only with an intent of its own.

use super::api::{Call, Refused};
use super::channels::Place;
use super::inbound::{DISCORD, Ears};
use super::wire::{Deleted, Reaction, Who, Written};
use crate::config::limits::DISCORD_BUCKET_WAIT;
use crate::model::event::Change;
use crate::model::ids::{ConversationId, DeliveryId};
use crate::model::reply::acknowledges;
use crate::platform::door::{Door, Heard, Unknown};
use crate::platform::spoken::{Changed, Spoken};
use reqwest::Method;
use serde_json::Value;
use std::time::Duration;
use tokio::time::sleep;

/// How often, and how far apart, something is offered while the database does not answer: Discord tells of it once.
const TRIES: u32 = 5;
const APART: Duration = Duration::from_secs(1);

/// What people do with messages, as the gateway tells of it.
pub(super) enum Happened {
    Reaction(Reaction),
    Reply(Written),
    Edited(Written),
    Deleted(Deleted),
}

/// What is offered to the door.
enum Offer {
    Spoken(Spoken),
    Changed(Changed),
}

impl Happened {
    /// Reads an event; `None` for what is nothing to us, as most of what people say is.
    pub(super) fn read(kind: &str, data: Value) -> Option<Self> {
        Some(match kind {
            "MESSAGE_REACTION_ADD" => Self::Reaction(serde_json::from_value(data).ok()?),
            "MESSAGE_CREATE" => {
                let written: Written = serde_json::from_value(data).ok()?;
                acknowledges(without_mention(&written.content)).then_some(Self::Reply(written))?
            }
            "MESSAGE_UPDATE" => Self::Edited(serde_json::from_value(data).ok()?),
            "MESSAGE_DELETE" | "MESSAGE_DELETE_BULK" => Self::Deleted(serde_json::from_value(data).ok()?),
            _ => return None,
        })
    }
}

impl Ears {
    /// Takes in what somebody did with a message.
    pub(super) async fn happened(&self, door: &Door, happened: Happened) {
        match happened {
            Happened::Reaction(reaction) => self.reaction(door, reaction).await,
            Happened::Reply(written) if self.is_ours(written.guild_id.as_deref()) => self.spoken(door, written).await,
            Happened::Edited(written) if self.is_ours(written.guild_id.as_deref()) => self.edited(door, written).await,
            Happened::Deleted(deleted) if self.is_ours(deleted.guild_id.as_deref()) => {
                self.deleted(door, deleted).await
            }
            Happened::Reply(_) | Happened::Edited(_) | Happened::Deleted(_) => {}
        }
    }

    /// Somebody wrote something that may take something up.
    async fn spoken(&self, door: &Door, written: Written) {
        let Some(who) = written.who() else { return };
        let Some(conversation) = self.conversation(&written.channel_id, written.guild_id.is_none(), &who).await else {
            return;
        };
        let spoken = Spoken {
            id: DeliveryId::new(format!("{DISCORD}/message/{}", written.id)),
            conversation,
            to: written.answers(),
            by: door.person(DISCORD, &who.id, &who.shown),
            text: without_mention(&written.content).to_owned(),
        };
        insist(door, &Offer::Spoken(spoken)).await;
    }

    /// Somebody changed a message of theirs.
    async fn edited(&self, door: &Door, written: Written) {
        let (Some(who), Some(at)) = (written.who(), &written.edited_timestamp) else { return };
        let (channel, direct) = (&written.channel_id, written.guild_id.is_none());
        let Some(conversation) = self.conversation(channel, direct, &who).await else { return };
        let hidden = written.content.is_empty() && !self.reads;
        let changed = Changed {
            id: DeliveryId::new(format!("{DISCORD}/edited/{}/{at}", written.id)),
            by: Some(door.person(DISCORD, &who.id, &who.shown)),
            now: (!hidden).then(|| written.content.clone()),
            ..self.changed(Change::Edited, conversation, channel, &written.id)
        };
        insist(door, &Offer::Changed(changed)).await;
    }

    /// Somebody deleted messages. Discord tells neither who, nor whose they were, nor what they said.
    async fn deleted(&self, door: &Door, deleted: Deleted) {
        // In a direct conversation nothing is worked on.
        if deleted.guild_id.is_none() {
            return;
        }
        let (channel, nobody) = (&deleted.channel_id, Who { id: String::new(), shown: String::new() });
        let Some(conversation) = self.conversation(channel, false, &nobody).await else { return };
        for id in deleted.all() {
            let changed = Changed {
                id: DeliveryId::new(format!("{DISCORD}/deleted/{id}")),
                ..self.changed(Change::Deleted, conversation.clone(), channel, id)
            };
            insist(door, &Offer::Changed(changed)).await;
        }
    }

    /// Somebody put a pin on a message that is not ours. Discord does not tell its words, so they are looked up, where an incident is
    /// worked on and nowhere else.
    pub(super) async fn pinned(&self, door: &Door, reaction: &Reaction, who: &Who) {
        // In a direct conversation nothing is worked on.
        if reaction.guild_id.is_none() {
            return;
        }
        let (channel, message) = (&reaction.channel_id, &reaction.message_id);
        let Some(conversation) = self.conversation(channel, false, who).await else { return };
        let changed = self.changed(Change::Pinned, conversation, channel, message);
        if !is_kept(door, &changed).await {
            return;
        }
        let changed = Changed {
            // However many people pin it, and however often: it is remembered once.
            id: DeliveryId::new(format!("{DISCORD}/pin/{}", changed.message)),
            by: Some(door.person(DISCORD, &who.id, &who.shown)),
            now: self.words(channel, message).await,
            ..changed
        };
        insist(door, &Offer::Changed(changed)).await;
    }

    /// What a message says, where Discord tells it; asked a few times while Discord is in trouble.
    async fn words(&self, channel: &str, message: &str) -> Option<String> {
        for _ in 0..TRIES {
            let path = format!("channels/{channel}/messages/{message}");
            let call = Call::new(Method::GET, path, format!("channels/{channel}/messages"));
            match self.api.send(call).await {
                Ok(shown) => {
                    let words = shown["content"].as_str()?.to_owned();
                    return (!words.is_empty() || self.reads).then_some(words);
                }
                Err(refused) => {
                    tracing::warn!(channel, message, error = ?refused, "Discord does not show a message that somebody pinned");
                    let Refused::Later { after, .. } = refused else { break };
                    sleep(after.unwrap_or(APART).min(DISCORD_BUCKET_WAIT)).await;
                }
            }
        }
        None
    }

    fn changed(&self, change: Change, conversation: ConversationId, channel: &str, id: &str) -> Changed {
        let (message, link) =
            (format!("{channel}/{id}"), format!("https://discord.com/channels/{}/{channel}/{id}", self.guild));
        // A thread has the id of the message that it is under.
        let root = conversation.local().split_once('/').map(|(_, thread)| thread.to_owned());
        let root = root.zip(self.channels.parent(channel)).map(|(thread, parent)| format!("{parent}/{thread}"));
        let id = DeliveryId::new(String::new());
        Changed { id, conversation, root, change, message, link, by: None, before: None, now: None }
    }

    fn is_ours(&self, guild: Option<&str>) -> bool {
        guild.is_none_or(|guild| guild == self.guild)
    }

    /// What we call the place of a message; `None` if Discord does not say.
    async fn conversation(&self, channel: &str, direct: bool, who: &Who) -> Option<ConversationId> {
        let place = match direct {
            true => Place { id: channel.to_owned(), direct: true, ..Place::default() },
            false => match self.channels.place(&self.api, channel).await {
                Ok(place) => place,
                Err(refused) => {
                    tracing::warn!(channel, error = ?refused, "Discord does not say where something was written");
                    return None;
                }
            },
        };
        Some(self.channels.conversation(&place, &who.id))
    }
}

/// What somebody wrote without the bot's name before it, which Discord's clients put there.
fn without_mention(content: &str) -> &str {
    let content = content.trim();
    let after = content.strip_prefix("<@").and_then(|rest| rest.split_once('>'));
    after.filter(|(id, _)| id.bytes().all(|b| b.is_ascii_digit())).map_or(content, |(_, rest)| rest.trim())
}

/// Whether an incident is worked on where the message stands; asked a few times while the database does not answer.
async fn is_kept(door: &Door, changed: &Changed) -> bool {
    for _ in 0..TRIES {
        match door.keeper(&changed.conversation, changed.root.as_deref()).await {
            Ok(keeper) => return keeper.is_some(),
            Err(Unknown) => sleep(APART).await,
        }
    }
    tracing::error!("a pin on Discord is lost: the database does not answer");
    false
}

/// Offers something until it is stored, a few times.
async fn insist(door: &Door, offer: &Offer) {
    for _ in 0..TRIES {
        let heard = match offer {
            Offer::Spoken(spoken) => door.spoken(spoken.clone()).await,
            Offer::Changed(changed) => match door.seen_by_native(DISCORD, &changed.message).await {
                // What becomes of its own messages the bot knows.
                Ok(Some(_)) => return,
                Ok(None) => door.changed(changed.clone()).await,
                Err(unknown) => Err(unknown),
            },
        };
        match heard {
            Ok(Heard::Durable | Heard::Known) => return,
            Ok(Heard::NotNow) | Err(Unknown) => tracing::warn!("what somebody wrote on Discord cannot be stored now"),
        }
        sleep(APART).await;
    }
    tracing::error!("what somebody wrote on Discord is lost: the database does not answer");
}
