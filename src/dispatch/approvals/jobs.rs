//! Jobs, beneath the plugin: what the rules say of each one that a call starts, the approval that holds it back, and the
//! announcement without which nothing that changes production may begin. There is no other way for a job to become ready.

use super::card;
use crate::dispatch::{HOST, House};
use crate::jobs::Kind;
use crate::model::approval::{Approval, Holds, State, Verdict, subject};
use crate::model::changes::Changes;
use crate::model::effect::Effect;
use crate::model::event::{Delivery, Person};
use crate::model::ids::{ApprovalId, ConversationId, IncidentId, MessageRef, PersonId, fresh};
use crate::model::job::{JobChange, NewJob, Wish, short};
use crate::model::public::{AboutWork, Publication};
use crate::model::view::{Block, Tone, View};
use crate::policy::{Asker, Decision, Need, Subject};
use crate::store::{Approved, Commit};
use serde_json::{Value, json};

/// A job as the rules and the approvers see it.
struct Weighed {
    spec: Value,
    production: bool,
    decision: Decision,
}

/// What is told before production is changed.
pub(in crate::dispatch) struct Announced<'a> {
    /// The job.
    pub(in crate::dispatch) job: &'a str,
    /// What it is.
    pub(in crate::dispatch) title: &'a str,
    /// Who asked for it.
    pub(in crate::dispatch) by: &'a str,
    /// What was decided: `approved by Ben`.
    pub(in crate::dispatch) decided: &'a str,
    /// The incident it belongs to.
    pub(in crate::dispatch) incident: Option<&'a IncidentId>,
}

impl House {
    /// Lets the rules decide about every job that a call starts; `carries` is the role that the caller's token carries. The error is the sentence for which the call is refused.
    pub(in crate::dispatch) fn admit(
        &self,
        delivery: &Delivery,
        carries: Option<&str>,
        changes: &mut Changes,
        commit: &mut Commit,
    ) -> Result<(), String> {
        let mut released = Vec::new();
        for change in &mut changes.jobs {
            let JobChange::Start(job) = change else { continue };
            let Some(kind) = self.kinds.get(&job.kind) else { continue };
            let Weighed { spec, production, decision } = self.weigh(delivery, carries, job, kind.as_ref());
            if production && self.about.ops.is_none() {
                return Err(nowhere(&job.title));
            }
            let used = job.approval.as_ref().and_then(|id| changes.approvals.get(&ApprovalId::new(id.clone())));
            match (decision, used) {
                (Decision::Refuse(sentence), _) => return Err(sentence),
                (Decision::NeedsApproval(need), Some(used)) if !suffices(used, &need) => {
                    let (title, id) = (&job.title, &used.id);
                    return Err(format!("{title} needs other approvals than {id} has by the policy: ask for those."));
                }
                (Decision::NeedsApproval(need), None) => {
                    let mut approval = self.held(delivery, job, &spec, production, need, commit.now_ms)?;
                    approval.incident.clone_from(&commit.incident);
                    job.approval = Some(approval.id.to_string());
                    self.begin(approval, commit, false);
                }
                (Decision::Allow | Decision::NeedsApproval(_), used) => {
                    if let Some(used) = used {
                        // Held for the length of this transaction only: it was approved before.
                        released.push(JobChange::Release { approval: used.id.to_string() });
                    }
                    if production {
                        let by = delivery.event.by().map_or(job.plugin.as_str(), |by| by.name.as_str());
                        let decided = used.map(decided).unwrap_or_else(|| "needs no approval".to_owned());
                        let (title, id) = (&job.title, &job.id);
                        let incident = commit.incident.clone();
                        let told = Announced { job: id, title, by, decided: &decided, incident: incident.as_ref() };
                        self.announce(&told, commit);
                    }
                }
            }
        }
        changes.jobs.extend(released);
        Ok(())
    }

    fn weigh(&self, delivery: &Delivery, carries: Option<&str>, job: &NewJob, kind: &dyn Kind) -> Weighed {
        let spec = serde_json::from_str(&job.spec).unwrap_or(Value::Null);
        let production = kind.changes_production(&spec);
        let capabilities = kind.uses(&spec);
        let subject = Subject::Job { kind: &job.kind, capabilities: &capabilities, production };
        let asker = Asker { by: delivery.event.by(), carries };
        let decision = self.policy.decide_for(subject, asker, &delivery.conversation);
        Weighed { spec, production, decision }
    }

