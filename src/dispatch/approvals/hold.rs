//! Before a command or click is carried out: the rules are asked, and what needs somebody's yes is kept with a card that says
//! exactly what will run. What comes back approved must still be the same.

use super::ends::vote_detail;
use super::{card, timer_of};
use crate::dispatch::answer::{self, Answer, empty_commit};
use crate::dispatch::{HOST, House, Trouble, say};
use crate::model::approval::{Approval, Holds, State, Verdict, subject};
use crate::model::changes::TimerChange;
use crate::model::effect::Effect;
use crate::model::event::{Delivery, Person};
use crate::model::ids::{ApprovalId, IncidentId, MessageRef, PluginId, fresh};
use crate::model::incident::TimelineEntry;
use crate::model::view::View;
use crate::policy::{Asker, Decision, Need, Subject, void};
use crate::signin;
use crate::store::{Commit, CommitOutcome, EventResult, OutcomeStatus};
use serde_json::{Value, json};

/// Something that somebody wants done, as the rules and the approvers see it.
pub(in crate::dispatch) struct Wanted<'a> {
    /// Whose handler would run.
    pub(in crate::dispatch) plugin: &'a PluginId,
    /// What the rules are about.
    pub(in crate::dispatch) subject: Subject<'a>,
    /// The incident it is about.
    pub(in crate::dispatch) incident: Option<&'a IncidentId>,
    /// What it is, in one line.
    pub(in crate::dispatch) title: String,
    /// What exactly would be done: an approval holds for this and nothing else.
    pub(in crate::dispatch) plan: Value,
}

impl House {
    /// Whether it may be done now. If not, the event has been answered: refused, or waiting.
    pub(in crate::dispatch) async fn may(&self, delivery: &Delivery, wanted: Wanted<'_>) -> Result<bool, Trouble> {
        let Some(by) = delivery.event.by() else { return Ok(true) };
        let carries = signin::carried_role(&self.store, Some(by)).await?;
        let asker = Asker { by: Some(by), carries: carries.as_deref() };
        let decision = self.policy.decide_for(wanted.subject, asker, &delivery.conversation);
        if let Some(id) = &delivery.approval {
            return self.still_holds(delivery, id, &wanted, decision).await;
        }
        match decision {
            Decision::Allow => Ok(true),
            Decision::Refuse(sentence) => self.refuse(delivery, wanted.incident, sentence).await.map(|()| false),
            Decision::NeedsApproval(need) => self.hold(delivery, by, wanted, need).await.map(|()| false),
        }
    }

    /// One sentence for the asker's eyes; nothing was done.
    pub(in crate::dispatch) async fn refuse(
        &self,
        delivery: &Delivery,
        incident: Option<&IncidentId>,
        sentence: String,
    ) -> Result<(), Trouble> {
        let view = say::mistake(&sentence);
        let answer = Answer::private(OutcomeStatus::Refused, view);
        self.answer(delivery, Answer { incident: incident.cloned(), reason: Some(sentence), ..answer }).await
    }

    async fn hold(&self, delivery: &Delivery, by: &Person, wanted: Wanted<'_>, need: Need) -> Result<(), Trouble> {
        let now_ms = self.store.now_ms();
        let (subject, digest) = subject(&wanted.plan);
        let waiting = self.store.open_approval_of(&digest).await?;
        if let Some(waiting) = waiting.filter(|waiting| waiting.until_ms > now_ms) {
            // Asked twice, by a second click or a second thought: one card is enough.
            let view = View::text(card::waits(&self.policy, &waiting, true));
            let data = Some(card::data(&waiting));
            let answer = Answer::private(OutcomeStatus::Pending, view);
            return self.answer(delivery, Answer { data, incident: waiting.incident, ..answer }).await;
        }
        let timeout_ms = i64::try_from(need.timeout.as_millis()).unwrap_or(i64::MAX);
        let holds = Holds::Event { delivery: Box::new(delivery.clone()) };
        let time = [now_ms, now_ms.saturating_add(timeout_ms)];
        let (plugin, here) = (wanted.plugin.clone(), delivery.conversation.clone());
        let approval = Approval {
            plea: card::plea(delivery, &wanted.title),
            title: card::line(&wanted.title),
            asserted_by: delivery.event.asserted_by().map(str::to_owned),
            needed: need.needed,
            role: need.role,
            break_glass: need.break_glass,
            incident: wanted.incident.cloned(),
            root: delivery.root.clone(),
            ..Approval::open(plugin, by.clone(), here, (subject, digest), holds, time)
        };
        let mut commit = empty_commit(delivery, HOST.into(), OutcomeStatus::Pending, now_ms);
        let text = card::waits(&self.policy, &approval, false);
        let data = Some(card::data(&approval));
        commit.result = EventResult { status: OutcomeStatus::Pending, text, data, incident: approval.incident.clone() };
        commit.echo = answer::echo(delivery, false);
        self.begin(approval, &mut commit, true);
        self.commit_answer(commit, None).await
    }

