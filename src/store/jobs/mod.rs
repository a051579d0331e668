//! The table of jobs: enqueued and wished upon by commits, claimed and stepped along by the worker that has them in hand.
//! Every write of a worker names its owner and epoch, so that one who has lost a job writes nothing more.

mod api;
mod claim;
mod lock;
mod steps;

pub use claim::{Beat, Claim};
pub use lock::JobLock;
pub use steps::{JobStep, StepChange};

pub(super) use steps::step;

use super::error::StoreError;
use super::sql::{Engine, Sql, parameter, sql};
use super::statement::Statement;
use crate::model::ids::{ConversationId, DeliveryId, IncidentId, MessageRef, PersonId, PluginId};
use crate::model::job::{Job, JobChange, JobState, NewJob, OnLost, Wish};
use serde_json::json;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AnyPool, Executor, Row};
use std::collections::BTreeSet;

/// The columns of a job, in the order in which `parse` reads them.
macro_rules! columns {
    () => {
        "id, kind, plugin, job_key, root, inbox_id, conversation, incident, asked_by, title, spec, on_lost, state, \
         approval, owner, place, epoch, attempts, max_attempts, due_ms, run_limit_ms, created_ms, started_ms, ended_ms, \
         progress, wish, wish_by, result, child, card, output"
    };
}
use columns;

/// Reads a row of `columns!()`.
fn parse(row: &AnyRow) -> Result<Job, StoreError> {
    let word = |what: &str, text: &str| StoreError::Corrupt { table: "jobs", reason: format!("{what} is `{text}`") };
    let (on_lost, state): (String, String) = (row.get(11), row.get(12));
    let wish: Option<String> = row.get(25);
    Ok(Job {
        id: row.get(0),
        kind: row.get(1),
        plugin: PluginId::new(row.get::<String, _>(2)),
        key: row.get(3),
        root: DeliveryId::new(row.get::<String, _>(4)),
        inbox: DeliveryId::new(row.get::<String, _>(5)),
        conversation: ConversationId::new(row.get::<String, _>(6)),
        incident: row.get::<Option<String>, _>(7).map(IncidentId::new),
        asked_by: PersonId::new(row.get::<String, _>(8)),
        title: row.get(9),
        spec: row.get(10),
        on_lost: OnLost::parse(&on_lost).ok_or_else(|| word("on_lost", &on_lost))?,
        state: JobState::parse(&state).ok_or_else(|| word("state", &state))?,
        approval: row.get(13),
        owner: row.get(14),
        place: row.get(15),
        epoch: row.get(16),
        attempts: row.get(17),
        max_attempts: row.get(18),
        due_ms: row.get(19),
        run_limit_ms: row.get(20),
        created_ms: row.get(21),
        started_ms: row.get(22),
        ended_ms: row.get(23),
        progress: row.get(24),
        wish: wish.map(|text| Wish::parse(&text).ok_or_else(|| word("wish", &text))).transpose()?,
        wish_by: row.get::<Option<String>, _>(26).map(PersonId::new),
        result: row.get(27),
        child: row.get(28),
        card: row.get::<Option<String>, _>(29).map(MessageRef::new),
        output: row.get::<Option<String>, _>(30).map(MessageRef::new),
    })
}

/// A job to write, with what its commit knows of where it came from.
pub(super) struct NewRow<'a> {
    pub(super) job: &'a NewJob,
    pub(super) inbox: &'a DeliveryId,
    pub(super) root: &'a DeliveryId,
    pub(super) conversation: &'a ConversationId,
    pub(super) incident: Option<&'a IncidentId>,
    pub(super) now_ms: i64,
}

const INSERT: Sql = sql!(
    "insert into jobs (id, kind, plugin, job_key, root, inbox_id, conversation, incident, asked_by, title, spec, on_lost, \
     state, approval, epoch, lease_ms, attempts, max_attempts, due_ms, run_limit_ms, created_ms) \
     select r.value->>0, r.value->>1, r.value->>2, r.value->>3, r.value->>4, r.value->>5, r.value->>6, r.value->>7, \
     r.value->>8, r.value->>9, r.value->>10, r.value->>11, r.value->>12, r.value->>13, 0, 0, 0, \
     cast(r.value->>14 as bigint), cast(r.value->>15 as bigint), cast(r.value->>16 as bigint), \
     cast(r.value->>15 as bigint) from ",
    rows,
    " where true"
);
const WISH: &str = "update jobs set wish = $2, wish_by = $3, wish_ms = $4 \
                    where id = $1 and ended_ms is null and wish is null and ($5 = '' or state = $5)";
const RELEASE: &str = "update jobs set state = 'ready' where approval = $1 and state = 'held' and wish is null";
const REFUSE: &str = "update jobs set wish = $2, wish_by = $3, wish_ms = $4 \
                      where approval = $1 and state = 'held' and wish is null";

