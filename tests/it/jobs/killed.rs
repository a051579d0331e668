//! The shipped program, killed or frozen while a program of a job runs: nobody is left behind, nothing is done twice that may
//! not be, and the job ends once, by its rule. What was left is taken up by another bot on the same database and folder.

use super::shipped::{Doomed, ask, ended_once};
use super::{card_says, is_in};
use crate::support::bot::{Setup, TestBot, with_database};
use crate::support::database::TestDatabase;
use crate::support::eventually;
use drillbell::clock::Clock;
use drillbell::jobs::{AGAIN, DONE};
use drillbell::model::job::JobState;
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn three() -> Value {
    json!({"steps": [
        {"command": "note", "args": {"word": "one"}}, {"command": "slow"}, {"command": "note", "args": {"word": "three"}}
    ]})
}

#[test]
fn a_job_that_may_be_repeated_goes_on_with_the_step_that_was_cut_off() {
    with_database(async |database| {
        let doomed = Doomed::new(database);
        let slow = doomed.sections.replace("timeout = \"600s\"", "timeout = \"600s\"\non_lost = \"repeat\"");
        let doomed = doomed.rewritten(slow);
        let (setup, traces) = doomed.killed_in_the_middle(&three(), "verify").await;
        traces.go();
        let bot = TestBot::start(database, setup).await;
        let job = ended_once(&bot, &traces, "risky", JobState::Done).await;
        assert_eq!(job.attempts, 2);
        assert_eq!(traces.marks(), ["one", "begin", "begin", "end", "three"], "the first step is not done again");
        bot.finish().await;
    });
}

fn in_doubt(lost: &str, button: &str, after: &[&str]) {
    with_database(async |database| {
        let (setup, traces) = Doomed::new(database).killed_in_the_middle(&three(), lost).await;
        traces.go();
        let bot = TestBot::start(database, setup).await;
        let job = is_in(&bot, "risky", JobState::Lost).await;
        let text = card_says(&bot, "risky", "died or lost touch").await;
        assert!(lost == "ask" || text.contains("The step slow was running"), "{text}");
        assert_eq!(traces.marks(), ["one", "begin"], "nothing happens before somebody has decided");
        let answer = bot.clicks("ana", &job.card.unwrap(), button).await;
        assert!(!answer.text.is_empty());
        ended_once(&bot, &traces, "risky", JobState::Done).await;
        assert_eq!(traces.marks(), after);
        bot.finish().await;
    });
}

#[test]
fn a_job_in_doubt_asks_and_runs_again_from_the_step_in_doubt() {
    in_doubt("verify", AGAIN, &["one", "begin", "begin", "end", "three"]);
}

#[test]
fn a_job_that_always_asks_runs_again_from_the_step_in_doubt() {
    in_doubt("ask", AGAIN, &["one", "begin", "begin", "end", "three"]);
}

#[test]
fn a_job_in_doubt_is_over_when_somebody_says_that_it_was_done() {
    in_doubt("verify", DONE, &["one", "begin"]);
}

#[test]
fn killed_while_it_takes_steps_back_it_asks_as_well() {
    with_database(async |database| {
        let doomed = Doomed::new(database);
        let spec = json!({"on_failure": "undo", "steps": [
            {"command": "note", "args": {"word": "one"}, "undo": {"command": "slow"}}, {"command": "fail"}
        ]});
        let (setup, traces) = doomed.killed_in_the_middle(&spec, "verify").await;
        traces.go();
        let bot = TestBot::start(database, setup).await;
        let job = is_in(&bot, "risky", JobState::Lost).await;
        let text = card_says(&bot, "risky", "The step undo note was running").await;
        assert!(text.contains("whether it was done is not known"), "{text}");
        bot.clicks("ana", &job.card.unwrap(), AGAIN).await;
        ended_once(&bot, &traces, "risky", JobState::Failed).await;
        assert_eq!(traces.marks(), ["one", "begin", "begin", "end"]);
        bot.finish().await;
    });
}

#[test]
fn a_frozen_holder_finds_its_job_in_other_hands_and_writes_nothing_more() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let database = TestDatabase::postgres();
        let doomed = Doomed::new(&database);
        let sections = doomed.sections.replace("timeout = \"600s\"", "timeout = \"600s\"\nchanges = false");
        let doomed = doomed.rewritten(sections);
        let traces = doomed.traces();
        let process = doomed.home.start(&[]).await;
        let spec = json!({"steps": [{"command": "slow"}]});
        let command = ask("risky", &spec, "repeat");
        tokio::select! {
            answer = process.command("frozen", &command) => panic!("the job ended: {answer:?}"),
            () = traces.busy() => {}
        }
        process.signal(Signal::SIGSTOP);
        let frozen = traces.living();
        // Another replica has a data folder of its own.
        let other = tempfile::tempdir().unwrap();
        let setup = Setup {
            config: doomed.sections.clone(),
            folder: Arc::new(other),
            clock: Clock::system(),
            ..Setup::default()
        };
        let bot = TestBot::start(&database, setup).await;
        eventually("the lease ran out and the other runs it", async || {
            (traces.marks() == ["begin", "begin"] && traces.living().iter().all(|pid| !frozen.contains(pid)))
                .then_some(())
        })
        .await;
        traces.go();
        let job = ended_once(&bot, &traces, "risky", JobState::Done).await;
        process.signal(Signal::SIGCONT);
        // Thawed, it looks after its job, finds that it is over, and answers whoever asked.
        let answer = process.command("frozen", &command).await.expect("an answer");
        assert_eq!(answer["status"], "ok", "{answer}");
        let again = is_in(&bot, "risky", JobState::Done).await;
        assert_eq!((again.epoch, again.ended_ms, again.attempts), (job.epoch, job.ended_ms, 2));
        ended_once(&bot, &traces, "risky", JobState::Done).await;
        assert_eq!(traces.marks(), ["begin", "begin", "end"]);
        assert!(process.end(false).await.success());
        bot.finish().await;
    });
}

/// The whole folder is ours, so nothing of a run can hide in it.
#[test]
fn files_with_secrets_do_not_outlive_a_kill() {
    with_database(async |database| {
        let doomed = Doomed::new(database);
        let file = doomed.home.folder.path().join("secret");
        std::fs::write(&file, "correct horse").unwrap();
        let sections =
            doomed.sections.replace("timeout = \"600s\"", "timeout = \"600s\"\nsecret_files = { PASSFILE = \"s\" }");
        let sections = format!("{sections}\n[secrets]\ns = {{ file = {file:?} }}");
        let doomed = doomed.rewritten(sections);
        let scratch: PathBuf = doomed.home.folder.path().join("data/scratch");
        let (setup, _) = doomed.killed_in_the_middle(&json!({"steps": [{"command": "slow"}]}), "ask").await;
        eventually("the guard cleared up", async || is_empty(&scratch).then_some(())).await;
        drop(setup);
    });
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}
