//! `drillbell:backups`: what is backed up, and the copies there are. Reads are glances, but a pin holds only if the copy is still there
//! and pinned as it was when the call looked: that is asked again at the commit.

use super::caller::{Caller, quoted};
use super::grants::Need;
use crate::bindings::latest::drillbell::backups::backups as wit;
use crate::bindings::latest::drillbell::types::types::HostError;
use crate::config::limits::{COPIES_LISTED, PIN_REASON_CHARS, PINS_PER_CALL};
use crate::model::changes::{Changes, ListQuery, ListRead};
use crate::model::copy::{BackupCopy, Pin};
use crate::model::ids::{ConversationId, PersonId};
use crate::model::target::TargetSeen;
use crate::recurrence::Recurrence;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use wasmtime::component::HasData;

/// Bytes of an object's name: what artifact stores take.
const NAME_BYTES: usize = 1024;

/// What is configured about backups.
#[derive(Clone, Debug, Default)]
pub struct BackupsSetup {
    /// The targets, by name.
    pub targets: Vec<TargetSeen>,
    /// Where backups are told of.
    pub channel: Option<ConversationId>,
}

/// What one call wants pinned or unpinned, by object; the last word on an object counts.
#[derive(Debug, Default)]
pub struct BackupsCall {
    pins: BTreeMap<String, Option<Pin>>,
    /// Whether each copy that it wants to change was pinned when it first looked.
    seen: BTreeMap<String, bool>,
}

/// The capability with its caller.
pub struct BackupsHost<'a> {
    /// Who asks.
    pub caller: &'a mut Caller,
    /// What it asked for so far.
    pub backups: &'a mut BackupsCall,
    /// What is configured.
    pub setup: &'a BackupsSetup,
}

/// Names `BackupsHost` to the linker.
pub struct HasBackups;

impl HasData for HasBackups {
    type Data<'a> = BackupsHost<'a>;
}

impl BackupsCall {
    /// Adds the pins to the call's changes.
    pub fn into_changes(self, changes: &mut Changes) {
        changes.pins = self.pins;
        changes.reads.lists.extend(self.seen.into_iter().map(|(object, pinned)| ListRead {
            query: ListQuery::Copy { object: object.clone() },
            seen: vec![(object, i64::from(pinned))],
        }));
    }
}

fn moment(ms: i64) -> u64 {
    u64::try_from(ms).unwrap_or(0)
}

fn shown(copy: BackupCopy) -> wit::BackupCopy {
    wit::BackupCopy {
        short: copy.short().unwrap_or_default().to_owned(),
        object: copy.object,
        target: copy.target,
        kind: copy.kind,
        taken_at: moment(copy.taken_ms),
        stored_bytes: moment(copy.stored_bytes),
        plain_bytes: moment(copy.plain_bytes),
        verdict: copy.verdict.as_str().to_owned(),
        checked_at: copy.verdict_ms.map(moment),
        detail: copy.verdict_detail,
        verified_at: copy.verified_ms.map(moment),
        proven_at: copy.proven_ms.map(moment),
        pin: copy.pinned.map(|pin| wit::Pinned { by: pin.by.into_string(), at: moment(pin.at_ms), reason: pin.reason }),
    }
}

/// When the schedule of a target's drills comes round next (S4-17); whether one was put off is the business of whoever begins them.
fn next_drill(drill: &Value, now_ms: i64) -> Option<i64> {
    let zone = drill["zone"].as_str().unwrap_or("UTC");
    Recurrence::parse(drill["schedule"].as_str()?, zone).ok()?.next(now_ms)
}

fn weight(copy: &wit::BackupCopy) -> usize {
    const FIXED: usize = 128;
    let pin = copy.pin.as_ref().map_or(0, |pin| pin.by.len() + pin.reason.len());
    FIXED + copy.object.len() + copy.target.len() + copy.kind.len() + copy.detail.len() + pin
}

