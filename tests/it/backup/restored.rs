//! Restores: what was copied is there again, whole, by table and by path; what is in the way is refused; and nothing is half done.

use super::{Keys, PLUGIN, copied, names_below, psql, run, setup, store_of};
use crate::support::bot::{PEOPLE, Setup, TestBot, from_file};
use crate::support::database::TestDatabase;
use crate::support::eventually;
use crate::support::postgres::fresh_database;
use crate::support::process::Home;
use drillbell::clock::Clock;
use drillbell::model::job::JobState;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

/// Nobody has to agree.
pub(super) const FREE: &str = "[[policy]]\njob = \"restore\"\napprovals = 0\n";

const SHOP: &str =
    "create table people (id int primary key, name text); insert into people values (1, 'Ada'), (2, 'Ben');
create table orders (id serial primary key, person int references people, note text);
insert into orders (person, note) select 1 + n % 2, 'note ' || n from generate_series(1, 500) n;
create view busy as select person, count(*) from orders group by person; create index by_note on orders (note)";
const ALL: &str = "select md5(string_agg(o::text, ',' order by id)) from orders o union all select string_agg(p::text, ',' order by id) from people p";

/// Restores; how it ended, the sentence, and the result.
async fn restored(bot: &TestBot, spec: Value) -> (JobState, String, Value) {
    let (state, outcome, result) = run(bot, "restore", spec).await;
    (state, outcome, result)
}

pub(super) async fn passes(bot: &TestBot, spec: Value) -> Value {
    let (state, outcome, result) = restored(bot, spec).await;
    assert_eq!((state, &result["status"]), (JobState::Done, &json!("pass")), "{outcome}");
    result
}

pub(super) async fn fails(bot: &TestBot, spec: Value, words: &str) -> Value {
    let (state, outcome, result) = restored(bot, spec).await;
    assert_eq!(state, JobState::Failed);
    assert!(outcome.contains(words), "{outcome}");
    result
}

pub(super) fn stages(result: &Value) -> Vec<String> {
    let stages = result["stages"].as_array().unwrap().iter();
    stages.map(|stage| format!("{} {}", stage["name"].as_str().unwrap(), stage["status"].as_str().unwrap())).collect()
}

