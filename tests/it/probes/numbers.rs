//! Numbers: of a real PostgreSQL and an SQLite file, and of kept looks; how long one must be too far, and the second threshold.

use super::{ALERTED, cards, look, looks, posts, row, setup};
use crate::alerts::standing;
use crate::support::bot::{TestBot, with_database};
use crate::support::database::{NEW_YEAR_MS, TestDatabase};
use crate::support::postgres;
use crate::support::receiver::Receiver;
use drillbell::ops::sql::{Asked, number};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_query_answers_with_one_number_and_can_do_nothing_else() {
    let url = postgres::fresh_database();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.db");
    TestDatabase::at(url.clone()).execute("create table jobs (n bigint)").await;
    TestDatabase::at(format!("sqlite:{}?mode=rwc", file.display())).execute("create table jobs (n bigint)").await;
    for of in [Asked::Postgres(&url), Asked::Sqlite(&file)] {
        for (query, answer) in [
            ("select 1.5", Some("1.5")),
            ("select count(*) from jobs -- none", Some("0")),
            ("select n from jobs", None),
            ("with two as (select 2 as n) select n from two", Some("2")),
        ] {
            let told = number(of, query, PATIENCE).await.unwrap_or_else(|why| panic!("{query}: {why}"));
            assert_eq!(told.as_deref(), answer, "{query}");
        }
        for query in
            ["select nothing", "insert into jobs values (1) returning n", "select 1; delete from jobs", "select 1, 2"]
        {
            assert!(number(of, query, PATIENCE).await.is_err(), "{query}");
        }
        // Even one that breaks out of its place only reads, whatever it answers.
        let _ = number(of, "select 1) as text); insert into jobs values (1); select ((2", PATIENCE).await;
        assert_eq!(number(of, "select count(*) from jobs", PATIENCE).await.unwrap().as_deref(), Some("0"));
    }
    // One that would count for ever ends by itself: its thread is nobody's to stop.
    let endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select max(i) from n";
    let ended = tokio::time::timeout(PATIENCE, number(Asked::Sqlite(&file), endless, Duration::from_millis(100))).await;
    assert_eq!(ended.expect("it ends").unwrap_err(), "interrupted");
    assert!(number(Asked::Sqlite(&folder.path().join("none.db")), "select 1", PATIENCE).await.is_err());
    assert!(!folder.path().join("none.db").exists());
    let why = number(Asked::Postgres("postgres://u:hunter2@127.0.0.1:1/x"), "select 1", PATIENCE).await.unwrap_err();
    assert!(!why.contains("hunter2"), "{why}");
}

#[test]
fn a_single_number_must_be_too_far_for_all_of_its_window() {
    with_database(async |database| {
        let url = postgres::fresh_database();
        let shop = TestDatabase::at(url.clone());
        shop.execute("create table jobs (n bigint)").await;
        let probe = format!(
            "[probes.queue]\nurl = \"{url}\"\nquery = \"select count(*) from jobs\"\nunit = \"jobs\"\nwindow = \"90s\"\nabove = 2\n"
        );
        let bot = TestBot::start(database, setup(&probe)).await;
        assert_eq!(look(&bot, "queue").await.value, Some(0.0));
        shop.execute("insert into jobs values (1), (2), (3)").await;
        assert_eq!(looks(&bot, "queue", 3).await, ["fail"; 3]);
        assert_eq!(posts(&bot).await, 0, "a minute is less than the window");
        shop.execute("delete from jobs where n = 3").await;
        assert_eq!(look(&bot, "queue").await.outcome, "pass", "the threshold itself is not too far");
        shop.execute("insert into jobs values (3)").await;
        looks(&bot, "queue", 4).await;
        let card = cards(&bot).await.remove(0);
        assert!(card.contains("queue: 3 jobs (alert above 2 jobs)"), "{card}");
        bot.finish().await;
    });
}

#[test]
fn kept_looks_make_a_percentile_and_a_rate_and_the_second_threshold_goes_its_own_way() {
    with_database(async |database| {
        let server = Receiver::start().await;
        let probes = format!(
            "[probes.shop]\nurl = \"{}\"\nfail_after = 100\n\
             [probes.slow]\nof = \"shop\"\nmeasure = \"p95\"\nwindow = \"5m\"\nabove = \"1s\"\nseverity = \"warning\"\n\
             [probes.slow.also]\nabove = \"2s\"\nseverity = \"critical\"\nchannel = \"console:#ops\"\n\
             [probes.errors]\nof = \"shop\"\nmeasure = \"error-rate\"\nwindow = \"5m\"\nabove = \"5%\"\nseverity = \"critical\"\n",
            server.url()
        );
        let bot = TestBot::start(database, setup(&probes)).await;
        // As if many had been looked at within the last minute.
        let keep = async |from: usize, took_ms: i64, outcome: &str| {
            for n in from..from + 60 {
                let at_ms = bot.clock.now_ms() - 60_000 + i64::try_from(n).unwrap();
                bot.app.store().keep_probe(row("shop", at_ms, outcome, took_ms)).await.unwrap();
            }
        };
        keep(0, 1_400, "pass").await;
        let row = look(&bot, "slow").await;
        assert_eq!((row.outcome.as_str(), row.value), ("fail", Some(1.4)));
        super::told(&bot, "errors").await;
        let card = cards(&bot).await.remove(0);
        assert!(card.contains("slow: 1.4 s (alert above 1 s)"), "{card}");
        assert_eq!(standing(&bot, "console:#ops").await, [""; 0], "the second threshold is further out");

        keep(100, 2_500, "fail").await;
        let row = look(&bot, "slow").await;
        assert_eq!(row.value, Some(2.5));
        let second = standing(&bot, "console:#ops").await.remove(0);
        assert!(second.contains("slow: 2.5 s (alert above 2 s)"), "{second}");
        look(&bot, "errors").await;
        let all = standing(&bot, ALERTED).await.join("\n");
        assert!(all.contains("errors: ") && all.contains("% (alert above 5 %)"), "{all}");
        assert!(bot.clock.now_ms() > NEW_YEAR_MS);
        bot.finish().await;
    });
}
