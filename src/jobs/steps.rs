//! What is written down as a job goes along: the row, its card, the audit trail, the timeline and the event for its plugin,
//! each step one commit that holds only while the claim does.

use super::Ended;
use super::card::{self, Face};
use super::context::{Live, Turn};
use super::worker::Shared;
use crate::audit::AuditRecord;
use crate::config::grants::PLATFORMS;
use crate::config::limits::{JOB_RESULT_BYTES, JOB_SENTENCE_CHARS};
use crate::model::deploy::ROLLBACK_BY;
use crate::model::effect::Effect;
use crate::model::event::{Delivery, DeployRecorded, Event, JobFinished};
use crate::model::ids::{self, DeliveryId, MessageRef, PersonId, PluginId};
use crate::model::incident::TimelineEntry;
use crate::model::job::{Job, JobState, found, short};
use crate::model::public::{AboutWork, Publication};
use crate::model::view::View;
use crate::store::{
    Approved, ClaimedEvent, Commit, CommitOutcome, EventResult, JobStep, OutcomeStatus, StepChange, StoreError,
};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// The name under which the host itself speaks: a job's messages are its own, so that it hears their buttons.
const HOST: &str = "drillbell";
/// How long to wait for a database that does not answer, or for a reservation of somebody else's.
const AGAIN: Duration = Duration::from_millis(200);

/// A job is no longer ours, or nothing can be written any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotOurs;

/// How a job ended.
pub(super) struct Ending {
    pub(super) state: JobState,
    /// For people.
    pub(super) outcome: String,
    /// For the plugin.
    pub(super) result: Value,
    /// Whose wish it was, if it was somebody's.
    pub(super) by: Option<PersonId>,
}

impl Shared {
    /// A run begins; the job as it then is.
    pub(super) async fn begin(self: &Arc<Self>, job: &Job, live: &Live) -> Result<Job, NotOurs> {
        let turn = live.turn().await;
        let now_ms = self.clock.now_ms();
        let mut job = Job { state: JobState::Running, attempts: job.attempts + 1, ..job.clone() };
        job.started_ms.get_or_insert(now_ms);
        let view = seen(&job, live, &Face::Running { ending: false }, now_ms);
        let mut commit = self.commit(&job, now_ms);
        commit.audit.outcome = "started".to_owned();
        commit.audit.detail["attempt"] = json!(job.attempts);
        commit.audit.detail["place"] = json!(self.place);
        let again = if job.attempts > 1 { format!(", run {}", job.attempts) } else { String::new() };
        commit.timeline.extend(line(&job, now_ms, format!("{}: begun{again}.", job.title)));
        let card = self.shown(&job, view, &mut commit.effects);
        commit.job = step(&job, StepChange::Begin { card: card.clone(), place: self.place.clone() });
        self.take_step(commit, turn).await?;
        job.card = card.or(job.card);
        Ok(job)
    }

    /// Shows a job's card, unless its kind has none.
    fn shown(&self, job: &Job, view: View, effects: &mut Vec<Effect>) -> Option<MessageRef> {
        let quiet = self.kinds.get(&job.kind).is_some_and(|kind| kind.is_quiet());
        if quiet { None } else { show(job, view, effects) }
    }

    /// People see how far it is, and read what it says.
    pub(super) async fn publish(self: &Arc<Self>, job: &Job, live: &Live) -> Result<(), NotOurs> {
        let turn = live.turn().await;
        let now_ms = self.clock.now_ms();
        let mut commit = self.commit(job, now_ms);
        let ending = live.why().is_some();
        let mut said = Vec::new();
        live.with_said(|said| said.fresh = false);
        let output = self.show_output(job, live, false, &mut said).await;
        show(job, seen(job, live, &Face::Running { ending }, now_ms), &mut commit.effects);
        commit.effects.append(&mut said);
        let progress = live.with_said(|said| {
            said.fresh |= said.output.waits();
            serde_json::to_string(&said.kept).unwrap_or_default()
        });
        commit.job = step(job, StepChange::Progress { progress, output });
        self.take_step(commit, turn).await
    }

