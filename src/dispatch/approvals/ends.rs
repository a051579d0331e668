//! What a vote or an end leads to, all in the commit that counted it: the card as it stands now, what was held back, the event
//! for the plugin that asked, the people who must hear of it, the timeline, the trail.

use super::{card, timer_of};
use crate::dispatch::{HOST, House};
use crate::model::approval::{Approval, Holds, State, Verdict};
use crate::model::changes::TimerChange;
use crate::model::effect::Effect;
use crate::model::event::{ApprovalEnded, Delivery, Event};
use crate::model::ids::{ConversationId, DeliveryId, MessageRef, fresh};
use crate::model::incident::TimelineEntry;
use crate::model::view::View;
use crate::store::{Approved, Commit};
use serde_json::{Value, json};

impl House {
    /// Adds an approval as it stands now to a commit, with everything that follows from it.
    pub(in crate::dispatch) fn settle(&self, approval: Approval, commit: &mut Commit) {
        commit.notices.push(Effect::EditMessage {
            message: approval.card.clone(),
            to: approval.conversation.clone(),
            view: card::view(&self.policy, &approval),
            private_to: None,
        });
        commit.audit.detail["decided"] = vote_detail(&approval);
        if let Some(incident) = &approval.incident {
            commit.timeline.push(TimelineEntry {
                id: fresh(),
                incident: incident.clone(),
                at_ms: commit.now_ms,
                kind: if card::glass(&approval).is_some() { "break-glass" } else { "approval" }.to_owned(),
                author: commit.audit.actor.clone().unwrap_or_else(|| HOST.into()),
                text: card::history(&approval),
            });
        }
        if approval.state != State::Open {
            commit.timers.push(TimerChange { plugin: HOST.into(), name: timer_of(&approval.id), set: None });
            commit.children.extend(follows(&approval, commit.now_ms));
            commit.publications.extend(made_public(&approval));
            if let Holds::Job { job, production } = &approval.holds {
                self.job_decided(&approval, job, *production, commit);
            }
            for (to, view) in self.must_hear(&approval) {
                let message = MessageRef::new(fresh());
                commit.notices.push(Effect::PostMessage { message, to, view, private_to: None, reply: false });
            }
        }
        commit.approvals.push(approval);
    }

    /// Who hears of an end beyond the card, which nobody may be looking at: whoever asked, of what will not happen;
    /// everybody, of a broken glass.
    fn must_hear(&self, approval: &Approval) -> Vec<(ConversationId, View)> {
        let mut told = Vec::new();
        if let Some(vote) = card::glass(approval) {
            let view = card::alarm(approval, vote);
            told.push((approval.conversation.clone(), view.clone()));
            told.extend(self.about.ops.clone().filter(|ops| *ops != approval.conversation).map(|ops| (ops, view)));
        } else if approval.state != State::Approved && approval.holds != Holds::Question {
            told.push((approval.conversation.clone(), card::bad_news(approval)));
        }
        told
    }
}

/// The events that an ended approval leads to.
fn follows(approval: &Approval, now_ms: i64) -> Option<Delivery> {
    match &approval.holds {
        Holds::Event { delivery } if approval.state == State::Approved => Some(Delivery {
            id: approval.released(),
            root: approval.root.clone(),
            approval: Some(approval.id.clone()),
            ..(**delivery).clone()
        }),
        Holds::Event { .. } | Holds::Job { .. } | Holds::Publication { .. } => None,
        Holds::Question => Some(Delivery {
            id: DeliveryId::new(format!("approval/{}", approval.id)),
            root: approval.root.clone(),
            conversation: approval.conversation.clone(),
            received_ms: now_ms,
            plugin: Some(approval.plugin.clone()),
            approval: None,
            event: Event::ApprovalEnded(ApprovalEnded {
                plugin: approval.plugin.clone(),
                id: approval.id.to_string(),
                status: approval.state.as_str().to_owned(),
                subject: approval.subject.clone(),
                by: approval.decided_by(),
            }),
        }),
    }
}

/// What becomes public in the very commit that counted the last yes.
fn made_public(approval: &Approval) -> Option<Approved> {
    let Holds::Publication { publication } = &approval.holds else { return None };
    let by = approval.decided_by().into_iter().next_back().filter(|_| approval.state == State::Approved)?;
    Some(Approved { publication: (**publication).clone(), by: by.id })
}

/// What the trail says of an approval after a vote.
pub(super) fn vote_detail(approval: &Approval) -> Value {
    let mut detail = json!({
        "id": approval.id, "title": approval.title, "digest": approval.digest, "state": approval.state,
        "given": approval.given(), "needed": approval.needed,
    });
    if let Some(vote) = approval.votes.last() {
        detail["verdict"] = json!(vote.verdict.as_str());
        if vote.verdict == Verdict::BreakGlass || !vote.reason.is_empty() {
            detail["reason"] = json!(vote.reason);
        }
    }
    if !approval.reason.is_empty() {
        detail["why"] = json!(approval.reason);
    }
    detail
}
