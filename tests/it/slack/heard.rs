//! What is heard: forms, selects, mentions, reactions, groups, and everything that comes more than once.

use super::{MODES, There, on_sqlite};
use crate::support::eventually;
use serde_json::json;

#[test]
fn a_form_opens_at_once_and_says_what_is_wrong_beside_its_fields() {
    on_sqlite(async |database| {
        for mode in MODES {
            let there = There::start(database, mode).await;
            let ana = there.slack.ana();
            ana.types("#ops", "/misbehave form-card").await;
            let card = ana.reads("#ops", "Fill this in").await;
            let modal = ana.opens(&card, "Report…").await;
            let wrong = ana.submits(&modal, &[("Count", "many"), ("Level", "High")]).await;
            let errors = json!({"response_action": "errors", "errors": {
                "0:title": "Title must be filled in.", "2:count": "Count must be a whole number."}});
            assert_eq!(wrong, errors, "{mode}");
            let closed = ana.submits(&modal, &[("Title", "fire"), ("Level", "High")]).await;
            assert_eq!(closed, serde_json::Value::Null, "it closes");
            ana.reads("#ops", "Ana sent report (v5): title=fire, level=high").await;
            there.end().await;
        }
    });
}

#[test]
fn a_choice_is_the_hosts_own_copy_of_it() {
    on_sqlite(async |database| {
        let there = There::start(database, "socket").await;
        let ana = there.slack.ana();
        ana.types("#ops", "/misbehave form-card").await;
        let card = ana.reads("#ops", "Fill this in").await;
        ana.chooses(&card, "Colour", "Green").await;
        ana.reads("#ops", "Ana pressed pick (green)").await;
        there.end().await;
    });
}

#[test]
fn a_mention_is_a_command_in_the_thread_where_it_was_made() {
    on_sqlite(async |database| {
        let there = There::start(database, "socket").await;
        let (ana, ben) = (there.slack.ana(), there.slack.ben());
        ana.types("#ops", "/misbehave echo first").await;
        let first = ben.reads("#ops", "first").await;
        ana.mentions("#ops", Some(&first.ts), "misbehave echo “in here”").await;
        let answer = ben.reads("#ops", "in here").await;
        // In a channel that two workspaces share the other's people may look, and no more.
        let foreign = |team: &str, words: &str| {
            json!({"type": "app_mention", "user": "U0STRANGER0", "user_team": team, "channel": first.channel, "ts": "1767225600.5",
                "text": format!("<@U0000000B0T> misbehave echo {words}")})
        };
        ana.tells(foreign("T0000000002", "foreign")).await;
        ana.tells(foreign("T0000000001", "domestic")).await;
        ben.reads("#ops", "domestic").await;
        assert!(!ben.sees("#ops").concat().contains("foreign"));
        assert_eq!(answer.thread.as_deref(), Some(first.ts.as_str()), "the answer stands in the thread");
        there.end().await;
    });
}

#[test]
fn a_reaction_reaches_the_plugin_whose_message_it_is() {
    on_sqlite(async |database| {
        let there = There::start(database, "socket").await;
        let ana = there.slack.ana();
        ana.types("#ops", "/misbehave echo \"look at this\"").await;
        let message = ana.reads("#ops", "look at this").await;
        // What it is called there is noted a moment after it was sent.
        eventually("its delivery is noted", async || {
            there.bot.app.store().outbox_backlog().await.unwrap().is_empty().then_some(())
        })
        .await;
        ana.reacts(&message, "pushpin").await;
        eventually("the reaction is on record", async || {
            let trail = there.bot.trail().await;
            trail.iter().any(|record| record.to_string().contains("pushpin")).then_some(())
        })
        .await;
        there.end().await;
    });
}

#[test]
fn what_comes_again_has_happened_once() {
    on_sqlite(async |database| {
        let there = There::start(database, "socket").await;
        let ana = there.slack.ana();
        let payload = ana.command("#incidents", "/sev declare sev2 twice is once");
        // The same envelope three times, and its payload in another envelope.
        for id in ["envelope-a", "envelope-a", "envelope-a", "envelope-b"] {
            there.slack.state().resend(id, "slash_commands", payload.clone(), true, 0);
        }
        there.slack.acknowledged("envelope-a").await;
        there.slack.acknowledged("envelope-b").await;
        let card = ana.reads("#incidents", "twice is once").await;
        let before = there.slack.state().done("chat.postMessage");
        // A click that Slack sends again, and a second person's click of the same button.
        ana.clicks(&card, "Acknowledge").await;
        there.slack.ben().clicks(&card, "Acknowledge").await;
        there.slack.ben().reads("#incidents", "Ana").await;
        assert_eq!(there.incidents().await, 1);
        let posts = there.slack.state().seen("#incidents", "U00000000BEN");
        let cards = posts.iter().filter(|one| one.body.to_string().contains("twice is once") && one.only_for.is_none());
        assert!(before >= 1 && cards.count() >= 1);
        there.end().await;
    });
}
