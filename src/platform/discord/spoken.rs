//! What people write on Discord besides commands: a reply that takes something up, a message that they change, delete or pin.
//! Bots are never heard. What messages say Discord tells of those to the bot and of direct ones, of others only with an intent of its own.

use super::api::{Call, Refused};
use super::channels::Place;
use super::inbound::{DISCORD, Ears};
use super::wire::{Deleted, Reaction, Who, Written};
use crate::model::event::Change;
use crate::model::ids::{ConversationId, DeliveryId};
use crate::model::reply::acknowledges;
use crate::platform::door::{Door, Heard, Unknown};
use crate::platform::spoken::{Changed, Spoken};
use reqwest::Method;
use serde_json::Value;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Discord tells of things once, so that they are tried while it or the database does not answer. Not for ever: meanwhile they have
/// one of the places for what is in hand.
const PATIENCE: Patience =
    Patience { whole: Duration::from_secs(120), first: Duration::from_secs(1), longest: Duration::from_secs(10) };

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

    /// What a message says, where Discord tells it.
    async fn words(&self, channel: &str, message: &str) -> Option<String> {
        let otherwise = "a pin on Discord is remembered by its link alone: it does not show the message";
        let shown = PATIENCE.until_done(otherwise, || self.shown(channel, message)).await??;
        let words = shown["content"].as_str()?.to_owned();
        (!words.is_empty() || self.reads).then_some(words)
    }

    /// A message; `None` if Discord will not show it.
    async fn shown(&self, channel: &str, message: &str) -> Result<Option<Value>, NotNow> {
        let path = format!("channels/{channel}/messages/{message}");
        let shown = self.api.send(Call::new(Method::GET, path, format!("channels/{channel}/messages"))).await;
        shown.map(Some).or_else(|refused| {
            tracing::warn!(channel, message, error = ?refused, "Discord does not show a message that somebody pinned");
            not_now(refused)
        })
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
            false => {
                PATIENCE
                    .until_done("what somebody wrote on Discord is lost: it does not say where", || self.place(channel))
                    .await??
            }
        };
        Some(self.channels.conversation(&place, &who.id))
    }

    /// Where a channel or thread is; `None` if Discord will not say.
    async fn place(&self, channel: &str) -> Result<Option<Place>, NotNow> {
        let place = self.channels.place(&self.api, channel).await;
        place.map(Some).or_else(|refused| {
            tracing::warn!(channel, error = ?refused, "Discord does not say where something was written");
            not_now(refused)
        })
    }
}

/// What somebody wrote without the bot's name before it, which Discord's clients put there.
fn without_mention(content: &str) -> &str {
    let content = content.trim();
    let after = content.strip_prefix("<@").and_then(|rest| rest.split_once('>'));
    after.filter(|(id, _)| id.bytes().all(|b| b.is_ascii_digit())).map_or(content, |(_, rest)| rest.trim())
}

/// Whether an incident is worked on where the message stands.
async fn is_kept(door: &Door, changed: &Changed) -> bool {
    let once = || async {
        let keeper = door.keeper(&changed.conversation, changed.root.as_deref()).await;
        keeper.map(|keeper| keeper.is_some()).map_err(|Unknown| NotNow { after: None })
    };
    PATIENCE.until_done("a pin on Discord is lost: the database does not answer", once).await.unwrap_or(false)
}

/// Offers something until it is stored.
async fn insist(door: &Door, what: &Offer) {
    PATIENCE
        .until_done("what somebody wrote on Discord is lost: the database does not answer", || offer(door, what))
        .await;
}

/// Offers something once.
async fn offer(door: &Door, what: &Offer) -> Result<(), NotNow> {
    let heard = match what {
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
            Err(NotNow { after: None })
        }
    }
}

/// It may work later: not before so long, if that was said.
struct NotNow {
    after: Option<Duration>,
}

/// Whether a refusal may pass; `None`: it will not.
fn not_now<T>(refused: Refused) -> Result<Option<T>, NotNow> {
    match refused {
        Refused::Later { after, .. } => Err(NotNow { after }),
        Refused::Token { .. } | Refused::Never { .. } => Ok(None),
    }
}

/// How long something is tried, and how far apart the tries are, at first and at most.
struct Patience {
    whole: Duration,
    first: Duration,
    longest: Duration,
}

impl Patience {
    /// Tries something until it is done; `None`: it never was, which the log says.
    async fn until_done<T, F>(&self, otherwise: &str, once: impl Fn() -> F) -> Option<T>
    where
        F: Future<Output = Result<T, NotNow>>,
    {
        let (begun, mut apart) = (Instant::now(), self.first);
        while begun.elapsed() < self.whole {
            match once().await {
                Ok(done) => return Some(done),
                // Asked for more patience than that, it tries sooner, which costs Discord nothing: a client that is limited asks nobody.
                Err(NotNow { after }) => sleep(after.unwrap_or(apart).min(self.longest)).await,
            }
            apart = (apart * 2).min(self.longest);
        }
        tracing::error!("{otherwise}");
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    const HOUR: Option<Duration> = Some(Duration::from_secs(3600));

    #[tokio::test]
    async fn what_cannot_be_had_now_is_asked_for_again_and_not_for_ever() {
        let ms = Duration::from_millis;
        let (tries, patient) = (AtomicU32::new(0), Patience { whole: HOUR.unwrap(), first: ms(1), longest: ms(1) });
        let once = || async {
            match tries.fetch_add(1, Ordering::Relaxed) {
                few if few < 3 => Err(NotNow { after: HOUR.filter(|_| few == 1) }),
                tries => Ok(tries),
            }
        };
        assert_eq!(patient.until_done("", once).await, Some(3), "however long it shall wait in between");
        let never = || async { Err::<(), _>(NotNow { after: HOUR }) };
        assert_eq!(Patience { whole: ms(5), ..patient }.until_done("", never).await, None);
    }
}
