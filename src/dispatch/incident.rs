//! Which incident is meant, when nobody says: the conversation's, else the only open one, else none (decision 21).

use super::House;
use crate::model::ids::{ConversationId, IncidentId};
use crate::store::StoreError;

impl House {
    /// The incident that an event in `conversation` is about, unless there is doubt.
    pub(super) async fn incident_meant(&self, conversation: &ConversationId) -> Result<Option<IncidentId>, StoreError> {
        let mut here = self.store.open_incidents_in(conversation, 2).await?;
        // What lives on another platform may be shown here; people see no difference, so neither goes before the other.
        for shown in self.shown_in(conversation).await? {
            if here.iter().all(|known| known.id != shown.id) {
                here.push(shown);
            }
        }
        match here.as_slice() {
            [one] => return Ok(Some(one.id.clone())),
            [_, _, ..] => return Ok(None),
            [] => {}
        }
        let anywhere = self.store.incidents(true, 2).await?;
        Ok(match anywhere.as_slice() {
            [one] => Some(one.id.clone()),
            _ => None,
        })
    }
}
