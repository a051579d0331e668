//! What the public page costs: requests a second over real connections, alone and while commands are handled, and the
//! commands meanwhile against the commands alone. Prints a table; asserts nothing about time.

#![expect(clippy::print_stdout, reason = "a table on stdout is what it is for")]

use drillbell::app::{App, Parts};
use drillbell::clock::Clock;
use drillbell::config::{Config, Env};
use drillbell::model::ids::{ConversationId, DeliveryId, fresh};
use drillbell::telemetry::Metrics;
use drillbell::web::{self, ApiToken, CheckResult, Completion, Plugins, Readiness, WebState};
use futures::FutureExt;
use futures::future::BoxFuture;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// Connections that ask without a pause.
const READERS: usize = 16;
/// Conversations in which commands are given, one at a time in each.
const ROOMS: usize = 8;
/// How long each part lasts.
const PART: Duration = Duration::from_secs(5);
/// What is asked for.
const PATHS: [&str; 2] = ["/status", "/status/api/v2/summary.json"];

struct Well;

impl Readiness for Well {
    fn checks(&self) -> BoxFuture<'_, BTreeMap<String, CheckResult>> {
        std::future::ready(BTreeMap::new()).boxed()
    }
}

fn main() {
    // `cargo test --benches` runs this too; there is nothing to test in it.
    if std::env::args().any(|arg| arg == "--test") {
        return;
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(measure());
}

async fn measure() {
    let folder = tempfile::tempdir().expect("a folder");
    let app = start(folder.path()).await;
    let stop = CancellationToken::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address").to_string();
    let serving = tokio::spawn(web::serve(listener, web::router(state(&app, &stop)), stop.clone(), PART));
    for room in 0..ROOMS {
        command(&app, room, "/sev declare sev3 a bench").await;
    }
    println!("{:<44} {:>12} {:>12}", "", "requests/s", "commands/s");
    let commands = part(&app, &address, 0, ROOMS).await;
    println!("{:<44} {:>12} {:>12.0}", "commands alone", "", commands.1);
    for path in PATHS {
        let (alone, _) = part_of(&app, &address, READERS, 0, path).await;
        println!("{:<44} {alone:>12.0}", format!("{path} alone"));
    }
    let both = part(&app, &address, READERS, ROOMS).await;
    println!("{:<44} {:>12.0} {:>12.0}", "both at once, readers without a pause", both.0, both.1);
    let paced = paced(&app, &address, 1_000).await;
    println!("{:<44} {:>12.0} {:>12.0}", "both at once, 1,000 requests/s asked for", paced.0, paced.1);
    println!("commands keep {:.2} of their pace beside 1,000 requests/s", paced.1 / commands.1);
    stop.cancel();
    serving.await.expect("the web ends");
    app.stop().await;
}

async fn start(folder: &Path) -> App {
    let text = format!(
        "[server]\ndata_dir = {:?}\n[database]\nurl = \"sqlite:{}\"\n[plugins.sev-declare]\nsource = \"builtin:sev-declare\"\n\
         grants = [\"kv\", \"timers\", \"incidents:write\", \"post:*\"]\n[status]\ntitle = \"Bench\"\n\
         [status.components.api]\n[status.components.checkout]\n[status.components.search]\n",
        folder.join("data"),
        folder.join("bench.db").display()
    );
    let config = Config::parse(&text, &folder.join("drillbell.toml"), &Env::none()).expect("a good config");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins/target/wasm32-wasip2/release/sev_declare.wasm");
    let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}; run `make plugins`", path.display()));
    let builtins = [("sev-declare".to_owned(), Cow::Owned(bytes))].into();
    App::start(config, Parts { clock: Clock::system(), builtins, ..Parts::default() }).await.expect("the bot starts")
}

