//! What backups of a real PostgreSQL cost, as ratios within one run against a local S3 server: the shipped program beside what people do by
//! hand, from the fastest stream there is to a file after another; restores; and the most that the bot holds, at two sizes.
//! `DRILLBELL_BENCH_MB` is the size of the database, 1024 if it is not set; `DRILLBELL_BENCH_RUNS` how often what is compared closely is
//! done in turn, 3. Prints a table; asserts nothing about time.

#![expect(clippy::print_stdout, reason = "a table on stdout is what it is for")]

#[path = "../tests/it/support/postgres.rs"]
#[allow(dead_code, reason = "the benches need only the durable cluster")]
mod postgres;

mod support {
    pub mod backups;
    pub mod cost;
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
use std::sync::Arc;
use support::backups::{Bot, Told, newest, restored};
use support::cost::{Cost, Watch, median};
use support::streams::Upload;
use support::{s3, streams};

/// Megabytes of the database, if nobody says.
const SIZE_MB: u64 = 1024;
/// Of the smaller one, with which memory is compared.
const SMALL_MB: u64 = 200;
/// How often what is compared closely is done, if nobody says.
const RUNS: u64 = 3;

fn main() {
    // `cargo test --benches` runs this too; there is nothing to test in it.
    if std::env::args().any(|arg| arg == "--test") {
        return;
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(measure(asked("DRILLBELL_BENCH_MB", SIZE_MB), asked("DRILLBELL_BENCH_RUNS", RUNS).max(1)));
}

/// A number that somebody may have set.
fn asked(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// Runs what blocks beside the server in this process.
async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("it ends")
}

async fn measure(size: u64, runs: u64) {
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
    let server = postmaster(&large);
    let start = |url: &str, prefix: &str, checksums: bool| {
        let keys = (public.as_str(), private.as_path());
        Bot::start(&Told { url, endpoint: &endpoint, prefix, keys, checksums })
    };

    let bots =
        [("plain", false), ("summed", true)].map(|(prefix, checksums)| Arc::new(start(&large, prefix, checksums)));
    let [mut limits, mut by_aws, mut bests, mut plains, mut sums]: [Vec<Cost>; 5] = Default::default();
    let (public_key, has_aws) = (key.to_public(), streams::has_aws());
    // Once for the server's cache, which all of them then have alike.
    streams::limit(&large);
    for _ in 0..runs {
        let url = large.clone();
        let watch = Watch::begin(&[server]);
        beside(move || streams::limit(&url)).await;
        limits.push(watch.end());
        if has_aws {
            let watch = Watch::begin(&[server]);
            streams::best(&large, &public_key, Upload::Aws(&endpoint)).await;
            by_aws.push(watch.end());
        }
        let watch = Watch::begin(&[server]);
        streams::best(&large, &public_key, Upload::Here(&store)).await;
        bests.push(watch.end());
        for (bot, costs) in bots.iter().zip([&mut plains, &mut sums]) {
            let (bot, watch) = (bot.clone(), Watch::begin(&[server, bot.pid()]));
            beside(move || bot.run("/backup run shop")).await;
            costs.push(watch.end());
        }
    }
    let watch = Watch::begin(&[server]);
    let leftovers = streams::classic(&large, folder.path(), &store).await;
    let classic = watch.end();
    drop(leftovers);
    let [limit, here, plain, summed] = [limits, bests, plains, sums].map(median);
    let best = if has_aws { median(by_aws) } else { here };
    let rows = Rows::asked().name();
    println!("{size} MB of {rows} in PostgreSQL {}, the middle one of {runs} runs each\n", version(&large));
    println!(
        "{:<52} {:>8} {:>9} {:>9} {:>11} {:>9}",
        "backup", "seconds", "to limit", "to hand", "processors", "to hand"
    );
    let line = |what: &str, cost: Cost| {
        let Cost { seconds, processors } = cost;
        let (to_limit, to_hand, used) = (seconds / limit.seconds, seconds / best.seconds, processors / best.processors);
        println!("{what:<52} {seconds:>8.1} {to_limit:>9.2} {to_hand:>9.2} {processors:>11.1} {used:>9.2}");
    };
    line("pg_dump and nothing else", limit);
    if has_aws {
        line("by hand: pg_dump | zstd -T2 -3 | age | sha256 | aws", best);
    }
    line("the same, uploaded as the bot does it", here);
    line("ours, rows counted", plain);
    line("ours, rows counted and hashed", summed);
    line("by hand: pg_dump, gzip -9, openssl, sums, put", classic);
    println!("\nours is {:.1} times as fast as a file after another", classic.seconds / plain.seconds);

    let [_, bot] = bots;
    let backup_mb = bot.peak_mb();
    let (mut hands, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        let into = cluster.create();
        let object = newest(&bucket, "summed");
        let watch = Watch::begin(&[server]);
        let leftovers = streams::restore(&object, &key, folder.path(), &self::store(&endpoint, "summed"), &into).await;
        hands.push(watch.end());
        drop(leftovers);
        psql(&large, &format!("drop database {}", into.rsplit_once('/').expect("a name").1));
        let drilling = bot.clone();
        beside(move || drilling.run("/drill run shop")).await;
        ours.push(Cost { seconds: restored(&bucket, "summed"), processors: 0.0 });
    }
    let [hand, ours] = [hands, ours].map(|costs| median(costs).seconds);
    println!("\n{:<52} {:>9} {:>12}", "restore", "seconds", "to by hand");
    println!("{:<52} {hand:>9.1} {:>12.2}", "by hand: download, decrypt, pg_restore -j2", 1.0);
    println!("{:<52} {ours:>9.1} {:>12.2}", "ours, checked as it passes", ours / hand);

    let drill_mb = bot.peak_mb();
    let small_bot = start(&small, "small", true);
    let (small_backup_mb, small_drill_mb) = beside(move || {
        small_bot.run("/backup run shop");
        let backup_mb = small_bot.peak_mb();
        small_bot.run("/drill run shop");
        (backup_mb, small_bot.peak_mb())
    })
    .await;
    println!("\n{:<52} {:>9} {:>12}", "most that the bot held (programs apart), MB", "backup", "with a drill");
    println!("{:<52} {small_backup_mb:>9.0} {small_drill_mb:>12.0}", format!("{} MB", SMALL_MB.min(size)));
    println!("{:<52} {backup_mb:>9.0} {drill_mb:>12.0}", format!("{size} MB"));
}

/// The server's first process, whose children the others are.
fn postmaster(url: &str) -> u32 {
    let file = psql(url, "select pg_read_file('postmaster.pid')");
    file.lines().next().and_then(|line| line.parse().ok()).expect("a process number")
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

/// What stands in the rows.
#[derive(Clone, Copy)]
enum Rows {
    /// What happened, as programs write it down: packs as well as the dumps of S4-02, about nine to one with `gzip -9`.
    Events,
    /// Words that pack well beside numbers and digests that do not: not quite four to one.
    Orders,
}

impl Rows {
    /// Those that are asked for.
    fn asked() -> Self {
        match std::env::var("DRILLBELL_BENCH_ROWS").as_deref() {
            Err(_) | Ok("" | "events") => Self::Events,
            Ok("orders") => Self::Orders,
            Ok(other) => panic!("DRILLBELL_BENCH_ROWS is `{other}`: it may be `events` or `orders`"),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Orders => "orders",
        }
    }

    /// Bytes of one in a dump, about.
    fn bytes(self) -> u64 {
        match self {
            Self::Events => 320,
            Self::Orders => 205,
        }
    }

    /// The table, and what fills it for `n` from 1.
    fn sql(self) -> (&'static str, &'static str) {
        match self {
            Self::Events => (
                "id bigint primary key, at timestamptz not null, person int not null, body json not null",
                "n, timestamptz '2026-01-01' + n * interval '1 second', n % 100003, \
                 format('{\"event\": \"order.%s\", \"order\": %s, \"customer\": {\"id\": %s, \"name\": \"%s\", \"country\": \"%s\"}, \
                 \"items\": [%s], \"source\": \"%s\", \"version\": 3}', \
                 (array['created', 'paid', 'shipped'])[1 + n % 3], n * 7 % 1000003, n % 100003, \
                 (array['Ana', 'Ben', 'Chris', 'Dora', 'Emil', 'Fay', 'Gus', 'Hana'])[1 + n * 31 % 8], \
                 (array['de', 'fr', 'us', 'gb'])[1 + n * 7 % 4], \
                 rtrim(repeat(format('{\"sku\": \"SKU-%s\", \"quantity\": %s, \"price\": \"%s\"}, ', \
                 10000 + n * 7919 % 5000, 1 + n % 5, (100 + n * 6131 % 9900) / 100.0), 1 + (n % 3)::int), ', '), \
                 (array['web', 'app'])[1 + n % 2])::json",
            ),
            Self::Orders => (
                "id bigint primary key, person int not null, placed timestamptz not null, total numeric not null, \
                 state text not null, digest text not null, note text not null",
                "n, n % 100003, timestamptz '2026-01-01' + n * interval '1 second', (n * 7919 % 100000) / 100.0, \
                 (array['new', 'paid', 'sent', 'returned'])[1 + n % 4], md5(n::text) || md5((n * 31)::text), \
                 repeat('please leave it at the door ', 1 + (n % 5)::int)",
            ),
        }
    }
}

/// Fills a database with so many megabytes, as a dump has them.
fn fill(url: &str, mb: u64) {
    let rows = Rows::asked();
    let (table, (columns, values)) = (rows.name(), rows.sql());
    let count = mb * 1024 * 1024 / rows.bytes();
    let sql = format!(
        "create table {table} ({columns});
         insert into {table} select {values} from generate_series(1, {count}::bigint) n;
         create index on {table} (person)"
    );
    psql(url, &sql);
    // What the server would do by and by, at nobody's expense.
    psql(url, &format!("vacuum (freeze, analyze) {table}"));
    psql(url, "checkpoint");
}