    /// Adds an approval that begins with a commit: its row, its card, its timer, its line in the timeline.
    pub(in crate::dispatch) fn begin(&self, approval: Approval, commit: &mut Commit, reply: bool) {
        commit.notices.push(Effect::PostMessage {
            message: approval.card.clone(),
            to: approval.conversation.clone(),
            view: card::view(&self.policy, &approval),
            private_to: None,
            reply,
        });
        let set = Some((approval.until_ms, String::new()));
        commit.timers.push(TimerChange { plugin: HOST.into(), name: timer_of(&approval.id), set });
        if let Some(incident) = &approval.incident {
            commit.incident.get_or_insert_with(|| incident.clone());
            commit.audit.incident.get_or_insert_with(|| incident.clone());
            commit.timeline.push(TimelineEntry {
                id: fresh(),
                incident: incident.clone(),
                at_ms: commit.now_ms,
                kind: "approval".to_owned(),
                author: approval.requester.id.clone(),
                text: format!("asked for approval {} of {}", approval.id, approval.title),
            });
        }
        let asked = json!({
            "id": approval.id, "title": approval.title, "digest": approval.digest, "needed": approval.needed,
            "role": approval.role, "until": crate::clock::rfc3339(approval.until_ms),
        });
        let detail = &mut commit.audit.detail;
        match detail.get_mut("asked") {
            Some(Value::Array(all)) => all.push(asked),
            _ => detail["asked"] = json!([asked]),
        }
        commit.approvals.push(approval);
    }

    /// Whether what was approved is what would happen now, by today's rules. If not, the approval is void.
    async fn still_holds(
        &self,
        delivery: &Delivery,
        id: &ApprovalId,
        wanted: &Wanted<'_>,
        decision: Decision,
    ) -> Result<bool, Trouble> {
        for _ in 0..super::ROUNDS {
            let approval = self.store.approval(id).await?;
            let Some(approval) = approval.filter(|approval| approval.state == State::Approved) else {
                let sentence = format!("{id} does not allow this any more. Nothing was done; ask anew.");
                return self.refuse(delivery, wanted.incident, sentence).await.map(|()| false);
            };
            let glass = approval.votes.iter().any(|vote| vote.verdict == Verdict::BreakGlass);
            let why = match &decision {
                _ if subject(&wanted.plan).1 != approval.digest => {
                    "what would run now is not what was approved".to_owned()
                }
                Decision::Refuse(sentence) => sentence.trim_end_matches('.').to_owned(),
                Decision::NeedsApproval(need)
                    if !glass && (need.needed > approval.needed || need.role != approval.role) =>
                {
                    "the policy asks for other approvals by now".to_owned()
                }
                Decision::Allow | Decision::NeedsApproval(_) => return Ok(true),
            };
            let now_ms = self.store.now_ms();
            let next = void(&approval, &why, now_ms);
            let mut commit = empty_commit(delivery, HOST.into(), OutcomeStatus::Refused, now_ms);
            let text = format!("{} was not carried out: {why}. Ask anew if it is still needed.", approval.title);
            commit.result = EventResult::said(OutcomeStatus::Refused, text.clone());
            commit.audit.detail["reason"] = json!(why);
            commit.audit.detail["decided"] = vote_detail(&next);
            let edit = Effect::EditMessage {
                message: next.card.clone(),
                to: next.conversation.clone(),
                view: card::view(&self.policy, &next),
                private_to: None,
            };
            let post = Effect::PostMessage {
                message: MessageRef::new(fresh()),
                to: next.conversation.clone(),
                view: say::mistake(&text),
                private_to: None,
                reply: true,
            };
            commit.notices.extend([edit, post]);
            commit.approvals.push(next);
            match self.intake.commit(commit).await? {
                CommitOutcome::Committed(committed) => {
                    self.pass_on(committed);
                    return Ok(false);
                }
                CommitOutcome::Fenced => return Ok(false),
                CommitOutcome::Conflict(_) | CommitOutcome::Reserved => {}
                CommitOutcome::Astray => return Err(Trouble::Astray),
            }
        }
        Err(Trouble::Read(format!("the approval {id} keeps changing")))
    }
}
