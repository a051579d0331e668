//! Restores over what is damaged or gone, which is what they are done for (S4-11): what cannot be copied first is kept as it is, what is
//! not there is no reason to fail, and what was there before is nobody's newest copy.

use super::restored::{FREE, fails, passes, sqlite3, stages};
use super::{copied, names_below, psql, run, setup};
use crate::support::bot::TestBot;
use crate::support::database::TestDatabase;
use crate::support::postgres::fresh_database;
use drillbell::model::job::JobState;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A bot with one target and a copy of it.
async fn with_copy(database: &TestDatabase, target: &str) -> (TestBot, String) {
    let bot = TestBot::start(database, setup(&format!("{FREE}[targets.shop]\n{target}"))).await;
    let object = copied(&bot, "shop").await["object"].as_str().unwrap().to_owned();
    (bot, object)
}

fn whole(object: &str) -> Value {
    json!({"object": object, "target": "shop", "clean": true})
}

/// Where a result says that what was there is kept.
fn aside(result: &Value) -> PathBuf {
    let path = result["aside"].as_str().unwrap_or_else(|| panic!("nothing was kept: {result}"));
    assert!(result["sentence"].as_str().unwrap().contains(path), "people are told: {result}");
    PathBuf::from(path)
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_in_a_databases_place_is_replaced_and_kept_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.db");
    sqlite3(&file, "create table a (n); insert into a values (1), (2)");
    let database = TestDatabase::sqlite();
    let (bot, object) = with_copy(&database, &format!("kind = \"sqlite\"\npath = {file:?}\n")).await;
    let garbage = [b"this is no database ".repeat(500), vec![0; 5_000]].concat();
    std::fs::write(&file, &garbage).unwrap();
    let result = passes(&bot, whole(&object)).await;
    assert_eq!(sqlite3(&file, "select group_concat(n) from a"), "1,2");
    assert_eq!(result["safety"], Value::Null);
    assert!(stages(&result).contains(&"safety pass".to_owned()), "{result}");
    assert!(std::fs::read(aside(&result)).unwrap() == garbage, "byte for byte");

    // Without a safety copy nothing is kept, since somebody said so.
    std::fs::write(&file, &garbage).unwrap();
    let mut spec = whole(&object);
    spec["safety"] = json!(false);
    let result = passes(&bot, spec).await;
    assert_eq!((&result["aside"], &result["safety"]), (&Value::Null, &Value::Null));
    assert_eq!(sqlite3(&file, "select group_concat(n) from a"), "1,2");

    // A page in the middle is enough, though the header is as it should be.
    sqlite3(&file, "create table b (t); insert into b select hex(randomblob(2000)) from generate_series(1, 40)");
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 8192].fill(0xAA);
    std::fs::write(&file, &bytes).unwrap();
    let result = passes(&bot, whole(&object)).await;
    assert!(std::fs::read(aside(&result)).unwrap() == bytes);

    // Not there, and neither is its folder.
    std::fs::remove_dir_all(folder.path()).unwrap();
    let result = passes(&bot, whole(&object)).await;
    assert_eq!(sqlite3(&file, "select group_concat(n) from a"), "1,2");
    assert!(stages(&result).contains(&"safety skipped".to_owned()), "{result}");
    bot.finish().await;
}

/// Somebody who lets nobody open a file for a while (a lease): root too is refused, as by a disk that cannot read it.
struct Holder(Child);

