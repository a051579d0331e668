//! The shipped program, killed in every program that a way back of code and data runs: no finished stage is done again, what was saved is
//! saved before anything is lost, and no row is missing at the end.

use super::cut::Way;
use super::data::{self, copied, upgraded};
use super::spec;
use crate::support::bot::TestBot;
use crate::support::database::TestDatabase;
use crate::support::postgres::{binaries, psql};
use crate::support::process::Home;
use serde_json::{Value, json};

/// A shop on PostgreSQL whose commands and tools can be held; where its database is.
async fn held(strategy: &str, once: &'static [&'static str]) -> (Way, String) {
    let (shop, url, sections) = data::shop().await;
    // The programs of the server, some of which can be held.
    let tool = |name: &str| binaries().join(name).to_str().unwrap().to_owned();
    let sections = shop.held_commands(&sections);
    for name in ["pg_dumpall", "psql"] {
        std::os::unix::fs::symlink(tool(name), shop.path("bin").join(name)).unwrap();
    }
    for (name, does) in [("pg_dump", "--format=custom"), ("pg_restore", "--dbname=")] {
        let real = tool(name);
        shop.holdable(
            name,
            &format!("case \"$*\" in *{does}*) held {name} {real} \"$@\"; exit $?;; esac\nexec {real} \"$@\""),
        );
    }
    let real = tool("psql");
    let script = format!(
        "case \"$*\" in *save.sql*) held save {real} \"$@\";; *down.sql*) held down {real} \"$@\";; *) exit 9;; esac"
    );
    shop.holdable("held-psql", &script);
    shop.holdable("hold-in", "hold \"$1\"");
    let sections = sections.replace(&format!("[\"{real}\""), &format!("[\"{}/bin/held-psql\"", shop.dir()));
    let sections =
        sections.replace("service = \"shop\"\n", &format!("service = \"shop\"\npg_bin = \"{}/bin\"\n", shop.dir()));
    let migrations = json!({"migrations": ["0002_discount"], "migrate_to": "0001_orders"});
    (Way { shop, sections, spec: spec(strategy, migrations), once }, url)
}

/// One whose schema goes back with the code.
pub(super) async fn schema() -> (Way, String) {
    let (way, url) = held("schema", &["stop", "pg_dump", "save", "down", "start"]).await;
    upgraded(&url);
    // Done twice it is as once, as what may be asked to be done again should be; and it can be held before any of it counts.
    let down = format!(
        "begin;\nalter table orders drop column if exists discount;\n\\! {}/bin/hold-in 'in down'\ncommit;\n",
        way.shop.dir()
    );
    std::fs::write(way.shop.path("down.sql"), down).unwrap();
    (way, url)
}

/// The schema is that of before, every row is there, and what would be lost was saved.
pub(super) fn schema_is_back(way: &Way, url: &str, result: &Value, at: &str) {
    let column =
        "select count(*) from information_schema.columns where table_name = 'orders' and column_name = 'discount'";
    assert_eq!((psql(url, column).as_str(), psql(url, "select count(*) from orders").as_str()), ("0", "10"), "{at}");
    let saved = std::fs::read_to_string(way.shop.path("saved")).unwrap();
    assert_eq!(saved.lines().count(), 10, "{at}: what would be lost was saved before");
    assert_eq!(result["result"]["safety"].as_array().map(Vec::len), Some(1), "{at}: {result}");
}

/// One whose database is replaced by a copy that lies in the home.
pub(super) async fn full(database: &TestDatabase) -> (Way, String, Home) {
    let (mut way, url) = held("full", &["stop", "pg_dump", "pg_restore", "start"]).await;
    let home = Home::of(database, &way.config());
    let bot = TestBot::start(database, way.setup(&home)).await;
    way.spec = spec("full", json!({"object": copied(&bot).await}));
    bot.finish().await;
    assert_eq!(way.shop.done(), ["before pg_dump", "after pg_dump"], "a copy restores nothing");
    std::fs::remove_file(way.shop.path("done")).unwrap();
    upgraded(&url);
    psql(&url, "delete from orders where id > 3");
    (way, url, home)
}

/// The copy has taken the database's place.
pub(super) fn copy_is_in_place(url: &str, at: &str) {
    assert_eq!(psql(url, "select count(*) from orders"), "10", "{at}");
    let columns = "select count(*) from information_schema.columns where table_name = 'orders'";
    assert_eq!(psql(url, columns), "2", "{at}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_that_is_cut_off_goes_back_once_and_no_row_is_lost() {
    for (at, asks) in [
        ("before stop", true),
        ("before pg_dump", false),
        ("after pg_dump", false),
        ("before save", true),
        ("after save", true),
        ("before down", true),
        ("in down", true),
        ("after down", true),
        ("after start", true),
    ] {
        let (way, url) = schema().await;
        let database = TestDatabase::sqlite();
        let home = Home::of(&database, &way.config());
        let job = way.killed(&database, &home, at, asks).await;
        schema_is_back(&way, &url, &serde_json::from_str(&job.result.unwrap()).unwrap(), at);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_that_is_cut_off_is_done_anew_only_after_somebody_was_asked_and_is_whole() {
    for (at, asks) in [
        ("after stop", true),
        ("after pg_dump", false),
        ("before pg_restore", true),
        ("after pg_restore", true),
        ("before start", true),
    ] {
        let database = TestDatabase::sqlite();
        let (way, url, home) = full(&database).await;
        way.killed(&database, &home, at, asks).await;
        copy_is_in_place(&url, at);
    }
}
