//! `drillbell:jobs`: slow work to be done after the call. Requests are built and checked here, enqueued by the commit and run
//! elsewhere; what is read of a job is a glance, because jobs go on by themselves.

use super::approvals::ApprovalsCall;
use super::caller::{Caller, quoted};
use super::grants::Need;
use crate::bindings::draft::JobDraft;
use crate::bindings::latest::drillbell::jobs::jobs as wit;
use crate::bindings::latest::drillbell::types::types::HostError;
use crate::config::limits::{
    JOB_ATTEMPTS, JOB_ATTEMPTS_MAX, JOB_KEY_BYTES, JOB_RUN_LIMIT, JOB_RUN_LIMIT_MAX, JOB_SPEC_BYTES, JOB_TITLE_CHARS,
    JOBS_PER_CALL, JOBS_SHOWN,
};
use crate::model::changes::Changes;
use crate::model::ids::{PluginId, fresh};
use crate::model::job::{Job, JobChange, NewJob, OnLost, Progress, Wish};
use std::sync::Arc;
use wasmtime::component::{HasData, Resource, ResourceTable, ResourceTableError};

/// Whether a kind of job is known and takes a spec: kind, spec, who asks, the moment of the call. The error is a sentence.
pub type CheckJob = Arc<dyn Fn(&str, &serde_json::Value, &PluginId, i64) -> Result<(), String> + Send + Sync>;

/// What one call wants of jobs.
pub struct JobsCall {
    changes: Vec<JobChange>,
    check: CheckJob,
}

/// The capability with its caller.
pub struct JobsHost<'a> {
    /// Who asks.
    pub caller: &'a mut Caller,
    /// What it asked for so far.
    pub jobs: &'a mut JobsCall,
    /// The approvals of the same call: one that was given may let a job begin.
    pub approvals: &'a mut ApprovalsCall,
    /// The requests under construction.
    pub table: &'a mut ResourceTable,
}

/// Names `JobsHost` to the linker.
pub struct HasJobs;

impl HasData for HasJobs {
    type Data<'a> = JobsHost<'a>;
}

impl JobsCall {
    /// Nothing asked for yet.
    pub fn new(check: CheckJob) -> Self {
        Self { changes: Vec::new(), check }
    }

    /// Adds the jobs to the call's changes.
    pub fn into_changes(self, changes: &mut Changes) {
        changes.jobs = self.changes;
    }
}

fn invalid(text: impl Into<String>) -> HostError {
    HostError::Invalid(text.into())
}

