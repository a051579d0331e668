//! Stands around every handler: gives the request an id, writes problems out and logs them, sets the headers that keep
//! browsers careful, and turns a panic into an answer. Paths are logged as routes only: a sign-in link is a secret.

use super::error::{Form, Problem};
use super::state::Web;
use crate::model::ids;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::middleware::Next;
use axum::response::Response;
use futures::FutureExt;
use std::panic::AssertUnwindSafe;
use tracing::Instrument;

/// Nothing but our own script, style and connections; nobody may frame the page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// The answer's name in the log.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The middleware.
pub(super) async fn guard(State(web): State<Web>, request: Request, next: Next) -> Response {
    let id = ids::fresh();
    let form = form(&request);
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let span = tracing::info_span!("http", request.id = %id, http.method = %method, http.route = %route);
    let began_ms = web.clock.now_ms();
    async move {
        let answered = AssertUnwindSafe(next.run(request)).catch_unwind().await;
        let mut response = answered.unwrap_or_else(|_| {
            use axum::response::IntoResponse;
            Problem::internal("a request handler panicked").into_response()
        });
        if let Some(mut problem) = response.extensions_mut().remove::<Problem>() {
            web.scrub.string(&mut problem.detail);
            log(&problem);
            let (kind, body) = problem.write(&id, form);
            *response.body_mut() = body;
            response.headers_mut().insert(CONTENT_TYPE, kind);
        }
        careful(response.headers_mut());
        if let Ok(id) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        let duration_ms = web.clock.now_ms() - began_ms;
        tracing::debug!(http.status = response.status().as_u16(), duration_ms, "answered");
        response
    }
    .instrument(span)
    .await
}

/// In which form this client reads what went wrong.
fn form(request: &Request) -> Form {
    let asks_for_html = |accept: &HeaderValue| accept.to_str().is_ok_and(|accept| accept.contains("text/html"));
    if request.uri().path().starts_with("/api/") {
        Form::Json
    } else if request.headers().get(ACCEPT).is_some_and(asks_for_html) {
        Form::Html
    } else {
        Form::Text
    }
}

fn log(problem: &Problem) {
    let status = problem.status.as_u16();
    match &problem.cause {
        Some(cause) => tracing::error!(http.status = status, error = %cause, "a request could not be answered"),
        None => tracing::debug!(http.status = status, detail = %problem.detail, "a request was turned down"),
    }
}

fn careful(headers: &mut HeaderMap) {
    let mut usually = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    usually(CONTENT_SECURITY_POLICY, POLICY);
    usually(X_CONTENT_TYPE_OPTIONS, "nosniff");
    // Not `no-referrer`, under which a form's `Origin` would be `null`.
    usually(REFERRER_POLICY, "same-origin");
    usually(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    usually(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    usually(CACHE_CONTROL, "no-store");
}
