//! The program `drillbell-fakes`: everything that a test in another language needs goes through its control endpoint.

use crate::client::Client;
use drillbell_fakes::eventually;
use serde_json::{Value, json};
use std::process::Command;

/// The running program.
struct Fakes {
    _program: Client,
    about: Value,
    client: reqwest::Client,
}

impl Fakes {
    fn start() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut program = Client::of(Command::new(env!("CARGO_BIN_EXE_drillbell-fakes")));
        let about = program.says();
        Self { _program: program, about, client: reqwest::Client::builder().no_proxy().build().unwrap() }
    }

    /// Status and answer of a request to the control endpoint.
    async fn asks(&self, platform: &str, asked: Value) -> (u16, Value) {
        let url = format!("{}/{platform}", self.about["control"].as_str().unwrap());
        let answer = self.client.post(url).json(&asked).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// The answer to what can be done.
    async fn does(&self, platform: &str, asked: Value) -> Value {
        let (status, answer) = self.asks(platform, asked.clone()).await;
        assert_eq!(status, 200, "{asked}: {answer}");
        answer
    }

    async fn journal(&self, platform: &str) -> Value {
        let url = format!("{}/{platform}", self.about["control"].as_str().unwrap());
        self.client.get(url).send().await.unwrap().json().await.unwrap()
    }

    /// Waits until that part of the journal is so.
    async fn comes_to(&self, platform: &str, part: &str, is: Value) {
        let look = async || (self.journal(platform).await.pointer(part) == Some(&is)).then_some(());
        eventually(&format!("{part} of the journal is {is}"), look).await;
    }
}

#[tokio::test]
async fn slack_is_driven_by_json_alone() {
    let fakes = Fakes::start();
    let _bolt = Client::start("bolt.cjs", &[&fakes.about["slack"].to_string(), "socket"]);
    fakes.does("slack", json!({"do": "connected"})).await;
    fakes.does("slack", json!({"do": "channel", "name": "#shop"})).await;
    fakes.does("slack", json!({"do": "fault", "method": "chat.postMessage", "faults": [{"limited": 0}]})).await;
    fakes.does("slack", json!({"do": "types", "user": "ana", "channel": "#shop", "line": "/hello world"})).await;
    let card =
        fakes.does("slack", json!({"do": "reads", "user": "ben", "channel": "#shop", "words": "hello world"})).await;
    let of_card = |what: &str, more: Value| {
        let mut asked = json!({"do": what, "user": "ben", "channel": "#shop", "ts": card["ts"]});
        asked.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        asked
    };
    let view = fakes.does("slack", of_card("opens", json!({"label": "Ask"}))).await;
    let entries = json!({"Why?": "because"});
    fakes.does("slack", json!({"do": "submits", "user": "ben", "view": view, "entries": entries})).await;
    fakes.does("slack", json!({"do": "reads", "user": "ana", "channel": "#shop", "words": "ben says because"})).await;
    // What nobody can do is said, with the reason.
    let (status, why) = fakes.asks("slack", of_card("clicks", json!({"label": "Explode"}))).await;
    assert!(status == 409 && why["error"].as_str().unwrap().contains("no button \"Explode\""), "{status} {why}");
    let (status, why) = fakes.asks("slack", json!({"do": "explode"})).await;
    assert!(status == 422 && why["error"].as_str().unwrap().contains("unknown variant `explode`"), "{status} {why}");
    fakes.does("slack", json!({"do": "disconnect", "reason": "warning", "debug_info": true})).await;
    fakes.comes_to("slack", "/sockets", json!({"opened": 2, "open": 1})).await;
    fakes.does("slack", json!({"do": "mentions", "user": "ana", "channel": "#shop", "text": "still there?"})).await;
    fakes.does("slack", json!({"do": "reads", "user": "ben", "channel": "#shop", "words": "still there?"})).await;
    let journal = fakes.journal("slack").await;
    let posted = journal["calls"].as_array().unwrap().iter().filter(|call| call["method"] == "chat.postMessage");
    assert_eq!(posted.map(|call| call["done"] == true).collect::<Vec<_>>(), [false, true, true], "{journal:#}");
    assert_eq!(journal["refused"], json!([]));
}

#[tokio::test]
async fn discord_is_driven_by_json_alone() {
    let fakes = Fakes::start();
    let _bot = Client::start("discord.cjs", &[&fakes.about["discord"].to_string()]);
    let here = &fakes.about["discord"]["channels"]["#ops"];
    fakes.does("discord", json!({"do": "connected"})).await;
    fakes.comes_to("discord", "/commands/0/name", json!("hello")).await;
    let options = json!({"name": "world"});
    fakes
        .does("discord", json!({"do": "uses", "user": "ana", "channel": here, "command": "hello", "options": options}))
        .await;
    let card =
        fakes.does("discord", json!({"do": "reads", "user": "ben", "channel": here, "words": "hello world"})).await;
    fakes.does("discord", json!({"do": "cut", "how": {"close": null}})).await;
    fakes.comes_to("discord", "/sockets", json!({"opened": 2, "identified": 1, "resumed": 1})).await;
    fakes.does("discord", json!({"do": "clicks", "user": "ben", "message": card["id"], "label": "Press"})).await;
    fakes.does("discord", json!({"do": "reads", "user": "ana", "channel": here, "words": "pressed by ben"})).await;
    let (status, why) =
        fakes.asks("discord", json!({"do": "uses", "user": "ana", "channel": here, "command": "gone"})).await;
    assert!(status == 409 && why["error"].as_str().unwrap().contains("there is no command /gone"), "{status} {why}");
    assert_eq!(fakes.journal("discord").await["complaints"], json!([]));
}

#[tokio::test]
async fn what_the_platforms_refuse_is_refused_to_everybody() {
    let fakes = Fakes::start();
    let post = async |token: &str, method: &str, body: Value| -> Value {
        let url = format!("{}/{method}", fakes.about["slack"]["api_url"].as_str().unwrap());
        fakes.client.post(url).bearer_auth(token).json(&body).send().await.unwrap().json().await.unwrap()
    };
    let token = fakes.about["slack"]["bot_token"].as_str().unwrap();
    let section = |length| json!([{"type": "section", "text": {"type": "mrkdwn", "text": "x".repeat(length)}}]);
    let message = |length| json!({"channel": "C0000000001", "text": "x", "blocks": section(length)});
    assert_eq!(post(token, "chat.postMessage", message(3000)).await["ok"], true);
    assert_eq!(post(token, "chat.postMessage", message(3001)).await["error"], "invalid_blocks");
    assert_eq!(post("xoxb-another", "chat.postMessage", message(1)).await["error"], "invalid_auth");
    assert_eq!(post(token, "chat.explode", json!({})).await["error"], "unknown_method");
    let url = format!(
        "{}/v10/channels/{}/messages",
        fakes.about["discord"]["api_url"].as_str().unwrap(),
        fakes.about["discord"]["channels"]["#ops"].as_str().unwrap()
    );
    let said = async |token: &str, length: usize| {
        let request = fakes.client.post(&url).header("authorization", format!("Bot {token}"));
        let request = request.header("user-agent", "DiscordBot (https://example.org, 1)");
        request.json(&json!({"content": "x".repeat(length)})).send().await.unwrap().status().as_u16()
    };
    let token = fakes.about["discord"]["token"].as_str().unwrap();
    assert_eq!((said(token, 2000).await, said(token, 2001).await, said("another", 1).await), (200, 400, 401));
}
