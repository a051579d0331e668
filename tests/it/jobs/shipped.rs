//! The shipped program with steps to run, to be killed or frozen with them in hand, and what it leaves.

use super::{card, is_in, told, trail_of};
use crate::support::bot::{PEOPLE, Setup, TestBot, from_file};
use crate::support::database::TestDatabase;
use crate::support::eventually;
use crate::support::process::Home;
use drillbell::clock::Clock;
use drillbell::model::job::{Job, JobState};
use drillbell::ops::child::tree;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// `slow` starts a daemon of its own, says who they are, and goes on until it is let go.
const SECTIONS: &str = r#"
[channels]
ops = "console:#ops"
[[policy]]
job = "steps"
approvals = 0
[plugins.misbehaving]
source = "builtin:misbehaving"
grants = ["kv", "jobs:*", "command:*"]
[commands.note]
argv = ["sh", "-c", "echo \"$1\" >> \"$2\"", "--", "{word}", "FOLDER/marks"]
args.word = { type = "word" }
undo = "slow"
on_lost = "repeat"
[commands.fail]
argv = ["false"]
[commands.slow]
argv = ["sh", "-c", "cd FOLDER; echo begin >> marks; (setsid sh -c 'echo $$ >> pids; exec sleep 600' &); echo $$ >> pids; while [ ! -e go ]; do sleep 0.02; done; echo end >> marks"]
timeout = "600s"
"#;

/// A bot as a process, to be killed, and what it leaves.
pub(super) struct Doomed {
    pub(super) home: Home,
    /// Its configuration without the database.
    pub(super) sections: String,
    url: String,
}

/// What may be looked at of a run from outside.
pub(super) struct Traces(PathBuf);

impl Traces {
    /// Of programs that write into a folder.
    pub(super) fn of(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    /// What the programs wrote down, in order.
    pub(super) fn marks(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.0.join("marks")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Which of them still run.
    pub(super) fn living(&self) -> Vec<i32> {
        let text = std::fs::read_to_string(self.0.join("pids")).unwrap_or_default();
        let pids = text.lines().filter_map(|line| line.parse().ok());
        pids.filter(|pid| tree::stat(*pid).is_some_and(|stat| !stat.ended)).collect()
    }

    /// Waits until the slow program and its daemon run.
    pub(super) async fn busy(&self) {
        eventually("the program and its daemon run", async || (self.living().len() == 2).then_some(())).await;
    }

    /// Waits until none of them does.
    pub(super) async fn nobody_left(&self) {
        eventually("no process is left", async || self.living().is_empty().then_some(())).await;
    }

    /// The slow program may end.
    pub(super) fn go(&self) {
        std::fs::write(self.0.join("go"), "").unwrap();
    }
}

impl Doomed {
    /// On a database, with the sections above.
    pub(super) fn new(database: &TestDatabase) -> Self {
        let home = Home::new(database);
        let sections = from_file(SECTIONS).replace("FOLDER", home.folder.path().to_str().unwrap());
        let sections = format!("{sections}\n{PEOPLE}");
        Self { home, sections: String::new(), url: database.url.clone() }.rewritten(sections)
    }

    /// The same with other sections.
    pub(super) fn rewritten(self, sections: String) -> Self {
        self.home.configure(&self.url, &sections);
        Self { sections, ..self }
    }

    /// What is seen of its programs.
    pub(super) fn traces(&self) -> Traces {
        Traces(self.home.folder.path().to_owned())
    }

    /// Starts the job, waits until its program runs, and kills the bot with it in hand.
    pub(super) async fn killed_in_the_middle(self, spec: &Value, lost: &str) -> (Setup, Traces) {
        let traces = self.traces();
        let process = self.home.start(&[]).await;
        let command = ask("risky", spec, lost);
        tokio::select! {
            answer = process.command("doomed", &command) => panic!("the job ended: {answer:?}"),
            () = traces.busy() => {}
        }
        process.kill();
        traces.nobody_left().await;
        (self.successor(), traces)
    }

    /// What another bot takes up its work with.
    pub(super) fn successor(self) -> Setup {
        let Self { home, sections, .. } = self;
        Setup { config: sections, folder: home.folder, clock: Clock::system(), ..Setup::default() }
    }
}

/// The command that starts a job of steps.
pub(super) fn ask(title: &str, spec: &Value, lost: &str) -> String {
    format!("/misbehave job steps --spec '{spec}' --lost {lost} {title}")
}

/// The job has ended in this state, once: one event, one record, one card that says so, and nobody lives.
pub(super) async fn ended_once(bot: &TestBot, traces: &Traces, title: &str, state: JobState) -> Job {
    let job = is_in(bot, title, state).await;
    told(bot, &job.id).await;
    let ends = trail_of(bot, &job.id).await;
    let ends: Vec<_> = ends.iter().filter(|outcome| ["ok", "done", "failed"].contains(&outcome.as_str())).collect();
    assert_eq!(ends.len(), 1, "{ends:?}");
    let text = card(bot, title).await.to_plain();
    assert!(text.contains(&format!("State: {}", state.as_str())), "{text}");
    assert_eq!(card(bot, title).await.buttons().count(), 0);
    traces.nobody_left().await;
    job
}