    /// It waits for another run.
    pub(super) async fn again(
        self: &Arc<Self>,
        job: &Job,
        live: &Live,
        wait_ms: i64,
        reason: &str,
        by: Option<PersonId>,
    ) -> Result<(), NotOurs> {
        let turn = live.turn().await;
        let now_ms = self.clock.now_ms();
        let reason = sentence(&(self.scrub)(reason));
        let mut commit = self.commit(job, now_ms);
        commit.audit.outcome = "again".to_owned();
        commit.audit.detail["reason"] = json!(reason);
        commit.audit.detail["attempt"] = json!(job.attempts);
        commit.audit.actor = by.or(commit.audit.actor);
        if job.card.is_some() {
            show(job, seen(job, live, &Face::Again { reason: &reason, wait_ms }, now_ms), &mut commit.effects);
        }
        self.show_output(job, live, true, &mut commit.effects).await;
        let progress = live.with_said(|said| serde_json::to_string(&said.kept).unwrap_or_default());
        commit.job = step(job, StepChange::Again { due_ms: now_ms + wait_ms, progress });
        self.metrics.job_ended(&job.kind, "again");
        self.take_step(commit, turn).await
    }

    /// Its process died, and people are asked what to do.
    pub(super) async fn ask(self: &Arc<Self>, job: &Job, live: &Live, known: &str) -> Result<(), NotOurs> {
        let turn = live.turn().await;
        let now_ms = self.clock.now_ms();
        let known = sentence(&(self.scrub)(known));
        let mut commit = self.commit(job, now_ms);
        commit.audit.outcome = "lost".to_owned();
        commit.audit.detail["reason"] = json!(known);
        let card = show(job, seen(job, live, &Face::Lost { known: &known }, now_ms), &mut commit.effects);
        self.show_output(job, live, true, &mut commit.effects).await;
        commit.timeline.extend(line(job, now_ms, format!("{}: {known}", job.title)));
        commit.job = step(job, StepChange::Ask { card });
        self.take_step(commit, turn).await?;
        self.followers.finished(&job.root);
        Ok(())
    }

    /// It has ended: row, card, trail, timeline and the plugin's event in one.
    pub(super) async fn end(self: &Arc<Self>, job: &Job, live: &Live, ending: Ending) -> Result<(), NotOurs> {
        let turn = live.turn().await;
        let now_ms = self.clock.now_ms();
        let Ending { state, outcome, result, by } = ending;
        let outcome = sentence(&(self.scrub)(&outcome));
        let whole = scrubbed(result, &*self.scrub);
        // What the public page says and what is on record follow from all of it.
        let (says, ran) = self.follows(job, state, &whole, now_ms);
        let result = bounded(whole);
        let mut commit = self.commit(job, now_ms);
        commit.audit.outcome = if state == JobState::Done { "ok" } else { state.as_str() }.to_owned();
        commit.audit.detail["reason"] = json!(outcome);
        commit.audit.detail["attempt"] = json!(job.attempts);
        commit.audit.actor = by.or(commit.audit.actor);
        let view = seen(job, live, &Face::Ended { state, found: found(&result), outcome: &outcome }, now_ms);
        let card = self.shown(job, view, &mut commit.effects);
        self.show_output(job, live, true, &mut commit.effects).await;
        commit.timeline.extend(line(job, now_ms, format!("{}: {}. {outcome}", job.title, state.as_str())));
        commit.children.push(finished(job, state, &outcome, &result, now_ms));
        // Whatever the public page says of it ends with it; of most jobs it says nothing.
        let publication = Publication::Work(AboutWork { job: job.id.clone(), begins: None });
        commit.children.extend(ran);
        commit.publications.extend(
            Some(publication).into_iter().chain(says).map(|it| Approved { publication: it, by: job.asked_by.clone() }),
        );
        let result = json!({"outcome": outcome, "result": result}).to_string();
        commit.job = step(job, StepChange::End { state, result, card });
        let took_ms = now_ms.saturating_sub(job.started_ms.unwrap_or(now_ms));
        self.take_step(commit, turn).await?;
        self.metrics.job_ended(&job.kind, state.as_str());
        self.metrics.job_took(&job.kind, Duration::from_millis(u64::try_from(took_ms).unwrap_or(0)));
        self.followers.finished(&job.root);
        Ok(())
    }

