//! Events as handlers receive them: the model's words turned into those of the WIT, together with what the router added.

use crate::bindings::latest::drillbell::plugin::events as wit;
use crate::bindings::latest::drillbell::types::types as words;
use crate::model::event::{
    ActionReceived, AlertFired, ApprovalEnded, Argument, DeployRecorded, IncidentDeclared, JobFinished, Person,
    ReactionAdded, TimerElapsed,
};
use crate::model::ids::{ConversationId, IncidentId};

/// An event on its way to a handler.
#[derive(Clone, Debug)]
pub enum HandlerEvent {
    /// A command, parsed by the plugin's own declaration.
    Command(Command),
    /// A click or a submitted form.
    Action(ActionReceived),
    /// Alerts, each of which the handler hears, one after the other in one sandbox.
    Alerts(Vec<AlertFired>),
    /// A deploy record.
    Deploy(DeployRecorded),
    /// A timer.
    Timer(TimerElapsed),
    /// The end of a job.
    Job(JobFinished),
    /// The end of an approval.
    Approval(ApprovalEnded),
    /// A reaction.
    Reaction(ReactionAdded),
    /// An incident that another plugin declared.
    Incident(IncidentDeclared),
}

/// A parsed command.
#[derive(Clone, Debug)]
pub struct Command {
    /// Without the slash.
    pub name: String,
    /// Empty when the command has none.
    pub subcommand: String,
    /// Only what was given or has a default, in canonical text.
    pub args: Vec<Argument>,
    /// What was typed.
    pub text: String,
    /// Who typed it.
    pub by: Person,
}

/// A request for completions of one argument.
#[derive(Clone, Debug)]
pub struct SuggestQuery {
    /// The command, without the slash.
    pub command: String,
    /// Its subcommand, or empty.
    pub subcommand: String,
    /// The argument that is being typed.
    pub argument: String,
    /// What has been typed of it.
    pub prefix: String,
    /// Who types.
    pub by: Person,
    /// Where.
    pub conversation: ConversationId,
}

/// What every handler is told besides the event itself.
pub(super) struct Circumstances<'a> {
    pub(super) conversation: &'a ConversationId,
    pub(super) incident: Option<&'a IncidentId>,
    pub(super) now_ms: i64,
}

/// An event in the words of the WIT.
pub(super) enum Event {
    Command(wit::Command),
    Action(wit::Action),
    Alerts(Vec<wit::Alert>),
    Deploy(wit::Deploy),
    Timer(wit::Timer),
    Job(wit::Job),
    Approval(wit::Approval),
    Reaction(wit::Reaction),
    Incident(wit::Declared),
}

impl HandlerEvent {
    /// The handler's word: `command`, `action`, …
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Command(_) => "command",
            Self::Action(_) => "action",
            Self::Alerts(_) => "alert",
            Self::Deploy(_) => "deploy",
            Self::Timer(_) => "timer",
            Self::Job(_) => "job",
            Self::Approval(_) => "approval",
            Self::Reaction(_) => "reaction",
            Self::Incident(_) => "incident",
        }
    }

    pub(super) fn into_wit(self, around: &Circumstances<'_>) -> Event {
        let conversation = || around.conversation.to_string();
        let meant = || around.incident.map(ToString::to_string);
        let now = moment(around.now_ms);
        match self {
            Self::Command(it) => Event::Command(wit::Command {
                name: it.name,
                subcommand: it.subcommand,
                args: arguments(it.args),
                text: it.text,
                by: person(it.by),
                conversation: conversation(),
                incident: meant(),
                at: now,
            }),
            Self::Action(it) => Event::Action(wit::Action {
                card: it.card.into_string(),
                action: it.action,
                value: it.value,
                fields: arguments(it.fields),
                by: person(it.by),
                conversation: conversation(),
                incident: meant(),
                at: now,
            }),
            Self::Alerts(all) => Event::Alerts(all.into_iter().map(alert).collect()),
            Self::Deploy(it) => Event::Deploy(wit::Deploy {
                service: it.service,
                version: it.version,
                previous: it.previous,
                commit: it.commit,
                schema: it.schema,
                migrations: it.migrations.into_iter().map(|migration| migration.name).collect(),
                by: it.by,
                at: moment(it.at_ms),
            }),
            Self::Timer(it) => Event::Timer(wit::Timer {
                name: it.name,
                payload: it.payload,
                due_at: moment(it.due_ms),
                late_ms: moment(around.now_ms.saturating_sub(it.due_ms)),
            }),
            Self::Job(it) => Event::Job(wit::Job {
                id: it.id,
                kind: it.job,
                status: it.status,
                detail: it.detail,
                incident: it.incident.map(IncidentId::into_string),
                at: now,
            }),
            Self::Approval(it) => Event::Approval(wit::Approval {
                id: it.id,
                status: it.status,
                subject: it.subject,
                by: it.by.into_iter().map(person).collect(),
                at: now,
            }),
            Self::Reaction(it) => Event::Reaction(wit::Reaction {
                message: it.message.into_string(),
                emoji: it.emoji,
                text: it.text,
                by: person(it.by),
                conversation: conversation(),
                incident: meant(),
                at: now,
            }),
            Self::Incident(it) => Event::Incident(wit::Declared {
                incident: it.incident.into_string(),
                by: it.by.into_string(),
                conversation: conversation(),
                at: now,
            }),
        }
    }
}

impl SuggestQuery {
    pub(super) fn into_wit(self) -> wit::Query {
        wit::Query {
            command: self.command,
            subcommand: self.subcommand,
            argument: self.argument,
            prefix: self.prefix,
            by: person(self.by),
            conversation: self.conversation.into_string(),
        }
    }
}

fn alert(it: AlertFired) -> wit::Alert {
    wit::Alert {
        source: it.source,
        fingerprint: it.fingerprint,
        status: it.status,
        title: it.title,
        labels: arguments(it.labels),
        annotations: arguments(it.annotations),
        started_at: moment(it.started_ms),
        ended_at: it.ended_ms.map(moment),
        url: it.url,
    }
}

/// A moment or a span in the WIT's unsigned form; nothing of ours happened before 1970, and nothing is late by less than 0.
fn moment(ms: i64) -> u64 {
    u64::try_from(ms).unwrap_or(0)
}

fn person(person: Person) -> words::Person {
    words::Person { id: person.id.into_string(), name: person.name }
}

fn arguments(arguments: Vec<Argument>) -> Vec<words::Argument> {
    arguments.into_iter().map(|argument| words::Argument { name: argument.name, value: argument.value }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_says_how_late_it_is_and_never_less_than_nothing() {
        let late_at = |now_ms| {
            let timer = TimerElapsed { plugin: "p".into(), name: "n".into(), payload: String::new(), due_ms: 1_000 };
            let around = Circumstances { conversation: &"console:#ops".into(), incident: None, now_ms };
            match HandlerEvent::Timer(timer).into_wit(&around) {
                Event::Timer(timer) => timer.late_ms,
                _ => panic!("a timer stays a timer"),
            }
        };
        assert_eq!((late_at(1_500), late_at(1_000), late_at(500)), (500, 0, 0));
    }
}
