//! Paging: by mail, PagerDuty and webhook against servers that fail in every way, with a record of each attempt; past
//! everything else; across restarts.

mod chat;
mod chats;
mod check;
mod mail;
mod mishaps;
mod priority;
mod restart;
mod web;

use crate::support::bot::{SEV, Setup, TestBot};
use crate::support::eventually;
use crate::support::receiver::Receiver;
use drillbell::store::{Attempt, OutcomeStatus};
use serde_json::Value;
use std::sync::Arc;

/// The plugin that pages when it is told to, allowed to.
const PAGER: &str = "[plugins.misbehaving]\nsource = \"builtin:misbehaving\"\ngrants = [\"page:*\"]\n";

/// A bot with these notifiers, and with a secret of that name in a file for each name.
fn setup(notifiers: &str, secrets: &[&str]) -> Setup {
    let setup = Setup::of(&format!("{SEV}\n{PAGER}\n{notifiers}"));
    for name in secrets {
        std::fs::write(setup.folder.path().join(name), format!("the secret {name} of this test")).unwrap();
    }
    setup
}

/// `[notify.hook]` at this receiver.
fn hook(receiver: &Arc<Receiver>) -> String {
    format!(
        "[notify.hook]\nkind = \"webhook\"\nurl = \"{}\"\nsecret.file = \"hook\"\ntimeout = \"1s\"\n",
        receiver.url()
    )
}

/// `[notify.duty]` at this receiver.
fn duty(receiver: &Arc<Receiver>) -> String {
    format!(
        "[notify.duty]\nkind = \"pagerduty\"\nurl = \"{}\"\nrouting_key.file = \"duty\"\ntimeout = \"1s\"\n",
        receiver.url()
    )
}

/// `[notify.mail]` by the server at this port, with what else `[smtp]` is to say.
fn mail(port: u16, to: &[&str], smtp: &str) -> String {
    format!(
        "[notify.mail]\nkind = \"email\"\nto = {to:?}\n[smtp]\nhost = \"localhost\"\nport = {port}\n\
         from = \"Drillbell <drillbell@example.org>\"\ntimeout = \"1s\"\n{smtp}\n"
    )
}

/// Has the plugin page through a notifier about each key, in order, and does not wait for the pages.
async fn pages(bot: &TestBot, notifier: &str, keys: &[&str]) {
    for key in keys {
        let id = bot.sends("ana", crate::support::bot::HERE, &format!("/misbehave ask-page {notifier} {key}")).await;
        let result = bot.handled(&id).await;
        assert_eq!((result.status, result.text.as_str()), (OutcomeStatus::Ok, "page allowed"));
    }
}

/// The records of ended pages, once there are so many.
async fn ended(bot: &TestBot, count: usize) -> Vec<Value> {
    eventually(&format!("{count} pages have ended"), async || {
        let mut records = bot.trail().await;
        records.retain(|record| record["kind"] == "page");
        (records.len() >= count).then_some(records)
    })
    .await
}

/// The attempts at the page of a record.
async fn attempts(bot: &TestBot, record: &Value) -> Vec<Attempt> {
    bot.app.store().attempts(record["detail"]["outbox"].as_str().unwrap()).await.unwrap()
}

/// A record and its attempts, a line each: `INC-1 ok after 2`, `1 later: HTTP 500: not now`.
async fn story(bot: &TestBot, records: &[Value]) -> String {
    let mut lines = Vec::new();
    for record in records {
        let detail = &record["detail"];
        lines.push(format!(
            "{} {} after {}",
            detail["key"].as_str().unwrap(),
            record["outcome"].as_str().unwrap(),
            detail["attempts"]
        ));
        for Attempt { n, outcome, detail, .. } in attempts(bot, record).await {
            lines.push(format!("  {n} {outcome}: {detail}"));
        }
    }
    lines.join("\n")
}
