//! A vote, by command or by the card's buttons. It is counted over the approval as read and committed at that revision: of two
//! that come at once the later one looks again, so that exactly the right number count and exactly one ends it.

use super::{ROUNDS, card};
use crate::dispatch::answer::{self, Answer, empty_commit};
use crate::dispatch::{HOST, House, Trouble, say};
use crate::model::approval::{Approval, State, Verdict};
use crate::model::effect::Effect;
use crate::model::event::Delivery;
use crate::model::ids::{ApprovalId, MessageRef, fresh};
use crate::model::view::View;
use crate::policy::{Ballot, Tally, expired, void};
use crate::store::{Commit, CommitOutcome, EventResult, OutcomeStatus, StoreError};

/// What somebody wants to say of an approval.
pub(in crate::dispatch) struct Cast<'a> {
    /// Of which.
    pub(in crate::dispatch) id: &'a ApprovalId,
    /// What.
    pub(in crate::dispatch) verdict: Verdict,
    /// Why; may be empty.
    pub(in crate::dispatch) reason: &'a str,
}

impl House {
    /// Counts a vote and answers the voter.
    pub(in crate::dispatch) async fn vote(&self, delivery: &Delivery, cast: Cast<'_>) -> Result<(), Trouble> {
        let Some(by) = delivery.event.by() else { return Ok(()) };
        for _ in 0..ROUNDS {
            let Some(approval) = self.store.approval(cast.id).await? else {
                let text = format!("There is no approval {}. `/drillbell approve` lists those that wait.", cast.id);
                return self.answer(delivery, Answer::private(OutcomeStatus::Refused, say::mistake(&text))).await;
            };
            let now_ms = self.store.now_ms();
            let ballot = Ballot {
                by,
                verdict: cast.verdict,
                reason: cast.reason,
                via: &delivery.conversation,
                asserted_by: delivery.event.asserted_by(),
                now_ms,
            };
            // Its outcome and answer are filled in below.
            let mut commit = empty_commit(delivery, HOST.into(), OutcomeStatus::Ok, now_ms);
            let gone = self.gone(&approval, &mut commit).await?;
            let tally = match gone {
                Some(why) => Tally::TooLate(Box::new(void(&approval, &why, now_ms))),
                None => self.policy.vote(&approval, ballot),
            };
            let (next, status, text) = match tally {
                Tally::Refused(sentence) => return self.refuse(delivery, approval.incident.as_ref(), sentence).await,
                Tally::TooLate(next) => {
                    let text = card::outcome(&next);
                    (next, OutcomeStatus::Refused, text)
                }
                Tally::Counted(next) => {
                    let text = card::thanks(&self.policy, &next, cast.verdict);
                    (next, OutcomeStatus::Ok, text)
                }
            };
            commit.audit.outcome = status.as_str().to_owned();
            commit.incident.clone_from(&approval.incident);
            commit.audit.incident.clone_from(&approval.incident);
            let data = Some(card::data(&next));
            commit.result = EventResult { status, text: text.clone(), data, incident: approval.incident.clone() };
            commit.echo = answer::echo(delivery, true);
            commit.effects.push(Effect::PostMessage {
                message: MessageRef::new(fresh()),
                to: delivery.conversation.clone(),
                view: View::text(text),
                private_to: Some(by.id.clone()),
                reply: true,
            });
            self.settle(*next, &mut commit);
            if self.committed(commit).await? {
                self.metrics.answered(HOST, None);
                return Ok(());
            }
        }
        Err(Trouble::Read(format!("the approval {} keeps changing", cast.id)))
    }

    /// An approval's time is up, unless it has ended meanwhile.
    pub(in crate::dispatch) async fn run_out(&self, delivery: &Delivery, id: &ApprovalId) -> Result<(), Trouble> {
        for _ in 0..ROUNDS {
            let now_ms = self.store.now_ms();
            let mut commit = empty_commit(delivery, HOST.into(), OutcomeStatus::Ok, now_ms);
            let due = |approval: &Approval| approval.state == State::Open && approval.until_ms <= now_ms;
            if let Some(approval) = self.store.approval(id).await?.filter(due) {
                commit.incident.clone_from(&approval.incident);
                commit.audit.incident.clone_from(&approval.incident);
                // Nobody failed to decide about what was taken back meanwhile.
                let ended = match self.gone(&approval, &mut commit).await? {
                    Some(why) => void(&approval, &why, now_ms),
                    None => expired(&approval, now_ms),
                };
                self.settle(ended, &mut commit);
            }
            if self.committed(commit).await? {
                return Ok(());
            }
        }
        Err(Trouble::Read(format!("the approval {id} keeps changing")))
    }

    /// Why what an open approval holds can no longer be done, if so.
    async fn gone(&self, approval: &Approval, commit: &mut Commit) -> Result<Option<String>, StoreError> {
        if approval.state != State::Open {
            return Ok(None);
        }
        match self.job_gone(approval).await? {
            None => self.words_gone(approval, commit).await,
            gone => Ok(gone),
        }
    }

    /// Whether the event is dealt with; if not, somebody else changed the approval first.
    async fn committed(&self, commit: Commit) -> Result<bool, Trouble> {
        match self.intake.commit(commit).await? {
            CommitOutcome::Committed(committed) => {
                self.pass_on(committed);
                Ok(true)
            }
            CommitOutcome::Fenced => Ok(true),
            CommitOutcome::Conflict(_) | CommitOutcome::Reserved => Ok(false),
            CommitOutcome::Astray => Err(Trouble::Astray),
        }
    }
}
