//! Forgetting what is old: handled deliveries, delivered messages' outbox rows, receipts, the stream, expired sign-ins,
//! messages that belong to no incident. The audit trail, incidents and what belongs to them are kept. Rows are found by a reader and deleted in small pieces by key, so
//! that the writer is never held up.

use super::error::StoreError;
use super::sql::{Engine, Sql, parameter, sql};
use serde_json::json;
use sqlx::{AnyConnection, AnyPool, Row};

/// Rows deleted in one transaction.
pub const PIECE: i64 = 500;

/// Something that is forgotten after a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forgotten {
    /// Handled deliveries. A repeat of one that is gone would be handled again, so this is kept far longer than any retries.
    Inbox,
    /// Deliveries made or given up.
    Outbox,
    /// Attempts at pages.
    Attempts,
    /// Receipts.
    Receipts,
    /// Lines of the console stream.
    Stream,
    /// Sign-in links and sessions that ran out.
    Logins,
    /// Tombstones of deleted keys.
    Keys,
    /// Messages that belong to no incident: they cannot be edited or clicked any longer.
    Messages,
    /// Who used up which button of a message that is forgotten.
    Clicks,
    /// Jobs that have ended.
    Jobs,
    /// Ways back that have expired.
    Routes,
    /// Approvals that have ended, once nothing waits any more for what they allowed. Who voted stays in the audit trail.
    Approvals,
    /// Copies of targets that are gone; when they went is in the audit trail.
    Copies,
    /// What probes found, but for the last look of each.
    Probes,
    /// Deploys, but for the last of each service.
    Deploys,
    /// How drills went, but for the last of each target.
    Drills,
}

impl Forgotten {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::Inbox,
        Self::Outbox,
        Self::Receipts,
        Self::Stream,
        Self::Logins,
        Self::Keys,
        Self::Messages,
        Self::Clicks,
        Self::Attempts,
        Self::Jobs,
        Self::Approvals,
        Self::Routes,
        Self::Copies,
        Self::Probes,
        Self::Deploys,
        Self::Drills,
    ];

    fn find(self) -> &'static str {
        match self {
            Self::Inbox => "select id from inbox where done_ms < $1 limit $2",
            Self::Outbox => "select id from outbox where done_ms < $1 limit $2",
            Self::Attempts => "select id from attempts where at_ms < $1 limit $2",
            Self::Receipts => "select id from receipts where at_ms < $1 limit $2",
            Self::Stream => "select cast(seq as text) from stream where at_ms < $1 order by seq limit $2",
            Self::Logins => "select digest from logins where expires_ms < $1 limit $2",
            Self::Routes => "select delivery from routes where expires_ms < $1 limit $2",
            Self::Keys => "select plugin || '/' || key from kv where value is null and changed_ms < $1 limit $2",
            Self::Jobs => "select id from jobs where ended_ms < $1 limit $2",
            Self::Approvals => {
                "select id from approvals where ended_ms < $1 and not exists (select 1 from jobs where jobs.approval = approvals.id \
                 and jobs.ended_ms is null) and not exists (select 1 from inbox where inbox.root = approvals.root and \
                 inbox.done_ms is null) limit $2"
            }
            Self::Copies => "select object from copies where gone_ms < $1 limit $2",
            Self::Probes => {
                "select id from probes where at_ms < $1 and outcome <> 'beat' and exists (select 1 from probes newer \
                 where newer.probe = probes.probe and newer.outcome <> 'beat' and newer.at_ms > probes.at_ms) limit $2"
            }
            // As many as `DEPLOYS_KEPT` of the service are newer.
            Self::Deploys => {
                "select delivery from deploys where recorded_ms < $1 and exists (select 1 from deploys newer \
                 where newer.service = deploys.service and newer.at_ms > deploys.at_ms order by newer.at_ms limit 1 offset 499) limit $2"
            }
            // As many as a chart of years needs are newer.
            Self::Drills => {
                "select job from drills where ended_ms < $1 and exists (select 1 from drills newer \
                 where newer.target = drills.target and newer.ended_ms > drills.ended_ms order by newer.ended_ms limit 1 offset 499) limit $2"
            }
            Self::Messages => "select id from messages where incident is null and created_ms < $1 limit $2",
            // A click's key is `click/CARD/…`, a card's reference a UUID.
            Self::Clicks => {
                "select key from kv where plugin = 'drillbell' and substr(key, 1, 6) = 'click/' and changed_ms < $1 \
                 and not exists (select 1 from messages where id = substr(kv.key, 7, 36)) limit $2"
            }
        }
    }

    fn delete(self) -> Sql {
        match self {
            Self::Inbox => sql!("delete from inbox where done_ms is not null and id ", keys),
            Self::Outbox => sql!("delete from outbox where done_ms is not null and id ", keys),
            Self::Attempts => sql!("delete from attempts where id ", keys),
            Self::Receipts => sql!("delete from receipts where id ", keys),
            Self::Stream => sql!("delete from stream where seq ", number_keys),
            Self::Logins => sql!("delete from logins where digest ", keys),
            Self::Routes => sql!("delete from routes where delivery ", keys),
            Self::Keys => sql!("delete from kv where value is null and plugin || '/' || key ", keys),
            Self::Jobs => sql!("delete from jobs where ended_ms is not null and id ", keys),
            Self::Approvals => sql!("delete from approvals where ended_ms is not null and id ", keys),
            Self::Copies => sql!("delete from copies where gone_ms is not null and object ", keys),
            Self::Probes => sql!("delete from probes where id ", keys),
            Self::Deploys => sql!("delete from deploys where delivery ", keys),
            Self::Drills => sql!("delete from drills where job ", keys),
            Self::Messages => sql!("delete from messages where id ", keys),
            Self::Clicks => sql!("delete from kv where plugin = 'drillbell' and key ", keys),
        }
    }
}

/// The keys of at most `PIECE` rows from before `before_ms`.
pub(super) async fn find(pool: &AnyPool, what: Forgotten, before_ms: i64) -> Result<Vec<String>, StoreError> {
    let rows = sqlx::query(what.find())
        .bind(before_ms)
        .bind(PIECE)
        .fetch_all(pool)
        .await
        .map_err(StoreError::doing("looking for what is old"))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Deletes those rows.
pub(super) async fn delete(
    connection: &mut AnyConnection,
    engine: Engine,
    what: Forgotten,
    keys: &[String],
) -> Result<(), StoreError> {
    let keys: Vec<_> = keys.iter().map(|key| json!([key])).collect();
    sqlx::query(what.delete().on(engine))
        .bind(parameter(&json!(keys)))
        .execute(connection)
        .await
        .map_err(StoreError::doing("forgetting what is old"))?;
    Ok(())
}
