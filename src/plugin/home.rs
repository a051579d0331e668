//! Reads of a guest, done as if on the runtime that the call came from: connections and timers that they open belong
//! there, not on the guests' threads, which may be busy with a spinning guest.

use crate::capability::reads::{KvCell, KvRow, Read, Reads, ScheduleSeen};
use crate::model::approval::Approval;
use crate::model::conversation::Opened;
use crate::model::copy::{BackupCopy, Drilled, LastDrill};
use crate::model::deploy::Deploy;
use crate::model::ids::{ApprovalId, ConversationId, IncidentId, MessageRef, PluginId};
use crate::model::incident::{Incident, LastLines, TimelineEntry};
use crate::model::job::Job;
use crate::model::message::MessageOwner;
use crate::status::{Public, PublicThing};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::runtime::Handle;

/// Reads, with their home.
pub(super) struct AtHome {
    pub(super) reads: Arc<dyn Reads>,
    pub(super) home: Handle,
}

/// A future that is polled with its home's runtime as the current one.
struct Entered<'a, T> {
    read: Read<'a, T>,
    home: &'a Handle,
}

impl<T> Future for Entered<'_, T> {
    type Output = <Read<'static, T> as Future>::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let _home = self.home.enter();
        self.read.as_mut().poll(cx)
    }
}

impl AtHome {
    fn at_home<'a, T: 'a>(&'a self, read: Read<'a, T>) -> Read<'a, T> {
        Box::pin(Entered { read, home: &self.home })
    }
}

impl Reads for AtHome {
    fn kv_get<'a>(&'a self, plugin: &'a PluginId, key: &'a str) -> Read<'a, KvCell> {
        self.at_home(self.reads.kv_get(plugin, key))
    }

    fn kv_list<'a>(&'a self, plugin: &'a PluginId, prefix: &'a str, limit: i64) -> Read<'a, Vec<KvRow>> {
        self.at_home(self.reads.kv_list(plugin, prefix, limit))
    }

    fn incident<'a>(&'a self, id: &'a IncidentId) -> Read<'a, Option<Incident>> {
        self.at_home(self.reads.incident(id))
    }

    fn incidents(&self, open_only: bool, limit: i64) -> Read<'_, Vec<Incident>> {
        self.at_home(self.reads.incidents(open_only, limit))
    }

    fn timeline<'a>(&'a self, id: &'a IncidentId, limit: i64) -> Read<'a, Vec<TimelineEntry>> {
        self.at_home(self.reads.timeline(id, limit))
    }

    fn lines<'a>(&'a self, id: &'a IncidentId, limit: i64) -> Read<'a, LastLines> {
        self.at_home(self.reads.lines(id, limit))
    }

    fn conversation<'a>(&'a self, id: &'a ConversationId) -> Read<'a, Option<Opened>> {
        self.at_home(self.reads.conversation(id))
    }

    fn approval<'a>(&'a self, id: &'a ApprovalId) -> Read<'a, Option<Approval>> {
        self.at_home(self.reads.approval(id))
    }

    fn public<'a>(&'a self, thing: &'a PublicThing) -> Read<'a, Public> {
        self.at_home(self.reads.public(thing))
    }

    fn message<'a>(&'a self, message: &'a MessageRef) -> Read<'a, Option<MessageOwner>> {
        self.at_home(self.reads.message(message))
    }

    fn job<'a>(&'a self, id: &'a str) -> Read<'a, Option<Job>> {
        self.at_home(self.reads.job(id))
    }

    fn jobs<'a>(&'a self, plugin: &'a PluginId, unfinished: bool, limit: i64) -> Read<'a, Vec<Job>> {
        self.at_home(self.reads.jobs(plugin, unfinished, limit))
    }

    fn job_of_key<'a>(&'a self, plugin: &'a PluginId, key: &'a str) -> Read<'a, Option<Job>> {
        self.at_home(self.reads.job_of_key(plugin, key))
    }

    fn schedules<'a>(&'a self, plugin: &'a PluginId) -> Read<'a, Vec<ScheduleSeen>> {
        self.at_home(self.reads.schedules(plugin))
    }

    fn copies<'a>(&'a self, target: Option<&'a str>, limit: u32, before_ms: Option<i64>) -> Read<'a, Vec<BackupCopy>> {
        self.at_home(self.reads.copies(target, limit, before_ms))
    }

    fn copies_named<'a>(&'a self, name: &'a str) -> Read<'a, Vec<BackupCopy>> {
        self.at_home(self.reads.copies_named(name))
    }

    fn drilled(&self) -> Read<'_, Vec<Drilled>> {
        self.at_home(self.reads.drilled())
    }

    fn last_drills(&self) -> Read<'_, Vec<LastDrill>> {
        self.at_home(self.reads.last_drills())
    }

    fn copy<'a>(&'a self, object: &'a str) -> Read<'a, Option<BackupCopy>> {
        self.at_home(self.reads.copy(object))
    }

    fn deploys<'a>(&'a self, service: Option<&'a str>, limit: i64) -> Read<'a, Vec<Deploy>> {
        self.at_home(self.reads.deploys(service, limit))
    }

    fn next_incident_number(&self) -> Read<'_, i64> {
        self.at_home(self.reads.next_incident_number())
    }
}
