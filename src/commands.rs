//! A command from outside chat: offered like any other delivery, followed to its end, answered as one object. What the API
//! and `drillbell run` share. A second call with the same delivery id gets the first one's answer.

use crate::followers::Followers;
use crate::intake::{Admission, Intake};
use crate::model::approval::{Approval, Holds, State, Verdict};
use crate::model::event::{CommandReceived, Event, Person};
use crate::model::ids::{ConversationId, DeliveryId, IncidentId, MessageRef};
use crate::model::job::{Job, JobState, found};
use crate::model::view::View;
use crate::store::{EventResult, OutcomeStatus, Store, StoreError};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;

/// How soon the store is asked again while waiting: another replica may give the answer, and deliveries and jobs go on after it was
/// given. Most of that ends within moments, so the pauses are short at first and half as long again each time, up to `ASK`.
const FIRST_ASK: Duration = Duration::from_millis(20);
/// How often it is asked in the long run.
const ASK: Duration = Duration::from_millis(250);

/// The answer to a command, stable for machines.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CommandAnswer {
    /// `ok`, `refused`, `failed` or `pending`.
    pub status: OutcomeStatus,
    /// The answer in plain text.
    pub text: String,
    /// The command's own machine-readable answer, or null.
    pub data: Option<Value>,
    /// Everything it posted, in order.
    pub messages: Vec<PostedMessage>,
    /// The incident it was about, or null.
    pub incident: Option<IncidentId>,
}

/// A message that a command posted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PostedMessage {
    /// Its reference, for clicks on its buttons.
    pub message: MessageRef,
    /// Where it was posted.
    pub conversation: ConversationId,
    /// Only the asker sees it.
    pub private: bool,
    /// It in plain text.
    pub text: String,
    /// It as data.
    pub view: View,
}

/// What offering a command led to.
#[derive(Clone, Debug, PartialEq)]
pub enum Offered {
    /// It will be handled; follow it by its delivery id.
    Taken,
    /// Too much is waiting; nothing was stored.
    Busy,
}

/// Offers and follows commands.
#[derive(Clone)]
pub struct Commands {
    store: Store,
    intake: Intake,
    followers: Followers,
}

impl Commands {
    /// Over the given store and door.
    pub fn new(store: Store, intake: Intake, followers: Followers) -> Self {
        Self { store, intake, followers }
    }

