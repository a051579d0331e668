//! The bot's own eyes, with the whole bot: what it looks at fails and heals, is cut off, expires, falls silent.

mod away;
mod beats;
mod cut;
mod hangs;
mod http;
mod numbers;
mod once;
mod pictures;
mod prometheus;
mod redis;
mod statements;
mod tls;
mod web;

use crate::alerts::{said, standing};
use crate::support::bot::{ALERTS, SEV, Setup, TestBot};
use crate::support::eventually;
use drillbell::store::ProbeRow;

/// Where alerts are told.
const ALERTED: &str = "console:#alerts";
/// Longer than any first look waits, and than `every` of these tests.
const STEP_MS: i64 = 30_000;

/// A bot with these probes, which look every 30 seconds if nothing else is said.
fn setup(probes: &str) -> Setup {
    Setup::of(&format!(
        "[chat.console]\nchannels = [\"#incidents\", \"#ops\", \"#alerts\"]\n[channels]\nalerts = \"{ALERTED}\"\n{ALERTS}\n{SEV}\n\
         {probes}"
    ))
}

/// A look as it is kept, of which nothing more is known than how it went and how long it took.
fn row(probe: &str, at_ms: i64, outcome: &str, took_ms: i64) -> ProbeRow {
    ProbeRow {
        probe: probe.to_owned(),
        at_ms,
        outcome: outcome.to_owned(),
        value: None,
        took_ms: Some(took_ms),
        detail: String::new(),
        sample: String::new(),
        standing: String::new(),
    }
}

/// Half a minute goes by, and the probe is looked at; what was found.
async fn look(bot: &TestBot, probe: &str) -> ProbeRow {
    look_after(bot, probe, STEP_MS).await
}

/// The clock is moved once, and the probe is looked at; what was found.
async fn look_after(bot: &TestBot, probe: &str, by_ms: i64) -> ProbeRow {
    let last = async || bot.app.store().last_look(probe).await.expect("the database answers");
    let before_ms = last().await.map_or(0, |row| row.at_ms);
    bot.clock.advance(by_ms);
    let now_ms = bot.clock.now_ms();
    let row = eventually(&format!("{probe} is looked at"), async || {
        last().await.filter(|row| row.at_ms > before_ms && row.at_ms >= now_ms)
    })
    .await;
    told(bot, probe).await;
    row
}

/// Waits until whatever has turned is told and handled.
async fn told(bot: &TestBot, probe: &str) {
    let store = bot.app.store();
    eventually("every turn is told", async || {
        let row = store.last_look(probe).await.expect("the database answers")?;
        let untold = row.standing.contains("\"told\":false");
        (!untold && store.open_events().await.expect("the database answers") == 0).then_some(())
    })
    .await;
}

/// The outcomes of so many looks.
async fn looks(bot: &TestBot, probe: &str, count: usize) -> Vec<String> {
    let mut outcomes = Vec::new();
    for _ in 0..count {
        outcomes.push(look(bot, probe).await.outcome);
    }
    outcomes
}

/// The cards in the channel for alerts that stand now, each as text.
async fn cards(bot: &TestBot) -> Vec<String> {
    standing(bot, ALERTED).await
}

/// How often something was posted there.
async fn posts(bot: &TestBot) -> usize {
    said(bot, ALERTED).await.iter().filter(|item| item.kind == "post").count()
}

/// What the bot says of itself, as text and as data.
async fn status(bot: &TestBot) -> (String, serde_json::Value) {
    let answer = bot.ana("/drillbell status").await;
    (answer.text, answer.data.expect("data"))
}
