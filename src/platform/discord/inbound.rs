//! An interaction becomes an event that is stored, and then the first answer that Discord waits for: deferred, a form, candidates
//! for what is being typed, or the plain word that nothing was taken. No plugin runs before that answer but a read-only `suggest`.

use super::answers::{Answers, Kept, Way};
use super::api::Api;
use super::channels::Channels;
use super::line;
use super::members::Members;
use super::rows::{ComponentId, ComponentKind, More, chosen};
use super::snowflake::made_ms;
use super::text::{clip, plain, units};
use super::wire::{Interaction, Reaction, Who};
use super::{emoji, forms};
use crate::clock::Clock;
use crate::config::limits::{
    DISCORD_CHOICE, DISCORD_CHOICES, DISCORD_CONTENT, DISCORD_LANE_TIME, DISCORD_STORE_TIME, DISCORD_TOKEN_SPARE,
    DISCORD_TOKEN_TIME,
};
use crate::model::event::{ActionReceived, Argument, CommandReceived, Event, Person, ReactionAdded};
use crate::model::form::Form;
use crate::model::ids::{ConversationId, DeliveryId, MessageRef};
use crate::model::route::Route;
use crate::model::view::Control;
use crate::platform::door::{Door, Heard, Seen, Unknown};
use crate::platform::spoken::is_pin;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// The platform's word.
pub(super) const DISCORD: &str = "discord";
/// `EPHEMERAL` (resources/message, `message-flags`).
const PRIVATE: u64 = 1 << 6;
const NOT_NOW: &str = "The bot cannot take this right now: too much is waiting, or its database does not answer. Nothing \
                       was done. Try again in a moment; if it lasts, the operators need to look.";
const NOT_IN_TIME: &str = "The bot could not note this in time, and does not know whether it will be done. Look before you \
                           try again.";
/// How often, and how far apart, a message that somebody reacted to is looked for while the database does not answer.
const REACTION_LOOKS: u32 = 5;
const REACTION_APART: Duration = Duration::from_secs(1);
/// Who has the place of a first answer that is our own word.
const WHISPER: &str = "whisper";
const OLD: &str = "This belongs to an older version of the message. Look at the message as it is now.";

/// Kinds of interactions (interactions/receiving-and-responding, `interaction-type`).
mod kind {
    pub(super) const PING: u64 = 1;
    pub(super) const COMMAND: u64 = 2;
    pub(super) const COMPONENT: u64 = 3;
    pub(super) const AUTOCOMPLETE: u64 = 4;
    pub(super) const MODAL: u64 = 5;
}

/// The inbound side's ears.
pub(super) struct Ears {
    pub(super) guild: String,
    pub(super) application: String,
    pub(super) channels: Arc<Channels>,
    pub(super) answers: Arc<Answers>,
    pub(super) members: Arc<Members>,
    pub(super) api: Arc<Api>,
    /// Discord tells what messages say that are not to the bot.
    pub(super) reads: bool,
    pub(super) clock: Clock,
}

/// What is to be stored of an interaction.
struct Stored {
    event: Event,
    conversation: ConversationId,
    kept: Kept,
    /// What Discord is told once it is stored.
    answer: Value,
}

impl Ears {
    /// The first answer to an interaction, as its callback's body. `None` for what is none of ours and is not answered.
    pub(super) async fn hear(&self, door: &Door, interaction: Interaction) -> Option<Value> {
        if interaction.kind == kind::PING {
            return Some(json!({"type": 1}));
        }
        let who = interaction.who()?;
        if interaction.application_id != self.application {
            return Some(whisper("This is another application's."));
        }
        if interaction.guild_id.as_ref().is_some_and(|guild| *guild != self.guild) {
            return Some(whisper("This bot serves another server."));
        }
        if let Some(roles) = interaction.roles().filter(|_| interaction.guild_id.is_some()) {
            self.members.learn(&who.id, roles);
        }
        let by = door.person(DISCORD, &who.id, &who.shown);
        let conversation = self.channels.conversation(&interaction.place(), &who.id);
        let answer = match interaction.kind {
            kind::COMMAND => match self.command(door, &interaction, by, conversation) {
                Ok(stored) => self.store(door, &interaction, stored).await,
                Err(sentence) => whisper(&sentence),
            },
            kind::COMPONENT => self.component(door, &interaction, by, conversation).await,
            kind::MODAL => self.submitted(door, &interaction, by, conversation).await,
            kind::AUTOCOMPLETE => self.typing(door, &interaction, &by, &conversation).await,
            _ => return None,
        };
        Some(answer)
    }

    fn command(
        &self,
        door: &Door,
        interaction: &Interaction,
        by: Person,
        conversation: ConversationId,
    ) -> Result<Stored, String> {
        let text = line::line(&interaction.data, &door.commands(), &self.channels)?;
        let private = door.is_private(&text, &conversation);
        let event = Event::CommandReceived(CommandReceived { text, by, asserted_by: None });
        let (kept, flags) = if private { (Kept::Private, PRIVATE) } else { (Kept::Public, 0) };
        // Deferred: everybody, or the asker, sees that the bot is at it.
        Ok(Stored { event, conversation, kept, answer: json!({"type": 5, "data": {"flags": flags}}) })
    }

