//! Sending: hop by hop, each looked at as if it were the first; no proxy, no cookies, no redirect followed unseen.

use super::fill::Prepared;
use super::{Judge, Method, Reach, Resolve, is_private};
use crate::clock::Clock;
use crate::config::limits::{HTTP_STEP_ANSWER_BYTES, HTTP_STEP_CONNECT, HTTP_STEP_HOPS};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION};
use reqwest::redirect::Policy;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use url::{Host, Url};

/// The header that tells a repeated request from a second one.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Sends requests.
#[derive(Clone)]
pub struct Client {
    resolver: Arc<dyn Resolve>,
    clock: Clock,
}

/// An answer, read to its end or to the limit.
#[derive(Clone, Debug)]
pub struct Response {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body as text; at most `HTTP_STEP_ANSWER_BYTES`.
    pub body: String,
    /// There was more of it.
    pub cut: bool,
    /// How long it all took, redirects included.
    pub took: Duration,
}

/// Why there is no answer. `sent` is what matters for a write: nobody knows then what became of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Failure {
    /// In a sentence, without any secret.
    pub why: String,
    /// The request may have arrived.
    pub sent: bool,
    /// It showed a certificate that is over, revoked or another's: that is how it is, and not that nobody could look.
    pub certificate: bool,
}

impl Failure {
    fn before(why: impl Into<String>) -> Self {
        Self { why: why.into(), sent: false, certificate: false }
    }
}

impl Response {
    pub(super) fn header(&self, name: &str) -> Option<String> {
        Some(String::from_utf8_lossy(self.headers.get(name)?.as_bytes()).into_owned())
    }
}

impl Client {
    /// One that finds addresses this way.
    pub fn new(resolver: Arc<dyn Resolve>, clock: Clock) -> Self {
        Self { resolver, clock }
    }

    /// Sends a request and follows at most five redirects, all within `limit`. `key` marks a write as the same one when it is
    /// sent again.
    ///
    /// # Errors
    /// It may not go there, nothing answers, or the time is over.
    pub async fn send(
        &self,
        request: Prepared,
        key: &str,
        origins: &dyn Judge,
        limit: Duration,
        cancel: &CancellationToken,
    ) -> Result<Response, Failure> {
        let began_ms = self.clock.now_ms();
        let mut sent = false;
        let all = self.hops(request, key, origins, &mut sent);
        let ended = tokio::select! {
            ended = tokio::time::timeout(limit, all) => ended.map_err(|_| {
                format!("no answer within {}", crate::config::show_duration(limit))
            }),
            () = cancel.cancelled() => Err("it was cancelled".to_owned()),
        };
        let took = Duration::from_millis(u64::try_from(self.clock.now_ms() - began_ms).unwrap_or(0));
        match ended {
            Ok(response) => response.map(|response| Response { took, ..response }),
            Err(why) => Err(Failure { why, sent, certificate: false }),
        }
    }

    async fn hops(
        &self,
        mut request: Prepared,
        key: &str,
        origins: &dyn Judge,
        sent: &mut bool,
    ) -> Result<Response, Failure> {
        let mut hops = 0;
        loop {
            let addresses = self.addresses(&request.url, origins).await.map_err(|why| {
                let why = if hops == 0 { why } else { format!("it was redirected where it may not go: {why}") };
                Failure { why, sent: *sent, certificate: false }
            })?;
            let answer = one(&request, key, &addresses, sent).await?;
            let next = if request.follow { redirect(&request, &answer)? } else { None };
            let Some(next) = next else { return read(answer).await };
            hops += 1;
            if hops > HTTP_STEP_HOPS {
                let why = format!("more than {HTTP_STEP_HOPS} redirects");
                return Err(Failure { why, sent: *sent, certificate: false });
            }
            request = next;
        }
    }

    /// The addresses to connect to, every one of them checked.
    async fn addresses(&self, url: &Url, origins: &dyn Judge) -> Result<Vec<SocketAddr>, String> {
        let reach = origins.judge(url)?;
        let port = url.port_or_known_default().ok_or("the URL has no port")?;
        let addresses = match url.host() {
            Some(Host::Ipv4(address)) => vec![SocketAddr::new(IpAddr::V4(address), port)],
            Some(Host::Ipv6(address)) => vec![SocketAddr::new(IpAddr::V6(address), port)],
            Some(Host::Domain(name)) => {
                let found = self.resolver.resolve(name, port).await;
                found.map_err(|error| format!("the name {name} cannot be resolved: {error}"))?
            }
            None => Vec::new(),
        };
        let host = url.host_str().unwrap_or_default();
        if addresses.is_empty() {
            return Err(format!("the name {host} has no address"));
        }
        // One private address among public ones is how a name is made to lead inside.
        if reach == Reach::Public && addresses.iter().any(|address| is_private(address.ip())) {
            let origin = url.origin().ascii_serialization();
            return Err(format!("{host} is at a private address: that needs the grant `http-private:{origin}`"));
        }
        Ok(addresses)
    }
}

