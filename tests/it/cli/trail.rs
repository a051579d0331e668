//! `audit`, `check` and `migrate` on a database without a bot.

use super::program::call;
use crate::support::commits::{commit, delivery};
use crate::support::database::TestDatabase;
use crate::support::process::Home;
use drillbell::audit::CheckpointLog;
use drillbell::clock::Clock;
use drillbell::store::Store;
use serde_json::Value;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// A home whose trail has a few records, the second of which is anchored.
fn home_with_a_trail(database: &TestDatabase) -> Home {
    let home = Home::new(database);
    let data = home.folder.path().join("data");
    runtime().block_on(async {
        let (store, closing) = Store::open(&database.url, 2, Clock::system()).await.unwrap();
        for id in ["d1", "d2", "d3"] {
            store.accept(delivery(id)).await.unwrap();
            store.commit(commit(id)).await.unwrap();
            if id == "d2" {
                let (seq, hash) = store.audit_head().await.unwrap();
                CheckpointLog::open(&data).unwrap().append(seq, &hash, 0).unwrap();
            }
        }
        drop(store);
        closing.wait().await;
    });
    home
}

#[test]
fn an_honest_trail_verifies_and_says_how_far_it_is_anchored() {
    for database in TestDatabase::both() {
        let home = home_with_a_trail(&database);
        let verified = call(home.folder.path(), &["audit", "verify"]);
        assert_eq!(verified.code, 0, "{verified:?}");
        for expected in ["ok: all 3 records", "agrees up to record 2", "unanchored since record 3"] {
            assert!(verified.stdout.contains(expected), "{expected}: {verified:?}");
        }
        let report = call(home.folder.path(), &["audit", "verify", "--json"]).json();
        assert_eq!((&report["ok"], &report["checked"], &report["first_bad"]), (&true.into(), &3.into(), &Value::Null));
    }
}

#[test]
fn a_changed_record_is_named_and_fails_the_verification() {
    for database in TestDatabase::both() {
        let home = home_with_a_trail(&database);
        runtime().block_on(async {
            sqlx::any::install_default_drivers();
            let pool = sqlx::AnyPool::connect(&database.url).await.unwrap();
            sqlx::query("update audit set record = replace(record, 'command', 'commend') where seq = 2")
                .execute(&pool)
                .await
                .unwrap();
            pool.close().await;
        });
        let verified = call(home.folder.path(), &["audit", "verify"]);
        assert!(verified.code == 1 && verified.stdout.contains("record 2 was changed"), "{verified:?}");
        let report = call(home.folder.path(), &["audit", "verify", "--json"]);
        assert_eq!((report.code, &report.json()["first_bad"]["seq"]), (1, &2.into()));
    }
}

#[test]
fn an_export_is_lines_that_somebody_else_can_verify() {
    let database = TestDatabase::sqlite();
    let home = home_with_a_trail(&database);
    let exported = call(home.folder.path(), &["audit", "export"]);
    assert_eq!(exported.code, 0);
    let lines: Vec<&str> = exported.stdout.lines().collect();
    assert_eq!(lines.len(), 4, "three records and a checkpoint");
    let mut prev = drillbell::audit::GENESIS.to_owned();
    for line in &lines[..3] {
        let hash = serde_json::from_str::<Value>(line).unwrap()["hash"].as_str().unwrap().to_owned();
        let record = line.split_once("\"record\":").unwrap().1.strip_suffix('}').unwrap();
        assert_eq!(drillbell::audit::link(&prev, record), hash);
        prev = hash;
    }
    assert_eq!(serde_json::from_str::<Value>(lines[3]).unwrap()["checkpoint"]["seq"], 2);
}

#[test]
fn the_tail_shows_the_last_records_for_people_and_for_machines() {
    let database = TestDatabase::sqlite();
    let home = home_with_a_trail(&database);
    let tail = call(home.folder.path(), &["audit", "tail", "-n", "2"]);
    assert_eq!(tail.stdout.lines().count(), 2);
    assert!(tail.stdout.starts_with("#2 2026-01-01T00:00:00.000Z"), "{tail:?}");
    let machine = call(home.folder.path(), &["audit", "tail", "-n", "1", "--json"]).json();
    assert_eq!((&machine["seq"], &machine["record"]["kind"]), (&3.into(), &"command".into()));
}

#[test]
fn the_doctor_compares_the_trail_with_its_checkpoint() {
    let database = TestDatabase::sqlite();
    let home = home_with_a_trail(&database);
    let check = |expected: i32| {
        let called = call(home.folder.path(), &["check", "--json"]);
        assert_eq!(called.code, expected, "{called:?}");
        let report = called.json();
        let checks = report["checks"].as_array().unwrap().clone();
        checks.into_iter().find(|check| check["name"] == "audit").unwrap()
    };
    assert_eq!(check(0)["status"], "pass");
    runtime().block_on(async {
        sqlx::any::install_default_drivers();
        let pool = sqlx::AnyPool::connect(&database.url).await.unwrap();
        sqlx::query("update audit set hash = 'x' where seq = 2").execute(&pool).await.unwrap();
        pool.close().await;
    });
    assert_eq!(check(1)["status"], "fail");
}

#[test]
fn migrate_brings_an_empty_database_up_to_date_and_check_sees_it() {
    for database in TestDatabase::both_empty() {
        let home = Home::new(&database);
        let before = call(home.folder.path(), &["check"]);
        assert!(before.code == 0 && before.stdout.contains("unknown  database"), "{before:?}");
        for _ in 0..2 {
            let migrated = call(home.folder.path(), &["migrate"]);
            assert!(migrated.code == 0 && migrated.stdout.contains("is up to date"), "{migrated:?}");
        }
        let after = call(home.folder.path(), &["check"]);
        assert!(after.code == 0 && after.stdout.contains("pass     database"), "{after:?}");
    }
}
