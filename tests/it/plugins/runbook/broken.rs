//! The bundled runbooks on things that are really broken: a step says fail, after healing pass, and unknown where the way is cut.

mod certificate;
mod things;

use super::{configured, says};
use crate::support::bot::{Setup, TestBot, with_database};
use crate::support::database::NEW_YEAR_MS;
use crate::support::proxy::Proxy;
use certificate::Site;
use drillbell::clock::Clock;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use things::{Page, Postgres, Redis, Workers};

/// How the step of a bundled runbook is now.
async fn step(bot: &TestBot, book: &str, name: &str) -> String {
    let tell = async |line: String| match line.starts_with("/runbook run") || line.starts_with("/runbook abort") {
        // Whoever asks hears that the step failed, if it did.
        true => bot.ana(&line).await.data.unwrap_or_default(),
        false => says(bot, &line).await,
    };
    step_as_told(tell, book, name).await
}

/// The same of any bot, by the data of its answers.
async fn step_as_told(tell: impl AsyncFn(String) -> Value, book: &str, name: &str) -> String {
    // What it asks for before it begins.
    let inputs = match book {
        "data-corruption" => " before=2026-01-01",
        "migration-failure" => " app=shop migration=0035 before=0034",
        _ => "",
    };
    let started = tell(format!("/runbook start {book}{inputs}")).await;
    let run = started["run"].as_str().unwrap().to_owned();
    let steps = tell(format!("/runbook report --run {run}")).await["steps"].clone();
    let at = steps.as_array().unwrap().iter().position(|step| step["name"] == name);
    let at = at.unwrap_or_else(|| panic!("{book} has no step {name}: {steps}"));
    for _ in 0..at {
        tell(format!("/runbook skip not now --run {run}")).await;
    }
    tell(format!("/runbook run --run {run}")).await;
    let step = tell(format!("/runbook report --run {run}")).await["steps"][at].clone();
    tell(format!("/runbook abort seen --run {run}")).await;
    format!("{}: {}", step["state"].as_str().unwrap(), step["said"].as_str().unwrap())
}

/// Holds a step against what it must say.
async fn is(bot: &TestBot, (book, name): (&str, &str), state: &str) {
    let said = step(bot, book, name).await;
    assert!(said.starts_with(state), "{book}, {name}: expected {state}, it is {said}");
}

/// The sections of the example for the bundled runbooks, with what looks at these things in place of what would look at a real site.
fn setup(place: &Arc<tempfile::TempDir>, values: &str, commands: &[(&str, &str)], more: &str) -> Setup {
    let manual = include_str!("../../../../docs/runbooks-bundled.md");
    let example = manual.split("```toml\n").nth(2).unwrap().split("```").next().unwrap();
    let mut example: toml::Table = example.parse().expect("the example is TOML");
    let all = example["commands"].as_table_mut().unwrap();
    for (_, command) in all.iter_mut() {
        let command = command.as_table_mut().unwrap();
        for key in ["secrets", "secret_files", "cwd", "env"] {
            command.remove(key);
        }
        command.insert("unseen".to_owned(), toml::Value::Array(vec![255.into()]));
    }
    for (name, script) in commands {
        let command = all.get_mut(*name).unwrap_or_else(|| panic!("no command {name}")).as_table_mut().unwrap();
        let mut args: Vec<String> = Vec::new();
        if let Some(of) = command.get_mut("args").and_then(toml::Value::as_table_mut) {
            args.extend(of.keys().cloned());
            let path = of.get_mut("path").and_then(toml::Value::as_table_mut);
            path.map(|path| path.insert("under".to_owned(), "PLACE".into()));
        }
        args.sort();
        // As over ssh: without a way to the host it ends with 255.
        let script = format!("[ ! -e PLACE/cut ] || exit 255; {script}");
        let argv = ["sh", "-c", &script, "--"].map(str::to_owned).into_iter();
        let argv = argv.chain(args.iter().map(|arg| format!("{{{arg}}}"))).map(toml::Value::String).collect();
        command.insert("argv".to_owned(), toml::Value::Array(argv));
    }
    example.remove("secrets");
    let commands =
        toml::to_string(&toml::Table::from_iter([("commands".to_owned(), example["commands"].clone())])).unwrap();
    let more = format!(
        "values = {{ {values} }}\n[channels]\nops = \"console:#ops\"\ndeployments = \"console:#ops\"\n{commands}\n[targets.app]\nkind = \"files\"\npath = \"PLACE\"\n{more}"
    );
    std::fs::create_dir_all(place.path().join("state")).unwrap();
    std::fs::write(place.path().join("app.db"), "").unwrap();
    let grants = "\"command:*\", \"sql:*\", \"secret:*\", \"promql\", \"http-private:*\"";
    configured(place, &[], &more, grants)
}

