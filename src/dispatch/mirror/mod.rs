//! One incident on several platforms, where the configuration wants it so (`channels.incidents_elsewhere`): what a call says
//! and shows of an incident on one platform becomes, in the same commit, what the others get. The copies are rows of the
//! outbox like any others, each platform at its own pace. Beneath plugins: none of them knows of it.

mod copying;
mod people;
mod places;
mod seal;

pub use people::Mirroring;
pub(super) use seal::of_timer;

use super::call::Task;
use super::{House, Trouble};
use crate::model::effect::Effect;
use crate::model::ids::{ConversationId, IncidentId, MessageRef};
use crate::model::incident::{Incident, TimelineEntry};
use crate::store::{Commit, MessageRow, StoreError};
use copying::Copying;

/// Lines of a timeline that only say that something was asked, not what came of it.
const NO_NEWS: [&str; 5] = ["command", "click", "alert", "deploy", "timer"];

fn is_news(line: &TimelineEntry) -> bool {
    !NO_NEWS.contains(&line.kind.as_str())
}

impl House {
    /// Adds to a call's commit what other platforms are to see of it, pins on messages in the console's rooms among it.
    pub(super) async fn mirror(&self, task: &Task<'_>, commit: &mut Commit, pins: &[Effect]) -> Result<(), Trouble> {
        if self.about.mirroring.is_off() {
            return Ok(());
        }
        let incident = self.incident_of(commit).await?;
        seal::later(commit, incident.as_ref());
        let mut copying = Copying::of(self, task, commit, incident);
        for effect in commit.effects.iter().chain(pins) {
            copying.take(effect).await?;
        }
        let Copying { effects, mirrors, .. } = copying;
        if !effects.is_empty() {
            commit.audit.detail["mirrored"] = effects.len().into();
        }
        commit.effects.extend(effects);
        commit.mirrors.extend(mirrors);
        Ok(())
    }

    /// The incident that a commit is about, as it will be.
    async fn incident_of(&self, commit: &Commit) -> Result<Option<Incident>, StoreError> {
        let of_lines = commit.timeline.iter().find(|line| is_news(line)).map(|line| &line.incident);
        let Some(id) = commit.incident.as_ref().or(of_lines) else { return Ok(None) };
        match commit.incidents.iter().find(|incident| incident.id == *id) {
            Some(incident) => Ok(Some(incident.clone())),
            None => self.store.recent_incident(id).await,
        }
    }

    /// The message that somebody pressed something on. A copy is answered for by what it is a copy of, so that whatever counts once
    /// counts once on all platforms; but what is said about it is said where it was pressed.
    pub(super) async fn pressed_on(&self, card: &MessageRef) -> Result<(MessageRef, Option<MessageRow>), StoreError> {
        let shown = self.store.message(card).await?;
        if self.about.mirroring.is_off() {
            return Ok((card.clone(), shown));
        }
        let behind = self.store.behind(&[card.as_str()]).await?.into_iter().next();
        let (Some(behind), Some(shown)) = (behind, &shown) else { return Ok((card.clone(), shown)) };
        let original = MessageRef::new(behind.original);
        let row = self.store.message(&original).await?;
        let row = row.map(|row| MessageRow { conversation: shown.conversation.clone(), ..row });
        Ok((original, row))
    }

    /// Where an incident's card stands on other platforms than its own, as far as that is configured now.
    async fn shown_elsewhere(&self, incident: &Incident) -> Result<Vec<ConversationId>, StoreError> {
        let Some(card) = &incident.card else { return Ok(Vec::new()) };
        let copies = self.store.copies_of(&[card.as_str()]).await?;
        let there = copies.into_iter().map(|copy| copy.conversation);
        Ok(there.filter(|room| self.about.mirroring.has(room.platform())).collect())
    }

    /// Posts the end of an incident's timeline to every platform that shows it.
    pub(super) async fn timeline_timer(
        &self,
        delivery: &crate::model::event::Delivery,
        id: &IncidentId,
    ) -> Result<(), Trouble> {
        let incident = self.store.incident(id).await?;
        let mut rooms = match &incident {
            Some(incident) => self.shown_elsewhere(incident).await?,
            None => Vec::new(),
        };
        // Compared with nothing, a hash says nothing.
        if let (Some(incident), false) = (incident, rooms.is_empty()) {
            rooms.insert(0, incident.conversation);
        }
        seal::post(self, delivery, id, rooms).await
    }
}
