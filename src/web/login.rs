//! Signing in with a one-time link, and out again. Links and sessions are random and stored as digests only; both ends of a
//! session are in the audit trail.

use super::asked::clip;
use super::auth::{Caller, Peer, Via, cookie_name, from_own_page, over_tls, session_cookie};
use super::error::Problem;
use super::pages;
use super::state::{Web, WebState};
use crate::audit::AuditRecord;
use crate::config::limits::SESSION_TIME;
use crate::model::event::Person;
use crate::store::{Store, StoreError};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use std::time::Duration;

/// Random bytes of a link or session: beyond guessing.
const SECRET_BYTES: usize = 32;

/// Why no sign-in link could be made.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// The database did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The operating system gave no randomness.
    #[error("the operating system gives no random bytes: {0}")]
    Random(getrandom::Error),
}

/// Makes a code for `GET /login/{code}` that signs `person` in, once, within `ttl`.
///
/// # Errors
/// The database does not answer, or the operating system has no randomness.
pub async fn new_code(store: &Store, person: Person, ttl: Duration) -> Result<String, LoginError> {
    let code = secret()?;
    store.put_login_code(code.clone(), person, store.now_ms() + millis(ttl)).await?;
    Ok(code)
}

fn secret() -> Result<String, LoginError> {
    let mut bytes = [0; SECRET_BYTES];
    getrandom::fill(&mut bytes).map_err(LoginError::Random)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX / 2)
}

impl From<LoginError> for Problem {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::Store(error) => error.into(),
            random @ LoginError::Random(_) => Self::internal(random.to_string()),
        }
    }
}

/// `GET /login/{code}`.
pub(super) async fn login(
    State(web): State<Web>,
    code: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Problem> {
    if request.method() == Method::HEAD {
        // Chat systems look at links before people do; that must not use them up.
        return Ok(StatusCode::OK.into_response());
    }
    let peer = Peer::of(request.extensions());
    web.attempts.take(peer).map_err(Problem::too_often)?;
    let code = code.ok().map(|Path(code)| code).filter(|code| code.len() <= 128 && code.is_ascii());
    let person = match code {
        Some(code) => web.store.take_login_code(code).await?,
        None => None,
    };
    let Some(person) = person else {
        tracing::info!("a sign-in link was used that is unknown, used up or too old");
        return Ok(pages::page(StatusCode::FORBIDDEN, pages::LINK_USED));
    };
    web.attempts.give_back(peer);
    // On record first: a session that nobody can see begin must not be.
    record(&web, &person, "login").await?;
    let token = secret()?;
    web.store.put_session(token.clone(), person, web.clock.now_ms() + millis(SESSION_TIME)).await?;
    let cookie = [(SET_COOKIE, cookie(&web, &token, SESSION_TIME.as_secs()))];
    let from_elsewhere = request.headers().get("sec-fetch-site").is_some_and(|site| site == "cross-site");
    if from_elsewhere {
        // Behind a redirect that another site began, browsers hold back a strict cookie; from a page of ours they do not.
        return Ok((cookie, pages::page(StatusCode::OK, pages::GO_ON)).into_response());
    }
    Ok((StatusCode::SEE_OTHER, cookie, [(LOCATION, "/console")]).into_response())
}

/// `POST /logout`. Whoever is not signed in is signed out already.
pub(super) async fn logout(State(web): State<Web>, headers: HeaderMap) -> Result<Response, Problem> {
    if let Some(token) = session_cookie(&headers, &web) {
        if !from_own_page(&headers, &web) {
            return Err(Problem::forbidden("Sign out from the bot's own page."));
        }
        if let Some(person) = web.store.session(&token).await? {
            web.store.end_session(token).await?;
            record(&web, &person, "logout").await?;
        }
    }
    Ok((StatusCode::SEE_OTHER, [(SET_COOKIE, cookie(&web, "", 0))], [(LOCATION, "/console")]).into_response())
}

/// `GET /api/v1/whoami`.
pub(super) async fn whoami(
    State(web): State<Web>,
    caller: Caller,
    super::asked::Asked(query): super::asked::Asked<WhoAsked>,
) -> Result<Response, Problem> {
    let person = caller.acting(&web, query.user.as_deref())?;
    let (via, token) = match caller.via {
        Via::Token(name) => ("token", Some(name)),
        Via::Session(_) => ("session", None),
    };
    let body = json!({
        "person": {"id": person.id, "name": clip(&person.name)},
        "via": via,
        "token": token,
        "channels": web.channels,
        "version": web.version,
    });
    Ok(axum::Json(body).into_response())
}

/// For whom to ask.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WhoAsked {
    #[serde(rename = "as")]
    user: Option<String>,
}

async fn record(web: &WebState, person: &Person, kind: &str) -> Result<(), StoreError> {
    let mut record = AuditRecord::new(web.clock.now_ms(), kind);
    record.actor = Some(person.id.clone());
    record.outcome = "ok".to_owned();
    record.detail = json!({"via": "web"});
    web.store.audit(record).await
}

fn cookie(web: &WebState, value: &str, max_age_s: u64) -> String {
    let secure = if over_tls(web) { "; Secure" } else { "" };
    let name = cookie_name(web);
    format!("{name}={value}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Strict{secure}")
}