    /// Offers any event and waits for its end. `None` when too much is waiting, or when `patience` runs out first: the event
    /// goes on all the same, and can be followed again by the same id.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn carry_out(
        &self,
        id: DeliveryId,
        conversation: ConversationId,
        event: Event,
        patience: Duration,
    ) -> Result<Result<Option<CommandAnswer>, Offered>, StoreError> {
        let mut finished = self.followers.wait_for(&id);
        let mut known = false;
        match self.intake.offer(id.clone(), conversation, event).await? {
            Admission::Busy => {
                drop(finished);
                self.followers.tidy(&id);
                return Ok(Err(Offered::Busy));
            }
            Admission::Accepted => {}
            Admission::Duplicate(_) => known = true,
        }
        let deadline = tokio::time::Instant::now() + patience;
        let mut apart = FIRST_ASK;
        loop {
            if known && let Some(answer) = self.answer(&id).await? {
                drop(finished);
                self.followers.tidy(&id);
                return Ok(Ok(Some(answer)));
            }
            if tokio::time::Instant::now() >= deadline {
                drop(finished);
                self.followers.tidy(&id);
                return Ok(Ok(None));
            }
            let nap = tokio::time::Instant::now() + apart;
            apart = apart.mul_f64(1.5).min(ASK);
            tokio::select! {
                woken = &mut finished => if woken.is_err() {
                    tokio::time::sleep_until(nap.min(deadline)).await;
                    finished = self.followers.wait_for(&id);
                } else {
                    finished = self.followers.wait_for(&id);
                },
                () = tokio::time::sleep_until(nap.min(deadline)) => {}
            }
            known = true;
        }
    }

    /// Waits until what was offered is stored, if it is about to be.
    pub async fn stored(&self, id: &DeliveryId) {
        // Whoever asks looks for it in the store.
        let _ = self.intake.durable(id).await;
    }

    /// A command line, as `carry_out`.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn run(
        &self,
        id: DeliveryId,
        conversation: ConversationId,
        by: Person,
        text: String,
        patience: Duration,
    ) -> Result<Result<Option<CommandAnswer>, Offered>, StoreError> {
        self.carry_out(
            id,
            conversation,
            Event::CommandReceived(CommandReceived { text, by, asserted_by: None }),
            patience,
        )
        .await
    }

    /// The answer to an event, once nothing under it is open.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn answer(&self, id: &DeliveryId) -> Result<Option<CommandAnswer>, StoreError> {
        let Some(result) = self.store.result(id).await? else { return Ok(None) };
        if self.store.open_under(id).await? > 0 {
            return Ok(None);
        }
        let EventResult { status, text, data, incident } = self.as_it_ended(id, result).await?;
        let jobs = self.store.jobs_under(id).await?;
        let (status, text) = with_jobs(status, text, &jobs);
        let messages = self.store.messages_under(id).await?;
        let messages = messages
            .into_iter()
            .map(|row| PostedMessage {
                message: row.id,
                conversation: row.conversation,
                private: row.private_to.is_some(),
                text: row.view.to_plain(),
                view: row.view,
            })
            .collect();
        Ok(Some(CommandAnswer { status, text, data, messages, incident }))
    }

    /// What a command that had to wait for an approval has come to by now.
    async fn as_it_ended(&self, id: &DeliveryId, result: EventResult) -> Result<EventResult, StoreError> {
        if result.status != OutcomeStatus::Pending {
            return Ok(result);
        }
        let held = |approval: &Approval| matches!(&approval.holds, Holds::Event { delivery } if delivery.id == *id);
        let Some(approval) = self.store.approvals_under(id).await?.into_iter().find(held) else { return Ok(result) };
        let after = self.store.result(&approval.released()).await?;
        Ok(match (approval.state, after) {
            // Also void after it was approved: what came again was refused, and says why.
            (State::Approved | State::Void, Some(after)) => after,
            (State::Open | State::Approved, _) => result,
            (State::Denied | State::Expired | State::Void, _) => {
                let (title, state) = (&approval.title, approval.state.as_str());
                let no = approval.votes.iter().rev().find(|vote| vote.verdict == Verdict::Deny);
                let text = match no {
                    _ if !approval.reason.is_empty() => format!("{title} was not done: {}.", approval.reason),
                    Some(vote) if vote.reason.is_empty() => format!("{title} was not done: {} said no.", vote.by.name),
                    Some(vote) => format!("{title} was not done: {} said no: {}", vote.by.name, vote.reason),
                    None => format!("{title} was not done: its approval {} is {state}.", approval.id),
                };
                EventResult { status: OutcomeStatus::Refused, text, ..result }
            }
        })
    }
}

/// What a command's jobs make of its answer: it failed if one of them did or found something that is not well, and it waits while one of
/// them waits for people.
fn with_jobs(status: OutcomeStatus, text: String, jobs: &[Job]) -> (OutcomeStatus, String) {
    let mut lines = vec![text];
    let mut worst = status;
    for job in jobs {
        let ended = job.result.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok()).unwrap_or_default();
        let outcome = ended["outcome"].as_str().unwrap_or_default();
        let (mark, said) = match job.state {
            JobState::Done if found(&ended["result"]).is_pass() => (OutcomeStatus::Ok, outcome),
            JobState::Held => (OutcomeStatus::Pending, "it waits for an approval."),
            JobState::Lost => {
                (OutcomeStatus::Pending, "its process died; it waits for somebody to decide on its card.")
            }
            _ => (OutcomeStatus::Failed, outcome),
        };
        lines.push(format!("{}: {}. {said}", job.title, job.state.as_str()));
        worst = match (worst, mark) {
            (OutcomeStatus::Failed | OutcomeStatus::Refused, _) | (_, OutcomeStatus::Ok) => worst,
            (OutcomeStatus::Pending, OutcomeStatus::Pending) => worst,
            (_, mark) => mark,
        };
    }
    (worst, lines.into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n"))
}