impl JobsHost<'_> {
    fn draft(&mut self, draft: &Resource<JobDraft>, change: impl FnOnce(&mut JobDraft)) -> wasmtime::Result<()> {
        self.caller.meter.begin("jobs.request", "", 0)?;
        change(self.table.get_mut(draft)?);
        self.caller.meter.done(0);
        Ok(())
    }

    fn room(&self) -> Result<(), HostError> {
        match self.jobs.changes.len() >= JOBS_PER_CALL {
            true => Err(HostError::TooLarge(format!("one call may start or cancel {JOBS_PER_CALL} jobs"))),
            false => Ok(()),
        }
    }

    fn record(&mut self, change: JobChange) -> Result<(), HostError> {
        self.room()?;
        self.jobs.changes.push(change);
        Ok(())
    }

    async fn enqueue(&mut self, draft: JobDraft) -> Result<String, HostError> {
        self.caller.need(Need::Job(&draft.kind))?;
        // Before an approval is used up for it.
        self.room()?;
        let job = self.judged(draft).await?;
        self.caller.meter.hold(job.spec.len() + job.title.len())?;
        let id = job.id.clone();
        self.record(JobChange::Start(Box::new(job)))?;
        Ok(id)
    }

    /// The job that a request asks for, if all of it makes sense.
    async fn judged(&mut self, draft: JobDraft) -> Result<NewJob, HostError> {
        let JobDraft { kind, title, spec, on_lost, key, attempts, run_limit_ms, conversation, approval } = draft;
        let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
        if title.is_empty() || title.chars().count() > JOB_TITLE_CHARS || title.chars().any(char::is_control) {
            return Err(invalid(format!(
                "{} is no title of a job: expected one line of 1 to {JOB_TITLE_CHARS} characters",
                quoted(&title)
            )));
        }
        if spec.len() > JOB_SPEC_BYTES {
            let text = format!("a job's spec may have {JOB_SPEC_BYTES} bytes; this one has {}", spec.len());
            return Err(HostError::TooLarge(text));
        }
        let value: serde_json::Value =
            serde_json::from_str(&spec).map_err(|error| invalid(format!("the spec is no JSON: {error}")))?;
        (self.jobs.check)(&kind, &value, self.caller.plugin(), self.caller.now_ms)
            .map_err(|why| invalid(format!("a job of the kind {} cannot be started: {why}", quoted(&kind))))?;
        let attempts = i64::from(attempts.unwrap_or(u32::try_from(JOB_ATTEMPTS).unwrap_or(1)));
        if !(1..=JOB_ATTEMPTS_MAX).contains(&attempts) {
            return Err(invalid(format!("a job may have 1 to {JOB_ATTEMPTS_MAX} runs, not {attempts}")));
        }
        let most_ms = u64::try_from(JOB_RUN_LIMIT_MAX.as_millis()).unwrap_or(u64::MAX);
        let usual_ms = u64::try_from(JOB_RUN_LIMIT.as_millis()).unwrap_or(u64::MAX);
        let run_limit_ms = run_limit_ms.unwrap_or(usual_ms);
        if run_limit_ms == 0 || run_limit_ms > most_ms {
            return Err(invalid(format!("a run may take 1 to {most_ms} milliseconds, not {run_limit_ms}")));
        }
        let conversation = match conversation {
            Some(to) => Some(self.caller.place(to).await?),
            None => None,
        };
        if let Some(key) = &key {
            self.free(key).await?;
        }
        let approval = match approval {
            Some(id) => {
                let plan = serde_json::json!({"kind": kind, "spec": value});
                Some(self.approvals.use_up(self.caller, &id, &plan).await?.into_string())
            }
            None => None,
        };
        let asked_by = self.caller.author.clone();
        Ok(NewJob {
            id: fresh(),
            plugin: self.caller.plugin().clone(),
            kind,
            title,
            spec,
            on_lost,
            key,
            approval,
            max_attempts: attempts,
            run_limit_ms: i64::try_from(run_limit_ms).unwrap_or(i64::MAX),
            conversation,
            asked_by,
        })
    }

    /// Whether a key is one, and nobody has it, not even this call.
    async fn free(&mut self, key: &str) -> Result<(), HostError> {
        let held = |id: &str| invalid(format!("the job {id} has the key {} and has not ended", quoted(key)));
        let own = self.jobs.changes.iter().find_map(|change| match change {
            JobChange::Start(job) if job.key.as_deref() == Some(key) => Some(job.id.as_str()),
            _ => None,
        });
        if let Some(own) = own {
            return Err(held(own));
        }
        match self.by_key(key).await? {
            Some(job) => Err(held(&job.id)),
            None => Ok(()),
        }
    }

    async fn by_key(&mut self, key: &str) -> Result<Option<Job>, HostError> {
        if key.is_empty() || key.len() > JOB_KEY_BYTES || key.contains('\0') {
            return Err(invalid(format!(
                "{} is no key of a job: expected 1 to {JOB_KEY_BYTES} bytes without NUL",
                quoted(key)
            )));
        }
        let answer = self.caller.reads.job_of_key(self.caller.plugin(), key).await;
        self.caller.settle(answer)
    }

    /// A job of this plugin's, of a kind that it may have to do with.
    async fn own(&mut self, id: &str) -> Result<Job, HostError> {
        let answer = self.caller.reads.job(id).await;
        match self.caller.settle(answer)? {
            Some(job) if job.plugin == *self.caller.plugin() => {
                self.caller.need(Need::Job(&job.kind))?;
                Ok(job)
            }
            // Another plugin's job is answered like one that does not exist.
            _ => {
                self.caller.need(Need::AnyJob)?;
                Err(HostError::NotFound(format!("this plugin has no job {}", quoted(id))))
            }
        }
    }

    async fn wish_cancelled(&mut self, id: String) -> Result<(), HostError> {
        let started = |change: &JobChange| matches!(change, JobChange::Start(job) if job.id == id);
        if let Some(at) = self.jobs.changes.iter().position(started) {
            // It was never there.
            self.jobs.changes.remove(at);
            return Ok(());
        }
        let job = self.own(&id).await?;
        let by = self.caller.author.clone();
        match job.state.has_ended() {
            true => Ok(()),
            false => self.record(JobChange::Wish { id: job.id, wish: Wish::Cancel, by }),
        }
    }

    async fn seen(&mut self, unfinished: bool, limit: u32) -> Result<Vec<wit::JobInfo>, HostError> {
        self.caller.need(Need::AnyJob)?;
        let limit = i64::from(limit).min(JOBS_SHOWN);
        let answer = self.caller.reads.jobs(self.caller.plugin(), unfinished, limit).await;
        let jobs = self.caller.settle(answer)?;
        let shown: Vec<_> =
            jobs.into_iter().filter(|job| self.caller.grants.check(Need::Job(&job.kind)).is_ok()).map(info).collect();
        self.caller.meter.hold(shown.iter().map(weight).sum())?;
        Ok(shown)
    }
}

