//! Deploys of an incident's service are on its timeline by the host's own hand: once, whoever else hears of them, and also when the
//! bot dies over it.

use super::{SEV, setup};
use crate::support::bot::{MISBEHAVING, TestBot, with_bot_of, with_database};
use crate::support::eventually;
use crate::support::process::Home;
use drillbell::model::event::{DeployRecorded, Event};
use drillbell::model::ids::fresh;
use serde_json::Value;

fn deploy(service: &str, version: &str, previous: &str) -> Event {
    Event::DeployRecorded(DeployRecorded {
        service: service.to_owned(),
        version: version.to_owned(),
        previous: previous.to_owned(),
        commit: "9fceb02".to_owned(),
        schema: "none".to_owned(),
        migrations: Vec::new(),
        disagrees: String::new(),
        by: "ci".to_owned(),
        at_ms: 0,
        rollback: false,
    })
}

/// The lines about deploys.
async fn deploys(bot: &TestBot, incident: &str) -> Vec<String> {
    let lines = bot.app.store().timeline_lines(&incident.into(), 100).await.unwrap();
    let about = lines.iter().filter(|line| line.entry.kind == "deploy");
    about
        .map(|line| {
            format!("{}: {} [{}]", line.entry.author, line.entry.text, line.source.as_deref().unwrap_or_default())
        })
        .collect()
}

#[test]
fn a_deploy_of_its_service_is_on_an_open_incidents_timeline_once() {
    // `misbehaving` hears of deploys too, and nobody else does; then nobody at all.
    for plugins in [format!("{SEV}\n{MISBEHAVING}"), SEV.to_owned()] {
        with_bot_of(
            || setup(&plugins),
            async |bot| {
                bot.ana("/sev declare sev2 checkout is down --service shop").await;
                bot.ana("/sev declare sev3 slow --service Shop").await;
                bot.ana("/sev declare sev3 mails wait --service mail").await;
                bot.ana("/sev declare sev3 over --service shop").await;
                bot.ana("/sev resolve --incident INC-4").await;
                for _ in 0..3 {
                    bot.delivers_event("build-7", deploy("shop", "1.4.2", "1.4.1")).await;
                }
                bot.delivers_event("build-8", deploy("blog", "9", "")).await;
                bot.delivers_event("build-9", deploy("mail", "2", "")).await;
                let line = "deploys:ci: shop 1.4.2 deployed by ci (was 1.4.1) [delivery:build-7]";
                for incident in ["INC-1", "INC-2"] {
                    assert_eq!(deploys(&bot, incident).await, [line], "{incident}");
                }
                assert_eq!(deploys(&bot, "INC-3").await, ["deploys:ci: mail 2 deployed by ci [delivery:build-9]"]);
                assert_eq!(deploys(&bot, "INC-4").await, [""; 0], "it is over");
            },
        );
    }
}

#[test]
fn a_deploy_that_the_bot_died_over_is_on_the_timeline_once() {
    with_database(async |database| {
        let home = Home::new(database);
        let process = home.start(&[]).await;
        process.command("k1", "/sev declare sev1 checkout is down --service shop").await.unwrap();
        let client = reqwest::Client::new();
        let send = async |url: String, token: String| {
            let sent = client
                .post(format!("{url}/hooks/deploys/shop"))
                .bearer_auth(token)
                .header("Idempotency-Key", "build-7")
                .body("{\"version\":\"1.4.2\",\"by\":\"ci\"}");
            sent.send().await.unwrap().status().as_u16()
        };
        assert_eq!(send(process.url().to_string(), process.token().to_string()).await, 202);
        process.kill();
        let process = home.start(&[]).await;
        assert_eq!(send(process.url().to_string(), process.token().to_string()).await, 202, "its sender tries again");
        let lines = eventually("the deploy is on the timeline", async || {
            let answer = process.command(&fresh(), "/sev timeline INC-1 --limit 100").await?;
            let entries = answer["data"]["entries"].as_array().cloned().unwrap_or_default();
            let about: Vec<Value> = entries.into_iter().filter(|entry| entry["kind"] == "deploy").collect();
            (!about.is_empty()).then_some(about)
        })
        .await;
        assert_eq!(lines.len(), 1, "{lines:#?}");
        assert!(lines[0]["text"].as_str().unwrap().starts_with("shop 1.4.2 deployed by "), "{lines:#?}");
        assert!(process.end(false).await.success(), "a clean stop");
    });
}
