//! Secrets that let somebody in: one-time links, sessions, API tokens. Made here, from the system's randomness; kept by the
//! store as digests; asked for by the web. Nothing here decides who may have one.

use crate::model::event::Person;
use crate::model::ids::PersonId;
use crate::store::{Store, StoreError};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
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

/// Makes a code for `GET /login/{code}` that signs `person` in, once, within `ttl`.
///
/// # Errors
/// The database does not answer, or the operating system has no randomness.
pub async fn new_code(store: &Store, person: Person, ttl: Duration) -> Result<String, SignInError> {
    let code = secret()?;
    store.put_login_code(code.clone(), person, store.now_ms() + millis(ttl)).await?;
    Ok(code)
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
    person.as_str().starts_with(TOKEN_CALLER)
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