    async fn component(
        &self,
        door: &Door,
        interaction: &Interaction,
        by: Person,
        conversation: ConversationId,
    ) -> Value {
        let Some(id) = ComponentId::read(&interaction.data.custom_id) else { return whisper(OLD) };
        let first = interaction.data.values.first().map(String::as_str).unwrap_or_default();
        let (kind, action) = match id.kind {
            ComponentKind::More => match More::read(first) {
                Some(more) => (more.kind, more.action),
                None => return whisper(OLD),
            },
            kind => (kind, id.action),
        };
        let value = match kind {
            ComponentKind::Form => return self.open(door, &id.message, &action).await,
            // The host uses its own copy.
            ComponentKind::Button | ComponentKind::More => String::new(),
            ComponentKind::Select => match self.chosen(door, &id.message, &action, first).await {
                Ok(value) => value,
                Err(Unknown) => return whisper(NOT_NOW),
            },
        };
        let stored = clicked(id.message, action, value, Vec::new(), by, conversation);
        self.store(door, interaction, stored).await
    }

    /// The value of what was chosen; what is no choice any more stays what it was, and is refused when it is handled.
    async fn chosen(&self, door: &Door, message: &MessageRef, action: &str, came: &str) -> Result<String, Unknown> {
        if let Some(value) = came.strip_prefix('=') {
            return Ok(value.to_owned());
        }
        let seen = door.seen(message).await?;
        let options = match seen.as_ref().and_then(|seen| seen.view.control(action)) {
            Some(Control::Select(select)) => select.options.as_slice(),
            _ => &[],
        };
        Ok(chosen(came, options).unwrap_or(came).to_owned())
    }

    /// A form is the first answer itself.
    async fn open(&self, door: &Door, message: &MessageRef, action: &str) -> Value {
        match form(door, message, action).await {
            Err(Unknown) => whisper(NOT_NOW),
            Ok(None) => whisper(OLD),
            Ok(Some(form)) => match forms::modal(message, &form) {
                Some(modal) => json!({"type": 9, "data": modal}),
                None => whisper(&cannot_show(&form)),
            },
        }
    }

    async fn submitted(
        &self,
        door: &Door,
        interaction: &Interaction,
        by: Person,
        conversation: ConversationId,
    ) -> Value {
        let Some(id) = ComponentId::read(&interaction.data.custom_id) else { return whisper(OLD) };
        let form = match form(door, &id.message, &id.action).await {
            Err(Unknown) => return whisper(NOT_NOW),
            Ok(None) => return whisper(OLD),
            Ok(Some(form)) => form,
        };
        let fields = match forms::fields(&form, &interaction.data.components) {
            Ok(fields) => fields,
            Err(sentence) => return whisper(&sentence),
        };
        let mut stored = clicked(id.message, id.action, String::new(), fields, by, conversation);
        if interaction.message.is_none() {
            // Without a message under it only a message can be promised.
            (stored.kept, stored.answer) = (Kept::Private, json!({"type": 5, "data": {"flags": PRIVATE}}));
        }
        self.store(door, interaction, stored).await
    }

    /// Candidates for the option that is being typed.
    async fn typing(&self, door: &Door, interaction: &Interaction, by: &Person, at: &ConversationId) -> Value {
        let typed = line::typing(&interaction.data, &door.commands(), &self.channels);
        let found = match &typed {
            Some(line) => timeout(DISCORD_LANE_TIME, door.complete(line, at, by)).await.unwrap_or_default(),
            None => Vec::new(),
        };
        let choice = |one: &crate::platform::door::Suggested| {
            let value = line::unquoted(&one.value);
            let fits = !value.is_empty() && units(&value) <= DISCORD_CHOICE && !one.value.starts_with("--");
            let name = if one.label.is_empty() { value.clone() } else { format!("{value} · {}", one.label) };
            fits.then(|| json!({"name": plain(&name, DISCORD_CHOICE), "value": value}))
        };
        let choices: Vec<_> = found.iter().filter_map(choice).take(DISCORD_CHOICES).collect();
        json!({"type": 8, "data": {"choices": choices}})
    }

