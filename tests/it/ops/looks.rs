//! Steps that only look: all of them are done, what could not look says so, and a command with a window keeps to it.

use super::{Bench, Notes, runtime};
use chrono::Datelike;
use drillbell::ops::http::SystemResolver;
use drillbell::ops::steps::{Outcome, Status};
use std::sync::Arc;

const COMMANDS: &str = r#"
[commands.well]
argv = ["true"]
changes = false
[commands.ill]
argv = ["false"]
changes = false
[commands.far]
argv = ["sh", "-c", "exit 255"]
changes = false
unseen = [255]
"#;

fn bench(more: &str) -> Bench {
    Bench::new(&format!("{COMMANDS}{more}"), &[], Arc::new(SystemResolver))
}

#[test]
fn each_is_looked_at_whatever_came_of_the_others() {
    runtime().block_on(async {
        let (bench, notes) = (bench(""), Notes::default());
        let steps =
            r#"{"on_failure": "go-on", "steps": [{"command": "ill"}, {"command": "far"}, {"command": "well"}]}"#;
        let report = bench.run(steps, &notes).await;
        assert_eq!(report.outcome, Outcome::Failed);
        assert_eq!(report.sentence, "2 of 3 steps did not pass; ill, exited with 1");
        let came: Vec<_> = report.state.done.iter().map(|done| (done.status, done.unseen)).collect();
        assert_eq!(came, [(Status::Fail, false), (Status::Fail, true), (Status::Pass, false)]);
        assert_eq!(report.state.done[1].sentence, "exited with 255, which says that it could not look");
        // From every state that was kept it comes to the same end.
        for state in notes.states() {
            let again = bench.resume(steps, &Notes::default(), state).await.unwrap();
            assert_eq!((again.outcome, again.state.done.len()), (Outcome::Failed, 3));
        }
        let well = r#"{"on_failure": "go-on", "steps": [{"command": "well"}, {"command": "well"}]}"#;
        assert_eq!(bench.run(well, &notes).await.outcome, Outcome::Passed);
    });
}

#[test]
fn outside_of_its_window_a_command_is_not_started() {
    runtime().block_on(async {
        let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
        let today = usize::try_from(chrono::Utc::now().weekday().num_days_from_monday()).unwrap();
        // Far enough from today that midnight makes no difference.
        let other = days[(today + 3) % 7];
        let more = format!(
            "[commands.pack]\nargv = [\"touch\", \"FOLDER/packed\"]\nwindow = \"{other} 00:00-24:00\"\n\
             [commands.any]\nargv = [\"touch\", \"FOLDER/any\"]\nwindow = \"Mon-Sun 00:00-24:00\"\n"
        );
        let (bench, notes) = (bench(&more), Notes::default());
        let report = bench.run(r#"{"steps": [{"command": "any"}, {"command": "pack"}]}"#, &notes).await;
        let last = report.state.done.last().unwrap();
        assert_eq!((report.outcome, last.unseen), (Outcome::Failed, true));
        let said = format!("was not started: `pack` runs only in its window, {other} 00:00-24:00 UTC");
        assert_eq!(last.sentence, said);
        assert!(bench.folder.path().join("any").exists() && !bench.folder.path().join("packed").exists());
    });
}
