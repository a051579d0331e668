//! Taking jobs into one's hands, and keeping them there. A claim takes what is ready and due, what its holder let go of or
//! died over, and what somebody wishes something of; each claim is a new epoch.

use super::{columns, parse};
use crate::model::job::{Job, Wish};
use crate::store::error::StoreError;
use crate::store::inbox::LEASE_MS;
use crate::store::sql::{Engine, Sql, parameter, sql};
use serde_json::json;
use sqlx::{AnyConnection, AnyPool, Row};

/// Makes every lease look as if it had run out; no lease is longer by far.
const LOOK_AT_ALL: i64 = 10 * 365 * 86_400_000;

/// Which jobs are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim<'a> {
    /// The kinds that this process can run.
    pub kinds: &'a [String],
    /// At most so many.
    pub limit: i64,
    /// Only those that somebody wishes something of, which need no kind and no free place.
    pub wished: bool,
    /// Also what is leased: for a process that knows itself alone.
    pub all: bool,
    /// The host's clock, for what is not due yet.
    pub now_ms: i64,
}

// The heart of it, twice: what may be taken, by any who asks. `$1` are the kinds.
const DUE: Sql = sql!(
    "select count(*) from (select 1 as one from jobs where ended_ms is null and lease_ms < ",
    now,
    " + $2 and (wish is not null or ($3 = 0 and (state = 'running' or (state = 'ready' and due_ms <= $4)) and kind ",
    keys,
    ")) limit 1) as found"
);
// A lost or held job that nobody wishes anything of is in nobody's hands, and in nobody's way.
const CLAIM: Sql = sql!(
    "update jobs set owner = $5, epoch = epoch + 1, lease_ms = ",
    now,
    " + $6 where id in (select id from jobs where ended_ms is null and lease_ms < ",
    now,
    " + $2 and (wish is not null or ($3 = 0 and (state = 'running' or (state = 'ready' and due_ms <= $4)) and kind ",
    keys,
    ")) order by due_ms, id limit $7",
    skip,
    ") returning id"
);
const BEAT: Sql = sql!(
    "update jobs set lease_ms = ",
    now,
    " + $4 where id = $1 and owner = $2 and epoch = $3 and ended_ms is null returning wish"
);
const MINE: Sql = sql!(
    "select count(*) from jobs where id = $1 and owner = $2 and epoch = $3 and ended_ms is null and lease_ms >= ",
    now
);

impl Claim<'_> {
    fn kinds(&self) -> String {
        parameter(&json!(self.kinds.iter().map(|kind| json!([kind])).collect::<Vec<_>>()))
    }

    fn slack(&self) -> i64 {
        if self.all { LOOK_AT_ALL } else { 0 }
    }
}

/// Whether there is anything to claim; a read, so that an idle bot writes nothing.
pub(super) async fn is_due(pool: &AnyPool, engine: Engine, claim: &Claim<'_>) -> Result<bool, StoreError> {
    let row = sqlx::query(DUE.on(engine))
        .bind(claim.kinds())
        .bind(claim.slack())
        .bind(i64::from(claim.wished))
        .bind(claim.now_ms)
        .fetch_one(pool)
        .await
        .map_err(StoreError::doing("looking for jobs"))?;
    Ok(row.get::<i64, _>(0) > 0)
}

/// Claims jobs, as they stand with the new owner and epoch; the longest due first.
pub(super) async fn claim(
    connection: &mut AnyConnection,
    engine: Engine,
    owner: &str,
    claim: &Claim<'_>,
) -> Result<Vec<Job>, StoreError> {
    let rows = sqlx::query(CLAIM.on(engine))
        .bind(claim.kinds())
        .bind(claim.slack())
        .bind(i64::from(claim.wished))
        .bind(claim.now_ms)
        .bind(owner)
        .bind(LEASE_MS)
        .bind(claim.limit)
        .fetch_all(&mut *connection)
        .await
        .map_err(StoreError::doing("claiming jobs"))?;
    let mut claimed = Vec::with_capacity(rows.len());
    for row in &rows {
        let row = sqlx::query(concat!("select ", columns!(), " from jobs where id = $1"))
            .bind(row.get::<String, _>(0))
            .fetch_one(&mut *connection)
            .await
            .map_err(StoreError::doing("reading a claimed job"))?;
        claimed.push(parse(&row)?);
    }
    claimed.sort_by(|a, b| (a.due_ms, &a.id).cmp(&(b.due_ms, &b.id)));
    Ok(claimed)
}

