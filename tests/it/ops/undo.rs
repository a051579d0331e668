//! Taking back what was done: last first, whatever else fails, and not after a person said stop.

use super::steps::{COMMANDS, bench};
use super::{Bench, Notes, runtime};
use crate::support::eventually;
use drillbell::ops::http::SystemResolver;
use drillbell::ops::steps::{Outcome, State, Status};
use std::sync::Arc;

const FAILING: &str = r#"{"on_failure": "undo", "steps": [
    {"command": "note", "args": {"word": "one"}},
    {"command": "note", "args": {"word": "{item}"}, "each": ["x", "y"]},
    {"command": "read"},
    {"command": "fail"}
]}"#;

#[test]
fn what_was_done_is_taken_back_last_first() {
    runtime().block_on(async {
        let (bench, notes) = (bench(), Notes::default());
        let report = bench.run(FAILING, &notes).await;
        assert_eq!(bench.file("notes"), "one\nx\ny\nnot y\nnot x\nnot one\n");
        assert_eq!(report.outcome, Outcome::Failed);
        insta::assert_snapshot!(report.sentence, @r##"step 5 of 5, fail, exited with 3; 3 of 4 steps before it were taken back; one has no way back and stands"##);
        let undone: Vec<_> = report.state.undone.iter().map(|done| (done.name.as_str(), done.status)).collect();
        assert_eq!(
            undone,
            [("undo note (y)", Status::Pass), ("undo note (x)", Status::Pass), ("undo note", Status::Pass)]
        );
        assert_eq!(report.to_json()["undone"][0]["name"], "undo note (y)");
    });
}

#[test]
fn a_way_back_that_fails_does_not_keep_the_others_from_being_tried() {
    runtime().block_on(async {
        let (bench, notes) = (bench(), Notes::default());
        let steps = FAILING.replace(r#""each": ["x", "y"]"#, r#""each": ["x", "y"], "undo": {"command": "fail"}"#);
        let report = bench.run(&steps, &notes).await;
        assert_eq!(bench.file("notes"), "one\nx\ny\nnot one\n");
        insta::assert_snapshot!(report.sentence, @r##"step 5 of 5, fail, exited with 3; taking back 2 of 3 steps failed, look at them; one has no way back and stands"##);
    });
}

#[test]
fn a_restart_goes_on_taking_back_and_repeats_none_of_it() {
    runtime().block_on(async {
        let first = Notes::default();
        bench().run(FAILING, &first).await;
        let states: Vec<State> = first.states().into_iter().filter(|state| state.undoing).collect();
        assert_eq!(states.len(), 7, "when it begins, and before and after each");
        for state in states {
            let (bench, notes) = (bench(), Notes::default());
            let report = bench.resume(FAILING, &notes, state.clone()).await.unwrap();
            if state.running {
                assert_eq!(report.outcome, Outcome::Unknown);
                assert_eq!(bench.file("notes"), "");
            } else {
                assert_eq!(report.outcome, Outcome::Failed);
                assert_eq!(bench.file("notes").lines().count(), 3 - state.undone.len());
                assert_eq!(report.state.undone.len(), 3);
            }
        }
    });
}

#[test]
fn a_person_who_says_stop_gets_a_stop() {
    runtime().block_on(async {
        let sections = COMMANDS.replace("timeout = \"1s\"", "timeout = \"600s\"");
        let bench = Bench::new(&sections, &[("DB_PASSWORD", "correct horse")], Arc::new(SystemResolver));
        let notes = Notes::default();
        let steps = FAILING.replace("\"fail\"", "\"slow\"");
        let running = bench.run(&steps, &notes);
        let cancelling = async {
            eventually("the slow one runs", async || notes.text().contains("▶ 5/5 slow").then_some(())).await;
            bench.cancel.cancel();
        };
        let (report, ()) = tokio::join!(running, cancelling);
        assert_eq!(report.outcome, Outcome::Cancelled);
        assert_eq!(report.sentence, "step 5 of 5, slow, was cancelled; the steps before it stand");
        assert_eq!(bench.file("notes"), "one\nx\ny\n");
        let again = bench.resume(&steps, &notes, report.state.clone()).await.unwrap();
        assert_eq!((again.outcome, &again.state), (Outcome::Cancelled, &report.state));
    });
}
