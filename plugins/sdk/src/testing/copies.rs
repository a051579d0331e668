//! Targets and copies as a test says they are. Pins are kept; copies come and go only by the test.

use super::FakeBot;
use crate::backups::{BackupCopy, Backups, Pinned, Target};
use crate::error::{HostError, HostResult};
use crate::ids::Conversation;
use serde_json::Value;

/// Characters of a reason, as with the real host.
const REASON_CHARS: usize = 200;

impl FakeBot {
    /// Configures a target; `policy` as `wit/deps/backups` tells it.
    pub fn with_target(&mut self, name: &str, kind: &str, rpo_ms: Option<u64>, policy: &Value) -> &mut Target {
        self.targets.retain(|target| target.name != name);
        let (kind, policy) = (kind.to_owned(), policy.to_string());
        let (service, owner) = (String::new(), String::new());
        self.targets.push(Target { name: name.to_owned(), kind, service, owner, rpo_ms, rto_ms: None, policy });
        self.targets.sort_by(|a, b| a.name.cmp(&b.name));
        let at = self.targets.iter().position(|target| target.name == name).unwrap_or_default();
        &mut self.targets[at]
    }

    /// Puts a copy into the catalogue, taken at a moment, whose short name is as given; it is `unverified`.
    pub fn with_copy(&mut self, target: &str, short: &str, taken_ms: u64) -> &mut BackupCopy {
        let kind = self.targets.iter().find(|known| known.name == target).map(|known| known.kind.clone());
        let copy = BackupCopy {
            object: format!("backups/{target}/{taken_ms}-{short}.dump.zst"),
            short: short.to_owned(),
            target: target.to_owned(),
            kind: kind.unwrap_or_else(|| String::from("postgres")),
            taken_ms,
            stored_bytes: 1_000_000,
            plain_bytes: 9_000_000,
            verdict: String::from("unverified"),
            ..BackupCopy::default()
        };
        self.copies.retain(|known| known.object != copy.object);
        self.copies.push(copy);
        self.copies.sort_by(|a, b| (b.taken_ms, &b.object).cmp(&(a.taken_ms, &a.object)));
        let at = self.copies.iter().position(|known| known.short == short && known.taken_ms == taken_ms);
        &mut self.copies[at.unwrap_or_default()]
    }

    fn there(&mut self, object: &str) -> HostResult<&mut BackupCopy> {
        let missing = || HostError::NotFound(format!("the catalogue knows no copy `{object}`"));
        self.copies.iter_mut().find(|copy| copy.object == object).ok_or_else(missing)
    }
}

impl Backups for FakeBot {
    fn targets(&mut self) -> HostResult<Vec<Target>> {
        self.granted("backups")?;
        Ok(self.targets.clone())
    }

    fn backups_channel(&mut self) -> HostResult<Option<Conversation>> {
        self.granted("backups")?;
        Ok(self.backups_channel.clone())
    }

    fn copies(&mut self, target: Option<&str>, limit: u32, before_ms: Option<u64>) -> HostResult<Vec<BackupCopy>> {
        self.granted("backups")?;
        let of = self.copies.iter().filter(|copy| target.is_none_or(|target| copy.target == target));
        let older = of.filter(|copy| before_ms.is_none_or(|before| copy.taken_ms < before));
        Ok(older.take(limit.min(500) as usize).cloned().collect())
    }

    fn copies_named(&mut self, name: &str) -> HostResult<Vec<BackupCopy>> {
        self.granted("backups")?;
        let fits = |copy: &&BackupCopy| copy.object == name || (!name.is_empty() && copy.short == name);
        Ok(self.copies.iter().filter(fits).cloned().collect())
    }

    fn manifest(&mut self, object: &str) -> HostResult<String> {
        self.granted("backups")?;
        self.there(object)?;
        Ok(self.manifests.get(object).map_or_else(|| String::from("{}"), ToString::to_string))
    }

    fn pin_copy(&mut self, object: &str, reason: &str) -> HostResult {
        self.granted("backups")?;
        let (by, at_ms, reason) = (self.event.author.clone(), self.now_ms, reason.trim().to_owned());
        let copy = self.there(object)?;
        if reason.is_empty() || reason.chars().count() > REASON_CHARS || reason.chars().any(char::is_control) {
            return Err(HostError::Invalid(format!(
                "say why it is kept, in one line of 1 to {REASON_CHARS} characters"
            )));
        }
        if let Some(pin) = &copy.pinned {
            return Err(HostError::Invalid(format!("it is pinned already, by {}: {}", pin.by, pin.reason)));
        }
        copy.pinned = Some(Pinned { by, at_ms, reason });
        Ok(())
    }

    fn unpin_copy(&mut self, object: &str) -> HostResult {
        self.granted("backups")?;
        match self.there(object)?.pinned.take() {
            Some(_) => Ok(()),
            None => Err(HostError::Invalid(format!("`{object}` is not pinned"))),
        }
    }
}
