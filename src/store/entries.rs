//! What is written of who may come in: sign-in codes, sessions and API tokens.

use super::error::StoreError;
use super::{SignIn, Store, Token, logins, tokens};
use crate::model::ids::PersonId;

type Written<T> = Result<T, StoreError>;

#[expect(clippy::missing_errors_doc, reason = "all fail alike: the database does not answer, or the store is closing")]
impl Store {
    /// Keeps a one-time sign-in code.
    pub async fn put_login_code(&self, code: String, who: SignIn, expires_ms: i64) -> Written<()> {
        self.put_login(code, "code", who, String::new(), expires_ms).await
    }

    /// Keeps a session; `agent` is the browser in its own words.
    pub async fn put_session(&self, token: String, who: SignIn, agent: String, expires_ms: i64) -> Written<()> {
        self.put_login(token, "session", who, agent, expires_ms).await
    }

    async fn put_login(
        &self,
        secret: String,
        kind: &'static str,
        who: SignIn,
        agent: String,
        expires_ms: i64,
    ) -> Written<()> {
        let now_ms = self.inner.clock.now_ms();
        self.solo(&self.inner.front, move |connection, _| {
            Box::pin(async move { logins::put(connection, &secret, kind, &who, &agent, now_ms, expires_ms).await })
        })
        .await
    }

    /// Uses a sign-in code up: whose it was, the first time and in time.
    pub async fn take_login_code(&self, code: String) -> Written<Option<SignIn>> {
        let now_ms = self.inner.clock.now_ms();
        self.solo(&self.inner.front, move |connection, _| {
            Box::pin(async move { logins::take(connection, &code, now_ms).await })
        })
        .await
    }

    /// Ends a session; ending one that is over already is no error.
    pub async fn end_session(&self, token: String) -> Written<()> {
        self.solo(&self.inner.front, move |connection, _| {
            Box::pin(async move { logins::end(connection, &token).await })
        })
        .await
    }

    /// Ends a session by what it is called: of one person, or of anybody. `false` if there is no such session of theirs.
    pub async fn end_session_called(&self, id: String, of: Option<PersonId>) -> Written<bool> {
        self.solo(&self.inner.front, move |connection, _| {
            Box::pin(async move { logins::end_by_id(connection, &id, of.as_ref()).await })
        })
        .await
    }

    /// Notes that a session was seen.
    pub async fn touch_session(&self, token: String) -> Written<()> {
        let now_ms = self.inner.clock.now_ms();
        self.solo(&self.inner.front, move |connection, _| {
            Box::pin(async move { logins::touch(connection, &token, now_ms).await })
        })
        .await
    }

    /// Keeps a new API token; `false` if one of that name is in use.
    pub async fn put_token(&self, secret: String, token: Token) -> Written<bool> {
        self.solo(&self.inner.front, move |connection, _| {
            Box::pin(async move { tokens::put(connection, &secret, &token).await })
        })
        .await
    }

    /// Notes that an API token was used.
    pub async fn touch_token(&self, id: String) -> Written<()> {
        let now_ms = self.inner.clock.now_ms();
        self.solo(&self.inner.front, move |connection, _| {
            Box::pin(async move { tokens::touch(connection, &id, now_ms).await })
        })
        .await
    }

    /// Ends an API token by its id or name; what it was, if it was in use.
    pub async fn revoke_token(&self, id_or_name: String) -> Written<Option<Token>> {
        let now_ms = self.inner.clock.now_ms();
        self.solo(&self.inner.front, move |connection, _| {
            Box::pin(async move { tokens::revoke(connection, &id_or_name, now_ms).await })
        })
        .await
    }
}
