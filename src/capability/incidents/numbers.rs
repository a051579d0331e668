//! The serial lane that numbers incidents: whoever declares keeps its place until the commit, so that INC-n has no gaps.

use super::IncidentsHost;
use crate::bindings::latest::drillbell::types::types::HostError;
use crate::model::ids::IncidentId;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::timeout;

/// How long to wait for whoever is before: a declaration takes milliseconds. Beyond it somebody holds everybody up, and is overtaken;
/// of two with one number the commit lets one through, and the other runs again.
const PATIENCE: Duration = Duration::from_secs(1);

/// The lane, shared by all calls of one process. Between processes the commit decides: the loser runs again.
#[derive(Clone, Debug, Default)]
pub struct NumberLane(Arc<Mutex<()>>);

/// A call's place at the head of the lane. Keep it until the call's changes are committed or given up, then drop it.
#[derive(Debug)]
pub struct NumberGuard(
    #[cfg_attr(not(test), expect(dead_code, reason = "kept for its drop, which lets the next one in"))]
    Option<OwnedMutexGuard<()>>,
);

impl NumberLane {
    /// Waits for the head of the lane, or goes past who stays there for too long.
    pub async fn enter(&self) -> NumberGuard {
        self.enter_within(PATIENCE).await
    }

    async fn enter_within(&self, patience: Duration) -> NumberGuard {
        NumberGuard(timeout(patience, Arc::clone(&self.0).lock_owned()).await.ok())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_keeps_the_head_of_the_lane_is_overtaken() {
        let lane = NumberLane::default();
        let first = lane.enter().await;
        assert!(first.0.is_some());
        assert!(lane.enter_within(Duration::ZERO).await.0.is_none());
        drop(first);
        assert!(lane.enter().await.0.is_some());
    }
}
