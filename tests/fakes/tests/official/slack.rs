//! The fake Slack and `@slack/bolt`, by socket and by signed requests.

use crate::client::Client;
use drillbell_fakes::eventually;
use drillbell_fakes::slack::{APP_TOKEN, BOT_TOKEN, Callee, Fault, SIGNING_SECRET, Slack, Wire, rules};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

/// A Slack with a bot on bolt that hears in that way.
async fn with_bolt(mode: &str) -> (Arc<Slack>, Client) {
    let slack = Slack::start().await;
    slack.serves_anyone();
    let about = json!({"api_url": slack.api_url(), "bot_token": BOT_TOKEN, "app_token": APP_TOKEN,
        "signing_secret": SIGNING_SECRET});
    let mut client = Client::start("bolt.cjs", &[&about.to_string(), mode]);
    let started = client.says();
    if mode == "socket" {
        slack.connected().await;
    } else {
        let now_ms = || i64::try_from(UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap();
        slack.calls(Callee { url: format!("http://127.0.0.1:{}", started["port"]), now_ms: Arc::new(now_ms) });
    }
    (slack, client)
}

async fn is_heard_and_answers(slack: &Arc<Slack>) {
    let (ana, ben, here) = (slack.ana(), slack.ben(), "#incidents");
    // The acknowledgement is the answer.
    ana.types(here, "/quick thought").await;
    assert_eq!(ana.reads(here, "at once: thought").await.only_for.as_deref(), Some(ana.id));
    // By `response_url`; what was typed comes escaped.
    ana.types(here, "/hello <world> & co").await;
    let card = ben.reads(here, "hello &lt;world&gt; &amp; co of ana").await;
    let becomes = async |words: &str| {
        let look = async || rules::read(&ben.now(&card).body).contains(words).then_some(());
        eventually(&format!("the card says {words:?}"), look).await;
    };
    ben.clicks(&card, "Press").await;
    becomes("pressed by ben").await;
    ana.chooses(&card, "Level", "High").await;
    assert_eq!(ana.reads(here, "level high").await.only_for.as_deref(), Some(ana.id));
    assert!(ben.sees(here).iter().all(|text| !text.contains("level high")));
    let modal = ana.opens(&card, "Ask").await;
    let refused = ana.submits(&modal, &[("Why?", "no")]).await;
    assert_eq!(refused, json!({"response_action": "errors", "errors": {"why": "say more"}}));
    let closes = ana.submits(&modal, &[("Why?", "because")]).await;
    assert!(closes == Value::Null || closes == json!({}), "{closes}");
    ana.reads(here, "ana says because").await;
    ana.mentions(here, Some(&card.ts), "are you there").await;
    assert_eq!(ana.reads(here, "are you there").await.thread, Some(card.ts.clone()));
    ana.says(here, None, "good morning").await;
    ana.reads(here, "heard: good morning").await;
    ben.reacts(&card, "eyes").await;
    ben.reads(here, ":eyes: by U00000000BEN").await;
    ben.clicks(&card, "Hide").await;
    becomes("hidden").await;
    assert_eq!(ben.now(&card).edits, 2, "changed where it stands");
    slack.was_strict();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bolt_takes_it_for_slack_by_socket() {
    let (slack, _client) = with_bolt("socket").await;
    is_heard_and_answers(&slack).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bolt_takes_it_for_slack_by_signed_requests_and_refuses_forged_ones() {
    let (slack, _client) = with_bolt("http").await;
    is_heard_and_answers(&slack).await;
    let before = slack.state().messages.len();
    assert_eq!(slack.forged("command=%2Fquick&text=forged").await, 401);
    assert_eq!(slack.state().messages.len(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bolt_comes_back_after_every_cut_and_waits_when_it_is_asked_to() {
    let (slack, _client) = with_bolt("socket").await;
    let ana = slack.ana();
    let disconnect =
        |reason| Wire::Text(json!({"type": "disconnect", "reason": reason, "debug_info": {"host": "x"}}).to_string());
    let cuts = [disconnect("warning"), disconnect("refresh_requested"), Wire::Cut, Wire::Close(1001)];
    for (number, cut) in cuts.into_iter().enumerate() {
        let opened = slack.state().opened.len();
        if number == 2 {
            slack.state().fault("apps.connections.open", &[Fault::Limited(0)]);
        }
        slack.state().on_newest(cut);
        eventually("it comes back", async || {
            let state = slack.state();
            (state.opened.len() > opened && state.open_sockets() == 1).then_some(())
        })
        .await;
        ana.types("#ops", &format!("/quick {number}")).await;
        ana.reads("#ops", &format!("at once: {number}")).await;
    }
    // Its Web API client waits for `Retry-After` and tries again.
    slack.state().fault("chat.postMessage", &[Fault::Limited(1)]);
    ana.says("#ops", None, "not too fast").await;
    ana.reads("#ops", "heard: not too fast").await;
    let all = ana.sees("#ops");
    assert_eq!(all, ["at once: 0", "at once: 1", "at once: 2", "at once: 3", "not too fast", "heard: not too fast"]);
    slack.was_strict();
}
