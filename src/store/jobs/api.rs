//! What may be asked of the store about jobs, and what a worker may do with those it claims.

use super::claim::{self, Beat, Claim};
use super::lock::JobLock;
use crate::model::ids::{DeliveryId, PluginId};
use crate::model::job::{Job, JobState};
use crate::store::error::StoreError;
use crate::store::sql::Engine;
use crate::store::{Store, inbox};

type Answer<T> = Result<T, StoreError>;

#[expect(clippy::missing_errors_doc, reason = "all fail alike: the database does not answer, or a row is corrupt")]
impl Store {
    /// A job by its id.
    pub async fn job(&self, id: &str) -> Answer<Option<Job>> {
        super::get(&self.inner.pool, id).await
    }

    /// The unfinished job of a plugin that has this key.
    pub async fn job_of_key(&self, plugin: &PluginId, key: &str) -> Answer<Option<Job>> {
        super::of_key(&self.inner.pool, plugin, key).await
    }

    /// A plugin's jobs, newest first.
    pub async fn jobs_of(&self, plugin: &PluginId, unfinished: bool, limit: i64) -> Answer<Vec<Job>> {
        super::of_plugin(&self.inner.pool, plugin, unfinished, limit).await
    }

    /// The jobs under a root, oldest first.
    pub async fn jobs_under(&self, root: &DeliveryId) -> Answer<Vec<Job>> {
        super::under(&self.inner.pool, root).await
    }

    /// The jobs that have not ended, oldest first.
    pub async fn unfinished_jobs(&self, limit: i64) -> Answer<Vec<Job>> {
        super::unfinished(&self.inner.pool, limit).await
    }

    /// The jobs whose id ends in these eight digits, by which people and what a job leaves behind call them; there is hardly ever more
    /// than one.
    pub async fn jobs_called(&self, digits: &str) -> Answer<Vec<Job>> {
        super::called(&self.inner.pool, digits).await
    }

    /// The jobs of a kind that ended since a moment, the last first.
    pub async fn jobs_ended(&self, kind: &str, since_ms: i64, limit: i64) -> Answer<Vec<Job>> {
        super::ended(&self.inner.pool, kind, since_ms, limit).await
    }

    /// How many jobs there are in each state that is no end.
    pub async fn job_counts(&self) -> Answer<Vec<(JobState, i64)>> {
        super::counts(&self.inner.pool).await
    }

    /// Whether there is a job to claim.
    pub async fn has_jobs(&self, claim: &Claim<'_>) -> Answer<bool> {
        claim::is_due(&self.inner.pool, self.inner.engine, claim).await
    }

    /// Claims jobs: each is leased to this process from now on, under a new epoch.
    pub async fn claim_jobs(&self, claim: &Claim<'_>) -> Answer<Vec<Job>> {
        let owner = self.inner.owner.clone();
        let kinds = claim.kinds.to_vec();
        let Claim { limit, wished, all, now_ms, .. } = *claim;
        self.solo(&self.inner.front, move |connection, engine| {
            Box::pin(async move {
                let claim = Claim { kinds: &kinds, limit, wished, all, now_ms };
                claim::claim(connection, engine, &owner, &claim).await
            })
        })
        .await
    }

    /// Extends the lease of a claim.
    pub async fn beat_job(&self, id: String, epoch: i64) -> Answer<Beat> {
        let owner = self.inner.owner.clone();
        self.solo(&self.inner.front, move |connection, engine| {
            Box::pin(async move { claim::beat(connection, engine, &owner, &id, epoch).await })
        })
        .await
    }

    /// Whether a claim still stands, by the database's clock.
    pub async fn job_is_mine(&self, id: &str, epoch: i64) -> Answer<bool> {
        claim::is_mine(&self.inner.pool, self.inner.engine, &self.inner.owner, id, epoch).await
    }

    /// Lets go of a claim.
    pub async fn let_go_of_job(&self, id: String, epoch: i64) -> Answer<()> {
        let owner = self.inner.owner.clone();
        self.solo(&self.inner.front, move |connection, _| {
            Box::pin(async move { claim::let_go(connection, &owner, &id, epoch).await })
        })
        .await
    }

    /// Remembers the process that a job started (JSON), or that it has ended; whether the job is still ours.
    pub async fn keep_child(&self, id: String, epoch: i64, child: Option<String>) -> Answer<bool> {
        let owner = self.inner.owner.clone();
        self.solo(&self.inner.front, move |connection, _| {
            Box::pin(async move { claim::keep_child(connection, &owner, &id, epoch, child.as_deref()).await })
        })
        .await
    }

    /// Keeps how far a job is, so that a later run goes on from there; whether the job is still ours.
    pub async fn keep_checkpoint(&self, id: String, epoch: i64, checkpoint: String) -> Answer<bool> {
        let owner = self.inner.owner.clone();
        self.solo(&self.inner.front, move |connection, _| {
            Box::pin(async move { claim::keep_checkpoint(connection, &owner, &id, epoch, &checkpoint).await })
        })
        .await
    }

    /// How far a job is, as its kind kept it.
    pub async fn checkpoint(&self, id: &str) -> Answer<Option<String>> {
        claim::checkpoint(&self.inner.pool, id).await
    }

    /// Takes the lock of a job that changes production; `None` while another process has it.
    pub async fn lock_job(&self, id: &str) -> Answer<Option<JobLock>> {
        match self.inner.engine {
            Engine::Sqlite => Ok(Some(JobLock::formality())),
            Engine::Postgres => JobLock::take(&self.inner.address, id).await,
        }
    }

    /// The end of an event that follows from others, if it is stored and still to be handled by this process.
    pub async fn is_open(&self, id: &DeliveryId) -> Answer<bool> {
        inbox::is_open(&self.inner.pool, id, &self.inner.owner).await
    }
}