    /// What the public page says from now on because of how a job ended, and what is on record as deployed.
    fn follows(
        &self,
        job: &Job,
        state: JobState,
        result: &Value,
        now_ms: i64,
    ) -> (Option<Publication>, Option<Delivery>) {
        let Some((kind, spec)) = super::run::known(self, job) else { return (None, None) };
        let ended = Ended { done: state == JobState::Done, result };
        let record = kind.records(&spec, &ended).map(|record| {
            let by = format!("{ROLLBACK_BY}{})", short(&job.id));
            let event = Event::DeployRecorded(DeployRecorded { by, at_ms: now_ms, rollback: true, ..record });
            delivery(job, format!("job/{}/deployed", job.id), event, now_ms)
        });
        (kind.publishes(&job.id, &spec, &ended), record)
    }

    /// A commit about a job that says and changes nothing yet.
    fn commit(&self, job: &Job, now_ms: i64) -> Commit {
        let mut audit = AuditRecord::new(now_ms, "job-step");
        audit.actor = Some(job.asked_by.clone());
        audit.plugin = Some(job.plugin.clone());
        audit.conversation = Some(job.conversation.clone());
        audit.incident = job.incident.clone();
        audit.detail = json!({"job": job.id, "job_kind": job.kind, "title": job.title, "asked_in": job.inbox});
        // Only a name: no event is finished by it.
        let name = DeliveryId::new(format!("job/{}/{}", job.id, ids::fresh()));
        let said = EventResult::said(OutcomeStatus::Ok, "");
        let (root, conversation) = (job.root.clone(), job.conversation.clone());
        let plain = Commit::plain(name, root, conversation, PluginId::from(HOST), now_ms, said, audit);
        Commit { incident: job.incident.clone(), source: format!("job:{}", job.id), ..plain }
    }

    /// Commits a step and passes on what follows from it, in a task of its own: whoever waits for it may be dropped, and what
    /// is committed and leased to us must not be left in nobody's hands. The next step's turn comes when this one is written.
    async fn take_step(self: &Arc<Self>, commit: Commit, turn: Turn) -> Result<(), NotOurs> {
        let shared = self.clone();
        let written = tokio::spawn(async move {
            let written = shared.insist(commit).await;
            drop(turn);
            written
        });
        written.await.unwrap_or(Err(NotOurs))
    }

