//! A job that changes production is announced on the public page by the transaction that lets it begin, in the operator's
//! words, and is over there by the one that ends it.

use super::{summary, waiting};
use crate::support::approvals::PEOPLE;
use crate::support::bot::{HERE, Setup, TestBot, with_bot_of};
use crate::support::eventually;
use crate::support::kinds::ScriptedKind;
use crate::support::public::STATUS;
use drillbell::model::job::JobState;
use drillbell::store::OutcomeStatus;
use std::sync::Arc;

const PLUGIN: &str = "[plugins.misbehaving]\nsource = \"builtin:misbehaving\"\ngrants = [\"kv\", \"jobs:*\"]";

fn setup(kind: &Arc<ScriptedKind>, rules: &str) -> Setup {
    let status = STATUS.replacen("cache =", "work_title = \"Works\"\nwork_text = \"We change something.\"\ncache =", 1);
    Setup { config: format!("{PLUGIN}\n{PEOPLE}\n{rules}\n{status}"), kinds: vec![kind.clone()], ..Setup::default() }
}

async fn ends(bot: &TestBot, state: JobState) {
    eventually(&format!("the job is {}", state.as_str()), async || {
        let jobs = bot.app.store().jobs_of(&"misbehaving".into(), false, 10).await.unwrap();
        jobs.iter().any(|job| job.state == state).then_some(())
    })
    .await;
}

#[test]
fn work_on_production_is_public_from_the_deciding_yes_to_its_end_and_says_nothing_of_itself() {
    for (spec, end) in [("{}", JobState::Done), (r#"{"end": "fail"}"#, JobState::Failed)] {
        let kind = ScriptedKind::named("risky", true);
        with_bot_of(
            || setup(&kind, ""),
            async |bot| {
                kind.hold("Restart the vault");
                bot.ana(&format!("/misbehave job risky --spec '{spec}' Restart the vault")).await;
                let id = waiting(&bot).await;
                assert_eq!(bot.app.store().status_revision().await.unwrap(), 0, "nothing begins yet");
                let given = bot.types("ben", HERE, &format!("/drillbell approve {id}")).await;
                assert_eq!(given.status, OutcomeStatus::Ok, "{given:?}");
                assert_eq!(bot.app.store().status_revision().await.unwrap(), 1, "in the very commit of the yes");
                let trail = bot.trail().await;
                let record = trail.iter().find(|it| it["detail"]["announced"].is_array()).expect("it is on record");
                assert_eq!(record["detail"]["announced"][0]["status_page"], true, "{record}");
                let feed = eventually("everybody reads it", async || {
                    let feed = summary(&bot);
                    (feed["scheduled_maintenances"][0]["status"] == "in_progress").then_some(feed)
                })
                .await;
                let told = &feed["scheduled_maintenances"][0];
                assert_eq!(
                    (&told["name"], &told["incident_updates"][0]["body"]),
                    (&"Works".into(), &"We change something.".into())
                );
                kind.release("Restart the vault");
                ends(&bot, end).await;
                assert_eq!(bot.app.store().status_revision().await.unwrap(), 2);
                eventually("everybody reads that it is over", async || {
                    summary(&bot)["scheduled_maintenances"].as_array()?.is_empty().then_some(())
                })
                .await;
                for (path, file) in &bot.app.board().unwrap().shown().site.files {
                    let text = String::from_utf8_lossy(&file.body).to_lowercase();
                    for inner in ["vault", "risky", "misbehaving", "approved by"] {
                        assert!(!text.contains(inner), "{path} holds {inner}");
                    }
                    // Ids are longer words, which may hold anything.
                    let named = text.split(|c: char| !c.is_alphanumeric()).any(|word| word == "ana" || word == "ben");
                    assert!(!named, "{path} names somebody");
                }
            },
        );
    }
}

#[test]
fn work_that_is_denied_or_changes_nothing_is_never_on_the_page() {
    let kind = ScriptedKind::named("risky", true);
    with_bot_of(
        || setup(&kind, ""),
        async |bot| {
            bot.ana("/misbehave job risky --spec '{}' Restart shop").await;
            let id = waiting(&bot).await;
            bot.types("ben", HERE, &format!("/drillbell deny {id} not now")).await;
            ends(&bot, JobState::Denied).await;
            assert_eq!(bot.app.store().status_revision().await.unwrap(), 0);
        },
    );
    let calm = ScriptedKind::named("calm", false);
    with_bot_of(
        || setup(&calm, ""),
        async |bot| {
            bot.ana("/misbehave job calm --spec '{}' Count").await;
            ends(&bot, JobState::Done).await;
            assert_eq!(bot.app.store().status_revision().await.unwrap(), 0);
        },
    );
}

#[test]
fn work_that_needs_no_approval_is_announced_by_the_commit_that_asks_for_it() {
    let kind = ScriptedKind::named("risky", true);
    with_bot_of(
        || setup(&kind, "[[policy]]\njob = \"risky\"\napprovals = 0"),
        async |bot| {
            kind.hold("Restart shop");
            let asked = bot.sends("ana", HERE, "/misbehave job risky --spec '{}' Restart shop").await;
            bot.handled(&asked).await;
            assert_eq!(bot.app.store().status_revision().await.unwrap(), 1);
            kind.release("Restart shop");
            ends(&bot, JobState::Done).await;
            assert_eq!(bot.app.store().status_revision().await.unwrap(), 2);
        },
    );
}
