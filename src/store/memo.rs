//! What this process saw last of incidents, of the ends of their timelines and of whose its messages are, so that a command need not ask
//! the database for what the last one wrote. Being behind is safe: every call's reads are checked at its commit, and what turns out
//! to be old is forgotten; whose a message about an incident is never changes.

use super::messages::MessageRow;
use super::tail::Tail;
use crate::model::ids::{IncidentId, MessageRef};
use crate::model::incident::{Incident, TimelineEntry};
use crate::model::message::MessageOwner;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Incidents and messages remembered at most; beyond it all are forgotten, which costs a read each.
const REMEMBERED: usize = 1024;
/// The same for timelines, which are larger.
const TIMELINES: usize = 256;
/// Bytes of a timeline that are remembered.
const TAIL_BYTES: usize = 16 * 1024;

impl From<&MessageRow> for MessageOwner {
    fn from(row: &MessageRow) -> Self {
        Self { plugin: row.plugin.clone(), conversation: row.conversation.clone(), private_to: row.private_to.clone() }
    }
}

/// The memory.
#[derive(Debug, Default)]
pub(super) struct Memo(Mutex<Remembered>);

#[derive(Debug, Default)]
struct Remembered {
    incidents: HashMap<IncidentId, Incident>,
    timelines: HashMap<IncidentId, Tail<TimelineEntry>>,
    messages: HashMap<MessageRef, MessageOwner>,
}

impl Memo {
    fn all(&self) -> MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn get(&self, id: &IncidentId) -> Option<Incident> {
        self.all().incidents.get(id).cloned()
    }

    /// Remembers an incident unless a newer state of it is known.
    pub(super) fn learn(&self, incident: &Incident) {
        let known = &mut self.all().incidents;
        if known.get(&incident.id).is_some_and(|old| old.revision >= incident.revision) {
            return;
        }
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(incident.id.clone(), incident.clone());
    }

    pub(super) fn forget(&self, id: &IncidentId) {
        self.all().incidents.remove(id);
    }

    /// Forgets what may have changed without our knowing.
    pub(super) fn forget_all(&self) {
        let mut all = self.all();
        all.incidents.clear();
        all.timelines.clear();
    }

    /// The last lines of a timeline, oldest first, if that many are known.
    pub(super) fn timeline(&self, id: &IncidentId, limit: i64) -> Option<Vec<TimelineEntry>> {
        Some(self.all().timelines.get(id)?.last(limit)?.cloned().collect())
    }

    /// Remembers what a search for the last `limit` lines found.
    pub(super) fn learn_timeline(&self, id: &IncidentId, lines: &[TimelineEntry], limit: i64) {
        let mut tail = Tail::found(lines.iter().cloned(), limit);
        tail.trim(TAIL_BYTES);
        let known = &mut self.all().timelines;
        if known.len() >= TIMELINES {
            known.clear();
        }
        known.insert(id.clone(), tail);
    }

    /// Lines were appended; those of timelines that are not remembered are nothing to us.
    pub(super) fn append(&self, lines: Vec<TimelineEntry>) {
        let known = &mut self.all().timelines;
        for line in lines {
            if let Some(tail) = known.get_mut(&line.incident) {
                tail.add(line);
                tail.trim(TAIL_BYTES);
            }
        }
    }

    pub(super) fn forget_timeline(&self, id: &IncidentId) {
        self.all().timelines.remove(id);
    }

    pub(super) fn message(&self, id: &MessageRef) -> Option<MessageOwner> {
        self.all().messages.get(id).cloned()
    }

    /// Only messages about an incident are never deleted.
    pub(super) fn learn_message(&self, row: &MessageRow) {
        if row.incident.is_none() {
            return;
        }
        let known = &mut self.all().messages;
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(row.id.clone(), row.into());
    }
}
