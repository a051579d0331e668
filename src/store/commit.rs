//! What one handled event writes: the unit that is committed whole or not at all.

use super::jobs::JobStep;
use super::outbox::OutboxRow;
use super::reserve::Contended;
use super::whereabouts::AsOf;
use crate::audit::AuditRecord;
use crate::model::approval::Approval;
use crate::model::changes::{KvKey, ReadSet, ScheduleChange, TimerChange};
use crate::model::copy::Pin;
use crate::model::effect::Effect;
use crate::model::event::Delivery;
use crate::model::ids::{ConversationId, DeliveryId, IncidentId, PersonId, PluginId};
use crate::model::incident::{Incident, TimelineEntry};
use crate::model::job::JobChange;
use crate::model::mirror::Mirror;
use crate::model::receipt::Receipt;
use crate::status::Publication;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// How a command ended, as `drillbell run` and the API tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OutcomeStatus {
    /// Done.
    Ok,
    /// The user may not, or asked for something senseless.
    Refused,
    /// It went wrong.
    Failed,
    /// It waits for somebody's approval.
    Pending,
}

impl OutcomeStatus {
    /// The lower-case word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Pending => "pending",
        }
    }
}

/// What is kept of a handled event to answer its sender, and any second delivery of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventResult {
    /// How it ended.
    pub status: OutcomeStatus,
    /// The answer in plain text.
    pub text: String,
    /// The machine-readable answer, if the handler gave one.
    #[serde(default)]
    pub data: Option<Value>,
    /// The incident it was about.
    #[serde(default)]
    pub incident: Option<IncidentId>,
}

/// Everything one handled event writes.
#[derive(Clone, Debug)]
pub struct Commit {
    /// The event.
    pub inbox: DeliveryId,
    /// What it began with.
    pub root: DeliveryId,
    /// Where it happened.
    pub conversation: ConversationId,
    /// Who handled it: a plugin, or the host's own name.
    pub plugin: PluginId,
    /// The host's clock at the call.
    pub now_ms: i64,
    /// The answer to keep.
    pub result: EventResult,
    /// The incident that the messages belong to.
    pub incident: Option<IncidentId>,
    /// What was read, to be validated.
    pub reads: ReadSet,
    /// Since when nobody else may have written, if it rests on what was remembered of its conversation.
    pub as_of: Option<AsOf>,
    /// Memory to write.
    pub kv: BTreeMap<KvKey, Option<String>>,
    /// Incidents to write; `revision` is what each was based on.
    pub incidents: Vec<Incident>,
    /// Timeline lines to append.
    pub timeline: Vec<TimelineEntry>,
    /// Where those lines come from: `delivery:ID`, `message:REF`, `job:ID`.
    pub source: String,
    /// The plugin whose call writes them, as it is now; `None` for the host's own.
    pub via: Option<String>,
    /// Timers to change.
    pub timers: Vec<TimerChange>,
    /// Approvals to write; `revision` is what each was based on, 0 for a new one.
    pub approvals: Vec<Approval>,
    /// What the host itself says about it, before the plugin does: cards of approvals, announcements. These messages are
    /// the host's own, whoever handled the event.
    pub notices: Vec<Effect>,
    /// Schedules to change.
    pub schedules: Vec<ScheduleChange>,
    /// Copies to pin, by object; `None` takes the pin away. What is gone cannot be pinned any more.
    pub pins: BTreeMap<String, Option<Pin>>,
    /// Jobs to enqueue, and what is wished of others.
    pub jobs: Vec<JobChange>,
    /// A worker's step of a job it has in hand. Such a commit finishes no event: `inbox` is only its name, and it holds if
    /// the claim does.
    pub job: Option<JobStep>,
    /// What to say; console messages enter the stream in this very commit, all others the outbox.
    pub effects: Vec<Effect>,
    /// What of it stands for something else on another platform.
    pub mirrors: Vec<Mirror>,
    /// What becomes public: each was approved word for word.
    pub publications: Vec<Approved>,
    /// Deliveries that were given up and are to be tried after all, by their ids; one that cannot go any more stays as it is.
    pub resend: Vec<String>,
    /// Events that follow from this one, such as each plugin's share of an alert; they enter the inbox with this commit.
    pub children: Vec<Delivery>,
    /// What somebody typed or clicked, shown to the others in the console stream.
    pub echo: Option<Echo>,
    /// What the plugin asked of the host; `None` where no plugin ran.
    pub receipt: Option<Receipt>,
    /// The audit record; `detail.receipt` is filled in with the receipt's digest.
    pub audit: AuditRecord,
}

/// A publication that a person approved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approved {
    /// What becomes public.
    pub publication: Publication,
    /// Who approved it.
    pub by: PersonId,
}

/// A line of the console stream that shows what a person did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Echo {
    /// Who.
    pub author: PersonId,
    /// What they typed, or the button's label.
    pub text: String,
    /// Only they see it, as when the answer is private.
    pub private_to: Option<PersonId>,
}

/// What became of a commit.
#[derive(Clone, Debug, PartialEq)]
pub enum CommitOutcome {
    /// It is durable.
    Committed(Committed),
    /// Somebody changed what the call had read; the keys lost. Run it again.
    Conflict(Vec<Contended>),
    /// A key is reserved for a call that kept losing; wait a moment and run again.
    Reserved,
    /// What was remembered of its conversation may be old: look where it is, and run again.
    Astray,
    /// Somebody else owns or has finished the event; drop it.
    Fenced,
}

impl Commit {
    /// A commit with this answer and this record, and nothing else.
    pub fn plain(
        inbox: DeliveryId,
        root: DeliveryId,
        conversation: ConversationId,
        plugin: PluginId,
        now_ms: i64,
        result: EventResult,
        audit: AuditRecord,
    ) -> Self {
        Self {
            source: format!("delivery:{inbox}"),
            via: None,
            inbox,
            root,
            conversation,
            plugin,
            now_ms,
            result,
            incident: None,
            reads: ReadSet::default(),
            as_of: None,
            kv: BTreeMap::new(),
            incidents: Vec::new(),
            timeline: Vec::new(),
            timers: Vec::new(),
            approvals: Vec::new(),
            notices: Vec::new(),
            schedules: Vec::new(),
            pins: BTreeMap::new(),
            jobs: Vec::new(),
            job: None,
            effects: Vec::new(),
            mirrors: Vec::new(),
            publications: Vec::new(),
            resend: Vec::new(),
            children: Vec::new(),
            echo: None,
            receipt: None,
            audit,
        }
    }
}

/// Proof that effects are durable: only the store can make one, and the deliverer takes nothing else.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Committed {
    pub(super) rows: Vec<OutboxRow>,
    pub(super) children: Vec<Delivery>,
    pub(super) jobs: bool,
}

impl Committed {
    /// Takes the events that follow, which are durable and leased to this process.
    pub fn take_children(&mut self) -> Vec<Delivery> {
        std::mem::take(&mut self.children)
    }

    /// Whether it changed anything about jobs, so that the worker should look.
    pub fn touches_jobs(&self) -> bool {
        self.jobs
    }

    /// What is now to be delivered, in order.
    pub fn into_rows(self) -> Vec<OutboxRow> {
        self.rows
    }

    /// Whether there is nothing to deliver.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}
