//! Pages: each attempt is on record, and the last one is written together with what people go by afterwards: the outbox row's
//! end, a record in the audit trail, a line in the incident's timeline. Ordinary messages are marked in `outbox`.

use super::error::StoreError;
use super::outbox::OutboxRow;
use super::sql::Engine;
use super::statement::Statement;
use super::timeline::{self, Line};
use super::{audit, contacts};
use crate::audit::AuditRecord;
use crate::model::effect::Effect;
use crate::model::ids::{self, IncidentId, PersonId};
use crate::model::incident::TimelineEntry;
use crate::model::page::PageAction;
use serde_json::json;
use sqlx::{AnyConnection, AnyPool, Row};

/// One attempt to page somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// From 1.
    pub n: i64,
    /// When it ended, milliseconds since the epoch.
    pub at_ms: i64,
    /// `sent`, `later` (it is tried again) or `dead` (it was given up).
    pub outcome: String,
    /// What the other side said, without secrets.
    pub detail: String,
}

/// How a page ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PageEnd {
    /// It was handed over; the other side's name for it, if it gave one.
    Sent {
        /// A message's id on its chat platform, or what the notifier said.
        native: Option<String>,
    },
    /// Nobody will try again.
    Dead {
        /// Why.
        error: String,
    },
}

/// A page that waits or was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenPage {
    /// The notifier's configured name.
    pub notifier: String,
    /// What it is about.
    pub key: String,
    /// What it wants.
    pub action: PageAction,
    /// Nobody will try again.
    pub given_up: bool,
    /// When it was committed, milliseconds since the epoch.
    pub created_ms: i64,
    /// How often it was tried.
    pub attempts: i64,
    /// What the last attempt said; empty before the first.
    pub error: String,
}

const INSERT: &str = "insert into attempts (id, outbox_id, n, at_ms, outcome, detail) \
    select cast($1 as text), cast($2 as text), count(*) + 1, cast($3 as bigint), cast($4 as text), cast($5 as text) \
    from attempts where outbox_id = $2 returning n";
const TRIED: &str = "update outbox set attempts = $2, error = $3 where id = $1 and done_ms is null";
const ENDED: &str = "update outbox set attempts = $2, error = nullif($3, ''), state = $4, done_ms = $5 \
    where id = $1 and done_ms is null and owner = $6 returning id";
const NATIVE: &str = "update messages set native = $2 where id = $1";

async fn insert(
    connection: &mut AnyConnection,
    outbox_id: &str,
    at_ms: i64,
    outcome: &str,
    detail: &str,
) -> Result<i64, StoreError> {
    let insert = Statement::new(INSERT, "writing an attempt down").text(ids::fresh()).text(outbox_id);
    let rows = insert.number(at_ms).text(outcome).text(detail).run(connection).await?;
    Ok(rows.first().map_or(1, |row| row.get(0)))
}

/// Writes down an attempt after which the page is tried again; which one it was.
pub(super) async fn tried(
    connection: &mut AnyConnection,
    outbox_id: &str,
    at_ms: i64,
    reason: &str,
) -> Result<i64, StoreError> {
    let n = insert(connection, outbox_id, at_ms, "later", reason).await?;
    Statement::new(TRIED, "putting a page off").text(outbox_id).number(n).text(reason).run(connection).await?;
    Ok(n)
}

/// Writes down how a page ended, if it is still ours. `false`: somebody else has taken it over and will say so.
pub(super) async fn ended(
    connection: &mut AnyConnection,
    engine: Engine,
    owner: &str,
    now_ms: i64,
    row: &OutboxRow,
    end: &PageEnd,
) -> Result<bool, StoreError> {
    // First, as in every transaction that writes the trail.
    let found = audit::head_of(&audit::lock_head(engine).run(&mut *connection).await?, now_ms)?;
    let (outcome, detail, error) = match end {
        PageEnd::Sent { native } => ("sent", native.as_deref().unwrap_or(""), ""),
        PageEnd::Dead { error } => ("dead", error.as_str(), error.as_str()),
    };
    let n = insert(connection, &row.id, now_ms, outcome, detail).await?;
    let ended = Statement::new(ENDED, "ending a page").text(row.id.as_str()).number(n).text(error).text(outcome);
    if ended.number(now_ms).text(owner).run(&mut *connection).await?.is_empty() {
        return Ok(false);
    }
    if let PageEnd::Sent { native: Some(native) } = end {
        let keep = Statement::new(NATIVE, "keeping a message's id").text(row.effect.message().as_str());
        keep.text(native.as_str()).run(&mut *connection).await?;
    }
    if let Some(keep) = contacts::tested(&row.effect, now_ms, end) {
        keep.run(&mut *connection).await?;
    }
    if let Some(Told { record, line }) = told(&row.effect, &row.id, now_ms, n, end) {
        let sealed = record.seal(found.audit_seq + 1, &found.audit_hash);
        let head = audit::Head { audit_seq: sealed.seq, audit_hash: sealed.hash.clone(), ..found.clone() };
        audit::append(engine, &[sealed]).run(&mut *connection).await?;
        audit::move_head(&found, &head).run(&mut *connection).await?;
        if let Some(line) = &line {
            let source = format!("page:{}", row.id);
            let line = Line { entry: line, source: Some(&source), via: None };
            timeline::append(engine, &[line]).run(connection).await?;
        }
    }
    Ok(true)
}

