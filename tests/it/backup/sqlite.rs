//! SQLite: copied while somebody writes, in WAL mode and without; a stranger opens the copy with `sqlite3`.

use super::{copied, names_below, setup, unpacked, verdict};
use crate::support::bot::TestBot;
use crate::support::database::TestDatabase;
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