    /// Tries until it is known: written, or no longer ours to write.
    async fn insist(&self, commit: Commit) -> Result<(), NotOurs> {
        let mut unsure = false;
        loop {
            match self.store.commit(commit.clone()).await {
                Ok(CommitOutcome::Committed(mut committed)) => {
                    for delivery in committed.take_children() {
                        self.intake.take(ClaimedEvent { delivery, attempts: 0 });
                    }
                    self.outbox.deliver(committed);
                    return Ok(());
                }
                Ok(CommitOutcome::Fenced) => {
                    if unsure {
                        self.found(&commit).await;
                    }
                    return Err(NotOurs);
                }
                Ok(CommitOutcome::Reserved | CommitOutcome::Conflict(_) | CommitOutcome::Astray) => {
                    tokio::time::sleep(AGAIN).await
                }
                Err(StoreError::Closing) => return Err(NotOurs),
                // What it posts would be posted twice, which the table refuses; its rows come back by their lease.
                Err(_) if unsure && self.was_written(&commit).await => return Ok(()),
                Err(error) => {
                    tracing::warn!(error = %error, "a step of a job cannot be written; trying again");
                    unsure = true;
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
    }

    /// Whether a step was written although the database said that it failed: a message that it posts is there.
    async fn was_written(&self, commit: &Commit) -> bool {
        let posted = commit.effects.iter().find(|effect| matches!(effect, Effect::PostMessage { .. }));
        match posted {
            Some(effect) => matches!(self.store.message(effect.message()).await, Ok(Some(_))),
            None => false,
        }
    }

    /// A step may have been written although the database said that it failed: then the event it brought is ours.
    async fn found(&self, commit: &Commit) {
        for delivery in &commit.children {
            if matches!(self.store.is_open(&delivery.id).await, Ok(true)) {
                self.intake.take(ClaimedEvent { delivery: delivery.clone(), attempts: 0 });
            }
        }
    }
}

fn step(job: &Job, change: StepChange) -> Option<JobStep> {
    Some(JobStep { id: job.id.clone(), epoch: job.epoch, change })
}

/// A job's card as it is to be seen now.
fn seen(job: &Job, live: &Live, face: &Face<'_>, now_ms: i64) -> View {
    live.with_said(|said| card::view(job, face, &said.kept, now_ms))
}

/// Shows a job's card: a new message, whose reference is returned, or an edit of the one there is. A job that nobody asked
/// for in a chat, a timer's, has none.
fn show(job: &Job, view: View, effects: &mut Vec<Effect>) -> Option<MessageRef> {
    let to = job.conversation.clone();
    if let Some(message) = job.card.clone() {
        effects.push(Effect::EditMessage { message, to, view, private_to: None });
        return None;
    }
    if !PLATFORMS.contains(&to.platform()) {
        return None;
    }
    let message = MessageRef::new(ids::fresh());
    effects.push(Effect::PostMessage { message: message.clone(), to, view, private_to: None, reply: false });
    Some(message)
}

/// The event that tells the plugin.
fn finished(job: &Job, state: JobState, outcome: &str, result: &Value, now_ms: i64) -> Delivery {
    let detail = match state {
        JobState::Done => result.clone(),
        _ => json!({"error": outcome, "detail": result}),
    };
    let event = Event::JobFinished(JobFinished {
        plugin: job.plugin.clone(),
        id: job.id.clone(),
        job: job.kind.clone(),
        status: state.as_str().to_owned(),
        detail: detail.to_string(),
        incident: job.incident.clone(),
    });
    delivery(job, format!("job/{}", job.id), event, now_ms)
}

/// What a job brings about, beside what asked for it.
fn delivery(job: &Job, id: String, event: Event, now_ms: i64) -> Delivery {
    Delivery {
        id: DeliveryId::new(id),
        root: job.root.clone(),
        conversation: job.conversation.clone(),
        received_ms: now_ms,
        plugin: None,
        approval: None,
        event,
    }
}

/// A line of the timeline of the incident that a job belongs to.
fn line(job: &Job, at_ms: i64, text: String) -> Option<TimelineEntry> {
    let author = PersonId::new(format!("plugin:{}", job.plugin));
    let incident = job.incident.clone()?;
    Some(TimelineEntry { id: ids::fresh(), incident, at_ms, kind: "job".to_owned(), author, text })
}

/// A sentence short enough for a card and a record.
fn sentence(text: &str) -> String {
    let mut short: String = text.trim().chars().take(JOB_SENTENCE_CHARS).collect();
    if text.trim().chars().nth(JOB_SENTENCE_CHARS).is_some() {
        short.push('…');
    }
    short
}

fn scrubbed(value: Value, scrub: &(dyn Fn(&str) -> String + Send + Sync)) -> Value {
    match value {
        Value::String(text) => scrub(&text).into(),
        Value::Array(items) => items.into_iter().map(|item| scrubbed(item, scrub)).collect(),
        Value::Object(fields) => fields.into_iter().map(|(key, value)| (scrub(&key), scrubbed(value, scrub))).collect(),
        other => other,
    }
}

fn bounded(result: Value) -> Value {
    let bytes = result.to_string().len();
    if bytes <= JOB_RESULT_BYTES {
        return result;
    }
    json!({"left_out": format!("the result had {bytes} bytes; at most {JOB_RESULT_BYTES} are kept")})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_taken_out_of_every_text_of_a_result() {
        let scrub = |text: &str| text.replace("hunter2", "***");
        let result = json!({"a": ["hunter2", {"hunter2": "x hunter2"}], "n": 2, "b": true, "none": null});
        let clean = json!({"a": ["***", {"***": "x ***"}], "n": 2, "b": true, "none": null});
        assert_eq!(scrubbed(result, &scrub), clean);
    }

    #[test]
    fn what_is_kept_is_bounded_and_says_so() {
        assert_eq!(bounded(json!({"rows": 3})), json!({"rows": 3}));
        let cut = bounded(json!("x".repeat(JOB_RESULT_BYTES)));
        assert!(cut["left_out"].as_str().is_some_and(|why| why.contains("65538 bytes")), "{cut}");
        let long = sentence(&format!("  {}  ", "é".repeat(JOB_SENTENCE_CHARS + 1)));
        assert_eq!((long.chars().count(), long.ends_with('…')), (JOB_SENTENCE_CHARS + 1, true));
        assert_eq!(sentence(" so. "), "so.");
    }
}
