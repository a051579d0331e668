//! One effect as requests to Discord: where it goes, by which way, and what becomes of a try that nobody knows the end of. Each is
//! safe to repeat: posts carry a nonce, the first answer has a place of its own, everything else says what shall be.

use super::answers::{Answers, Kept, Place, Way};
use super::api::{Api, Call, Refused};
use super::bodies::{self, Body};
use super::channels::Channels;
use super::emoji;
use super::snowflake::made_ms;
use crate::clock::Clock;
use crate::config::people::People;
use crate::model::effect::Effect;
use crate::model::ids::{ConversationId, PersonId};
use crate::platform::{DeliverError, Request};
use reqwest::Method;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// After how long the place of an answer that is not there yet is looked for again.
const SOON: Duration = Duration::from_millis(400);
/// `LOADING`: the place of an answer that has not come (resources/message, `message-flags`).
const LOADING: u64 = 1 << 7;
/// Codes that say that a way back is of no use any more (topics/opcodes-and-status-codes): unknown message, unknown webhook,
/// unknown interaction, invalid webhook token.
const DEAD_WAY: [u64; 4] = [10008, 10015, 10062, 50027];
/// Invalid webhook token: the way back is over. Discord says so with HTTP 401.
const EXPIRED: u64 = 50027;
/// There is no such channel any more.
const UNKNOWN_CHANNEL: u64 = 10003;
/// How long after an interaction its first answer may still make the place of the answer: Discord waits 3 s for it.
const MAY_COME_MS: i64 = 4000;
/// How often such a place is looked for at most, whatever the clocks say.
const LOOKS: u32 = 8;
/// Before the id of a message that only one person sees: it can be changed by its interaction's way alone.
const WHISPERED: char = '@';

/// The outbound side.
pub(super) struct Outbound {
    pub(super) api: Arc<Api>,
    pub(super) channels: Arc<Channels>,
    pub(super) answers: Arc<Answers>,
    pub(super) people: People,
    pub(super) application: String,
    pub(super) guild: String,
    pub(super) clock: Clock,
}

pub(super) type Sent = Result<Option<String>, DeliverError>;

impl Outbound {
    /// Does one thing.
    pub(super) async fn deliver(&self, request: Request<'_>) -> Sent {
        match request.effect {
            Effect::PostMessage { message, to, view, private_to, .. } => {
                let body = bodies::draw(message, view).await;
                match request.route.and_then(|route| Way::read(&route.value)) {
                    Some(way) => self.answer(&way, request.id, &body, to, private_to.as_ref()).await,
                    None => self.post(request.id, &body, to, private_to.as_ref()).await,
                }
            }
            Effect::EditMessage { message, view, .. } => {
                let body = bodies::draw(message, view).await;
                self.edit(&request, &body).await
            }
            Effect::AddReaction { emoji, .. } => {
                let (channel, message) = request.native.and_then(standing).ok_or_else(gone)?;
                let Some(sign) = emoji::sign(emoji) else {
                    return Err(never(format!("Discord has no emoji called {emoji}")));
                };
                let sign: String = url::form_urlencoded::byte_serialize(sign.as_bytes()).collect();
                let path = format!("channels/{channel}/messages/{message}/reactions/{sign}/@me");
                let call = Call::new(Method::PUT, path, format!("channels/{channel}/reactions"));
                self.api.send(call).await?;
                Ok(None)
            }
            Effect::Place { to, act, .. } => self.place(&request, to, act).await,
            Effect::Page { .. } => Err(never("a chat takes pages as messages only".to_owned())),
        }
    }

