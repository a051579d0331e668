//! The HTTP under slack-morphism's client: reqwest, as everywhere in the house, instead of a second client with a second TLS.
//! One request, one answer, no retries: those are the outbox's.

use crate::clock::Clock;
use crate::config::limits::{SLACK_ANSWER_BYTES, SLACK_CALL, SLACK_RETRY_AFTER};
use crate::platform::http;
use futures::FutureExt;
use futures::future::BoxFuture;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{RequestBuilder, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use slack_morphism::errors::{
    SlackClientApiError, SlackClientError, SlackClientHttpError, SlackClientHttpProtocolError,
    SlackClientProtocolError, SlackRateLimitError,
};
use slack_morphism::multipart_form::FileMultipartData;
use slack_morphism::{
    ClientResult, SlackClientApiCallContext, SlackClientHttpApiUri, SlackClientHttpConnector, SlackClientId,
    SlackClientSecret,
};
use std::time::Duration;
use url::Url;

/// Speaks HTTP with one Web API.
#[derive(Clone, Debug)]
pub(super) struct Connector {
    http: reqwest::Client,
    base: String,
    clock: Clock,
}

/// What every answer begins with.
#[derive(Deserialize)]
struct Envelope {
    ok: bool,
    error: Option<String>,
    #[serde(default)]
    response_metadata: Metadata,
}

#[derive(Default, Deserialize)]
struct Metadata {
    #[serde(default)]
    messages: Vec<Value>,
}

impl Connector {
    /// For the Web API at `base`, which has no slash at its end. No proxy: which way tokens go is the configuration's to say.
    pub(super) fn new(base: &Url, clock: &Clock) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(SLACK_CALL)
            .no_proxy()
            .user_agent(concat!("drillbell/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { http, base: base.as_str().trim_end_matches('/').to_owned(), clock: clock.clone() })
    }

    /// Where a method is.
    pub(super) fn url(&self, method: &str) -> String {
        format!("{}/{method}", self.base)
    }

    /// How long an answer asks to be left alone. <https://docs.slack.dev/apis/web-api/rate-limits>
    pub(super) fn wait(&self, headers: &HeaderMap) -> Option<Duration> {
        http::retry_after(headers, self.clock.now_ms(), SLACK_RETRY_AFTER)
    }

    /// For the few requests that are no calls of a method.
    pub(super) fn http(&self) -> &reqwest::Client {
        &self.http
    }

    async fn send<RS: DeserializeOwned>(
        &self,
        request: RequestBuilder,
        context: &SlackClientApiCallContext<'_>,
    ) -> ClientResult<RS> {
        let request = match context.token {
            Some(token) => request.bearer_auth(&token.token_value.0),
            None => request,
        };
        self.fetch(request).await
    }

    async fn fetch<RS: DeserializeOwned>(&self, request: RequestBuilder) -> ClientResult<RS> {
        let response = request.send().await.map_err(broken)?;
        let (status, wait) = (response.status(), self.wait(response.headers()));
        answer(status, wait, &read(response).await?)
    }
}

/// The body, up to a bound; what is longer is cut and will not parse.
pub(super) async fn read(response: reqwest::Response) -> ClientResult<Vec<u8>> {
    http::head_of(response, SLACK_ANSWER_BYTES).await.map_err(broken)
}

/// The address is left out: it may hold a secret.
pub(super) fn broken(error: reqwest::Error) -> SlackClientError {
    SlackClientError::HttpProtocolError(SlackClientHttpProtocolError { cause: Some(Box::new(error.without_url())) })
}

/// What an answer means.
fn answer<RS: DeserializeOwned>(status: StatusCode, wait: Option<Duration>, body: &[u8]) -> ClientResult<RS> {
    let limited = |code: Option<String>| {
        let mut error = SlackRateLimitError::new();
        error.retry_after = wait;
        error.code = code;
        SlackClientError::RateLimitError(error)
    };
    if status == StatusCode::TOO_MANY_REQUESTS {
        return Err(limited(None));
    }
    if !status.is_success() {
        return Err(SlackClientError::HttpError(SlackClientHttpError::new(status)));
    }
    let parsed = |json_error| SlackClientError::ProtocolError(SlackClientProtocolError { json_error, json_body: None });
    let Envelope { ok, error, response_metadata } = serde_json::from_slice(body).map_err(parsed)?;
    if ok {
        return serde_json::from_slice(body).map_err(parsed);
    }
    let code = error.unwrap_or_else(|| "no reason given".to_owned());
    // Its pages spell it both ways. <https://docs.slack.dev/reference/methods/chat.postMessage>
    if code == "ratelimited" || code == "rate_limited" {
        return Err(limited(Some(code)));
    }
    let details = response_metadata.messages.into_iter();
    let details: Vec<String> =
        details.map(|one| one.as_str().map_or_else(|| one.to_string(), str::to_owned)).take(3).collect();
    let mut error = SlackClientApiError::new(code);
    error.errors = (!details.is_empty()).then_some(details);
    Err(SlackClientError::ApiError(error))
}

/// What this bot never asks for: each of its calls is a method by JSON or one by its query.
fn unused(what: &str) -> SlackClientError {
    let cause = Some(format!("{what} is not used by this connector").into());
    SlackClientError::HttpProtocolError(SlackClientHttpProtocolError { cause })
}

impl SlackClientHttpConnector for Connector {
    fn http_get_uri<'a, RS>(
        &'a self,
        full_uri: Url,
        context: SlackClientApiCallContext<'a>,
    ) -> BoxFuture<'a, ClientResult<RS>>
    where
        RS: for<'de> Deserialize<'de> + Send + 'a,
    {
        async move { self.send(self.http.get(full_uri), &context).await }.boxed()
    }

    fn http_get_with_client_secret<'a, RS>(
        &'a self,
        full_uri: Url,
        client_id: &'a SlackClientId,
        client_secret: &'a SlackClientSecret,
    ) -> BoxFuture<'a, ClientResult<RS>>
    where
        RS: for<'de> Deserialize<'de> + Send + 'a,
    {
        async move { self.fetch(self.http.get(full_uri).basic_auth(&client_id.0, Some(&client_secret.0))).await }
            .boxed()
    }

    fn http_post_uri<'a, RQ, RS>(
        &'a self,
        full_uri: Url,
        request_body: &'a RQ,
        context: SlackClientApiCallContext<'a>,
    ) -> BoxFuture<'a, ClientResult<RS>>
    where
        RQ: serde::Serialize + Send + Sync,
        RS: for<'de> Deserialize<'de> + Send + 'a,
    {
        let body = serde_json::to_vec(request_body);
        async move {
            let body = body.map_err(|json_error| {
                SlackClientError::ProtocolError(SlackClientProtocolError { json_error, json_body: None })
            })?;
            let request = self.http.post(full_uri).header(CONTENT_TYPE, "application/json; charset=utf-8").body(body);
            self.send(request, &context).await
        }
        .boxed()
    }

    fn http_post_uri_multipart_form<'a, 'p, RS, PT, TS>(
        &'a self,
        _full_uri: Url,
        _file: Option<FileMultipartData<'p>>,
        _params: &'p PT,
        _context: SlackClientApiCallContext<'a>,
    ) -> BoxFuture<'a, ClientResult<RS>>
    where
        RS: for<'de> Deserialize<'de> + Send + 'a,
        PT: IntoIterator<Item = (&'p str, Option<TS>)> + Clone,
        TS: AsRef<str> + 'p + Send,
    {
        std::future::ready(Err(unused("a multipart form"))).boxed()
    }

    fn http_post_uri_binary<'a, 'p, RS>(
        &'a self,
        _full_uri: Url,
        _content_type: String,
        _data: &'a [u8],
        _context: SlackClientApiCallContext<'a>,
    ) -> BoxFuture<'a, ClientResult<RS>>
    where
        RS: for<'de> Deserialize<'de> + Send + 'a,
    {
        std::future::ready(Err(unused("a binary upload"))).boxed()
    }

    fn create_method_uri_path(&self, method_relative_uri: &str) -> ClientResult<Url> {
        let path = match method_relative_uri.strip_prefix(SlackClientHttpApiUri::SLACK_API_URI_STR) {
            Some(rest) => rest.trim_start_matches('/'),
            None => method_relative_uri,
        };
        Ok(self.url(path).parse()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::RETRY_AFTER;

    fn meaning(status: u16, wait: Option<&str>, body: &str) -> String {
        // As the program does at its start.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let connector = Connector::new(&"http://127.0.0.1/api".parse().unwrap(), &Clock::manual(0)).unwrap();
        let mut headers = HeaderMap::new();
        headers.extend(wait.and_then(|wait| Some((RETRY_AFTER, wait.parse().ok()?))));
        let (status, wait) = (StatusCode::from_u16(status).unwrap(), connector.wait(&headers));
        let answer: ClientResult<Value> = answer(status, wait, body.as_bytes());
        match answer {
            Ok(value) => format!("ok {value}"),
            Err(SlackClientError::RateLimitError(error)) => format!("wait {:?}", error.retry_after),
            Err(SlackClientError::ApiError(error)) => format!("refused {} {:?}", error.code, error.errors),
            Err(SlackClientError::HttpError(error)) => format!("http {}", error.status_code.as_u16()),
            Err(SlackClientError::ProtocolError(_)) => "not JSON".to_owned(),
            Err(other) => format!("{other:?}"),
        }
    }

    #[test]
    fn an_answer_means_what_its_status_and_its_words_say() {
        let bad_blocks = r#"{"ok":false,"error":"invalid_blocks","response_metadata":{"messages":["[ERROR] no more than 50 items"]}}"#;
        let lines = [
            meaning(200, None, r#"{"ok":true,"ts":"1.2"}"#),
            meaning(200, None, bad_blocks),
            meaning(200, Some("7"), r#"{"ok":false,"error":"ratelimited"}"#),
            meaning(200, Some("8"), r#"{"ok":false,"error":"rate_limited"}"#),
            meaning(429, Some("30"), ""),
            meaning(429, Some("soon"), ""),
            meaning(429, Some("99999999"), ""),
            meaning(503, None, "<html>"),
            meaning(200, None, "<html>"),
        ];
        insta::assert_snapshot!(lines.join("\n"), @r#"
        ok {"ok":true,"ts":"1.2"}
        refused invalid_blocks Some(["[ERROR] no more than 50 items"])
        wait Some(7s)
        wait Some(8s)
        wait Some(30s)
        wait None
        wait Some(600s)
        http 503
        not JSON
        "#);
    }
}
