//! An HTTP server that does as the test says: it keeps the requests it gets, answers 202, and has mishaps.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What goes wrong with one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// This status, with this `Retry-After` in seconds if there is one.
    Status(u16, Option<u32>),
    /// The request is read, and the connection cut instead of an answer. It counts as taken.
    Cut,
    /// Nothing is ever answered. It does not count.
    Silent,
}

/// A request as it was taken.
#[derive(Clone, Debug)]
pub struct Taken {
    /// `POST` or `HEAD`.
    pub method: String,
    /// Fields by lower-case name.
    pub headers: BTreeMap<String, String>,
    /// Its body.
    pub body: String,
}

impl Taken {
    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// The server.
pub struct Receiver {
    /// Where it listens on this machine.
    pub port: u16,
    taken: Mutex<Vec<Taken>>,
    mishaps: Mutex<BTreeMap<usize, Mishap>>,
    down: AtomicBool,
    calls: AtomicUsize,
}

impl Receiver {
    /// Starts one; it ends with the test's runtime.
    pub async fn start() -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (taken, mishaps) = (Mutex::default(), Mutex::default());
        let server = Self { port, taken, mishaps, down: AtomicBool::new(false), calls: AtomicUsize::new(0) };
        let server = Arc::new(server);
        let serving = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = serving.clone();
                tokio::spawn(async move { server.serve(stream).await.ok() });
            }
        });
        server
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/page", self.port)
    }

    /// From now on every third call has a mishap, each time the next of these.
    pub fn every_third(&self, mishaps: &[Mishap]) {
        let from = self.calls.load(Ordering::SeqCst);
        let planned = mishaps.iter().zip(1..).map(|(mishap, n)| (from + 3 * n - 1, *mishap));
        self.mishaps.lock().unwrap().extend(planned);
    }

    /// The next call has this mishap.
    pub fn next(&self, mishap: Mishap) {
        self.mishaps.lock().unwrap().insert(self.calls.load(Ordering::SeqCst), mishap);
    }

    /// Whether it answers 503 to everything.
    pub fn is_down(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
    }

    /// How often it was called.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// What it has taken.
    pub fn taken(&self) -> Vec<Taken> {
        self.taken.lock().unwrap().clone()
    }

    async fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut stream = BufReader::new(stream);
        let mut first = String::new();
        stream.read_line(&mut first).await?;
        let mut headers = BTreeMap::new();
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.insert(name.to_lowercase(), value.to_owned());
        }
        let length = headers.get("content-length").and_then(|n| n.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        let body = String::from_utf8(body).unwrap();
        let method = first.split(' ').next().unwrap_or_default().to_owned();
        let mishap = self.mishaps.lock().unwrap().get(&self.calls.fetch_add(1, Ordering::SeqCst)).copied();
        let mishap = if self.down.load(Ordering::SeqCst) { Some(Mishap::Status(503, None)) } else { mishap };
        let (status, patience) = match mishap {
            None => {
                self.taken.lock().unwrap().push(Taken { method, headers, body });
                (202, None)
            }
            Some(Mishap::Cut) => {
                self.taken.lock().unwrap().push(Taken { method, headers, body });
                return Ok(());
            }
            Some(Mishap::Silent) => std::future::pending().await,
            Some(Mishap::Status(status, patience)) => (status, patience),
        };
        let patience = patience.map(|s| format!("retry-after: {s}\r\n")).unwrap_or_default();
        let words = if status == 202 { "{\"status\":\"success\"}" } else { "not now" };
        let answer = format!(
            "HTTP/1.1 {status} x\r\nconnection: close\r\n{patience}content-length: {}\r\n\r\n{words}",
            words.len()
        );
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await
    }
}