fn info(job: Job) -> wit::JobInfo {
    let moment = |ms: i64| u64::try_from(ms).unwrap_or(0);
    let progress: Progress =
        job.progress.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    wit::JobInfo {
        id: job.id,
        kind: job.kind,
        title: job.title,
        state: job.state.as_str().to_owned(),
        conversation: job.conversation.into_string(),
        incident: job.incident.map(|id| id.into_string()),
        created_at: moment(job.created_ms),
        started_at: job.started_ms.map(moment),
        ended_at: job.ended_ms.map(moment),
        stage: progress.stage,
        done: progress.done,
        total: progress.total,
        detail: job.result.unwrap_or_default(),
    }
}

fn weight(info: &wit::JobInfo) -> usize {
    info.id.len() + info.title.len() + info.detail.len() + info.stage.len() + 64
}

impl wit::Host for JobsHost<'_> {
    async fn start(&mut self, draft: Resource<JobDraft>) -> wasmtime::Result<Result<String, HostError>> {
        let taken = std::mem::take(self.table.get_mut(&draft)?);
        self.caller.meter.begin("jobs.start", &taken.kind, taken.spec.len() + taken.title.len())?;
        let answer = match taken.kind.is_empty() {
            true => Err(invalid("the request names no kind of job, or was used before: each is good for one job")),
            false => self.enqueue(taken).await,
        };
        self.caller.meter.end(answer, String::len)
    }

    async fn cancel(&mut self, id: String) -> wasmtime::Result<Result<(), HostError>> {
        self.caller.meter.begin("jobs.cancel", "", id.len())?;
        let answer = self.wish_cancelled(id).await;
        self.caller.meter.end(answer, |()| 0)
    }

    async fn get(&mut self, id: String) -> wasmtime::Result<Result<wit::JobInfo, HostError>> {
        self.caller.meter.begin("jobs.get", "", id.len())?;
        let answer = self.own(&id).await.map(info);
        self.caller.meter.end(answer, weight)
    }

    async fn listing(
        &mut self,
        unfinished: bool,
        limit: u32,
    ) -> wasmtime::Result<Result<Vec<wit::JobInfo>, HostError>> {
        self.caller.meter.begin("jobs.listing", "", 0)?;
        let answer = self.seen(unfinished, limit).await;
        self.caller.meter.end(answer, |jobs| jobs.iter().map(weight).sum())
    }

    async fn holder(&mut self, key: String) -> wasmtime::Result<Result<Option<wit::JobInfo>, HostError>> {
        self.caller.meter.begin("jobs.holder", "", key.len())?;
        let answer = match self.caller.need(Need::AnyJob) {
            Ok(()) => self.by_key(&key).await.map(|job| job.map(info)),
            Err(denied) => Err(denied),
        };
        self.caller.meter.end(answer, |job| job.as_ref().map_or(0, weight))
    }
}

impl wit::HostRequest for JobsHost<'_> {
    fn new(&mut self, kind: String, title: String, spec: String) -> wasmtime::Result<Resource<JobDraft>> {
        self.caller.meter.begin("jobs.request", &kind, kind.len() + title.len() + spec.len())?;
        let draft = JobDraft { kind, title, spec, ..JobDraft::default() };
        let made = match self.table.push(draft) {
            Ok(made) => made,
            Err(ResourceTableError::Full) => return Err(super::exceeded::Exceeded::Handles.into()),
            Err(error) => return Err(error.into()),
        };
        self.caller.meter.done(0);
        Ok(made)
    }

    fn set_on_lost(&mut self, draft: Resource<JobDraft>, on_lost: wit::OnLost) -> wasmtime::Result<()> {
        let on_lost = match on_lost {
            wit::OnLost::Repeat => OnLost::Repeat,
            wit::OnLost::Verify => OnLost::Verify,
            wit::OnLost::Ask => OnLost::Ask,
        };
        self.draft(&draft, |draft| draft.on_lost = on_lost)
    }

    fn set_key(&mut self, draft: Resource<JobDraft>, key: String) -> wasmtime::Result<()> {
        self.draft(&draft, |draft| draft.key = Some(key))
    }

    fn set_attempts(&mut self, draft: Resource<JobDraft>, attempts: u32) -> wasmtime::Result<()> {
        self.draft(&draft, |draft| draft.attempts = Some(attempts))
    }

    fn set_run_limit(&mut self, draft: Resource<JobDraft>, limit_ms: u64) -> wasmtime::Result<()> {
        self.draft(&draft, |draft| draft.run_limit_ms = Some(limit_ms))
    }

    fn set_conversation(&mut self, draft: Resource<JobDraft>, to: String) -> wasmtime::Result<()> {
        self.draft(&draft, |draft| draft.conversation = Some(to))
    }

    fn set_approval(&mut self, draft: Resource<JobDraft>, approval: String) -> wasmtime::Result<()> {
        self.draft(&draft, |draft| draft.approval = Some(approval))
    }

    fn drop(&mut self, draft: Resource<JobDraft>) -> wasmtime::Result<()> {
        self.table.delete(draft)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
