//! The outbox: what is still to be done on remote platforms. A row is handed out with a lease, marked when done, tried
//! again later, or given up. Order within a conversation is the deliverer's to keep; ids sort by commit.

use super::error::StoreError;
use super::inbox::{LEASE_MS, UNREADABLE_MS};
use super::messages;
use super::sql::{Engine, Sql, parameter, sql};
use super::statement::Statement;
use crate::model::effect::Effect;
use crate::model::ids::{ConversationId, DeliveryId, MessageRef};
use crate::model::job::short;
use serde_json::json;
use sqlx::{AnyConnection, AnyPool, Row};

/// A delivery that was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadDelivery {
    /// The row.
    pub id: String,
    /// Where it was to go.
    pub conversation: ConversationId,
    /// Why it could not.
    pub reason: String,
    /// Whether it can still be sent: nothing newer stands in its place.
    pub can_go_again: bool,
}

impl DeadDelivery {
    /// The end of its id, which is random, by which people name it.
    pub fn short(&self) -> &str {
        short(&self.id)
    }
}

/// Something to deliver.
#[derive(Clone, Debug, PartialEq)]
pub struct OutboxRow {
    /// UUIDv7; what a platform may use to recognise a repeat.
    pub id: String,
    /// The event it came from.
    pub inbox: DeliveryId,
    /// What that began with.
    pub root: DeliveryId,
    /// What to do.
    pub effect: Effect,
    /// 0 is paging, 5 everything else: lower goes first.
    pub priority: i64,
    /// When it was committed.
    pub created_ms: i64,
    /// How often it was tried.
    pub attempts: i64,
    /// It was claimed from the table: whoever had it in hand before may have done it without noting so.
    pub taken_over: bool,
}

/// Words that newer ones take the place of.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a> {
    /// Where it is said.
    pub conversation: &'a ConversationId,
    /// Of which message; `None`: of the conversation itself.
    pub message: Option<&'a MessageRef>,
    /// The kind of effect that takes their place.
    pub by: &'a str,
}

/// How a delivery went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It is there; `native` is the platform's id of a posted message.
    Sent {
        /// The platform's own id of the message, for later edits.
        native: Option<String>,
    },
    /// Not now: again after so many milliseconds.
    Later {
        /// How long to wait.
        delay_ms: i64,
        /// Why.
        error: String,
    },
    /// Never: given up, and kept for people to see.
    Dead {
        /// Why.
        error: String,
    },
}

const INSERT: Sql = sql!(
    "insert into outbox (id, inbox_id, root, platform, conversation, message, kind, payload, priority, created_ms, due_ms, \
     attempts, owner, lease_ms) \
     select r.value->>0, r.value->>1, r.value->>2, r.value->>3, r.value->>4, r.value->>5, r.value->>6, r.value->>7, \
     cast(r.value->>8 as bigint), cast(r.value->>9 as bigint), cast(r.value->>9 as bigint), 0, $2, ",
    now,
    " + $3 from ",
    rows,
    " where true"
);
const SENT: Sql = sql!(
    "update outbox set done_ms = $2, state = 'sent', attempts = attempts + 1 where done_ms is null and owner = $3 and id ",
    keys
);
const LATER: Sql = sql!(
    "update outbox set attempts = attempts + 1, owner = null, lease_ms = ",
    now,
    " + $2, error = $3 where id = $1 and done_ms is null and owner = $4"
);
const DEAD: &str = "update outbox set attempts = attempts + 1, done_ms = $2, state = 'dead', error = $3 \
                    where id = $1 and done_ms is null and owner = $4";
