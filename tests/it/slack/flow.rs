//! An incident on Slack, by people who can use only what is shown to them, in both modes: the same happens in both.

use super::{MODES, There, on_sqlite};
use crate::support::eventually;
use crate::support::slack::rules;
use drillbell::model::ids::IncidentId;
use serde_json::Value;

#[test]
fn an_incident_is_handled_by_what_slack_shows_in_both_modes() {
    let mut stories = Vec::new();
    for mode in MODES {
        let story = std::cell::RefCell::new(Vec::new());
        on_sqlite(async |database| {
            let there = There::start(database, mode).await;
            let (ana, ben) = (there.slack.ana(), there.slack.ben());
            ana.types("#incidents", "/sev declare sev1 checkout is down").await;
            let card = ben.reads("#incidents", "checkout is down").await;
            let shows = async |words: &str| {
                let look =
                    async || rules::words(&ben.now(&card).body["blocks"]).join("\n").contains(words).then_some(());
                eventually(&format!("the card says {words:?}"), look).await;
            };
            ben.clicks(&card, "Acknowledge").await;
            shows("press Claim commander").await;
            ana.clicks(&card, "Claim commander").await;
            shows("ana is commander").await;
            let form = ana.opens(&card, "Update").await;
            let entries =
                [("What is so now?", "traffic moved to <!channel> & the second site"), ("Status", "identified")];
            assert_eq!(ana.submits(&form, &entries).await, Value::Null, "it closes");
            shows("traffic moved to <!channel> & the second site").await;
            ben.clicks(&card, "Monitoring").await;
            shows("Status: monitoring").await;
            ben.types("#incidents", "/sev note the cache was cold").await;
            ana.clicks(&card, "Show timeline").await;
            ana.reads("#incidents", "the cache was cold").await;
            ben.clicks(&card, "Resolve").await;
            shows("Status: resolved").await;
            ana.types("#incidents", "/drillbell whoami").await;
            let private = ana.reads("#incidents", "slack:U00000000ANA").await;
            assert!(private.only_for.is_some(), "an answer for her alone");
            assert!(ben.sees("#incidents").iter().all(|text| !text.contains("slack:U00000000ANA")));
            // Words of people are words, whatever they look like.
            let said = there.slack.state().messages.iter().map(|one| one.body.to_string()).collect::<String>();
            assert!(!said.contains("broadcast") && said.contains("&lt;!channel&gt; &amp;"));
            let lines = there.bot.app.store().timeline(&IncidentId::numbered(1), 100).await.unwrap();
            story.borrow_mut().extend(lines.iter().map(|line| format!("{} {}: {}", line.author, line.kind, line.text)));
            there.end().await;
        });
        // A click and a command that follow each other at once are handled at once.
        let mut lines = story.into_inner();
        lines.sort();
        stories.push(lines);
    }
    assert_eq!(stories[0], stories[1], "by socket and by request the same has happened");
    assert!(stories[0].len() >= 6, "{:#?}", stories[0]);
}
