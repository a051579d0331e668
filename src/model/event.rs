//! What happened, in the past tense. An event enters through `intake`, is kept in the inbox and handled once.

use super::deploy::Migration;
use super::ids::{ApprovalId, ConversationId, DeliveryId, IncidentId, MessageRef, PersonId, PluginId};
use serde::{Deserialize, Serialize};

/// Somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// For comparing: the configured name, or `platform:user`.
    pub id: PersonId,
    /// For showing.
    pub name: String,
}

/// An event with everything needed to recognise, order and answer it. Stored as the inbox row's payload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    /// As its sender names it; a second delivery of the same id is answered, not repeated.
    pub id: DeliveryId,
    /// The delivery that everything under it began with; its own id for what comes from outside.
    pub root: DeliveryId,
    /// Where it happened, and where the answer goes.
    pub conversation: ConversationId,
    /// When it was accepted, milliseconds since the epoch.
    pub received_ms: i64,
    /// Only this plugin hears it: its share of an event that concerns several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plugin: Option<PluginId>,
    /// The approval that lets it happen. Set by the commit that approved it, never from outside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<ApprovalId>,
    /// What happened.
    pub event: Event,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    /// Somebody typed a slash command.
    CommandReceived(CommandReceived),
    /// Somebody clicked a button or submitted a form.
    ActionReceived(ActionReceived),
    /// A monitoring system sent an alert.
    AlertFired(AlertFired),
    /// A monitoring system sent several alerts at once.
    AlertsFired(AlertsFired),
    /// A deploy was recorded.
    DeployRecorded(DeployRecorded),
    /// A timer came due.
    TimerElapsed(TimerElapsed),
    /// A job ended.
    JobFinished(JobFinished),
    /// An approval was decided, or ran out.
    ApprovalEnded(ApprovalEnded),
    /// Somebody reacted to a message.
    ReactionAdded(ReactionAdded),
    /// A plugin declared an incident, of which others shall know.
    IncidentDeclared(IncidentDeclared),
    /// Somebody changed or deleted a message where an incident is worked on.
    MessageChanged(MessageChanged),
}

impl Event {
    /// The handler interface's word: `command`, `action`, …
    pub fn kind(&self) -> &'static str {
        match self {
            Self::CommandReceived(_) => "command",
            Self::ActionReceived(_) => "action",
            Self::AlertFired(_) | Self::AlertsFired(_) => "alert",
            Self::DeployRecorded(_) => "deploy",
            Self::TimerElapsed(_) => "timer",
            Self::JobFinished(_) => "job",
            Self::ApprovalEnded(_) => "approval",
            Self::ReactionAdded(_) => "reaction",
            Self::IncidentDeclared(_) => "incident",
            Self::MessageChanged(_) => "message",
        }
    }

    /// Who caused it, if a person did.
    pub fn by(&self) -> Option<&Person> {
        match self {
            Self::CommandReceived(event) => Some(&event.by),
            Self::ActionReceived(event) => Some(&event.by),
            Self::ReactionAdded(event) => Some(&event.by),
            _ => None,
        }
    }

    /// Who vouches for the name in `by`, if the person did not show who they are themselves: `local token`.
    pub fn asserted_by(&self) -> Option<&str> {
        match self {
            Self::CommandReceived(event) => event.asserted_by.as_deref(),
            Self::ActionReceived(event) => event.asserted_by.as_deref(),
            Self::ReactionAdded(event) => event.asserted_by.as_deref(),
            _ => None,
        }
    }
}

/// A slash command as typed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CommandReceived {
    /// The whole line, with its slash.
    pub text: String,
    /// Who typed it.
    pub by: Person,
    /// Who vouches for `by`, where nobody signed in: the API token that said so. Such a person never counts as a second one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asserted_by: Option<String>,
}

/// A click or a submitted form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActionReceived {
    /// The message whose button it is.
    pub card: MessageRef,
    /// The button's action.
    pub action: String,
    /// The button's value; the host's own copy is used, not the sender's.
    pub value: String,
    /// The form's values.
    #[serde(default)]
    pub fields: Vec<Argument>,
    /// Who clicked.
    pub by: Person,
    /// Who vouches for `by`, as with a command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asserted_by: Option<String>,
}

/// A name and its canonical text value; see `drillbell:types` for the forms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Argument {
    /// As declared.
    pub name: String,
    /// Canonical text.
    pub value: String,
}

