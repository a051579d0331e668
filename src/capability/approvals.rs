//! `drillbell:approvals`: asking people for their yes. Recorded here; the card is posted and the votes are counted by the host
//! (`dispatch`), and the rules of who counts are in `policy`.

use super::caller::{Caller, quoted};
use super::grants::Need;
use super::view::finished;
use crate::bindings::draft::ViewDraft;
use crate::bindings::latest::drillbell::approvals::approvals as wit;
use crate::bindings::latest::drillbell::types::types::{HostError, Person as WitPerson};
use crate::config::limits::{
    APPROVAL_SUBJECT_BYTES, APPROVAL_TIME_MAX, APPROVAL_TIME_MIN, APPROVAL_WORDS_CHARS, APPROVALS_PER_CALL,
    APPROVERS_MAX,
};
use crate::model::approval::{Approval, Holds, State, Verdict, subject};
use crate::model::changes::{Cell, Changes};
use crate::model::event::Person;
use crate::model::ids::{ApprovalId, ConversationId, PersonId};
use crate::model::view::{Block, View};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use wasmtime::component::{HasData, Resource, ResourceTable};

/// What the host keeps of an approval besides its texts.
const APPROVAL_BYTES: usize = 1024;

/// The names of the configured roles.
pub type RoleNames = Arc<BTreeSet<String>>;

/// What one call read, asked for and took back.
#[derive(Debug)]
pub struct ApprovalsCall {
    roles: RoleNames,
    /// As first read; what is not this plugin's is as good as not there.
    seen: BTreeMap<ApprovalId, Option<Approval>>,
    changed: BTreeMap<ApprovalId, Approval>,
}

/// The capability with its caller.
pub struct ApprovalsHost<'a> {
    /// Who asks.
    pub caller: &'a mut Caller,
    /// What it asked for so far.
    pub approvals: &'a mut ApprovalsCall,
    /// The messages under construction.
    pub table: &'a mut ResourceTable,
}

/// Names `ApprovalsHost` to the linker.
pub struct HasApprovals;

impl HasData for HasApprovals {
    type Data<'a> = ApprovalsHost<'a>;
}

impl ApprovalsCall {
    /// Nothing asked yet.
    pub fn new(roles: RoleNames) -> Self {
        Self { roles, seen: BTreeMap::new(), changed: BTreeMap::new() }
    }

    /// Adds one that another capability asks for.
    pub(super) fn add(&mut self, approval: Approval) -> Result<(), HostError> {
        if self.changed.len() >= APPROVALS_PER_CALL {
            return Err(HostError::TooLarge(format!("one call may ask for {APPROVALS_PER_CALL} approvals")));
        }
        self.changed.insert(approval.id.clone(), approval);
        Ok(())
    }

    /// Adds what was read and asked for to the call's changes.
    pub fn into_changes(self, changes: &mut Changes) {
        let revision = |seen: Option<Approval>| seen.map_or(0, |approval| approval.revision);
        changes.reads.cells.extend(self.seen.into_iter().map(|(id, seen)| (Cell::Approval(id), revision(seen))));
        changes.approvals.extend(self.changed);
    }
}

/// An approval that a call asks for, in the name of whoever caused its event.
pub(super) fn opened(
    caller: &Caller,
    subject: (String, String),
    to: ConversationId,
    holds: Holds,
    until_ms: i64,
) -> Approval {
    let plugin = caller.plugin().clone();
    let nobody = || Person { id: PersonId::new(format!("plugin:{plugin}")), name: plugin.to_string() };
    let requester = caller.by.clone().unwrap_or_else(nobody);
    Approval::open(plugin, requester, to, subject, holds, [caller.now_ms, until_ms])
}

impl ApprovalsCall {
    /// One of this plugin's approvals as this call sees it.
    async fn find(&mut self, caller: &mut Caller, id: &str) -> Result<Approval, HostError> {
        let missing = || HostError::NotFound(format!("this plugin asked for no approval {}", quoted(id)));
        let id = ApprovalId::parse(id).ok_or_else(missing)?;
        if let Some(own) = self.changed.get(&id) {
            return Ok(own.clone());
        }
        if !self.seen.contains_key(&id) {
            let answer = caller.reads.approval(&id).await;
            let found = caller.settle(answer)?;
            caller.meter.hold(found.as_ref().map_or(APPROVAL_BYTES, |found| APPROVAL_BYTES + found.subject.len()))?;
            // Those of others, and those that hold a command or a job back, are nobody's business here.
            let own = found.filter(|found| found.plugin == *caller.plugin() && found.holds == Holds::Question);
            if own.is_none() {
                return Err(missing());
            }
            self.seen.insert(id.clone(), own);
        }
        self.seen.get(&id).cloned().flatten().ok_or_else(missing)
    }

