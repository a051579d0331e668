//! The few pages for those who are not signed in, and for what went wrong: fixed words, no menu.

use super::render;
use crate::web::auth::CHALLENGE;
use crate::web::error::Problem;
use askama::Template;
use axum::http::StatusCode;
use axum::http::header::WWW_AUTHENTICATE;
use axum::response::{IntoResponse, Response};

#[derive(Template)]
#[template(path = "signed_out.html")]
struct SignedOut;

#[derive(Template)]
#[template(path = "link_used.html")]
struct LinkUsed;

#[derive(Template)]
#[template(path = "go_on.html")]
struct GoOn {
    home: &'static str,
}

#[derive(Template)]
#[template(path = "problem.html")]
struct Wrong<'a> {
    title: &'a str,
    detail: &'a str,
    request: &'a str,
}

fn answer(status: StatusCode, template: &impl Template) -> Response {
    render(status, template).unwrap_or_else(IntoResponse::into_response)
}

/// 401: how to sign in. A bearer token that is not known gets its own challenge.
pub(in crate::web) fn signed_out(problem: &Problem) -> Response {
    let mut response = answer(StatusCode::UNAUTHORIZED, &SignedOut);
    let own = problem.headers.iter().find(|(name, _)| *name == WWW_AUTHENTICATE).map(|(_, value)| value.clone());
    let challenge = own.unwrap_or(axum::http::HeaderValue::from_static(CHALLENGE));
    response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    response
}

/// The link was used, is too old, or never was one.
pub(in crate::web) fn link_used() -> Response {
    answer(StatusCode::FORBIDDEN, &LinkUsed)
}

/// Signed in; on by a page of ours.
pub(in crate::web) fn go_on(home: &'static str) -> Response {
    answer(StatusCode::OK, &GoOn { home })
}

/// What went wrong, as a page.
pub(in crate::web) fn problem(problem: &Problem, request: &str) -> String {
    let page = Wrong { title: problem.title(), detail: &problem.detail, request };
    // Should even this fail, the sentence itself is left.
    page.render().unwrap_or_else(|_| "Something went wrong on our side.".to_owned())
}
