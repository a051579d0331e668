//! PostgreSQL: a stranger restores what was copied, the counts are those of the rows, and a writer never splits a pair.

use super::{Keys, copied, copies_of, piped, psql, setup, store_of, unpacked, verdict};
use crate::support::bot::TestBot;
use crate::support::database::TestDatabase;
use crate::support::postgres::fresh_database;
use serde_json::Value;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const SHOP: &str = r#"
create schema "Odd name";
create table orders (id int primary key, who text, at timestamptz default '2026-01-01', blob bytea);
insert into orders select n, 'customer ' || n || E'\twith\n\\ odd', '2026-01-01', decode(md5(n::text), 'hex') from generate_series(1, 3000) n;
create table "Odd name"."t.1" (a int, b text);
insert into "Odd name"."t.1" values (1, null), (2, '\.'), (null, '');
create table nothing (a int);
create table no_columns ();
insert into no_columns default values;
create table django_migrations (id int, app text, name text);
insert into django_migrations values (9, 'shop', '0009_old'), (10, 'shop', '0010_new');
select lo_from_bytea(0, 'a large object'::bytea);
"#;

/// Everything in the tables, in one order.
const ALL: &str = r#"select md5(string_agg(o::text, ',' order by id)) from orders o
    union all select string_agg(t::text, ',' order by a) from "Odd name"."t.1" t union all select count(*)::text from no_columns"#;

fn config(url: &str) -> String {
    format!("[targets.shop]\nkind = \"postgres\"\nurl = {url:?}\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_restores_what_was_copied_and_finds_the_same_rows() {
    let (source, restored, keys) = (fresh_database(), fresh_database(), Keys::new());
    psql(&source, SHOP);
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&(keys.section() + &config(&source)))).await;
    let result = copied(&bot, "shop").await;
    let object = result["object"].as_str().unwrap();
    assert!(object.starts_with("backups/shop/20260101T000000Z-") && object.ends_with(".dump.zst.age"), "{object}");
    let dump = unpacked(&bot, object, Some(&keys.identity));
    piped(Command::new("pg_restore").args(["--no-owner", "--exit-on-error", "-d", &restored]), &dump);
    assert_eq!(psql(&restored, ALL), psql(&source, ALL));

    let manifest = std::fs::read(store_of(&bot).join(format!("{object}.manifest.json"))).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    assert_eq!((&manifest["plain_bytes"], &manifest["format"]), (&dump.len().into(), &"pg_custom".into()));
    let tables = manifest["contents"]["tables"].as_array().unwrap();
    let rows: Vec<_> = tables
        .iter()
        .map(|table| {
            format!("{}.{} {}", table["schema"].as_str().unwrap(), table["table"].as_str().unwrap(), table["rows"])
        })
        .collect();
    let expected = [
        "Odd name.t.1 3",
        "pg_catalog.pg_largeobject 1",
        "public.django_migrations 2",
        "public.no_columns 1",
        "public.nothing 0",
        "public.orders 3000",
    ];
    assert_eq!(rows, expected, "{:?}", manifest["contents"]["not_counted"]);
    assert_eq!(manifest["contents"]["migrations"][0]["latest"]["name"], "0010_new");
    assert!(manifest["contents"]["server"].as_str().unwrap().starts_with("PostgreSQL 1"));
    // The same rows have the same sum, whoever dumps them.
    let (said, checked) = verdict(&bot, object).await;
    assert_eq!(said, "verified", "{checked}");
    let known = bot.app.store().copy(object).await.unwrap().unwrap();
    assert_eq!(
        (known.verdict.as_str(), known.stored_bytes as u64),
        ("verified", manifest["stored_bytes"].as_u64().unwrap())
    );
    assert_eq!(copies_of(&bot, "shop").len(), 2, "a copy and its manifest, and nothing else");
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_of_pairs_never_leaves_half_a_pair_in_a_copy() {
    let (source, restored) = (fresh_database(), fresh_database());
    psql(
        &source,
        "create table a (n serial); create table b (n serial); create table filler as select n, repeat('x', 200) from generate_series(1, 20000) n",
    );
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&config(&source))).await;
    let stop = Arc::new(AtomicBool::new(false));
    let writer = std::thread::spawn({
        let (stop, source) = (stop.clone(), source.clone());
        move || {
            while !stop.load(Ordering::Relaxed) {
                psql(&source, "begin; insert into a default values; insert into b default values; commit");
            }
        }
    });
    let result = copied(&bot, "shop").await;
    stop.store(true, Ordering::Relaxed);
    writer.join().unwrap();
    let dump = unpacked(&bot, result["object"].as_str().unwrap(), None);
    piped(Command::new("pg_restore").args(["--no-owner", "--exit-on-error", "-d", &restored]), &dump);
    let count = psql(&restored, "select count(*) from a union all select count(*) from b");
    let (a, b) = count.split_once('\n').unwrap();
    assert_eq!(a, b, "no half pair");
    let rows = 20_000 + 2 * a.parse::<u64>().unwrap();
    assert_eq!(result["rows"], rows, "counted in the dump's own moment");
    bot.finish().await;
}