const STATUS: (&str, &str) = ("service-status", "kill -0 \"$(head -n 1 PLACE/state/$1.pid)\"");

/// The way to a thing, for SQL and HTTP (a proxy) and for commands (ssh); it can be cut.
struct Way {
    proxy: Proxy,
    file: PathBuf,
}

impl Way {
    async fn to(port: u16, setup: &Path) -> Self {
        Self { proxy: Proxy::to(&format!("127.0.0.1:{port}")).await, file: setup.join("cut") }
    }

    fn port(&self) -> String {
        self.proxy.address.rsplit(':').next().unwrap().to_owned()
    }

    fn cut(&self) {
        self.proxy.cut();
        std::fs::write(&self.file, "").unwrap();
    }

    fn mend(&self) {
        self.proxy.mend();
        let _ = std::fs::remove_file(&self.file);
    }
}

/// Each of these steps is unknown while the way is cut.
async fn unknown_while_cut(bot: &TestBot, way: &Way, steps: &[(&str, &str)]) {
    way.cut();
    for one in steps {
        is(bot, *one, "unknown").await;
    }
    way.mend();
}

#[test]
fn a_database_that_is_stopped_locked_slow_or_full_of_sessions() {
    with_database(async |database| {
        let server = Postgres::start();
        let place = Arc::new(tempfile::tempdir().unwrap());
        let way = Way::to(server.port, place.path()).await;
        let values =
            "app_url = \"http://127.0.0.1:1\", oldest_seconds = 1, connections_percent = 50, patience = \"1 second\"";
        let more = format!("[databases.app]\nurl = \"postgres://reader@127.0.0.1:{}/postgres\"\n", way.port());
        let bot = TestBot::start(database, setup(&place, values, &[STATUS], &more)).await;
        std::os::unix::fs::symlink(server.pid_file(), place.path().join("state/postgresql.pid")).unwrap();
        let unit = ("db-down", "The unit runs");
        let asked = ("db-down", "The database takes questions");
        let room = ("db-down", "Connections are left");
        let blocked = ("migration-lock", "Nobody is blocked");
        let held = ("migration-lock", "No table is held exclusively");
        let waits = ("http-5xx-spike", "Nobody waits for a lock");
        let slow = ("db-overload", "No query has run for longer than five minutes");
        let whole = ("data-corruption", "All indexes are valid");
        let half = ("migration-failure", "It left no half-built index");
        let fresh = ("sudden-degradation", "Statistics are fresh");
        for one in [unit, asked, room, blocked, held, waits, slow, whole, half, fresh] {
            is(&bot, one, "pass").await;
        }

        // Nothing but this test cleans up in it.
        assert!(server.asks("create table orders (id int) with (autovacuum_enabled = false)"));
        assert!(server.asks("insert into orders select n / 2 from generate_series(1, 5000) n"));
        assert!(!server.asks("create unique index concurrently orders_id on orders (id)"), "there are two of each");
        for one in [whole, half, fresh] {
            is(&bot, one, "fail").await;
        }
        assert!(server.asks("drop index orders_id") && server.asks("analyze orders"));
        for one in [whole, half, fresh] {
            is(&bot, one, "pass").await;
        }

        server.stop();
        is(&bot, unit, "fail").await;
        is(&bot, asked, "unknown").await;
        server.heal();
        is(&bot, unit, "pass").await;

        let holder = server.session("begin; lock table carts; select pg_sleep(600)");
        server
            .until("exists (select from pg_locks where relation = 'carts'::regclass and mode = 'AccessExclusiveLock')");
        let waiter = server.session("select count(*) from carts");
        server.until("exists (select from pg_stat_activity where cardinality(pg_blocking_pids(pid)) > 0 and now() - query_start > interval '1 second')");
        for one in [blocked, held, waits] {
            is(&bot, one, "fail").await;
        }
        is(&bot, ("migration-lock", "Somebody has waited for a lock for too long"), "pass").await;
        is(&bot, slow, "fail").await;
        server.until(
            "pg_terminate_backend((select pid from pg_locks where relation = 'carts'::regclass and granted limit 1))",
        );
        drop((holder, waiter));
        server.until(
            "not exists (select from pg_stat_activity where application_name = 'psql' and pid <> pg_backend_pid())",
        );
        for one in [blocked, held, waits, slow] {
            is(&bot, one, "pass").await;
        }

        let crowd: Vec<_> = (0..11).map(|_| server.session("select pg_sleep(600)")).collect();
        server.until("(select count(*) from pg_stat_activity where query like 'select pg_sleep%') >= 11");
        is(&bot, room, "fail").await;
        server.until(
            "(select bool_and(pg_terminate_backend(pid)) from pg_stat_activity where query like 'select pg_sleep%')",
        );
        drop(crowd);
        server.until("(select count(*) from pg_stat_activity where query like 'select pg_sleep%') = 0");
        is(&bot, room, "pass").await;
        unknown_while_cut(&bot, &way, &[unit, asked, room, blocked, held, waits, slow, whole, half, fresh]).await;
        bot.finish().await;
    });
}