/// What was given up and may be sent after all: nothing was said or done with that message since, and it is no page and no place,
/// which have ends of their own.
macro_rules! can_go_again {
    () => {
        "outbox.state = 'dead' and outbox.priority > 0 and outbox.kind in ('post_message', 'edit_message', 'add_reaction') \
         and not exists (select 1 from outbox newer where newer.message = outbox.message and newer.id > outbox.id \
         and coalesce(newer.state, '') <> 'dead')"
    };
}
const SEND_AGAIN: &str = concat!(
    "update outbox set done_ms = null, state = null, error = null, attempts = 0, owner = null, lease_ms = 0, created_ms = $2, \
     due_ms = $2 where id = $1 and ",
    can_go_again!()
);
const GIVEN_UP: &str = concat!(
    "select id, conversation, coalesce(error, ''), case when ",
    can_go_again!(),
    " then 1 else 0 end from outbox where state = 'dead' and priority > 0 and done_ms >= $1 order by id desc limit $2"
);
// The whole conversation is taken over together, so that its order stays in one pair of hands.
const CLAIM: Sql = sql!(
    "update outbox set owner = $1, lease_ms = ",
    now,
    " + $2 where id in (select id from outbox where done_ms is null and lease_ms < ",
    now,
    " + $4 order by priority, id limit $3",
    skip,
    ") returning id, inbox_id, root, payload, priority, created_ms, attempts"
);

pub(super) fn insert(engine: Engine, owner: &str, rows: &[OutboxRow]) -> Result<Statement, StoreError> {
    let mut values = Vec::with_capacity(rows.len());
    for row in rows {
        let to = row.effect.conversation();
        let payload = serde_json::to_string(&row.effect)
            .map_err(|e| StoreError::Corrupt { table: "outbox", reason: e.to_string() })?;
        values.push(json!([
            row.id,
            row.inbox,
            row.root,
            to.platform(),
            to,
            row.effect.message(),
            row.effect.kind(),
            payload,
            row.priority,
            row.created_ms
        ]));
    }
    let insert = INSERT.statement(engine, "writing the outbox");
    Ok(insert.text(parameter(&json!(values))).text(owner).number(LEASE_MS))
}

/// Writes down how deliveries went; those marked sent, which are nearly all, in two statements.
pub(super) fn mark(engine: Engine, owner: &str, now_ms: i64, marks: &[(String, Mark)]) -> Vec<Statement> {
    let mut statements = Vec::new();
    let mut sent = Vec::new();
    let mut natives = Vec::new();
    for (id, mark) in marks {
        match mark {
            Mark::Sent { native } => {
                sent.push(json!([id]));
                natives.extend(native.as_deref().map(|native| (id.as_str(), native)));
            }
            Mark::Later { delay_ms, error } => {
                let later = LATER.statement(engine, "putting a delivery off");
                statements.push(later.text(id.as_str()).number(*delay_ms).text(error.as_str()).text(owner));
            }
            Mark::Dead { error } => {
                let dead = Statement::new(DEAD, "giving a delivery up");
                statements.push(dead.text(id.as_str()).number(now_ms).text(error.as_str()).text(owner));
            }
        }
    }
    if !sent.is_empty() {
        let done = SENT.statement(engine, "marking deliveries");
        statements.push(done.text(parameter(&json!(sent))).number(now_ms).text(owner));
    }
    if !natives.is_empty() {
        statements.push(messages::set_natives(engine, &natives));
    }
    statements
}

