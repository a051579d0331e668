//! Jobs as the host keeps them: started, found by key, cancelled. None of them runs; a test ends them.

use super::FakeBot;
use crate::error::{HostError, HostResult};
use crate::ids::Conversation;
use crate::job::{JobInfo, NewJob};

/// Jobs that one call may start, as with the real host.
const JOBS_PER_CALL: usize = 20;

impl FakeBot {
    pub(super) fn enqueue(&mut self, job: NewJob) -> HostResult<String> {
        self.granted_job(&job.kind)?;
        if job.title.trim().is_empty() || job.title.chars().count() > 120 || job.title.chars().any(char::is_control) {
            return Err(HostError::Invalid(String::from("a job's title is one line of 1 to 120 characters")));
        }
        if let Some(key) = &job.key
            && let Some(holder) = self.key_holder(key)
        {
            return Err(HostError::Invalid(format!("the job {} has the key `{key}` and has not ended", holder.id)));
        }
        if self.event.jobs >= JOBS_PER_CALL {
            return Err(HostError::TooLarge(format!("one call may start or cancel {JOBS_PER_CALL} jobs")));
        }
        self.event.jobs += 1;
        let id = format!("job-{}", self.jobs.len() + 1);
        let nowhere = || Conversation::from("timer:test");
        let here = job.conversation.clone().or_else(|| self.event.conversation.clone()).unwrap_or_else(nowhere);
        let info = JobInfo {
            id: id.clone(),
            kind: job.kind.clone(),
            title: job.title.clone(),
            state: String::from(if job.approval.is_some() { "held" } else { "ready" }),
            conversation: here,
            incident: self.event.incident.clone(),
            created_ms: self.now_ms,
            started_ms: None,
            ended_ms: None,
            stage: String::new(),
            done: 0,
            total: 0,
            detail: String::new(),
        };
        self.jobs.push((job, info));
        Ok(id)
    }

    pub(super) fn cancel(&mut self, id: &str) -> HostResult {
        let kind = self.own_job(id)?.kind;
        self.granted_job(&kind)?;
        let now_ms = self.now_ms;
        for (_, job) in self.jobs.iter_mut().filter(|(_, job)| job.id == id && !job.has_ended()) {
            job.state = String::from("cancelled");
            job.ended_ms = Some(now_ms);
        }
        Ok(())
    }

    pub(super) fn own_job(&self, id: &str) -> HostResult<JobInfo> {
        let found = self.jobs.iter().find(|(_, job)| job.id == id).map(|(_, job)| job.clone());
        found.ok_or_else(|| HostError::NotFound(format!("this plugin has no job `{id}`")))
    }

    pub(super) fn key_holder(&self, key: &str) -> Option<JobInfo> {
        let open = self.jobs.iter().filter(|(_, job)| !job.has_ended());
        open.into_iter().find(|(asked, _)| asked.key.as_deref() == Some(key)).map(|(_, job)| job.clone())
    }

    pub(super) fn granted_job(&self, kind: &str) -> HostResult {
        self.granted(&format!("jobs:{kind}"))
    }
}
