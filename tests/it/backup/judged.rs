//! What a server does is not the copy's fault, and what is in a database that is restored into is not lost sight of.

use super::drills::{config, drilled, known, replaced, said, went};
use super::{copied, piped, psql, run, setup};
use crate::support::bot::{Setup, TestBot};
use crate::support::database::TestDatabase;
use crate::support::postgres::fresh_database;
use drillbell::model::job::JobState;
use serde_json::{Value, json};
use std::process::Command;

const SHOP: &str =
    "create table people (id int primary key, name text); insert into people values (1, 'Ada'), (2, 'Ben');
create table orders (id serial primary key, person int references people, note text);
insert into orders (person, note) select 1 + n % 2, 'note ' || n from generate_series(1, 500) n";
const ORDERS: &str = "select md5(string_agg(o::text, ',' order by id)) from orders o";

/// A shop that is restored without anybody's approval.
fn free(url: &str) -> Setup {
    setup(&format!(
        "[[policy]]\njob = \"restore\"\napprovals = 0\n[targets.shop]\nkind = \"postgres\"\nurl = {url:?}\n"
    ))
}

/// Restores; how that ended and what is said of it.
async fn restored(bot: &TestBot, spec: Value) -> (JobState, String) {
    let (state, outcome, _) = run(bot, "restore", spec).await;
    (state, outcome)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_lacks_something_breaks_no_copy() {
    let source = fresh_database();
    psql(&source, SHOP);
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&config(&source, ""))).await;
    let object = copied(&bot, "shop").await["object"].as_str().unwrap().to_owned();
    let text = piped(Command::new("pg_dump").args(["-Fp", "-d", &source]), b"");
    for lacks in ["create table public.t (word text collate \"xx-XX-nowhere\");", "select no_such_function();"] {
        replaced(&bot, &object, &[&text, lacks.as_bytes(), &b"\n"[..]].concat());
        let result = drilled(&bot, "shop").await;
        assert_eq!((said(&result), went(&result, "fail")), (("fail", "environment"), vec!["restore"]), "{result}");
        assert!(result["sentence"].as_str().unwrap().contains("does not exist"), "{result}");
        assert_eq!(known(&bot, &object).await, "unverified");
    }
    // What only the dump can be blamed for is.
    replaced(&bot, &object, &[&text, &b"insert into public.people values (1, 'twice');\n"[..]].concat());
    let result = drilled(&bot, "shop").await;
    assert_eq!((said(&result), went(&result, "fail")), (("fail", "backup"), vec!["restore"]), "{result}");
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_what_the_target_was_before_is_not_broken() {
    let (source, folder) = (fresh_database(), tempfile::tempdir().unwrap());
    let file = folder.path().join("shop.db");
    assert!(Command::new("sqlite3").arg(&file).arg("create table a (n)").status().unwrap().success());
    let first = setup(&format!("[targets.shop]\nkind = \"sqlite\"\npath = {file:?}\n"));
    let (data, database) = (first.folder.clone(), TestDatabase::sqlite());
    let bot = TestBot::start(&database, first).await;
    let object = copied(&bot, "shop").await["object"].as_str().unwrap().to_owned();
    bot.finish().await;
    let bot = TestBot::start(&database, Setup { folder: data, ..setup(&config(&source, "")) }).await;
    let (state, outcome, _) = run(&bot, "drill", json!({"target": "shop"})).await;
    assert_eq!(state, JobState::Failed);
    assert!(outcome.contains("is a copy of sqlite, and shop is postgres now"), "{outcome}");
    assert_eq!(known(&bot, &object).await, "unverified");
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_come_back_without_firing_triggers_and_new_ones_are_numbered_after_them() {
    let url = fresh_database();
    psql(&url, SHOP);
    psql(
        &url,
        "create table mails (n int);
         create function mail() returns trigger language plpgsql as 'begin insert into public.mails values (1); return null; end';
         create trigger sends after insert or delete on orders for each row execute function mail();
         create trigger empties after truncate on orders for each statement execute function mail();
         create trigger always after insert on orders for each row execute function mail();
         alter table orders enable always trigger always;
         create trigger off after insert on orders for each row execute function mail();
         alter table orders disable trigger off;
         create trigger copies after insert on orders for each row execute function mail();
         alter table orders enable replica trigger copies",
    );
    let (before, fire) = (
        psql(&url, ORDERS),
        "select string_agg(tgname || tgenabled::text, ' ' order by tgname) \
                          from pg_trigger where not tgisinternal",
    );
    let fired = psql(&url, fire);
    assert_eq!(fired, "alwaysA copiesR emptiesO offD sendsO");
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, free(&url)).await;
    let object = copied(&bot, "shop").await["object"].as_str().unwrap().to_owned();
    for spec in [
        json!({"object": object, "target": "shop", "tables": ["orders"], "clean": true}),
        json!({"object": object, "target": "shop", "tables": ["orders", "people"], "data_only": true, "clean": true}),
    ] {
        psql(&url, "update orders set note = 'lost'; select setval('orders_id_seq', 7)");
        let (state, outcome) = restored(&bot, spec).await;
        assert_eq!(state, JobState::Done, "{outcome}");
        assert_eq!((psql(&url, ORDERS), psql(&url, "select count(*) from mails")), (before.clone(), "0".to_owned()));
        assert_eq!(psql(&url, fire), fired);
        assert_eq!(psql(&url, "select last_value from orders_id_seq"), "500");
    }
    // Nor does a sequence go back.
    psql(&url, "select setval('orders_id_seq', 9000)");
    let (state, outcome) =
        restored(&bot, json!({"object": object, "target": "shop", "tables": ["orders"], "clean": true})).await;
    assert_eq!(state, JobState::Done, "{outcome}");
    assert_eq!(psql(&url, "select nextval('orders_id_seq')"), "9001");
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_gone_is_made_again_with_its_rows() {
    let url = fresh_database();
    psql(&url, SHOP);
    let before = psql(&url, ORDERS);
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, free(&url)).await;
    let object = copied(&bot, "shop").await["object"].as_str().unwrap().to_owned();
    psql(&url, "drop table orders");
    let spec = json!({"object": object, "target": "shop", "tables": ["orders"]});
    let (state, outcome) = restored(&bot, spec.clone()).await;
    assert_eq!((state, psql(&url, ORDERS)), (JobState::Done, before), "{outcome}");
    // One that cannot be made leaves nothing of itself.
    psql(&url, "drop table orders; create type orders as enum ('in the way')");
    let (state, outcome) = restored(&bot, spec).await;
    assert_eq!(state, JobState::Failed, "{outcome}");
    assert!(outcome.contains("already exists"), "{outcome}");
    assert_eq!(psql(&url, "select count(*) from pg_class where relname like 'orders%'"), "0");
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn references_are_kept_however_many_there_are() {
    let url = fresh_database();
    psql(&url, SHOP);
    psql(
        &url,
        "do $$ begin for n in 1..350 loop execute format('alter table orders add constraint %I foreign key (person) references people',
         'a_reference_with_a_name_that_is_about_as_long_as_one_may_' || n); end loop; end $$",
    );
    let count = "select count(*), sum(2 * length(conname) + length(pg_get_constraintdef(oid))) > 50000 from pg_constraint where contype = 'f' and convalidated";
    assert_eq!(psql(&url, count), "351|t");
    let before = psql(&url, ORDERS);
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, free(&url)).await;
    let object = copied(&bot, "shop").await["object"].as_str().unwrap().to_owned();
    psql(&url, "update orders set note = 'lost'");
    let (state, outcome) =
        restored(&bot, json!({"object": object, "target": "shop", "data_only": true, "clean": true})).await;
    assert_eq!(state, JobState::Done, "{outcome}");
    assert_eq!((psql(&url, ORDERS), psql(&url, count)), (before, "351|t".to_owned()));
    // They are checked again: whoever is referred to does not go.
    psql(&url, "insert into people values (3, 'Eve'); insert into orders (id, person) values (1000, 3)");
    let (state, outcome) =
        restored(&bot, json!({"object": object, "target": "shop", "tables": ["people"], "clean": true})).await;
    assert_eq!(state, JobState::Failed);
    assert!(outcome.contains("violates foreign key constraint"), "{outcome}");
    assert_eq!((psql(&url, "select count(*) from people"), psql(&url, count)), ("3".to_owned(), "351|t".to_owned()));
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_with_tables_that_the_copy_does_not_know_is_not_replaced() {
    let url = fresh_database();
    psql(&url, SHOP);
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, free(&url)).await;
    let object = copied(&bot, "shop").await["object"].as_str().unwrap().to_owned();
    psql(&url, "create schema side; create table side.newer (n int); delete from orders where id > 100");
    let spec = json!({"object": object, "target": "shop", "clean": true});
    let (state, outcome) = restored(&bot, spec.clone()).await;
    assert_eq!(state, JobState::Failed);
    assert!(
        outcome.contains("tables that the copy does not have") && outcome.contains(": side.newer. Drop"),
        "{outcome}"
    );
    assert_eq!(psql(&url, "select count(*) from orders"), "100", "nothing was touched");
    psql(&url, "drop schema side cascade");
    let (state, outcome) = restored(&bot, spec).await;
    assert_eq!(state, JobState::Done, "{outcome}");
    assert_eq!(psql(&url, "select count(*) from orders"), "500");
    bot.finish().await;
}
