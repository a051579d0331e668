//! The bot is cut off in the middle, as by `kill -9`, and starts again: each job ends once, by its own rule.

use super::{card, card_says, doomed::Doomed, is_in, job, row, setup, told, trail_of};
use crate::support::bot::{HERE, Setup};
use crate::support::database::TestDatabase;
use crate::support::eventually;
use crate::support::kinds::ScriptedKind;
use drillbell::jobs::{AGAIN, Child, DONE, FAILED, JOB_VARIABLE, JobContext, JobError, Kind, KindCx, Verified, left};
use drillbell::model::job::JobState;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use std::os::unix::process::CommandExt;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

/// A job that is running when its bot is cut off; `then` looks at the next bot.
fn cut_off_while_running(
    options: &str,
    prepare: impl Fn(&ScriptedKind),
    then: impl AsyncFn(&Doomed, &ScriptedKind, &str),
) {
    for database in TestDatabase::both() {
        let kind = ScriptedKind::new();
        kind.hold("copy");
        prepare(&kind);
        let first = Doomed::start(&database, setup(&kind));
        let spec = r#"{"progress":{"stage":"copying","done":3,"total":10,"unit":"rows"}}"#;
        let id = first.run(async |bot| {
            bot.sends("ana", HERE, &job("copy", spec, options)).await;
            kind.has_begun("copy", 1).await;
            card_says(bot, "copy", "Stage: copying").await;
            row(bot, "copy").await.id
        });
        let again = first.setup(&kind);
        first.cut();
        let second = Doomed::start(&database, again);
        second.runtime().block_on(then(&second, &kind, &id));
        kind.release("copy");
        second.finish();
    }
}

#[test]
fn a_job_that_may_be_repeated_is_run_again_and_ends_once() {
    cut_off_while_running(
        "--lost repeat",
        |_| {},
        async |second, kind, id| {
            let run = kind.has_begun("copy", 2).await;
            assert_eq!((run.id.as_str(), run.attempt), (id, 2));
            kind.release("copy");
            assert_eq!(told(second.bot(), id).await["status"], "done");
            assert_eq!(trail_of(second.bot(), id).await, ["started", "started", "ok"]);
            assert_eq!(kind.runs()[0].ended, None, "the first run was cut off");
        },
    );
}

#[test]
fn a_job_that_is_cut_off_in_its_last_run_is_given_up() {
    cut_off_while_running(
        "--lost repeat --attempts 1",
        |_| {},
        async |second, kind, id| {
            let event = told(second.bot(), id).await;
            assert_eq!(event["status"], "failed");
            let why = event["detail"].as_str().unwrap();
            assert!(
                why.contains("cut off in each of its 1 runs") && why.contains("copying, 3 rows of 10 rows"),
                "{why}"
            );
            assert_eq!(kind.runs().len(), 1);
        },
    );
}

#[test]
fn a_kind_that_can_tell_says_whether_the_work_was_done() {
    cut_off_while_running(
        "--lost verify",
        |kind| kind.finds(Verified::Done(json!({"rows": 10}))),
        async |second, kind, id| {
            let event = told(second.bot(), id).await;
            assert_eq!((event["status"].as_str(), event["detail"].as_str()), (Some("done"), Some("{\"rows\":10}")));
            assert_eq!((kind.verified().as_slice(), kind.runs().len()), ([id.to_owned()].as_slice(), 1));
        },
    );
}

#[test]
fn a_kind_that_finds_the_work_undone_fails_it_or_has_it_repeated() {
    cut_off_while_running(
        "--lost verify",
        |kind| kind.finds(Verified::Failed("Half of the rows are there.".to_owned())),
        async |second, _, id| {
            let event = told(second.bot(), id).await;
            assert_eq!(event["status"], "failed");
            assert!(event["detail"].as_str().unwrap().contains("Half of the rows are there."), "{event}");
        },
    );
    cut_off_while_running(
        "--lost verify",
        |kind| kind.finds(Verified::Repeat),
        async |second, kind, id| {
            kind.has_begun("copy", 2).await;
            kind.release("copy");
            assert_eq!(told(second.bot(), id).await["status"], "done");
        },
    );
}