    /// Posts without a way back: in a channel, or to a person directly.
    async fn post(&self, row: &str, body: &Body, to: &ConversationId, private_to: Option<&PersonId>) -> Sent {
        let to = match private_to {
            // Only those who used a command can be whispered to.
            Some(person) if !to.local().starts_with('@') => &self.directly(person)?,
            _ => to,
        };
        let channel = self.channels.id(&self.api, to).await?;
        let path = format!("channels/{channel}/messages");
        let call = Call::new(Method::POST, path.clone(), path).json(body.create(row)?);
        let answer = self.api.send(body.with(call)).await.map_err(|refused| self.refused(to, &channel, refused))?;
        let native = native(&answer)?;
        // An earlier try that nobody knew of, with words that have changed since.
        if !body.is_shown_by(&answer) {
            self.patch(&native, body).await?;
        }
        Ok(Some(native))
    }

    /// Who a person is on Discord.
    pub(super) fn user<'a>(&'a self, person: &'a PersonId) -> Option<&'a str> {
        self.people.user_on(super::inbound::DISCORD, person)
    }

    /// Where a person is spoken to directly.
    fn directly(&self, person: &PersonId) -> Result<ConversationId, DeliverError> {
        let conversation = self.user(person).map(|user| ConversationId::new(format!("discord:@{user}")));
        conversation
            .ok_or_else(|| never(format!("{person} is nobody known on Discord; add `discord` to [people.{person}]")))
    }

    /// Answers whoever used a command or clicked.
    async fn answer(
        &self,
        way: &Way,
        row: &str,
        body: &Body,
        to: &ConversationId,
        private_to: Option<&PersonId>,
    ) -> Sent {
        self.answers.is_told(&way.id).await;
        // Looked for here and not by the outbox, whose waits grow: everything else in the conversation would wait with it.
        for look in 0.. {
            if self.answers.is_dead(&way.id) {
                break;
            }
            match self.answer_by(way, row, body, private_to.is_some()).await {
                Ok(Some(native)) => return Ok(Some(native)),
                // What everybody sees, and has no place kept, is a message like any other.
                Ok(None) => break,
                Err(refused) if refused.code() == EXPIRED => break,
                Err(refused) if DEAD_WAY.contains(&refused.code()) || refused.is_missing() => {
                    if !may_come(&way.id, self.clock.now_ms(), look) {
                        break;
                    }
                    tokio::time::sleep(SOON).await;
                }
                Err(refused) => return Err(refused.into()),
            }
        }
        self.post(row, body, to, private_to).await
    }

    /// What a refusal of something in a channel means: one that is known by its name may have been deleted and made anew.
    pub(super) fn refused(&self, to: &ConversationId, channel: &str, refused: Refused) -> DeliverError {
        if refused.code() == UNKNOWN_CHANNEL && self.channels.is_gone(to, channel) {
            let reason = format!("{to} is not the channel that it was; looking for it anew");
            return DeliverError::Later { reason, after: None };
        }
        refused.into()
    }

    /// By the interaction's own way; `None` if it goes another one.
    async fn answer_by(&self, way: &Way, row: &str, body: &Body, private: bool) -> Result<Option<String>, Refused> {
        if way.kept != Kept::Nothing {
            let place = match self.answers.take(&way.id, row) {
                Place::Unknown => self.look(way, row, body).await?,
                known => known,
            };
            if place == Place::Ours {
                if private == (way.kept == Kept::Private) {
                    let call = self.webhook(Method::PATCH, way, "/messages/@original").json(body.original()?);
                    return read(&self.api.send(body.with(call)).await?, private).map(Some);
                }
                // Who sees an answer cannot be changed any more: the kept place goes, and another message comes.
                match self.api.send(self.webhook(Method::DELETE, way, "/messages/@original")).await {
                    Ok(_) => {}
                    Err(refused) if refused.code() == 10008 => {}
                    Err(refused) => return Err(refused),
                }
            }
        }
        if !private {
            return Ok(None);
        }
        let call = self.webhook(Method::POST, way, "").json(body.whisper()?);
        read(&self.api.send(body.with(call)).await?, true).map(Some)
    }

