//! Everything one handler call read and wants changed: what the commit validates and writes, all of it or nothing.

use super::approval::Approval;
use super::copy::Pin;
use super::effect::Effect;
use super::ids::{ApprovalId, IncidentId, PluginId};
use super::incident::{Incident, TimelineEntry};
use super::job::JobChange;
use super::public::PublicThing;
use serde_json::Value;
use std::collections::BTreeMap;

/// Everything one call wants.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// What was read, with the revisions seen.
    pub reads: ReadSet,
    /// Keys of the plugin's memory; `None` deletes.
    pub kv: BTreeMap<KvKey, Option<String>>,
    /// Incidents as they shall be; `revision` is the one they were based on, 0 for a new one.
    pub incidents: BTreeMap<IncidentId, Incident>,
    /// Lines to append.
    pub timeline: Vec<TimelineEntry>,
    /// Timers to set or cancel.
    pub timers: Vec<TimerChange>,
    /// Approvals asked for or taken back; `revision` is the one they were based on, 0 for a new one.
    pub approvals: BTreeMap<ApprovalId, Approval>,
    /// Schedules to set or cancel.
    pub schedules: Vec<ScheduleChange>,
    /// Copies to pin, by object; `None` takes the pin away.
    pub pins: BTreeMap<String, Option<Pin>>,
    /// Jobs to enqueue or to wish something of, in order.
    pub jobs: Vec<JobChange>,
    /// What to do on the platforms, in order.
    pub effects: Vec<Effect>,
    /// The machine-readable answer.
    pub data: Option<Value>,
}

/// A key of one plugin's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KvKey {
    /// Whose memory.
    pub plugin: PluginId,
    /// The key.
    pub key: String,
}

/// Something with a revision that a call may have read.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cell {
    /// A key; revision 0 means never written.
    Kv(KvKey),
    /// An incident; revision 0 means there is none.
    Incident(IncidentId),
    /// An approval; revision 0 means there is none.
    Approval(ApprovalId),
    /// What is public of something; revision 0 means nothing.
    Public(PublicThing),
}

/// What a call read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReadSet {
    /// Single things and the revision seen.
    pub cells: BTreeMap<Cell, i64>,
    /// Lists and what they held; asked again at commit, so that a newcomer counts as a change too.
    pub lists: Vec<ListRead>,
}

/// A list that a call read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListRead {
    /// Which list.
    pub query: ListQuery,
    /// The key and revision of each row seen (for a timeline: entry id and 0).
    pub seen: Vec<(String, i64)>,
}

/// A list that can be read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ListQuery {
    /// A plugin's keys with a prefix, in key order.
    Kv {
        /// Whose.
        plugin: PluginId,
        /// What they start with.
        prefix: String,
        /// At most so many.
        limit: i64,
    },
    /// Incidents, newest first.
    Incidents {
        /// Without the resolved ones.
        open_only: bool,
        /// At most so many.
        limit: i64,
    },
    /// One copy that is still there, under the key of its object; the revision is 1 if it is pinned.
    Copy {
        /// The object.
        object: String,
    },
    /// The last lines of a timeline.
    Timeline {
        /// Whose.
        incident: IncidentId,
        /// At most so many.
        limit: i64,
    },
}

/// A timer to set or cancel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimerChange {
    /// Whose.
    pub plugin: PluginId,
    /// Its name within the plugin.
    pub name: String,
    /// When and with what; `None` cancels.
    pub set: Option<(i64, String)>,
}

/// A schedule to set or cancel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleChange {
    /// Whose.
    pub plugin: PluginId,
    /// Its name within the plugin.
    pub name: String,
    /// `None` cancels.
    pub set: Option<ScheduleSet>,
}

/// A schedule as it shall be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleSet {
    /// Five fields, as they were written.
    pub expression: String,
    /// The name of its time zone.
    pub zone: String,
    /// What the plugin leaves for itself.
    pub payload: String,
    /// How long after it is due an occurrence may start, milliseconds.
    pub start_by_ms: Option<i64>,
    /// How long an occurrence may run, milliseconds.
    pub run_limit_ms: Option<i64>,
    /// When it is due first.
    pub next_ms: Option<i64>,
}
