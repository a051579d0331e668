//! Named API tokens. Only SHA-256 digests are stored; a token is found by its digest, so that comparing takes no secret. A
//! revoked one stays in the table, because the audit trail speaks of it.

use super::error::StoreError;
use super::logins::digest;
use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AnyPool, Row};

/// A named API token, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Token {
    /// UUIDv7.
    pub id: String,
    /// What it is for; callers with it are on record as `token:NAME`.
    pub name: String,
    /// The configured role its holder has; none for reading and for commands that no policy guards.
    pub role: Option<String>,
    /// Who made it.
    pub created_by: String,
    /// When, milliseconds since the epoch.
    pub created_ms: i64,
    /// Until when it is taken, milliseconds since the epoch.
    pub expires_ms: i64,
    /// When it was last used, to the minute; null if never.
    pub used_ms: Option<i64>,
    /// When it was revoked; null while it is not.
    pub revoked_ms: Option<i64>,
}

impl Token {
    /// Whether it is taken at this moment.
    pub fn is_live(&self, now_ms: i64) -> bool {
        self.revoked_ms.is_none() && self.expires_ms > now_ms
    }
}

const COLUMNS: &str = "select id, name, role, created_by, created_ms, expires_ms, used_ms, revoked_ms from tokens ";

fn parse(row: &AnyRow) -> Token {
    Token {
        id: row.get(0),
        name: row.get(1),
        role: row.get(2),
        created_by: row.get(3),
        created_ms: row.get(4),
        expires_ms: row.get(5),
        used_ms: row.get(6),
        revoked_ms: row.get(7),
    }
}

/// Keeps a new token; `false` if a token of that name is in use. One that has run out makes room.
pub(super) async fn put(connection: &mut AnyConnection, secret: &str, token: &Token) -> Result<bool, StoreError> {
    sqlx::query(
        "update tokens set revoked_ms = expires_ms where name = $1 and revoked_ms is null and expires_ms <= $2",
    )
    .bind(token.name.as_str())
    .bind(token.created_ms)
    .execute(&mut *connection)
    .await
    .map_err(StoreError::doing("making room for a token"))?;
    let written = sqlx::query(
        "insert into tokens (id, digest, name, role, created_by, created_ms, expires_ms) values ($1, $2, $3, $4, $5, $6, $7) \
         on conflict do nothing",
    )
    .bind(token.id.as_str())
    .bind(digest(secret))
    .bind(token.name.as_str())
    .bind(token.role.as_deref())
    .bind(token.created_by.as_str())
    .bind(token.created_ms)
    .bind(token.expires_ms)
    .execute(connection)
    .await
    .map_err(StoreError::doing("keeping a token"))?;
    Ok(written.rows_affected() > 0)
}

/// The token of that secret, while it is taken.
pub(super) async fn find(pool: &AnyPool, secret: &str, now_ms: i64) -> Result<Option<Token>, StoreError> {
    one(pool, &format!("{COLUMNS} where digest = $1"), &digest(secret), now_ms).await
}

/// The token of that id, while it is taken.
pub(super) async fn live(pool: &AnyPool, id: &str, now_ms: i64) -> Result<Option<Token>, StoreError> {
    one(pool, &format!("{COLUMNS} where id = $1"), id, now_ms).await
}

/// The token in use of that name, while it is taken.
pub(super) async fn named(pool: &AnyPool, name: &str, now_ms: i64) -> Result<Option<Token>, StoreError> {
    one(pool, &format!("{COLUMNS} where name = $1 and revoked_ms is null"), name, now_ms).await
}

async fn one(pool: &AnyPool, text: &str, key: &str, now_ms: i64) -> Result<Option<Token>, StoreError> {
    let row = sqlx::query(sqlx::AssertSqlSafe(text.to_owned())).bind(key).fetch_optional(pool).await;
    let row = row.map_err(StoreError::doing("looking a token up"))?;
    Ok(row.as_ref().map(parse).filter(|token| token.is_live(now_ms)))
}

/// All of them, newest first.
pub(super) async fn list(pool: &AnyPool, limit: i64) -> Result<Vec<Token>, StoreError> {
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!("{COLUMNS} order by id desc limit $1")))
        .bind(limit)
        .fetch_all(pool)
        .await
        .map_err(StoreError::doing("listing the tokens"))?;
    Ok(rows.iter().map(parse).collect())
}

/// Notes that it was used.
pub(super) async fn touch(connection: &mut AnyConnection, id: &str, now_ms: i64) -> Result<(), StoreError> {
    sqlx::query("update tokens set used_ms = $2 where id = $1")
        .bind(id)
        .bind(now_ms)
        .execute(connection)
        .await
        .map_err(StoreError::doing("noting a token's use"))?;
    Ok(())
}

/// Ends the token of that id, or the one in use of that name; what it was, or `None` if there is none to end.
pub(super) async fn revoke(
    connection: &mut AnyConnection,
    id_or_name: &str,
    now_ms: i64,
) -> Result<Option<Token>, StoreError> {
    let row = sqlx::query(
        "update tokens set revoked_ms = $2 where (id = $1 or name = $1) and revoked_ms is null \
         returning id, name, role, created_by, created_ms, expires_ms, used_ms, revoked_ms",
    )
    .bind(id_or_name)
    .bind(now_ms)
    .fetch_optional(connection)
    .await
    .map_err(StoreError::doing("revoking a token"))?;
    Ok(row.as_ref().map(parse))
}
