//! What a call lost to, and the reservation that lets a call which keeps losing have it to itself for a moment.
//! Reservations stand in the head row, which every commit reads anyway, so they hold for all replicas and cost nothing.

use super::error::StoreError;
use crate::model::changes::{KvKey, ListQuery};
use crate::model::ids::{ApprovalId, DeliveryId, IncidentId, PluginId};
use crate::model::public::PublicThing;
use serde::{Deserialize, Serialize};

/// How long a reservation holds unless its holder commits first: longer than any call may take.
pub const RESERVATION_MS: i64 = 15_000;

/// Something that two calls wanted at once.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Contended {
    /// One key: plugin and key.
    Kv(PluginId, String),
    /// A plugin's keys, because a list of them was read.
    KvOf(PluginId),
    /// One incident.
    Incident(IncidentId),
    /// All incidents, because a list of them was read.
    Incidents,
    /// One timeline.
    Timeline(IncidentId),
    /// One approval.
    Approval(ApprovalId),
    /// A key that no two unfinished jobs of a plugin may have.
    Job(PluginId, String),
    /// What is public of something.
    Public(PublicThing),
    /// One copy of a target, by its object.
    Copy(String),
}

impl Contended {
    /// What a list read stands for.
    pub(super) fn of_list(query: &ListQuery) -> Self {
        match query {
            ListQuery::Kv { plugin, .. } => Self::KvOf(plugin.clone()),
            ListQuery::Incidents { .. } => Self::Incidents,
            ListQuery::Copy { object } => Self::Copy(object.clone()),
            ListQuery::Timeline { incident, .. } => Self::Timeline(incident.clone()),
        }
    }

    /// Whether two calls that reserve these would stand in each other's way.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::KvOf(all), Self::Kv(one, _)) | (Self::Kv(one, _), Self::KvOf(all)) => all == one,
            (Self::Incidents, Self::Incident(_)) | (Self::Incident(_), Self::Incidents) => true,
            (a, b) => a == b,
        }
    }

    /// Whether writing that key would take this away from its holder.
    pub(super) fn covers_key(&self, key: &KvKey) -> bool {
        match self {
            Self::Kv(plugin, name) => *plugin == key.plugin && *name == key.key,
            Self::KvOf(plugin) => *plugin == key.plugin,
            _ => false,
        }
    }

    /// Whether writing that incident would take this away from its holder.
    pub(super) fn covers_incident(&self, id: &IncidentId) -> bool {
        match self {
            Self::Incident(held) => held == id,
            Self::Incidents => true,
            _ => false,
        }
    }

    /// Whether enqueuing a job of that key would take this away from its holder.
    pub(super) fn covers_job(&self, plugin: &PluginId, key: &str) -> bool {
        matches!(self, Self::Job(whose, held) if whose == plugin && held == key)
    }

    /// Whether appending to that incident's timeline would take this away from its holder.
    pub(super) fn covers_timeline(&self, id: &IncidentId) -> bool {
        matches!(self, Self::Timeline(held) if held == id)
    }
}

/// A reservation in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Reservation {
    pub(super) holder: DeliveryId,
    pub(super) until_ms: i64,
    pub(super) of: Vec<Contended>,
}

/// Reads the head row's column, leaving out what has run out.
pub(super) fn parse(text: &str, now_ms: i64) -> Result<Vec<Reservation>, StoreError> {
    if text == "[]" {
        return Ok(Vec::new());
    }
    let mut all: Vec<Reservation> =
        serde_json::from_str(text).map_err(|e| StoreError::Corrupt { table: "heads", reason: e.to_string() })?;
    all.retain(|reservation| reservation.until_ms > now_ms);
    Ok(all)
}

/// The column's text.
pub(super) fn format(reservations: &[Reservation]) -> Result<String, StoreError> {
    serde_json::to_string(reservations).map_err(|e| StoreError::Corrupt { table: "heads", reason: e.to_string() })
}

/// The column's text with one more that has run out already: it reserves nothing, but whoever remembers the head row sees that
/// something has happened.
pub(super) fn passing(reservations: &[Reservation], holder: &str) -> Result<String, StoreError> {
    let passed = Reservation { holder: DeliveryId::new(holder), until_ms: 0, of: Vec::new() };
    let all: Vec<_> = reservations.iter().cloned().chain([passed]).collect();
    format(&all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Few names, so that they meet often.
    fn contended() -> impl Strategy<Value = Contended> {
        let plugin = || (0..2_u8).prop_map(|n| PluginId::new(format!("p{n}")));
        let incident = || (1..4_i64).prop_map(IncidentId::numbered);
        prop_oneof![
            (plugin(), 0..3_u8).prop_map(|(plugin, key)| Contended::Kv(plugin, format!("k{key}"))),
            plugin().prop_map(Contended::KvOf),
            incident().prop_map(Contended::Incident),
            Just(Contended::Incidents),
            incident().prop_map(Contended::Timeline),
            (0..3_u8).prop_map(|n| Contended::Approval(ApprovalId::new(format!("A-{n}")))),
            (plugin(), 0..3_u8).prop_map(|(plugin, key)| Contended::Job(plugin, format!("k{key}"))),
            incident().prop_map(|id| Contended::Public(PublicThing::Incident(id))),
            (0..3_u8).prop_map(|n| Contended::Copy(format!("backups/shop/{n}"))),
        ]
    }

    proptest! {
        /// Were it not so, two calls could each hold what the other waits for.
        #[test]
        fn overlapping_is_mutual_and_everything_overlaps_itself(a in contended(), b in contended()) {
            prop_assert_eq!(a.overlaps(&b), b.overlaps(&a));
            prop_assert!(a.overlaps(&a));
        }

        /// What a reservation keeps others from writing is what nobody else can have reserved.
        #[test]
        fn whoever_would_be_held_off_by_a_reservation_could_not_have_had_it_too(a in contended(), b in contended()) {
            let held_off = match &b {
                Contended::Kv(plugin, key) => a.covers_key(&KvKey { plugin: plugin.clone(), key: key.clone() }),
                Contended::Incident(id) => a.covers_incident(id),
                Contended::Timeline(id) => a.covers_timeline(id),
                Contended::Approval(_) | Contended::Public(_) | Contended::Copy(_) => a == b,
                Contended::Job(plugin, key) => a.covers_job(plugin, key),
                Contended::KvOf(_) | Contended::Incidents => false,
            };
            prop_assert!(!held_off || a.overlaps(&b), "{:?} {:?}", a, b);
        }

        #[test]
        fn reservations_are_read_as_they_were_written_until_they_run_out(of in prop::collection::vec(contended(), 0..4)) {
            let all = vec![
                Reservation { holder: "a".into(), until_ms: 10, of: of.clone() },
                Reservation { holder: "b".into(), until_ms: 20, of },
            ];
            let text = format(&all).unwrap();
            prop_assert_eq!(&parse(&text, 9).unwrap(), &all);
            prop_assert_eq!(&parse(&text, 10).unwrap(), &all[1..]);
            prop_assert!(parse(&text, 20).unwrap().is_empty());
        }
    }
}
