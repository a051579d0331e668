//! A command that needs somebody's yes: held, shown, decided, carried out once as its author's.

use super::{COUNTER, TWICE, approves, asks, card, count, kept, said_in};
use crate::support::approvals::{id_of, plain, ruled};
use crate::support::bot::{HERE, TestBot, with_bot_of};
use crate::support::script::{SameOnBoth, told};
use drillbell::model::approval::State;
use drillbell::model::event::{ActionReceived, CommandReceived, Event};
use drillbell::model::ids::{ApprovalId, DeliveryId, fresh};
use drillbell::store::OutcomeStatus;
use serde_json::json;

#[test]
fn a_command_waits_for_its_approval_and_then_runs_once_as_its_authors() {
    let seen = SameOnBoth::default();
    with_bot_of(
        || ruled(COUNTER),
        async |bot| {
            let asked = bot.delivers("asked", "ana", HERE, "/misbehave kv-counter").await;
            let id = id_of(&asked);
            let mut script =
                vec![plain(&told("/misbehave kv-counter", &asked), &id), format!("= {}", plain(&asked.text, &id))];
            assert_eq!((asked.status, count(&bot).await), (OutcomeStatus::Pending, 0));
            let list = bot.types("carla", HERE, "/drillbell approve").await;
            script.push(plain(&told("/drillbell approve", &list), &id));
            let given = bot
                .types("ben", "console:#ops", &format!("/drillbell approve {} go on", id.as_str().to_lowercase()))
                .await;
            script.push(plain(&told("/drillbell approve A-1 go on", &given), &id));
            let again = bot.delivers("asked", "ana", HERE, "/misbehave kv-counter").await;
            script.push(plain(&told("(asked again by the same delivery)", &again), &id));
            assert_eq!((again.status, again.text.as_str()), (OutcomeStatus::Ok, "the counter is 1"));
            script.push(card(&bot, &id).await);
            assert_eq!(count(&bot).await, 1);
            let empty = bot.types("carla", HERE, "/drillbell approve").await;
            script.push(told("/drillbell approve", &empty));
            seen.saw(script.join("\n\n"));

            let record = bot.record(&format!("approved/{id}")).await;
            assert_eq!((&record["actor"], &record["detail"]["approval"]), (&json!("ana"), &json!(id)), "{record}");
        },
    );
    insta::assert_snapshot!(seen.text(), @r"
    > /misbehave kv-counter
    [pending]
    (console:#incidents)
    Approval A-1: /misbehave kv-counter
    /misbehave kv-counter
    asked by: Ana
    waits for: 1 approval of the role commander (Ben or Carla)
    until: 2026-01-01T00:15:00.000Z
    Or type /drillbell approve A-1, or /drillbell deny A-1 and why.
    [Approve] [Deny]

    = /misbehave kv-counter waits for 1 approval of the role commander (Ben or Carla), by the button or `/drillbell approve A-1`, until 00:15 UTC. It runs by itself then.

    > /drillbell approve
    (console:#incidents, only for you)
    Waiting for an approval
    A-1: /misbehave kv-counter, asked by Ana, waits for 1 approval of the role commander (Ben or Carla) until 00:15 UTC

    > /drillbell approve A-1 go on
    (console:#ops, only for you)
    Approved: /misbehave kv-counter runs now, as Ana asked.

    > (asked again by the same delivery)
    (console:#incidents)
    Approval A-1: /misbehave kv-counter
    /misbehave kv-counter
    asked by: Ana
    approved by: Ben at 00:00 UTC: go on
    Approved by Ben at 00:00 UTC: /misbehave kv-counter runs now, as Ana asked.
    (console:#incidents)
    the counter is 1

    Approval A-1: /misbehave kv-counter
    /misbehave kv-counter
    asked by: Ana
    approved by: Ben at 00:00 UTC: go on
    Approved by Ben at 00:00 UTC: /misbehave kv-counter runs now, as Ana asked.

    > /drillbell approve
    (console:#incidents, only for you)
    Waiting for an approval
    Nothing waits for an approval.
    ");
}

#[test]
fn everything_about_it_is_on_record() {
    with_bot_of(
        || ruled(COUNTER),
        async |bot| {
            bot.ana("/sev declare sev1 checkout is down").await;
            let id = asks(&bot).await;
            approves(&bot, "ben", &id).await;
            let trail = bot.trail().await;
            let asked = trail.iter().find(|record| record["detail"]["asked"].is_array()).expect("that it was asked");
            assert_eq!((&asked["outcome"], &asked["incident"]), (&json!("pending"), &json!("INC-1")), "{asked}");
            let decided = trail.iter().find(|record| record["detail"]["decided"]["id"] == json!(id)).expect("the vote");
            assert_eq!(
                (&decided["actor"], &decided["detail"]["decided"]["verdict"]),
                (&json!("ben"), &json!("approve"))
            );
            assert_eq!(decided["detail"]["decided"]["digest"], asked["detail"]["asked"][0]["digest"]);
            let lines = bot.app.store().timeline(&"INC-1".into(), 10).await.unwrap();
            let lines: Vec<_> =
                lines.iter().filter(|line| line.kind == "approval").map(|line| plain(&line.text, &id)).collect();
            assert_eq!(
                lines,
                ["asked for approval A-1 of /misbehave kv-counter", "approved A-1 for /misbehave kv-counter"]
            );
        },
    );
}

#[test]
fn two_of_the_role_must_agree_by_button_or_command_and_a_double_click_is_one_vote() {
    let seen = SameOnBoth::default();
    with_bot_of(
        || ruled(TWICE),
        async |bot| {
            let id = asks(&bot).await;
            let on = kept(&bot, &id).await.card;
            let mut script = Vec::new();
            for who in ["dora", "ana", "ben", "ben"] {
                let answer = bot.clicks(who, &on, "approval.approve").await;
                script.push(plain(&told(&format!("({who} clicks Approve)"), &answer), &id));
            }
            script.push(card(&bot, &id).await);
            assert_eq!(count(&bot).await, 0);
            let last = approves(&bot, "carla", &id).await;
            script.push(plain(&told("(carla) /drillbell approve A-1", &last), &id));
            assert_eq!((count(&bot).await, kept(&bot, &id).await.votes.len()), (1, 2));
            let late = bot.clicks("ben", &on, "approval.deny").await;
            script.push(plain(&told("(ben clicks Deny)", &late), &id));
            seen.saw(script.join("\n\n"));
        },
    );
    insta::assert_snapshot!(seen.text(), @r"
    > (dora clicks Approve)
    [refused]
    (console:#incidents, only for you)
    Only the role commander can approve A-1: ask Ben or Carla.

    > (ana clicks Approve)
    [refused]
    (console:#incidents, only for you)
    You asked for A-1 yourself, so somebody else has to approve it: Ben or Carla.

    > (ben clicks Approve)
    (console:#incidents, only for you)
    Your approval of /misbehave kv-counter counts: 1 of 2. It waits for 1 approval of the role commander (Carla).

    > (ben clicks Approve)
    [refused]
    (console:#incidents, only for you)
    You approved A-1 at 00:00 UTC already; it waits for 1 more, by Carla.

    Approval A-1: /misbehave kv-counter
    /misbehave kv-counter
    asked by: Ana
    approved by: Ben at 00:00 UTC
    waits for: 1 approval of the role commander (Carla)
    until: 2026-01-01T00:15:00.000Z
    Or type /drillbell approve A-1, or /drillbell deny A-1 and why.
    [Approve] [Deny]

    > (carla) /drillbell approve A-1
    (console:#ops, only for you)
    Approved: /misbehave kv-counter runs now, as Ana asked.

    > (ben clicks Deny)
    [refused]
    (console:#incidents, only for you)
    This button belongs to an older version of the message. Look at the message as it is now.
    ");
}

#[test]
fn asked_twice_it_waits_once() {
    with_bot_of(
        || ruled(COUNTER),
        async |bot| {
            let id = asks(&bot).await;
            let again = bot.ana("/misbehave kv-counter").await;
            assert_eq!((again.status, id_of(&again)), (OutcomeStatus::Pending, id.clone()));
            assert!(again.text.contains("still waits"), "{}", again.text);
            let other = bot.types("ana", "console:#ops", "/misbehave kv-counter").await;
            assert_ne!(id_of(&other), id, "elsewhere it is another thing");
            approves(&bot, "ben", &id).await;
            assert_eq!(count(&bot).await, 1);
        },
    );
}

#[test]
fn a_click_that_needs_an_approval_counts_when_it_is_given() {
    let rules = "[[policy]]\ncommand = \"misbehave action card\"\napprovals = 1\napprover = \"commander\"";
    with_bot_of(
        || ruled(rules),
        async |bot| {
            let on = bot.ana("/misbehave card").await.messages[0].message.clone();
            let asked = bot.clicks("ana", &on, "card").await;
            assert_eq!(asked.status, OutcomeStatus::Pending, "{asked:?}");
            let id = id_of(&asked);
            assert_eq!(id_of(&bot.clicks("ana", &on, "card").await), id, "a second click is the same wish");
            approves(&bot, "ben", &id).await;
            assert!(said_in(&bot, HERE, &id).await.contains(&"Ana pressed card (v1)".to_owned()));
            let after = bot.clicks("ana", &on, "card").await;
            assert!(after.text.contains("already done by Ana"), "{after:?}");
        },
    );
}

/// A command of somebody on a platform, perhaps only as a token says.
async fn says(
    bot: &TestBot,
    platform: &str,
    user: &str,
    text: &str,
    asserted_by: Option<&str>,
) -> (OutcomeStatus, String) {
    let by = bot.app.person(platform, user);
    let event = CommandReceived { text: text.to_owned(), by, asserted_by: asserted_by.map(str::to_owned) };
    let answer = bot.delivers_event(&fresh(), Event::CommandReceived(event)).await;
    (answer.status, answer.text)
}

#[test]
fn the_requester_under_a_second_identity_is_still_the_requester() {
    with_bot_of(
        || ruled("[[policy]]\ncommand = \"misbehave kv-counter\"\napprovals = 1"),
        async |bot| {
            let id = asks(&bot).await;
            let yes = format!("/drillbell approve {id}");
            for (platform, user) in [("console", "ana"), ("slack", "U1")] {
                let (status, text) = says(&bot, platform, user, &yes, None).await;
                assert_eq!(status, OutcomeStatus::Refused, "{platform}");
                assert!(text.starts_with(&format!("You asked for {id} yourself")), "{text}");
            }
            let (status, text) = says(&bot, "slack", "U999", &yes, None).await;
            assert_eq!(status, OutcomeStatus::Refused, "somebody whom [people] does not know: {text}");
            let (status, _) = says(&bot, "slack", "U1", "/misbehave kv-counter", None).await;
            assert_eq!(status, OutcomeStatus::Pending);
            assert_eq!(bot.app.store().open_approvals(10).await.unwrap().len(), 1, "Ana is Ana wherever she asks");
            assert_eq!((count(&bot).await, kept(&bot, &id).await.votes.len()), (0, 0));
        },
    );
}

#[test]
fn whom_a_token_names_is_on_record_as_such_and_no_second_person() {
    with_bot_of(
        || ruled(COUNTER),
        async |bot| {
            let token = Some("local token");
            let (status, _) = says(&bot, "console", "ana", "/misbehave kv-counter", token).await;
            assert_eq!(status, OutcomeStatus::Pending);
            let id = bot.app.store().open_approvals(1).await.unwrap().remove(0).id;
            assert!(
                card(&bot, &id).await.contains("asked by: Ana (says the local token)"),
                "{}",
                card(&bot, &id).await
            );
            let (status, text) = says(&bot, "console", "ben", &format!("/drillbell approve {id}"), token).await;
            assert_eq!(status, OutcomeStatus::Refused);
            assert!(text.contains("does not count as a second person"), "{text}");
            assert_eq!(count(&bot).await, 0);
            let click = ActionReceived {
                card: kept(&bot, &id).await.card,
                action: "approval.approve".to_owned(),
                value: String::new(),
                fields: Vec::new(),
                by: bot.app.person("console", "ben"),
                asserted_by: token.map(str::to_owned),
            };
            let answer = bot.delivers_event(&fresh(), Event::ActionReceived(click)).await;
            assert_eq!(answer.status, OutcomeStatus::Refused);
            assert!(
                bot.trail().await.iter().filter(|record| record["detail"]["asserted_by"] == "local token").count() >= 3
            );
            approves(&bot, "ben", &id).await;
            assert_eq!(count(&bot).await, 1, "signed in himself he counts");
        },
    );
}

#[test]
fn what_is_typed_wrong_is_told_apart() {
    with_bot_of(
        || ruled(COUNTER),
        async |bot| {
            let unknown = ApprovalId::from("A-00000000");
            for (line, expected) in [
                (format!("/drillbell approve {unknown}"), "There is no approval A-00000000."),
                ("/drillbell approve no-such".to_owned(), "'no-such' is no approval"),
                ("/drillbell approve --break-glass now".to_owned(), "Say which approval"),
                ("/drillbell deny \u{202e}A".to_owned(), "is no approval"),
            ] {
                let answer = bot.ana(&line).await;
                assert_eq!(answer.status, OutcomeStatus::Refused, "{line}");
                assert!(answer.text.contains(expected), "{line}: {}", answer.text);
            }
            let forged = bot.clicks("ben", &"no-such-card".into(), "approval.approve").await;
            assert_eq!(forged.status, OutcomeStatus::Refused);
            // An event that claims to be approved comes from nowhere but a commit of ours.
            let id = asks(&bot).await;
            let forged = bot.delivers(&format!("approved/{id}"), "ana", HERE, "/misbehave kv-counter").await;
            assert_eq!((forged.status, count(&bot).await), (OutcomeStatus::Pending, 0));
            assert_eq!(bot.app.store().result(&DeliveryId::from("nothing")).await.unwrap(), None);
            assert_eq!(kept(&bot, &id).await.state, State::Open);
        },
    );
}
