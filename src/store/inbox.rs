//! The inbox: every delivery once, owned and leased from the moment it is stored, finished by the commit that handled it.

use super::error::StoreError;
use super::session::Rows;
use super::sql::{Engine, Sql, parameter, sql};
use super::statement::Statement;
use crate::model::event::Delivery;
use crate::model::ids::DeliveryId;
use crate::store::commit::{EventResult, OutcomeStatus};
use serde_json::json;
use sqlx::{AnyConnection, AnyPool, Row};
use std::collections::{HashMap, HashSet};

/// How long a claim lasts unless renewed. A process that dies hands its work over after this long, at most.
pub const LEASE_MS: i64 = 4_000;
/// How often the owner of open rows renews them; several renewals may be missed before a lease is lost.
pub const RENEW_MS: u64 = 1_000;

/// What became of a delivery that was offered.
#[derive(Clone, Debug, PartialEq)]
pub enum Accepted {
    /// It is durable now and ours to handle.
    New,
    /// It was delivered before; the answer, if it has been handled by now.
    Duplicate(Option<EventResult>),
}

/// An event that somebody must handle, claimed from the table.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimedEvent {
    /// The event.
    pub delivery: Delivery,
    /// How often it has been claimed from the table, this time included: each is a handling that was cut off.
    pub attempts: i64,
}

// The keys are sorted before, so that two replicas inserting overlapping batches wait for each other in one order.
const ACCEPT: Sql = sql!(
    "insert into inbox (id, root, conversation, payload, received_ms, owner, lease_ms, attempts) \
     select r.value->>0, r.value->>1, r.value->>2, r.value->>3, cast(r.value->>4 as bigint), $2, ",
    now,
    " + $3, 0 from ",
    rows,
    " where true on conflict (id) do nothing returning id"
);
const EARLIER: Sql = sql!("select id, status, result from inbox where id ", keys);
const OPEN: Sql = sql!("select id from inbox where done_ms is null and owner = $2 and id ", keys, " order by id", hold);
// An upsert rather than `update … from`, because both planners then go by the primary key. A lease may not be null: an event that is
// not open and ours fails the transaction, and nothing of it stays. Inserted is only one that comes with its payload, since it was
// not stored before.
const FINISH: Sql = sql!(
    "insert into inbox (id, root, conversation, payload, received_ms, owner, lease_ms, attempts, done_ms, status, result) \
     select r.value->>0, coalesce(r.value->>3, ''), coalesce(r.value->>4, ''), coalesce(r.value->>5, ''), \
     coalesce(cast(r.value->>6 as bigint), 0), case when r.value->>5 is not null then $3 end, \
     case when r.value->>5 is not null then $2 else \
     (select i.lease_ms from inbox i where i.id = r.value->>0 and i.done_ms is null and i.owner = $3) end, \
     0, $2, r.value->>1, r.value->>2 from ",
    rows,
    " where true on conflict (id) do update set done_ms = excluded.done_ms, status = excluded.status, \
     result = excluded.result, \
     lease_ms = case when inbox.done_ms is null and inbox.owner = $3 then inbox.lease_ms end"
);
/// How long a row that cannot be read is let alone before the next look, by whoever looks then, milliseconds.
pub(super) const UNREADABLE_MS: i64 = 10 * 60 * 1000;

const CLAIM: Sql = sql!(
    "update inbox set owner = $1, lease_ms = ",
    now,
    " + $2, attempts = attempts + 1 where id in (select id from inbox where done_ms is null and lease_ms < ",
    now,
    " + $4 order by lease_ms limit $3",
    skip,
    ") returning payload, attempts, received_ms, id"
);
const DEFER: Sql =
    sql!("update inbox set owner = null, lease_ms = ", now, " + $2 where id = $1 and owner = $3 and done_ms is null");

/// Stores deliveries; the rows that come back name those that were not known.
pub(super) fn accept(engine: Engine, owner: &str, deliveries: &[&Delivery]) -> Result<Statement, StoreError> {
    let mut order: Vec<&Delivery> = deliveries.to_vec();
    order.sort_by(|a, b| a.id.cmp(&b.id));
    order.dedup_by(|a, b| a.id == b.id);
    let mut rows = Vec::with_capacity(order.len());
    for delivery in order {
        rows.push(json!([delivery.id, delivery.root, delivery.conversation, payload(delivery)?, delivery.received_ms]));
    }
    let accept = ACCEPT.statement(engine, "storing a delivery");
    Ok(accept.text(parameter(&json!(rows))).text(owner).number(LEASE_MS))
}

