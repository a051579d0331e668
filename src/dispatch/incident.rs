//! Which conversation, and which incident, is meant. Where nobody says: the conversation's, else the only open one, else none
//! (decision 21). For what people merely write, only the conversation counts.

use super::House;
use crate::config::limits::ASKED_LOOKED_AT;
use crate::model::event::Delivery;
use crate::model::ids::{ConversationId, IncidentId, PersonId};
use crate::model::reply::ACKNOWLEDGE;
use crate::model::view::Control;
use crate::store::{CONSOLE, MessageRow, StoreError, Whereabouts};

/// How to find out where something happened.
#[derive(Clone, Copy, Debug)]
pub(super) enum Look {
    /// What is remembered will do.
    Remember,
    /// The database is to be asked.
    Ask,
}

impl House {
    /// What we call a conversation: our own name for one that the bot opened, which a platform knows by another.
    pub(super) async fn called(&self, conversation: ConversationId) -> Result<ConversationId, StoreError> {
        if conversation.is_opened() || conversation.platform() == CONSOLE {
            return Ok(conversation);
        }
        Ok(self.store.opened_as(&conversation).await?.unwrap_or(conversation))
    }

    /// What we call the conversation in which a command was typed that names no incident, and the one that it is about, unless there
    /// is doubt.
    pub(super) async fn meant(
        &self,
        command: &Delivery,
        look: Look,
    ) -> Result<(ConversationId, Option<IncidentId>), StoreError> {
        let conversation = command.conversation.clone();
        let remembered = match look {
            Look::Remember => self.store.remembered(&conversation),
            Look::Ask => None,
        };
        // What is not in hand here has nothing to say it on.
        let remembered = remembered.filter(|(_, as_of)| self.intake.rest(&command.id, *as_of));
        let Whereabouts { called, mut here, shown, open } = match remembered {
            Some((known, _)) => known,
            None => {
                self.intake.rest(&command.id, None);
                self.store.whereabouts(&conversation).await?
            }
        };
        let is_ours = conversation.is_opened() || conversation.platform() == CONSOLE;
        let conversation = called.filter(|_| !is_ours).unwrap_or(conversation);
        // What lives on another platform may be shown here; people see no difference, so neither goes before the other.
        if !self.about.mirroring.is_off() {
            here.extend(shown.into_iter().filter(|shown| !here.contains(shown)).collect::<Vec<_>>());
        }
        let meant = match (here.as_slice(), open.as_slice()) {
            ([one], _) | ([], [one]) => Some(one.clone()),
            _ => None,
        };
        Ok((conversation, meant))
    }

    /// The incident whose timeline keeps what becomes of messages in a conversation: the one that the conversation, or the channel
    /// of the thread, was opened for; the one of the message that a thread is under (`root`, by the platform's own id); the only
    /// open one that lives there.
    pub async fn keeper(
        &self,
        conversation: &ConversationId,
        root: Option<&str>,
    ) -> Result<Option<IncidentId>, StoreError> {
        let channel = conversation.as_str().split_once('/').map(|(channel, _)| ConversationId::from(channel));
        for there in [Some(conversation), channel.as_ref()].into_iter().flatten() {
            if let Some(incident) = self.store.opened_for(there).await? {
                return Ok(Some(incident));
            }
        }
        if let Some(root) = root
            && let Some(message) = self.store.message_by_native(conversation.platform(), root).await?
            && message.incident.is_some()
        {
            return Ok(message.incident);
        }
        let here = self.store.open_incidents_in(conversation, 2).await?;
        Ok(match here.as_slice() {
            [one] => Some(one.id.clone()),
            _ => None,
        })
    }

    /// What a conversation asks somebody to take up: the newest message with such a button whose incident nobody has taken up yet,
    /// else the newest of all, whose answer is who has.
    pub async fn asked(
        &self,
        conversation: &ConversationId,
        reader: &PersonId,
    ) -> Result<Option<MessageRow>, StoreError> {
        let rows = self.store.messages_asking(conversation, reader, ACKNOWLEDGE, ASKED_LOOKED_AT).await?;
        let mut first = None;
        for row in rows {
            let Some(Control::Button(_)) = row.view.control(ACKNOWLEDGE) else { continue };
            let Some(id) = &row.incident else { continue };
            let incident = self.store.recent_incident(id).await?;
            if incident.is_some_and(|incident| incident.facts.acknowledged().is_none()) {
                return Ok(Some(row));
            }
            first.get_or_insert(row);
        }
        Ok(first)
    }
}
