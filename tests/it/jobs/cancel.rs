//! Ending a job before its end: by button, by command, by its plugin, by its limit; wherever it stands.

use super::{anew, card, card_says, is_in, job, row, told, trail_of};
use crate::support::bot::{HERE, TestBot, with_bot_of};
use crate::support::kinds::ScriptedKind;
use drillbell::jobs::CANCEL;
use drillbell::model::job::JobState;
use drillbell::store::OutcomeStatus;
use std::sync::Arc;

/// A job that runs and waits in the middle of its work.
async fn running(bot: &TestBot, kind: &Arc<ScriptedKind>, title: &str, options: &str) -> String {
    kind.hold(title);
    bot.sends("ana", HERE, &job(title, "{}", options)).await;
    kind.has_begun(title, 1).await;
    is_in(bot, title, JobState::Running).await.id
}

#[test]
fn the_button_of_its_card_ends_a_running_job() {
    let kind = ScriptedKind::new();
    with_bot_of(
        || anew(&kind),
        async |bot| {
            let id = running(&bot, &kind, "copy", "").await;
            let shown = row(&bot, "copy").await.card.unwrap();
            let answer = bot.clicks("ben", &shown, CANCEL).await;
            assert_eq!((answer.status, answer.text.as_str()), (OutcomeStatus::Ok, "copy: it is told to end."));
            let event = told(&bot, &id).await;
            assert_eq!(event["status"], "cancelled");
            assert!(
                event["detail"].as_str().unwrap().contains("\"half\":true"),
                "what the kind said goes along: {event}"
            );
            let text = card(&bot, "copy").await.to_plain();
            assert!(text.contains("State: cancelled") && text.contains("ben cancelled it."), "{text}");
            assert_eq!(card(&bot, "copy").await.buttons().count(), 0, "nothing is left to press");
            assert_eq!(trail_of(&bot, &id).await, ["started", "cancelled"]);
            let trail = bot.trail().await;
            let record = trail.iter().find(|it| it["outcome"] == "cancelled").unwrap();
            assert_eq!(record["actor"], "ben", "whoever cancelled it is on record");
            let late = bot.clicks("ben", &shown, CANCEL).await;
            assert_eq!(late.status, OutcomeStatus::Refused, "{late:?}");
        },
    );
}

#[test]
fn the_status_names_jobs_and_cancels_them_by_the_end_of_their_id() {
    let kind = ScriptedKind::new();
    with_bot_of(
        || anew(&kind),
        async |bot| {
            let id = running(&bot, &kind, "copy", "").await;
            let status = bot.types("ben", HERE, "/drillbell status").await;
            let short = &id[28..];
            assert!(status.text.contains("jobs: 1 running, 0 waiting, 0 held, 0 to be decided"), "{}", status.text);
            assert!(status.text.contains(&format!("job {short}: running on ")), "{}", status.text);
            let listed = &status.data.unwrap()["jobs"]["list"][0];
            assert_eq!((listed["id"].as_str(), listed["kind"].as_str()), (Some(id.as_str()), Some("scripted")));
            for (named, said) in [("nonsense", "No job that has not ended"), ("c", "No job"), ("x`y", "`xy`")] {
                let answer = bot.ana(&format!("/drillbell status --cancel \"{named}\"")).await;
                assert!(answer.status == OutcomeStatus::Refused && answer.text.contains(said), "{answer:?}");
            }
            let answer = bot.ana(&format!("/drillbell status --cancel {short}")).await;
            assert_eq!(answer.status, OutcomeStatus::Ok, "{answer:?}");
            assert_eq!(told(&bot, &id).await["status"], "cancelled");
        },
    );
}

