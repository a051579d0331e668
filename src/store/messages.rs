//! Messages this bot posted: whose they are, what they show now, and which buttons they carry.

use super::error::StoreError;
use super::sql::{Engine, Sql, parameter, sql};
use super::statement::Statement;
use crate::model::ids::{ConversationId, DeliveryId, IncidentId, MessageRef, PersonId, PluginId};
use crate::model::view::View;
use serde_json::json;
use sqlx::any::AnyRow;
use sqlx::{AnyPool, Row};
use std::collections::BTreeMap;

/// A message this bot posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageRow {
    /// Its reference.
    pub id: MessageRef,
    /// Who may edit it and hears its buttons.
    pub plugin: PluginId,
    /// Where it stands.
    pub conversation: ConversationId,
    /// The incident it belongs to.
    pub incident: Option<IncidentId>,
    /// Only this person sees it.
    pub private_to: Option<PersonId>,
    /// What it shows now.
    pub view: View,
}

/// A message about to be written.
pub(super) struct NewMessage<'a> {
    pub(super) row: MessageRow,
    pub(super) inbox: &'a DeliveryId,
    pub(super) root: &'a DeliveryId,
    pub(super) created_ms: i64,
}

const INSERT: Sql = sql!(
    "insert into messages (id, plugin, conversation, incident, inbox_id, root, private_to, view, created_ms) \
     select r.value->>0, r.value->>1, r.value->>2, r.value->>3, r.value->>4, r.value->>5, r.value->>6, r.value->>7, \
     cast(r.value->>8 as bigint) from ",
    rows,
    " where true"
);
// Upserts rather than `update … from`, so that both planners go by the primary key; the insert half never happens.
const SET_VIEWS: Sql = sql!(
    "insert into messages (id, plugin, conversation, inbox_id, root, view, created_ms) \
     select r.value->>0, '', '', '', '', r.value->>1, 0 from ",
    rows,
    " where (select count(*) from messages m where m.id = r.value->>0) > 0 \
     on conflict (id) do update set view = excluded.view"
);
const SET_NATIVES: Sql = sql!(
    "insert into messages (id, plugin, conversation, inbox_id, root, view, created_ms, native) \
     select (select o.message from outbox o where o.id = r.value->>0), '', '', '', '', '', 0, r.value->>1 from ",
    rows,
    " where (select count(*) from messages m where m.id = (select o.message from outbox o where o.id = r.value->>0)) > 0 \
     on conflict (id) do update set native = excluded.native"
);
const COLUMNS: &str = "select id, plugin, conversation, incident, private_to, view from messages where";

fn parse(row: &AnyRow) -> Result<MessageRow, StoreError> {
    let view = serde_json::from_str(row.get(5))
        .map_err(|e| StoreError::Corrupt { table: "messages", reason: e.to_string() })?;
    Ok(MessageRow {
        id: MessageRef::new(row.get::<String, _>(0)),
        plugin: PluginId::new(row.get::<String, _>(1)),
        conversation: ConversationId::new(row.get::<String, _>(2)),
        incident: row.get::<Option<String>, _>(3).map(IncidentId::new),
        private_to: row.get::<Option<String>, _>(4).map(PersonId::new),
        view,
    })
}

fn view_text(view: &View) -> Result<String, StoreError> {
    serde_json::to_string(view).map_err(|e| StoreError::Corrupt { table: "messages", reason: e.to_string() })
}

pub(super) async fn get(pool: &AnyPool, id: &MessageRef) -> Result<Option<MessageRow>, StoreError> {
    let row = sqlx::query(sqlx::AssertSqlSafe(format!("{COLUMNS} id = $1")))
        .bind(id.as_str())
        .fetch_optional(pool)
        .await
        .map_err(StoreError::doing("reading a message"))?;
    row.as_ref().map(parse).transpose()
}

/// The message that a platform knows under this id. Conversations of a platform begin with its name.
pub(super) async fn by_native(pool: &AnyPool, platform: &str, native: &str) -> Result<Option<MessageRow>, StoreError> {
    let text = format!("{COLUMNS} native = $1 and conversation like $2 order by id desc limit 1");
    let row = sqlx::query(sqlx::AssertSqlSafe(text))
        .bind(native)
        .bind(format!("{platform}:%"))
        .fetch_optional(pool)
        .await
        .map_err(StoreError::doing("looking for a message by its platform's id"))?;
    row.as_ref().map(parse).transpose()
}