fn state(app: &App, stop: &CancellationToken) -> WebState {
    WebState {
        store: app.store().clone(),
        commands: app.commands().clone(),
        hooks: app.hooks(),
        beats: app.beats(),
        metrics: Metrics::new(),
        clock: app.clock().clone(),
        people: app.config().people.clone(),
        api_token: ApiToken::local("a token"),
        channels: Vec::new(),
        readiness: Arc::new(Well),
        completion: Arc::new(|_, _, _| std::future::ready(Completion::default()).boxed()),
        plugins: Arc::new(|| Plugins { plugins: Vec::new(), clashes: Vec::new() }),
        catalog: Arc::new(Vec::new),
        severities: Arc::default(),
        targets: Arc::default(),
        library: Arc::default(),
        last_runs: Arc::new(|| Box::pin(std::future::ready(Ok(std::collections::BTreeMap::new())))),
        roster: Arc::default(),
        version: "bench",
        public_url: None,
        scrub: app.scrub().clone(),
        board: app.board().cloned(),
        stop: stop.clone(),
    }
}

async fn command(app: &App, room: usize, text: &str) {
    let conversation = ConversationId::new(format!("console:#room-{room}"));
    let by = app.person("console", "ana");
    let answer = app.commands().run(DeliveryId::new(fresh()), conversation, by, text.to_owned(), PART).await;
    answer.expect("the database answers").expect("not busy").expect("an answer");
}

/// Requests and commands a second, side by side.
async fn part(app: &App, address: &str, readers: usize, rooms: usize) -> (f64, f64) {
    part_of(app, address, readers, rooms, PATHS[0]).await
}

async fn part_of(app: &App, address: &str, readers: usize, rooms: usize, path: &str) -> (f64, f64) {
    let over = AtomicBool::new(false);
    let (requests, commands) = (AtomicU64::new(0), AtomicU64::new(0));
    let read = futures::future::join_all((0..readers).map(|_| async {
        let mut stream = BufReader::new(TcpStream::connect(address).await.expect("connect"));
        while !over.load(Ordering::Relaxed) {
            ask(&mut stream, path).await;
            requests.fetch_add(1, Ordering::Relaxed);
        }
    }));
    let began = Instant::now();
    tokio::join!(read, give(app, rooms, &over, &commands), end(&over));
    let seconds = began.elapsed().as_secs_f64();
    (requests.into_inner() as f64 / seconds, commands.into_inner() as f64 / seconds)
}

/// The same with readers that ask for so many requests a second between them.
async fn paced(app: &App, address: &str, per_second: u64) -> (f64, f64) {
    let over = AtomicBool::new(false);
    let (requests, commands) = (AtomicU64::new(0), AtomicU64::new(0));
    let pause = Duration::from_micros(1_000_000 * READERS as u64 / per_second);
    let read = futures::future::join_all((0..READERS).map(|_| async {
        let mut stream = BufReader::new(TcpStream::connect(address).await.expect("connect"));
        let mut tick = tokio::time::interval(pause);
        while !over.load(Ordering::Relaxed) {
            tick.tick().await;
            ask(&mut stream, PATHS[0]).await;
            requests.fetch_add(1, Ordering::Relaxed);
        }
    }));
    let began = Instant::now();
    tokio::join!(read, give(app, ROOMS, &over, &commands), end(&over));
    let seconds = began.elapsed().as_secs_f64();
    (requests.into_inner() as f64 / seconds, commands.into_inner() as f64 / seconds)
}

async fn give(app: &App, rooms: usize, over: &AtomicBool, count: &AtomicU64) {
    futures::future::join_all((0..rooms).map(|room| async move {
        while !over.load(Ordering::Relaxed) {
            command(app, room, "/sev note the queue is draining").await;
            count.fetch_add(1, Ordering::Relaxed);
        }
    }))
    .await;
}

async fn end(over: &AtomicBool) {
    tokio::time::sleep(PART).await;
    over.store(true, Ordering::Relaxed);
}

/// One request on a connection that stays open; its whole answer is read.
async fn ask(stream: &mut BufReader<TcpStream>, path: &str) {
    let request = format!("GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n");
    stream.get_mut().write_all(request.as_bytes()).await.expect("ask");
    let mut length = 0;
    let mut line = String::new();
    loop {
        line.clear();
        stream.read_line(&mut line).await.expect("an answer");
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().expect("a length");
        }
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.expect("the whole answer");
    assert!(!body.is_empty(), "something was said");
}
