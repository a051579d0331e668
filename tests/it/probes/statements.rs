//! The shipped query for slow statements (S2-03) at a real PostgreSQL that counts its statements.

use super::{look, setup};
use crate::support::bot::{TestBot, with_database};
use crate::support::postgres::{Cluster, binaries, psql};

/// The query as `drillbell.example.toml` has it.
fn shipped() -> String {
    let example = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/drillbell.example.toml"));
    let example: toml::Table = example.expect("the example is there").parse().expect("it is TOML");
    example["probes"]["slow-queries"]["query"].as_str().expect("a query").to_owned()
}

#[test]
fn the_shipped_query_tells_the_slowest_statements_95th_percentile() {
    if !binaries().with_file_name("lib").join("pg_stat_statements.so").exists() {
        println!("skipped: this PostgreSQL has no pg_stat_statements");
        return;
    }
    with_database(async |database| {
        let cluster = Cluster::start_with(false, &["shared_preload_libraries=pg_stat_statements"]);
        let url = cluster.create();
        psql(
            &url,
            "create extension pg_stat_statements; create role watcher login; grant pg_read_all_stats to watcher",
        );
        let watcher = url.replacen("drillbell@", "watcher@", 1);
        let probe = format!(
            "[probes.slow-queries]\nurl = \"{watcher}\"\nquery = \"{}\"\nunit = \"ms\"\nwindow = \"5m\"\nabove = \"100ms\"\n",
            shipped()
        );
        let bot = TestBot::start(database, setup(&probe)).await;
        psql(&url, "select pg_stat_statements_reset()");
        let nothing = look(&bot, "slow-queries").await;
        assert_eq!(
            (nothing.outcome.as_str(), nothing.value),
            ("unknown", None),
            "too few calls say nothing: {nothing:?}"
        );
        // One statement, twenty times; each takes at least so long.
        psql(&url, &"select pg_sleep(0.12);".repeat(20));
        let slow = look(&bot, "slow-queries").await;
        assert_eq!(slow.outcome, "fail", "{slow:?}");
        assert!(slow.value.expect("a number") >= 120.0, "{slow:?}");
        bot.finish().await;
    });
}
