//! Whatever happens to the program, its guard or the bot: no process is left that nobody looks after.

use super::{Notes, runtime, shell, supervisor};
use crate::support::eventually;
use drillbell::ops::child::{Exit, Process, tree};
use drillbell::scrub::Scrub;
use nix::sys::signal::Signal;
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// A child, a grandchild in a session of its own whose parent is gone, and one that ignores being asked.
const FAMILY: &str = "sleep 600 & (setsid sh -c 'echo $$ >> PIDS; exec sleep 600' &) ; \
                      sh -c 'trap \"\" TERM; echo $$ >> PIDS; while :; do sleep 0.05; done' & echo $! >> PIDS; \
                      echo $$ >> PIDS; ";

fn family(folder: &Path, then: &str) -> String {
    FAMILY.replace("PIDS", folder.join("pids").to_str().unwrap()) + then
}

fn pids(folder: &Path) -> Vec<i32> {
    let text = std::fs::read_to_string(folder.join("pids")).unwrap_or_default();
    text.lines().filter_map(|line| line.parse().ok()).collect()
}

fn running(pids: &[i32]) -> Vec<i32> {
    pids.iter().copied().filter(|pid| tree::stat(*pid).is_some_and(|stat| !stat.ended)).collect()
}

async fn begun(folder: &Path) -> Vec<i32> {
    eventually("the whole family runs", async || Some(pids(folder)).filter(|pids| pids.len() == 4)).await
}

async fn expect_gone(pids: &[i32]) {
    eventually("the whole family is gone", async || running(pids).is_empty().then_some(())).await;
}

#[test]
fn what_a_program_leaves_behind_is_ended_with_it() {
    runtime().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let wait =
            format!("while [ $(wc -l < {}) -lt 4 ]; do sleep 0.02; done; exit 0", folder.path().join("pids").display());
        let notes = Notes::default();
        let supervisor = supervisor(folder.path(), &Scrub::default());
        let ended = supervisor.run(shell(&family(folder.path(), &wait)), &notes, &CancellationToken::new()).await;
        assert_eq!(ended.exit, Exit::Code(0));
        assert!(ended.left >= 3, "{} were left", ended.left);
        assert_eq!(running(&pids(folder.path())), Vec::<i32>::new(), "at the very moment it is over");
    });
}

#[test]
fn what_is_meant_to_stay_stays() {
    runtime().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pids");
        let script = format!(
            "(setsid sh -c 'echo $$ > {}; exec sleep 600' &); while [ ! -s {} ]; do sleep 0.02; done",
            file.display(),
            file.display()
        );
        let mut program = shell(&script);
        program.background = true;
        let supervisor = supervisor(folder.path(), &Scrub::default());
        let ended = supervisor.run(program, &Notes::default(), &CancellationToken::new()).await;
        assert_eq!((ended.exit, ended.left), (Exit::Code(0), 0));
        let stays = running(&pids(folder.path()));
        assert_eq!(stays.len(), 1);
        tree::signal(&stays, Signal::SIGKILL);
        expect_gone(&stays).await;
    });
}

#[test]
fn a_run_that_is_dropped_takes_the_whole_family_along() {
    runtime().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let supervisor = supervisor(folder.path(), &Scrub::default());
        let script = family(folder.path(), "wait");
        let run =
            tokio::spawn(
                async move { supervisor.run(shell(&script), &Notes::default(), &CancellationToken::new()).await },
            );
        let family = begun(folder.path()).await;
        run.abort();
        expect_gone(&family).await;
    });
}

#[test]
fn a_guard_that_is_killed_leaves_nothing_either_and_the_end_is_unknown() {
    runtime().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let supervisor = supervisor(folder.path(), &Scrub::default());
        let notes = Notes::default();
        // Without the one in a session of its own: whose parents are all dead, nobody can tell whose it is.
        let file = folder.path().join("pids");
        let script = format!("sleep 600 & echo $! >> {f}; echo $$ >> {f}; echo ready; wait", f = file.display());
        let cancel = CancellationToken::new();
        let run = supervisor.run(shell(&script), &notes, &cancel);
        let killing = async {
            eventually("it runs", async || notes.text().contains("ready").then_some(())).await;
            tree::signal(&[notes.processes.lock().unwrap()[0].pid], Signal::SIGKILL);
        };
        let (ended, ()) = tokio::join!(run, killing);
        assert_eq!((ended.exit.clone(), ended.passed()), (Exit::Unknown, false));
        expect_gone(&pids(folder.path())).await;
    });
}

#[test]
fn a_stopped_program_is_ended_all_the_same() {
    runtime().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let supervisor = supervisor(folder.path(), &Scrub::default());
        let (notes, cancel) = (Notes::default(), CancellationToken::new());
        let run = supervisor.run(shell("echo $$; kill -STOP $$; sleep 600"), &notes, &cancel);
        let cancelling = async {
            eventually("it runs", async || (!notes.text().is_empty()).then_some(())).await;
            cancel.cancel();
        };
        let (ended, ()) = tokio::join!(run, cancelling);
        assert_eq!(ended.exit, Exit::Signal(15));
    });
}

#[test]
fn what_was_written_down_finds_the_family_of_a_dead_bot() {
    runtime().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let supervisor = supervisor(folder.path(), &Scrub::default());
        let notes = std::sync::Arc::new(Notes::default());
        let (script, watch) = (family(folder.path(), "wait"), notes.clone());
        let run = tokio::spawn(async move { supervisor.run(shell(&script), &*watch, &CancellationToken::new()).await });
        let family = begun(folder.path()).await;
        let process = notes.processes.lock().unwrap()[0];
        assert!(tree::is_alive(process));
        let found = tree::belonging_to(process);
        assert!(family.iter().all(|pid| found.contains(pid)), "{family:?} in {found:?}");
        let other = Process { start_time: process.start_time + 1, ..process };
        assert_eq!(tree::belonging_to(other), Vec::<i32>::new(), "a number that was given away is nobody's");
        tree::signal(&found, Signal::SIGKILL);
        expect_gone(&family).await;
        assert_eq!(run.await.unwrap().exit, Exit::Unknown);
    });
}