pub(crate) fn sqlite3(file: &Path, sql: &str) -> String {
    let output = Command::new("sqlite3").arg(file).arg(sql).output().unwrap();
    assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().replace('\n', " ")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_is_restored_whole_and_by_table_and_never_half() {
    let (url, empty, keys) = (fresh_database(), fresh_database(), Keys::new());
    psql(&url, SHOP);
    let before = psql(&url, ALL);
    let sections = format!(
        "{}{FREE}[targets.shop]\nkind = \"postgres\"\nurl = {url:?}\n[targets.other]\nkind = \"postgres\"\nurl = {empty:?}\n",
        keys.section()
    );
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&sections)).await;
    let object = copied(&bot, "shop").await["object"].as_str().unwrap().to_owned();

    // Into an empty one, without `clean`.
    let result = passes(&bot, json!({"object": object, "target": "other"})).await;
    assert_eq!(psql(&empty, ALL), before);
    assert_eq!(psql(&empty, "select count(*) from busy"), "2");
    assert_eq!((&result["writers"], &result["tables"][0]["rows"]), (&json!("none"), &json!(500)));
    let made = [
        "fetch pass",
        "check pass",
        "stop-writers skipped",
        "safety pass",
        "restore pass",
        "counts pass",
        "migrate skipped",
        "start-writers skipped",
        "health skipped",
    ];
    assert_eq!(stages(&result), made);

    // Over what is there, with it.
    psql(
        &url,
        "delete from orders where id > 100; update people set name = 'Eve' where id = 1; create table newer (n int)",
    );
    let result = fails(&bot, json!({"object": object, "target": "shop"}), "is not empty").await;
    assert_eq!(stages(&result), ["fetch fail"], "nobody was stopped for it");
    let result = fails(&bot, json!({"object": object, "target": "shop", "clean": true}), "public.newer").await;
    assert_eq!(stages(&result), ["fetch fail"], "what the copy does not know would stay behind");
    psql(&url, "drop table newer");
    let result = passes(&bot, json!({"object": object, "target": "shop", "clean": true})).await;
    assert_eq!(psql(&url, ALL), before);
    let safety = bot.app.store().copy(result["safety"].as_str().unwrap()).await.unwrap().unwrap();
    assert!(safety.manifest.contains("\"reason\":\"safety\"") && safety.target == "shop", "{}", safety.manifest);

    // One table; the other keeps what was written since.
    psql(&url, "delete from orders where id > 100; insert into people values (3, 'Eve')");
    let people = psql(&url, "select string_agg(p::text, ',' order by id) from people p");
    let only =
        |tables: Value, clean: bool| json!({"object": object, "target": "shop", "tables": tables, "clean": clean});
    fails(&bot, only(json!(["orders"]), false), "public.orders is not empty").await;
    fails(&bot, only(json!(["orders", "order"]), true), "The copy has no table order").await;
    let result = passes(&bot, only(json!(["orders"]), true)).await;
    assert_eq!(psql(&url, "select count(*) from orders"), "500");
    assert_eq!(psql(&url, "select string_agg(p::text, ',' order by id) from people p"), people);
    assert_eq!(result["tables"].as_array().unwrap().len(), 1);
    assert_eq!(
        psql(&url, "select count(*) from pg_indexes where tablename = 'orders'"),
        "2",
        "its definition is as it was"
    );

    // References are checked once all rows are there: what others refer to can come alone, if nobody is left in the air.
    psql(&url, "insert into orders (id, person) values (1000, 3)");
    let result = fails(&bot, only(json!(["people"]), true), "violates foreign key constraint").await;
    assert_eq!(stages(&result).last().unwrap(), "restore fail");
    assert_eq!(psql(&url, "select string_agg(p::text, ',' order by id) from people p"), people, "nothing was changed");
    passes(&bot, only(json!(["people", "public.orders"]), true)).await;
    assert_eq!(psql(&url, ALL), before);
    psql(&url, "update people set name = 'Eve'");
    passes(&bot, only(json!(["people"]), true)).await;
    assert_eq!(psql(&url, ALL), before);
    assert_eq!(psql(&url, "select count(*) from pg_constraint where contype = 'f' and convalidated"), "1");

    // A table that is gone is made again, without what cannot come with it.
    psql(&url, "drop view busy; drop table orders");
    let result = passes(&bot, only(json!(["orders"]), false)).await;
    assert!(result["sentence"].as_str().unwrap().contains("do not come with a single table"), "{result}");
    assert_eq!(psql(&url, ALL), before);
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_copy_touches_nothing_and_stops_nobody() {
    let (url, folder) = (fresh_database(), tempfile::tempdir().unwrap());
    psql(&url, SHOP);
    let before = psql(&url, ALL);
    let stopped = folder.path().join("stopped");
    let sections = format!(
        "{FREE}[commands.stop-shop]\nargv = [\"touch\", {stopped:?}]\n[commands.start-shop]\nargv = [\"rm\", {stopped:?}]\n\
         [services.shop]\nstop = \"stop-shop\"\nstart = \"start-shop\"\n\
         [targets.shop]\nkind = \"postgres\"\nurl = {url:?}\nservice = \"shop\"\n"
    );
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&sections)).await;
    let object = copied(&bot, "shop").await["object"].as_str().unwrap().to_owned();
    let path = store_of(&bot).join(&object);
    let mut bytes = std::fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let spec = json!({"object": object, "target": "shop", "clean": true});
    let result = fails(&bot, spec, "some were changed").await;
    assert_eq!(
        (stages(&result), &result["writers"]),
        (vec!["fetch pass".to_owned(), "check fail".to_owned()], &json!("running"))
    );
    assert!(!stopped.exists() && psql(&url, ALL) == before);
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_are_stopped_and_started_and_stay_stopped_when_something_fails() {
    let folder = tempfile::tempdir().unwrap();
    let (file, stopped) = (folder.path().join("shop.db"), folder.path().join("stopped"));
    sqlite3(&file, "create table a (n); insert into a values (1), (2)");
    let config = |migrate: &str| {
        format!(
            "{FREE}[commands.stop-shop]\nargv = [\"touch\", {stopped:?}]\n[commands.start-shop]\nargv = [\"rm\", {stopped:?}]\n\
             [commands.migrate-shop]\nargv = [{migrate:?}]\n\
             [services.shop]\nstop = \"stop-shop\"\nstart = \"start-shop\"\nmigrate = \"migrate-shop\"\n\
             [targets.shop]\nkind = \"sqlite\"\npath = {file:?}\nservice = \"shop\"\n"
        )
    };
    let first = setup(&config("false"));
    let (data, database) = (first.folder.clone(), TestDatabase::sqlite());
    let bot = TestBot::start(&database, first).await;
    let object = copied(&bot, "shop").await["object"].as_str().unwrap().to_owned();
    sqlite3(&file, "delete from a where n = 1");
    let spec = json!({"object": object, "target": "shop", "clean": true});
    let result = fails(&bot, spec.clone(), "The writers of shop are still stopped: look, then run start-shop.").await;
    assert_eq!((stages(&result).last().unwrap().as_str(), &result["writers"]), ("migrate fail", &json!("stopped")));
    assert!(stopped.exists() && result["safety"].is_string(), "{result}");
    assert!(result["sentence"].as_str().unwrap().contains("was restored, but what came after it failed"), "{result}");
    bot.finish().await;
    let bot = TestBot::start(&database, again(config("true"), data)).await;
    let result = passes(&bot, spec).await;
    assert_eq!((stopped.exists(), &result["writers"]), (false, &json!("running")));
    assert_eq!(sqlite3(&file, "select group_concat(n) from a"), "1,2");
    bot.finish().await;
}

