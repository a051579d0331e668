//! `deploy record`, `list` and `gate`, with a running bot and without one.

use super::bot::beside_a_bot;
use super::program::call;
use crate::support::database::TestDatabase;
use crate::support::process::Home;
use std::path::Path;

/// Records a deploy under a key, with a migration that takes something away though nobody says so.
fn records(folder: &Path, key: &str) -> serde_json::Value {
    std::fs::write(folder.join("0042_drop.sql"), "alter table users\n  drop column email;\n").unwrap();
    let args = ["deploy", "record", "shop", "--version", "v2", "--previous", "v1", "--json", "--key", key];
    let migrations = ["--schema", "expand", "--migration", "0041_named", "--migration", "0042_drop.sql"];
    let called = call(folder, &[&args[..], &migrations[..]].concat());
    assert_eq!(called.code, 0, "{called:?}");
    called.json()
}

fn is_listed_once(folder: &Path) {
    let listed = call(folder, &["deploy", "list", "--json", "shop"]);
    let deploy = listed.json();
    assert_eq!((&deploy["version"], &deploy["previous"], &deploy["by"]), (&"v2".into(), &"v1".into(), &"ana".into()));
    assert_eq!(deploy["migrations"][1]["findings"][0], "line 2 drops email of users");
    let told = call(folder, &["deploy", "list"]).stdout;
    assert!(told.contains("0041_named (unknown), 0042_drop (risky) – it says `expand`, but 0042_drop"), "{told}");
}

#[test]
fn beside_a_bot_a_deploy_is_recorded_once_and_the_gate_says_no_more_than_it_knows() {
    let database = TestDatabase::sqlite();
    let home = Home::new(&database);
    beside_a_bot(&home, |folder| {
        assert_eq!(records(folder, "run-7")["duplicate"], false);
        assert_eq!(records(folder, "run-7")["duplicate"], true);
        is_listed_once(folder);
        // No plugin answers to it: nobody can tell, and that is not a yes.
        let gate = call(folder, &["deploy", "gate", "shop", "--json"]);
        assert_eq!((gate.code, &gate.json()["verdict"]), (3, &"unknown".into()), "{gate:?}");
        let wrong = call(folder, &["deploy", "record", "shop", "--version", "v3", "--at", "yesterday"]);
        assert!(wrong.code != 0 && wrong.stderr.contains("`at`"), "{wrong:?}");
    });
}

#[test]
fn without_a_bot_a_deploy_is_recorded_here_and_known_to_the_next() {
    for database in TestDatabase::both() {
        let home = Home::new(&database);
        let folder = home.folder.path();
        assert_eq!(records(folder, "run-7")["duplicate"], false);
        assert_eq!(records(folder, "run-7")["duplicate"], true);
        is_listed_once(folder);
        beside_a_bot(&home, |folder| {
            assert_eq!(records(folder, "run-7")["duplicate"], true, "the same key, by the other way");
            is_listed_once(folder);
        });
        let wrong = call(folder, &["deploy", "record", "a b", "--version", "v3"]);
        assert!(wrong.code == 2 && wrong.stderr.contains("letters, digits"), "{wrong:?}");
    }
}
