//! A kind of job that does as its spec says, and can be held: what the jobs of the tests are made of. Its runs are counted
//! over all bots that share it.

use super::eventually;
use drillbell::jobs::{JobContext, JobError, Kind, KindCx, Verified};
use drillbell::model::job::Progress;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

/// One run, as the kind saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The job.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Which run, from 1.
    pub attempt: i64,
    /// `began`, then `ok`, `failed`, `cancelled` or, if it was cut off, nothing more.
    pub ended: Option<&'static str>,
}

/// The kind.
pub struct ScriptedKind {
    name: &'static str,
    dangerous: bool,
    runs: Mutex<Vec<Run>>,
    held: watch::Sender<BTreeSet<String>>,
    verdict: Mutex<Verified>,
    verified: Mutex<Vec<String>>,
}

impl ScriptedKind {
    /// The kind `scripted`, which changes nothing that matters.
    pub fn new() -> Arc<Self> {
        Self::named("scripted", false)
    }

    /// A kind of a name of its own, which may change production.
    pub fn named(name: &'static str, dangerous: bool) -> Arc<Self> {
        let (held, _) = watch::channel(BTreeSet::new());
        Arc::new(Self {
            name,
            dangerous,
            runs: Mutex::default(),
            held,
            verdict: Mutex::new(Verified::Unknown("The test did not say.".to_owned())),
            verified: Mutex::default(),
        })
    }

    /// Forgets the runs so far.
    pub fn forget(&self) {
        self.runs.lock().expect("whole").clear();
    }

    /// From now on jobs of that title wait in the middle of their work.
    pub fn hold(&self, title: &str) {
        self.held.send_modify(|held| _ = held.insert(title.to_owned()));
    }

    /// They wait no longer.
    pub fn release(&self, title: &str) {
        self.held.send_modify(|held| _ = held.remove(title));
    }

    /// What it finds out about jobs whose process died.
    pub fn finds(&self, verdict: Verified) {
        *self.verdict.lock().expect("whole") = verdict;
    }

    /// The jobs it was asked to look at.
    pub fn verified(&self) -> Vec<String> {
        self.verified.lock().expect("whole").clone()
    }

    /// All runs so far.
    pub fn runs(&self) -> Vec<Run> {
        self.runs.lock().expect("whole").clone()
    }

    /// Waits until so many runs of jobs of a title have begun.
    pub async fn has_begun(&self, title: &str, count: usize) -> Run {
        eventually(&format!("run {count} of {title}"), async || {
            let mut of = self.runs();
            of.retain(|run| run.title == title);
            of.into_iter().nth(count - 1)
        })
        .await
    }

    async fn work(&self, job: &JobContext) -> Result<Value, JobError> {
        let spec = job.spec();
        says(job, &spec["say"]);
        if let Ok(progress) = serde_json::from_value::<Progress>(spec["progress"].clone()) {
            job.progress(progress);
        }
        let mut held = self.held.subscribe();
        let released = held.wait_for(|held| !held.contains(job.title()));
        tokio::select! {
            _ = released => {}
            () = job.cancelled(), if !spec["stubborn"].as_bool().unwrap_or_default() => {
                return Err(JobError::failed("stopped half-way").with(json!({"half": true})));
            }
        }
        says(job, &spec["then"]);
        match spec["end"].as_str() {
            Some("fail") => Err(JobError::failed("The disk is full: make room.").with(json!({"code": 28}))),
            // Nobody knows, at first.
            Some("ask") if job.attempt() < 2 => Err(JobError::unknown("Nobody knows how far it got.")),
            Some("retry") => Err(JobError::retry("The line is busy.")),
            // Busy five times.
            Some("sixth") if job.attempt() < 6 => Err(JobError::retry("The line is busy.")),
            // Busy at first.
            Some("second") if job.attempt() < 2 => Err(JobError::retry("The line is busy.")),
            Some("panic") => panic!("a kind that panics on purpose"),
            _ => Ok(json!({"attempt": job.attempt(), "echo": spec["echo"]})),
        }
    }
}

/// Says lines, or `line 3` to `line 6` for `{"from": 3, "to": 7}`.
fn says(job: &JobContext, lines: &Value) {
    let numbered = lines["from"].as_u64().zip(lines["to"].as_u64()).map(|(from, to)| from..to);
    numbered.into_iter().flatten().for_each(|n| job.say(&format!("line {n}")));
    lines.as_array().into_iter().flatten().for_each(|line| job.say(line.as_str().unwrap_or_default()));
}

impl Kind for ScriptedKind {
    fn name(&self) -> &str {
        self.name
    }

    fn changes_production(&self, _: &Value) -> bool {
        self.dangerous
    }

    fn check(&self, spec: &Value, _: &KindCx<'_>) -> Result<(), String> {
        match spec.is_object() {
            true => Ok(()),
            false => Err("the spec is no object".to_owned()),
        }
    }

    fn run(&self, job: JobContext) -> BoxFuture<'_, Result<Value, JobError>> {
        async move {
            let number = {
                let mut runs = self.runs.lock().expect("whole");
                let (id, title) = (job.id().to_owned(), job.title().to_owned());
                runs.push(Run { id, title, attempt: job.attempt(), ended: None });
                runs.len() - 1
            };
            let ended = self.work(&job).await;
            let how = match &ended {
                Ok(_) => "ok",
                Err(_) if job.cancel().is_cancelled() => "cancelled",
                Err(_) => "failed",
            };
            if let Some(run) = self.runs.lock().expect("whole").get_mut(number) {
                run.ended = Some(how);
            }
            ended
        }
        .boxed()
    }

    fn verify(&self, job: JobContext) -> BoxFuture<'_, Verified> {
        self.verified.lock().expect("whole").push(job.id().to_owned());
        let verdict = self.verdict.lock().expect("whole").clone();
        async move { verdict }.boxed()
    }
}

/// The command `tell`, which `steps` may run as it likes: it prints three lines, and three more and whatever `last` says once there is a
/// file `go` in the folder.
pub fn tells(folder: &Path, last: &str) -> String {
    let three = |from: u32| format!("for n in {} {} {}; do echo line $n; done", from, from + 1, from + 2);
    let script =
        format!("cd {}; {}; while [ ! -e go ]; do sleep 0.02; done; {}; {last}", folder.display(), three(1), three(4));
    format!("\n[[policy]]\njob = \"steps\"\napprovals = 0\n[commands.tell]\nargv = [\"sh\", \"-c\", {script:?}]\n")
}