fn weights(copies: &[wit::BackupCopy]) -> usize {
    copies.iter().map(weight).sum()
}

impl BackupsHost<'_> {
    async fn configured(&mut self) -> Result<Vec<wit::Target>, HostError> {
        self.caller.need(Need::Backups)?;
        let answer = self.caller.reads.drilled().await;
        let drilled = self.caller.settle(answer)?;
        let answer = self.caller.reads.last_drills().await;
        let last = self.caller.settle(answer)?;
        let now_ms = self.caller.now_ms;
        let policy = |target: &TargetSeen| {
            let mut policy = target.policy.clone();
            if let Some(last) = drilled.iter().find(|drilled| drilled.target == target.name)
                && let Some(keys) = policy.as_object_mut()
            {
                keys.insert("measured".to_owned(), json!({"at_ms": last.at_ms, "rto_ms": last.rto_ms}));
            }
            let next_ms = next_drill(&policy["drill"], now_ms);
            if let Some(drill) = policy.get_mut("drill").and_then(Value::as_object_mut) {
                drill.extend(next_ms.map(|next_ms| ("next_ms".to_owned(), json!(next_ms))));
                let last = last.iter().find(|last| last.target == target.name);
                drill.extend(last.map(|last| {
                    let said = json!({"at_ms": last.at_ms, "status": last.status, "sentence": last.sentence});
                    ("last".to_owned(), said)
                }));
            }
            policy.to_string()
        };
        let shown = |target: &TargetSeen| wit::Target {
            name: target.name.clone(),
            kind: target.kind.clone(),
            service: target.service.clone(),
            owner: target.owner.clone(),
            rpo_ms: target.rpo_ms,
            rto_ms: target.rto_ms,
            policy: policy(target),
        };
        Ok(self.setup.targets.iter().map(shown).collect())
    }

    async fn listed(
        &mut self,
        target: &str,
        limit: u32,
        before: Option<u64>,
    ) -> Result<Vec<wit::BackupCopy>, HostError> {
        self.caller.need(Need::Backups)?;
        let before_ms = before.map(|before| i64::try_from(before).unwrap_or(i64::MAX));
        let of = (!target.is_empty()).then_some(target);
        let answer = self.caller.reads.copies(of, limit.min(COPIES_LISTED), before_ms).await;
        Ok(self.caller.settle(answer)?.into_iter().map(shown).collect())
    }

    async fn named(&mut self, name: &str) -> Result<Vec<wit::BackupCopy>, HostError> {
        self.caller.need(Need::Backups)?;
        if name.len() > NAME_BYTES {
            return Ok(Vec::new());
        }
        let answer = self.caller.reads.copies_named(name).await;
        Ok(self.caller.settle(answer)?.into_iter().map(shown).collect())
    }

    async fn known(&mut self, object: &str) -> Result<BackupCopy, HostError> {
        self.caller.need(Need::Backups)?;
        let missing = || HostError::NotFound(format!("the catalogue knows no copy {}", quoted(object)));
        if object.is_empty() || object.len() > NAME_BYTES {
            return Err(missing());
        }
        let answer = self.caller.reads.copy(object).await;
        self.caller.settle(answer)?.ok_or_else(missing)
    }

    /// The copy as it is there now, remembered so that the commit asks again.
    async fn here(&mut self, object: &str) -> Result<BackupCopy, HostError> {
        let copy = self.known(object).await?;
        if copy.gone_ms.is_some() {
            return Err(HostError::NotFound(format!("the copy {} has been deleted", quoted(object))));
        }
        if !self.backups.seen.contains_key(object) && self.backups.seen.len() >= PINS_PER_CALL {
            return Err(HostError::TooLarge(format!("one call may pin and unpin {PINS_PER_CALL} copies")));
        }
        self.backups.seen.entry(object.to_owned()).or_insert(copy.pinned.is_some());
        Ok(copy)
    }

    async fn keep(&mut self, object: String, reason: String) -> Result<(), HostError> {
        let copy = self.here(&object).await?;
        let reason = reason.trim().to_owned();
        let count = reason.chars().count();
        if count == 0 || count > PIN_REASON_CHARS || reason.chars().any(char::is_control) {
            let text = format!("say why it is kept, in one line of 1 to {PIN_REASON_CHARS} characters");
            return Err(HostError::Invalid(text));
        }
        let pinned = match self.backups.pins.get(&object) {
            Some(pin) => pin.clone(),
            None => copy.pinned,
        };
        if let Some(pin) = pinned {
            let text = format!("{} is pinned already, by {}: {}", quoted(&object), pin.by, pin.reason);
            return Err(HostError::Invalid(text));
        }
        self.caller.meter.hold(object.len() + reason.len())?;
        let by = self
            .caller
            .by
            .as_ref()
            .map_or_else(|| PersonId::new(format!("plugin:{}", self.caller.plugin())), |person| person.id.clone());
        self.backups.pins.insert(object, Some(Pin { by, at_ms: self.caller.now_ms, reason }));
        Ok(())
    }

    async fn release(&mut self, object: String) -> Result<(), HostError> {
        let copy = self.here(&object).await?;
        let pinned = match self.backups.pins.get(&object) {
            Some(pin) => pin.is_some(),
            None => copy.pinned.is_some(),
        };
        if !pinned {
            return Err(HostError::Invalid(format!("{} is not pinned", quoted(&object))));
        }
        self.caller.meter.hold(object.len())?;
        self.backups.pins.insert(object, None);
        Ok(())
    }
}