/// The newest messages of an incident with a chart in them. A view's text names its blocks' types.
pub(super) async fn pictured(pool: &AnyPool, incident: &IncidentId, limit: i64) -> Result<Vec<MessageRow>, StoreError> {
    let text = format!("{COLUMNS} incident = $1 and view like $2 order by id desc limit $3");
    let rows = sqlx::query(sqlx::AssertSqlSafe(text))
        .bind(incident.as_str())
        .bind("%\"type\":\"chart\"%")
        .bind(limit)
        .fetch_all(pool)
        .await
        .map_err(StoreError::doing("looking for an incident's charts"))?;
    rows.iter().map(parse).collect()
}

/// The newest messages of open incidents in a conversation that have a button of this action and that somebody may see. People know
/// a conversation of ours by the platform's own name.
pub(super) async fn asking(
    pool: &AnyPool,
    conversation: &ConversationId,
    reader: &PersonId,
    action: &str,
    limit: i64,
) -> Result<Vec<MessageRow>, StoreError> {
    let text = format!(
        "{COLUMNS} incident in (select id from incidents where is_open = 1) and conversation in \
         (select cast($1 as text) union all select id from conversations where lives_in = $1) and view like $2 \
         and (private_to is null or private_to = $3) order by id desc limit $4"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(text))
        .bind(conversation.as_str())
        .bind(format!("%\"action\":\"{action}\"%"))
        .bind(reader.as_str())
        .bind(limit)
        .fetch_all(pool)
        .await
        .map_err(StoreError::doing("looking for what a reply means"))?;
    rows.iter().map(parse).collect()
}

/// A message's own id on its platform, once delivered.
pub(super) async fn native(pool: &AnyPool, id: &MessageRef) -> Result<Option<String>, StoreError> {
    let row = sqlx::query("select native from messages where id = $1")
        .bind(id.as_str())
        .fetch_optional(pool)
        .await
        .map_err(StoreError::doing("reading a message's id"))?;
    Ok(row.and_then(|row| row.get(0)))
}

/// What was posted under a root, in the order of posting.
pub(super) async fn under(pool: &AnyPool, root: &DeliveryId) -> Result<Vec<MessageRow>, StoreError> {
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!("{COLUMNS} root = $1 order by id")))
        .bind(root.as_str())
        .fetch_all(pool)
        .await
        .map_err(StoreError::doing("reading a command's messages"))?;
    rows.iter().map(parse).collect()
}

pub(super) fn insert(engine: Engine, messages: &[NewMessage<'_>]) -> Result<Statement, StoreError> {
    let mut rows = Vec::with_capacity(messages.len());
    for NewMessage { row, inbox, root, created_ms } in messages {
        let view = view_text(&row.view)?;
        rows.push(json!([
            row.id,
            row.plugin,
            row.conversation,
            row.incident,
            inbox,
            root,
            row.private_to,
            view,
            created_ms
        ]));
    }
    Ok(INSERT.statement(engine, "writing messages").text(parameter(&json!(rows))))
}

/// Keeps what messages show now; of several edits of one message the last counts.
pub(super) fn set_views(engine: Engine, edits: &[(&MessageRef, &View)]) -> Result<Statement, StoreError> {
    let last: BTreeMap<_, _> = edits.iter().copied().collect();
    let mut rows = Vec::with_capacity(last.len());
    for (id, view) in last {
        rows.push(json!([id, view_text(view)?]));
    }
    Ok(SET_VIEWS.statement(engine, "editing messages").text(parameter(&json!(rows))))
}

/// Keeps the platform's own ids of messages, named by the outbox rows that posted them.
pub(super) fn set_natives(engine: Engine, natives: &[(&str, &str)]) -> Statement {
    let last: BTreeMap<_, _> = natives.iter().copied().collect();
    let rows: Vec<_> = last.iter().map(|(outbox_id, native)| json!([outbox_id, native])).collect();
    SET_NATIVES.statement(engine, "keeping messages' ids").text(parameter(&json!(rows)))
}
