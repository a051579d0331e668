//! An HTTP proxy that does to requests and answers what the test says: refuses, breaks off, stands still, lies.

use axum::body::{Body, to_bytes};
use bytes::Bytes;
use futures::stream::{self, StreamExt};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

/// What happens to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// The server is not asked; this status and S3 error code come back.
    Status(u16, &'static str),
    /// The connection is closed before the server is asked.
    DropRequest,
    /// The server is not asked, and no answer ever comes.
    Hold,
    /// The server does it, and the connection is closed without an answer.
    DropAnswer,
    /// The answer's body breaks off after so many bytes.
    Truncate(usize),
    /// The answer's body stands still for ever after so many bytes.
    Stall(usize),
    /// The answer's body comes in pieces of so many bytes with a moment between them.
    Dribble(usize),
    /// The answer carries another ETag.
    WrongETag,
    /// The answer says something else in place of the first text.
    Replace(&'static str, &'static str),
}

/// A request as the plan sees it.
#[derive(Clone, Debug)]
pub struct Asked {
    /// How many came before it.
    pub n: u32,
    /// `PUT`.
    pub method: String,
    /// Path and query.
    pub target: String,
}

impl Asked {
    /// One part of an upload is sent.
    pub fn is_part(&self) -> bool {
        self.method == "PUT" && self.target.contains("partNumber=")
    }

    /// An upload is assembled.
    pub fn is_assembly(&self) -> bool {
        self.method == "POST" && self.target.contains("uploadId=")
    }

    /// Parts are taken back.
    pub fn is_abort(&self) -> bool {
        self.method == "DELETE" && self.target.contains("uploadId=")
    }

    /// An object is read: not a list, not a checksum.
    pub fn is_read(&self) -> bool {
        self.method == "GET" && !self.target.contains("list-type") && !self.target.contains(".drillbell/")
    }
}

type Plan = dyn Fn(&Asked) -> Fault + Send + Sync;

/// A proxy in front of a server.
pub struct Proxy {
    /// Its address.
    pub endpoint: String,
    /// What it was asked and did, in order.
    pub log: Arc<Mutex<Vec<(Asked, Fault)>>>,
}

impl Proxy {
    /// In front of `upstream`, for as long as the test's runtime lives.
    pub async fn start(upstream: &str, plan: impl Fn(&Asked) -> Fault + Send + Sync + 'static) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().build().expect("a client");
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let log = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::new(Shared {
            client,
            upstream: upstream.to_owned(),
            plan: Box::new(plan),
            count: AtomicU32::new(0),
            log: log.clone(),
        });
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let shared = shared.clone();
                let service = service_fn(move |request| {
                    let shared = shared.clone();
                    async move { shared.pass(request).await }
                });
                tokio::spawn(async move {
                    // An error is a connection that we closed.
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(socket), service)
                        .await;
                });
            }
        });
        Self { endpoint, log }
    }

    /// How often something was asked.
    pub fn count(&self, what: impl Fn(&Asked) -> bool) -> usize {
        self.log.lock().expect("no panic while it was held").iter().filter(|(asked, _)| what(asked)).count()
    }
}

struct Shared {
    client: reqwest::Client,
    upstream: String,
    plan: Box<Plan>,
    count: AtomicU32,
    log: Arc<Mutex<Vec<(Asked, Fault)>>>,
}

impl Shared {
    async fn pass(&self, request: Request<hyper::body::Incoming>) -> io::Result<Response<Body>> {
        let (head, body) = request.into_parts();
        let target = head.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
        let n = self.count.fetch_add(1, Ordering::SeqCst);
        let asked = Asked { n, method: head.method.to_string(), target };
        let fault = (self.plan)(&asked);
        self.log.lock().expect("no panic while it was held").push((asked.clone(), fault));
        let body = to_bytes(Body::new(body), usize::MAX).await.map_err(io::Error::other)?;
        match fault {
            Fault::DropRequest => return Err(io::Error::other("dropped")),
            Fault::Hold => std::future::pending().await,
            Fault::Status(status, code) => return Ok(refusal(status, code)),
            _ => {}
        }
        let mut forwarded = self.client.request(head.method, format!("{}{}", self.upstream, asked.target));
        for (name, value) in &head.headers {
            forwarded = forwarded.header(name, value);
        }
        let answer = forwarded.body(body).send().await.map_err(io::Error::other)?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let bytes = answer.bytes().await.map_err(io::Error::other)?;
        if fault == Fault::DropAnswer {
            return Err(io::Error::other("dropped"));
        }
        let mut builder = Response::builder().status(status);
        for (name, value) in &headers {
            match name.as_str() {
                "transfer-encoding" | "connection" => {}
                "content-length" if matches!(fault, Fault::Replace(..)) => {}
                "etag" if fault == Fault::WrongETag => {
                    builder = builder.header(name, "\"00000000000000000000000000000000\"");
                }
                _ => builder = builder.header(name, value),
            }
        }
        builder.body(cut(bytes, fault)).map_err(io::Error::other)
    }
}

fn cut(bytes: Bytes, fault: Fault) -> Body {
    match fault {
        Fault::Truncate(at) if at < bytes.len() => {
            let broken = stream::once(async {
                // What came before must be on its way: it is sent off when there is nothing more to say for a moment.
                tokio::task::yield_now().await;
                Err(io::Error::other("broken off"))
            });
            let begun = stream::iter([Ok(bytes.slice(..at))]).filter(move |_| std::future::ready(at > 0));
            Body::from_stream(begun.chain(broken))
        }
        Fault::Stall(at) if at < bytes.len() => {
            let begun = stream::iter([Ok::<_, io::Error>(bytes.slice(..at))]);
            Body::from_stream(begun.chain(stream::pending()))
        }
        Fault::Dribble(size) => {
            let pieces: Vec<_> = bytes.chunks(size.max(1)).map(|piece| bytes.slice_ref(piece)).collect();
            // The moment is the fault itself, and nothing is measured by it.
            Body::from_stream(stream::iter(pieces).then(|piece| async {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                Ok::<_, io::Error>(piece)
            }))
        }
        Fault::Replace(from, to) => Body::from(String::from_utf8_lossy(&bytes).replace(from, to)),
        _ => Body::from(bytes),
    }
}

fn refusal(status: u16, code: &str) -> Response<Body> {
    let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>as the test says</Message></Error>");
    Response::builder().status(status).header("content-type", "application/xml").body(Body::from(body)).expect("valid")
}
