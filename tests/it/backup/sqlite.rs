//! SQLite: copied while somebody writes, in WAL mode and without; a stranger opens the copy with `sqlite3`.

use super::restored::{FREE, passes};
use super::{copied, names_below, setup, unpacked, verdict};
use crate::support::bot::TestBot;
use crate::support::database::TestDatabase;
use serde_json::json;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

fn sqlite3(file: &Path, sql: &str) -> String {
    let output = Command::new("sqlite3").args(["-cmd", ".timeout 20000"]).arg(file).arg(sql).output().unwrap();
    assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().lines().last().unwrap_or_default().to_owned()
}

async fn is_copied_while_somebody_writes(mode: &str) {
    let folder = tempfile::tempdir().unwrap();
    let (file, restored) = (folder.path().join("shop.db"), folder.path().join("restored.db"));
    sqlite3(
        &file,
        &format!(
            "pragma journal_mode = {mode}; create table a (n integer primary key, t text); create table b (n integer primary key); \
        create table \"odd \"\" name\" (x, y blob); insert into \"odd \"\" name\" values (1.5, x'00ff'), (null, ''); \
        create virtual table words using fts5(text); create table schema_migrations (version text); insert into schema_migrations values ('2026'), ('2025')"
        ),
    );
    let config = format!("[targets.shop]\nkind = \"sqlite\"\npath = {file:?}");
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&config)).await;
    let stop = Arc::new(AtomicBool::new(false));
    let writer = std::thread::spawn({
        let (stop, file) = (stop.clone(), file.clone());
        move || {
            while !stop.load(Ordering::Relaxed) {
                sqlite3(
                    &file,
                    "begin immediate; insert into a (t) values (hex(randomblob(500))); insert into b default values; commit",
                );
            }
        }
    });
    let result = copied(&bot, "shop").await;
    stop.store(true, Ordering::Relaxed);
    writer.join().unwrap();
    let object = result["object"].as_str().unwrap();
    std::fs::write(&restored, unpacked(&bot, object, None)).unwrap();
    assert_eq!(sqlite3(&restored, "pragma integrity_check"), "ok");
    let (a, b) = (sqlite3(&restored, "select count(*) from a"), sqlite3(&restored, "select count(*) from b"));
    assert_eq!(a, b, "no half pair");
    let manifest = bot.app.store().copy(object).await.unwrap().unwrap().manifest;
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    let tables = manifest["contents"]["tables"].as_array().unwrap();
    let rows = |name: &str| tables.iter().find(|table| table["table"] == name).map(|table| table["rows"].to_string());
    assert_eq!((rows("a"), rows("odd \" name"), rows("words")), (Some(a), Some("2".to_owned()), None));
    assert_eq!(manifest["contents"]["migrations"][0]["latest"]["version"], "2026");
    assert_eq!(verdict(&bot, object).await.0, "verified");
    let left: Vec<_> = names_below(&bot.app.config().server.data_dir)
        .into_iter()
        .filter(|path| path.to_string_lossy().contains("run-"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_in_wal_mode_is_copied_while_somebody_writes() {
    is_copied_while_somebody_writes("wal").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_with_a_journal_is_copied_while_somebody_writes() {
    is_copied_while_somebody_writes("delete").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_trigger_fires_for_rows_that_are_restored_by_table() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.db");
    sqlite3(
        &file,
        "create table people (id integer primary key); create table orders (id integer primary key, person references people on delete cascade, note text); \
         create table log (what text); create table strict (n int); insert into strict values (1), (2); \
         insert into people values (1); insert into orders values (1, 1, 'a'), (2, 1, 'b'); \
         create trigger logs after insert on orders begin insert into log values ('in ' || new.id); end; \
         create trigger logs_too after delete on orders begin insert into log values ('out ' || old.id); end; \
         create trigger never before delete on people begin select raise(abort, 'nobody leaves'); end; \
         create trigger closed before insert on strict begin select raise(abort, 'it is closed'); end",
    );
    let sections = format!("{FREE}[targets.shop]\nkind = \"sqlite\"\npath = {file:?}\n");
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&sections)).await;
    let object = copied(&bot, "shop").await["object"].as_str().unwrap().to_owned();
    sqlite3(&file, "update orders set note = 'other'; drop table strict");
    for tables in [json!(["people"]), json!(["orders"]), json!(["strict"])] {
        passes(&bot, json!({"object": object, "target": "shop", "tables": tables, "clean": true})).await;
    }
    assert_eq!(sqlite3(&file, "select group_concat(note) from orders"), "a,b");
    assert_eq!(sqlite3(&file, "select (select count(*) from log) || (select count(*) from strict)"), "02");
    // They are there, and fire for whoever comes next.
    assert_eq!(sqlite3(&file, "delete from orders where id = 2; select what from log"), "out 2");
    assert_eq!(sqlite3(&file, "select count(*) from sqlite_schema where type = 'trigger'"), "4");
    bot.finish().await;
}
