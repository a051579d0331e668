//! What backups of a real PostgreSQL cost, as ratios within one run against a local S3 server: the shipped program beside what people do by
//! hand, from the fastest stream there is to a file after another; restores; and the most that the bot holds, at two sizes.
//! `DRILLBELL_BENCH_MB` is the size of the database, 1024 if it is not set. Prints a table; asserts nothing about time.

#![expect(clippy::print_stdout, reason = "a table on stdout is what it is for")]

#[path = "../tests/it/support/postgres.rs"]
#[allow(dead_code, reason = "the benches need only the durable cluster")]
mod postgres;

mod support {
    pub mod backups;
    pub mod s3;
    pub mod streams;
}

use age::secrecy::ExposeSecret;
use age::x25519::Identity;
use drillbell::artifacts::Artifacts;
use drillbell::clock::Clock;
use drillbell::config::{Config, Env};
use std::path::Path;
use std::process::Command;
use support::backups::{Bot, Told, newest, restored};
use support::{s3, streams};

/// Megabytes of the database, if nobody says.
const SIZE_MB: u64 = 1024;
/// Of the smaller one, with which memory is compared.
const SMALL_MB: u64 = 200;
/// Bytes of a row, about.
const ROW: u64 = 250;

fn main() {
    // `cargo test --benches` runs this too; there is nothing to test in it.
    if std::env::args().any(|arg| arg == "--test") {
        return;
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let size = std::env::var("DRILLBELL_BENCH_MB").ok().and_then(|text| text.parse().ok()).unwrap_or(SIZE_MB);
    runtime.block_on(measure(size));
}

/// Runs what blocks beside the server in this process.
async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("it ends")
}

async fn measure(size: u64) {
    let cluster = postgres::Cluster::start(true);
    let folder = tempfile::tempdir().expect("a folder");
    let bucket = folder.path().join("s3");
    let endpoint = s3::serve(&bucket).await;
    let bucket = bucket.join(s3::BUCKET);
    let key = Identity::generate();
    let (public, private) = (key.to_public().to_string(), folder.path().join("key.txt"));
    std::fs::write(&private, key.to_string().expose_secret()).expect("a key");
    let (large, small) = (cluster.create(), cluster.create());
    fill(&large, size);
    fill(&small, SMALL_MB.min(size));
    let store = store(&endpoint, "by-hand");

    let url = large.clone();
    // Once for the server's cache, which all of them then have alike.
    let limit = beside(move || [streams::limit(&url), streams::limit(&url)][1]).await;
    println!("{size} MB of PostgreSQL {}; nothing that reads a dump is faster than {limit:.1} s\n", version(&large));
    println!("{:<52} {:>9} {:>12} {:>12}", "backup", "seconds", "to the limit", "to by hand");
    let best = streams::best(&large, &key.to_public(), &store).await;
    let line = |what: &str, took: f64| {
        println!("{what:<52} {took:>9.1} {:>12.2} {:>12.2}", took / limit, took / best);
    };
    line("by hand: pg_dump | zstd -T2 -3 | age | sha256 | put", best);
    let classic = streams::classic(&large, folder.path(), &store).await;
    line("by hand: pg_dump, gzip -9, openssl, sums, put", classic);
    let told = |url: &str, prefix: &str, checksums: bool| {
        let (url, endpoint, prefix) = (url.to_owned(), endpoint.clone(), prefix.to_owned());
        let (public, private) = (public.clone(), private.clone());
        beside(move || {
            let told = Told { url: &url, endpoint: &endpoint, prefix: &prefix, keys: (&public, &private), checksums };
            let bot = Bot::start(&told);
            let took = bot.run("/backup run shop");
            let backup_mb = bot.peak_mb();
            bot.run("/drill run shop");
            (took, backup_mb, bot.peak_mb())
        })
    };
    let (plain, _, _) = told(&large, "plain", false).await;
    line("ours, rows counted", plain);
    let (summed, backup_mb, drill_mb) = told(&large, "summed", true).await;
    line("ours, rows counted and hashed", summed);
    println!("\nours is {:.1} times as fast as a file after another", classic / plain.max(f64::EPSILON));

    let ours = restored(&bucket, "summed");
    let object = newest(&bucket, "summed");
    let into = cluster.create();
    let hand = streams::restore(&object, &key, folder.path(), &self::store(&endpoint, "summed"), &into).await;
    println!("\n{:<52} {:>9} {:>12}", "restore", "seconds", "to by hand");
    println!("{:<52} {hand:>9.1} {:>12.2}", "by hand: download, decrypt, pg_restore -j2", 1.0);
    println!("{:<52} {ours:>9.1} {:>12.2}", "ours, checked as it passes", ours / hand);

    let (_, small_backup_mb, small_drill_mb) = told(&small, "small", true).await;
    println!("\n{:<52} {:>9} {:>12}", "most that the bot held (programs apart), MB", "backup", "with a drill");
    println!("{:<52} {small_backup_mb:>9.0} {small_drill_mb:>12.0}", format!("{} MB", SMALL_MB.min(size)));
    println!("{:<52} {backup_mb:>9.0} {drill_mb:>12.0}", format!("{size} MB"));
}

fn store(endpoint: &str, prefix: &str) -> Artifacts {
    let text =
        format!("[artifacts]\nstore = \"s3://{}/{prefix}\"\n[artifacts.s3]\nendpoint = {endpoint:?}\n", s3::BUCKET);
    let env: Env = s3::KEYS.into_iter().collect();
    let config = Config::parse(&text, Path::new("drillbell.toml"), &env).unwrap_or_else(|error| panic!("{error}"));
    Artifacts::new(&config.artifacts, Clock::system())
}

fn psql(url: &str, sql: &str) -> String {
    let output = Command::new("psql").args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", sql]).output();
    let output = output.expect("psql starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn version(url: &str) -> String {
    psql(url, "select current_setting('server_version')")
}

/// Rows as a shop has them: words that pack well, and numbers and digests that do not.
fn fill(url: &str, mb: u64) {
    let rows = mb * 1024 * 1024 / ROW;
    let sql = format!(
        "create table orders (id bigint primary key, person int not null, placed timestamptz not null, total numeric not null, state text not null, \
         digest text not null, note text not null);
         insert into orders select n, n % 100003, timestamptz '2026-01-01' + n * interval '1 second', (n * 7919 % 100000) / 100.0, \
         (array['new', 'paid', 'sent', 'returned'])[1 + n % 4], md5(n::text) || md5((n * 31)::text), \
         repeat('please leave it at the door ', 1 + (n % 5)::int) from generate_series(1, {rows}) n;
         create index on orders (person); analyze orders"
    );
    psql(url, &sql);
}
