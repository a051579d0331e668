//! Approvals as the host would keep them: asked, looked at, taken back, decided by the test.

use super::{FakeBot, kept};
use crate::approval::{ApprovalRequest, Asked};
use crate::error::{HostError, HostResult, Result};
use crate::events::{Approval, Person};
use crate::handlers::OnApproval;
use crate::ids::ApprovalId;
use std::time::Duration;

impl FakeBot {
    pub(super) fn ask(&mut self, request: ApprovalRequest) -> HostResult<ApprovalId> {
        self.granted("approvals")?;
        let ApprovalRequest { title, details, subject, role, needed, timeout, .. } = request;
        if title.trim().is_empty() {
            return Err(HostError::Invalid(String::from("an approval's title is one line that says something")));
        }
        if !role.is_empty() && !self.roles.contains(&role) {
            return Err(HostError::Invalid(format!("`{role}` is no configured role")));
        }
        if !(1..=10).contains(&needed) {
            return Err(HostError::Invalid(format!("{needed} approvals make no sense: ask for 1 to 10")));
        }
        if !(Duration::from_secs(30)..=Duration::from_secs(7 * 86_400)).contains(&timeout) {
            return Err(HostError::Invalid(String::from("an approval waits 30 seconds to 7 days")));
        }
        kept::shows(&details);
        let id = ApprovalId::from(format!("A-{:08}", self.approvals.len() + 1));
        let expires_ms = self.now_ms + u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
        let (status, by) = (String::from("open"), Vec::new());
        self.approvals.push(Asked { id: id.clone(), title, subject, status, needed, role, by, expires_ms });
        Ok(id)
    }

    pub(super) fn look_up(&self, id: &ApprovalId) -> HostResult<Asked> {
        self.granted("approvals")?;
        let found = self.approvals.iter().find(|asked| asked.id == *id);
        found.cloned().ok_or_else(|| HostError::NotFound(format!("this plugin asked for no approval `{id}`")))
    }

    pub(super) fn take_back(&mut self, id: &ApprovalId, reason: &str) -> HostResult {
        let asked = self.look_up(id)?;
        if asked.status != "open" {
            return Err(HostError::Invalid(format!("{id} is {} already", asked.status)));
        }
        if reason.trim().is_empty() {
            return Err(HostError::Invalid(String::from("an approval's reason is one line that says something")));
        }
        self.end(id, "void", Vec::new());
        Ok(())
    }

    fn end(&mut self, id: &ApprovalId, status: &str, by: Vec<Person>) {
        for asked in self.approvals.iter_mut().filter(|asked| asked.id == *id) {
            asked.status = status.to_owned();
            asked.by.clone_from(&by);
        }
    }

    /// Ends an open approval (`approved`, `denied`, `expired`, `void`) and lets the plugin hear it, as the host does; a panic if
    /// there is no such open one.
    pub fn decide<P: OnApproval>(&mut self, id: &ApprovalId, status: &str, by: Vec<Person>) -> Result {
        let open = self.approvals.iter().find(|asked| asked.id == *id && asked.status == "open").cloned();
        let asked = open.unwrap_or_else(|| panic!("no approval `{id}` is open"));
        self.end(id, status, by.clone());
        let ended =
            Approval { id: id.to_string(), status: status.to_owned(), subject: asked.subject, by, at_ms: self.now_ms };
        self.run(|bot| P::on_approval(bot, ended))
    }
}