#[test]
fn people_are_asked_and_what_they_say_ends_the_job() {
    for (action, status, said) in
        [(DONE, "done", "ben says that it had done its work."), (FAILED, "failed", "had not done")]
    {
        cut_off_while_running(
            "--lost ask",
            |_| {},
            async |second, kind, id| {
                let bot = second.bot();
                let lost = is_in(bot, "copy", JobState::Lost).await;
                let text = card(bot, "copy").await.to_plain();
                assert!(
                    text.contains("died or lost touch during run 1. The last that was heard of it: copying"),
                    "{text}"
                );
                let labels: Vec<_> = card(bot, "copy").await.buttons().map(|button| button.label.clone()).collect();
                assert_eq!(labels, ["Run again", "Mark done", "Mark failed"]);
                bot.clicks("ben", &lost.card.unwrap(), action).await;
                let event = told(bot, id).await;
                assert_eq!(event["status"], status);
                card_says(bot, "copy", said).await;
                assert_eq!(kind.runs().len(), 1);
            },
        );
    }
}

#[test]
fn people_may_have_it_run_again_even_after_another_crash() {
    for database in TestDatabase::both() {
        let kind = ScriptedKind::new();
        kind.hold("copy");
        let first = Doomed::start(&database, setup(&kind));
        first.run(async |bot| {
            bot.sends("ana", HERE, &job("copy", "{}", "--lost ask --attempts 1")).await;
            kind.has_begun("copy", 1).await;
        });
        let again = first.setup(&kind);
        first.cut();
        let second = Doomed::start(&database, again);
        let lost = second.run(async |bot| is_in(bot, "copy", JobState::Lost).await);
        let again = second.setup(&kind);
        second.cut();
        let third = Doomed::start(&database, again);
        third.run(async |bot| {
            assert_eq!(row(bot, "copy").await.state, JobState::Lost, "it is still for people to say");
            bot.clicks("ben", &lost.card.clone().unwrap(), AGAIN).await;
            kind.has_begun("copy", 2).await;
            kind.release("copy");
            assert_eq!(told(bot, &lost.id).await["status"], "done");
            assert_eq!(trail_of(bot, &lost.id).await, ["started", "lost", "again", "started", "ok"]);
        });
        third.finish();
    }
}

