//! Stands before every route that is not for everybody: finds out who asks, or turns them away. A handler that forgot to ask
//! is guarded all the same.

use super::auth::Caller;
use super::pages;
use super::state::Web;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// For the API: others get a problem.
pub(super) async fn caller(State(web): State<Web>, request: Request, next: Next) -> Response {
    match identified(&web, request).await {
        Ok(request) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

/// For pages: others are told how to sign in.
pub(super) async fn page(State(web): State<Web>, request: Request, next: Next) -> Response {
    match identified(&web, request).await {
        Ok(request) => next.run(request).await,
        Err(problem) if problem.status == StatusCode::UNAUTHORIZED => pages::signed_out(&problem),
        Err(problem) => problem.into_response(),
    }
}

/// The request with its caller in it.
async fn identified(web: &Web, request: Request) -> Result<Request, super::Problem> {
    let (mut parts, body) = request.into_parts();
    let caller = Caller::identify(&parts, web).await?;
    parts.extensions.insert(caller);
    Ok(Request::from_parts(parts, body))
}