/// Sends one request to these addresses and no other.
async fn one(
    request: &Prepared,
    key: &str,
    addresses: &[SocketAddr],
    sent: &mut bool,
) -> Result<reqwest::Response, Failure> {
    let host = request.url.host_str().unwrap_or_default();
    let client = reqwest::Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .referer(false)
        .connect_timeout(HTTP_STEP_CONNECT)
        .user_agent(concat!("drillbell/", env!("CARGO_PKG_VERSION")))
        .resolve_to_addrs(host, addresses)
        .build()
        .map_err(|error| Failure::before(format!("an HTTP client cannot be made: {}", root_cause(&error))))?;
    let mut headers = HeaderMap::new();
    for (name, value, _) in &request.headers {
        headers.append(name.clone(), value.clone());
    }
    if request.method.writes()
        && let Ok(key) = HeaderValue::from_str(key)
    {
        headers.insert(IDEMPOTENCY_KEY, key);
    }
    let mut sending = client.request(method(request.method), request.url.clone());
    if let Some(body) = &request.body {
        headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
        sending = sending.body(body.clone());
    }
    // What was written before a redirect stays written, whatever becomes of the rest of the way.
    let before = *sent;
    *sent |= request.method.writes();
    sending.headers(headers).send().await.map_err(|error| {
        let connecting = error.is_connect();
        if connecting {
            *sent = before;
        }
        let what = if connecting { "cannot be reached" } else { "does not answer as HTTP servers do" };
        let why = format!("{host} {what}: {}", root_cause(&error));
        Failure { why, sent: *sent, certificate: connecting && is_bad_certificate(&error) }
    })
}

/// The innermost reason: what is around it repeats the URL, which may hold a secret.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause = std::error::Error::source(error);
    let mut innermost = None;
    while let Some(inner) = cause {
        innermost = Some(inner);
        cause = inner.source();
    }
    innermost.map_or_else(|| "no reason is given".to_owned(), ToString::to_string)
}

/// Whether the server's certificate was looked at and is no good for anybody. One whose issuer is not known here may be good elsewhere.
fn is_bad_certificate(error: &reqwest::Error) -> bool {
    use rustls::CertificateError as Bad;
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        // What an I/O error wraps is not among its sources, and one may wrap another.
        let mut at = inner;
        while let Some(wrapped) = at.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            at = wrapped;
        }
        if let Some(rustls::Error::InvalidCertificate(bad)) = at.downcast_ref() {
            return matches!(
                bad,
                Bad::Expired
                    | Bad::ExpiredContext { .. }
                    | Bad::NotValidYet
                    | Bad::NotValidYetContext { .. }
                    | Bad::Revoked
                    | Bad::NotValidForName
                    | Bad::NotValidForNameContext { .. }
            );
        }
        cause = inner.source();
    }
    false
}

fn method(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Head => reqwest::Method::HEAD,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
    }
}

/// The request that a redirect asks for; `None` if the answer is none.
fn redirect(request: &Prepared, answer: &reqwest::Response) -> Result<Option<Prepared>, Failure> {
    let status = answer.status().as_u16();
    let Some(location) = answer.headers().get(LOCATION).filter(|_| matches!(status, 301 | 302 | 303 | 307 | 308))
    else {
        return Ok(None);
    };
    let refuse = |why: &str| Failure { why: why.to_owned(), sent: request.method.writes(), certificate: false };
    let location = location.to_str().map_err(|_| refuse("it was redirected to something that is no URL"))?;
    let url = request.url.join(location).map_err(|_| refuse("it was redirected to something that is no URL"))?;
    if request.url.scheme() == "https" && url.scheme() != "https" {
        return Err(refuse("it was redirected from https to something less"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refuse("it was redirected to a URL with a user or password in it"));
    }
    let mut next = Prepared { url, ..request.clone() };
    let keeps = matches!(status, 307 | 308);
    if !keeps && next.method != Method::Head {
        (next.method, next.body, next.secret_body) = (Method::Get, None, false);
        next.headers.retain(|(name, ..)| *name != CONTENT_TYPE);
    }
    if next.url.origin() != request.url.origin() {
        if next.secret_body {
            return Err(refuse("it was redirected to another origin with a secret in its body"));
        }
        next.headers.retain(|(_, _, credential)| !credential);
    }
    Ok(Some(next))
}

async fn read(mut answer: reqwest::Response) -> Result<Response, Failure> {
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let (mut body, mut cut) = (Vec::new(), false);
    loop {
        match answer.chunk().await {
            Ok(Some(chunk)) => {
                let room = HTTP_STEP_ANSWER_BYTES - body.len();
                body.extend_from_slice(&chunk[..chunk.len().min(room)]);
                if chunk.len() > room {
                    cut = true;
                    break;
                }
            }
            Ok(None) => break,
            Err(error) => {
                let why = format!("the answer broke off: {}", root_cause(&error));
                return Err(Failure { why, sent: true, certificate: false });
            }
        }
    }
    let body = String::from_utf8_lossy(&body).into_owned();
    Ok(Response { status, headers, body, cut, took: Duration::ZERO })
}
