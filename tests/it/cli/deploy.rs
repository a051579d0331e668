//! `deploy record`, `list` and `gate`, with a running bot and without one.

use super::bot::beside_a_bot;
use super::program::call;
use crate::support::database::TestDatabase;
use crate::support::process::Home;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

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
        // Judged by its beginning it would be taken for safe.
        let long = format!("create table a (n int);\n{}drop table users;", " ".repeat(1024 * 1024));
        std::fs::write(folder.join("0043_long.sql"), long).unwrap();
        let cut = call(folder, &["deploy", "record", "shop", "--version", "v3", "--migration", "0043_long.sql"]);
        assert!(cut.code == 2 && cut.stderr.contains("0043_long.sql is longer than"), "{cut:?}");
    }
}

/// A service whose health is this status, until the test's process ends.
fn service(status: Arc<AtomicU16>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let _ = stream.read(&mut [0; 4096]);
            let status = status.load(Ordering::SeqCst);
            let _ = write!(stream, "HTTP/1.1 {status} Said\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        }
    });
    port
}

#[test]
fn the_gate_ends_with_what_the_look_found() {
    let database = TestDatabase::sqlite();
    let home = Home::new(&database);
    let folder = home.folder.path();
    for version in ["v1", "v2"] {
        std::fs::create_dir_all(folder.join("releases").join(version)).unwrap();
    }
    std::os::unix::fs::symlink(folder.join("releases/v2"), folder.join("current")).unwrap();
    let health = Arc::new(AtomicU16::new(200));
    let port = service(health.clone());
    let config = std::fs::read_to_string(&home.config).unwrap();
    let sections = format!(
        "\n[commands.restart]\nargv = [\"true\"]\n[services.shop]\nhealth = \"http://127.0.0.1:{port}/\"\nrestart = \"restart\"\n\
         [services.shop.rollback]\nci = [\"tests\"]\n\
         [services.shop.rollback.strategies.release]\nkind = \"release\"\nlink = \"current\"\nreleases = \"releases\"\n\
         [plugins.rollback]\nsource = \"builtin:rollback\"\ngrants = [\"services\", \"deploys\", \"jobs:*\", \"backups\", \"kv\", \
         \"timers\", \"approvals\", \"incidents:write\", \"post:*\"]\n"
    );
    std::fs::write(&home.config, config + &sections).unwrap();
    beside_a_bot(&home, |folder| {
        for (version, previous, at) in [("v1", "v0", "2026-01-01T00:00:00Z"), ("v2", "v1", "2026-01-02T00:00:00Z")] {
            let deploy = ["deploy", "record", "shop", "--version", version, "--previous", previous, "--at", at];
            assert_eq!(call(folder, &deploy).code, 0);
        }
        let asks = |more: &[&str]| {
            let called = call(folder, &[&["deploy", "gate", "shop", "--json"][..], more].concat());
            let found = called.json()["verdict"].as_str().unwrap_or_default().to_owned();
            (called.code, found, called.stdout)
        };
        let tests = ["--ci", "tests=pass"];
        let (code, found, said) = asks(&["--schema", "none", "--ci", "tests=pass"]);
        assert_eq!((code, found.as_str()), (0, "pass"), "{said}");
        assert!(said.contains("it leaves the schema as it is") && said.contains("ci tests"), "{said}");
        std::fs::write(folder.join("0043_add.sql"), "create table tax (id int);\n").unwrap();
        std::fs::write(folder.join("0044_drop.sql"), "alter table users drop column email;\n").unwrap();
        for (more, expected, why) in [
            (&["--schema", "none"][..], (3, "unknown"), "the pipeline says nothing of it"),
            (&tests, (3, "unknown"), "nobody said what the deploy does to the schema"),
            (&["--schema", "none", "--ci", "tests=fail"], (1, "fail"), "ci tests"),
            (&["--schema", "none", "--ci", "tests=unknown"], (3, "unknown"), "does not know how it went"),
            (&["--migration", "0043_add.sql", "--ci", "tests=pass"], (0, "pass"), "it only adds"),
            (&["--migration", "0044_drop.sql", "--ci", "tests=pass"], (1, "fail"), "0044_drop"),
            (&["--migration", "0045_named", "--ci", "tests=pass"], (3, "unknown"), "0045_named"),
            (&["--schema", "contract", "--ci", "tests=pass"], (1, "fail"), "code alone could not go back"),
            (&["--schema", "none", "--ci", "tests=pass", "--ci", "lint=fail"], (1, "fail"), "ci lint"),
            // Whoever says two things that cannot both be so has said neither.
            (&["--schema", "none", "--migration", "0043_add.sql", "--ci", "tests=pass"], (1, "fail"), "it says `none`"),
        ] {
            let (code, found, said) = asks(more);
            assert_eq!((code, found.as_str()), expected, "{more:?}: {said}");
            assert!(said.contains(why), "{more:?}: {said}");
        }
        let wrong = call(folder, &["deploy", "gate", "shop", "--ci", "tests"]);
        assert!(wrong.code == 2 && wrong.stderr.contains("NAME=pass"), "{wrong:?}");
        let twice = call(folder, &["deploy", "gate", "shop", "--ci", "tests=fail", "--ci", "tests=pass"]);
        assert!(twice.code == 2 && twice.stderr.contains("tests was given more than once"), "{twice:?}");
        let typed = call(folder, &["run", "/rollback gate shop --schema none --ci tests=fail,tests=pass"]);
        assert!(typed.code == 1 && format!("{typed:?}").contains("more than once"), "{typed:?}");
        health.store(503, Ordering::SeqCst);
        let gate = call(folder, &["deploy", "gate", "shop", "--json", "--schema", "none", "--ci", "tests=pass"]);
        assert_eq!((gate.code, &gate.json()["verdict"]), (1, &"fail".into()), "{gate:?}");
        assert!(gate.json()["sentence"].as_str().unwrap().contains("health"), "{gate:?}");
    });
}
