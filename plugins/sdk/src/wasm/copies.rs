//! Targets and copies as the real bot knows them.

use super::bindings::drillbell::backups::backups;
use super::host::Host;
use crate::backups::{BackupCopy, Backups, Pinned, Target};
use crate::error::HostResult;
use crate::ids::Conversation;

impl From<backups::Target> for Target {
    fn from(target: backups::Target) -> Self {
        Self {
            name: target.name,
            kind: target.kind,
            service: target.service,
            owner: target.owner,
            rpo_ms: target.rpo_ms,
            rto_ms: target.rto_ms,
            policy: target.policy,
        }
    }
}

impl From<backups::BackupCopy> for BackupCopy {
    fn from(copy: backups::BackupCopy) -> Self {
        Self {
            object: copy.object,
            short: copy.short,
            target: copy.target,
            kind: copy.kind,
            taken_ms: copy.taken_at,
            stored_bytes: copy.stored_bytes,
            plain_bytes: copy.plain_bytes,
            verdict: copy.verdict,
            checked_ms: copy.checked_at,
            detail: copy.detail,
            verified_ms: copy.verified_at,
            proven_ms: copy.proven_at,
            pinned: copy.pin.map(|pin| Pinned { by: pin.by, at_ms: pin.at, reason: pin.reason }),
        }
    }
}

impl Backups for Host {
    fn targets(&mut self) -> HostResult<Vec<Target>> {
        Ok(backups::targets()?.into_iter().map(Into::into).collect())
    }

    fn backups_channel(&mut self) -> HostResult<Option<Conversation>> {
        Ok(backups::channel()?.map(Into::into))
    }

    fn copies(&mut self, target: Option<&str>, limit: u32, before_ms: Option<u64>) -> HostResult<Vec<BackupCopy>> {
        let copies = backups::copies(target.unwrap_or_default(), limit, before_ms)?;
        Ok(copies.into_iter().map(Into::into).collect())
    }

    fn copies_named(&mut self, name: &str) -> HostResult<Vec<BackupCopy>> {
        Ok(backups::find(name)?.into_iter().map(Into::into).collect())
    }

    fn manifest(&mut self, object: &str) -> HostResult<String> {
        Ok(backups::manifest(object)?)
    }

    fn pin_copy(&mut self, object: &str, reason: &str) -> HostResult {
        Ok(backups::pin(object, reason)?)
    }

    fn unpin_copy(&mut self, object: &str) -> HostResult {
        Ok(backups::unpin(object)?)
    }
}
