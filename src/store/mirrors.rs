//! What stands for something else on another platform: copies of messages and of conversations that the bot opened.

use super::Store;
use super::conversations::called;
use super::error::StoreError;
use super::sql::{Engine, Sql, parameter, sql};
use super::statement::Statement;
use crate::model::ids::{ConversationId, IncidentId};
use crate::model::mirror::Mirror;
use serde_json::json;
use sqlx::Row;
use sqlx::any::AnyRow;

// No upsert: of two calls that give one conversation a copy, the second fails, runs again and finds it.
const INSERT: Sql = sql!(
    "insert into mirrors (copy, original, incident, conversation) \
     select r.value->>0, r.value->>1, r.value->>2, r.value->>3 from ",
    rows,
    " where true"
);
const OF: Sql = sql!("select copy, original, incident, conversation from mirrors where original ", keys);
const BEHIND: Sql = sql!("select copy, original, incident, conversation from mirrors where copy ", keys);

pub(super) fn insert(engine: Engine, mirrors: &[&Mirror]) -> Option<Statement> {
    if mirrors.is_empty() {
        return None;
    }
    let rows: Vec<_> = mirrors.iter().map(|m| json!([m.copy, m.original, m.incident, m.conversation])).collect();
    Some(INSERT.statement(engine, "keeping what stands for what").text(parameter(&json!(rows))))
}

fn parse(row: &AnyRow) -> Mirror {
    Mirror {
        copy: row.get(0),
        original: row.get(1),
        incident: IncidentId::new(row.get::<String, _>(2)),
        conversation: ConversationId::new(row.get::<String, _>(3)),
    }
}

#[expect(clippy::missing_errors_doc, reason = "all fail alike: the database does not answer, or a row is corrupt")]
impl Store {
    /// The copies of these messages or conversations.
    pub async fn copies_of(&self, originals: &[&str]) -> Result<Vec<Mirror>, StoreError> {
        self.mirrors(OF, originals).await
    }

    /// What these messages or conversations are copies of.
    pub async fn behind(&self, copies: &[&str]) -> Result<Vec<Mirror>, StoreError> {
        self.mirrors(BEHIND, copies).await
    }

    async fn mirrors(&self, sql: Sql, keys: &[&str]) -> Result<Vec<Mirror>, StoreError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<_> = keys.iter().map(|key| json!([key])).collect();
        let rows = sqlx::query(sql.on(self.inner.engine))
            .bind(parameter(&json!(keys)))
            .fetch_all(&self.inner.pool)
            .await
            .map_err(StoreError::doing("looking up what stands for what"))?;
        Ok(rows.iter().map(parse).collect())
    }

    /// Our own name for a conversation that the bot opened, by where it really is; `None` for any other.
    pub async fn opened_as(&self, lives_in: &ConversationId) -> Result<Option<ConversationId>, StoreError> {
        let row = sqlx::query(called!())
            .bind(lives_in.as_str())
            .fetch_optional(&self.inner.pool)
            .await
            .map_err(StoreError::doing("looking up what a conversation is called"))?;
        Ok(row.map(|row| ConversationId::new(row.get::<String, _>(0))))
    }
}
