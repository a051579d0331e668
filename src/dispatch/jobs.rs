//! What people may want of jobs: the buttons of their cards, `/drillbell status --cancel`, and what the bot's status says of
//! them. A wish is all that is written here; the worker fulfils it.

use super::answer::{Answer, empty_commit};
use super::approvals::{self, Announced};
use super::{HOST, House, Trouble, say};
use crate::clock::rfc3339;
use crate::config::limits::JOBS_SHOWN;
use crate::jobs::{AGAIN, CANCEL, DONE, FAILED, how_far};
use crate::model::event::{Delivery, Person};
use crate::model::job::{Job, JobChange, JobState, Wish};
use crate::model::view::{Block, Button, Tone, View};
use crate::policy::{Asker, Decision, Subject};
use crate::signin;
use crate::store::OutcomeStatus;
use serde_json::{Value, json};

/// Fewer characters of an id may mean anything.
const LEAST_OF_ID: usize = 4;
/// Jobs that a status names; the others are counted.
const NAMED: usize = 10;

impl House {
    /// A click on the card of a job.
    pub(super) async fn job_click(&self, delivery: &Delivery, button: &Button) -> Result<(), Trouble> {
        let wish = match button.action.as_str() {
            CANCEL => Wish::Cancel,
            AGAIN => Wish::Again,
            DONE => Wish::Done,
            FAILED => Wish::Failed,
            _ => return self.answer(delivery, Answer::private(OutcomeStatus::Refused, say::no_such_button())).await,
        };
        match self.store.job(&button.value).await? {
            Some(job) => self.wish(delivery, &job, wish).await,
            None => {
                self.refuse(delivery, None, "This job ended long ago, and nothing more is known of it.".to_owned())
                    .await
            }
        }
    }

    /// `/drillbell status --cancel ID`.
    pub(super) async fn cancel_job(&self, delivery: &Delivery, named: &str) -> Result<(), Trouble> {
        let named = named.trim().to_lowercase();
        if let Some(job) = self.store.job(&named).await? {
            return self.wish(delivery, &job, Wish::Cancel).await;
        }
        let mut jobs = self.store.unfinished_jobs(JOBS_SHOWN).await?;
        jobs.retain(|job| named.len() >= LEAST_OF_ID && job.id.ends_with(&named));
        match jobs.as_slice() {
            [job] => self.wish(delivery, job, Wish::Cancel).await,
            [] => {
                let shown = say::shown_of(&named);
                let text = format!("No job that has not ended is called `{shown}`. `/drillbell status` names them.");
                self.refuse(delivery, None, text).await
            }
            several => {
                let text = say::which(several.iter().map(|job| job.id.as_str()), "jobs");
                self.refuse(delivery, None, text).await
            }
        }
    }

    /// Writes a wish down, if it is one that can be fulfilled.
    async fn wish(&self, delivery: &Delivery, job: &Job, wish: Wish) -> Result<(), Trouble> {
        let Some(by) = delivery.event.by() else { return Ok(()) };
        if job.state.has_ended() {
            let text = format!("{}: it has ended already ({}).", job.title, job.state.as_str());
            return self.told(delivery, &text).await;
        }
        if let (Some(earlier), Some(who)) = (job.wish, &job.wish_by) {
            let text = format!("{}: {who} was first ({}).", job.title, earlier.as_str());
            return self.told(delivery, &text).await;
        }
        if wish != Wish::Cancel && job.state != JobState::Lost {
            let text = format!("{}: nobody is asked about it any more.", job.title);
            return self.refuse(delivery, None, text).await;
        }
        if wish == Wish::Again
            && let Some(sentence) = self.not_again(delivery, job).await?
        {
            return self.refuse(delivery, None, sentence).await;
        }
        let text = match wish {
            Wish::Cancel if job.state == JobState::Running => format!("{}: it is told to end.", job.title),
            Wish::Cancel => format!("{}: cancelled.", job.title),
            Wish::Again => format!("{}: it is run again.", job.title),
            other => format!("{}: marked {}.", job.title, other.as_str()),
        };
        let mut commit = empty_commit(delivery, HOST.into(), OutcomeStatus::Ok, self.store.now_ms());
        commit.incident.clone_from(&job.incident);
        commit.result.text.clone_from(&text);
        commit.result.data = Some(json!({"job": job.id, "wish": wish.as_str()}));
        commit.audit.incident.clone_from(&job.incident);
        commit.audit.detail["job"] = json!(job.id);
        commit.audit.detail["wish"] = json!(wish.as_str());
        if wish == Wish::Again && self.changes_production(job) {
            let decided = "run again after its process died";
            let incident = job.incident.as_ref();
            let told = Announced { job: &job.id, title: &job.title, by: &by.name, decided, incident };
            self.announce(&told, &mut commit);
        }
        commit.jobs.push(JobChange::Wish { id: job.id.clone(), wish, by: by.id.clone() });
        self.done(delivery, commit, by, text).await
    }

