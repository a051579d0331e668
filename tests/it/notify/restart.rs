//! Stopping and starting with pages under way: none is lost, order stays, and the count of attempts goes on.

use super::{ended, hook, pages, setup, story};
use crate::support::bot::{Setup, TestBot, plugin_folder, with_database};
use crate::support::eventually;
use crate::support::process::Home;
use crate::support::receiver::{Mishap, Receiver};
use drillbell::clock::Clock;
use drillbell::store::Store;
use serde_json::Value;

#[test]
fn pages_that_nobody_would_take_go_out_in_order_after_the_next_start() {
    with_database(async |database| {
        let receiver = Receiver::start().await;
        let config = format!("{}\n[limits]\nshutdown = \"1s\"", hook(&receiver));
        let first = setup(&config, &["hook"]);
        let (folder, clock) = (first.folder.clone(), first.clock.clone());
        let again = Setup { folder, clock, ..setup(&config, &[]) };
        let bot = TestBot::start(database, first).await;
        receiver.is_down(true);
        pages(&bot, "hook", &["k1", "k2", "k3"]).await;
        let tried = eventually("the first was tried twice", async || {
            let waiting = bot.app.store().open_pages(0, 10).await.unwrap();
            waiting.first().filter(|page| page.attempts >= 2).map(|page| page.attempts)
        })
        .await;
        bot.app.stop().await;
        receiver.is_down(false);
        let bot = TestBot::start(database, again).await;
        let records = ended(&bot, 3).await;
        let keys: Vec<_> = receiver.taken().iter().map(|taken| taken.json()["key"].clone()).collect();
        assert_eq!(keys, ["k1", "k2", "k3"]);
        let attempts = records[0]["detail"]["attempts"].as_i64().unwrap();
        assert!(attempts > tried, "{attempts} is not more than {tried}: {}", story(&bot, &records).await);
        let told = story(&bot, &records[..1]).await;
        assert!(told.contains("  1 later: HTTP 503: not now\n  2 later: HTTP 503: not now"), "{told}");
        assert!(told.ends_with(&format!("{attempts} sent: HTTP 202")), "{told}");
        bot.finish().await;
    });
}

#[test]
fn a_notifier_that_was_taken_out_of_the_configuration_is_named() {
    with_database(async |database| {
        let receiver = Receiver::start().await;
        let other = "[notify.other]\nkind = \"webhook\"\nurl = \"http://127.0.0.1:9/\"\nsecret.file = \"hook\"";
        let config = format!("{}\n{other}\n[limits]\nshutdown = \"1s\"", hook(&receiver));
        let first = setup(&config, &["hook"]);
        let (folder, clock) = (first.folder.clone(), first.clock.clone());
        let again = Setup { folder, clock, ..setup(other, &[]) };
        let bot = TestBot::start(database, first).await;
        receiver.is_down(true);
        pages(&bot, "hook", &["k1"]).await;
        bot.app.stop().await;
        let bot = TestBot::start(database, again).await;
        let record = ended(&bot, 1).await.remove(0);
        assert_eq!(record["detail"]["reason"], "no notifier `hook` is configured any more: add [notify.hook]");
        bot.finish().await;
    });
}

#[test]
fn a_page_under_way_when_the_bot_is_killed_goes_out_after_the_next_start_under_the_same_id() {
    with_database(async |database| {
        let receiver = Receiver::start().await;
        let home = Home::new(database);
        let plugin = plugin_folder().join("misbehaving.wasm");
        let more = format!(
            "\n[plugins.misbehaving]\nsource = \"file:{}\"\ngrants = [\"page:*\"]\n{}",
            plugin.display(),
            hook(&receiver)
        );
        let text = std::fs::read_to_string(&home.config).unwrap();
        std::fs::write(&home.config, text + &more).unwrap();
        std::fs::write(home.folder.path().join("hook"), "the secret hook of this test").unwrap();

        receiver.next(Mishap::Silent);
        let process = home.start(&[]).await;
        let reached = eventually("the page is at the receiver", async || (receiver.calls() > 0).then_some(()));
        // It is answered only when all that it asked for is delivered, and that will never be.
        tokio::select! {
            answer = process.command("k1", "/misbehave ask-page hook INC-1") => panic!("{answer:?}"),
            () = reached => {}
        }
        process.kill();

        let process = home.start(&[]).await;
        let answer = process.command("k1", "/misbehave ask-page hook INC-1").await.unwrap();
        assert_eq!(answer["status"], "ok", "the same command, not another one: {answer}");
        eventually("the page arrives", async || (!receiver.taken().is_empty()).then_some(())).await;
        assert!(process.end(false).await.success(), "a clean stop");

        let (store, closing) = Store::open(&database.url, 2, Clock::system()).await.unwrap();
        let records = store.audit_page(0, 1000).await.unwrap();
        let records: Vec<Value> = records.iter().map(|row| serde_json::from_str(&row.record).unwrap()).collect();
        let page: Vec<_> = records.iter().filter(|record| record["kind"] == "page").collect();
        let taken = receiver.taken();
        assert!(page.len() == 1 && taken.len() == 1, "{page:?} {taken:?}");
        assert_eq!(page[0]["detail"]["outbox"], taken[0].headers["drillbell-delivery"].as_str());
        drop(store);
        closing.wait().await;
    });
}
