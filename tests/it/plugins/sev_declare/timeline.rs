//! A timeline that lacks nothing: what people typed and pressed, jobs, pins; each once, with its source; and as a document.

use super::{SEV, setup};
use crate::support::bot::{HERE, MISBEHAVING, TestBot, with_bot_of};
use drillbell::model::event::{AlertFired, Event, ReactionAdded};
use drillbell::store::OutcomeStatus;

async fn lines(bot: &TestBot) -> Vec<String> {
    let lines = bot.app.store().timeline_lines(&"INC-1".into(), 100).await.unwrap();
    lines.iter().map(|line| format!("{} {}: {}", line.entry.author, line.entry.kind, line.entry.text)).collect()
}

#[test]
fn every_command_and_click_about_an_incident_is_on_it_once() {
    with_bot_of(
        || setup(&format!("{SEV}\n{MISBEHAVING}")),
        async |bot| {
            bot.ana("/sev declare sev2 checkout is down").await;
            let card = bot.app.store().incident(&"INC-1".into()).await.unwrap().unwrap().card.unwrap();
            bot.clicks("ben", &card, "identified").await;
            bot.clicks("ben", &card, "timeline").await;
            bot.ana("/sev show INC-1").await;
            bot.ana("/sev list").await;
            bot.ana("/misbehave echo what everybody sees").await;
            bot.ana("/misbehave user-error").await;
            bot.ana("/misbehave internal-error").await;
            bot.ana("/sev resolve done").await;
            let told = lines(&bot).await.join("\n");
            insta::allow_duplicates! {
                insta::assert_snapshot!(told, @"
                ana declared: sev2: checkout is down
                ben status: investigating → identified
                ben click: pressed Show timeline
                ana command: /sev show INC-1
                ana command: /misbehave echo what everybody sees
                ana command: /misbehave internal-error: failed
                ana update: done
                ana status: identified → resolved
                ");
            }
            let all = bot.app.store().timeline_lines(&"INC-1".into(), 100).await.unwrap();
            assert!(
                all.iter().all(|line| line.source.as_deref().is_some_and(|s| s.starts_with("delivery:"))),
                "{all:?}"
            );
            let via = all[0].via.as_deref().expect("a plugin wrote it");
            assert!(via.starts_with("sev-declare 0.1.0 sha256:"), "{via}");
        },
    );
}

#[test]
fn a_pinned_message_is_written_down_once_with_its_source() {
    with_bot_of(
        || setup(SEV),
        async |bot| {
            bot.ana("/sev declare sev2 checkout is down").await;
            let card = bot.app.store().incident(&"INC-1".into()).await.unwrap().unwrap().card.unwrap();
            let reaction = |emoji: &str, text: &str| {
                Event::ReactionAdded(ReactionAdded {
                    message: card.clone(),
                    emoji: emoji.to_owned(),
                    text: text.to_owned(),
                    by: bot.app.person("console", "ben"),
                    asserted_by: None,
                })
            };
            bot.delivers_event("r1", reaction("eyes", "nobody cares")).await;
            bot.delivers_event("r2", reaction("pushpin", "we found the cause")).await;
            bot.delivers_event("r2", reaction("pushpin", "we found the cause")).await;
            let lines = bot.app.store().timeline_lines(&"INC-1".into(), 100).await.unwrap();
            let pinned: Vec<_> = lines.iter().filter(|line| line.entry.kind == "pinned").collect();
            assert_eq!(pinned.len(), 1, "{lines:?}");
            assert_eq!((pinned[0].entry.author.as_str(), pinned[0].entry.text.as_str()), ("ben", "we found the cause"));
            assert_eq!(pinned[0].source, Some(format!("message:{card}")));
            assert_eq!(lines.len(), 2, "a reaction that means nothing is no news");
        },
    );
}

#[test]
fn an_alert_that_a_plugin_only_heard_is_on_no_timeline() {
    with_bot_of(
        || setup(&format!("{SEV}\n{MISBEHAVING}")),
        async |bot| {
            bot.ana("/sev declare sev2 checkout is down").await;
            let alert = Event::AlertFired(AlertFired {
                source: "am".to_owned(),
                fingerprint: "f".to_owned(),
                status: "firing".to_owned(),
                title: "t".to_owned(),
                labels: vec![],
                annotations: vec![],
                started_ms: 0,
                ended_ms: None,
                url: String::new(),
            });
            bot.delivers_event("a1", alert).await;
            assert_eq!(lines(&bot).await.len(), 1, "{:?}", lines(&bot).await);
        },
    );
}

#[test]
fn a_timeline_leaves_as_a_document() {
    with_bot_of(
        || setup(SEV),
        async |bot| {
            bot.ana("/sev declare sev2 checkout is down").await;
            bot.ana("/sev note # not a heading, @everyone").await;
            let answer = bot.types("ana", HERE, "/sev timeline INC-1 --export md").await;
            assert_eq!(answer.status, OutcomeStatus::Ok, "{answer:?}");
            assert!(answer.text.contains("note: \\# not a heading, \\@\u{2060}everyone"), "{}", answer.text);
            let answer = bot.types("ana", HERE, "/sev timeline INC-1 --export json").await;
            let document = answer.data.unwrap()["document"].as_str().unwrap().to_owned();
            let document: serde_json::Value = serde_json::from_str(&document).unwrap();
            assert_eq!(document["entries"][1]["text"], "# not a heading, @everyone");
            assert_eq!(document["incident"]["id"], "INC-1");
            assert_eq!(document["left_out"], 0);
        },
    );
}
