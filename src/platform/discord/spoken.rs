//! What people write on Discord besides commands: a reply that takes something up, a message that they change or delete. Bots are
//! never heard. What messages say Discord tells of those to the bot and of direct ones, of others only with an intent of its own.

use super::api::Refused;
use super::channels::Place;
use super::inbound::{DISCORD, Ears};
use super::wire::{Deleted, Reaction, Who, Written};
use crate::model::event::Change;
use crate::model::ids::{ConversationId, DeliveryId};
use crate::model::reply::acknowledges;
use crate::platform::door::{Door, Heard, Unknown};
use crate::platform::spoken::{Changed, Spoken};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::Value;
use std::time::Duration;
use tokio::time::sleep;

/// How often, and how far apart, something is tried while Discord or the database does not answer: Discord tells of it once.
const TRIES: u32 = 5;
const APART: Duration = Duration::from_secs(1);
/// The longest wait that Discord may ask for in between: meanwhile what was written has one of the places for what is in hand.
const LONGEST: Duration = Duration::from_secs(10);

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
        take_in(door, &Offer::Spoken(spoken)).await;
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
        take_in(door, &Offer::Changed(changed)).await;
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
            take_in(door, &Offer::Changed(changed)).await;
        }
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

    /// What we call the place of a message; `None` if Discord does not say, however often it is asked.
    async fn conversation(&self, channel: &str, direct: bool, who: &Who) -> Option<ConversationId> {
        let place = match direct {
            true => Place { id: channel.to_owned(), direct: true, ..Place::default() },
            false => insist("Discord does not say where it stands", || self.place(channel).boxed()).await??,
        };
        Some(self.channels.conversation(&place, &who.id))
    }

    /// Where a channel or thread is; `None` if Discord will not say.
    async fn place(&self, channel: &str) -> Result<Option<Place>, Pause> {
        match self.channels.place(&self.api, channel).await {
            Ok(place) => Ok(Some(place)),
            Err(Refused::Later { reason, after }) => {
                tracing::warn!(channel, error = %reason, "Discord does not say now where something was written");
                Err(Pause(after.unwrap_or(APART)))
            }
            Err(refused) => {
                tracing::warn!(channel, error = ?refused, "Discord does not say where something was written");
                Ok(None)
            }
        }
    }
}

/// What somebody wrote without the bot's name before it, which Discord's clients put there.
fn without_mention(content: &str) -> &str {
    let content = content.trim();
    let after = content.strip_prefix("<@").and_then(|rest| rest.split_once('>'));
    after.filter(|(id, _)| id.bytes().all(|b| b.is_ascii_digit())).map_or(content, |(_, rest)| rest.trim())
}

/// Offers something until it is stored.
async fn take_in(door: &Door, what: &Offer) {
    insist("the database does not answer", || offer(door, what).boxed()).await;
}

/// Offers something once.
async fn offer(door: &Door, offer: &Offer) -> Result<(), Pause> {
    let heard = match offer {
        Offer::Spoken(spoken) => door.spoken(spoken.clone()).await,
        Offer::Changed(changed) => match door.seen_by_native(DISCORD, &changed.message).await {
            // What becomes of its own messages the bot knows.
            Ok(Some(_)) => Ok(Heard::Known),
            Ok(None) => door.changed(changed.clone()).await,
            Err(unknown) => Err(unknown),
        },
    };
    match heard {
        Ok(Heard::Durable | Heard::Known) => Ok(()),
        Ok(Heard::NotNow) | Err(Unknown) => {
            tracing::warn!("what somebody wrote on Discord cannot be stored now");
            Err(Pause(APART))
        }
    }
}

/// How long to wait before the next try.
struct Pause(Duration);

/// Tries something a few times; `None`: in vain, and what somebody wrote is lost.
async fn insist<'a, T>(why: &str, once: impl Fn() -> BoxFuture<'a, Result<T, Pause>>) -> Option<T> {
    for _ in 0..TRIES {
        match once().await {
            Ok(done) => return Some(done),
            Err(Pause(pause)) => sleep(pause.min(LONGEST)).await,
        }
    }
    tracing::error!("what somebody wrote on Discord is lost: {why}");
    None
}
