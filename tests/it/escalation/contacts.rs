//! The test of all contacts: everybody is paged with a message that says that it is a test, and how it went is kept.

use super::{Levels, hears, hook, pass};
use crate::support::bot::{HERE, TestBot, with_database};
use crate::support::eventually;
use crate::support::receiver::{Mishap, Receiver};

#[test]
fn every_way_is_tested_once_and_what_failed_is_said() {
    with_database(async |database| {
        let (levels, broken) = (Levels::start().await, Receiver::start().await);
        let setup = levels
            .setup(&format!("{}[rotations.r]\nmembers = [\"ben\"]\nfrom = \"2026-01-05\"\n", hook("broken", &broken)));
        let bot = TestBot::start(database, setup).await;
        broken.next(Mishap::Status(410, None));
        let before = bot.ana("/drillbell contacts").await;
        assert!(before.text.contains("never tested"), "{before:?}");
        bot.ana("/drillbell contacts --test").await;
        let contacts = eventually("all have been tested", async || {
            let rows = bot.app.store().contacts().await.unwrap();
            (rows.len() == 4).then_some(rows)
        })
        .await;
        let told: Vec<_> =
            contacts.iter().map(|row| (row.notifier.as_str(), row.reached, row.detail.as_str())).collect();
        let broken = ("broken", false, "HTTP 410: not now");
        assert_eq!(told, [("@ben", true, ""), broken, ("first", true, ""), ("second", true, "")]);
        assert_eq!(hears(&levels.first, 1).await, ["trigger drillbell:contact-test"]);
        assert_eq!(levels.first.taken()[0].json()["title"], "TEST: nothing is wrong");
        let status = bot.ana("/drillbell status").await;
        assert!(status.text.contains("3 of 4 reached; failed: broken"), "{status:?}");
        let records = bot.trail().await;
        let of_it = records.iter().filter(|record| record["detail"]["key"] == "drillbell:contact-test").count();
        assert_eq!(of_it, 4, "each is in the audit trail");
        bot.finish().await;
    });
}

#[test]
fn once_a_month_it_happens_by_itself_and_the_operators_read_how_it_went() {
    with_database(async |database| {
        let levels = Levels::start().await;
        let bot = TestBot::start(database, levels.setup("")).await;
        pass(&bot, 30 * 86_400).await;
        assert_eq!(hears(&levels.second, 1).await, ["trigger drillbell:contact-test"]);
        eventually("it is kept", async || (bot.app.store().contacts().await.unwrap().len() == 2).then_some(())).await;
        pass(&bot, 600).await;
        let read = eventually("the operators read it", async || {
            let read = bot.app.store().stream_after(0, Some(&"console:#ops".into()), &"ben".into(), 50).await.unwrap();
            read.into_iter().find(|item| item.payload["title"] == "Monthly test of contacts")
        })
        .await;
        assert!(read.payload.to_string().contains("reached 10m ago"), "{read:?}");
        pass(&bot, 30 * 86_400).await;
        assert_eq!(hears(&levels.second, 2).await.len(), 2, "and again");
        bot.finish().await;
    });
}

#[test]
fn a_way_that_does_not_answer_is_not_called_reached_because_it_was_last_month() {
    with_database(async |database| {
        let levels = Levels::start().await;
        let bot = TestBot::start(database, levels.setup("")).await;
        bot.ana("/drillbell contacts --test").await;
        eventually("both are reached", async || (bot.app.store().contacts().await.unwrap().len() == 2).then_some(()))
            .await;
        levels.second.is_down(true);
        pass(&bot, 30 * 86_400).await;
        hears(&levels.first, 2).await;
        eventually("the first is kept", async || {
            let rows = bot.app.store().contacts().await.unwrap();
            (rows[0].at_ms > rows[1].at_ms).then_some(())
        })
        .await;
        pass(&bot, 600).await;
        let read = bot.app.store().stream_after(0, Some(&"console:#ops".into()), &"ben".into(), 50).await.unwrap();
        let report = read.iter().find(|item| item.payload["title"] == "Monthly test of contacts").expect("a report");
        let text = report.payload.to_string();
        assert!(text.contains("not reached yet; it is tried again") && text.contains("critical"), "{text}");
        levels.second.is_down(false);
        bot.finish().await;
    });
}

#[test]
fn no_plugin_can_pretend_that_somebody_was_reached() {
    with_database(async |database| {
        let levels = Levels::start().await;
        let pager = "[plugins.misbehaving]\nsource = \"builtin:misbehaving\"\ngrants = [\"page:*\"]\n";
        let bot = TestBot::start(database, levels.setup(pager)).await;
        let forged = bot.types("ana", HERE, "/misbehave ask-page first drillbell:contact-test").await;
        assert!(forged.text.contains("is no key of a page"), "{forged:?}");
        assert!(bot.app.store().contacts().await.unwrap().is_empty());
        bot.finish().await;
    });
}
