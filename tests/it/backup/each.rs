//! Each check of a drill finds what it is there for, and nothing else: one thing is corrupted at a time, and only its check fails.

use super::drills::{config, known, replaced, said, went};
use super::{copied, piped, psql, run, setup, store_of, unpacked};
use crate::support::bot::TestBot;
use crate::support::database::TestDatabase;
use crate::support::postgres::fresh_database;
use crate::support::receiver::Receiver;
use drillbell::model::job::JobState;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

const SHOP: &str = r#"
create table people (id int primary key, name text not null unique);
insert into people values (1, 'Ada'), (2, 'Ben');
create table orders (id int primary key, person int constraint whose references people, note text);
insert into orders select n, 1 + n % 2, 'note ' || n from generate_series(1, 50) n;
create index by_note on orders (note);
create table django_migrations (id int, app text, name text);
insert into django_migrations values (9, 'shop', '0009_old'), (10, 'shop', '0010_new');
create sequence numbers;
select setval('numbers', 50);
"#;

/// Drills one copy; its result.
async fn drilled(bot: &TestBot, target: &str, object: &str) -> Value {
    let (state, outcome, result) = run(bot, "drill", json!({"target": target, "object": object})).await;
    assert_eq!(state, JobState::Done, "{outcome}");
    result
}

/// Only this check failed, for this reason, which the sentence names.
fn only(result: &Value, check: &str, cause: &str, words: &str) {
    assert_eq!((said(result), went(result, "fail")), (("fail", cause), vec![check]), "{result}");
    assert!(result["sentence"].as_str().unwrap().contains(words), "{words}: {result}");
    assert_eq!(result["dropped"], true, "{result}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_database_each_thing_that_is_corrupted_fails_its_own_check_alone() {
    let (source, changed, answers) = (fresh_database(), fresh_database(), Receiver::start().await);
    psql(&source, SHOP);
    psql(&changed, SHOP);
    let drill =
        format!("checks = [\"select true\", \"select last_value = 50 from numbers\"]\nsmoke = [{:?}]", answers.url());
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&config(&source, &drill))).await;
    let object = copied(&bot, "shop").await["object"].as_str().unwrap().to_owned();
    let dump = |sql: &str| {
        psql(&changed, sql);
        piped(Command::new("pg_dump").args(["-Fc", "-Z0", "-d", &changed]), b"")
    };
    for (corrupts, mends, check, words) in [
        (
            "delete from orders where id = 7",
            "insert into orders values (7, 2, 'note 7')",
            "counts",
            "public.orders has 49 rows instead of 50",
        ),
        (
            "update orders set note = 'note 8' where id = 7",
            "update orders set note = 'note 7' where id = 7",
            "checksums",
            "public.orders has other contents",
        ),
        (
            "alter table orders drop constraint whose",
            "alter table orders add constraint whose foreign key (person) references people",
            "constraints",
            "missing: public.orders whose",
        ),
        ("drop index by_note", "create index by_note on orders (note)", "constraints", "missing: public.by_note"),
        (
            "update django_migrations set name = '0010_other' where id = 10",
            "update django_migrations set name = '0010_new' where id = 10",
            "migrations",
            "public.django_migrations has 2 instead of 2, or ends with another one",
        ),
        (
            "delete from django_migrations where id = 10",
            "insert into django_migrations values (10, 'shop', '0010_new')",
            "migrations",
            "public.django_migrations has 1 instead of 2",
        ),
    ] {
        replaced(&bot, &object, &dump(corrupts));
        only(&drilled(&bot, "shop", &object).await, check, "backup", words);
        assert_eq!(known(&bot, &object).await, "broken");
        psql(&changed, mends);
    }
    replaced(&bot, &object, &dump("select setval('numbers', 49)"));
    only(&drilled(&bot, "shop", &object).await, "query 2", "check", "Query 2: It answered with f instead of true");
    replaced(&bot, &object, &dump("select setval('numbers', 50)"));
    answers.is_down(true);
    only(&drilled(&bot, "shop", &object).await, "smoke 1", "check", "was answered with 503");
    answers.is_down(false);
    // With all of that mended nothing is left to complain about.
    let result = drilled(&bot, "shop", &object).await;
    assert_eq!((said(&result), went(&result, "fail").len()), (("pass", "none"), 0), "{result}");
    assert_eq!(known(&bot, &object).await, "proven");
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_file_and_a_folder_too() {
    let folder = tempfile::tempdir().unwrap();
    let (file, media) = (folder.path().join("shop.db"), folder.path().join("media"));
    let sqlite =
        |file: &Path, sql: &str| assert!(Command::new("sqlite3").arg(file).arg(sql).status().unwrap().success());
    sqlite(
        &file,
        "create table people (id integer primary key); create table orders (n integer references people, note text unique); \
         create index by_n on orders (n); insert into people values (1); insert into orders values (1, 'a'), (1, 'b')",
    );
    std::fs::create_dir_all(&media).unwrap();
    std::fs::write(media.join("one"), "one").unwrap();
    std::fs::write(media.join("two"), "two").unwrap();
    let sections = format!(
        "[targets.shop]\nkind = \"sqlite\"\npath = {file:?}\n[targets.media]\nkind = \"files\"\npath = {media:?}\n"
    );
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&sections)).await;
    let object = copied(&bot, "shop").await["object"].as_str().unwrap().to_owned();
    let whole = unpacked(&bot, &object, None);
    let changed = folder.path().join("changed.db");
    for (sql, check, cause, words) in [
        ("delete from orders where note = 'b'", "counts", "backup", "orders has 1 rows instead of 2"),
        ("update orders set note = 'c' where note = 'b'", "checksums", "backup", "orders has other contents"),
        ("drop index by_n", "constraints", "backup", "missing: orders by_n"),
    ] {
        std::fs::write(&changed, &whole).unwrap();
        sqlite(&changed, sql);
        replaced(&bot, &object, &std::fs::read(&changed).unwrap());
        only(&drilled(&bot, "shop", &object).await, check, cause, words);
    }
    // What was so in the database itself is not the copy's fault.
    sqlite(&file, "insert into orders values (7, 'nobody has it')");
    let (_, _, taken) = run(&bot, "backup", json!({"target": "shop", "reason": "manual"})).await;
    let dangling = drilled(&bot, "shop", taken["object"].as_str().unwrap()).await;
    only(&dangling, "constraints", "check", "orders");

    let object = copied(&bot, "media").await["object"].as_str().unwrap().to_owned();
    let tar = || piped(Command::new("tar").arg("-C").arg(&media).args(["-cf", "-", "."]), b"");
    std::fs::write(media.join("two"), "TWO").unwrap();
    replaced(&bot, &object, &tar());
    only(&drilled(&bot, "media", &object).await, "checksums", "backup", "other names or contents");
    std::fs::remove_file(media.join("two")).unwrap();
    replaced(&bot, &object, &tar());
    only(&drilled(&bot, "media", &object).await, "counts", "backup", "1 files with 3 bytes instead of 2 with 6");
    assert!(store_of(&bot).join(&object).exists(), "a broken copy is left for people to look at");
    bot.finish().await;
}
