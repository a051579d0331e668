//! A database in memory and callers with any grants, for the capabilities' own tests.

use super::caller::{Caller, CallerSetup};
use super::deadline::Deadline;
use super::grants::{Grant, Grants};
use super::reads::{KvCell, KvRow, Read, ReadError, Reads, ScheduleSeen};
use crate::model::approval::Approval;
use crate::model::conversation::Opened;
use crate::model::copy::{BackupCopy, Drilled, LastDrill};
use crate::model::deploy::Deploy;
use crate::model::event::Person;
use crate::model::ids::{ApprovalId, ConversationId, IncidentId, MessageRef, PluginId};
use crate::model::incident::{Incident, LastLines, Status, TimelineEntry, TimelineLine};
use crate::model::job::Job;
use crate::model::message::MessageOwner;
use crate::status::{Public, PublicThing};
use futures::future::FutureExt;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// What is committed.
#[derive(Default)]
pub struct FakeReads {
    pub kv: BTreeMap<(PluginId, String), KvCell>,
    pub incidents: BTreeMap<i64, Incident>,
    pub timeline: Vec<TimelineEntry>,
    pub messages: BTreeMap<MessageRef, MessageOwner>,
    pub approvals: BTreeMap<ApprovalId, Approval>,
    pub jobs: Vec<Job>,
    pub schedules: Vec<ScheduleSeen>,
    pub conversations: BTreeMap<ConversationId, Opened>,
    pub public: BTreeMap<PublicThing, Public>,
    pub copies: Vec<BackupCopy>,
    pub drilled: Vec<Drilled>,
    pub last_drills: Vec<LastDrill>,
    pub deploys: Vec<Deploy>,
    pub broken: bool,
}

impl FakeReads {
    pub fn with_kv(mut self, plugin: &str, key: &str, value: &str, revision: i64) -> Self {
        self.kv.insert((plugin.into(), key.into()), KvCell { value: Some(value.into()), revision });
        self
    }

    pub fn with_incident(mut self, incident: Incident) -> Self {
        self.incidents.insert(incident.id.number(), incident);
        self
    }

    pub fn with_message(mut self, message: &str, plugin: &str, conversation: &str) -> Self {
        let row = MessageOwner { plugin: plugin.into(), conversation: conversation.into(), private_to: None };
        self.messages.insert(message.into(), row);
        self
    }

    fn answer<T: Send + 'static>(&self, value: T) -> Read<'static, T> {
        let answer = if self.broken { Err(ReadError("disk on fire".into())) } else { Ok(value) };
        async move { answer }.boxed()
    }
}

