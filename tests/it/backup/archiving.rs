//! Whether a real server archives its log is seen beside each verified copy, and says nothing about the copy itself.

use super::{copied, psql, setup, verdict};
use crate::support::bot::TestBot;
use crate::support::database::TestDatabase;
use crate::support::eventually;
use crate::support::postgres::{Cluster, fresh_database};

/// How it stands, by a verification of a copy, which is whole whatever comes out.
async fn stands(bot: &TestBot, object: &str) -> String {
    let (verdict, result) = verdict(bot, object).await;
    assert_eq!(verdict, "verified", "{result}");
    let presence = result["presence"].as_array().unwrap();
    let found = presence.iter().find(|found| found["name"] == "wal_archiving").unwrap_or_else(|| panic!("{result}"));
    format!("{} {}", found["status"].as_str().unwrap(), found["sentence"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_archives_its_log_is_told_from_one_that_fails_to_and_one_that_does_not() {
    let cluster = Cluster::start_with(false, &["archive_mode=on"]);
    let (archives, not) = (cluster.create(), fresh_database());
    let target = |name: &str, url: &str| {
        format!("[targets.{name}]\nkind = \"postgres\"\nurl = {url:?}\nwal_archiving = \"15m\"\n")
    };
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&(target("shop", &archives) + &target("plain", &not)))).await;
    let [shop, plain] = [copied(&bot, "shop").await, copied(&bot, "plain").await]
        .map(|copy| copy["object"].as_str().unwrap().to_owned());
    assert_eq!(stands(&bot, &plain).await, "fail its log is not archived: archive_mode is off");

    // A piece is full, and the command does with it what it is told.
    let archived = async |command: &str, done: &str| {
        psql(&archives, &format!("alter system set archive_command = '{command}'"));
        psql(&archives, "select pg_reload_conf()");
        psql(&archives, "create table if not exists t (n int); insert into t values (1)");
        psql(&archives, "select pg_switch_wal()");
        let asked = format!("select {done} from pg_stat_archiver");
        eventually(&format!("{command}: {done}"), async || (psql(&archives, &asked) == "t").then_some(())).await;
        stands(&bot, &shop).await
    };
    let said = archived("true", "archived_count > 0").await;
    assert!(said.starts_with("pass the last piece of its log was archived "), "{said}");
    let said = archived("false", "last_failed_time > last_archived_time").await;
    assert!(said.starts_with("fail ") && said.contains("its last attempt to archive a piece failed"), "{said}");
    bot.finish().await;
}
