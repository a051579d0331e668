//! One call of one plugin: a fresh sandbox, one event in, changes out. Nothing is committed or sent here, and nothing of a
//! call that fails remains but its report.

use super::error::{CallError, bounded};
use super::event::{Circumstances, HandlerEvent, SuggestQuery};
use super::guest::{self, Ended};
use super::home::AtHome;
use super::registry::Plugin;
use super::stderr::Stderr;
use crate::bindings::latest::drillbell::types::types::Error;
use crate::capability::CallSetup;
use crate::capability::caller::CallerSetup;
use crate::capability::deadline::Deadline;
use crate::capability::incidents::{NumberGuard, NumberLane};
use crate::capability::reads::Reads;
use crate::config::limits::SUGGEST_TIME;
use crate::model::changes::Changes;
use crate::model::event::Person;
use crate::model::ids::{ConversationId, DeliveryId, IncidentId, PersonId};
use crate::model::manifest::ReplyMode;
use crate::model::receipt::Receipt;
use futures::FutureExt;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tracing::{Instrument, info_span};

/// Suggestions taken over at most; platforms show 25 to 100.
const SUGGESTIONS: usize = 100;
/// Longest suggestion taken over, in bytes.
const SUGGESTION_BYTES: usize = 200;

/// What a call is given.
pub struct CallInput {
    /// What happened.
    pub event: HandlerEvent,
    /// The delivery it came with; the `event.id` of log lines.
    pub delivery: DeliveryId,
    /// Where it happened.
    pub conversation: ConversationId,
    /// The incident it is about.
    pub incident: Option<IncidentId>,
    /// Who caused it, if a person did.
    pub by: Option<Person>,
    /// Who signs timeline lines: that person's id, or `plugin:NAME`.
    pub author: PersonId,
    /// Why whoever caused it may not propose words for the public page, by the rules; none if they may.
    pub public_refusal: Option<String>,
    /// The moment that the whole call sees, milliseconds since the epoch.
    pub now_ms: i64,
    /// Who sees replies.
    pub reply: ReplyMode,
    /// The database, for reading.
    pub reads: Arc<dyn Reads>,
}

/// What became of a call.
#[derive(Debug)]
pub struct CallReport {
    /// What it read and wants, or why it failed.
    pub outcome: Result<Changes, CallError>,
    /// What it asked of the host, also when it failed.
    pub receipt: Receipt,
    /// The first thing it was refused for want of a grant, as a sentence that names the grant.
    pub denial: Option<String>,
    /// What it printed, bounded; for the operator.
    pub stderr: String,
    /// From instantiation to the end, without waiting for a free slot.
    pub elapsed: Duration,
    /// Present when it declared an incident and succeeded: keep it until the changes are committed or given up.
    pub number_guard: Option<NumberGuard>,
}

/// A completion of an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// What would be typed.
    pub value: String,
    /// What is shown.
    pub label: String,
}

impl Plugin {
    /// Lets the plugin handle an event in a fresh sandbox. Waits for a free slot first; that wait is not charged.
    /// Dropping the answer ends the guest. Needs the host's tokio runtime around it.
    pub async fn call(&self, input: CallInput) -> CallReport {
        let span =
            info_span!("call", plugin.id = %self.id(), event.id = %input.delivery, event.kind = input.event.kind());
        self.call_inside(input).instrument(span).await
    }

    async fn call_inside(&self, input: CallInput) -> CallReport {
        let CallInput { event, delivery: _, conversation, incident, by, author, public_refusal, now_ms, reply, reads } =
            input;
        let event = event.into_wit(&Circumstances { conversation: &conversation, incident: incident.as_ref(), now_ms });
        // The semaphore is never closed, so there is always a permit to come.
        let _slot = self.sandbox.calls.acquire().await;
        let stderr = Stderr::default();
        let limit = self.time;
        let caller = CallerSetup {
            grants: Arc::clone(&self.grants),
            reads: Arc::new(AtHome { reads, home: Handle::current() }),
            now_ms,
            conversation,
            incident,
            by,
            author,
            public_refusal,
            deadline: Arc::new(Deadline::after(limit)),
        };
        let setup = self.setup(caller, reply, self.lane.clone(), &stderr);
        let handlers = Arc::clone(&self.handlers);
        let ended = guest::run(&self.sandbox, setup, stderr, limit, move |store| {
            async move { handlers.handle(store, &event).await }.boxed()
        });
        report(ended.await)
    }

