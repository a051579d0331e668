//! How many alerts a second are durable before their sender is told so, beside bare one-row commits in the same run: one alert a
//! notification, and fifty, by 64 senders at once, while the plugin `alerts` handles them. Prints a table; asserts nothing.

#![expect(clippy::print_stdout, reason = "a table on stdout is what it is for")]

#[path = "../tests/it/support/postgres.rs"]
#[allow(dead_code, reason = "the benches need only the durable cluster")]
mod postgres;

mod support {
    #[allow(dead_code, reason = "what is alone is measured by the house's bench")]
    pub mod raw;
}

use drillbell::app::{App, Parts};
use drillbell::clock::Clock;
use drillbell::config::{Config, Env};
use drillbell::hooks::{Hooks, Shown};
use serde_json::json;
use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use support::raw;

/// Senders at once.
const SENDERS: usize = 64;
/// Notifications of one alert that each sends, and of fifty.
const SINGLE: usize = 100;
const BATCHES: usize = 15;
/// Alerts in a batch.
const BATCH: usize = 50;
/// Groups that the alerts belong to.
const GROUPS: usize = 100;
const TOKEN: &str = "a-token-of-some-length";

fn main() {
    // `cargo test --benches` runs this too; there is nothing to test in it.
    if std::env::args().any(|arg| arg == "--test") {
        return;
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let cluster = postgres::Cluster::start(true);
    let folder = tempfile::tempdir().expect("a folder");
    let urls = [format!("sqlite:{}", folder.path().join("alerts.db").display()), cluster.create()];
    println!(
        "{:<10} {:>14} {:>11} {:>7} {:>16} {:>7}",
        "engine", "raw commits/s", "single/s", "ratio", "alerts/s by 50", "ratio"
    );
    for url in &urls {
        let raw = runtime.block_on(raw::commits_per_second(url, SENDERS));
        let (single, batched) = runtime.block_on(measure(url));
        let engine = url.split(':').next().unwrap_or_default();
        println!(
            "{engine:<10} {raw:>14.0} {single:>11.0} {:>7.2} {batched:>16.0} {:>7.2}",
            single / raw,
            batched / raw
        );
    }
}

async fn measure(url: &str) -> (f64, f64) {
    let folder = tempfile::tempdir().expect("a folder");
    let _ = rustls::crypto::ring::default_provider().install_default();
    std::fs::write(folder.path().join("token"), TOKEN).expect("write the token");
    let text = format!(
        "[server]\ndata_dir = {:?}\n[database]\nurl = {url:?}\n[limits]\ninbox_backlog = 1000000\n[channels]\nalerts = \"console:#ops\"\n\
         [alerts.prom]\nkind = \"alertmanager\"\ntoken = {{ file = \"token\" }}\n[plugins.alerts]\nsource = \"builtin:alerts\"\n\
         grants = [\"alerts\", \"kv\", \"timers\", \"incidents:write\"]",
        folder.path().join("data")
    );
    let config = Config::parse(&text, &folder.path().join("drillbell.toml"), &Env::none()).expect("a good config");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins/target/wasm32-wasip2/release/alerts.wasm");
    let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}; run `make plugins`", path.display()));
    let builtins = [("alerts".to_owned(), Cow::Owned(bytes))].into();
    let app =
        App::start(config, Parts { clock: Clock::system(), builtins, ..Parts::default() }).await.expect("it starts");
    let hooks = app.hooks();
    let single = rate(&hooks, SINGLE, 1).await;
    let batched = rate(&hooks, BATCHES, BATCH).await;
    app.stop().await;
    (single, batched)
}

/// Alerts a second, when each sender sends so many notifications one after another.
async fn rate(hooks: &Arc<Hooks>, notifications: usize, alerts: usize) -> f64 {
    let begun = Instant::now();
    let senders = (0..SENDERS).map(|sender| {
        let hooks = hooks.clone();
        tokio::spawn(async move {
            let shown = Shown { token: Some(TOKEN.to_owned()), ..Shown::default() };
            for n in 0..notifications {
                let body = body(sender * notifications + n, alerts);
                let taken = hooks.receive("prom", &shown, body.as_bytes()).await.expect("it is taken");
                assert!(taken.accepted.len() == alerts && !taken.duplicate);
            }
        })
    });
    for sender in futures::future::join_all(senders).await {
        sender.expect("a sender ends well");
    }
    let count = u32::try_from(SENDERS * notifications * alerts).unwrap_or(u32::MAX);
    f64::from(count) / begun.elapsed().as_secs_f64()
}

fn body(notification: usize, alerts: usize) -> String {
    let alert = |n: usize| {
        json!({
            "status": "firing",
            "labels": {"alertname": format!("Trouble {}", (notification + n) % GROUPS), "service": "shop", "severity": "warning"},
            "annotations": {"summary": "Something is slow", "nonce": format!("{alerts}-{notification}-{n}")},
            "startsAt": "2026-01-01T00:00:00Z",
        })
    };
    json!({"version": "4", "alerts": (0..alerts).map(alert).collect::<Vec<_>>()}).to_string()
}
