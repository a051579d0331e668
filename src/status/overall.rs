//! How each component stands and what it adds up to. What nobody said and nothing measured is unknown, never well.

use super::notice::Snapshot;
use crate::config::status::{Component, Source};
use crate::model::incident::Status;
use crate::model::public::{ComponentState, Indicator, MaintenanceStatus};
use std::collections::BTreeMap;

/// A component as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing<'a> {
    /// As it is configured.
    pub component: &'a Component,
    /// How it is.
    pub state: ComponentState,
}

/// The page as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overall {
    /// How bad it is.
    pub indicator: Indicator,
    /// One line for people; Statuspage's own phrases where they are true.
    pub description: &'static str,
}

/// How each component stands at `now_ms`. `measured` is what probes and services say, by `probe:NAME` and `service:NAME`;
/// one that says nothing leaves its component unknown at best, whatever people said before.
pub fn standings<'a>(
    components: &'a [Component],
    snapshot: &Snapshot,
    measured: &BTreeMap<String, ComponentState>,
    now_ms: i64,
) -> Vec<Standing<'a>> {
    let at_work = |name: &str| {
        snapshot.maintenances.iter().any(|maintenance| {
            let status = maintenance.status_at(now_ms);
            matches!(status, MaintenanceStatus::InProgress | MaintenanceStatus::Verifying)
                && maintenance.components.contains(name)
        })
    };
    let standing = |component: &'a Component| {
        let said = snapshot.last_said(&component.name);
        let state = match &component.from {
            Source::Manual => said.unwrap_or(ComponentState::Unknown),
            source => {
                let measured = measured.get(&source.to_string()).copied().unwrap_or(ComponentState::Unknown);
                said.map_or(measured, |said| said.max(measured))
            }
        };
        let excused = matches!(state, ComponentState::Operational | ComponentState::Unknown);
        let state = if excused && at_work(&component.name) { ComponentState::UnderMaintenance } else { state };
        Standing { component, state }
    };
    components.iter().map(standing).collect()
}

/// What it adds up to: the worst of the components, and never "all well" while an incident is open.
pub fn overall(standings: &[Standing<'_>], snapshot: &Snapshot) -> Overall {
    let worst = standings.iter().map(|standing| standing.state).max();
    let open = snapshot.incidents.iter().any(|incident| incident.status != Status::Resolved);
    let least = if open { Indicator::Minor } else { Indicator::None };
    let indicator = worst.map_or(Indicator::None, ComponentState::indicator).max(least);
    let description = match indicator {
        Indicator::None if worst.is_none() => "No Incident Reported",
        Indicator::None => "All Systems Operational",
        Indicator::Maintenance => "Service Under Maintenance",
        Indicator::Minor => match worst {
            Some(ComponentState::Unknown) if !open => "State of Some Systems Unknown",
            Some(ComponentState::DegradedPerformance) => "Partially Degraded Service",
            _ => "Incident Under Investigation",
        },
        Indicator::Major => "Partial System Outage",
        Indicator::Critical => "Major Service Outage",
    };
    Overall { indicator, description }
}
