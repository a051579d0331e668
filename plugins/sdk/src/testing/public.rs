//! What was proposed for the public page, as the host would take or refuse it.

use super::FakeBot;
use super::incidents::invalid;
use crate::error::{HostError, HostResult};
use crate::ids::ApprovalId;
use crate::public::{PublicMaintenance, PublicRule, PublicUpdate};

/// Characters of a public text, as with the real host.
const TEXT_CHARS: usize = 2000;

/// Characters that turn text around or hide in it: whoever approves must see what everybody will read. The host's, in small.
fn is_hidden(c: char) -> bool {
    let invisible = matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}'..='\u{200f}')
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}');
    invisible || (c.is_control() && !matches!(c, '\n' | '\t'))
}

impl FakeBot {
    fn fits<'a>(&self, text: &str, names: impl Iterator<Item = &'a String>) -> HostResult {
        self.granted("status")?;
        if self.components.is_empty() {
            return invalid("there is no public status page: the configuration has no [status]");
        }
        let text = text.trim();
        if text.is_empty() || text.chars().count() > TEXT_CHARS {
            return invalid(format!("The public text has 1 to {TEXT_CHARS} characters."));
        }
        if let Some(c) = text.chars().find(|c| is_hidden(*c)) {
            let code = u32::from(c);
            return invalid(format!("The public text holds U+{code:04X}, which cannot be seen; take it out."));
        }
        for name in names {
            if !self.components.contains(name) {
                let known: Vec<_> = self.components.iter().map(String::as_str).collect();
                let known = known.join(", ");
                return invalid(format!("There is no component `{name}`; there are: {known}."));
            }
        }
        // As with the host: the handler learns it and may go on, and nothing else is refused for it.
        match &self.public_refusal {
            Some(why) => invalid(why.clone()),
            None => Ok(()),
        }
    }

    /// Without a page nothing goes onto it; with one, what somebody asks for, unless the test says otherwise.
    pub(super) fn rule(&self, severity: &str) -> PublicRule {
        match self.components.is_empty() {
            true => PublicRule::Never,
            false => match self.public_rules.get(severity).copied().unwrap_or(PublicRule::Ask) {
                // As with the host: what was not asked for is not tried for somebody who may not.
                PublicRule::Propose if self.public_refusal.is_some() && self.event.conversation.is_some() => {
                    PublicRule::Ask
                }
                rule => rule,
            },
        }
    }

    pub(super) fn keep_update(&mut self, update: PublicUpdate) -> HostResult<ApprovalId> {
        self.fits(&update.text, update.components.iter().map(|(name, _)| name))?;
        let Some(incident) = self.incidents.iter().find(|incident| incident.id == update.incident) else {
            return Err(HostError::NotFound(format!("there is no incident {}", update.incident)));
        };
        if self.rule(&incident.severity) == PublicRule::Never && !self.public.contains_key(&update.incident) {
            return invalid(format!("incidents of {} do not go onto the public page", incident.severity));
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
