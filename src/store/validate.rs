//! Deciding, under the head row's lock, which commits of a batch still hold: what each read must be as it was. Decided
//! first and written afterwards, so that nothing ever has to be undone.

use super::commit::Commit;
use super::error::StoreError;
use super::reserve::{Contended, Reservation};
use super::sql::Engine;
use super::{approvals, incidents, kv, timeline};
use crate::model::changes::{Cell, KvKey, ListQuery};
use crate::model::ids::{ApprovalId, IncidentId};
use sqlx::AnyConnection;
use std::collections::{BTreeSet, HashMap};

/// The revisions of everything a batch read or writes, moved along as its winners are found.
pub(super) struct Revisions {
    kv: HashMap<KvKey, i64>,
    incidents: HashMap<IncidentId, i64>,
    approvals: HashMap<ApprovalId, i64>,
    written_keys: BTreeSet<KvKey>,
    written_incidents: BTreeSet<IncidentId>,
    written_timelines: BTreeSet<IncidentId>,
}

/// The verdict on one commit.
#[derive(Debug, PartialEq)]
pub(super) enum Decision {
    Holds,
    Lost(Vec<Contended>),
    Reserved,
}

impl Revisions {
    /// Loads the revisions that a batch needs: at most one query for incidents, one for approvals
    /// and one for each plugin's keys.
    pub(super) async fn load(
        connection: &mut AnyConnection,
        engine: Engine,
        batch: &[&Commit],
    ) -> Result<Self, StoreError> {
        let mut keys = BTreeSet::new();
        let mut ids = BTreeSet::new();
        let mut asked = BTreeSet::new();
        for commit in batch {
            keys.extend(commit.kv.keys());
            ids.extend(commit.incidents.iter().map(|incident| &incident.id));
            asked.extend(commit.approvals.iter().map(|approval| &approval.id));
            for cell in commit.reads.cells.keys() {
                match cell {
                    Cell::Kv(key) => _ = keys.insert(key),
                    Cell::Incident(id) => _ = ids.insert(id),
                    Cell::Approval(id) => _ = asked.insert(id),
                }
            }
        }
        let keys: Vec<_> = keys.into_iter().collect();
        let ids: Vec<_> = ids.into_iter().collect();
        let asked: Vec<_> = asked.into_iter().collect();
        Ok(Self {
            kv: if keys.is_empty() { HashMap::new() } else { kv::revisions(connection, engine, &keys).await? },
            incidents: if ids.is_empty() {
                HashMap::new()
            } else {
                incidents::revisions(connection, engine, &ids).await?
            },
            approvals: if asked.is_empty() {
                HashMap::new()
            } else {
                approvals::revisions(connection, engine, &asked).await?
            },
            written_keys: BTreeSet::new(),
            written_incidents: BTreeSet::new(),
            written_timelines: BTreeSet::new(),
        })
    }

    /// The revision that a key will have once it is written.
    pub(super) fn next_of_key(&self, key: &KvKey) -> i64 {
        self.kv.get(key).copied().unwrap_or(0) + 1
    }

    /// Whether a commit still holds, given those of its batch that were already found to.
    pub(super) async fn decide(
        &self,
        connection: &mut AnyConnection,
        commit: &Commit,
        reservations: &[Reservation],
    ) -> Result<Decision, StoreError> {
        if reservations.iter().any(|r| r.holder != commit.inbox && takes(commit, &r.of)) {
            return Ok(Decision::Reserved);
        }
        let mut lost = Vec::new();
        for (cell, seen) in &commit.reads.cells {
            match cell {
                Cell::Kv(key) if self.kv.get(key).copied().unwrap_or(0) != *seen => {
                    lost.push(Contended::Kv(key.plugin.clone(), key.key.clone()));
                }
                Cell::Incident(id) if self.incidents.get(id).copied().unwrap_or(0) != *seen => {
                    lost.push(Contended::Incident(id.clone()));
                }
                Cell::Approval(id) if self.approvals.get(id).copied().unwrap_or(0) != *seen => {
                    lost.push(Contended::Approval(id.clone()));
                }
                _ => {}
            }
        }
        for approval in &commit.approvals {
            if self.approvals.get(&approval.id).copied().unwrap_or(0) != approval.revision {
                lost.push(Contended::Approval(approval.id.clone()));
            }
        }
        for incident in &commit.incidents {
            if self.incidents.get(&incident.id).copied().unwrap_or(0) != incident.revision {
                lost.push(Contended::Incident(incident.id.clone()));
            }
        }
        for list in &commit.reads.lists {
            if self.touches(&list.query) || again(connection, &list.query).await? != list.seen {
                lost.push(Contended::of_list(&list.query));
            }
        }
        lost.sort();
        lost.dedup();
        Ok(if lost.is_empty() { Decision::Holds } else { Decision::Lost(lost) })
    }

    /// Counts a commit in: those decided later see what it writes.
    pub(super) fn count(&mut self, commit: &Commit) {
        for key in commit.kv.keys() {
            *self.kv.entry(key.clone()).or_insert(0) += 1;
            self.written_keys.insert(key.clone());
        }
        for incident in &commit.incidents {
            *self.incidents.entry(incident.id.clone()).or_insert(0) += 1;
            self.written_incidents.insert(incident.id.clone());
        }
        for approval in &commit.approvals {
            *self.approvals.entry(approval.id.clone()).or_insert(0) += 1;
        }
        self.written_timelines.extend(commit.timeline.iter().map(|entry| entry.incident.clone()));
    }

    fn touches(&self, query: &ListQuery) -> bool {
        match query {
            ListQuery::Kv { plugin, prefix, .. } => {
                self.written_keys.iter().any(|key| key.plugin == *plugin && key.key.starts_with(prefix))
            }
            ListQuery::Incidents { .. } => !self.written_incidents.is_empty(),
            ListQuery::Timeline { incident, .. } => self.written_timelines.contains(incident),
        }
    }
}

fn takes(commit: &Commit, held: &[Contended]) -> bool {
    held.iter().any(|held| {
        commit.kv.keys().any(|key| held.covers_key(key))
            || commit.incidents.iter().any(|incident| held.covers_incident(&incident.id))
            || commit.approvals.iter().any(|approval| *held == Contended::Approval(approval.id.clone()))
            || commit.timeline.iter().any(|entry| held.covers_timeline(&entry.incident))
    })
}

/// Asks a list again, in the form in which a read set remembers it.
async fn again(connection: &mut AnyConnection, query: &ListQuery) -> Result<Vec<(String, i64)>, StoreError> {
    Ok(match query {
        ListQuery::Kv { plugin, prefix, limit } => {
            let rows = kv::list(connection, plugin, prefix, *limit).await?;
            rows.into_iter().map(|row| (row.key, row.revision)).collect()
        }
        ListQuery::Incidents { open_only, limit } => {
            let rows = incidents::list(connection, *open_only, *limit).await?;
            rows.into_iter().map(|incident| (incident.id.into_string(), incident.revision)).collect()
        }
        ListQuery::Timeline { incident, limit } => {
            let rows = timeline::list(connection, incident, *limit).await?;
            rows.into_iter().map(|entry| (entry.id, 0)).collect()
        }
    })
}
