//! Alerts from the way in to the card, with the whole bot.

mod alertmanager;
mod apart;
mod crowd;
mod http;
mod killed;
pub mod pictures;
mod prometheus;
mod sns;
mod split;
mod storm;

use crate::support::bot::{ALERTS, SEV, Setup, TestBot};
use drillbell::hooks::{Shown, Taken, Turned};
use drillbell::store::StreamItem;
use serde_json::{Value, json};

/// What senders show.
pub const TOKEN: &str = "a-token-of-some-length";

/// A file with the token, and the configuration that names it.
pub fn token_file(folder: &std::path::Path) -> String {
    let path = folder.join("alerts-token");
    std::fs::write(&path, TOKEN).expect("write the token");
    format!("{{ file = {path:?} }}")
}

/// A bot with sources: `prom` of Alertmanager's kind.
pub fn setup(more: &str) -> Setup {
    let folder = std::sync::Arc::new(tempfile::tempdir().expect("a folder"));
    let token = token_file(folder.path());
    let config = format!(
        "[chat.console]\nchannels = [\"#incidents\", \"#ops\", \"#alerts\"]\n[channels]\nalerts = \"console:#alerts\"\n\
         [alerts.prom]\nkind = \"alertmanager\"\ntoken = {token}\n{more}\n{ALERTS}\n{SEV}"
    );
    Setup { folder, ..Setup::of(&config) }
}

/// What a sender shows who knows the token.
pub fn known() -> Shown {
    Shown { authorization: Some(format!("Bearer {TOKEN}")), ..Shown::default() }
}

/// Alertmanager sends alerts.
pub async fn sends(bot: &TestBot, alerts: Vec<Value>) -> Taken {
    try_to_send(bot, alerts).await.unwrap_or_else(|turned| panic!("{turned:?}"))
}

pub async fn try_to_send(bot: &TestBot, alerts: Vec<Value>) -> Result<Taken, Turned> {
    let body = json!({"version": "4", "status": "firing", "alerts": alerts}).to_string();
    bot.app.hooks().receive("prom", &known(), body.as_bytes()).await
}

/// An alert of Alertmanager's.
pub fn alert(name: &str, instance: &str, status: &str, severity: &str) -> Value {
    json!({
        "status": status,
        "labels": {"alertname": name, "instance": instance, "service": "shop", "severity": severity},
        "annotations": {"summary": format!("{name} on {instance}")},
        "startsAt": "2026-01-01T00:00:00Z",
        "endsAt": "0001-01-01T00:00:00Z",
    })
}

/// What was said in a channel of the console.
pub async fn said(bot: &TestBot, channel: &str) -> Vec<StreamItem> {
    let store = bot.app.store();
    store.stream_after(0, Some(&channel.into()), &"ana".into(), 100_000).await.expect("the database answers")
}

/// The messages that stand in a channel now, as people read them.
pub async fn standing(bot: &TestBot, channel: &str) -> Vec<String> {
    let mut messages: Vec<(String, String)> = Vec::new();
    for item in said(bot, channel).await {
        let view: Result<drillbell::model::view::View, _> = serde_json::from_value(item.payload.clone());
        let Ok(view) = view else { continue };
        let id = item.message.to_string();
        match (item.kind.as_str(), messages.iter_mut().find(|(known, _)| *known == id)) {
            ("edit", Some((_, text))) => *text = view.to_plain(),
            ("post", _) => messages.push((id, view.to_plain())),
            _ => {}
        }
    }
    messages.into_iter().map(|(_, text)| text).collect()
}
