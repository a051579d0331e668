//! Postmortems from end to end: an incident is declared, worked on and resolved, a draft is offered, people write it, the check lets it
//! through, and what is published lies in the database and the artifact store, with nothing in it that did not happen.

use crate::support::bot::{POSTMORTEM, SEV_TIMED, Setup, TestBot, with_bot_of, with_database};
use crate::support::eventually;
use drillbell::model::document::Document;
use drillbell::model::ids::IncidentId;
use drillbell::store::OutcomeStatus;
use serde_json::{Value, json};
use std::path::PathBuf;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;
const SECTIONS: [&str; 6] = ["summary", "impact", "root-cause", "contributing", "went-well", "went-poorly"];

fn setup() -> Setup {
    Setup::of(&format!("[channels]\nops = \"console:#ops\"\n{SEV_TIMED}\n{POSTMORTEM}"))
}

async fn says(bot: &TestBot, line: &str) -> Value {
    let answer = bot.ana(line).await;
    assert_eq!(answer.status, OutcomeStatus::Ok, "{line}: {}", answer.text);
    answer.data.unwrap_or_default()
}

async fn later(bot: &TestBot, ms: i64) {
    bot.clock.advance(ms);
    bot.timers_handled().await;
}

/// INC-1 with hostile words in it, resolved after 42 minutes, and INC-2 beside it, whose words nobody wants to read there.
async fn happened(bot: &TestBot) {
    says(bot, "/sev declare sev1 mine-0001 <script>alert(1)</script> @here --service shop").await;
    says(bot, "/sev declare sev2 decoy-0001 --service decoy-0002").await;
    later(bot, 2 * MINUTE_MS).await;
    says(bot, "/sev ack INC-1").await;
    says(bot, "/sev note mine-0002 ![x](http://evil.example/p.png) ## 4. Root cause @channel --incident INC-1").await;
    says(bot, "/sev note decoy-0003 was the cause --incident INC-2").await;
    later(bot, 28 * MINUTE_MS).await;
    says(bot, "/sev update mine-0003 --status monitoring --incident INC-1").await;
    later(bot, 12 * MINUTE_MS).await;
    says(bot, "/sev resolve mine-0004 --incident INC-1").await;
}

async fn write(bot: &TestBot) {
    for section in SECTIONS {
        says(bot, &format!("/postmortem edit {section} what we know of {section} --incident INC-1")).await;
    }
    says(bot, "/postmortem action add alert on the queue --owner @ben --due +7d --incident INC-1").await;
}

/// The revision, once it is in the artifact store, and its HTML there.
async fn kept(bot: &TestBot, revision: i64) -> (Document, String) {
    let store = bot.app.store();
    let document = eventually("the document is stored", async || {
        store
            .document(&IncidentId::numbered(1), revision)
            .await
            .unwrap()
            .filter(|document| document.stored_ms.is_some())
    })
    .await;
    let shown = bot.app.config().artifacts.shown();
    let folder = PathBuf::from(shown.strip_prefix("dir:").expect("a folder"));
    let read =
        |ending: &str| std::fs::read_to_string(folder.join(format!("postmortems/INC-1/r{revision}.{ending}"))).unwrap();
    assert_eq!(read("md"), document.markdown);
    (document, read("html"))
}