    /// Uses up an approval of this plugin's for exactly that plan. Each is good for once.
    pub async fn use_up(&mut self, caller: &mut Caller, id: &str, plan: &Value) -> Result<ApprovalId, HostError> {
        caller.need(Need::Approvals)?;
        let mut approval = self.find(caller, id).await?;
        let id = approval.id.clone();
        let why = match (approval.state, approval.used_ms) {
            (State::Approved, Some(_)) => "has been used",
            (State::Approved, None) if approval.digest != subject(plan).1 => {
                "is not for this: its subject must be {\"kind\": …, \"spec\": …}, exactly as the job is started"
            }
            (State::Approved, None) => {
                approval.used_ms = Some(caller.now_ms);
                self.changed.insert(id.clone(), approval);
                return Ok(id);
            }
            (state, _) => return Err(HostError::Invalid(format!("{id} is {}, not approved", state.as_str()))),
        };
        Err(HostError::Invalid(format!("{id} {why}")))
    }
}

/// What is asked for, as it came.
struct Asked {
    title: String,
    subject: String,
    role: String,
    needed: u32,
    expires_at: u64,
    to: Option<String>,
}

impl ApprovalsHost<'_> {
    fn room(&self, id: Option<&ApprovalId>) -> Result<(), HostError> {
        let known = id.is_some_and(|id| self.approvals.changed.contains_key(id));
        if known || self.approvals.changed.len() < APPROVALS_PER_CALL {
            return Ok(());
        }
        Err(HostError::TooLarge(format!("one call may ask for or take back {APPROVALS_PER_CALL} approvals")))
    }

    async fn ask(&mut self, asked: Asked, details: View) -> Result<String, HostError> {
        self.caller.need(Need::Approvals)?;
        self.room(None)?;
        let title = words(&asked.title, "title")?;
        if asked.subject.len() > APPROVAL_SUBJECT_BYTES {
            let size = asked.subject.len();
            let text = format!("an approval's subject may have {APPROVAL_SUBJECT_BYTES} bytes; this one has {size}");
            return Err(HostError::TooLarge(text));
        }
        if i64::from(asked.needed) > APPROVERS_MAX || asked.needed == 0 {
            return Err(HostError::Invalid(format!(
                "{} approvals make no sense: ask for 1 to {APPROVERS_MAX}",
                asked.needed
            )));
        }
        if !asked.role.is_empty() && !self.approvals.roles.contains(&asked.role) {
            let known: Vec<_> = self.approvals.roles.iter().map(String::as_str).collect();
            let text = format!("{} is no configured role; there are: {}", quoted(&asked.role), known.join(", "));
            return Err(HostError::Invalid(text));
        }
        let until_ms = self.until(asked.expires_at)?;
        let conversation = match asked.to {
            Some(to) => self.caller.place(to).await?,
            None => self.caller.natural_place().await?.ok_or_else(|| {
                HostError::Invalid("nobody caused this event, so there is nowhere to ask: say where with `to`".into())
            })?,
        };
        // What is no JSON is a text; either way the digest is over one form.
        let value = serde_json::from_str(&asked.subject).unwrap_or(Value::String(asked.subject));
        let (subject, digest) = subject(&value);
        self.caller.meter.hold(APPROVAL_BYTES + 2 * subject.len() + title.len())?;
        let approval = Approval {
            title,
            needed: asked.needed,
            role: Some(asked.role).filter(|role| !role.is_empty()),
            incident: self.caller.incident.clone(),
            plea: details,
            ..opened(self.caller, (subject, digest), conversation, Holds::Question, until_ms)
        };
        let id = approval.id.clone();
        self.approvals.add(approval)?;
        Ok(id.into_string())
    }

    /// The moment until which it waits, if it is a sensible one.
    fn until(&self, expires_at: u64) -> Result<i64, HostError> {
        let until_ms = i64::try_from(expires_at).unwrap_or(i64::MAX);
        let wait_ms = until_ms.saturating_sub(self.caller.now_ms);
        let [least, most] = [APPROVAL_TIME_MIN, APPROVAL_TIME_MAX].map(|time| time.as_millis());
        if u128::try_from(wait_ms).is_ok_and(|wait| (least..=most).contains(&wait)) {
            return Ok(until_ms);
        }
        Err(HostError::Invalid(format!(
            "an approval waits {} seconds to {} days, and this one would wait {} seconds",
            least / 1000,
            most / 86_400_000,
            wait_ms / 1000
        )))
    }

    async fn find(&mut self, id: &str) -> Result<Approval, HostError> {
        self.caller.need(Need::Approvals)?;
        self.approvals.find(self.caller, id).await
    }

    async fn take_back(&mut self, id: &str, reason: &str) -> Result<(), HostError> {
        let mut approval = self.find(id).await?;
        let reason = words(reason, "reason")?;
        if approval.state != State::Open {
            return Err(HostError::Invalid(format!("{} is {} already", approval.id, approval.state.as_str())));
        }
        self.room(Some(&approval.id))?;
        self.caller.meter.hold(APPROVAL_BYTES + approval.subject.len() + reason.len())?;
        approval.state = State::Void;
        approval.ended_ms = Some(self.caller.now_ms);
        approval.reason = reason;
        self.approvals.changed.insert(approval.id.clone(), approval);
        Ok(())
    }
}

