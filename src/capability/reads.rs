//! What a call may read from the database, as the capabilities see it. The store implements it; tests use a map.
//! Nothing here writes: what a call wants written is returned as `model::changes::Changes`.

use crate::model::approval::Approval;
use crate::model::conversation::Opened;
use crate::model::copy::{BackupCopy, Drilled, LastDrill};
use crate::model::deploy::Deploy;
use crate::model::ids::{ApprovalId, ConversationId, IncidentId, MessageRef, PluginId};
use crate::model::incident::{Incident, LastLines, TimelineEntry};
use crate::model::job::Job;
use crate::model::message::MessageOwner;
use crate::status::{Public, PublicThing};
use futures::future::BoxFuture;

/// A read that failed: the database's own words, for the log.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ReadError(pub String);

/// The answer to a read, when it comes.
pub type Read<'a, T> = BoxFuture<'a, Result<T, ReadError>>;

/// A key as the database has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KvCell {
    /// Its value; `None` when it was never set or is deleted.
    pub value: Option<String>,
    /// Counts its changes; 0 means never written.
    pub revision: i64,
}

/// A key with its value, as a list gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KvRow {
    /// The key.
    pub key: String,
    /// Its value.
    pub value: String,
    /// Counts its changes, from 1.
    pub revision: i64,
}

/// A schedule as the database has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleSeen {
    /// Its name.
    pub name: String,
    /// Five fields.
    pub expression: String,
    /// The name of its time zone.
    pub zone: String,
    /// When it is due next.
    pub next_ms: Option<i64>,
    /// When the last occurrence was due.
    pub last_due_ms: Option<i64>,
    /// What became of it; empty before the first.
    pub last_outcome: String,
}

/// The reads. Each sees what is committed; a call's own changes are laid over it by the capabilities.
pub trait Reads: Send + Sync {
    /// One key of a plugin's memory.
    fn kv_get<'a>(&'a self, plugin: &'a PluginId, key: &'a str) -> Read<'a, KvCell>;
    /// The keys of a plugin that start with `prefix`, in key order, at most `limit`.
    fn kv_list<'a>(&'a self, plugin: &'a PluginId, prefix: &'a str, limit: i64) -> Read<'a, Vec<KvRow>>;
    /// One incident.
    fn incident<'a>(&'a self, id: &'a IncidentId) -> Read<'a, Option<Incident>>;
    /// Incidents, newest first, at most `limit`.
    fn incidents(&self, open_only: bool, limit: i64) -> Read<'_, Vec<Incident>>;
    /// The last `limit` lines of an incident's timeline, oldest first.
    fn timeline<'a>(&'a self, id: &'a IncidentId, limit: i64) -> Read<'a, Vec<TimelineEntry>>;
    /// The last `limit` lines with where each comes from, oldest first.
    fn lines<'a>(&'a self, id: &'a IncidentId, limit: i64) -> Read<'a, LastLines>;
    /// A conversation that the bot opened.
    fn conversation<'a>(&'a self, id: &'a ConversationId) -> Read<'a, Option<Opened>>;
    /// An approval.
    fn approval<'a>(&'a self, id: &'a ApprovalId) -> Read<'a, Option<Approval>>;
    /// What is public of something.
    fn public<'a>(&'a self, thing: &'a PublicThing) -> Read<'a, Public>;
    /// Whose a message is that this bot posted.
    fn message<'a>(&'a self, message: &'a MessageRef) -> Read<'a, Option<MessageOwner>>;
    /// A job.
    fn job<'a>(&'a self, id: &'a str) -> Read<'a, Option<Job>>;
    /// A plugin's jobs, newest first, at most `limit`.
    fn jobs<'a>(&'a self, plugin: &'a PluginId, unfinished: bool, limit: i64) -> Read<'a, Vec<Job>>;
    /// The unfinished job of a plugin that has a key.
    fn job_of_key<'a>(&'a self, plugin: &'a PluginId, key: &'a str) -> Read<'a, Option<Job>>;
    /// A plugin's schedules, by name.
    fn schedules<'a>(&'a self, plugin: &'a PluginId) -> Read<'a, Vec<ScheduleSeen>>;
    /// Copies that are there, of one target or of all, newest first, from before a moment; without their manifests.
    fn copies<'a>(&'a self, target: Option<&'a str>, limit: u32, before_ms: Option<i64>) -> Read<'a, Vec<BackupCopy>>;
    /// Copies that are there and go by a name, newest first; without their manifests.
    fn copies_named<'a>(&'a self, name: &'a str) -> Read<'a, Vec<BackupCopy>>;
    /// The last drill of each target that passed, as far as its job is remembered.
    fn drilled(&self) -> Read<'_, Vec<Drilled>>;
    /// The last drill of each target, however it went.
    fn last_drills(&self) -> Read<'_, Vec<LastDrill>>;
    /// A copy with its manifest, gone or not.
    fn copy<'a>(&'a self, object: &'a str) -> Read<'a, Option<BackupCopy>>;
    /// Deploys of one service or of all, newest first, at most `limit`.
    fn deploys<'a>(&'a self, service: Option<&'a str>, limit: i64) -> Read<'a, Vec<Deploy>>;
    /// The number that the next incident gets.
    fn next_incident_number(&self) -> Read<'_, i64>;
}