#[test]
fn a_job_that_was_to_be_cancelled_when_its_bot_died_is_not_begun_again() {
    for database in TestDatabase::both() {
        let kind = ScriptedKind::new();
        kind.hold("deaf");
        let first = Doomed::start(&database, setup(&kind));
        let id = first.run(async |bot| {
            bot.sends("ana", HERE, &job("deaf", r#"{"stubborn":true}"#, "--lost repeat")).await;
            kind.has_begun("deaf", 1).await;
            let id = row(bot, "deaf").await.id;
            bot.ana(&format!("/drillbell status --cancel {id}")).await;
            id
        });
        let again = first.setup(&kind);
        first.cut();
        let second = Doomed::start(&database, again);
        second.run(async |bot| {
            let event = told(bot, &id).await;
            assert_eq!(event["status"], "cancelled");
            assert!(event["detail"].as_str().unwrap().contains("nobody knows how far it got"), "{event}");
            assert_eq!(kind.runs().len(), 1);
        });
        second.finish();
    }
}

#[test]
fn jobs_that_wait_are_still_there_after_a_crash() {
    for database in TestDatabase::both() {
        let kind = ScriptedKind::new();
        let first = Doomed::start(&database, setup(&kind));
        first.run(async |bot| {
            bot.sends("ana", HERE, &job("call", r#"{"end":"second"}"#, "")).await;
            card_says(bot, "call", "waits for another try").await;
        });
        let again = first.setup(&kind);
        let clock = again.clock.clone();
        first.cut();
        clock.advance(60_000);
        let second = Doomed::start(&database, again);
        second.run(async |bot| {
            let id = is_in(bot, "call", JobState::Done).await.id;
            assert_eq!(told(bot, &id).await["status"], "done");
        });
        second.finish();
    }
}

#[test]
fn a_stop_lets_jobs_end_and_leaves_those_that_do_not() {
    for database in TestDatabase::both() {
        let kind = ScriptedKind::new();
        kind.hold("long");
        kind.hold("short");
        let hasty = Setup { config: format!("{}\n[limits]\nshutdown = \"2s\"", setup(&kind).config), ..setup(&kind) };
        let first = Doomed::start(&database, hasty);
        first.run(async |bot| {
            bot.sends("ana", HERE, &job("short", "{}", "--lost ask")).await;
            bot.sends("ana", HERE, &job("long", "{}", "--lost repeat")).await;
            kind.has_begun("short", 1).await;
            kind.has_begun("long", 1).await;
        });
        let again = first.setup(&kind);
        kind.release("short");
        first.stop();
        kind.release("long");
        let second = Doomed::start(&database, again);
        second.run(async |bot| {
            is_in(bot, "short", JobState::Done).await;
            let long = is_in(bot, "long", JobState::Done).await;
            assert_eq!(long.attempts, 2, "it was told to end, and its rule had it repeated");
            assert_eq!(kind.runs().iter().filter(|run| run.title == "short").count(), 1);
        });
        second.finish();
    }
}

/// Starts a process that would go on for ever.
struct ChildKind(Mutex<Option<Child>>);

impl Kind for ChildKind {
    fn name(&self) -> &str {
        "scripted"
    }

    fn changes_production(&self, _: &Value) -> bool {
        true
    }

    fn check(&self, _: &Value, _: &KindCx<'_>) -> Result<(), String> {
        Ok(())
    }

    fn run(&self, job: JobContext) -> BoxFuture<'_, Result<Value, JobError>> {
        async move {
            let mut command = std::process::Command::new("sh");
            command.args(["-c", "sleep 1000 & wait"]).env(JOB_VARIABLE, job.id()).process_group(0);
            let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
            let pid = i32::try_from(child.id()).unwrap();
            let start = left::start_time(pid).unwrap();
            assert!(job.child_started(pid, start).await.unwrap());
            *self.0.lock().unwrap() = Some(Child { pid, start, home: String::new() });
            // Its end is waited for, so that it does not stay as a zombie of the tests' own process.
            std::thread::spawn(move || child.wait_with_output());
            std::future::pending().await
        }
        .boxed()
    }
}

#[test]
fn what_a_dead_bot_had_started_is_ended_before_people_are_asked() {
    for database in TestDatabase::both() {
        let kind = Arc::new(ChildKind(Mutex::default()));
        let with = |setup: Setup| Setup { kinds: vec![kind.clone()], ..setup };
        let none = ScriptedKind::new();
        let first = Doomed::start(&database, with(setup(&none)));
        let child = first.run(async |bot| {
            bot.sends("ana", HERE, &job("copy", "{}", "--lost ask")).await;
            let child = eventually("it has started a process", async || kind.0.lock().unwrap().clone()).await;
            eventually("the process is on record", async || row(bot, "copy").await.child).await;
            child
        });
        let again = with(first.setup(&none));
        first.cut();
        assert_eq!(left::start_time(child.pid), Some(child.start), "it outlived its bot");
        let second = Doomed::start(&database, again);
        second.run(async |bot| {
            is_in(bot, "copy", JobState::Lost).await;
            let text = card(bot, "copy").await.to_plain();
            assert!(text.contains("2 processes that it had started were still there and were ended."), "{text}");
            assert!(left::start_time(child.pid).is_none_or(|start| start != child.start), "it is gone");
            let id = row(bot, "copy").await.id;
            bot.ana(&format!("/drillbell status --cancel {id}")).await;
            assert_eq!(told(bot, &id).await["status"], "cancelled");
        });
        second.finish();
    }
}