#[test]
fn a_redis_that_is_stopped_or_cannot_save_and_workers_that_are_gone() {
    with_database(async |database| {
        let place = Arc::new(tempfile::tempdir().unwrap());
        let state = place.path().join("state");
        let mut redis = Redis::start(&state);
        let way = Way::to(redis.port, place.path()).await;
        let cli = format!("redis-cli -p {}", redis.port);
        let (ping, info, length) = (format!("{cli} ping"), format!("{cli} info \"$2\""), format!("{cli} llen \"$2\""));
        let alive = "for f in PLACE/state/beat*.pid; do kill -0 \"$(cat $f)\" 2>/dev/null && echo x; done | wc -l";
        let commands = [
            STATUS,
            ("redis-ping", ping.as_str()),
            ("redis-info", info.as_str()),
            ("redis-length", length.as_str()),
            ("worker-ping", "kill -0 \"$(cat PLACE/state/worker.pid)\" && echo pong"),
            ("beat-count", alive),
        ];
        let values = "app_url = \"http://127.0.0.1:1\", queue_length = 3";
        let more = "[databases.app]\nurl = \"sqlite:PLACE/app.db\"\n";
        let bot = TestBot::start(database, setup(&place, values, &commands, more)).await;
        let mut workers = Workers::start(&state, &["worker", "beat"]);
        let unit = ("redis-down", "The unit runs");
        let saves = ("redis-down", "It can write its snapshots");
        let answers = ("crash-loop", "Redis answers");
        let pong = ("worker-down", "The workers answer");
        let beat = ("worker-down", "There is exactly one scheduler");
        let queue = ("worker-down", "The queue is short again");
        let all = [unit, saves, answers, pong, beat, queue];
        for one in all {
            is(&bot, one, "pass").await;
        }

        redis.stop();
        is(&bot, unit, "fail").await;
        is(&bot, answers, "fail").await;
        is(&bot, ("redis-down", "Redis does not answer as it should"), "pass").await;
        redis.heal();

        std::fs::remove_dir_all(&redis.folder).unwrap();
        redis.snapshot();
        is(&bot, saves, "fail").await;
        std::fs::create_dir(&redis.folder).unwrap();
        redis.says(&["config", "set", "dir", redis.folder.to_str().unwrap()]);
        redis.snapshot();

        for task in ["a", "b", "c", "d"] {
            redis.says(&["lpush", "celery", task]);
        }
        workers.stop();
        for one in [pong, beat, queue] {
            is(&bot, one, "fail").await;
        }
        is(&bot, ("worker-down", "More tasks wait than should"), "pass").await;
        let workers = Workers::start(&state, &["worker", "beat", "beat2"]);
        is(&bot, beat, "fail").await;
        drop(workers);
        let _workers = Workers::start(&state, &["worker", "beat"]);
        redis.says(&["del", "celery"]);
        for one in all {
            is(&bot, one, "pass").await;
        }
        unknown_while_cut(&bot, &way, &all).await;
        bot.finish().await;
    });
}

