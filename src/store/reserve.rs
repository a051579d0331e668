//! What a call lost to, and the reservation that lets a call which keeps losing have it to itself for a moment.
//! Reservations stand in the head row, which every commit reads anyway, so they hold for all replicas and cost nothing.

use super::error::StoreError;
use crate::model::changes::{KvKey, ListQuery};
use crate::model::ids::{DeliveryId, IncidentId, PluginId};
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
}

impl Contended {
    /// What a list read stands for.
    pub(super) fn of_list(query: &ListQuery) -> Self {
        match query {
            ListQuery::Kv { plugin, .. } => Self::KvOf(plugin.clone()),
            ListQuery::Incidents { .. } => Self::Incidents,
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