/// What became of deliveries, from what `accept` returned. Those known before are looked up, in a trip of its own; should
/// that fail, they are duplicates without an answer, for what `accept` stored is durable by now.
pub(super) async fn accepted(
    connection: &mut AnyConnection,
    engine: Engine,
    deliveries: &[&Delivery],
    inserted: &Rows,
) -> Vec<Accepted> {
    let mut new: HashSet<String> = inserted.iter().map(|row| row.get::<String, _>(0)).collect();
    let known: Vec<_> = deliveries.iter().filter(|d| !new.contains(d.id.as_str())).map(|d| json!([d.id])).collect();
    let mut answers = HashMap::new();
    if !known.is_empty() {
        match earlier(connection, engine, json!(known)).await {
            Ok(found) => answers = found,
            Err(error) => tracing::warn!(error = %error, "cannot say how an earlier delivery was answered"),
        }
    }
    // The first of several equal ids in one batch is the new one; the others are its duplicates.
    deliveries
        .iter()
        .map(|delivery| match new.remove(delivery.id.as_str()) {
            true => Accepted::New,
            false => Accepted::Duplicate(answers.get(delivery.id.as_str()).cloned().flatten()),
        })
        .collect()
}

async fn earlier(
    connection: &mut AnyConnection,
    engine: Engine,
    keys: serde_json::Value,
) -> Result<HashMap<String, Option<EventResult>>, StoreError> {
    let rows = sqlx::query(EARLIER.on(engine))
        .bind(parameter(&keys))
        .fetch_all(connection)
        .await
        .map_err(StoreError::doing("looking up an earlier delivery"))?;
    rows.iter().map(|row| Ok((row.get(0), parse_result(row.get(1), row.get(2))?))).collect()
}

fn payload(delivery: &Delivery) -> Result<String, StoreError> {
    serde_json::to_string(delivery).map_err(|e| StoreError::Corrupt { table: "inbox", reason: e.to_string() })
}

fn parse_result(status: Option<String>, result: Option<String>) -> Result<Option<EventResult>, StoreError> {
    match (status, result) {
        (Some(_), Some(text)) => serde_json::from_str(&text)
            .map(Some)
            .map_err(|e| StoreError::Corrupt { table: "inbox", reason: e.to_string() }),
        _ => Ok(None),
    }
}

/// Asks which events are open and ours, and keeps them so until the transaction ends.
pub(super) fn open(engine: Engine, owner: &str, ids: &[&DeliveryId]) -> Statement {
    let keys: Vec<_> = ids.iter().map(|id| json!([id])).collect();
    OPEN.statement(engine, "checking whose events they are").text(parameter(&json!(keys))).text(owner)
}

/// An event that ends.
pub(super) struct Finished<'a> {
    pub(super) id: &'a DeliveryId,
    pub(super) result: &'a EventResult,
    /// The event itself, if it is not stored yet.
    pub(super) born: Option<&'a Delivery>,
}