/// An alert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlertFired {
    /// The `[alerts.NAME]` it came in by.
    pub source: String,
    /// The same for the same trouble.
    pub fingerprint: String,
    /// `firing` or `resolved`.
    pub status: String,
    /// One line.
    pub title: String,
    /// Labels.
    pub labels: Vec<Argument>,
    /// Annotations.
    pub annotations: Vec<Argument>,
    /// When it began.
    pub started_ms: i64,
    /// When it ended, if it did.
    pub ended_ms: Option<i64>,
    /// The sender's page about it, or empty.
    pub url: String,
}

/// Alerts of one notification that go to the same place: one event, so that a storm costs as many commits as there are
/// notifications. A plugin hears each of them, in one call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlertsFired {
    /// In the sender's order.
    pub alerts: Vec<AlertFired>,
}

/// A deploy record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeployRecorded {
    /// The service.
    pub service: String,
    /// The version now.
    pub version: String,
    /// The version before.
    pub previous: String,
    /// The commit.
    pub commit: String,
    /// `none`, `expand` or `contract`.
    pub schema: String,
    /// The migrations it brought.
    pub migrations: Vec<Migration>,
    /// Why what `schema` says cannot be so, in a sentence; empty when nothing speaks against it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub disagrees: String,
    /// Who or what deployed.
    pub by: String,
    /// When.
    pub at_ms: i64,
    /// A rollback has recorded itself: `previous` is what it left, `version` runs again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rollback: bool,
}

/// A timer of a plugin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimerElapsed {
    /// Whose timer.
    pub plugin: PluginId,
    /// Its name within the plugin.
    pub name: String,
    /// What the plugin left for itself.
    pub payload: String,
    /// When it should have fired.
    pub due_ms: i64,
}

/// The end of a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobFinished {
    /// Whose job.
    pub plugin: PluginId,
    /// The job.
    pub id: String,
    /// What kind of job.
    pub job: String,
    /// `done`, `failed`, `cancelled`, `denied` or `expired`.
    pub status: String,
    /// Of a job that is done its result, as JSON; else `{"error": SENTENCE, "detail": …}`.
    pub detail: String,
    /// The incident it belongs to.
    pub incident: Option<IncidentId>,
}

/// The end of an approval.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApprovalEnded {
    /// Whose approval.
    pub plugin: PluginId,
    /// The approval.
    pub id: String,
    /// `approved`, `denied`, `expired` or `void`.
    pub status: String,
    /// What it was about.
    pub subject: String,
    /// Who decided.
    pub by: Vec<Person>,
}

/// A reaction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReactionAdded {
    /// The message.
    pub message: MessageRef,
    /// A short name such as `pushpin`.
    pub emoji: String,
    /// The message's text, where the platform tells it.
    pub text: String,
    /// Who reacted.
    pub by: Person,
    /// Who vouches for `by`, where nobody signed in: the API token that said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asserted_by: Option<String>,
}

/// An incident that a plugin declared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IncidentDeclared {
    /// The incident.
    pub incident: IncidentId,
    /// Which plugin declared it.
    pub by: PluginId,
}

/// What became of a message that a person wrote on a chat platform.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MessageChanged {
    /// The incident that is worked on where it stands.
    pub incident: IncidentId,
    /// What became of it.
    pub change: Change,
    /// The platform's own id of it.
    pub message: String,
    /// Where it can be looked at, or empty.
    pub link: String,
    /// Who wrote it, where the platform tells; of a pin, who put it there.
    pub by: Option<Person>,
    /// What it said before, where the platform tells.
    pub before: Option<String>,
    /// What it says now, where the platform tells; nothing of one that was deleted.
    pub now: Option<String>,
}

/// What can become of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// Its author changed its words.
    Edited,
    /// Somebody deleted it; platforms do not tell who.
    Deleted,
    /// Somebody put a pin on it, so that it is remembered.
    Pinned,
}

impl Change {
    /// The lower-case word, which is the kind of the line in the timeline.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Edited => "edited",
            Self::Deleted => "deleted",
            Self::Pinned => "pinned",
        }
    }
}

impl MessageChanged {
    /// Who is on record: whoever edited or pinned it. Who deleted one, `platform` does not tell.
    pub fn author(&self, platform: &str) -> PersonId {
        match (&self.by, self.change) {
            (Some(by), Change::Edited | Change::Pinned) => by.id.clone(),
            _ => PersonId::new(platform),
        }
    }
}