    /// Stores what happened and the way back; only then is Discord told that it was heard.
    async fn store(&self, door: &Door, interaction: &Interaction, stored: Stored) -> Value {
        let Stored { event, conversation, kept, answer } = stored;
        let way = Way { id: interaction.id.clone(), token: interaction.token.clone(), kept };
        let route = Route { value: way.write(), expires_ms: expires_ms(&way.id, self.clock.now_ms()) };
        // Before it is stored: an answer that comes at once waits until Discord was told.
        let is_new = self.answers.heard(&way.id);
        let id = DeliveryId::new(format!("{DISCORD}/{}", interaction.id));
        match timeout(DISCORD_STORE_TIME, door.offer(id, conversation, event, Some(route))).await {
            Ok(Heard::Durable) => answer,
            Ok(Heard::Known) => {
                if is_new {
                    // Its answer may stand there by another process.
                    self.answers.was_heard(&way.id);
                }
                answer
            }
            // The place of the first answer is the whisper's now, should it be handled all the same.
            Ok(Heard::NotNow) => {
                self.answers.take(&way.id, WHISPER);
                whisper(NOT_NOW)
            }
            Err(_) => {
                self.answers.take(&way.id, WHISPER);
                whisper(NOT_IN_TIME)
            }
        }
    }

    /// Somebody reacted to a message of ours, or put a pin on any.
    pub(super) async fn reaction(&self, door: &Door, reaction: Reaction) {
        let who: Who = reaction.who();
        if reaction.guild_id.as_ref().is_some_and(|guild| *guild != self.guild)
            || reaction.is_of_a_bot(&self.application)
        {
            return;
        }
        // A server's own emoji has a name that anybody may choose; it stands for nothing.
        let (None, Some(sign)) = (&reaction.emoji.id, &reaction.emoji.name) else { return };
        let native = format!("{}/{}", reaction.channel_id, reaction.message_id);
        let emoji = emoji::name(sign).to_owned();
        let Some(seen) = reacted_to(door, &native).await else {
            if is_pin(&emoji) {
                self.pinned(door, &reaction, &who).await;
            }
            return;
        };
        let id = DeliveryId::new(format!("{DISCORD}/reaction/{native}/{}/{emoji}", who.id));
        let by = door.person(DISCORD, &who.id, &who.shown);
        let event = ReactionAdded { message: seen.message, emoji, text: seen.view.to_plain(), by, asserted_by: None };
        if door.offer(id, seen.conversation, Event::ReactionAdded(event), None).await == Heard::NotNow {
            tracing::warn!("a reaction on Discord was not taken: too much is waiting");
        }
    }
}

/// The form that a button of a message opens, as the message stands now.
async fn form(door: &Door, message: &MessageRef, action: &str) -> Result<Option<Form>, Unknown> {
    Ok(door.seen(message).await?.and_then(|seen| seen.form(action)))
}

/// The message of ours that somebody reacted to. Discord tells of a reaction once: a database that does not answer is asked again.
async fn reacted_to(door: &Door, native: &str) -> Option<Seen> {
    for _ in 0..REACTION_LOOKS {
        match door.seen_by_native(DISCORD, native).await {
            Ok(seen) => return seen,
            Err(Unknown) => tracing::warn!(message = native, "the database does not say which message was reacted to"),
        }
        sleep(REACTION_APART).await;
    }
    tracing::error!(message = native, "a reaction on Discord is lost: the database does not answer");
    None
}

/// Until when the way back to an interaction is good: counted from when Discord made it, which may be long ago where a line is resumed.
fn expires_ms(interaction: &str, now_ms: i64) -> i64 {
    let good_for = DISCORD_TOKEN_TIME - DISCORD_TOKEN_SPARE;
    let since_ms = made_ms(interaction).map_or(now_ms, |made_ms| made_ms.min(now_ms));
    since_ms + i64::try_from(good_for.as_millis()).unwrap_or(0)
}

fn clicked(
    card: MessageRef,
    action: String,
    value: String,
    fields: Vec<Argument>,
    by: Person,
    conversation: ConversationId,
) -> Stored {
    let event = Event::ActionReceived(ActionReceived { card, action, value, fields, by, asserted_by: None });
    // Heard, with nothing to show: the card itself will change.
    Stored { event, conversation, kept: Kept::Nothing, answer: json!({"type": 6}) }
}

fn cannot_show(form: &Form) -> String {
    match form.command.as_str() {
        "" => "Discord cannot show this form. Use the console.".to_owned(),
        command => format!("Discord cannot show this form. Type {command} instead."),
    }
}

/// A first answer that is the last: a plain sentence for the asker's eyes.
fn whisper(sentence: &str) -> Value {
    let content = clip(&super::text::escape(sentence), DISCORD_CONTENT);
    json!({"type": 4, "data": {"content": content, "flags": PRIVATE, "allowed_mentions": {"parse": []}}})
}

#[cfg(test)]
mod tests {
    use super::super::snowflake::id_at;
    use super::*;

    #[test]
    fn a_way_back_is_good_from_when_discord_made_it() {
        let (now_ms, good_ms) = (1_767_225_600_000, 14 * 60_000 + 30_000);
        assert_eq!(expires_ms(&id_at(now_ms - 600_000), now_ms), now_ms - 600_000 + good_ms, "heard ten minutes later");
        assert_eq!(expires_ms(&id_at(now_ms + 5000), now_ms), now_ms + good_ms, "a clock that is behind gains nothing");
        assert_eq!(expires_ms("x", now_ms), now_ms + good_ms);
    }
}
