//! Incidents as last seen by this process, so that a command need not ask the database for what the last one wrote. Being
//! behind is safe: every call's reads are checked at its commit, and what turns out to be old is forgotten.

use crate::model::ids::IncidentId;
use crate::model::incident::Incident;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Incidents remembered at most; beyond it all are forgotten, which costs a read each.
const REMEMBERED: usize = 1024;

/// The memory.
#[derive(Debug, Default)]
pub(super) struct Memo(Mutex<HashMap<IncidentId, Incident>>);

impl Memo {
    pub(super) fn get(&self, id: &IncidentId) -> Option<Incident> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    /// Remembers an incident unless a newer state of it is known.
    pub(super) fn learn(&self, incident: &Incident) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.get(&incident.id).is_some_and(|old| old.revision >= incident.revision) {
            return;
        }
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(incident.id.clone(), incident.clone());
    }

    pub(super) fn forget(&self, id: &IncidentId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    pub(super) fn forget_all(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
