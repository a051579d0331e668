//! Which moment a copy says that it holds: never one that is later than what it lacks, nor one that is earlier than what it has.

use super::globals::manifest;
use super::{PLUGIN, copied, psql, store_of, unpacked};
use crate::support::bot::{PEOPLE, Setup, TestBot};
use crate::support::database::TestDatabase;
use crate::support::postgres::{binaries, fresh_database};
use drillbell::clock::Clock;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// A program that notes in the database that it was called, and then is the real one.
fn noting(folder: &Path, tool: &str, url: &str, when: &str) {
    let real = binaries();
    let note = format!("insert into notes values ('{tool}', extract(epoch from clock_timestamp()) * 1000)");
    let psql = format!("{}/psql -XAtq -d '{url}' -c \"{note}\" >/dev/null", real.display());
    let script = format!("#!/bin/sh\ncase \"$*\" in *{when}*) {psql} ;; esac\nexec {}/{tool} \"$@\"\n", real.display());
    std::fs::write(folder.join(tool), script).unwrap();
    std::fs::set_permissions(folder.join(tool), std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// A moment of a manifest, milliseconds since the epoch.
fn moment(manifest: &serde_json::Value, field: &str) -> i64 {
    chrono::DateTime::parse_from_rfc3339(manifest[field].as_str().unwrap()).unwrap().timestamp_millis()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_committed_before_the_dump_began_is_in_the_copy_and_what_came_meanwhile_is_not_from_after_it() {
    let (url, folder) = (fresh_database(), tempfile::tempdir().unwrap());
    psql(&url, "create table notes (by text, at_ms bigint)");
    noting(folder.path(), "pg_dumpall", &url, "globals-only");
    noting(folder.path(), "pg_dump", &url, "format=custom");
    std::os::unix::fs::symlink(binaries().join("psql"), folder.path().join("psql")).unwrap();
    let bin = folder.path();
    let sections = format!(
        "[targets.shop]\nkind = \"postgres\"\nurl = {url:?}\npg_bin = {bin:?}\n[targets.shop.backup]\nglobals = true\n{PLUGIN}\n{PEOPLE}"
    );
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, Setup { config: sections, clock: Clock::system(), ..Setup::default() }).await;
    let copy = copied(&bot, "shop").await;
    assert_eq!(copy["rows"], 2, "both notes are in it");
    let manifest = manifest(&bot, copy["object"].as_str().unwrap());
    let noted =
        |tool: &str| psql(&url, &format!("select at_ms from notes where by = '{tool}'")).parse::<i64>().unwrap();
    let (at, by) = (moment(&manifest, "snapshot_at"), moment(&manifest, "snapshot_by"));
    assert!(noted("pg_dumpall") <= at, "asking for roles comes first: {} and {at}", noted("pg_dumpall"));
    assert!(at <= noted("pg_dump") && noted("pg_dump") <= by, "{at}, {}, {by}", noted("pg_dump"));
    assert!(by <= moment(&manifest, "finished_at"));
    assert_eq!(copy["taken_ms"], at);
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_fixed_when_the_last_was_read() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("x"), "x").unwrap();
    let path = folder.path();
    let sections = format!("[targets.media]\nkind = \"files\"\npath = {path:?}\n{PLUGIN}\n{PEOPLE}");
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, Setup { config: sections, clock: Clock::system(), ..Setup::default() }).await;
    let copy = copied(&bot, "media").await;
    let object = copy["object"].as_str().unwrap();
    let manifest = manifest(&bot, object);
    let (at, by) = (moment(&manifest, "snapshot_at"), moment(&manifest, "snapshot_by"));
    assert!(at <= by && by <= moment(&manifest, "finished_at"));
    // One from before there was such a field is read, and its copy is as good.
    let file = store_of(&bot).join(format!("{object}.manifest.json"));
    let mut older = manifest.clone();
    older.as_object_mut().unwrap().remove("snapshot_by");
    std::fs::write(&file, older.to_string()).unwrap();
    assert_eq!(super::verdict(&bot, object).await.0, "verified");
    assert!(!unpacked(&bot, object, None).is_empty());
    bot.finish().await;
}
