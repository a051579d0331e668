//! Drills with the whole bot around them: what the configuration says is scheduled, people are reminded, and what was put off waits.

use crate::alerts::standing;
use crate::support::bot::{DRILL, Setup, TestBot, with_bot_of, with_database};
use crate::support::database::NEW_YEAR_MS;
use crate::support::eventually;
use std::sync::Arc;

const HOUR_MS: i64 = 3_600_000;
const BACKUPS: &str = "console:#backups";

/// A bot that is to drill a shop on the second of each month; it is new year, 00:00.
fn setup() -> Setup {
    Setup::of(&format!(
        "[channels]\nops = \"console:#ops\"\nbackups = \"{BACKUPS}\"\n\
         [chat.console]\nchannels = [\"#incidents\", \"#ops\", \"#backups\"]\n\
         [targets.shop]\nkind = \"sqlite\"\npath = \"/nowhere/shop.db\"\nowner = \"the shop team\"\n\
         [targets.shop.drill]\nschedule = \"0 5 2 * *\"\n{DRILL}"
    ))
}

#[test]
fn people_are_reminded_of_a_drill_and_can_put_it_off() {
    with_bot_of(setup, async |bot: Arc<TestBot>| {
        let store = bot.app.store();
        eventually("the schedule of the configuration is set", async || {
            let rows = store.schedules(Some(&"restore-drill".into())).await.unwrap();
            rows.iter().any(|row| row.name == "drill/shop").then_some(())
        })
        .await;
        bot.timers_handled().await;
        let status = bot.ana("/drill status").await;
        assert!(status.text.contains("never proven") && status.text.contains("2 Jan 05:00"), "{}", status.text);
        assert!(bot.ana("/drill report shop").await.text.contains("shop was never drilled"));
        assert!(bot.ana("/drill run shop").await.text.contains("There is no copy of shop to drill"));

        bot.clock.advance(5 * HOUR_MS);
        bot.timers_handled().await;
        let reminded = async || {
            let told = standing(&bot, BACKUPS).await;
            told.iter().filter(|text| text.contains("shop is drilled in 1 d")).count()
        };
        eventually("people are reminded", async || (reminded().await == 1).then_some(())).await;

        let put_off = bot.ana("/drill postpone shop the sale --until 2026-01-05T10:00Z").await;
        assert!(put_off.text.contains("Ana put it off: the sale"), "{}", put_off.text);
        // The moment of the schedule comes and goes.
        bot.clock.advance(25 * HOUR_MS);
        bot.timers_handled().await;
        let status = bot.ana("/drill status shop").await;
        assert_eq!(status.data.unwrap()["targets"][0]["put_off"]["reason"], "the sale");
        assert!(status.text.contains("5 Jan 10:00 UTC, put off by Ana"), "{}", status.text);
        assert_eq!(reminded().await, 1, "once");
    });
}

#[test]
fn reminders_outlive_the_bot_and_each_is_told_once_however_often_it_starts() {
    with_database(async |database| {
        let first = setup();
        let (folder, clock) = (first.folder.clone(), first.clock.clone());
        let bot = TestBot::start(database, first).await;
        let store = bot.app.store();
        eventually("the schedule of the configuration is set", async || {
            let rows = store.schedules(Some(&"restore-drill".into())).await.unwrap();
            rows.iter().any(|row| row.name == "drill/shop").then_some(())
        })
        .await;
        bot.timers_handled().await;
        bot.finish().await;

        // It is away when the first is due, dies and comes back around the second, and starts once more after each.
        let mut told = Vec::new();
        for hours in [5, 0, 23, 0, 0] {
            clock.advance(hours * HOUR_MS);
            let again = Setup { folder: folder.clone(), clock: clock.clone(), ..setup() };
            let bot = TestBot::start(database, again).await;
            let wanted = if clock.now_ms() > NEW_YEAR_MS + 20 * HOUR_MS { "in 1 h" } else { "in 1 d" };
            eventually("people are reminded", async || {
                let told = standing(&bot, BACKUPS).await;
                told.iter().any(|text| text.contains(wanted)).then_some(())
            })
            .await;
            bot.timers_handled().await;
            let standing = standing(&bot, BACKUPS).await;
            let times = |words: &str| standing.iter().filter(|text| text.contains(words)).count();
            told.push((times("shop is drilled in 1 d"), times("shop is drilled in 1 h")));
            bot.finish().await;
        }
        assert_eq!(told, [(1, 0), (1, 0), (1, 1), (1, 1), (1, 1)]);
    });
}
