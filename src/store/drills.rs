//! How drills went: a row a job, written by the commit that ends it, and kept when the job is forgotten.

use super::Store;
use super::error::StoreError;
use crate::config::limits::DRILLS_LOOKED_AT;
use crate::model::copy::{Drilled, LastDrill};
use crate::model::drill::{DRILL, Drill};
use crate::model::job::JobState;
use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AnyPool, Row};
use std::collections::BTreeMap;

const KEEP: &str = "insert into drills (job, target, object, taken_ms, ended_ms, status, cause, sentence, rto_ms, age_ms, stages, \
    checks, evidence) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) on conflict (job) do nothing";
const LIST: &str = "select job, target, object, taken_ms, ended_ms, status, cause, sentence, rto_ms, age_ms, stages, checks, evidence \
    from drills where ($1 = '' or target = $1) and (ended_ms < $2 or (ended_ms = $2 and job < $3)) \
    order by ended_ms desc, job desc limit $4";
const NOT_KEPT: &str = "select id, spec, state, result, ended_ms from jobs where ended_ms is not null and kind = $1 \
    and not exists (select 1 from drills where drills.job = jobs.id)";
const PASSED: &str = "select target, ended_ms, rto_ms from drills where status = 'pass' and rto_ms > 0 order by ended_ms desc, job desc limit $1";
const LAST: &str = "select target, ended_ms, status, sentence from drills order by ended_ms desc, job desc limit $1";

/// Keeps the drills whose jobs ended under a version that did not, such as a replica that is not replaced yet, for as long as those
/// jobs are remembered.
pub(super) async fn catch_up(pool: &AnyPool) -> Result<(), StoreError> {
    let doing = || StoreError::doing("looking for drills of before");
    let mut connection = pool.acquire().await.map_err(doing())?;
    let rows = sqlx::query(NOT_KEPT).bind(DRILL).fetch_all(&mut *connection).await.map_err(doing())?;
    for row in &rows {
        let (job, spec): (String, String) = (row.get(0), row.get(1));
        let Some(state) = JobState::parse(&row.get::<String, _>(2)) else { continue };
        let result: Option<String> = row.get(3);
        if let Some(drill) = Drill::read(&job, &spec, state, &result.unwrap_or_default(), row.get(4)) {
            keep(&mut connection, &drill).await?;
        }
    }
    Ok(())
}

/// Keeps what a job of the kind said when it ended.
pub(super) async fn keep(connection: &mut AnyConnection, drill: &Drill) -> Result<(), StoreError> {
    let query = sqlx::query(KEEP)
        .bind(&drill.job)
        .bind(plain(&drill.target))
        .bind(drill.object.as_deref().map(plain))
        .bind(drill.taken_ms)
        .bind(drill.ended_ms)
        .bind(&drill.status)
        .bind(drill.cause.as_deref().map(plain))
        .bind(plain(&drill.sentence))
        .bind(drill.rto_ms)
        .bind(drill.age_ms)
        .bind(json(&drill.stages)?)
        .bind(json(&drill.checks)?)
        .bind(drill.evidence.as_deref().map(plain));
    query.execute(connection).await.map_err(StoreError::doing("keeping how a drill went"))?;
    Ok(())
}

/// PostgreSQL keeps no NUL in a text.
fn plain(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

fn json(list: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(list).map_err(|error| StoreError::Corrupt { table: "drills", reason: error.to_string() })
}

#[expect(clippy::missing_errors_doc, reason = "all fail alike: the database does not answer, or a row is corrupt")]
impl Store {
    /// The drills of one target or of all, newest first, after a place in that list (when it ended, and its job); at most `limit`.
    pub async fn drills(
        &self,
        target: Option<&str>,
        limit: i64,
        after: Option<(i64, &str)>,
    ) -> Result<Vec<Drill>, StoreError> {
        let (ended_ms, job) = after.unwrap_or((i64::MAX, ""));
        let rows = sqlx::query(LIST)
            .bind(target.unwrap_or_default())
            .bind(ended_ms)
            .bind(job)
            .bind(limit)
            .fetch_all(&self.inner.pool)
            .await
            .map_err(StoreError::doing("listing drills"))?;
        rows.iter().map(drill).collect()
    }

    /// The last drill of each target that passed.
    pub async fn drilled(&self) -> Result<Vec<Drilled>, StoreError> {
        let doing = StoreError::doing("reading how drills went");
        let rows = sqlx::query(PASSED).bind(DRILLS_LOOKED_AT).fetch_all(&self.inner.pool).await.map_err(doing)?;
        let mut last = BTreeMap::new();
        for row in &rows {
            let target: String = row.get(0);
            let rto_ms = u64::try_from(row.get::<i64, _>(2)).unwrap_or_default();
            last.entry(target.clone()).or_insert(Drilled { target, at_ms: row.get(1), rto_ms });
        }
        Ok(last.into_values().collect())
    }

    /// The last drill of each target, however it went.
    pub async fn last_drills(&self) -> Result<Vec<LastDrill>, StoreError> {
        let doing = StoreError::doing("reading how the last drills went");
        let rows = sqlx::query(LAST).bind(DRILLS_LOOKED_AT).fetch_all(&self.inner.pool).await.map_err(doing)?;
        let mut last = BTreeMap::new();
        for row in &rows {
            let target: String = row.get(0);
            let drill =
                LastDrill { target: target.clone(), at_ms: row.get(1), status: row.get(2), sentence: row.get(3) };
            last.entry(target).or_insert(drill);
        }
        Ok(last.into_values().collect())
    }
}

fn drill(row: &AnyRow) -> Result<Drill, StoreError> {
    let corrupt = |error: serde_json::Error| StoreError::Corrupt { table: "drills", reason: error.to_string() };
    Ok(Drill {
        job: row.get(0),
        target: row.get(1),
        object: row.get(2),
        taken_ms: row.get(3),
        ended_ms: row.get(4),
        status: row.get(5),
        cause: row.get(6),
        sentence: row.get(7),
        rto_ms: row.get(8),
        age_ms: row.get(9),
        stages: serde_json::from_str(&row.get::<String, _>(10)).map_err(corrupt)?,
        checks: serde_json::from_str(&row.get::<String, _>(11)).map_err(corrupt)?,
        evidence: row.get(12),
    })
}
