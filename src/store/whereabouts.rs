//! What a command must know of where it was typed, in one look: how we call the place, and which incident may be meant there.

use super::Store;
use super::conversations::one_place;
use super::error::StoreError;
use crate::model::ids::{ConversationId, IncidentId};
use sqlx::Row;

/// What is known of a conversation. Of incidents at most two each, newest first: one may be meant, two are in doubt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whereabouts {
    /// Our own name for it, if the bot opened it.
    pub called: Option<ConversationId>,
    /// Open incidents that live there.
    pub here: Vec<IncidentId>,
    /// Open incidents of other platforms that are shown there.
    pub shown: Vec<IncidentId>,
    /// Open incidents anywhere.
    pub open: Vec<IncidentId>,
}

// A place has few incidents and a house may have hundreds: the sum keeps planners from walking through all of them in their order
// until two of that place are found. An incident in a channel of its own is known by our reference of it, people there by the
// platform's.
const LOOK: &str = concat!(
    "select cast('called' as text), id from (select id from conversations where lives_in = $1 and problem is null and id <> $1 \
     order by created_ms desc limit 1) as called \
     union all select 'here', id from (select id from incidents where is_open = 1 and conversation in (",
    one_place!(),
    ") order by number + 0 desc limit 2) as here \
     union all select 'shown', id from (select id from incidents where is_open = 1 and id in (select incident from mirrors where \
     conversation in (",
    one_place!(),
    ")) order by number + 0 desc limit 2) as shown \
     union all select 'open', id from (select id from incidents where is_open = 1 order by number desc limit 2) as anywhere"
);

impl Store {
    /// What is known of a conversation, by our name for it or the platform's.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn whereabouts(&self, conversation: &ConversationId) -> Result<Whereabouts, StoreError> {
        let rows = sqlx::query(LOOK)
            .bind(conversation.as_str())
            .fetch_all(&self.inner.pool)
            .await
            .map_err(StoreError::doing("looking up what a conversation is about"))?;
        let mut known = Whereabouts::default();
        for row in rows {
            let (what, id): (String, String) = (row.get(0), row.get(1));
            match what.as_str() {
                "called" => known.called = Some(ConversationId::new(id)),
                "here" => known.here.push(IncidentId::new(id)),
                "shown" => known.shown.push(IncidentId::new(id)),
                _ => known.open.push(IncidentId::new(id)),
            }
        }
        Ok(known)
    }
}