fn again(sections: String, folder: std::sync::Arc<tempfile::TempDir>) -> Setup {
    Setup { folder, ..setup(&sections) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_replaced_at_once_or_by_tables_and_what_lay_beside_it_is_not_taken_for_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.db");
    sqlite3(
        &file,
        "pragma journal_mode = wal; create table a (n integer primary key, t text); insert into a values (1, 'one'), (2, 'two'); \
         create table b (n integer references a); insert into b values (1)",
    );
    let sections = format!("{FREE}[targets.shop]\nkind = \"sqlite\"\npath = {file:?}\n");
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&sections)).await;
    let object = copied(&bot, "shop").await["object"].as_str().unwrap().to_owned();
    let rows = || {
        sqlite3(&file, "select group_concat(n || t) from a") + "/" + &sqlite3(&file, "select group_concat(n) from b")
    };
    let spec = |more: Value| {
        let mut spec = json!({"object": object, "target": "shop"});
        spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        spec
    };
    // Somebody has it open, and what they wrote is beside the file.
    let open = rusqlite::Connection::open(&file).unwrap();
    open.execute_batch("delete from b; update a set t = 'uno' where n = 1").unwrap();
    assert!(file.with_file_name("shop.db-wal").exists());
    fails(&bot, spec(json!({})), "is not empty").await;
    passes(&bot, spec(json!({"clean": true}))).await;
    drop(open);
    assert_eq!(rows(), "1one,2two/1");
    assert_eq!(sqlite3(&file, "pragma integrity_check"), "ok");

    sqlite3(&file, "update a set t = 'uno'; insert into b values (2)");
    passes(&bot, spec(json!({"tables": ["a"], "clean": true}))).await;
    assert_eq!(rows(), "1one,2two/1,2", "the other table keeps what was written since");
    sqlite3(&file, "insert into a values (3, 'three'); insert into b values (3)");
    fails(&bot, spec(json!({"tables": ["a"], "clean": true})), "refers to a row of a that is not there").await;
    assert_eq!(rows(), "1one,2two,3three/1,2,3", "nothing was changed");
    sqlite3(&file, "drop table b");
    passes(&bot, spec(json!({"tables": ["b"]}))).await;
    assert_eq!(rows(), "1one,2two,3three/1");
    let left = names_below(folder.path());
    assert!(left.iter().all(|path| !path.to_string_lossy().contains(".drillbell-")), "{left:?}");
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_come_back_whole_or_by_path_and_none_leaves_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let media = folder.path().join("media");
    std::fs::create_dir_all(media.join("2026/deep")).unwrap();
    std::fs::write(media.join("2026/a.jpg"), "a").unwrap();
    std::fs::write(media.join("2026/deep/b.jpg"), "b").unwrap();
    std::fs::write(media.join("c.jpg"), "c").unwrap();
    std::os::unix::fs::symlink("../elsewhere", media.join("link")).unwrap();
    let sections = format!("{FREE}[targets.media]\nkind = \"files\"\npath = {media:?}\n");
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&sections)).await;
    let object = copied(&bot, "media").await["object"].as_str().unwrap().to_owned();
    let read = |name: &str| std::fs::read_to_string(media.join(name)).unwrap_or_else(|_| "gone".to_owned());
    let spec = |paths: Value, clean: bool| json!({"object": object, "target": "media", "paths": paths, "clean": clean});

    std::fs::write(media.join("2026/a.jpg"), "other").unwrap();
    std::fs::write(media.join("new.jpg"), "new").unwrap();
    std::fs::remove_file(media.join("2026/deep/b.jpg")).unwrap();
    fails(&bot, spec(json!([]), false), "is not empty").await;
    fails(&bot, spec(json!(["2026/a.jpg"]), false), "2026/a.jpg is there").await;
    fails(&bot, spec(json!(["nothing"]), true), "The copy has no nothing").await;
    passes(&bot, spec(json!(["2026/deep/b.jpg"]), false)).await;
    assert_eq!([read("2026/a.jpg"), read("2026/deep/b.jpg"), read("new.jpg")], ["other", "b", "new"]);
    passes(&bot, spec(json!(["2026/a.jpg", "link"]), true)).await;
    assert_eq!([read("2026/a.jpg"), read("new.jpg")], ["a", "new"]);
    assert_eq!(std::fs::read_link(media.join("link")).unwrap(), Path::new("../elsewhere"));

    // A folder that has become a link to elsewhere is not written through.
    let outside = folder.path().join("outside");
    std::fs::create_dir(&outside).unwrap();
    std::fs::remove_dir_all(media.join("2026")).unwrap();
    std::os::unix::fs::symlink(&outside, media.join("2026")).unwrap();
    fails(&bot, spec(json!(["2026/a.jpg"]), true), "which is no folder").await;
    assert!(names_below(&outside).is_empty());

    let result = passes(&bot, spec(json!([]), true)).await;
    assert_eq!([read("2026/a.jpg"), read("2026/deep/b.jpg"), read("c.jpg"), read("new.jpg")], ["a", "b", "c", "gone"]);
    assert_eq!(result["files"], 4);
    assert!(
        names_below(&outside).is_empty() && std::fs::read_dir(&media).unwrap().count() == 3,
        "{:?}",
        names_below(&media)
    );
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_that_was_killed_is_not_begun_again_unasked() {
    killed_after_its_writers_were_stopped(|_| {}).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn how_far_a_restore_was_that_cannot_be_read_is_not_that_nothing_was_done() {
    killed_after_its_writers_were_stopped(|database| {
        drop(sqlite3(database, "update jobs set checkpoint = '{\"of\": 2'"))
    })
    .await;
}

/// `meanwhile` is done to the bot's database before the bot comes back.
async fn killed_after_its_writers_were_stopped(meanwhile: impl Fn(&Path)) {
    let folder = tempfile::tempdir().unwrap();
    let (file, stopped) = (folder.path().join("shop.db"), folder.path().join("stopped"));
    sqlite3(&file, "create table a (n); insert into a values (1)");
    let plugin = from_file(PLUGIN);
    let sections = format!(
        "{FREE}[commands.stop-shop]\nargv = [\"touch\", {stopped:?}]\n[commands.hang]\nargv = [\"sleep\", \"600\"]\ntimeout = \"1h\"\n\
         [services.shop]\nstop = \"stop-shop\"\nstart = \"hang\"\nmigrate = \"hang\"\n\
         [targets.shop]\nkind = \"sqlite\"\npath = {file:?}\nservice = \"shop\"\n{plugin}\n{PEOPLE}"
    );
    let database = TestDatabase::sqlite();
    let home = Home::of(&database, &sections);
    let process = home.start(&[]).await;
    let of = |kind: &str, spec: Value| format!("/misbehave job {kind} --spec '{spec}' --lost repeat of-{kind}");
    process.command("copy", &of("backup", json!({"target": "shop", "reason": "manual"}))).await;
    let store = home.folder.path().join("data/artifacts");
    let copies = names_below(&store.join("backups/shop"));
    let copy = copies.iter().find(|path| !path.to_string_lossy().ends_with(".json")).unwrap();
    let object = copy.strip_prefix(&store).unwrap().to_string_lossy().into_owned();
    sqlite3(&file, "delete from a");
    let restored =
        eventually("the rows are back", async || (sqlite3(&file, "select count(*) from a") == "1").then_some(()));
    let command = of("restore", json!({"object": object, "target": "shop", "clean": true}));
    tokio::select! {
        answer = process.command("doomed", &command) => panic!("the job ended: {answer:?}"),
        () = restored => {}
    }
    process.kill();
    assert!(stopped.exists());
    sqlite3(&file, "delete from a");
    meanwhile(Path::new(database.url.trim_start_matches("sqlite:")));
    let setup = Setup { config: sections, folder: home.folder, clock: Clock::system(), ..Setup::default() };
    let bot = TestBot::start(&database, setup).await;
    eventually("people are asked", async || {
        let jobs = bot.app.store().jobs_of(&"misbehaving".into(), false, 10).await.unwrap();
        jobs.iter().any(|job| job.kind == "restore" && job.state == JobState::Lost).then_some(())
    })
    .await;
    assert_eq!(sqlite3(&file, "select count(*) from a"), "0", "it was not restored again");
    bot.finish().await;
}