    fn held(
        &self,
        delivery: &Delivery,
        job: &NewJob,
        spec: &Value,
        production: bool,
        need: Need,
        now_ms: i64,
    ) -> Result<Approval, String> {
        let (subject, digest) = subject(&json!({"kind": job.kind, "spec": spec}));
        let nobody = || Person { id: PersonId::new(format!("plugin:{}", job.plugin)), name: job.plugin.to_string() };
        let by = delivery.event.by();
        let natural = by.map(|_| delivery.conversation.clone());
        let place: Option<ConversationId> = job.conversation.clone().or(natural).or_else(|| self.about.ops.clone());
        let Some(conversation) = place else {
            return Err(format!(
                "{} needs an approval, and there is nowhere to ask: an operator has to set `ops` in [channels].",
                job.title
            ));
        };
        let timeout_ms = i64::try_from(need.timeout.as_millis()).unwrap_or(i64::MAX);
        let requester = by.cloned().unwrap_or_else(nobody);
        let holds = Holds::Job { job: job.id.clone(), production };
        let time = [now_ms, now_ms.saturating_add(timeout_ms)];
        Ok(Approval {
            title: card::line(&job.title),
            asserted_by: delivery.event.asserted_by().map(str::to_owned),
            needed: need.needed,
            role: need.role,
            break_glass: need.break_glass,
            root: delivery.root.clone(),
            ..Approval::open(job.plugin.clone(), requester, conversation, (subject, digest), holds, time)
        })
    }

    /// Tells the operators' channel and the public status page, in the very transaction that lets a job begin, that production
    /// is about to be changed. The public reads the operator's own words for it, never what the job is.
    pub(in crate::dispatch) fn announce(&self, told: &Announced<'_>, commit: &mut Commit) {
        let Some(ops) = &self.about.ops else { return };
        commit.notices.push(Effect::PostMessage {
            message: MessageRef::new(fresh()),
            to: ops.clone(),
            view: announcement(told),
            private_to: None,
            reply: false,
        });
        let entry = json!({"job": told.job, "to": ops, "status_page": self.about.page.is_some()});
        if let Some(page) = &self.about.page {
            let begins = Some(page.work.clone());
            let publication = Publication::Work(AboutWork { job: told.job.to_owned(), begins });
            let by = commit.audit.actor.clone().unwrap_or_else(|| HOST.into());
            commit.publications.push(Approved { publication, by });
        }
        match commit.audit.detail.get_mut("announced") {
            Some(Value::Array(all)) => all.push(entry),
            _ => commit.audit.detail["announced"] = json!([entry]),
        }
    }

    /// What the end of an approval means for the job that it holds.
    pub(super) fn job_decided(&self, approval: &Approval, job: &str, production: bool, commit: &mut Commit) {
        let id = approval.id.to_string();
        let by = commit.audit.actor.clone().unwrap_or_else(|| HOST.into());
        let refuse = |wish| JobChange::Refuse { approval: id.clone(), wish, by: by.clone() };
        commit.jobs.push(match approval.state {
            State::Open => return,
            State::Approved => JobChange::Release { approval: id },
            State::Denied | State::Void => refuse(Wish::Denied),
            State::Expired => refuse(Wish::Expired),
        });
        if approval.state == State::Approved && production {
            let decided = decided(approval);
            let told = Announced {
                job,
                title: &approval.title,
                by: &approval.requester.name,
                decided: &decided,
                incident: approval.incident.as_ref(),
            };
            self.announce(&told, commit);
        }
    }

    /// Why a job that an approval holds cannot begin any more, whatever people say.
    pub(super) async fn job_gone(&self, approval: &Approval) -> Result<Option<String>, crate::store::StoreError> {
        let Holds::Job { job, production } = &approval.holds else { return Ok(None) };
        if *production && self.about.ops.is_none() {
            return Ok(Some(nowhere(&approval.title).trim_end_matches('.').to_owned()));
        }
        let waits = |job: &crate::model::job::Job| job.state == crate::model::job::JobState::Held && job.wish.is_none();
        let found = self.store.job(job).await?;
        Ok((!found.as_ref().is_some_and(waits)).then(|| "the job was cancelled".to_owned()))
    }
}

/// Whether an approval that a plugin was given is what the rules ask for.
fn suffices(used: &Approval, need: &Need) -> bool {
    used.given() >= need.needed && (need.role.is_none() || used.role == need.role)
}

fn decided(approval: &Approval) -> String {
    let by: Vec<_> = approval.decided_by().into_iter().map(|by| by.name).collect();
    let glass = approval.votes.iter().any(|vote| vote.verdict == Verdict::BreakGlass);
    let word = if glass { "without approval, by" } else { "approved by" };
    format!("{word} {}", by.join(" and "))
}

pub(in crate::dispatch) fn nowhere(title: &str) -> String {
    format!(
        "{title} changes production, which has to be announced first, and there is nowhere to: an operator has to set `ops` in \
         [channels]."
    )
}

fn announcement(told: &Announced<'_>) -> View {
    let field = |name: &str, value: &str| Block::Field { name: name.to_owned(), value: value.to_owned() };
    let mut blocks = vec![field("asked by", told.by), field("decided", told.decided)];
    blocks.extend(told.incident.map(|incident| field("incident", incident.as_str())));
    blocks.push(Block::Context { text: format!("job {}", short(told.job)) });
    View {
        title: format!("Production is about to be changed: {}", card::line(told.title)),
        tone: Tone::Warning,
        blocks,
    }
}