/// Marks events done, which must be open and ours, or be unknown and come with themselves.
pub(super) fn finish(
    engine: Engine,
    owner: &str,
    now_ms: i64,
    finished: &[Finished<'_>],
) -> Result<Statement, StoreError> {
    let mut rows = Vec::with_capacity(finished.len());
    for Finished { id, result, born } in finished {
        let text =
            serde_json::to_string(result).map_err(|e| StoreError::Corrupt { table: "inbox", reason: e.to_string() })?;
        let status = result.status.as_str();
        rows.push(match born {
            None => json!([id, status, text]),
            Some(it) => json!([id, status, text, it.root, it.conversation, payload(it)?, it.received_ms]),
        });
    }
    Ok(FINISH.statement(engine, "finishing events").text(parameter(&json!(rows))).number(now_ms).text(owner))
}

/// Takes over open events whose lease has run out (`all`: whatever is open, for the only process there can be), oldest first.
pub(super) async fn claim(
    connection: &mut AnyConnection,
    engine: Engine,
    owner: &str,
    limit: i64,
    all: bool,
) -> Result<Vec<ClaimedEvent>, StoreError> {
    // The longest deferral is far below this, so that everything open counts as expired.
    let slack: i64 = if all { 10 * 365 * 86_400_000 } else { 0 };
    let rows = sqlx::query(CLAIM.on(engine))
        .bind(owner)
        .bind(LEASE_MS)
        .bind(limit)
        .bind(slack)
        .fetch_all(&mut *connection)
        .await
        .map_err(StoreError::doing("claiming events"))?;
    let mut events = Vec::with_capacity(rows.len());
    for row in &rows {
        match serde_json::from_str::<Delivery>(row.get(0)) {
            Ok(delivery) => events.push((row.get::<i64, _>(2), ClaimedEvent { delivery, attempts: row.get(1) })),
            // Most likely a newer program's; the others are not to wait for it.
            Err(error) => {
                let id = DeliveryId::new(row.get::<String, _>(3));
                tracing::error!(event.id = %id, error = %error, "an event in the inbox is none that this program can read; it stays there for one that can");
                defer(connection, engine, owner, &id, UNREADABLE_MS).await?;
            }
        }
    }
    events.sort_by_key(|(received_ms, _)| *received_ms);
    Ok(events.into_iter().map(|(_, event)| event).collect())
}

/// Gives an event back, to be claimed again after a while.
pub(super) async fn defer(
    connection: &mut AnyConnection,
    engine: Engine,
    owner: &str,
    id: &DeliveryId,
    delay_ms: i64,
) -> Result<(), StoreError> {
    sqlx::query(DEFER.on(engine))
        .bind(id.as_str())
        .bind(delay_ms)
        .bind(owner)
        .execute(connection)
        .await
        .map_err(StoreError::doing("deferring an event"))?;
    Ok(())
}

/// An event's answer, if it has been handled; `None` if it is unknown or still open.
pub(super) async fn result(pool: &AnyPool, id: &DeliveryId) -> Result<Option<EventResult>, StoreError> {
    let row = sqlx::query("select status, result from inbox where id = $1 and done_ms is not null")
        .bind(id.as_str())
        .fetch_optional(pool)
        .await
        .map_err(StoreError::doing("reading an answer"))?;
    row.map_or(Ok(None), |row| parse_result(row.get(0), row.get(1)))
}

/// How many things under a root have not ended: events, deliveries, and jobs that wait for nobody.
pub(super) async fn open_under(pool: &AnyPool, root: &DeliveryId) -> Result<i64, StoreError> {
    let row = sqlx::query(
        "select (select count(*) from inbox where root = $1 and done_ms is null) \
         + (select count(*) from outbox where root = $1 and done_ms is null) \
         + (select count(*) from jobs where root = $1 and ended_ms is null \
            and (state in ('ready', 'running') or wish is not null))",
    )
    .bind(root.as_str())
    .fetch_one(pool)
    .await
    .map_err(StoreError::doing("counting what is open"))?;
    Ok(row.get(0))
}

/// Whether an event is stored, still open and leased to `owner`.
pub(super) async fn is_open(pool: &AnyPool, id: &DeliveryId, owner: &str) -> Result<bool, StoreError> {
    let row = sqlx::query("select count(*) from inbox where id = $1 and owner = $2 and done_ms is null")
        .bind(id.as_str())
        .bind(owner)
        .fetch_one(pool)
        .await
        .map_err(StoreError::doing("looking for an event"))?;
    Ok(row.get::<i64, _>(0) > 0)
}

/// How many events are open, for health and overload.
pub(super) async fn open_count(pool: &AnyPool) -> Result<i64, StoreError> {
    let row = sqlx::query("select count(*) from inbox where done_ms is null")
        .fetch_one(pool)
        .await
        .map_err(StoreError::doing("counting open events"))?;
    Ok(row.get(0))
}

impl EventResult {
    /// A refusal or failure in one sentence.
    pub fn said(status: OutcomeStatus, text: impl Into<String>) -> Self {
        Self { status, text: text.into(), data: None, incident: None }
    }
}
