//! What a writer knows without asking: the head row as it left it, and revisions it has seen. Every commit moves the head
//! row, so as long as that is as we left it, nobody else has written and all of this still holds.

use super::audit::Head;
use super::tail::Tail;
use super::validate::{Revisions, Seen};
use crate::model::changes::KvKey;
use crate::model::ids::IncidentId;
use std::collections::HashMap;

/// Revisions remembered at most of each kind; beyond it all are forgotten, which costs one trip for each batch that needs them.
const REMEMBERED: usize = 4096;
/// The same for timelines, which are larger: the ids of their last lines.
const TIMELINES: usize = 512;
/// Bytes of a timeline that are remembered: more lines than a card looks through.
const TAIL_BYTES: usize = 4096;
/// After another replica was found to have written, so many transactions in a row must go by without that before memory is
/// trusted again: a wrong guess costs a trip more than asking would have.
const DOUBT: u32 = 32;

/// A writer's memory.
#[derive(Debug, Default)]
pub(super) struct Known {
    head: Option<Head>,
    pub(super) kv: HashMap<KvKey, i64>,
    pub(super) incidents: HashMap<IncidentId, i64>,
    pub(super) timelines: HashMap<IncidentId, Tail<String>>,
    doubt: u32,
}

impl Known {
    /// The head row, if it may be taken for granted.
    pub(super) fn head(&self) -> Option<&Head> {
        self.head.as_ref().filter(|head| self.doubt == 0 && head.reserved.is_empty())
    }

    /// Whether the head row is as this writer left it.
    pub(super) fn left(&self, found: &Head) -> bool {
        self.head.as_ref().is_some_and(|head| head.is_at(found))
    }

    /// A transaction found the head row to be `found` and left it as `left`, with these revisions.
    pub(super) fn learn(&mut self, found: &Head, left: Head, revisions: Revisions) {
        if self.left(found) {
            self.doubt = self.doubt.saturating_sub(1);
        } else {
            if self.head.is_some() {
                self.doubt = DOUBT;
            }
            self.kv.clear();
            self.incidents.clear();
            self.timelines.clear();
        }
        self.head = Some(left);
        let Seen { kv, incidents, timelines, appended } = revisions.into_seen();
        if self.kv.len() + kv.len() > REMEMBERED {
            self.kv.clear();
        }
        self.kv.extend(kv);
        if self.incidents.len() + incidents.len() > REMEMBERED {
            self.incidents.clear();
        }
        self.incidents.extend(incidents);
        if self.timelines.len() + timelines.len() > TIMELINES {
            self.timelines.clear();
        }
        for (incident, line) in appended {
            if let Some(tail) = self.timelines.get_mut(&incident) {
                tail.add(line);
                tail.trim(TAIL_BYTES);
            }
        }
        for (incident, mut tail) in timelines {
            tail.trim(TAIL_BYTES);
            self.timelines.insert(incident, tail);
        }
    }

    /// Memory misled us, or what we wrote last is not certain.
    pub(super) fn doubt(&mut self) {
        *self = Self { doubt: DOUBT, ..Self::default() };
    }

    /// Something else of ours moved the head row.
    pub(super) fn forget(&mut self) {
        *self = Self { doubt: self.doubt, ..Self::default() };
    }
}