/// What is told of a page's end.
pub(super) struct Told {
    pub(super) record: AuditRecord,
    /// If it belongs to an incident.
    pub(super) line: Option<TimelineEntry>,
}

/// The audit record and the timeline's line of a page that ended after `n` attempts; `None` if it is no page.
pub(super) fn told(effect: &Effect, outbox_id: &str, now_ms: i64, n: i64, end: &PageEnd) -> Option<Told> {
    let Effect::Page { to, notifier, key, action, incident, .. } = effect else { return None };
    let attempts = if n == 1 { "1 attempt".to_owned() } else { format!("{n} attempts") };
    let what = match action {
        PageAction::Trigger => format!("Page to {notifier} ({key})"),
        PageAction::Acknowledge => format!("Acknowledgement to {notifier} ({key})"),
        PageAction::Resolve => format!("All-clear to {notifier} ({key})"),
    };
    let text = match end {
        PageEnd::Sent { .. } => format!("{what}: sent after {attempts}."),
        PageEnd::Dead { error } => format!("{what}: given up after {attempts}: {error}"),
    };
    let mut record = AuditRecord::new(now_ms, "page");
    record.actor = Some(PersonId::from("drillbell"));
    record.conversation = Some(to.clone());
    record.incident.clone_from(incident);
    record.detail =
        json!({"outbox": outbox_id, "notifier": notifier, "key": key, "action": action.as_str(), "attempts": n});
    match end {
        PageEnd::Sent { .. } => record.outcome = "ok".to_owned(),
        PageEnd::Dead { error } => {
            record.outcome = "failed".to_owned();
            record.detail["reason"] = json!(error);
        }
    }
    let line = |incident: &IncidentId| TimelineEntry {
        id: ids::fresh(),
        incident: incident.clone(),
        at_ms: now_ms,
        kind: "page".to_owned(),
        author: PersonId::from("drillbell"),
        text: text.clone(),
    };
    Some(Told { line: incident.as_ref().map(line), record })
}

/// The attempts at one outbox row, in order.
pub(super) async fn attempts(pool: &AnyPool, outbox_id: &str) -> Result<Vec<Attempt>, StoreError> {
    let rows = sqlx::query("select n, at_ms, outcome, detail from attempts where outbox_id = $1 order by n, id")
        .bind(outbox_id)
        .fetch_all(pool)
        .await
        .map_err(StoreError::doing("reading the attempts at a page"))?;
    let attempt =
        |row: &sqlx::any::AnyRow| Attempt { n: row.get(0), at_ms: row.get(1), outcome: row.get(2), detail: row.get(3) };
    Ok(rows.iter().map(attempt).collect())
}

/// Pages that wait, and those given up since `since_ms`; oldest first.
pub(super) async fn open(pool: &AnyPool, since_ms: i64, limit: i64) -> Result<Vec<OpenPage>, StoreError> {
    let rows = sqlx::query(
        "select payload, created_ms, attempts, coalesce(error, ''), coalesce(state, '') from outbox \
         where priority = 0 and (done_ms is null or (state = 'dead' and done_ms >= $1)) order by id limit $2",
    )
    .bind(since_ms)
    .bind(limit)
    .fetch_all(pool)
    .await
    .map_err(StoreError::doing("reading the open pages"))?;
    let mut pages = Vec::with_capacity(rows.len());
    for row in &rows {
        let effect = serde_json::from_str(row.get(0))
            .map_err(|e| StoreError::Corrupt { table: "outbox", reason: e.to_string() })?;
        let Effect::Page { notifier, key, action, .. } = effect else { continue };
        pages.push(OpenPage {
            notifier,
            key,
            action,
            given_up: row.get::<String, _>(4) == "dead",
            created_ms: row.get(1),
            attempts: row.get(2),
            error: row.get(3),
        });
    }
    Ok(pages)
}