    /// Asks for completions of an argument. Read-only and quick: whatever goes wrong, there are none.
    pub async fn suggest(&self, query: SuggestQuery, now_ms: i64, reads: Arc<dyn Reads>) -> Vec<Suggestion> {
        let Ok(_slot) = self.sandbox.suggestions.try_acquire() else { return Vec::new() };
        let stderr = Stderr::default();
        let limit = SUGGEST_TIME.min(self.time);
        let caller = CallerSetup {
            grants: Arc::clone(&self.grants),
            reads: Arc::new(AtHome { reads, home: Handle::current() }),
            now_ms,
            conversation: query.conversation.clone(),
            incident: None,
            by: Some(query.by.clone()),
            author: query.by.id.clone(),
            public_refusal: None,
            deadline: Arc::new(Deadline::after(limit)),
        };
        // Its own number lane: what it declares is dropped, so it must keep nobody waiting.
        let setup = self.setup(caller, ReplyMode::Private, NumberLane::default(), &stderr);
        let handlers = Arc::clone(&self.handlers);
        let query = query.into_wit();
        let ended = guest::run(&self.sandbox, setup, stderr, limit, move |store| {
            async move { handlers.complete(store, &query).await }.boxed()
        });
        match ended.await {
            Ended { answer: Ok(Ok(all)), .. } => {
                let short = all
                    .into_iter()
                    .filter(|one| one.value.len() <= SUGGESTION_BYTES && one.label.len() <= SUGGESTION_BYTES);
                short.take(SUGGESTIONS).map(|one| Suggestion { value: one.value, label: one.label }).collect()
            }
            _ => Vec::new(),
        }
    }

    pub(super) fn setup(&self, caller: CallerSetup, reply: ReplyMode, lane: NumberLane, stderr: &Stderr) -> CallSetup {
        CallSetup {
            caller,
            reply,
            severities: Arc::clone(&self.severities),
            digest: self.digest.clone(),
            roles: Arc::clone(&self.roles),
            page: self.page.clone(),
            lane,
            places: Arc::clone(&self.places),
            notifiers: Arc::clone(&self.notifiers),
            escalation: self.escalation.clone(),
            backups: Arc::clone(&self.backups),
            runbooks: Arc::clone(&self.runbooks),
            services: Arc::clone(&self.services),
            check_job: Arc::clone(&self.check_job),
            settings: Arc::clone(&self.settings),
            wasi: guest::empty_world(stderr),
            memory_bytes: self.memory_bytes,
        }
    }
}

fn report(ended: Ended<Result<(), Error>>) -> CallReport {
    let Ended { answer, remains, stderr, elapsed } = ended;
    let outcome = answer.and_then(|answer| {
        answer.map_err(|error| match error {
            Error::User(text) => CallError::User(bounded(text)),
            Error::Internal(text) => CallError::Internal(bounded(text)),
        })
    });
    let Some(remains) = remains else {
        let outcome = outcome.map(|()| Changes::default());
        return CallReport { outcome, receipt: Receipt::default(), denial: None, stderr, elapsed, number_guard: None };
    };
    // A failed read goes before whatever the guest made of it: the call is not judged but run again.
    let outcome = match remains.failure {
        Some(failure) => Err(CallError::Unavailable(failure.to_string())),
        None => outcome.map(|()| remains.changes),
    };
    let number_guard = remains.number_guard.filter(|_| outcome.is_ok());
    CallReport { outcome, receipt: remains.receipt, denial: remains.denial, stderr, elapsed, number_guard }
}
