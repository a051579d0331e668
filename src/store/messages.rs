//! Messages this bot posted: whose they are, what they show now, and which buttons they carry.

use super::error::StoreError;
use super::sql::{Engine, Sql, parameter, sql};
use crate::model::ids::{ConversationId, DeliveryId, IncidentId, MessageRef, PersonId, PluginId};
use crate::model::view::View;
use serde_json::json;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AnyPool, Row};

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

pub(super) async fn insert(
    connection: &mut AnyConnection,
    engine: Engine,
    messages: &[NewMessage<'_>],
) -> Result<(), StoreError> {
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
    sqlx::query(INSERT.on(engine))
        .bind(parameter(&json!(rows)))
        .execute(connection)
        .await
        .map_err(StoreError::doing("writing messages"))?;
    Ok(())
}

/// Keeps what a message shows now.
pub(super) async fn set_view(connection: &mut AnyConnection, id: &MessageRef, view: &View) -> Result<(), StoreError> {
    sqlx::query("update messages set view = $2 where id = $1")
        .bind(id.as_str())
        .bind(view_text(view)?)
        .execute(connection)
        .await
        .map_err(StoreError::doing("editing a message"))?;
    Ok(())
}