#[test]
fn an_incident_becomes_a_published_document_with_nothing_in_it_that_did_not_happen() {
    with_bot_of(setup, async |bot| {
        happened(&bot).await;
        later(&bot, 10 * MINUTE_MS).await;
        let offered = bot.app.store().kv_get(&"postmortem".into(), "offered/INC-1").await.unwrap();
        assert!(offered.value.is_some(), "a draft is offered");

        let drafted = says(&bot, "/postmortem draft INC-1").await;
        assert_eq!(drafted["findings"].as_array().unwrap().len(), 7, "{drafted}");
        let refused = bot.ana("/postmortem publish INC-1").await;
        assert_eq!(refused.status, OutcomeStatus::Refused);
        assert!(refused.text.contains("First mend what is wrong"), "{}", refused.text);
        write(&bot).await;
        let published = says(&bot, "/postmortem publish INC-1").await;
        assert_eq!((&published["published"], &published["revision"]), (&json!(true), &json!(1)));

        let (document, html) = kept(&bot, 1).await;
        assert_eq!((document.author.as_str(), document.revision), ("ana", 1));
        let text = &document.markdown;
        for told in [
            "Acknowledged by ana after 2 min.",
            "Restored after 30 min",
            "Resolved after 42 min",
            "what we know of root-cause",
        ] {
            assert!(text.contains(told), "{told}: {text}");
        }
        for nonce in ["mine-0001", "mine-0002", "mine-0003", "mine-0004"] {
            assert!(text.contains(nonce), "{nonce}: {text}");
        }
        assert!(!text.contains("decoy"), "nothing of another: {text}");
        assert_eq!(text.matches("\n## ").count(), 8, "{text}");
        assert!(!text.contains("@here") && !text.contains("@channel"), "nobody is pinged by a copy of it: {text}");
        let lines = bot.app.store().timeline(&IncidentId::numbered(1), 500).await.unwrap();
        for line in lines.iter().filter(|line| line.kind == "update" || line.kind == "note") {
            let link = format!("(/incidents/INC-1?cursor={id}0#line-{id})", id = line.id);
            assert!(text.contains(&link), "{link}: {text}");
        }
        assert!(
            html.contains("&lt;script&gt;alert(1)") && !html.contains("<script") && !html.contains("<img"),
            "{html}"
        );
        assert!(!html.contains("http://evil"), "{html}");

        // Once the plugin has heard of it, the list has its page; a second one is another revision.
        eventually("the page is known", async || {
            let list = says(&bot, "/postmortem list").await;
            (list["postmortems"][0]["published"]["page"] == "/postmortems/INC-1?revision=1").then_some(())
        })
        .await;
        says(&bot, "/postmortem edit summary said better --incident INC-1").await;
        says(&bot, "/postmortem publish INC-1").await;
        let (second, _) = kept(&bot, 2).await;
        assert!(second.markdown.contains("said better"), "{}", second.markdown);
        assert_eq!(kept(&bot, 1).await.0, document, "the first is as it was");
        let timeline = format!("{:?}", bot.app.store().timeline(&IncidentId::numbered(1), 500).await.unwrap());
        assert!(timeline.contains("revision 2 published by Ana"), "{timeline}");
    });
}

#[test]
fn action_items_are_reminded_of_until_they_are_done_across_restarts() {
    with_database(async |database| {
        let first = setup();
        let (config, folder, clock) = (first.config.clone(), first.folder.clone(), first.clock.clone());
        let bot = TestBot::start(database, first).await;
        happened(&bot).await;
        says(&bot, "/postmortem draft INC-1").await;
        write(&bot).await;
        bot.finish().await;

        // It was down when the item became due.
        clock.advance(8 * DAY_MS);
        let bot = TestBot::start(database, Setup { config, folder, clock, ..Setup::default() }).await;
        bot.timers_handled().await;
        let told = async || {
            let read = bot.app.store().stream_after(0, Some(&"console:#ops".into()), &"ben".into(), 500).await.unwrap();
            read.iter().filter(|item| item.payload["title"].to_string().contains("an action item is overdue")).count()
        };
        assert_eq!(told().await, 1, "the operators are told, once");
        let overdue = says(&bot, "/postmortem action overdue").await;
        assert_eq!(overdue["overdue"][0]["item"]["owner"], "ben", "{overdue}");
        says(&bot, "/postmortem action done 1 --incident INC-1").await;
        later(&bot, 30 * DAY_MS).await;
        assert_eq!(told().await, 1, "what is done is quiet");
        assert_eq!(says(&bot, "/postmortem action overdue").await["overdue"], json!([]));
        bot.finish().await;
    });
}

#[test]
fn of_two_who_write_one_section_the_second_is_told_and_nothing_is_lost() {
    with_bot_of(setup, async |bot| {
        happened(&bot).await;
        says(&bot, "/postmortem draft INC-1").await;
        says(&bot, "/postmortem edit root-cause a full queue --incident INC-1").await;
        let line = "/postmortem edit root-cause a slow disk --incident INC-1";
        let refused = bot.types("ben", "console:#incidents", line).await;
        assert_eq!(refused.status, OutcomeStatus::Refused);
        assert!(
            refused.text.contains("was written by Ana") && refused.text.contains("a full queue"),
            "{}",
            refused.text
        );
        let told = bot.types("ben", "console:#incidents", &format!("{line} --on 0")).await;
        assert_eq!((told.status, &told.data.unwrap()["changed"]), (OutcomeStatus::Ok, &json!(false)));
        let history = says(&bot, "/postmortem show INC-1 --history root-cause").await;
        assert_eq!(
            (&history["earlier"][0]["words"]["text"], &history["now"]["text"]),
            (&json!("a slow disk"), &json!("a full queue"))
        );
        assert_eq!(history["earlier"][0]["kept"], true);
    });
}
