//! What a writer knows without asking: the head row as it left it, and revisions it has seen. Every commit moves the head
//! row, so as long as that is as we left it, nobody else has written and all of this still holds.

use super::audit::Head;
use super::validate::Revisions;
use crate::model::changes::KvKey;
use crate::model::ids::IncidentId;
use std::collections::HashMap;

/// Revisions remembered at most of each kind; beyond it all are forgotten, which costs one trip for each batch that needs them.
const REMEMBERED: usize = 4096;
/// After another replica was found to have written, so many transactions in a row must go by without that before memory is
/// trusted again: a wrong guess costs a trip more than asking would have.
const DOUBT: u32 = 32;

/// A writer's memory.
#[derive(Debug, Default)]
pub(super) struct Known {
    head: Option<Head>,
    pub(super) kv: HashMap<KvKey, i64>,
    pub(super) incidents: HashMap<IncidentId, i64>,
    doubt: u32,
}

impl Known {
    /// The head row, if it may be taken for granted.
    pub(super) fn head(&self) -> Option<&Head> {
        self.head.as_ref().filter(|head| self.doubt == 0 && head.reserved.is_empty())
    }

    /// A transaction found the head row to be `found` and left it as `left`, with these revisions.
    pub(super) fn learn(&mut self, found: &Head, left: Head, revisions: Revisions) {
        if self.head.as_ref().is_some_and(|head| head.audit_hash == found.audit_hash) {
            self.doubt = self.doubt.saturating_sub(1);
        } else {
            if self.head.is_some() {
                self.doubt = DOUBT;
            }
            self.kv.clear();
            self.incidents.clear();
        }
        self.head = Some(left);
        let (kv, incidents) = revisions.into_parts();
        if self.kv.len() + kv.len() > REMEMBERED {
            self.kv.clear();
        }
        self.kv.extend(kv);
        if self.incidents.len() + incidents.len() > REMEMBERED {
            self.incidents.clear();
        }
        self.incidents.extend(incidents);
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