impl Reads for FakeReads {
    fn kv_get<'a>(&'a self, plugin: &'a PluginId, key: &'a str) -> Read<'a, KvCell> {
        self.answer(self.kv.get(&(plugin.clone(), key.to_owned())).cloned().unwrap_or_default())
    }

    fn kv_list<'a>(&'a self, plugin: &'a PluginId, prefix: &'a str, limit: i64) -> Read<'a, Vec<KvRow>> {
        let rows = self.kv.iter().filter(|((owner, key), _)| owner == plugin && key.starts_with(prefix));
        let rows = rows.filter_map(|((_, key), cell)| {
            cell.value.clone().map(|value| KvRow { key: key.clone(), value, revision: cell.revision })
        });
        self.answer(rows.take(limit as usize).collect())
    }

    fn incident<'a>(&'a self, id: &'a IncidentId) -> Read<'a, Option<Incident>> {
        self.answer(self.incidents.get(&id.number()).cloned())
    }

    fn incidents(&self, open_only: bool, limit: i64) -> Read<'_, Vec<Incident>> {
        let newest_first = self.incidents.values().rev().filter(|i| !open_only || i.status != Status::Resolved);
        self.answer(newest_first.take(limit as usize).cloned().collect())
    }

    fn timeline<'a>(&'a self, id: &'a IncidentId, limit: i64) -> Read<'a, Vec<TimelineEntry>> {
        let lines: Vec<_> = self.timeline.iter().filter(|line| line.incident == *id).cloned().collect();
        let from = lines.len().saturating_sub(limit as usize);
        self.answer(lines[from..].to_vec())
    }

    fn lines<'a>(&'a self, id: &'a IncidentId, limit: i64) -> Read<'a, LastLines> {
        let lines: Vec<_> = self.timeline.iter().filter(|line| line.incident == *id).cloned().collect();
        let from = lines.len().saturating_sub(limit as usize);
        let line = |entry: &TimelineEntry| TimelineLine { entry: entry.clone(), source: None, via: None };
        self.answer(LastLines { lines: lines[from..].iter().map(line).collect(), earlier: from })
    }

    fn conversation<'a>(&'a self, id: &'a ConversationId) -> Read<'a, Option<Opened>> {
        self.answer(self.conversations.get(id).cloned())
    }

    fn approval<'a>(&'a self, id: &'a ApprovalId) -> Read<'a, Option<Approval>> {
        self.answer(self.approvals.get(id).cloned())
    }

    fn public<'a>(&'a self, thing: &'a PublicThing) -> Read<'a, Public> {
        self.answer(self.public.get(thing).cloned().unwrap_or_default())
    }

    fn message<'a>(&'a self, message: &'a MessageRef) -> Read<'a, Option<MessageOwner>> {
        self.answer(self.messages.get(message).cloned())
    }

    fn job<'a>(&'a self, id: &'a str) -> Read<'a, Option<Job>> {
        self.answer(self.jobs.iter().find(|job| job.id == id).cloned())
    }

    fn jobs<'a>(&'a self, plugin: &'a PluginId, unfinished: bool, limit: i64) -> Read<'a, Vec<Job>> {
        let own = self.jobs.iter().rev().filter(|job| job.plugin == *plugin && !(unfinished && job.state.has_ended()));
        self.answer(own.take(limit as usize).cloned().collect())
    }

    fn job_of_key<'a>(&'a self, plugin: &'a PluginId, key: &'a str) -> Read<'a, Option<Job>> {
        let own = self.jobs.iter().filter(|job| job.plugin == *plugin && !job.state.has_ended());
        self.answer(own.into_iter().find(|job| job.key.as_deref() == Some(key)).cloned())
    }

    fn schedules<'a>(&'a self, _: &'a PluginId) -> Read<'a, Vec<ScheduleSeen>> {
        self.answer(self.schedules.clone())
    }

    fn copies<'a>(&'a self, target: Option<&'a str>, limit: u32, before_ms: Option<i64>) -> Read<'a, Vec<BackupCopy>> {
        let there = self.copies.iter().filter(|copy| copy.gone_ms.is_none());
        let wanted = there.filter(|copy| target.is_none_or(|target| copy.target == target));
        let wanted = wanted.filter(|copy| before_ms.is_none_or(|before| copy.taken_ms < before));
        self.answer(wanted.take(limit as usize).cloned().collect())
    }

    fn copies_named<'a>(&'a self, name: &'a str) -> Read<'a, Vec<BackupCopy>> {
        let there = self.copies.iter().filter(|copy| copy.gone_ms.is_none());
        self.answer(there.filter(|copy| copy.object == name || copy.short() == Some(name)).cloned().collect())
    }

    fn drilled(&self) -> Read<'_, Vec<Drilled>> {
        self.answer(self.drilled.clone())
    }

    fn last_drills(&self) -> Read<'_, Vec<LastDrill>> {
        self.answer(self.last_drills.clone())
    }

    fn copy<'a>(&'a self, object: &'a str) -> Read<'a, Option<BackupCopy>> {
        self.answer(self.copies.iter().find(|copy| copy.object == object).cloned())
    }

    fn deploys<'a>(&'a self, service: Option<&'a str>, limit: i64) -> Read<'a, Vec<Deploy>> {
        let of = self.deploys.iter().filter(|deploy| service.is_none_or(|service| deploy.record.service == service));
        self.answer(of.take(limit as usize).cloned().collect())
    }

    fn next_incident_number(&self) -> Read<'_, i64> {
        self.answer(self.incidents.last_key_value().map_or(1, |(number, _)| number + 1))
    }
}

/// The plugin `probe` with both keys for `grants`, called by ana from `console:#ops` on an empty database.
pub fn caller(grants: &[&str]) -> Caller {
    caller_on(grants, FakeReads::default())
}

/// The same on a given database.
pub fn caller_on(grants: &[&str], reads: FakeReads) -> Caller {
    let both: Vec<_> = grants.iter().map(|text| Grant::parse(text).unwrap()).collect();
    Caller::new(CallerSetup {
        grants: Arc::new(Grants::new("probe".into(), both.clone(), both)),
        reads: Arc::new(reads),
        now_ms: 1_000,
        conversation: "console:#ops".into(),
        incident: None,
        by: Some(Person { id: "ana".into(), name: "Ana".into() }),
        author: "ana".into(),
        public_refusal: None,
        deadline: Arc::new(Deadline::after(Duration::from_secs(60))),
    })
}

/// An open incident of revision 3.
pub fn incident(number: i64, conversation: &str) -> Incident {
    Incident {
        id: IncidentId::numbered(number),
        title: format!("trouble {number}"),
        severity: "sev2".into(),
        status: Status::Investigating,
        conversation: conversation.into(),
        service: None,
        declared_by: "ana".into(),
        declared_ms: number,
        resolved_ms: None,
        card: None,
        latest: String::new(),
        facts: Default::default(),
        revision: 3,
    }
}
