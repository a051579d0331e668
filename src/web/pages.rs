//! The console page and its few relatives: fixed texts out of the binary, filled in by their own script. Nothing of a
//! message's text is ever put into markup here.

use super::auth::session_cookie;
use super::error::Problem;
use super::state::Web;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

const CONSOLE: &str = include_str!("assets/console.html");
const SCRIPT: &str = include_str!("assets/console.js");
const STYLE: &str = include_str!("assets/console.css");
const SIGNED_OUT: &str = include_str!("assets/signed_out.html");
/// The link was used, is too old, or never was one.
pub(super) const LINK_USED: &str = include_str!("assets/link_used.html");
/// Signed in; on to the console.
pub(super) const GO_ON: &str = include_str!("assets/go_on.html");

/// `GET /`.
pub(super) async fn root() -> Response {
    (StatusCode::SEE_OTHER, [(LOCATION, "/console")]).into_response()
}

/// `GET /console`.
pub(super) async fn console(State(web): State<Web>, headers: HeaderMap) -> Result<Response, Problem> {
    let signed_in = match session_cookie(&headers, &web) {
        Some(token) => web.store.session(&token).await?.is_some(),
        None => false,
    };
    if signed_in {
        return Ok(page(StatusCode::OK, CONSOLE));
    }
    let challenge = [(WWW_AUTHENTICATE, "Bearer realm=\"drillbell\"")];
    Ok((challenge, page(StatusCode::UNAUTHORIZED, SIGNED_OUT)).into_response())
}

/// `GET /assets/console.js`.
pub(super) async fn script() -> Response {
    asset("text/javascript; charset=utf-8", SCRIPT)
}

/// `GET /assets/console.css`.
pub(super) async fn style() -> Response {
    asset("text/css; charset=utf-8", STYLE)
}

fn asset(kind: &'static str, text: &'static str) -> Response {
    // Asked for again each time, so that a page never runs with the script of another version.
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, "no-cache")], text).into_response()
}

pub(super) fn page(status: StatusCode, html: &'static str) -> Response {
    (status, [(CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response()
}
