//! What PagerDuty and webhooks share: one request with a deadline, no redirect followed, and what its answer means for the
//! next attempt.

use super::NotifyError;
use super::page::said;
use crate::clock::Clock;
use crate::config::limits::{NOTIFY_ANSWER_BYTES, NOTIFY_RETRY_AFTER};
use crate::platform::{DeliverError, http};
use reqwest::{Method, RequestBuilder, StatusCode};
use std::time::Duration;
use url::Url;

/// An HTTP client that knows what time it is.
pub(super) struct Client {
    http: reqwest::Client,
    timeout: Duration,
    clock: Clock,
}

/// An answer, read.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// The beginning of its body.
    pub(super) body: String,
    /// How long it asks to be left alone.
    pub(super) retry_after: Option<Duration>,
}

impl Client {
    /// No proxy: which way pages go is the configuration's to say, not the environment's.
    pub(super) fn new(timeout: Duration, clock: Clock) -> Result<Self, NotifyError> {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(timeout)
            .no_proxy()
            .user_agent(concat!("drillbell/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| NotifyError(format!("cannot set up HTTP for the notifiers: {error}")))?;
        Ok(Self { http, timeout, clock })
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// A request of JSON to be sent.
    pub(super) fn post(&self, url: &Url, body: String) -> RequestBuilder {
        self.http.post(url.clone()).header("content-type", "application/json").body(body)
    }

    /// Sends it and reads the answer.
    pub(super) async fn send(&self, request: RequestBuilder) -> Result<Answer, DeliverError> {
        let later = |error: &reqwest::Error| DeliverError::Later { reason: self.reason(error), after: None };
        let response = request.send().await.map_err(|error| later(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = http::head_of(response, NOTIFY_ANSWER_BYTES).await.map_err(|error| later(&error))?;
        let retry_after = http::retry_after(&headers, self.clock.now_ms(), NOTIFY_RETRY_AFTER);
        Ok(Answer { status, body: String::from_utf8_lossy(&body).into_owned(), retry_after })
    }

    /// Looks whether anybody answers there, without telling them anything.
    pub(super) async fn probe(&self, url: &Url) -> Result<String, DeliverError> {
        let host = url.host_str().unwrap_or_default();
        match self.http.request(Method::HEAD, url.clone()).send().await {
            Ok(response) => Ok(format!("{host} answers (HTTP {})", response.status().as_u16())),
            Err(error) => Err(DeliverError::Later { reason: format!("{host}: {}", self.reason(&error)), after: None }),
        }
    }

    fn reason(&self, error: &reqwest::Error) -> String {
        said(&http::reason(error, self.timeout), &[])
    }
}

impl Answer {
    /// Why it was not taken: at once, later, or never.
    pub(super) fn refusal(self, secrets: &[&str]) -> DeliverError {
        let words = said(&self.body, secrets);
        let code = self.status.as_u16();
        let reason = match (self.status.is_redirection(), words.is_empty()) {
            (true, _) => format!("HTTP {code}: it points elsewhere, and redirects are not followed"),
            (false, true) => format!("HTTP {code}"),
            (false, false) => format!("HTTP {code}: {words}"),
        };
        let busy =
            matches!(self.status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS);
        match busy || self.status.is_server_error() {
            true => DeliverError::Later { reason, after: self.retry_after },
            false => DeliverError::Never { reason },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        let retry_after = Some(Duration::from_secs(7));
        Answer { status: StatusCode::from_u16(status).unwrap(), body: body.to_owned(), retry_after }
    }

    #[test]
    fn what_a_refusal_means_follows_from_its_status() {
        let lines: Vec<_> = [301, 400, 404, 408, 413, 425, 429, 500, 503]
            .map(|status| match answer(status, "hunter2 is wrong").refusal(&["hunter2"]) {
                DeliverError::Later { reason, after } => format!("later ({after:?}): {reason}"),
                DeliverError::Never { reason } => format!("never: {reason}"),
            })
            .into();
        insta::assert_snapshot!(lines.join("\n"), @r"
        never: HTTP 301: it points elsewhere, and redirects are not followed
        never: HTTP 400: *** is wrong
        never: HTTP 404: *** is wrong
        later (Some(7s)): HTTP 408: *** is wrong
        never: HTTP 413: *** is wrong
        later (Some(7s)): HTTP 425: *** is wrong
        later (Some(7s)): HTTP 429: *** is wrong
        later (Some(7s)): HTTP 500: *** is wrong
        later (Some(7s)): HTTP 503: *** is wrong
        ");
    }
}