/// A line for people: not empty, short, and without line breaks.
fn words(text: &str, what: &str) -> Result<String, HostError> {
    let chars = text.chars().count();
    if chars > APPROVAL_WORDS_CHARS {
        return Err(HostError::TooLarge(format!(
            "an approval's {what} may have {APPROVAL_WORDS_CHARS} characters; this one has {chars}"
        )));
    }
    if text.trim().is_empty() || text.chars().any(char::is_control) {
        return Err(HostError::Invalid(format!("an approval's {what} is one line that says something")));
    }
    Ok(text.trim().to_owned())
}

fn to_wit(approval: Approval) -> wit::Approval {
    let no = approval.state == State::Denied;
    let votes = approval.votes.into_iter().filter(|vote| (vote.verdict == Verdict::Deny) == no);
    wit::Approval {
        id: approval.id.into_string(),
        title: approval.title,
        subject: approval.subject,
        status: approval.state.as_str().to_owned(),
        needed: approval.needed,
        role: approval.role.unwrap_or_default(),
        by: votes.map(|vote| WitPerson { id: vote.by.id.into_string(), name: vote.by.name }).collect(),
        expires_at: u64::try_from(approval.until_ms).unwrap_or(0),
    }
}

impl wit::Host for ApprovalsHost<'_> {
    async fn request(
        &mut self,
        title: String,
        subject: String,
        role: String,
        needed: u32,
        expires_at: u64,
        to: Option<String>,
        details: Resource<ViewDraft>,
    ) -> wasmtime::Result<Result<String, HostError>> {
        self.caller.meter.begin("approvals.request", &role, title.len() + subject.len())?;
        let answer = match finished(self.caller, self.table, &details)? {
            Ok(mut view) => {
                // Buttons on the card are the host's alone.
                view.blocks.retain(|block| !matches!(block, Block::Button(_)));
                self.ask(Asked { title, subject, role, needed, expires_at, to }, view).await
            }
            Err(refused) => Err(refused),
        };
        self.caller.meter.end(answer, String::len)
    }

    async fn get(&mut self, id: String) -> wasmtime::Result<Result<wit::Approval, HostError>> {
        self.caller.meter.begin("approvals.get", "", id.len())?;
        let answer = self.find(&id).await.map(to_wit);
        self.caller.meter.end(answer, |approval| approval.subject.len() + approval.title.len())
    }

    async fn cancel(&mut self, id: String, reason: String) -> wasmtime::Result<Result<(), HostError>> {
        self.caller.meter.begin("approvals.cancel", "", id.len() + reason.len())?;
        let answer = self.take_back(&id, &reason).await;
        self.caller.meter.end(answer, |()| 0)
    }
}

#[cfg(test)]
pub(super) mod tests;