/// Takes over deliveries whose time has come or whose lease has run out (`all`: whatever is open): pages first, then in
/// commit order.
pub(super) async fn claim(
    connection: &mut AnyConnection,
    engine: Engine,
    owner: &str,
    limit: i64,
    all: bool,
) -> Result<Vec<OutboxRow>, StoreError> {
    let slack: i64 = if all { 10 * 365 * 86_400_000 } else { 0 };
    let rows = sqlx::query(CLAIM.on(engine))
        .bind(owner)
        .bind(LEASE_MS)
        .bind(limit)
        .bind(slack)
        .fetch_all(&mut *connection)
        .await
        .map_err(StoreError::doing("claiming deliveries"))?;
    let mut claimed = Vec::with_capacity(rows.len());
    for row in &rows {
        let effect = match serde_json::from_str(row.get(3)) {
            Ok(effect) => effect,
            // As in the inbox.
            Err(error) => {
                let id: String = row.get(0);
                tracing::error!(outbox.id = id, error = %error, "a delivery is none that this program can read; it stays there for one that can");
                let why = format!("it cannot be read: {error}");
                let later = LATER.statement(engine, "putting a delivery off");
                later.text(id).number(UNREADABLE_MS).text(why).text(owner).run(&mut *connection).await?;
                continue;
            }
        };
        claimed.push(OutboxRow {
            id: row.get(0),
            inbox: DeliveryId::new(row.get::<String, _>(1)),
            root: DeliveryId::new(row.get::<String, _>(2)),
            effect,
            priority: row.get(4),
            created_ms: row.get(5),
            attempts: row.get(6),
            taken_over: true,
        });
    }
    claimed.sort_by(|a, b| (a.priority, &a.id).cmp(&(b.priority, &b.id)));
    Ok(claimed)
}

/// Open deliveries of a platform and the age of the oldest, for `/drillbell status` and the metrics.
pub(super) async fn backlog(pool: &AnyPool) -> Result<Vec<(String, i64, i64)>, StoreError> {
    let rows = sqlx::query(
        "select platform, count(*), min(created_ms) from outbox where done_ms is null group by platform order by platform",
    )
    .fetch_all(pool)
    .await
    .map_err(StoreError::doing("counting the outbox"))?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect())
}

/// Whether the post of a message, or an edit of it from before the row `id`, is still under way, here or on another replica.
pub(super) async fn is_under_way(pool: &AnyPool, message: &MessageRef, id: &str) -> Result<bool, StoreError> {
    let row = sqlx::query(
        "select count(*) from outbox where message = $1 and id <> $2 and done_ms is null \
         and (kind in ('post_message', 'page') or id < $2)",
    )
    .bind(message.as_str())
    .bind(id)
    .fetch_one(pool)
    .await
    .map_err(StoreError::doing("looking for a message under way"))?;
    Ok(row.get::<i64, _>(0) > 0)
}

/// Whether something newer than the row `id` has been sent that takes the place of such words.
pub(super) async fn is_outdated(pool: &AnyPool, words: Words<'_>, id: &str) -> Result<bool, StoreError> {
    let Words { conversation, message, by } = words;
    let row = sqlx::query(
        "select count(*) from outbox where id > $1 and state = 'sent' and conversation = $2 and kind = $3 \
         and (message = $4 or $4 = '')",
    )
    .bind(id)
    .bind(conversation.as_str())
    .bind(by)
    .bind(message.map_or("", |message| message.as_str()))
    .fetch_one(pool)
    .await
    .map_err(StoreError::doing("looking for what is newer"))?;
    Ok(row.get::<i64, _>(0) > 0)
}

/// Puts what was given up back into its line, if it still can go; it is as if it had been said now. What cannot stays as it is.
pub(super) fn send_again(id: &str, now_ms: i64) -> Statement {
    Statement::new(SEND_AGAIN, "sending a delivery again").text(id).number(now_ms)
}

/// Deliveries given up since `since_ms`, pages apart, newest first.
pub(super) async fn dead(pool: &AnyPool, since_ms: i64, limit: i64) -> Result<Vec<DeadDelivery>, StoreError> {
    let rows = sqlx::query(GIVEN_UP)
        .bind(since_ms)
        .bind(limit)
        .fetch_all(pool)
        .await
        .map_err(StoreError::doing("reading given-up deliveries"))?;
    let dead = rows.iter().map(|row| DeadDelivery {
        id: row.get(0),
        conversation: ConversationId::new(row.get::<String, _>(1)),
        reason: row.get(2),
        can_go_again: row.get::<i32, _>(3) == 1,
    });
    Ok(dead.collect())
}
