//! One-time sign-in links and the sessions they become. Only SHA-256 digests are stored, so a stolen database opens no door.

use super::error::StoreError;
use crate::model::event::Person;
use crate::model::ids::PersonId;
use sha2::{Digest, Sha256};
use sqlx::{AnyConnection, AnyPool, Row};

/// The digest under which a code or session token is kept.
pub(super) fn digest(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}

/// Keeps a code or session for `person` until `expires_ms`; `kind` is `code` or `session`.
pub(super) async fn put(
    connection: &mut AnyConnection,
    secret: &str,
    kind: &str,
    person: &Person,
    now_ms: i64,
    expires_ms: i64,
) -> Result<(), StoreError> {
    sqlx::query(
        "insert into logins (digest, kind, person, name, created_ms, expires_ms) values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(digest(secret))
    .bind(kind)
    .bind(person.id.as_str())
    .bind(person.name.as_str())
    .bind(now_ms)
    .bind(expires_ms)
    .execute(connection)
    .await
    .map_err(StoreError::doing("keeping a sign-in"))?;
    Ok(())
}

/// Uses a code up: the person it was for, once, and not after it ran out.
pub(super) async fn take(
    connection: &mut AnyConnection,
    code: &str,
    now_ms: i64,
) -> Result<Option<Person>, StoreError> {
    let row = sqlx::query("delete from logins where digest = $1 and kind = 'code' returning person, name, expires_ms")
        .bind(digest(code))
        .fetch_optional(connection)
        .await
        .map_err(StoreError::doing("using a sign-in link"))?;
    Ok(row
        .filter(|row| row.get::<i64, _>(2) > now_ms)
        .map(|row| Person { id: PersonId::new(row.get::<String, _>(0)), name: row.get(1) }))
}

/// Whose session it is, while it lasts.
pub(super) async fn session(pool: &AnyPool, token: &str, now_ms: i64) -> Result<Option<Person>, StoreError> {
    let row = sqlx::query("select person, name from logins where digest = $1 and kind = 'session' and expires_ms > $2")
        .bind(digest(token))
        .bind(now_ms)
        .fetch_optional(pool)
        .await
        .map_err(StoreError::doing("reading a session"))?;
    Ok(row.map(|row| Person { id: PersonId::new(row.get::<String, _>(0)), name: row.get(1) }))
}

/// Ends a session.
pub(super) async fn end(connection: &mut AnyConnection, token: &str) -> Result<(), StoreError> {
    sqlx::query("delete from logins where digest = $1 and kind = 'session'")
        .bind(digest(token))
        .execute(connection)
        .await
        .map_err(StoreError::doing("ending a session"))?;
    Ok(())
}
