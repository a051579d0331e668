//! The serial lane that numbers incidents: whoever declares keeps its place until the commit, so that INC-n has no gaps.

use super::IncidentsHost;
use crate::bindings::latest::drillbell::types::types::HostError;
use crate::model::ids::IncidentId;
use std::sync::Arc;
use tokio::sync::{Mutex, OwnedMutexGuard};

/// The lane, shared by all calls of one process. Between processes the commit decides: the loser runs again.
#[derive(Clone, Debug, Default)]
pub struct NumberLane(Arc<Mutex<()>>);

/// A call's place at the head of the lane. Keep it until the call's changes are committed or given up, then drop it.
#[derive(Debug)]
pub struct NumberGuard(
    #[expect(dead_code, reason = "kept for its drop, which lets the next one in")] OwnedMutexGuard<()>,
);

impl NumberLane {
    /// Waits for the head of the lane.
    pub async fn enter(&self) -> NumberGuard {
        NumberGuard(Arc::clone(&self.0).lock_owned().await)
    }
}

impl IncidentsHost<'_> {
    /// The next free number; takes and keeps the head of the lane. Waiting there is not charged to the call's deadline.
    pub(super) async fn next_number(&mut self) -> Result<IncidentId, HostError> {
        if self.incidents.guard.is_none() {
            let deadline = Arc::clone(&self.caller.deadline);
            let _pause = deadline.pause();
            self.incidents.guard = Some(self.incidents.lane.enter().await);
        }
        let answer = self.caller.reads.next_incident_number().await;
        let committed = self.caller.settle(answer)?;
        let own = self.incidents.changed.keys().map(|id| id.number() + 1).max().unwrap_or(1);
        Ok(IncidentId::numbered(committed.max(own)))
    }
}
