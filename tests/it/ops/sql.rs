//! Questions to real databases: what reads is answered, what does more is not, whoever asks.

use crate::support::postgres;
use drillbell::config::{Config, Env};
use drillbell::ops::sql::{Question, Rows, ask};
use serde_json::json;
use sqlx::{AnyPool, AssertSqlSafe};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(20);

/// A database with a table, and the addresses of its owner and of a role that may only read.
async fn shop() -> (String, String) {
    sqlx::any::install_default_drivers();
    let owner = postgres::fresh_database();
    let reader = format!("reader_{}", owner.rsplit('/').next().unwrap().replace('-', "_"));
    let pool = AnyPool::connect(&owner).await.unwrap();
    for statement in [
        "create table carts (id bigint, state text)".to_owned(),
        "insert into carts values (1, 'open'), (2, 'open'), (3, 'paid')".to_owned(),
        format!("create role {reader} login"),
        format!("grant select, insert, update, delete on carts to {reader}"),
        "create function grow() returns bigint language sql as 'insert into carts values (9, null) returning id'"
            .to_owned(),
    ] {
        sqlx::query(AssertSqlSafe(statement)).execute(&pool).await.unwrap();
    }
    pool.close().await;
    let (scheme, rest) = owner.split_once("://").unwrap();
    let host = rest.split_once('@').map_or(rest, |(_, host)| host);
    let reads = format!("{scheme}://{reader}@{host}");
    (owner, reads)
}

async fn asked(url: &str, query: &str, args: &[(&str, &str)], rows: Option<usize>) -> Result<Rows, String> {
    let config = format!("[databases.shop]\nurl = {url:?}");
    let config = Config::parse(&config, Path::new("drillbell.toml"), &Env::none()).unwrap();
    let args: BTreeMap<_, _> = args.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let question = Question { query: query.to_owned(), rows, ..Question::default() };
    ask(config.databases.get("shop").unwrap(), &question, &args, LIMIT).await
}

#[tokio::test]
async fn a_statement_that_reads_is_answered_with_its_places_bound() {
    let (_, url) = shop().await;
    let rows = asked(
        &url,
        "select state, count(*) as many from carts where state = {state} group by state",
        &[("state", "open")],
        None,
    );
    let rows = rows.await.unwrap();
    assert_eq!((rows.first, rows.rows), (Some("open".into()), vec![json!({"state": "open", "many": 2})]));
    let rows = asked(&url, "select id from carts order by id -- a comment", &[], Some(2)).await.unwrap();
    assert_eq!((rows.rows.len(), rows.cut), (2, true));
    let evil = "open' or true; drop table carts; --";
    assert_eq!(
        asked(&url, "select id from carts where state = {state}", &[("state", evil)], None).await.unwrap().rows.len(),
        0
    );
    assert_eq!(asked(&url, "table carts", &[], None).await.unwrap().rows.len(), 3);
}

#[tokio::test]
async fn what_does_more_than_read_is_refused_even_by_a_role_that_may() {
    let (owner, url) = shop().await;
    for statement in [
        "with gone as (delete from carts returning *) select count(*) from gone",
        "select grow()",
        "select 1) as answer; drop table carts; select * from (select 1",
        "select 1; select 2",
        "set role drillbell",
        "select set_config('role', 'drillbell', false)",
        "select pg_terminate_backend(1)",
        "select * from carts for update",
    ] {
        let refused = asked(&url, statement, &[], None).await;
        assert!(refused.is_err(), "{statement}: {refused:?}");
    }
    let why = asked(&owner, "select 1", &[], None).await.unwrap_err();
    assert!(why.contains("can do more than read"), "{why}");
    let why = asked(&url, "select nothing from carts", &[], None).await.unwrap_err();
    assert!(why.starts_with("the database refused:"), "{why}");
    let why = asked("postgres://reader@127.0.0.1:9/shop", "select 1", &[], None).await.unwrap_err();
    assert!(why.starts_with("no connection"), "{why}");
    assert_eq!(asked(&url, "select count(*) from carts", &[], None).await.unwrap().first, Some(3.into()));
}

#[tokio::test]
async fn a_role_that_could_become_a_greater_one_is_refused() {
    let (owner, url) = shop().await;
    let reader = url.rsplit_once("://").unwrap().1.split_once('@').unwrap().0.to_owned();
    let pool = AnyPool::connect(&owner).await.unwrap();
    for power in ["superuser", "createrole", "createdb", "replication", "bypassrls"] {
        assert!(asked(&url, "select 1", &[], None).await.is_ok());
        // By way of a role between, which itself can do nothing.
        for statement in [
            format!("create role {reader}_great {power}"),
            format!("create role {reader}_between noinherit"),
            format!("grant {reader}_great to {reader}_between"),
            format!("grant {reader}_between to {reader}"),
        ] {
            sqlx::query(AssertSqlSafe(statement)).execute(&pool).await.unwrap();
        }
        let why = asked(&url, "select 1", &[], None).await.unwrap_err();
        assert!(why.contains("can do more than read"), "{power}: {why}");
        for role in ["between", "great"] {
            sqlx::query(AssertSqlSafe(format!("drop role {reader}_{role}"))).execute(&pool).await.unwrap();
        }
    }
    pool.close().await;
}

#[tokio::test]
async fn a_row_that_is_too_long_is_not_taken_and_is_said_to_be_missing() {
    let (_, url) = shop().await;
    let rows = asked(&url, "select 1 as n union all select 2", &[], None).await.unwrap();
    assert_eq!((rows.rows.len(), rows.cut), (2, false));
    let long = "select repeat('x', case n when 2 then 50000000 else 1 end) as text from generate_series(1, 3) as n";
    let rows = asked(&url, long, &[], None).await.unwrap();
    assert_eq!((rows.first, rows.rows.len(), rows.cut), (Some("x".into()), 1, true));
}