impl Holder {
    fn of(path: &Path) -> Self {
        let hold = "$SIG{IO} = 'IGNORE'; open(my $f, '+<', $ARGV[0]) or die; fcntl($f, 1024, 1) or die \"no lease: $!\"; \
                    $| = 1; print \"held\\n\"; <STDIN>";
        let mut command = Command::new("perl");
        let command = command.args(["-e", hold]).arg(path).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut said).unwrap();
        assert_eq!(said, "held\n");
        Self(child)
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_read_keeps_nobody_from_having_the_folder_back() {
    let folder = tempfile::tempdir().unwrap();
    let media = folder.path().join("media");
    std::fs::create_dir_all(media.join("2026")).unwrap();
    std::fs::write(media.join("2026/a.jpg"), "a").unwrap();
    std::fs::write(media.join("b.jpg"), "b").unwrap();
    let database = TestDatabase::sqlite();
    let (bot, object) =
        with_copy(&database, &format!("kind = \"files\"\npath = {media:?}\nexclude = [\"cache\"]\n")).await;
    std::fs::write(media.join("2026/a.jpg"), "damaged").unwrap();
    std::fs::create_dir(media.join("cache")).unwrap();
    let held = Holder::of(&media.join("2026/a.jpg"));
    let result = passes(&bot, whole(&object)).await;
    drop(held);
    assert_eq!(std::fs::read_to_string(media.join("2026/a.jpg")).unwrap(), "a");
    let kept = aside(&result);
    assert_eq!(kept.parent(), media.parent(), "beside it");
    assert_eq!(std::fs::read_to_string(kept.join("2026/a.jpg")).unwrap(), "damaged");
    assert!(kept.join("b.jpg").is_file() && !kept.join("cache").exists() && media.join("cache").is_dir());

    // Of one path only that is kept, under its name.
    std::fs::write(media.join("2026/a.jpg"), "again").unwrap();
    let held = Holder::of(&media.join("b.jpg"));
    let mut spec = whole(&object);
    spec["paths"] = json!(["2026/a.jpg"]);
    let result = passes(&bot, spec).await;
    drop(held);
    let kept = names_below(&aside(&result));
    assert_eq!(kept, [aside(&result).join("2026/a.jpg")]);
    assert_eq!(std::fs::read_to_string(&kept[0]).unwrap(), "again");

    std::fs::remove_dir_all(&media).unwrap();
    let result = passes(&bot, whole(&object)).await;
    assert!(media.join("b.jpg").is_file() && stages(&result).contains(&"safety skipped".to_owned()), "{result}");
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_cannot_dump_is_told_with_the_way_around_and_a_database_that_is_gone_with_what_to_type() {
    let url = fresh_database();
    psql(&url, "create table orders (id int primary key); insert into orders select generate_series(1, 10)");
    let database = TestDatabase::sqlite();
    let (bot, object) = with_copy(&database, &format!("kind = \"postgres\"\nurl = {url:?}\n")).await;
    // What `pg_dump` gives up on, whatever else is well.
    psql(&url, "create function f() returns int language sql as 'select 1'; delete from orders");
    psql(&url, "update pg_proc set provolatile = 'x' where proname = 'f'");
    let result = fails(&bot, whole(&object), "restore with `--no-safety`").await;
    assert_eq!(stages(&result).last().unwrap(), "safety fail");
    let mut spec = whole(&object);
    spec["safety"] = json!(false);
    passes(&bot, spec).await;
    assert_eq!(psql(&url, "select count(*) from orders"), "10");

    let (server, name) = url.rsplit_once('/').unwrap();
    psql(&format!("{server}/postgres"), &format!("drop database {name}"));
    let result = fails(&bot, whole(&object), &format!(" {name}`, and restore again")).await;
    assert_eq!(stages(&result), ["fetch fail"], "nobody was stopped for it");
    let sentence = result["sentence"].as_str().unwrap();
    let typed = sentence.split('`').find(|part| part.starts_with("createdb -h ")).unwrap();
    assert!(typed.contains(" -p ") && typed.contains(" -U "), "{sentence}");
    let made = Command::new("createdb").args(typed.split(' ').skip(1)).output().unwrap();
    assert!(made.status.success(), "{typed}: {}", String::from_utf8_lossy(&made.stderr));
    passes(&bot, whole(&object)).await;
    assert_eq!(psql(&url, "select count(*) from orders"), "10");
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_there_before_a_restore_is_drilled_and_measured_against_only_when_it_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.db");
    sqlite3(&file, "create table a (n); insert into a select value from generate_series(1, 20000)");
    let database = TestDatabase::sqlite();
    let target = format!("kind = \"sqlite\"\npath = {file:?}\n[targets.shop.backup]\nmin_size = \"4KB\"\n");
    let (bot, object) = with_copy(&database, &target).await;
    sqlite3(&file, "delete from a; vacuum");
    bot.clock.advance(60_000);
    let result = passes(&bot, whole(&object)).await;
    let safety = result["safety"].as_str().unwrap().to_owned();
    assert!(safety.contains(".safety."), "its name says so: {safety}");
    let drilled = async |spec: Value| {
        let (state, outcome, result) = run(&bot, "drill", spec).await;
        assert_eq!(state, JobState::Done, "{outcome}");
        result["object"].as_str().unwrap().to_owned()
    };
    assert_eq!(drilled(json!({"target": "shop"})).await, object);
    assert_eq!(drilled(json!({"target": "shop", "object": safety})).await, safety);
    let (verdict, result) = super::verdict(&bot, &safety).await;
    assert_eq!(verdict, "verified", "it is as small as what was there: {result}");
    passes(&bot, whole(&safety)).await;
    assert_eq!(sqlite3(&file, "select count(*) from a"), "0", "it is restored when it is named");
    bot.finish().await;
}
