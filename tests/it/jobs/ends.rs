//! How jobs end, and what everybody gets to see of it: the command, the card, the plugin, the trail, the timeline.

use super::{PLUGIN, anew, card, is_in, job, row, started, status_of, told, trail_of};
use crate::support::bot::{SEV, Setup, with_bot_of};
use crate::support::kinds::ScriptedKind;
use crate::support::script::SameOnBoth;
use drillbell::model::ids::IncidentId;
use drillbell::model::job::JobState;
use drillbell::store::OutcomeStatus;
use serde_json::json;

#[test]
fn a_command_is_followed_until_its_job_is_done() {
    let seen = SameOnBoth::default();
    let kind = ScriptedKind::new();
    with_bot_of(
        || anew(&kind),
        async |bot| {
            let answer = bot.ana(&job("copy the shop", r#"{"echo":7}"#, "")).await;
            assert_eq!(
                status_of(&answer),
                (OutcomeStatus::Ok, "started copy the shop\ncopy the shop: done. It is done.")
            );
            let id = started(&answer);
            let event = told(&bot, &id).await;
            assert_eq!((&event["kind"], &event["status"]), (&json!("scripted"), &json!("done")));
            assert_eq!(event["detail"], json!({"attempt": 1, "echo": 7}).to_string());
            assert_eq!(trail_of(&bot, &id).await, ["started", "ok"]);
            let shown = &answer.messages.last().unwrap();
            assert_eq!(shown.message, row(&bot, "copy the shop").await.card.unwrap());
            seen.saw(shown.text.replace(&id[28..], "IDENTITY"));
        },
    );
    insta::assert_snapshot!(seen.text(), @r"
    copy the shop
    State: done
    Asked by: ana
    It is done.
    Took: less than a second
    job IDENTITY · scripted
    ");
    assert!(kind.runs().iter().all(|run| run.ended == Some("ok")));
}

#[test]
fn a_command_fails_when_its_job_fails() {
    let seen = SameOnBoth::default();
    let kind = ScriptedKind::new();
    with_bot_of(
        || anew(&kind),
        async |bot| {
            let answer = bot.ana(&job("copy the shop", r#"{"end":"fail"}"#, "")).await;
            assert_eq!(answer.status, OutcomeStatus::Failed, "{answer:?}");
            let id = started(&answer);
            let event = told(&bot, &id).await;
            assert_eq!(event["status"], "failed");
            let detail = json!({"error": "The disk is full: make room.", "detail": {"code": 28}});
            assert_eq!(event["detail"], detail.to_string());
            assert_eq!(trail_of(&bot, &id).await, ["started", "failed"]);
            seen.saw(card(&bot, "copy the shop").await.to_plain().replace(&id[28..], "IDENTITY"));
        },
    );
    insta::assert_snapshot!(seen.text(), @r"
    copy the shop
    State: failed
    Asked by: ana
    The disk is full: make room.
    Took: less than a second
    What it had done by then is not undone. Mend the cause, then run the command again.
    job IDENTITY · scripted
    ");
}

#[test]
fn a_job_of_an_incident_writes_into_its_timeline() {
    let kind = ScriptedKind::new();
    with_bot_of(
        || Setup { kinds: vec![kind.clone()], ..Setup::of(&format!("{SEV}\n{PLUGIN}")) },
        async |bot| {
            bot.ana("/sev declare sev1 checkout is down").await;
            let answer = bot.ana(&job("copy the shop", "{}", "--incident INC-1")).await;
            let event = told(&bot, &started(&answer)).await;
            assert_eq!(event["incident"], "INC-1");
            let lines = bot.app.store().timeline(&IncidentId::numbered(1), 10).await.unwrap();
            let told: Vec<_> = lines.iter().filter(|line| line.kind == "job").collect();
            let texts: Vec<_> = told.iter().map(|line| line.text.as_str()).collect();
            assert_eq!(texts, ["copy the shop: begun.", "copy the shop: done. It is done."]);
            assert!(told.iter().all(|line| line.author.as_str() == "plugin:misbehaving"));
        },
    );
}

#[test]
fn a_kind_that_panics_fails_its_job_and_nothing_else() {
    let kind = ScriptedKind::new();
    with_bot_of(
        || anew(&kind),
        async |bot| {
            let answer = bot.ana(&job("break", r#"{"end":"panic"}"#, "")).await;
            assert!(answer.status == OutcomeStatus::Failed && answer.text.contains("our mistake"), "{answer:?}");
            assert_eq!(bot.ana(&job("go on", "{}", "")).await.status, OutcomeStatus::Ok);
        },
    );
}

#[test]
fn a_spec_that_its_kind_does_not_take_is_told_in_the_call() {
    let kind = ScriptedKind::new();
    with_bot_of(
        || anew(&kind),
        async |bot| {
            let answer = bot.ana(&job("nothing", "[]", "")).await;
            assert_eq!(answer.status, OutcomeStatus::Refused);
            assert!(answer.text.contains("the spec is no object"), "{answer:?}");
            let answer = bot.ana("/misbehave job nonesuch x").await;
            assert!(
                answer.text.contains(
                    "there is assess, backup, backup-adopt, backup-prune, backup-rebuild, backup-verify, document, drill, evidence, exercise, http, maintenance, notice, restore, rollback, samples, scripted, silence, steps"
                ),
                "{answer:?}"
            );
            assert!(bot.app.store().jobs_of(&"misbehaving".into(), false, 9).await.unwrap().is_empty());
        },
    );
}

#[test]
fn one_job_of_a_key_at_a_time_and_the_second_is_told_which() {
    let kind = ScriptedKind::new();
    with_bot_of(
        || anew(&kind),
        async |bot| {
            kind.hold("first");
            bot.sends("ana", "console:#incidents", &job("first", "{}", "--key shop")).await;
            let first = is_in(&bot, "first", JobState::Running).await;
            let second = bot.types("ben", "console:#ops", &job("second", "{}", "--key shop")).await;
            assert!(second.status == OutcomeStatus::Refused && second.text.contains(&first.id), "{second:?}");
            kind.release("first");
            told(&bot, &first.id).await;
            let third = bot.types("ben", "console:#ops", &job("third", "{}", "--key shop")).await;
            assert_eq!(third.status, OutcomeStatus::Ok, "{third:?}");
        },
    );
}

#[test]
fn of_many_that_want_one_key_at_once_one_gets_it() {
    let kind = ScriptedKind::new();
    with_bot_of(
        || anew(&kind),
        async |bot| {
            kind.hold("wanted");
            let all = (0..12).map(|n| {
                let bot = bot.clone();
                async move {
                    let room = format!("console:#room-{n}");
                    let id = bot.sends("ana", &room, &job("wanted", "{}", "--key shop")).await;
                    bot.handled(&id).await.status
                }
            });
            let answers = futures::future::join_all(all).await;
            assert_eq!(answers.iter().filter(|status| **status == OutcomeStatus::Ok).count(), 1, "{answers:?}");
            is_in(&bot, "wanted", JobState::Running).await;
            kind.release("wanted");
            is_in(&bot, "wanted", JobState::Done).await;
        },
    );
}