impl wit::Host for BackupsHost<'_> {
    async fn targets(&mut self) -> wasmtime::Result<Result<Vec<wit::Target>, HostError>> {
        self.caller.meter.begin("backups.targets", "", 0)?;
        let answer = self.configured().await;
        self.caller
            .meter
            .end(answer, |targets| targets.iter().map(|target| target.policy.len() + target.name.len()).sum())
    }

    async fn channel(&mut self) -> wasmtime::Result<Result<Option<String>, HostError>> {
        self.caller.meter.begin("backups.channel", "", 0)?;
        let told = self.setup.channel.as_ref().map(|channel| channel.as_str().to_owned());
        let answer = self.caller.need(Need::Backups).map(|()| told);
        self.caller.meter.end(answer, |told| told.as_ref().map_or(0, String::len))
    }

    async fn copies(
        &mut self,
        target: String,
        limit: u32,
        before: Option<u64>,
    ) -> wasmtime::Result<Result<Vec<wit::BackupCopy>, HostError>> {
        self.caller.meter.begin("backups.copies", &target, target.len())?;
        let answer = self.listed(&target, limit, before).await;
        self.caller.meter.end(answer, |copies| weights(copies))
    }

    async fn find(&mut self, name: String) -> wasmtime::Result<Result<Vec<wit::BackupCopy>, HostError>> {
        self.caller.meter.begin("backups.find", "", name.len())?;
        let answer = self.named(&name).await;
        self.caller.meter.end(answer, |copies| weights(copies))
    }

    async fn manifest(&mut self, object: String) -> wasmtime::Result<Result<String, HostError>> {
        self.caller.meter.begin("backups.manifest", &object, object.len())?;
        let answer = self.known(&object).await.map(|copy| copy.manifest);
        self.caller.meter.end(answer, String::len)
    }

    async fn pin(&mut self, object: String, reason: String) -> wasmtime::Result<Result<(), HostError>> {
        self.caller.meter.begin("backups.pin", &object, object.len() + reason.len())?;
        let answer = self.keep(object, reason).await;
        self.caller.meter.end(answer, |()| 0)
    }

    async fn unpin(&mut self, object: String) -> wasmtime::Result<Result<(), HostError>> {
        self.caller.meter.begin("backups.unpin", &object, object.len())?;
        let answer = self.release(object).await;
        self.caller.meter.end(answer, |()| 0)
    }
}

#[cfg(test)]
mod tests;
