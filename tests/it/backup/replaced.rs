//! What a restore replaces, and what it must not: what no copy has, a bot's own database, what came while writers were stopped.

use super::restored::{FREE, fails, passes, sqlite3, stages};
use super::{copied, names_below, psql, run, setup};
use crate::support::bot::TestBot;
use crate::support::database::TestDatabase;
use crate::support::postgres::fresh_database;
use drillbell::model::job::JobState;
use serde_json::{Value, json};
use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

fn object(result: &Value) -> String {
    result["object"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_out_of_the_copies_stays_and_the_safety_copy_is_pinned() {
    let folder = tempfile::tempdir().unwrap();
    let media = folder.path().join("media");
    let write = |name: &str, text: &str| {
        std::fs::create_dir_all(media.join(name).parent().unwrap()).unwrap();
        std::fs::write(media.join(name), text).unwrap();
    };
    let read = |name: &str| std::fs::read_to_string(media.join(name)).unwrap_or_else(|_| "gone".to_owned());
    write("2026/a.jpg", "a");
    write("2026/b.tmp", "unfinished");
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    std::fs::create_dir(media.join("quiet")).unwrap();
    write("quiet/c.jpg", "c");
    std::fs::set_permissions(media.join("quiet"), Permissions::from_mode(0o750)).unwrap();
    File::open(media.join("quiet")).unwrap().set_modified(old).unwrap();
    let sections = format!(
        "{FREE}[targets.media]\nkind = \"files\"\npath = {media:?}\nexclude = [\"cache/**\", \"**/*.tmp\"]\n\
         [targets.all]\nkind = \"files\"\npath = {media:?}\n"
    );
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&sections)).await;
    let (whole, copy) = (object(&copied(&bot, "all").await), object(&copied(&bot, "media").await));

    write("2026/a.jpg", "other");
    write("2027/new/d.tmp", "also unfinished");
    write("2027/new/d.jpg", "d");
    write("cache/deep/x", "x");
    let result = passes(&bot, json!({"object": copy, "target": "media", "clean": true})).await;
    assert_eq!([read("2026/a.jpg"), read("quiet/c.jpg"), read("2027/new/d.jpg")], ["a", "c", "gone"]);
    assert_eq!(
        [read("2026/b.tmp"), read("2027/new/d.tmp"), read("cache/deep/x")],
        ["unfinished", "also unfinished", "x"]
    );
    let quiet = std::fs::metadata(media.join("quiet")).unwrap();
    assert_eq!((quiet.permissions().mode() & 0o7777, quiet.modified().unwrap()), (0o750, old));
    assert!(
        std::fs::read_dir(&media).unwrap().all(|entry| !entry
            .unwrap()
            .file_name()
            .as_encoded_bytes()
            .starts_with(b"."))
    );

    // Retention does not know what it is for, and people do.
    let safety = result["safety"].as_str().unwrap();
    let pin = bot.app.store().copy(safety).await.unwrap().unwrap().pinned.unwrap();
    assert!(pin.reason.starts_with("what was there before restore "), "{pin:?}");
    assert!(result["sentence"].as_str().unwrap().contains("stays until it is unpinned"), "{result}");
    let (_, _, pruned) = run(&bot, "backup-prune", json!({"target": "media", "objects": [safety]})).await;
    assert_eq!(pruned["deleted"], json!([]), "{pruned}");

    write("2026/a.jpg", "other");
    passes(&bot, json!({"object": copy, "target": "media", "clean": true, "paths": ["2026"]})).await;
    assert_eq!([read("2026/a.jpg"), read("2026/b.tmp")], ["a", "unfinished"]);

    // A copy from before it was left out: which of the two is wanted, nobody can know.
    write("2026/a.jpg", "other");
    for paths in [json!([]), json!(["2026/b.tmp"])] {
        let spec = json!({"object": whole, "target": "media", "clean": true, "paths": paths});
        fails(&bot, spec, "2026/b.tmp is in the copy, but the target leaves it out now").await;
        assert_eq!([read("2026/a.jpg"), read("2026/b.tmp")], ["other", "unfinished"]);
    }
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_restore_left_is_in_no_copy_and_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let media = folder.path().join("media");
    let left = media.join(".drillbell-restore-0badcafe");
    std::fs::create_dir_all(left.join("old")).unwrap();
    std::fs::write(media.join("a.jpg"), "a").unwrap();
    let sections = format!("{FREE}[targets.media]\nkind = \"files\"\npath = {media:?}\n");
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&sections)).await;
    let spec = json!({"object": object(&copied(&bot, "media").await), "target": "media", "clean": true});
    fails(&bot, spec.clone(), "before anything was moved: remove").await;
    std::fs::write(left.join("old/b.jpg"), "b").unwrap();
    let result = fails(&bot, spec.clone(), &format!("what was there before is in {}/old", left.display())).await;
    assert_eq!(stages(&result), ["fetch fail"], "nobody was stopped for it");
    let copy = object(&copied(&bot, "media").await);
    let manifest = bot.app.store().copy(&copy).await.unwrap().unwrap().manifest;
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    assert_eq!(manifest["contents"]["files"]["files"], 1, "{manifest}");
    std::fs::remove_dir_all(&left).unwrap();
    passes(&bot, spec).await;
    assert_eq!(names_below(&media), [media.join("a.jpg")]);
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_while_writers_were_stopped_is_in_the_way_too() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("from"), folder.path().join("to"));
    std::fs::create_dir_all(&from).unwrap();
    std::fs::create_dir_all(&to).unwrap();
    std::fs::write(from.join("a"), "a").unwrap();
    let sections = format!(
        "{FREE}[commands.stop]\nargv = [\"touch\", {:?}]\n[commands.start]\nargv = [\"true\"]\n\
         [services.shop]\nstop = \"stop\"\nstart = \"start\"\n\
         [targets.from]\nkind = \"files\"\npath = {from:?}\n\
         [targets.to]\nkind = \"files\"\npath = {to:?}\nservice = \"shop\"\n",
        to.join("late")
    );
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&sections)).await;
    let mut spec = json!({"object": object(&copied(&bot, "from").await), "target": "to"});
    let result = fails(&bot, spec.clone(), "is not empty").await;
    assert_eq!(stages(&result), ["fetch pass", "check pass", "stop-writers pass", "safety fail"]);
    assert_eq!(names_below(&to), [to.join("late")]);
    std::fs::remove_file(to.join("late")).unwrap();
    spec["clean"] = json!(true);
    let result = passes(&bot, spec).await;
    assert!(result["safety"].is_string(), "there was nothing to copy before: {result}");
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bots_own_database_is_not_replaced_beneath_it_and_a_link_stays_one() {
    let folder = tempfile::tempdir().unwrap();
    let (real, link) = (folder.path().join("real.db"), folder.path().join("shop.db"));
    sqlite3(&real, "create table a (n); insert into a values (1)");
    std::os::unix::fs::symlink("real.db", &link).unwrap();
    let database = TestDatabase::sqlite();
    let file = database.url.trim_start_matches("sqlite:").to_owned();
    let alias = folder.path().join("alias.db");
    std::os::unix::fs::symlink(&file, &alias).unwrap();
    let target = |name: &str, path: &Path| format!("[targets.{name}]\nkind = \"sqlite\"\npath = {path:?}\n");
    let sections =
        format!("{FREE}{}{}{}", target("own", Path::new(&file)), target("alias", &alias), target("shop", &link));
    let bot = TestBot::start(&database, setup(&sections)).await;
    let copy = object(&copied(&bot, "shop").await);
    for own in ["own", "alias"] {
        let spec = json!({"object": copy, "target": own, "clean": true});
        let answer = bot.ana(&format!("/misbehave job restore --spec '{spec}' x")).await;
        assert!(
            answer.data.is_none() && format!("{answer:?}").contains("stop the bot and put it there by hand"),
            "{answer:?}"
        );
    }
    sqlite3(&link, "delete from a");
    passes(&bot, json!({"object": copy, "target": "shop", "clean": true})).await;
    assert_eq!(std::fs::read_link(&link).unwrap(), Path::new("real.db"));
    assert_eq!(sqlite3(&real, "select n from a"), "1");

    // What is broken is replaced; that is what copies are for.
    std::fs::write(&real, "this is no database at all, whatever its name says").unwrap();
    let spec = json!({"object": copy, "target": "shop", "clean": true, "safety": false});
    let (state, outcome, _) = run(&bot, "restore", spec).await;
    assert_eq!((state, sqlite3(&real, "select n from a")), (JobState::Done, "1".to_owned()), "{outcome}");
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bots_own_database_on_a_server_is_not_replaced_beneath_it_and_a_copy_of_it_is() {
    let (database, empty) = (TestDatabase::postgres(), fresh_database());
    // By another name for the same server, and as somebody who sees little.
    let alias = database.url.replace("drillbell@127.0.0.1", "drillbell@localhost");
    let role = format!("guest_{}", empty.rsplit_once('/').unwrap().1);
    psql(&empty, &format!("create role {role} login"));
    let guest = database.url.replace("drillbell@", &format!("{role}@"));
    let target = |name: &str, url: &str| format!("[targets.{name}]\nkind = \"postgres\"\nurl = {url:?}\n");
    let sections = [
        FREE.to_owned(),
        target("own", &database.url),
        target("alias", &alias),
        target("guest", &guest),
        target("other", &empty),
    ];
    let bot = TestBot::start(&database, setup(&sections.concat())).await;
    let copy = object(&copied(&bot, "own").await);
    for own in ["own", "alias", "guest"] {
        for spec in [
            json!({"object": copy, "target": own, "clean": true}),
            json!({"object": copy, "target": own, "tables": ["kv"], "clean": true}),
        ] {
            let result = fails(&bot, spec, "is the database of a bot that runs: stop the bot").await;
            assert_eq!(stages(&result), ["fetch fail"], "nothing was touched");
        }
    }
    passes(&bot, json!({"object": copy, "target": "other"})).await;
    // It has the tables now, and nobody runs with it.
    passes(&bot, json!({"object": copy, "target": "other", "clean": true})).await;
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_partitioned_table_its_partitions_are_named() {
    let url = fresh_database();
    psql(
        &url,
        "create table orders (n int) partition by range (n); create table orders_a partition of orders for values from (0) to (10); \
         create table orders_b partition of orders for values from (10) to (100) partition by range (n); \
         create table orders_b1 partition of orders_b for values from (10) to (100); insert into orders select generate_series(1, 50)",
    );
    let database = TestDatabase::sqlite();
    let sections = format!("{FREE}[targets.shop]\nkind = \"postgres\"\nurl = {url:?}\n");
    let bot = TestBot::start(&database, setup(&sections)).await;
    let copy = object(&copied(&bot, "shop").await);
    psql(&url, "delete from orders; create table orders_late partition of orders for values from (100) to (200)");
    let spec = |tables: Value| json!({"object": copy, "target": "shop", "tables": tables});
    for word in ["orders", "public.orders"] {
        let words = format!(
            "table {word} is partitioned and has no rows of its own: name those of its partitions that are meant, public.orders_a, public.orders_b1"
        );
        fails(&bot, spec(json!([word])), &words).await;
    }
    fails(&bot, spec(json!(["order"])), "copy has no table order").await;
    passes(&bot, spec(json!(["orders_a", "orders_b1"]))).await;
    assert_eq!(psql(&url, "select count(*) from orders"), "50");
    bot.finish().await;
}
