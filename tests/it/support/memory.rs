//! A database in memory for tests that are about the sandbox: reads, and the commit that nobody contends for.

use drillbell::capability::reads::{KvCell, KvRow, Read, ReadError, Reads, ScheduleSeen};
use drillbell::model::approval::Approval;
use drillbell::model::changes::{Changes, KvKey};
use drillbell::model::conversation::Opened;
use drillbell::model::copy::{BackupCopy, Drilled, LastDrill};
use drillbell::model::deploy::Deploy;
use drillbell::model::effect::Effect;
use drillbell::model::ids::{ApprovalId, ConversationId, IncidentId, MessageRef, PluginId};
use drillbell::model::incident::{Incident, LastLines, TimelineEntry};
use drillbell::model::job::Job;
use drillbell::model::message::MessageOwner;
use drillbell::status::{Public, PublicThing};
use futures::FutureExt;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// How the database answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    /// At once.
    #[default]
    Well,
    /// Never.
    Stuck,
    /// With an error.
    Broken,
}

/// A database.
#[derive(Default)]
pub struct Memory {
    rows: Mutex<Rows>,
    mood: Mood,
}

#[derive(Default)]
struct Rows {
    kv: BTreeMap<KvKey, KvCell>,
    incidents: BTreeMap<i64, Incident>,
    timeline: Vec<TimelineEntry>,
    messages: BTreeMap<MessageRef, MessageOwner>,
    approvals: BTreeMap<ApprovalId, Approval>,
}

impl Memory {
    /// An empty database of a mood.
    pub fn in_mood(mood: Mood) -> Self {
        Self { mood, ..Self::default() }
    }

    /// Writes what a call of `plugin` wants, as a commit would.
    pub fn commit(&self, plugin: &PluginId, changes: Changes) {
        let mut rows = self.rows.lock().expect("no test panics while it holds this");
        for (key, value) in changes.kv {
            let cell = rows.kv.entry(key).or_default();
            *cell = KvCell { value, revision: cell.revision + 1 };
        }
        for incident in changes.incidents.into_values() {
            let stored = Incident { revision: incident.revision + 1, ..incident };
            rows.incidents.insert(stored.id.number(), stored);
        }
        for approval in changes.approvals.into_values() {
            let stored = Approval { revision: approval.revision + 1, ..approval };
            rows.approvals.insert(stored.id.clone(), stored);
        }
        rows.timeline.extend(changes.timeline);
        for effect in changes.effects {
            if let Effect::PostMessage { message, to, private_to, .. } = effect {
                let row = MessageOwner { plugin: plugin.clone(), conversation: to, private_to };
                rows.messages.insert(message, row);
            }
        }
    }

    fn answer<T: Send + 'static>(&self, pick: impl FnOnce(&Rows) -> T) -> Read<'static, T> {
        match self.mood {
            Mood::Well => {
                std::future::ready(Ok(pick(&self.rows.lock().expect("no test panics while it holds this")))).boxed()
            }
            Mood::Stuck => std::future::pending().boxed(),
            Mood::Broken => std::future::ready(Err(ReadError("the disk is on fire".into()))).boxed(),
        }
    }
}

impl Reads for Memory {
    fn kv_get<'a>(&'a self, plugin: &'a PluginId, key: &'a str) -> Read<'a, KvCell> {
        let key = KvKey { plugin: plugin.clone(), key: key.into() };
        self.answer(|rows| rows.kv.get(&key).cloned().unwrap_or_default())
    }

    fn kv_list<'a>(&'a self, plugin: &'a PluginId, prefix: &'a str, limit: i64) -> Read<'a, Vec<KvRow>> {
        self.answer(|rows| {
            let own = rows.kv.iter().filter(|(key, _)| key.plugin == *plugin && key.key.starts_with(prefix));
            let own = own.filter_map(|(key, cell)| {
                let value = cell.value.clone()?;
                Some(KvRow { key: key.key.clone(), value, revision: cell.revision })
            });
            own.take(limit as usize).collect()
        })
    }

    fn incident<'a>(&'a self, id: &'a IncidentId) -> Read<'a, Option<Incident>> {
        self.answer(|rows| rows.incidents.get(&id.number()).cloned())
    }

    fn incidents(&self, open_only: bool, limit: i64) -> Read<'_, Vec<Incident>> {
        self.answer(|rows| {
            let newest = rows.incidents.values().rev().filter(|one| !open_only || one.resolved_ms.is_none());
            newest.take(limit as usize).cloned().collect()
        })
    }

    fn timeline<'a>(&'a self, id: &'a IncidentId, limit: i64) -> Read<'a, Vec<TimelineEntry>> {
        self.answer(|rows| {
            let lines: Vec<_> = rows.timeline.iter().filter(|line| line.incident == *id).cloned().collect();
            lines[lines.len().saturating_sub(limit as usize)..].to_vec()
        })
    }

    fn lines<'a>(&'a self, _: &'a IncidentId, _: i64) -> Read<'a, LastLines> {
        self.answer(|_| LastLines::default())
    }

    fn conversation<'a>(&'a self, _: &'a ConversationId) -> Read<'a, Option<Opened>> {
        self.answer(|_| None)
    }

    fn approval<'a>(&'a self, id: &'a ApprovalId) -> Read<'a, Option<Approval>> {
        self.answer(|rows| rows.approvals.get(id).cloned())
    }

    fn public<'a>(&'a self, _: &'a PublicThing) -> Read<'a, Public> {
        Box::pin(async { Ok(Public::default()) })
    }

    fn message<'a>(&'a self, message: &'a MessageRef) -> Read<'a, Option<MessageOwner>> {
        self.answer(|rows| rows.messages.get(message).cloned())
    }

    fn job<'a>(&'a self, _: &'a str) -> Read<'a, Option<Job>> {
        self.answer(|_| None)
    }

    fn jobs<'a>(&'a self, _: &'a PluginId, _: bool, _: i64) -> Read<'a, Vec<Job>> {
        self.answer(|_| Vec::new())
    }

    fn job_of_key<'a>(&'a self, _: &'a PluginId, _: &'a str) -> Read<'a, Option<Job>> {
        self.answer(|_| None)
    }

    fn schedules<'a>(&'a self, _: &'a PluginId) -> Read<'a, Vec<ScheduleSeen>> {
        self.answer(|_| Vec::new())
    }

    fn copies<'a>(&'a self, _: Option<&'a str>, _: u32, _: Option<i64>) -> Read<'a, Vec<BackupCopy>> {
        self.answer(|_| Vec::new())
    }

    fn copies_named<'a>(&'a self, _: &'a str) -> Read<'a, Vec<BackupCopy>> {
        self.answer(|_| Vec::new())
    }

    fn last_drills(&self) -> Read<'_, Vec<LastDrill>> {
        self.answer(|_| Vec::new())
    }

    fn drilled(&self) -> Read<'_, Vec<Drilled>> {
        self.answer(|_| Vec::new())
    }

    fn deploys<'a>(&'a self, _: Option<&'a str>, _: i64) -> Read<'a, Vec<Deploy>> {
        self.answer(|_| Vec::new())
    }

    fn copy<'a>(&'a self, _: &'a str) -> Read<'a, Option<BackupCopy>> {
        self.answer(|_| None)
    }

    fn next_incident_number(&self) -> Read<'_, i64> {
        self.answer(|rows| rows.incidents.last_key_value().map_or(1, |(number, _)| number + 1))
    }
}