#[test]
fn a_page_that_fails_is_slow_or_shows_a_certificate_that_is_over_and_a_disk_that_is_full() {
    with_database(async |database| {
        let place = Arc::new(tempfile::tempdir().unwrap());
        let clock = Clock::manual(NEW_YEAR_MS);
        let page = Page::start(clock.clone());
        let way = Way::to(page.port, place.path()).await;
        let site = Site::start("expired.pem").await;
        let disk = Disk::of(place.path());
        let values = format!(
            "app_url = \"http://127.0.0.1:{}\", app_host = \"localhost\", db_path = \"PLACE/disk\", db_free_blocks = 8",
            way.port()
        );
        let more = format!(
            "[databases.app]\nurl = \"sqlite:PLACE/app.db\"\n\
             [runbooks.overrides.security-check.values]\napp_url = \"https://localhost:{}\"\n",
            site.port
        );
        let setup = Setup { clock, ..setup(&place, &values, &[("free-blocks", disk.script)], &more) };
        let bot = TestBot::start(database, setup).await;
        let parts = ("http-5xx-spike", "What the application needs is there");
        let page_is = ("http-5xx-spike", "The start page answers");
        let quick = ("slow-responses", "The page is quick");
        let ready = ("db-down", "The application is ready");
        let room = ("db-down", "The disk has room");
        let daily = ("daily-maintenance", "The application is ready");
        let all = [parts, page_is, quick, ready, room, daily];
        for one in all {
            is(&bot, one, "pass").await;
        }
        page.status.store(500, Ordering::SeqCst);
        for one in [parts, page_is, ready, daily] {
            is(&bot, one, "fail").await;
        }
        is(&bot, ("http-5xx-spike", "The start page fails"), "pass").await;
        page.status.store(200, Ordering::SeqCst);
        page.takes_ms.store(3000, Ordering::SeqCst);
        is(&bot, quick, "fail").await;
        page.takes_ms.store(0, Ordering::SeqCst);
        disk.fill();
        is(&bot, room, "fail").await;
        disk.empty();
        for one in all {
            is(&bot, one, "pass").await;
        }
        is(&bot, ("security-check", "The certificate is good"), "fail: got no answer: localhost cannot be reached")
            .await;
        site.end().await;
        is(&bot, ("security-check", "The certificate is good"), "unknown").await;
        unknown_while_cut(&bot, &way, &all).await;
        bot.finish().await;
    });
}

/// A disk of one MiB where this process may mount one, else a folder that is counted as if it were.
struct Disk {
    path: PathBuf,
    mounted: bool,
    script: &'static str,
}

impl Disk {
    fn of(place: &Path) -> Self {
        let path = place.join("disk");
        std::fs::create_dir_all(&path).unwrap();
        let mount =
            std::process::Command::new("mount").args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"]).arg(&path).output();
        let mounted = mount.is_ok_and(|mount| mount.status.success());
        let counted = "echo $((256 - $(du -sk \"$1\" | cut -f1) / 4))";
        Self { path, mounted, script: if mounted { "stat --file-system --format=%a \"$1\"" } else { counted } }
    }

    fn fill(&self) {
        // A real one takes no more than it has.
        let _ = std::fs::write(self.path.join("full"), vec![0; 1024 * 1024]);
    }

    fn empty(&self) {
        std::fs::remove_file(self.path.join("full")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if self.mounted {
            let _ = std::process::Command::new("umount").arg(&self.path).status();
        }
    }
}
