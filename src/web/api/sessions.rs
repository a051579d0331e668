//! Sessions of the page: one's own, to look at and to end. The operator sees everybody's.

use crate::audit::AuditRecord;
use crate::config::limits::PAGE_ROWS_MAX;
use crate::model::ids::PersonId;
use crate::store::{Session, Store};
use crate::web::auth::{Caller, Via};
use crate::web::error::Problem;
use crate::web::route::Route;
use crate::web::state::{Web, WebState};
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{delete, get};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

/// The routes.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/sessions", get(list))
            .says("Who is signed in on the page: you, or everybody for the operator")
            .answers::<Sessions>(200, "The newest 200."),
        Route::delete("/api/v1/sessions/{id}", delete(end))
            .says("End a session")
            .path_parameter("id", "The session's `id`.")
            .bare(204, "It is over."),
    ]
}

/// Sessions that last.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::web) struct Sessions {
    /// Newest first.
    pub(in crate::web) sessions: Vec<Session>,
    /// The `id` of the one this very request came with; null for a token.
    pub(in crate::web) current: Option<String>,
}

/// Whose sessions this caller may see and end; `None` is everybody's.
fn scope(caller: &Caller) -> Option<&PersonId> {
    (caller.via != Via::Local).then_some(&caller.person.id)
}

/// The sessions that a caller may see.
pub(in crate::web) async fn of(web: &WebState, caller: &Caller) -> Result<Sessions, Problem> {
    let sessions = web.store.sessions(scope(caller), PAGE_ROWS_MAX).await?;
    let current = match &caller.via {
        Via::Session { token, .. } => Some(Store::session_id(token)),
        Via::Local | Via::Token(_) => None,
    };
    Ok(Sessions { sessions, current })
}

async fn list(State(web): State<Web>, caller: Caller) -> Result<Json<Sessions>, Problem> {
    of(&web, &caller).await.map(Json)
}

async fn end(
    State(web): State<Web>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, Problem> {
    let unknown = || Problem::not_found("There is no such session, or it is not yours.");
    let id = id.ok().map(|Path(id)| id).filter(|id| id.len() <= 64 && id.bytes().all(|b| b.is_ascii_hexdigit()));
    let id = id.ok_or_else(unknown)?;
    // On record first: what cannot be seen to end must not.
    if !web.store.sessions(scope(&caller), PAGE_ROWS_MAX).await?.iter().any(|session| session.id == id) {
        return Err(unknown());
    }
    let mut record = AuditRecord::new(web.clock.now_ms(), "session_ended");
    record.actor = Some(caller.person.id.clone());
    record.outcome = "ok".to_owned();
    record.detail = json!({"session": id});
    web.store.audit(record).await?;
    match web.store.end_session_called(id, scope(&caller).cloned()).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(unknown()),
    }
}
