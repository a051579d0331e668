//! What was proposed for the public page, as the host would take or refuse it.

use super::FakeBot;
use crate::error::{HostError, HostResult};
use crate::ids::ApprovalId;
use crate::public::{PublicMaintenance, PublicUpdate};

impl FakeBot {
    fn fits<'a>(&self, text: &str, names: impl Iterator<Item = &'a String>) -> HostResult {
        self.granted("status")?;
        if text.trim().is_empty() {
            return Err(HostError::Invalid(String::from("The public text has 1 to 2000 characters.")));
        }
        for name in names {
            if !self.components.contains(name) {
                let known: Vec<_> = self.components.iter().map(String::as_str).collect();
                let known = known.join(", ");
                return Err(HostError::Invalid(format!("There is no component `{name}`; there are: {known}.")));
            }
        }
        Ok(())
    }

    pub(super) fn keep_update(&mut self, update: PublicUpdate) -> HostResult<ApprovalId> {
        self.fits(&update.text, update.components.iter().map(|(name, _)| name))?;
        if !self.incidents.iter().any(|incident| incident.id == update.incident) {
            return Err(HostError::NotFound(format!("there is no incident {}", update.incident)));
        }
        self.public_updates.push(update);
        Ok(self.proposal())
    }

    pub(super) fn keep_maintenance(&mut self, maintenance: PublicMaintenance) -> HostResult<ApprovalId> {
        self.fits(&maintenance.text, maintenance.components.iter())?;
        self.public_maintenances.push(maintenance);
        Ok(self.proposal())
    }

    pub(super) fn keep_components(&mut self, reason: &str, states: &[(String, String)]) -> HostResult<ApprovalId> {
        self.fits(reason, states.iter().map(|(name, _)| name))?;
        self.public_components.extend_from_slice(states);
        Ok(self.proposal())
    }

    fn proposal(&self) -> ApprovalId {
        ApprovalId::from(format!(
            "A-P{:07}",
            self.public_updates.len() + self.public_maintenances.len() + self.public_components.len()
        ))
    }
}
