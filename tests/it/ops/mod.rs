//! Programs and requests for real: child processes under the shipped program's guard, HTTP servers on loopback.

mod child;
mod http;
mod looks;
mod orphans;
mod server;
mod sql;
mod steps;
mod undo;

use drillbell::clock::Clock;
use drillbell::config::{Config, Env};
use drillbell::model::ids::fresh;
use drillbell::ops::child::{Process, Program, Supervisor, Watch};
use drillbell::ops::http::Client;
use drillbell::ops::steps::{Checkpoint, Follow, NotOurs, Plan, Report, Runner, Running, State};
use drillbell::scrub::Scrub;
use futures::FutureExt;
use futures::future::BoxFuture;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// A runtime for tests that drive child processes.
fn runtime() -> tokio::runtime::Runtime {
    // Fails only if one is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn supervisor(scratch: &Path, scrub: &Scrub) -> Supervisor {
    Supervisor::new(crate::support::bot::guard(), scratch.to_owned(), scrub.clone())
}

/// `sh` with a script of the test's own.
fn shell(script: &str) -> Program {
    Program {
        argv: vec!["sh".to_owned(), "-c".to_owned(), script.to_owned()],
        cwd: None,
        env: [("PATH".to_owned(), "/usr/bin:/bin".to_owned())].into(),
        secrets: Default::default(),
        secret_files: Default::default(),
        secret_memory: Default::default(),
        stdin: None,
        time_limit: Duration::from_secs(60),
        background: false,
        capture: false,
    }
}

/// Notes what it is told.
#[derive(Default)]
struct Notes {
    lines: Mutex<Vec<String>>,
    processes: Mutex<Vec<Process>>,
    states: Mutex<Vec<State>>,
    progress: Mutex<Vec<String>>,
    /// Refuse to write down a process, or a state from this one on.
    refuse: bool,
    taken_over_after: Option<usize>,
}

impl Notes {
    fn text(&self) -> String {
        self.lines.lock().unwrap().join("\n")
    }

    fn states(&self) -> Vec<State> {
        self.states.lock().unwrap().clone()
    }
}

impl Watch for Notes {
    fn started(&self, process: Process) -> BoxFuture<'_, Result<(), String>> {
        self.processes.lock().unwrap().push(process);
        let answer = if self.refuse { Err("it cannot be written down".to_owned()) } else { Ok(()) };
        std::future::ready(answer).boxed()
    }

    fn line(&self, line: &str) {
        self.lines.lock().unwrap().push(line.to_owned());
    }
}

impl Follow for Notes {
    fn progress(&self, done: usize, total: usize, what: &str) {
        self.progress.lock().unwrap().push(format!("{done}/{total} {what}").trim_end().to_owned());
    }

    fn line(&self, line: &str) {
        Watch::line(self, line);
    }

    fn child_started(&self, process: Process) -> BoxFuture<'_, Result<(), String>> {
        self.started(process)
    }

    fn child_ended(&self) -> BoxFuture<'_, ()> {
        std::future::ready(()).boxed()
    }
}

impl Checkpoint for Notes {
    fn save<'a>(&'a self, state: &'a State) -> BoxFuture<'a, Result<(), NotOurs>> {
        let mut states = self.states.lock().unwrap();
        let answer = match self.taken_over_after {
            Some(after) if states.len() >= after => Err(NotOurs),
            _ => {
                states.push(state.clone());
                Ok(())
            }
        };
        std::future::ready(answer).boxed()
    }
}

/// A place to run steps in: a folder, a configuration, a runner.
struct Bench {
    folder: tempfile::TempDir,
    config: Config,
    runner: Runner,
    id: String,
    origins: drillbell::ops::http::Origins,
    cancel: CancellationToken,
}

impl Bench {
    /// With these sections; `FOLDER` in them is the bench's own folder.
    fn new(sections: &str, vars: &[(&str, &str)], resolver: Arc<dyn drillbell::ops::http::Resolve>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let text = sections.replace("FOLDER", folder.path().to_str().unwrap());
        let env: Env = vars.iter().copied().chain([("PATH", "/usr/bin:/bin")]).collect();
        let config = Config::parse(&text, Path::new("drillbell.toml"), &env).unwrap_or_else(|said| panic!("{said}"));
        let (scrub, _) = Scrub::new(config.all_secrets());
        let scratch = folder.path().join("scratch");
        let supervisor = supervisor(&scratch, &scrub);
        supervisor.sweep().unwrap();
        let runner = Runner {
            commands: Arc::new(config.commands.clone()),
            databases: Arc::new(config.databases.clone()),
            metrics: Arc::new(config.metrics.clone()),
            secrets: Arc::new(config.secrets.clone()),
            supervisor,
            http: Client::new(resolver, Clock::system()),
            scrub,
            clock: Clock::system(),
        };
        Self { folder, config, runner, id: fresh(), origins: Default::default(), cancel: CancellationToken::new() }
    }

    fn plan(&self, steps: &str) -> Result<Plan, String> {
        Plan::read(steps, &self.config.commands, &self.config.secrets)
    }

    async fn run(&self, steps: &str, notes: &Notes) -> Report {
        self.resume(steps, notes, State::default()).await.unwrap()
    }

    async fn resume(&self, steps: &str, notes: &Notes, state: State) -> Result<Report, NotOurs> {
        let plan = self.plan(steps).unwrap_or_else(|said| panic!("{said}"));
        let running = Running {
            id: &self.id,
            plan: &plan,
            origins: &self.origins,
            follow: notes,
            checkpoint: notes,
            cancel: &self.cancel,
        };
        self.runner.run(running, state).await
    }

    /// What lies in a file of the bench's folder; nothing if there is none.
    fn file(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()
    }
}