/// What a heartbeat finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beat {
    /// The job is still ours, and its lease is fresh; what somebody wishes of it.
    Ours(Option<Wish>),
    /// It has ended, or somebody else has it.
    Gone,
}

/// Extends the lease of one claim. One statement a job: holding several rows at once could wait in a circle with commits.
pub(super) async fn beat(
    connection: &mut AnyConnection,
    engine: Engine,
    owner: &str,
    id: &str,
    epoch: i64,
) -> Result<Beat, StoreError> {
    let row = sqlx::query(BEAT.on(engine))
        .bind(id)
        .bind(owner)
        .bind(epoch)
        .bind(LEASE_MS)
        .fetch_optional(connection)
        .await
        .map_err(StoreError::doing("renewing a job's lease"))?;
    Ok(match row {
        Some(row) => Beat::Ours(row.get::<Option<String>, _>(0).as_deref().and_then(Wish::parse)),
        None => Beat::Gone,
    })
}

/// Whether a claim stands and its lease has not run out.
pub(super) async fn is_mine(
    pool: &AnyPool,
    engine: Engine,
    owner: &str,
    id: &str,
    epoch: i64,
) -> Result<bool, StoreError> {
    let row = sqlx::query(MINE.on(engine))
        .bind(id)
        .bind(owner)
        .bind(epoch)
        .fetch_one(pool)
        .await
        .map_err(StoreError::doing("asking whose a job is"))?;
    Ok(row.get::<i64, _>(0) > 0)
}

/// Lets go of a claim, so that the next one need not wait for its lease to run out.
pub(super) async fn let_go(
    connection: &mut AnyConnection,
    owner: &str,
    id: &str,
    epoch: i64,
) -> Result<(), StoreError> {
    sqlx::query("update jobs set lease_ms = 0 where id = $1 and owner = $2 and epoch = $3 and ended_ms is null")
        .bind(id)
        .bind(owner)
        .bind(epoch)
        .execute(connection)
        .await
        .map_err(StoreError::doing("letting go of a job"))?;
    Ok(())
}

/// Keeps how far a job is, in the words of its kind; whether the job is still ours.
pub(super) async fn keep_checkpoint(
    connection: &mut AnyConnection,
    owner: &str,
    id: &str,
    epoch: i64,
    checkpoint: &str,
) -> Result<bool, StoreError> {
    let kept =
        sqlx::query("update jobs set checkpoint = $4 where id = $1 and owner = $2 and epoch = $3 and ended_ms is null")
            .bind(id)
            .bind(owner)
            .bind(epoch)
            .bind(checkpoint)
            .execute(connection)
            .await
            .map_err(StoreError::doing("noting how far a job is"))?;
    Ok(kept.rows_affected() > 0)
}

/// How far a job is, in the words of its kind, if anything was kept.
pub(super) async fn checkpoint(pool: &AnyPool, id: &str) -> Result<Option<String>, StoreError> {
    let row: Option<(Option<String>,)> = sqlx::query_as("select checkpoint from jobs where id = $1")
        .bind(id)
        .fetch_optional(pool)
        .await
        .map_err(StoreError::doing("reading how far a job is"))?;
    Ok(row.and_then(|(checkpoint,)| checkpoint))
}

/// Remembers the process that a job started, or (`None`) that it has ended; whether the job is still ours.
pub(super) async fn keep_child(
    connection: &mut AnyConnection,
    owner: &str,
    id: &str,
    epoch: i64,
    child: Option<&str>,
) -> Result<bool, StoreError> {
    let kept = sqlx::query(
        "update jobs set child = nullif($4, '') where id = $1 and owner = $2 and epoch = $3 and ended_ms is null",
    )
    .bind(id)
    .bind(owner)
    .bind(epoch)
    .bind(child.unwrap_or_default())
    .execute(connection)
    .await
    .map_err(StoreError::doing("noting a job's process"))?;
    Ok(kept.rows_affected() > 0)
}