    /// Whose the kept place is, by what stands there: this process has not heard the interaction, or has forgotten it.
    async fn look(&self, way: &Way, row: &str, body: &Body) -> Result<Place, Refused> {
        let original = self.api.send(self.webhook(Method::GET, way, "/messages/@original")).await?;
        let free = original["flags"].as_u64().unwrap_or(0) & LOADING != 0;
        // An earlier try of ours that nobody knows the end of shows what we would send.
        if free || body.is_shown_by(&original) {
            self.answers.learn(&way.id, row);
            return Ok(Place::Ours);
        }
        self.answers.learn(&way.id, "another");
        Ok(Place::Taken)
    }

    async fn edit(&self, request: &Request<'_>, body: &Body) -> Sent {
        let native = request.native.ok_or_else(gone)?;
        if let Some(message) = native.strip_prefix(WHISPERED) {
            let Some(way) = request.route.and_then(|route| Way::read(&route.value)) else {
                return Err(never(
                    "what only one person sees can be changed for 15 minutes, and they are over".to_owned(),
                ));
            };
            let call = self.webhook(Method::PATCH, &way, &format!("/messages/{message}")).json(body.original()?);
            self.api.send(body.with(call)).await?;
            return Ok(None);
        }
        self.patch(native, body).await?;
        Ok(None)
    }

    async fn patch(&self, native: &str, body: &Body) -> Result<(), DeliverError> {
        let (channel, message) = standing(native).ok_or_else(gone)?;
        let call = Call::new(
            Method::PATCH,
            format!("channels/{channel}/messages/{message}"),
            format!("channels/{channel}/messages/ID"),
        );
        self.api.send(body.with(call.json(body.edit()?))).await?;
        Ok(())
    }

    fn webhook(&self, method: Method, way: &Way, rest: &str) -> Call {
        let path = format!("webhooks/{}/{}{rest}", self.application, way.token);
        // Not the token, which is a secret.
        Call::new(method, path, format!("webhooks/{}{}", way.id, if rest.is_empty() { "" } else { "/messages" }))
            .interaction()
    }
}

impl Body {
    fn with(&self, call: Call) -> Call {
        call.files(self.files.clone())
    }
}

/// Whether it is worth looking for the place of an answer once more: Discord may not have made it yet.
fn may_come(interaction: &str, now_ms: i64, looks: u32) -> bool {
    looks < LOOKS && made_ms(interaction).is_some_and(|made_ms| now_ms - made_ms < MAY_COME_MS)
}

/// `CHANNEL/MESSAGE`: how a message that stands in a channel is known to us.
fn native(message: &Value) -> Result<String, Refused> {
    match (message["channel_id"].as_str(), message["id"].as_str()) {
        (Some(channel), Some(id)) => Ok(format!("{channel}/{id}")),
        _ => {
            let reason = "Discord's answer names no message; is api_url right?".to_owned();
            Err(Refused::Later { reason, after: None })
        }
    }
}

fn read(message: &Value, private: bool) -> Result<String, Refused> {
    let native = native(message)?;
    Ok(match private {
        true => format!("{WHISPERED}{}", native.split_once('/').map_or("", |(_, id)| id)),
        false => native,
    })
}

/// Channel and message of a message that stands in a channel.
fn standing(native: &str) -> Option<(&str, &str)> {
    native.split_once('/')
}

fn gone() -> DeliverError {
    never("only its reader can do that to a private message".to_owned())
}

fn never(reason: String) -> DeliverError {
    DeliverError::Never { reason }
}

#[cfg(test)]
mod tests {
    use super::super::snowflake::id_at;
    use super::*;

    #[test]
    fn a_place_is_looked_for_only_while_discord_may_still_make_it() {
        let now_ms = 1_767_225_600_000;
        assert!(may_come(&id_at(now_ms), now_ms, 0) && may_come(&id_at(now_ms - 3000), now_ms, 7));
        assert!(!may_come(&id_at(now_ms - 5000), now_ms, 0), "the 3 s are over");
        assert!(!may_come(&id_at(now_ms + 60_000), now_ms, 8), "not for ever, though the clocks disagree");
        assert!(!may_come("x", now_ms, 0));
    }
}
