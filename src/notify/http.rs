//! What PagerDuty and webhooks share: one request with a deadline, no redirect followed, and what its answer means for the
//! next attempt.

use super::NotifyError;
use super::page::said;
use crate::clock::Clock;
use crate::config::limits::{NOTIFY_ANSWER_BYTES, NOTIFY_RETRY_AFTER};
use crate::platform::DeliverError;
use chrono::DateTime;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use std::error::Error;
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
        let body = head_of(response).await.map_err(|error| later(&error))?;
        Ok(Answer { status, body, retry_after: retry_after(&headers, self.clock.now_ms()) })
    }

    /// Looks whether anybody answers there, without telling them anything.
    pub(super) async fn probe(&self, url: &Url) -> Result<String, DeliverError> {
        let host = url.host_str().unwrap_or_default();
        match self.http.request(Method::HEAD, url.clone()).send().await {
            Ok(response) => Ok(format!("{host} answers (HTTP {})", response.status().as_u16())),
            Err(error) => Err(DeliverError::Later { reason: format!("{host}: {}", self.reason(&error)), after: None }),
        }
    }

    /// What went wrong, from the bottom, without the address, which may hold a secret.
    fn reason(&self, error: &reqwest::Error) -> String {
        if error.is_timeout() {
            return format!("no answer within {} s", self.timeout.as_secs());
        }
        let mut cause = error.source();
        while let Some(deeper) = cause.and_then(Error::source) {
            cause = Some(deeper);
        }
        let what = if error.is_connect() { "cannot connect" } else { "the connection broke" };
        match cause {
            Some(cause) => format!("{what}: {}", said(&cause.to_string(), &[])),
            None => what.to_owned(),
        }
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

/// The beginning of a body; whoever sends more is not listened to.
async fn head_of(mut response: Response) -> Result<String, reqwest::Error> {
    let mut body = Vec::new();
    while body.len() < NOTIFY_ANSWER_BYTES
        && let Some(piece) = response.chunk().await?
    {
        body.extend_from_slice(&piece);
    }
    body.truncate(NOTIFY_ANSWER_BYTES);
    Ok(String::from_utf8_lossy(&body).into_owned())
}

/// `Retry-After` in seconds or as a date, bounded.
fn retry_after(headers: &HeaderMap, now_ms: i64) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let at_ms = DateTime::parse_from_rfc2822(text).ok()?.timestamp_millis();
            Duration::from_millis(u64::try_from(at_ms - now_ms).unwrap_or(0))
        }
    };
    Some(wait.min(NOTIFY_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn headers(text: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.extend(text.parse().ok().map(|value| (RETRY_AFTER, value)));
        headers
    }

    fn answer(status: u16, body: &str) -> Answer {
        let retry_after = Some(Duration::from_secs(7));
        Answer { status: StatusCode::from_u16(status).unwrap(), body: body.to_owned(), retry_after }
    }

    #[test]
    fn patience_is_asked_for_in_seconds_or_as_a_date_and_is_bounded() {
        let now_ms = 1_445_412_480_000;
        let asked = |text: &str| retry_after(&headers(text), now_ms);
        assert_eq!(asked("3"), Some(Duration::from_secs(3)));
        assert_eq!(asked("Wed, 21 Oct 2015 07:28:30 GMT"), Some(Duration::from_secs(30)));
        assert_eq!(asked("Wed, 21 Oct 2015 07:27:00 GMT"), Some(Duration::ZERO), "it has passed");
        assert_eq!(asked("99999999"), Some(NOTIFY_RETRY_AFTER));
        assert_eq!((asked("soon"), asked("-3")), (None, None));
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

    proptest! {
        #[test]
        fn no_retry_after_makes_it_panic(text in "\\PC*|[0-9]{1,30}", now_ms: i64) {
            let wait = retry_after(&headers(&text), now_ms / 2);
            prop_assert!(wait.is_none_or(|wait| wait <= NOTIFY_RETRY_AFTER));
        }
    }
}