    /// Why somebody may not have a job run again whose process died. What changes production is as much a change the second
    /// time: where the rules ask for an approval, whoever has it run again must be one who could give it to whoever asked for
    /// the job.
    async fn not_again(&self, delivery: &Delivery, job: &Job) -> Result<Option<String>, Trouble> {
        let Some(by) = delivery.event.by() else { return Ok(None) };
        if !self.changes_production(job) {
            return Ok(None);
        }
        if self.about.ops.is_none() {
            return Ok(Some(approvals::nowhere(&job.title)));
        }
        let spec = serde_json::from_str(&job.spec).unwrap_or(Value::Null);
        let capabilities = self.kinds.get(&job.kind).map(|kind| kind.uses(&spec)).unwrap_or_default();
        let subject = Subject::Job { kind: &job.kind, capabilities: &capabilities, production: true };
        let alone = match self.policy.decide(subject, Some(by), &job.conversation) {
            Decision::Allow => return Ok(None),
            Decision::Refuse(sentence) => Some(sentence),
            Decision::NeedsApproval(_) => None,
        };
        // What they may not do alone they may as the second person, whoever else could have been it.
        let asked = Person { id: job.asked_by.clone(), name: job.asked_by.to_string() };
        let carried = signin::carried_role(&self.store, Some(&asked)).await?;
        let is_person = !asked.id.as_str().starts_with("plugin:");
        let asker = Asker { by: is_person.then_some(&asked), carries: carried.as_deref() };
        Ok(match self.policy.decide_for(subject, asker, &job.conversation) {
            Decision::NeedsApproval(need) => {
                self.policy.not_second(&need, &job.asked_by, by, delivery.event.asserted_by())
            }
            Decision::Refuse(sentence) => Some(alone.unwrap_or(sentence)),
            Decision::Allow => alone,
        })
    }

    /// Whether a job changes what users see; one of a kind that is gone may well have.
    fn changes_production(&self, job: &Job) -> bool {
        let spec = serde_json::from_str(&job.spec).unwrap_or(Value::Null);
        self.kinds.get(&job.kind).is_none_or(|kind| kind.changes_production(&spec))
    }

    async fn told(&self, delivery: &Delivery, text: &str) -> Result<(), Trouble> {
        let view = View::text(text).toned(Tone::Info);
        self.answer(delivery, Answer::private(OutcomeStatus::Ok, view)).await
    }

    /// What the bot's status says of jobs: for people, and for machines.
    pub(super) async fn jobs_at_hand(&self) -> Result<(Vec<Block>, Value), Trouble> {
        let now_ms = self.store.now_ms();
        let counts = self.store.job_counts().await?;
        let of = |state: JobState| counts.iter().find(|(at, _)| *at == state).map_or(0, |(_, count)| *count);
        let jobs = self.store.unfinished_jobs(JOBS_SHOWN).await?;
        let mut blocks = Vec::new();
        if !counts.is_empty() {
            let text = format!(
                "{} running, {} waiting, {} held, {} to be decided",
                of(JobState::Running),
                of(JobState::Ready),
                of(JobState::Held),
                of(JobState::Lost)
            );
            blocks.push(Block::Field { name: "jobs".to_owned(), value: text });
        }
        for job in jobs.iter().take(NAMED) {
            blocks.push(Block::Field { name: format!("job {}", job.short()), value: line(job, now_ms) });
        }
        let data = json!({
            "running": of(JobState::Running), "ready": of(JobState::Ready), "held": of(JobState::Held),
            "lost": of(JobState::Lost), "list": jobs.iter().map(|job| object(job, now_ms)).collect::<Vec<_>>(),
        });
        Ok((blocks, data))
    }
}

/// `running on db1/4242: roll back the shop (steps) · step 2 of 7 · 12 s`.
fn line(job: &Job, now_ms: i64) -> String {
    let mut text = job.state.as_str().to_owned();
    if let (JobState::Running, Some(place)) = (job.state, &job.place) {
        text.push_str(&format!(" on {place}"));
    }
    text.push_str(&format!(": {} ({}, {})", job.title, job.kind, job.plugin));
    for part in how_far(job, now_ms) {
        text.push_str(" · ");
        text.push_str(&part);
    }
    text
}

fn object(job: &Job, now_ms: i64) -> Value {
    let progress: Option<Value> = job.progress.as_deref().and_then(|text| serde_json::from_str(text).ok());
    json!({
        "id": job.id, "kind": job.kind, "plugin": job.plugin, "title": job.title, "state": job.state.as_str(),
        "place": job.place, "attempt": job.attempts, "asked_by": job.asked_by, "incident": job.incident,
        "conversation": job.conversation, "approval": job.approval, "wish": job.wish.map(Wish::as_str),
        "created": rfc3339(job.created_ms), "started": job.started_ms.map(rfc3339),
        "age_ms": now_ms.saturating_sub(job.started_ms.unwrap_or(job.created_ms)), "progress": progress,
    })
}
