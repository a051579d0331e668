//! What people write on a chat platform besides commands: a reply that takes something up, and messages that they change, delete or
//! pin where an incident is worked on. Of everything else they write nothing is kept.

use super::door::{Door, Heard, Unknown};
use crate::config::limits::CHANGED_CHARS;
use crate::model::event::{ActionReceived, Argument, Change, Event, MessageChanged, Person};
use crate::model::ids::{ConversationId, DeliveryId};
use crate::model::reply::{ACKNOWLEDGE, SAID, acknowledges};
use crate::model::view::Control;

/// The reactions that are a pin, by their short names.
const PINS: [&str; 2] = ["pushpin", "round_pushpin"];

/// Whether a reaction says that the message shall be remembered.
pub fn is_pin(emoji: &str) -> bool {
    PINS.contains(&emoji)
}

/// Something that a person wrote.
#[derive(Clone, Debug)]
pub struct Spoken {
    /// The platform's own name of this having happened.
    pub id: DeliveryId,
    /// Where.
    pub conversation: ConversationId,
    /// The message that it answers, by the platform's own id.
    pub to: Option<String>,
    /// Who.
    pub by: Person,
    /// What.
    pub text: String,
}

/// What became of a message that a person wrote.
#[derive(Clone, Debug)]
pub struct Changed {
    /// The platform's own name of this having happened.
    pub id: DeliveryId,
    /// Where.
    pub conversation: ConversationId,
    /// The message that a thread begins with, by the platform's own id, if it stands in one.
    pub root: Option<String>,
    /// What became of it.
    pub change: Change,
    /// The platform's own id of it.
    pub message: String,
    /// Where it can be looked at, or empty.
    pub link: String,
    /// Who wrote it, where the platform tells; of a pin, who put it there.
    pub by: Option<Person>,
    /// What it said before, where the platform tells.
    pub before: Option<String>,
    /// What it says now, where the platform tells.
    pub now: Option<String>,
}

impl Door {
    /// Somebody wrote something. A reply that takes up what a message asks for is a click on that message's button; whether they
    /// may is asked where clicks are handled.
    ///
    /// # Errors
    /// The database does not say which message is meant; nothing was stored.
    pub async fn spoken(&self, spoken: Spoken) -> Result<Heard, Unknown> {
        let Spoken { id, conversation, to, by, text } = spoken;
        if !acknowledges(&text) {
            return Ok(Heard::Known);
        }
        let asks = |seen: &super::door::Seen| matches!(seen.view.control(ACKNOWLEDGE), Some(Control::Button(_)));
        let answered = match &to {
            Some(native) => self.seen_by_native(conversation.platform(), native).await?.filter(asks),
            None => None,
        };
        let asked = match answered {
            Some(seen) => Some(seen),
            None => self.asked(&conversation, &by.id).await?,
        };
        let Some(seen) = asked else { return Ok(Heard::Known) };
        let event = Event::ActionReceived(ActionReceived {
            card: seen.message,
            action: ACKNOWLEDGE.to_owned(),
            value: String::new(),
            fields: vec![Argument { name: SAID.to_owned(), value: text }],
            by,
            asserted_by: None,
        });
        Ok(self.offer(id, seen.conversation, event, None).await)
    }

    /// A message was changed, deleted or pinned. Kept if it stands where an incident is worked on.
    ///
    /// # Errors
    /// The database does not say whether one is; nothing was stored.
    pub async fn changed(&self, changed: Changed) -> Result<Heard, Unknown> {
        let Changed { id, conversation, root, change, message, link, by, before, now } = changed;
        let Some(incident) = self.keeper(&conversation, root.as_deref()).await? else { return Ok(Heard::Known) };
        let (before, now) = (before.map(cut), now.map(cut));
        let event = Event::MessageChanged(MessageChanged { incident, change, message, link, by, before, now });
        Ok(self.offer(id, conversation, event, None).await)
    }
}

fn cut(words: String) -> String {
    match words.char_indices().nth(CHANGED_CHARS) {
        Some((at, _)) => words[..at].to_owned(),
        None => words,
    }
}