/// Enqueues jobs.
pub(super) fn insert(engine: Engine, rows: &[NewRow<'_>]) -> Statement {
    let values: Vec<_> = rows
        .iter()
        .map(|NewRow { job, inbox, root, conversation, incident, now_ms }| {
            let state = if job.approval.is_some() { JobState::Held } else { JobState::Ready };
            json!([
                job.id,
                job.kind,
                job.plugin,
                job.key,
                root,
                inbox,
                job.conversation.as_ref().unwrap_or(conversation),
                incident,
                job.asked_by,
                job.title,
                job.spec,
                job.on_lost.as_str(),
                state.as_str(),
                job.approval,
                job.max_attempts,
                now_ms,
                job.run_limit_ms
            ])
        })
        .collect();
    INSERT.statement(engine, "enqueuing jobs").text(parameter(&json!(values)))
}

/// Writes down what is wished of jobs that are there already; `None` for what enqueues one.
pub(super) fn wish(now_ms: i64, change: &JobChange) -> Option<Statement> {
    let doing = "noting a wish about a job";
    Some(match change {
        JobChange::Start(_) => return None,
        JobChange::Wish { id, wish, by } => {
            // What is an answer to "what now?" means nothing to a job that was not asked about.
            let only = match wish {
                Wish::Again | Wish::Done | Wish::Failed => JobState::Lost.as_str(),
                Wish::Denied | Wish::Expired => JobState::Held.as_str(),
                Wish::Cancel => "",
            };
            let wished = Statement::new(WISH, doing).text(id.as_str()).text(wish.as_str()).text(by.as_str());
            wished.number(now_ms).text(only)
        }
        JobChange::Release { approval } => Statement::new(RELEASE, doing).text(approval.as_str()),
        JobChange::Refuse { approval, wish, by } => {
            Statement::new(REFUSE, doing).text(approval.as_str()).text(wish.as_str()).text(by.as_str()).number(now_ms)
        }
    })
}

/// Which of these keys an unfinished job has.
pub(super) async fn taken_keys(
    connection: &mut AnyConnection,
    keys: &[(&PluginId, &str)],
) -> Result<BTreeSet<(PluginId, String)>, StoreError> {
    let mut taken = BTreeSet::new();
    for (plugin, key) in keys {
        if of_key(&mut *connection, plugin, key).await?.is_some() {
            taken.insert(((*plugin).clone(), (*key).to_owned()));
        }
    }
    Ok(taken)
}

/// The unfinished job of a plugin with a key.
pub(super) async fn of_key(
    executor: impl Executor<'_, Database = sqlx::Any>,
    plugin: &PluginId,
    key: &str,
) -> Result<Option<Job>, StoreError> {
    let row = sqlx::query(concat!(
        "select ",
        columns!(),
        " from jobs where plugin = $1 and job_key = $2 and ended_ms is null"
    ))
    .bind(plugin.as_str())
    .bind(key)
    .fetch_optional(executor)
    .await
    .map_err(StoreError::doing("looking for a job by its key"))?;
    row.as_ref().map(parse).transpose()
}

async fn get(pool: &AnyPool, id: &str) -> Result<Option<Job>, StoreError> {
    let row = sqlx::query(concat!("select ", columns!(), " from jobs where id = $1"))
        .bind(id)
        .fetch_optional(pool)
        .await
        .map_err(StoreError::doing("reading a job"))?;
    row.as_ref().map(parse).transpose()
}

async fn of_plugin(pool: &AnyPool, plugin: &PluginId, unfinished: bool, limit: i64) -> Result<Vec<Job>, StoreError> {
    let rows = sqlx::query(concat!(
        "select ",
        columns!(),
        " from jobs where plugin = $1 and ($2 = 0 or ended_ms is null) order by id desc limit $3"
    ))
    .bind(plugin.as_str())
    .bind(i64::from(unfinished))
    .bind(limit)
    .fetch_all(pool)
    .await
    .map_err(StoreError::doing("reading a plugin's jobs"))?;
    rows.iter().map(parse).collect()
}

async fn under(pool: &AnyPool, root: &DeliveryId) -> Result<Vec<Job>, StoreError> {
    let rows = sqlx::query(concat!("select ", columns!(), " from jobs where root = $1 order by id"))
        .bind(root.as_str())
        .fetch_all(pool)
        .await
        .map_err(StoreError::doing("reading a command's jobs"))?;
    rows.iter().map(parse).collect()
}

async fn unfinished(pool: &AnyPool, limit: i64) -> Result<Vec<Job>, StoreError> {
    // What somebody has to decide about goes first.
    let rows = sqlx::query(concat!(
        "select ",
        columns!(),
        " from jobs where ended_ms is null order by \
         case state when 'lost' then 0 when 'held' then 1 when 'running' then 2 else 3 end, id limit $1"
    ))
    .bind(limit)
    .fetch_all(pool)
    .await
    .map_err(StoreError::doing("reading the jobs at hand"))?;
    rows.iter().map(parse).collect()
}

async fn called(pool: &AnyPool, digits: &str) -> Result<Vec<Job>, StoreError> {
    let rows =
        sqlx::query(concat!("select ", columns!(), " from jobs where substr(id, length(id) - 7) = $1 order by id"))
            .bind(digits)
            .fetch_all(pool)
            .await
            .map_err(StoreError::doing("looking for a job by the end of its id"))?;
    rows.iter().map(parse).collect()
}

async fn ended(pool: &AnyPool, kind: &str, since_ms: i64, limit: i64) -> Result<Vec<Job>, StoreError> {
    let rows = sqlx::query(concat!(
        "select ",
        columns!(),
        " from jobs where kind = $1 and ended_ms >= $2 order by ended_ms desc limit $3"
    ))
    .bind(kind)
    .bind(since_ms)
    .bind(limit)
    .fetch_all(pool)
    .await
    .map_err(StoreError::doing("reading the jobs that have ended"))?;
    rows.iter().map(parse).collect()
}

async fn counts(pool: &AnyPool) -> Result<Vec<(JobState, i64)>, StoreError> {
    let rows = sqlx::query("select state, count(*) from jobs where ended_ms is null group by state order by state")
        .fetch_all(pool)
        .await
        .map_err(StoreError::doing("counting jobs"))?;
    let counted = rows.iter().filter_map(|row| Some((JobState::parse(row.get(0))?, row.get(1))));
    Ok(counted.collect())
}
