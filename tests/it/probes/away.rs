//! The bot was away, or its clock was set back: what was before is not taken for now, and looking goes on at once.

use super::{cards, look, look_after, looks, posts, setup, status};
use crate::alerts::{known, token_file};
use crate::support::bot::{TestBot, with_database};
use crate::support::eventually;
use crate::support::receiver::Receiver;

const HOUR_MS: i64 = 3_600_000;

#[test]
fn a_first_failure_after_an_hour_without_looks_is_not_shown_as_well() {
    with_database(async |database| {
        let server = Receiver::start().await;
        let bot = TestBot::start(database, setup(&format!("[probes.shop]\nurl = \"{}\"\n", server.url()))).await;
        assert_eq!(looks(&bot, "shop", 2).await, ["pass"; 2]);
        server.is_down(true);
        assert_eq!(look_after(&bot, "shop", HOUR_MS).await.outcome, "fail");
        let (_, data) = status(&bot).await;
        assert_eq!((data["probes"][0]["state"].as_str(), posts(&bot).await), (Some("unknown"), 0), "{data}");
        assert_eq!(look(&bot, "shop").await.outcome, "fail");
        assert_eq!(status(&bot).await.1["probes"][0]["state"], "fail");
        bot.finish().await;
    });
}

#[test]
fn who_could_not_be_heard_is_not_late_until_they_could() {
    with_database(async |database| {
        let mut setup = setup("");
        let token = token_file(setup.folder.path());
        setup.config.push_str(&format!("\n[probes.job]\ntoken = {token}\nevery = \"2m\"\ngrace = \"1m\"\n"));
        let bot = TestBot::start(database, setup).await;
        bot.app.beats().beat("job", &known()).await.unwrap();
        assert_eq!(look(&bot, "job").await.outcome, "pass");
        let row = look_after(&bot, "job", HOUR_MS).await;
        assert_eq!(row.outcome, "unknown");
        assert!(row.detail.starts_with("the last beat was 1h30s ago, but nobody could hear it before "), "{row:?}");
        assert_eq!(looks(&bot, "job", 6).await, ["unknown"; 6]);
        // Every and grace have gone by since: now it is late.
        let row = look(&bot, "job").await;
        assert_eq!((row.outcome.as_str(), row.detail.as_str()), ("fail", "the last beat was 1h4m ago"));
        bot.finish().await;
    });
}

#[test]
fn a_clock_that_is_set_back_stops_nothing() {
    with_database(async |database| {
        let server = Receiver::start().await;
        let mut setup = setup(&format!("[probes.shop]\nurl = \"{}\"\n", server.url()));
        let token = token_file(setup.folder.path());
        setup.config.push_str(&format!("\n[probes.job]\ntoken = {token}\nevery = \"2m\"\ngrace = \"1m\"\n"));
        let bot = TestBot::start(database, setup).await;
        bot.app.beats().beat("job", &known()).await.unwrap();
        assert_eq!(looks(&bot, "shop", 2).await, ["pass"; 2]);
        assert_eq!(look(&bot, "job").await.outcome, "pass");

        server.is_down(true);
        bot.clock.advance(-HOUR_MS);
        let (_, data) = status(&bot).await;
        let states: Vec<_> = data["probes"].as_array().unwrap().iter().map(|probe| probe["state"].clone()).collect();
        assert_eq!(states, ["unknown"; 2], "{data}");
        let mut before_ms = bot.clock.now_ms();
        for nth in ["first", "second"] {
            let row = eventually(&format!("the {nth} look by the new time"), async || {
                // In small steps, and never so far that looks would be missed.
                if bot.clock.now_ms() < before_ms + 90_000 {
                    bot.clock.advance(1_000);
                }
                let row = bot.app.store().last_look("shop").await.unwrap()?;
                (before_ms < row.at_ms && row.at_ms <= bot.clock.now_ms()).then_some(row)
            })
            .await;
            assert_eq!(row.outcome, "fail", "{row:?}");
            before_ms = row.at_ms;
        }
        super::told(&bot, "shop").await;
        assert!(cards(&bot).await.join("\n").contains("shop: the status is 503"));
        bot.finish().await;
    });
}
