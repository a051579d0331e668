//! Signing in with a one-time link, and out again. Links and sessions are random and stored as digests only; both ends of a
//! session are in the audit trail.

use super::asked::{Asked, clip};
use super::auth::{Caller, LOCAL, Peer, Via, cookie_name, from_own_page, over_tls, session_cookie};
use super::error::Problem;
use super::pages;
use super::route::Route;
use super::state::{Web, WebState};
use crate::audit::AuditRecord;
use crate::config::limits::{AGENT_CHARS, SESSION_TIME};
use crate::model::event::Person;
use crate::model::ids::PersonId;
use crate::signin::{self, SignInError};
use crate::store::StoreError;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::header::{LOCATION, SET_COOKIE, USER_AGENT};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The routes.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/login/{code}", get(login))
            .open()
            .says("Sign in with a link")
            .path_parameter("code", "The one-time code.")
            .gives(200, "Signed in, on a page that leads on.", "text/html")
            .bare(303, "Signed in; on to the console.")
            .gives(403, "The link was used, is too old, or never was one.", "text/html")
            .problems(&[429, 500, 503]),
        Route::post("/logout", post(logout))
            .open()
            .says("Sign out")
            .bare(303, "Signed out.")
            .problems(&[403, 500, 503]),
        Route::get("/api/v1/whoami", get(whoami))
            .says("Who this is, and which channels there are")
            .query::<WhoAsked>()
            .answers::<Whoami>(200, "You.")
            .problems(&[403]),
    ]
}

impl From<SignInError> for Problem {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Store(error) => error.into(),
            random @ SignInError::Random(_) => Self::internal(random.to_string()),
        }
    }
}

async fn login(
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
    let who = match code {
        Some(code) => web.store.take_login_code(code).await?,
        None => None,
    };
    let Some(who) = who else {
        tracing::info!("a sign-in link was used that is unknown, used up or too old");
        return Ok(pages::link_used());
    };
    web.attempts.give_back(peer);
    // On record first: a session that nobody can see begin must not be.
    record(&web, &who.person, who.asserted_by.as_deref(), "login").await?;
    // Always a fresh session: one that somebody else may have planted in this browser ends here.
    if let Some(old) = session_cookie(request.headers(), &web) {
        web.store.end_session(old).await?;
    }
    let token = signin::secret()?;
    let expires_ms = web.clock.now_ms() + signin::millis(SESSION_TIME);
    web.store.put_session(token.clone(), who, agent(request.headers()), expires_ms).await?;
    let cookie = [(SET_COOKIE, cookie(&web, &token, SESSION_TIME.as_secs()))];
    let from_elsewhere = request.headers().get("sec-fetch-site").is_some_and(|site| site == "cross-site");
    if from_elsewhere {
        // Behind a redirect that another site began, browsers hold back a strict cookie; from a page of ours they do not.
        return Ok((cookie, pages::go_on(home(&web))).into_response());
    }
    Ok((StatusCode::SEE_OTHER, cookie, [(LOCATION, home(&web))]).into_response())
}

/// Whoever is not signed in is signed out already.
async fn logout(State(web): State<Web>, headers: HeaderMap) -> Result<Response, Problem> {
    if let Some(token) = session_cookie(&headers, &web) {
        if !from_own_page(&headers, &web) {
            return Err(Problem::forbidden("Sign out from the bot's own page."));
        }
        if let Some(session) = web.store.session(&token).await? {
            web.store.end_session(token).await?;
            let person = Person { id: session.person, name: session.name };
            record(&web, &person, session.asserted_by.as_deref(), "logout").await?;
        }
    }
    Ok((StatusCode::SEE_OTHER, [(SET_COOKIE, cookie(&web, "", 0))], [(LOCATION, home(&web))]).into_response())
}

/// Who a caller is.
#[derive(Serialize, JsonSchema)]
struct Whoami {
    /// The person, or the program.
    person: Someone,
    /// `token` or `session`.
    via: &'static str,
    /// The token's name; null for a session.
    token: Option<String>,
    /// The role that the token carries, if it carries one.
    role: Option<String>,
    /// The console's channels, each with its `#`.
    channels: Vec<String>,
    /// The bot's version.
    version: &'static str,
}

/// Somebody.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Person")]
struct Someone {
    /// For comparing: the configured name, `platform:user`, or `token:NAME`.
    id: PersonId,
    /// For showing.
    name: String,
}

async fn whoami(
    State(web): State<Web>,
    caller: Caller,
    Asked(query): Asked<WhoAsked>,
) -> Result<Json<Whoami>, Problem> {
    let person = caller.acting(&web, query.user.as_deref())?;
    let (via, token, role) = match caller.via {
        Via::Local => ("token", Some(LOCAL.to_owned()), None),
        Via::Token(token) => ("token", Some(token.name), token.role),
        Via::Session { .. } => ("session", None, None),
    };
    let person = Someone { id: person.id, name: clip(&person.name) };
    Ok(Json(Whoami { person, via, token, role, channels: web.channels.clone(), version: web.version }))
}

/// For whom to ask.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WhoAsked {
    /// In whose name: a console login. For the local token only.
    #[serde(rename = "as")]
    user: Option<String>,
}

/// The browser in its own words, as far as they are short and visible.
fn agent(headers: &HeaderMap) -> String {
    let said = headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    said.chars().take(AGENT_CHARS).collect()
}

/// Where somebody who comes in begins. Never an address out of the request: a link must not lead elsewhere.
fn home(web: &WebState) -> &'static str {
    if web.channels.is_empty() { "/" } else { "/console" }
}

async fn record(web: &WebState, person: &Person, asserted_by: Option<&str>, kind: &str) -> Result<(), StoreError> {
    let mut record = AuditRecord::new(web.clock.now_ms(), kind);
    record.actor = Some(person.id.clone());
    record.outcome = "ok".to_owned();
    record.detail = json!({"via": "web"});
    if let Some(by) = asserted_by {
        record.detail["asserted_by"] = json!(by);
    }
    web.store.audit(record).await
}

fn cookie(web: &WebState, value: &str, max_age_s: u64) -> String {
    let secure = if over_tls(web) { "; Secure" } else { "" };
    let name = cookie_name(web);
    format!("{name}={value}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Strict{secure}")
}
