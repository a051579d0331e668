//! Timers: once, in time or late, and then they say by how much.

use crate::support::bot::{HERE, MISBEHAVING, Setup, TestBot, with_bot_of, with_database};
use crate::support::eventually;
use serde_json::Value;
use std::sync::Arc;

const HOUR_MS: i64 = 3_600_000;

async fn fired(bot: &TestBot, name: &str) -> Value {
    let store = bot.app.store();
    eventually(&format!("the timer {name} has fired"), async || {
        let cell = store.kv_get(&"misbehaving".into(), &format!("seen:timer:{name}")).await.unwrap();
        cell.value.map(|text| serde_json::from_str(&text).unwrap())
    })
    .await
}

async fn firings(bot: &TestBot) -> Vec<Value> {
    let mut trail = bot.trail().await;
    trail.retain(|record| record["kind"] == "timer");
    trail
}

#[test]
fn a_timer_fires_once_and_says_how_late_it_is() {
    with_bot_of(
        || Setup::of(MISBEHAVING),
        async |bot| {
            bot.ana("/misbehave set-timer remind 1h").await;
            bot.ana("/misbehave set-timer other 2d").await;
            bot.clock.advance(HOUR_MS - 1);
            bot.timers_handled().await;
            assert!(firings(&bot).await.is_empty(), "not before its time");
            bot.clock.advance(1 + 3 * HOUR_MS);
            let timer = fired(&bot, "remind").await;
            assert_eq!((&timer["late_ms"], &timer["payload"]), (&(3 * HOUR_MS).into(), &"payload of remind".into()));
            bot.clock.advance(HOUR_MS);
            bot.timers_handled().await;
            let firings = firings(&bot).await;
            assert_eq!(firings.len(), 1, "{firings:?}");
            assert_eq!((&firings[0]["actor"], &firings[0]["outcome"]), (&"plugin:misbehaving".into(), &"ok".into()));
        },
    );
}

#[test]
fn a_timer_that_came_due_while_the_bot_was_down_fires_once_when_it_is_back() {
    with_database(async |database| {
        let setup = Setup::of(MISBEHAVING);
        let (folder, clock, config) = (setup.folder.clone(), setup.clock.clone(), setup.config.clone());
        let bot = TestBot::start(database, setup).await;
        bot.ana("/misbehave set-timer night 30m").await;
        bot.app.stop().await;
        clock.advance(10 * HOUR_MS);
        let again = Setup { config, folder, clock, ..Setup::default() };
        let bot = TestBot::start(database, again).await;
        let timer = fired(&bot, "night").await;
        assert_eq!(timer["late_ms"], 10 * HOUR_MS - HOUR_MS / 2);
        bot.timers_handled().await;
        assert_eq!(firings(&bot).await.len(), 1);
        bot.finish().await;
    });
}

#[test]
fn a_timer_set_again_fires_at_its_last_time_and_a_cancelled_one_never() {
    with_bot_of(
        || Setup::of(MISBEHAVING),
        async |bot| {
            bot.ana("/misbehave set-timer moved 1h").await;
            bot.ana("/misbehave set-timer moved 3h").await;
            bot.ana("/misbehave set-timer gone 1h").await;
            bot.ana("/misbehave cancel-timer gone").await;
            bot.clock.advance(2 * HOUR_MS);
            bot.timers_handled().await;
            assert!(firings(&bot).await.is_empty());
            bot.clock.advance(HOUR_MS);
            assert_eq!(fired(&bot, "moved").await["late_ms"], 0);
            assert_eq!(bot.app.store().next_timer_ms().await.unwrap(), None);
        },
    );
}

#[test]
fn a_timer_that_panics_or_answers_nobody_is_recorded_and_not_tried_again() {
    with_bot_of(
        || Setup::of(MISBEHAVING),
        async |bot| {
            for name in ["panics", "replies"] {
                bot.types("ana", HERE, &format!("/misbehave set-timer {name} 1m")).await;
            }
            let typed = bot.app.store().stream_seq().await.unwrap();
            bot.clock.advance(HOUR_MS);
            bot.timers_handled().await;
            let firings = firings(&bot).await;
            let outcomes: Vec<_> = firings.iter().map(|record| record["outcome"].as_str().unwrap()).collect();
            assert_eq!(outcomes, ["failed", "refused"], "{firings:?}");
            assert_eq!(bot.app.store().stream_seq().await.unwrap(), typed, "nobody asked, so nobody is told");
            let kept = bot.app.store().kv_list(&"misbehaving".into(), "seen:timer:", 10).await.unwrap();
            assert!(kept.is_empty(), "{kept:?}");
        },
    );
}

#[test]
fn many_timers_due_at_once_each_fire_once() {
    with_bot_of(
        || Setup::of(MISBEHAVING),
        async |bot| {
            let sets =
                (0..120).map(|n| {
                    let bot: Arc<TestBot> = bot.clone();
                    async move {
                        bot.types("ana", &format!("console:#r{n}"), &format!("/misbehave set-timer t{n} 1m")).await
                    }
                });
            futures::future::join_all(sets).await;
            bot.clock.advance(HOUR_MS);
            bot.timers_handled().await;
            assert_eq!(firings(&bot).await.len(), 120);
            let kept = bot.app.store().kv_list(&"misbehaving".into(), "seen:timer:", 200).await.unwrap();
            assert_eq!(kept.len(), 120);
        },
    );
}
