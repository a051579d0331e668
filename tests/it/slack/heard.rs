//! What is heard: forms, selects, mentions, reactions, groups, and everything that comes more than once.

use super::{MODES, There, on_sqlite};
use crate::support::bot::Setup;
use crate::support::eventually;
use crate::support::slack::Slack;
use serde_json::json;

/// Waits until nothing is to be said; what a message is called on Slack is noted a moment after it was sent.
async fn said(there: &There) {
    let none = async || there.bot.app.store().outbox_backlog().await.unwrap().is_empty().then_some(());
    eventually("every delivery is noted", none).await;
}

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
        said(&there).await;
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
        // A click that Slack sends again, in the same envelope and in another one.
        let click = ana.click(&card, "Acknowledge");
        let late_click = there.slack.ben().click(&card, "Acknowledge");
        for id in ["envelope-c", "envelope-c", "envelope-d"] {
            there.slack.state().resend(id, "interactive", click.clone(), false, 0);
        }
        there.slack.acknowledged("envelope-c").await;
        there.slack.acknowledged("envelope-d").await;
        // A second person's click of the same button, as it stood there before the first.
        there.slack.state().resend("envelope-e", "interactive", late_click, false, 0);
        there.slack.ben().reads("#incidents", "Ana").await;
        // What is typed here after all that is answered after all that.
        let done = async |words: &str| {
            ana.types("#incidents", &format!("/misbehave echo {words}")).await;
            ana.reads("#incidents", words).await;
            said(&there).await;
            let state = there.slack.state();
            // The answer to a command goes the way that came with it.
            let posts = state.done("chat.postMessage") + state.done("response_url");
            (posts, state.done("chat.postEphemeral"), state.done("chat.update"))
        };
        let (posts, private, edits) = done("counted-first").await;
        for (id, kind, again) in [("envelope-b", "slash_commands", &payload), ("envelope-c", "interactive", &click)] {
            there.slack.state().acks.remove(id);
            there.slack.state().resend(id, kind, again.clone(), false, 1);
            there.slack.acknowledged(id).await;
        }
        assert_eq!(done("counted-then").await, (posts + 1, private, edits), "nothing but the answer to that");
        assert_eq!(there.incidents().await, 1);
        there.end().await;
    });
}

#[test]
fn a_mention_of_somebody_else_is_no_command() {
    on_sqlite(async |database| {
        let there = There::start(database, "socket").await;
        let (ana, ben) = (&there.slack.ana(), there.slack.ben());
        let says = async |text: &str| {
            let event = json!({"type": "app_mention", "user": ana.id, "channel": "C0000000002", "ts": "1767225600.7", "text": text});
            ana.tells(event).await;
        };
        says("<@U00000000BEN> misbehave echo to-ben, <@U0000000B0T>").await;
        says("<@U0000000B0T|drillbell> misbehave echo to-the-bot").await;
        ben.reads("#ops", "to-the-bot").await;
        ana.reads("#ops", "/drillbell").await;
        assert!(!ben.sees("#ops").concat().contains("to-ben"), "{:#?}", ben.sees("#ops"));
        there.end().await;
    });
}

#[test]
fn somebody_of_another_workspace_can_do_nothing_unless_the_configuration_names_them() {
    let named = "[severities.sev1]\n[people.eve]\nname = \"Eve\"\nslack = \"U0000000EVE\"\n";
    // In an organisation's install payloads do not say where the app is installed, and the token is of no workspace.
    for organisation in [false, true] {
        on_sqlite(async |database| {
            let slack = Slack::start().await;
            slack.state().organisation = organisation;
            let setup = Setup { config: named.to_owned(), ..Setup::default() };
            let there = There::with(database, slack, "socket", setup).await;
            let (slack, ana) = (&there.slack, there.slack.ana());
            let (stranger, eve) = (slack.stranger("U00STRANGER"), slack.stranger("U0000000EVE"));
            let who = [("#ops", &eve, "Eve pressed pick (green)"), ("#incidents", &ana, "Ana pressed pick (green)")];
            for (channel, allowed, pressed) in who {
                ana.types(channel, "/misbehave form-card").await;
                let card = ana.reads(channel, "Fill this in").await;
                said(&there).await;
                let modal = ana.opens(&card, "Report…").await;
                stranger.chooses(&card, "Colour", "Red").await;
                let answer = stranger.submits(&modal, &[("Title", "strange"), ("Level", "High")]).await;
                assert_eq!(answer, serde_json::Value::Null);
                stranger.reacts(&card, "skull").await;
                allowed.chooses(&card, "Colour", "Green").await;
                ana.reads(channel, pressed).await;
                allowed.reacts(&card, "eyes").await;
            }
            let trail = eventually("the others' reactions are on record", async || {
                let trail = there.bot.trail().await.iter().map(ToString::to_string).collect::<String>();
                (trail.matches("eyes").count() >= 2).then_some(trail)
            })
            .await;
            let seen = format!("{:?} {:?}", ana.sees("#ops"), ana.sees("#incidents"));
            assert!(!seen.contains("STRANGER") && !seen.contains("strange"), "{seen}");
            assert!(!trail.contains("skull") && !trail.contains("U00STRANGER"), "{trail}");
            there.end().await;
        });
    }
}

#[test]
fn groups_are_read_before_channels_and_alone_when_only_they_have_changed() {
    on_sqlite(async |database| {
        let slack = Slack::start().await;
        slack.state().groups.insert("S0123456789".to_owned(), vec!["U00000000ANA".to_owned()]);
        let config = "[severities.sev1]\n[roles.responder]\nmembers = [\"slack:group:S0123456789\"]\n".to_owned();
        let there = There::with(database, slack, "socket", Setup { config, ..Setup::default() }).await;
        let (slack, ana) = (&there.slack, there.slack.ana());
        let calls = |method: &str| slack.state().done(method);
        let (groups, channels) = ("usergroups.users.list", "conversations.list");
        let order: Vec<_> = slack.state().calls.iter().map(|call| call.method.clone()).collect();
        let first = |method: &str| order.iter().position(|one| one == method).unwrap();
        assert!(first(groups) < first(channels), "{order:?}");
        let before = (calls(groups), calls(channels));
        ana.tells(json!({"type": "subteam_members_changed", "subteam_id": "S0123456789"})).await;
        eventually("the group is read anew", async || (calls(groups) > before.0).then_some(())).await;
        assert_eq!(calls(channels), before.1, "and nothing else");
        // Any number of changes at once are a look or two.
        for _ in 0..20 {
            ana.tells(json!({"type": "channel_rename", "channel": {"id": "C0000000002", "name": "ops"}})).await;
        }
        eventually("the channels are read anew", async || (calls(channels) > before.1).then_some(())).await;
        there.end().await;
    });
}
