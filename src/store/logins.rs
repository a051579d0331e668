//! One-time sign-in links and the sessions they become. Only SHA-256 digests are stored, so a stolen database opens no door;
//! the beginning of a digest is what people call a session by.

use super::error::StoreError;
use crate::model::event::Person;
use crate::model::ids::PersonId;
use serde::Serialize;
use sha2::{Digest, Sha256};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AnyPool, Row};

/// The digest under which a code or session token is kept.
pub(super) fn digest(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}

/// Characters of the digest that name a session: enough to tell all of them apart, useless for signing in.
const ID_CHARS: usize = 16;

/// Whom a code or session lets in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    /// Who it is.
    pub person: Person,
    /// Who vouched for that name, where nothing better did (`local token`): what somebody can do with the session counts
    /// no more than what they asked for the link with.
    pub asserted_by: Option<String>,
}

/// A session as people see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Session {
    /// What to call it by; says nothing about its secret.
    pub id: String,
    /// Whose it is.
    pub person: PersonId,
    /// What they are called.
    pub name: String,
    /// Who vouched for the name, where nothing better did: `local token`.
    pub asserted_by: Option<String>,
    /// The browser in its own words; empty if it said none.
    pub agent: String,
    /// When it began, milliseconds since the epoch.
    pub created_ms: i64,
    /// When it was last seen, to the minute.
    pub seen_ms: i64,
    /// When it ends by itself.
    pub expires_ms: i64,
}

/// What a session is called by.
pub(super) fn session_id(token: &str) -> String {
    digest(token)[..ID_CHARS].to_owned()
}

/// Keeps a code or session for `who` until `expires_ms`; `kind` is `code` or `session`.
pub(super) async fn put(
    connection: &mut AnyConnection,
    secret: &str,
    kind: &str,
    who: &SignIn,
    agent: &str,
    now_ms: i64,
    expires_ms: i64,
) -> Result<(), StoreError> {
    sqlx::query(
        "insert into logins (digest, kind, person, name, created_ms, expires_ms, agent, seen_ms, \
         asserted_by) values ($1, $2, $3, $4, $5, $6, $7, $5, $8)",
    )
    .bind(digest(secret))
    .bind(kind)
    .bind(who.person.id.as_str())
    .bind(who.person.name.as_str())
    .bind(now_ms)
    .bind(expires_ms)
    .bind(agent)
    .bind(who.asserted_by.as_deref())
    .execute(connection)
    .await
    .map_err(StoreError::doing("keeping a sign-in"))?;
    Ok(())
}

/// Uses a code up: whom it was for, once, and not after it ran out.
pub(super) async fn take(
    connection: &mut AnyConnection,
    code: &str,
    now_ms: i64,
) -> Result<Option<SignIn>, StoreError> {
    let row = sqlx::query(
        "delete from logins where digest = $1 and kind = 'code' returning person, name, expires_ms, asserted_by",
    )
    .bind(digest(code))
    .fetch_optional(connection)
    .await
    .map_err(StoreError::doing("using a sign-in link"))?;
    Ok(row.filter(|row| row.get::<i64, _>(2) > now_ms).map(|row| SignIn {
        person: Person { id: PersonId::new(row.get::<String, _>(0)), name: row.get(1) },
        asserted_by: row.get(3),
    }))
}

/// A session, while it lasts.
pub(super) async fn session(pool: &AnyPool, token: &str, now_ms: i64) -> Result<Option<Session>, StoreError> {
    let row = sqlx::query(sqlx::AssertSqlSafe(format!("{SESSIONS} and digest = $2")))
        .bind(now_ms)
        .bind(digest(token))
        .fetch_optional(pool)
        .await
        .map_err(StoreError::doing("reading a session"))?;
    Ok(row.as_ref().map(parse))
}

const SESSIONS: &str = "select digest, person, name, coalesce(agent, ''), created_ms, coalesce(seen_ms, created_ms), expires_ms, \
     asserted_by from logins where kind = 'session' and expires_ms > $1";

fn parse(row: &AnyRow) -> Session {
    let digest: String = row.get(0);
    Session {
        id: digest.chars().take(ID_CHARS).collect(),
        person: PersonId::new(row.get::<String, _>(1)),
        name: row.get(2),
        agent: row.get(3),
        created_ms: row.get(4),
        seen_ms: row.get(5),
        expires_ms: row.get(6),
        asserted_by: row.get(7),
    }
}

/// The sessions that last, newest first: of one person, or of everybody.
pub(super) async fn list(
    pool: &AnyPool,
    of: Option<&PersonId>,
    now_ms: i64,
    limit: i64,
) -> Result<Vec<Session>, StoreError> {
    let text = format!("{SESSIONS} and ($2 = '' or person = $2) order by created_ms desc, digest limit $3");
    let rows = sqlx::query(sqlx::AssertSqlSafe(text))
        .bind(now_ms)
        .bind(of.map_or("", |person| person.as_str()))
        .bind(limit)
        .fetch_all(pool)
        .await
        .map_err(StoreError::doing("listing the sessions"))?;
    Ok(rows.iter().map(parse).collect())
}

/// Notes that a session was seen.
pub(super) async fn touch(connection: &mut AnyConnection, token: &str, now_ms: i64) -> Result<(), StoreError> {
    sqlx::query("update logins set seen_ms = $2 where digest = $1 and kind = 'session'")
        .bind(digest(token))
        .bind(now_ms)
        .execute(connection)
        .await
        .map_err(StoreError::doing("noting a session's use"))?;
    Ok(())
}

/// Ends a session by its token.
pub(super) async fn end(connection: &mut AnyConnection, token: &str) -> Result<(), StoreError> {
    sqlx::query("delete from logins where digest = $1 and kind = 'session'")
        .bind(digest(token))
        .execute(connection)
        .await
        .map_err(StoreError::doing("ending a session"))?;
    Ok(())
}

/// Ends a session by what it is called, of one person or of anybody; `false` if there is no such session of theirs.
pub(super) async fn end_by_id(
    connection: &mut AnyConnection,
    id: &str,
    of: Option<&PersonId>,
) -> Result<bool, StoreError> {
    let ended = sqlx::query(
        "delete from logins where substr(digest, 1, 16) = $1 and kind = 'session' and ($2 = '' or person = $2)",
    )
    .bind(id)
    .bind(of.map_or("", |person| person.as_str()))
    .execute(connection)
    .await
    .map_err(StoreError::doing("ending a session"))?;
    Ok(ended.rows_affected() > 0)
}
