//! How fast the house is, as ratios within one run: whole commands (inbox, sandbox, commit, outbox) against bare one-row
//! commits through the same database layer, on SQLite and PostgreSQL; the sandbox alone; the reply of a quiet bot; the same
//! with a large database, and with many open incidents; start and idle memory of the shipped program. Prints a table; asserts nothing about time.

#![expect(clippy::print_stdout, reason = "a table on stdout is what it is for")]

#[path = "../tests/it/support/postgres.rs"]
#[allow(dead_code, reason = "the benches need only the durable cluster")]
mod postgres;

mod support {
    pub mod cpu;
    pub mod house;
    pub mod many;
    pub mod process;
    pub mod raw;
    pub mod scrub;
    pub mod seed;
}

use support::cpu::Spent;
use support::house::{BenchHouse, Said};
use support::{many, process, raw, seed};

/// Commands in flight in the main measurement, as many as the house has lanes.
const LANES: usize = 64;
/// Commands in each throughput measurement.
const COMMANDS: usize = 20_000;
/// Commands in each latency measurement.
const SINGLE: usize = 2_000;

fn main() {
    // `cargo test --benches` runs this too; there is nothing to test in it.
    if std::env::args().any(|arg| arg == "--test") {
        return;
    }
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let wants = |part: &str| wanted.is_empty() || wanted.iter().any(|one| one == part);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let cluster = postgres::Cluster::start(true);
    let folder = tempfile::tempdir().expect("a folder");
    let on_both = |name: &str| [format!("sqlite:{}", folder.path().join(name).display()), cluster.create()];
    let mut quick = Vec::new();
    if wants("commands") || wants("large") {
        quick = commands(&runtime, &on_both("small.db"));
    }
    if wants("large") {
        large(&runtime, &on_both("large.db"), &quick);
    }
    if wants("open") {
        println!("\nwith 500 open incidents, against none, in the same run:");
        for (empty, open) in on_both("empty.db").into_iter().zip(on_both("open.db")) {
            for (what, alone_ms, ratio) in runtime.block_on(many::ratios(&empty, &open)) {
                let (name, bound) = (engine(&open), many::BOUND);
                let verdict = if ratio <= bound { "holds" } else { "DOES NOT HOLD" };
                println!(
                    "{name:<10} {what:<12} {alone_ms:.2} ms with none, {ratio:.2} times as long; at most {bound:.1}: {verdict}"
                );
            }
        }
    }
    if wants("sandbox") {
        let sandbox = runtime.block_on(support::house::sandbox_p50_us());
        println!("\nsandbox (instantiate, call, drop): p50 {sandbox:.1} µs");
        let (clean, secret) = support::scrub::per_view_us();
        println!("scrubber: {clean:.1} µs for an ordinary card of ten blocks, {secret:.1} µs with a secret in it");
    }
    if wants("program") {
        match process::start_and_idle(folder.path()) {
            Some((ready_ms, [first_mb, idle_mb])) => {
                println!(
                    "shipped program: ready in {ready_ms:.0} ms with a warm cache, {idle_mb:.1} MB resident when idle, {first_mb:.1} MB after \
                     its very first start"
                )
            }
            None => println!("shipped program: not measured, it was not built with this profile"),
        }
    }
}

/// Commands beside raw commits; gives the notes a second on each engine.
fn commands(runtime: &tokio::runtime::Runtime, urls: &[String]) -> Vec<f64> {
    println!(
        "{:<10} {:<7} {:>14} {:>11} {:>6} {:>16} {:>10} {:>11} {:>12} {:>12} {:>12}",
        "engine",
        "said",
        "raw commits/s",
        "commands/s",
        "ratio",
        "commits/command",
        "cpu ours",
        "cpu theirs",
        "reply p50",
        "reply p99",
        "to a commit"
    );
    let mut quick = Vec::new();
    for url in urls {
        let raw = runtime.block_on(raw::commits_per_second(url, LANES));
        let alone = runtime.block_on(raw::commit_p50_ms(url));
        for (said, name) in [(Said::Plain, "plain"), (Said::Note, "note")] {
            let result = runtime.block_on(measure(url, said));
            println!(
                "{:<10} {name:<7} {raw:>14.0} {:>11.0} {:>6.2} {:>16.3} {:>7.0} µs {:>8.0} µs {:>9.3} ms {:>9.3} ms {:>12.1}",
                engine(url),
                result.per_second,
                result.per_second / raw,
                result.commits_per_command,
                result.cpu.own,
                result.cpu.others,
                result.p50_ms,
                result.p99_ms,
                result.p50_ms / alone
            );
            if matches!(said, Said::Note) {
                quick.push(result.per_second);
            }
        }
    }
    quick
}

/// The same where much is there already.
fn large(runtime: &tokio::runtime::Runtime, urls: &[String], quick: &[f64]) {
    println!("\nwith 1,000,000 audit records and 10,000 incidents already there:");
    for (url, before) in urls.iter().zip(quick) {
        runtime.block_on(seed::fill(url));
        let result = runtime.block_on(measure(url, Said::Note));
        println!(
            "{:<10} {:>10.0} commands/s, {:.2} times as long as without; reply p50 {:.3} ms",
            engine(url),
            result.per_second,
            before / result.per_second,
            result.p50_ms
        );
    }
}

fn engine(url: &str) -> &str {
    url.split(':').next().unwrap_or(url)
}

struct Measured {
    per_second: f64,
    commits_per_command: f64,
    cpu: Spent,
    p50_ms: f64,
    p99_ms: f64,
}

async fn measure(url: &str, said: Said) -> Measured {
    let house = BenchHouse::start(url, LANES).await;
    house.run(said, LANES, COMMANDS / 10).await;
    let (before, spent) = (house.transactions(), Spent::now());
    let took = house.run(said, LANES, COMMANDS).await;
    let (commits, spent) = (house.transactions() - before, Spent::now().each_since(&spent, COMMANDS));
    let mut replies = house.replies(said, SINGLE).await;
    house.stop().await;
    replies.sort_by(f64::total_cmp);
    Measured {
        per_second: COMMANDS as f64 / took.as_secs_f64(),
        commits_per_command: commits as f64 / COMMANDS as f64,
        cpu: spent,
        p50_ms: replies[replies.len() / 2],
        p99_ms: replies[replies.len() * 99 / 100],
    }
}
