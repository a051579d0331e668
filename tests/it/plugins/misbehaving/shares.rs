//! An event that concerns several plugins: each gets its share once, and what becomes of one is no business of the others.

use super::events::alert;
use super::misbehaving;
use crate::support::bot::{Setup, TestBot, with_bot_of};
use drillbell::model::event::Argument;
use drillbell::store::OutcomeStatus;

const GRANTS: &[&str] = &["kv", "alerts"];

fn two(limits_of_right: &str) -> Setup {
    Setup::of(&format!("{}\n{}", misbehaving("left", GRANTS, ""), misbehaving("right", GRANTS, limits_of_right)))
}

/// The outcomes of an event's records, by plugin.
async fn outcomes(bot: &TestBot, event: &str) -> Vec<(String, String)> {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let of_event = bot.trail().await.into_iter().filter(|r| text(&r["delivery"]).starts_with(event));
    let mut all: Vec<_> = of_event.map(|record| (text(&record["plugin"]), text(&record["outcome"]))).collect();
    all.sort();
    all
}

fn pairs(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter().map(|(plugin, outcome)| ((*plugin).to_owned(), (*outcome).to_owned())).collect()
}

async fn heard(bot: &TestBot, plugin: &str) -> i64 {
    bot.app.store().kv_get(&plugin.into(), "seen:alert:f1").await.unwrap().revision
}

#[test]
fn each_gets_its_share_once_however_often_the_event_is_delivered() {
    with_bot_of(
        || two(""),
        async |bot| {
            let deliveries = (0..4).map(|_| bot.delivers_event("e1", alert(Vec::new())));
            let answers = futures::future::join_all(deliveries).await;
            assert!(answers.iter().all(|answer| answer.status == OutcomeStatus::Ok), "{answers:?}");
            assert_eq!((heard(&bot, "left").await, heard(&bot, "right").await), (1, 1));
            assert_eq!(outcomes(&bot, "e1").await, pairs(&[("drillbell", "ok"), ("left", "ok"), ("right", "ok")]));
            let root = bot.record("e1").await;
            assert_eq!(root["detail"]["shared_with"], serde_json::json!(["left", "right"]));
        },
    );
}

#[test]
fn one_that_fails_does_not_take_the_others_share_away() {
    with_bot_of(
        || two("memory = \"2MiB\""),
        async |bot| {
            // More than the right one has room for.
            let long = Argument { name: "runbook".to_owned(), value: "x".repeat(1_500_000) };
            bot.delivers_event("e1", alert(vec![long])).await;
            assert_eq!(outcomes(&bot, "e1").await, pairs(&[("drillbell", "ok"), ("left", "ok"), ("right", "failed")]));
            bot.delivers_event("e2", alert(Vec::new())).await;
            assert_eq!(outcomes(&bot, "e2").await, pairs(&[("drillbell", "ok"), ("left", "ok"), ("right", "ok")]));
            assert_eq!(heard(&bot, "right").await, 1);
        },
    );
}
