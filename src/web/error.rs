//! What is said when a request cannot be answered: RFC 9457 problems under `/api/`, a plain sentence elsewhere. A problem
//! travels as an extension of its response; `guard` writes it out with the request's id and logs it, once.

use crate::config::show_bytes;
use crate::store::StoreError;
use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use std::time::Duration;

/// The media type of a page.
pub(super) const HTML: &str = "text/html; charset=utf-8";
/// The media type of a problem.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// Why a request was not answered as asked. What it holds is shown to the caller, `cause` excepted.
#[derive(Clone, Debug)]
pub struct Problem {
    pub(super) status: StatusCode,
    pub(super) detail: String,
    pub(super) field: Option<String>,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    /// For the log only.
    pub(super) cause: Option<String>,
}

/// A problem as it is sent under `/api/`, by RFC 9457.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub(super) struct ProblemBody<'a> {
    /// Always `about:blank`: the status says what kind it is.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The status in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// A sentence for people: what failed, and what to do.
    detail: &'a str,
    /// This request's id, as in the log and in `X-Request-Id`.
    request: &'a str,
    /// The field that does not fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
}

/// In which form a problem is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A problem object, under `/api/`.
    Json,
    /// A page, for browsers.
    Html,
    /// A line of text, for everybody else.
    Text,
}

impl Problem {
    fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), field: None, headers: Vec::new(), cause: None }
    }

    fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// 400: it cannot be read at all.
    pub(super) fn malformed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// 401: nobody we know.
    pub(super) fn unauthorized(detail: impl Into<String>, challenge: &'static str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, detail).with(WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
    }

    /// 403: known, but not allowed.
    pub(super) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, detail)
    }

    /// 404.
    pub(super) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// 405.
    pub(super) fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "This address is there, but not for this method; see `Allow`.")
    }

    /// 408: the body did not come in time.
    pub(super) fn too_slow() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "The body did not arrive in time. Nothing was done; try again.")
    }

    /// 409: it is there already.
    pub(super) fn conflict(field: &str, detail: impl Into<String>) -> Self {
        Self { field: Some(field.to_owned()), ..Self::new(StatusCode::CONFLICT, detail) }
    }

    /// 413: the body is too large.
    pub(super) fn too_large(most: usize) -> Self {
        let most = show_bytes(most as u64);
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, format!("The body is larger than {most}. Nothing was done."))
    }

    /// 422: it can be read, but a field does not fit.
    pub(super) fn unfit(field: &str, detail: impl Into<String>) -> Self {
        let field = (!field.is_empty()).then(|| field.to_owned());
        Self { field, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail) }
    }

    /// 429.
    pub(super) fn too_often(after: Duration) -> Self {
        let detail = "Too many sign-in links were tried in vain from your address. Wait a little and try again.";
        Self::new(StatusCode::TOO_MANY_REQUESTS, detail).retry_after(after)
    }

    /// 503: too much is waiting.
    pub(super) fn busy() -> Self {
        let detail = "Too much is waiting to be handled. Nothing was stored; try again in a moment.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, detail).retry_after(Duration::from_secs(2))
    }

    /// 502: somebody else had to answer first, and did not.
    pub(super) fn upstream(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_GATEWAY, detail)
    }

    /// 500: our own mistake.
    pub(super) fn internal(cause: impl Into<String>) -> Self {
        let detail = "Something went wrong on our side. The operators find it in the log under this request's id.";
        Self { cause: Some(cause.into()), ..Self::new(StatusCode::INTERNAL_SERVER_ERROR, detail) }
    }

    fn retry_after(self, after: Duration) -> Self {
        let seconds = after.as_secs().max(1) + u64::from(after.subsec_nanos() > 0 && after.as_secs() > 0);
        self.with(RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// The status in words.
    pub(super) fn title(&self) -> &'static str {
        self.status.canonical_reason().unwrap_or("Error")
    }

    /// The body and its media type.
    pub(super) fn write(&self, request: &str, form: Form) -> (HeaderValue, Body) {
        match form {
            Form::Text => {
                let text = format!("{}\n(request {request})\n", self.detail);
                (HeaderValue::from_static("text/plain; charset=utf-8"), Body::from(text))
            }
            Form::Html => (HeaderValue::from_static(HTML), Body::from(super::pages::problem(self, request))),
            Form::Json => {
                let body = ProblemBody {
                    kind: "about:blank",
                    title: self.title(),
                    status: self.status.as_u16(),
                    detail: &self.detail,
                    request,
                    field: self.field.as_deref(),
                };
                // Text and numbers: there is nothing in it that JSON could not say.
                (HeaderValue::from_static(PROBLEM_JSON), Body::from(serde_json::to_string(&body).unwrap_or_default()))
            }
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let detail = match &error {
            StoreError::Closing => "The bot is shutting down. Try again in a moment, with the same Idempotency-Key.",
            StoreError::Corrupt { .. } => return Self::internal(error.to_string()),
            _ => "The database does not answer. Try again in a moment, with the same Idempotency-Key.",
        };
        let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, detail).retry_after(Duration::from_secs(2));
        Self { cause: Some(error.to_string()), ..problem }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.headers_mut().extend(self.headers.clone());
        // Written by `guard`, which knows the request's id.
        response.headers_mut().remove(CONTENT_TYPE);
        response.extensions_mut().insert(self);
        response
    }
}