#[test]
fn a_plugin_cancels_its_job_and_a_kind_that_does_not_listen_is_dropped() {
    let kind = ScriptedKind::new();
    with_bot_of(
        || anew(&kind),
        async |bot| {
            kind.hold("deaf");
            bot.sends("ana", HERE, &job("deaf", r#"{"stubborn":true}"#, "")).await;
            kind.has_begun("deaf", 1).await;
            let id = is_in(&bot, "deaf", JobState::Running).await.id;
            bot.types("ben", "console:#ops", &format!("/misbehave cancel-job {id}")).await;
            card_says(&bot, "deaf", "being cancelled").await;
            assert_eq!(told(&bot, &id).await["status"], "cancelled");
            assert_eq!(kind.runs().last().unwrap().ended, None, "it was cut off");
            kind.release("deaf");
        },
    );
}

#[test]
fn a_job_that_waits_its_turn_ends_without_having_begun() {
    let kind = ScriptedKind::new();
    with_bot_of(
        || anew(&kind),
        async |bot| {
            for n in 0..4 {
                running(&bot, &kind, &format!("busy {n}"), "").await;
            }
            bot.sends("ana", HERE, &job("waits", "{}", "")).await;
            let waiting = is_in(&bot, "waits", JobState::Ready).await;
            let answer = bot.ana(&format!("/drillbell status --cancel {}", waiting.id)).await;
            assert_eq!(answer.text, "waits: cancelled.");
            assert_eq!(told(&bot, &waiting.id).await["status"], "cancelled");
            assert_eq!(row(&bot, "waits").await.started_ms, None);
            card_says(&bot, "waits", "It never began; nothing was changed.").await;
            (0..4).for_each(|n| kind.release(&format!("busy {n}")));
            for n in 0..4 {
                is_in(&bot, &format!("busy {n}"), JobState::Done).await;
            }
            assert_eq!(kind.runs().iter().filter(|run| run.title == "waits").count(), 0);
        },
    );
}

#[test]
fn a_job_between_two_runs_can_be_cancelled() {
    let kind = ScriptedKind::new();
    with_bot_of(
        || anew(&kind),
        async |bot| {
            bot.sends("ana", HERE, &job("busy line", r#"{"end":"retry"}"#, "")).await;
            card_says(&bot, "busy line", "waits for another try").await;
            let shown = row(&bot, "busy line").await;
            bot.clicks("ana", &shown.card.unwrap(), CANCEL).await;
            assert_eq!(told(&bot, &shown.id).await["status"], "cancelled");
            assert_eq!(trail_of(&bot, &shown.id).await, ["started", "again", "cancelled"]);
        },
    );
}

#[test]
fn a_run_beyond_its_limit_is_stopped_and_counts_as_failed() {
    let kind = ScriptedKind::new();
    with_bot_of(
        || anew(&kind),
        async |bot| {
            let id = running(&bot, &kind, "slow", "--limit 90s").await;
            bot.clock.advance(90_000);
            let early = bot.app.store().job(&id).await.unwrap().unwrap();
            assert_eq!(early.state, JobState::Running, "not before its time");
            bot.clock.advance(1);
            let event = told(&bot, &id).await;
            assert_eq!(event["status"], "failed");
            let detail = event["detail"].as_str().unwrap();
            assert!(detail.contains("ran longer than 1 min 30 s, its limit"), "{detail}");
            assert_eq!(kind.runs().len(), 1, "a limit is no reason to try again");
        },
    );
}

#[test]
fn two_who_press_at_once_are_each_told_and_the_job_ends_once() {
    let kind = ScriptedKind::new();
    with_bot_of(
        || anew(&kind),
        async |bot| {
            let id = running(&bot, &kind, "copy", "").await;
            let shown = row(&bot, "copy").await.card.unwrap();
            let (a, b) = tokio::join!(bot.clicks("ana", &shown, CANCEL), bot.clicks("ben", &shown, CANCEL));
            assert!(a.status != OutcomeStatus::Failed && b.status != OutcomeStatus::Failed, "{a:?} {b:?}");
            told(&bot, &id).await;
            assert_eq!(trail_of(&bot, &id).await, ["started", "cancelled"]);
        },
    );
}
