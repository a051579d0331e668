//! Secrets that let somebody in: one-time links, sessions, API tokens. Made here, from the system's randomness; kept by the
//! store as digests; asked for by the web. Nothing here decides who may have one.

use crate::audit::AuditRecord;
use crate::model::event::Person;
use crate::model::ids::{self, PersonId};
use crate::store::{SignIn, Store, StoreError, Token};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use std::time::Duration;

/// Random bytes of a link, session or token: beyond guessing.
const SECRET_BYTES: usize = 32;
/// What the text of an API token begins with, so that people and scanners of leaked secrets know one when they see it.
pub const TOKEN_PREFIX: &str = "drillbell_";
/// What the id of a caller with a named API token begins with. No configured person's does: names hold no colon.
const TOKEN_CALLER: &str = "token:";

/// Why nothing secret could be made.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// The database did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The operating system gave no randomness.
    #[error("the operating system gives no random bytes: {0}")]
    Random(getrandom::Error),
}

/// 256 random bits as text that fits into an address, a cookie and a header.
///
/// # Errors
/// The operating system has no randomness.
pub fn secret() -> Result<String, SignInError> {
    let mut bytes = [0; SECRET_BYTES];
    getrandom::fill(&mut bytes).map_err(SignInError::Random)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Makes a code for `GET /login/{code}` that signs somebody in, once, within `ttl`.
///
/// # Errors
/// The database does not answer, or the operating system has no randomness.
pub async fn new_code(store: &Store, who: SignIn, ttl: Duration) -> Result<String, SignInError> {
    let code = secret()?;
    store.put_login_code(code.clone(), who, store.now_ms() + millis(ttl)).await?;
    Ok(code)
}

/// Makes an API token; its secret is in the answer and nowhere else. `None`: a token of that name is in use.
///
/// # Errors
/// The database does not answer, or the operating system has no randomness.
pub async fn new_token(
    store: &Store,
    name: &str,
    role: Option<String>,
    lasts: Duration,
    by: &PersonId,
) -> Result<Option<(String, Token)>, SignInError> {
    if store.token_named(name).await?.is_some() {
        return Ok(None);
    }
    let (now_ms, secret) = (store.now_ms(), format!("{TOKEN_PREFIX}{}", secret()?));
    let token = Token {
        id: ids::fresh(),
        name: name.to_owned(),
        role,
        created_by: by.to_string(),
        created_ms: now_ms,
        expires_ms: now_ms + millis(lasts),
        used_ms: None,
        revoked_ms: None,
    };
    // On record first: a token that nobody can see made must not be.
    record(store, "token_made", &token, by).await?;
    let kept = store.put_token(secret.clone(), token.clone()).await?;
    Ok(kept.then_some((secret, token)))
}

/// Ends the token of that id, or the one in use of that name; `None` if there is none to end.
///
/// # Errors
/// The database does not answer.
pub async fn revoke_token(store: &Store, token: String, by: &PersonId) -> Result<Option<Token>, SignInError> {
    // A token must end even if the trail cannot be written, so it ends first.
    let revoked = store.revoke_token(token).await?;
    if let Some(revoked) = &revoked {
        record(store, "token_revoked", revoked, by).await?;
    }
    Ok(revoked)
}

async fn record(store: &Store, kind: &str, token: &Token, by: &PersonId) -> Result<(), StoreError> {
    let mut record = AuditRecord::new(store.now_ms(), kind);
    record.actor = Some(by.clone());
    record.outcome = "ok".to_owned();
    record.detail = json!({"token": token.name, "id": token.id, "role": token.role});
    store.audit(record).await
}

/// A duration in the house's unit; one beyond it is as good as for ever.
pub fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX / 2)
}

/// Who a caller with the token of that name is, on record and everywhere else.
pub fn token_caller(name: &str) -> Person {
    Person { id: PersonId::new(format!("{TOKEN_CALLER}{name}")), name: name.to_owned() }
}

/// Whether that is a program with a token rather than a human.
pub fn is_token_caller(person: &PersonId) -> bool {
    token_of(person).is_some()
}

fn token_of(person: &PersonId) -> Option<&str> {
    person.as_str().strip_prefix(TOKEN_CALLER)
}

/// The role that a caller's token carries, while it is taken; nobody else carries one.
///
/// # Errors
/// The database does not answer.
pub async fn carried_role(store: &Store, person: Option<&Person>) -> Result<Option<String>, StoreError> {
    match person.and_then(|person| token_of(&person.id)) {
        Some(name) => Ok(store.token_named(name).await?.and_then(|token| token.role)),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_long_fit_into_an_address_and_never_repeat() {
        let (one, other) = (secret().unwrap(), secret().unwrap());
        assert_eq!(one.len(), 43);
        assert!(one.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)), "{one}");
        assert_ne!(one, other);
    }

    #[test]
    fn a_program_is_no_human() {
        assert!(is_token_caller(&token_caller("ci").id));
        assert!(!is_token_caller(&PersonId::from("ana")) && !is_token_caller(&PersonId::from("slack:token:ci")));
    }
}
