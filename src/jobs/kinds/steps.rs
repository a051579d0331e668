//! The kinds `steps` (commands, requests and waits, one after another) and `http` (one request). What the plugin may have run
//! is asked when it asks for the job, and again beneath it when the job runs.

use super::words::sentence;
use crate::capability::operations::Operating;
use crate::config::limits::JOB_RESULT_BYTES;
use crate::jobs::{JobContext, JobError, Kind, KindCx, Rights, Verified};
use crate::model::ids::PluginId;
use crate::model::job::{OnLost, Progress};
use crate::ops::child::Process;
use crate::ops::http::Judge;
use crate::ops::steps::{Checkpoint, Follow, NotOurs, Outcome, Plan, Report, Runner, Running, State};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Value, json};

/// Runs steps.
pub struct StepsKind {
    runner: Runner,
    rights: Rights,
    /// The spec is one request rather than a list of steps.
    single: bool,
}

impl StepsKind {
    /// The kind `steps`.
    pub fn steps(runner: Runner, rights: Rights) -> Self {
        Self { runner, rights, single: false }
    }

    /// The kind `http`.
    pub fn http(runner: Runner, rights: Rights) -> Self {
        Self { runner, rights, single: true }
    }

    fn plan(&self, spec: &Value) -> Result<Plan, String> {
        let text = if self.single { json!({"steps": [{"http": spec}]}).to_string() } else { spec.to_string() };
        Plan::read(&text, &self.runner.commands, &self.runner.secrets)
    }

    /// Whether the plugin may have all of this done.
    fn allowed(&self, plan: &Plan, plugin: &PluginId) -> Result<(), String> {
        for command in plan.commands() {
            self.rights.check(plugin, Operating::Command(command))?;
        }
        for handle in plan.handles() {
            self.rights.check(plugin, Operating::Secret(handle))?;
        }
        for name in plan.databases() {
            self.rights.check(plugin, Operating::Sql(name))?;
            if self.runner.databases.get(name).is_none() {
                return Err(format!("there is no database `{name}`: the operator configures it as [databases.{name}]"));
            }
        }
        if plan.asks_prometheus() {
            self.rights.check(plugin, Operating::Promql)?;
        }
        plan.check_origins(&self.rights.of(plugin))
    }

    async fn steps_of(&self, job: &JobContext) -> Result<Value, JobError> {
        let plan = self.plan(job.spec()).map_err(JobError::failed)?;
        self.allowed(&plan, job.plugin()).map_err(JobError::failed)?;
        carry_out(&self.runner, job, &plan, &self.rights.of(job.plugin())).await
    }

    async fn looked_at(&self, job: &JobContext) -> Verified {
        match self.plan(job.spec()) {
            Ok(plan) => look_at(&self.runner, job, &plan).await,
            Err(_) => Verified::Unknown("The configuration has changed so that its steps are unknown here.".to_owned()),
        }
    }
}

/// Goes through a plan from wherever the job was left.
pub(super) async fn carry_out(
    runner: &Runner,
    job: &JobContext,
    plan: &Plan,
    origins: &dyn Judge,
) -> Result<Value, JobError> {
    let mut state: State = job.kept().await?.unwrap_or_default();
    // Whoever was asked wants the step that is in doubt to be run again.
    if state.asked || job.on_lost() == OnLost::Ask {
        (state.running, state.asked) = (false, false);
    }
    let link = Link(job);
    let running = Running { id: job.id(), plan, origins, follow: &link, checkpoint: &link, cancel: job.cancel() };
    let report = runner.run(running, state).await.map_err(|lost| JobError::failed(lost.to_string()))?;
    match report.outcome {
        Outcome::Passed => Ok(result(&report)),
        Outcome::Failed | Outcome::Cancelled => Err(JobError::failed(report.sentence.clone()).with(result(&report))),
        Outcome::Unknown => {
            let asked = State { asked: true, ..report.state.clone() };
            link.save(&asked).await.map_err(|lost| JobError::failed(lost.to_string()))?;
            Err(JobError::unknown(report.sentence.clone()).with(result(&report)))
        }
    }
}

/// Looks how far a job of a plan got whose process died.
pub(super) async fn look_at(runner: &Runner, job: &JobContext, plan: &Plan) -> Verified {
    let Ok(kept) = job.kept::<State>().await else {
        return Verified::Unknown("What it had written down cannot be read.".to_owned());
    };
    let state = kept.unwrap_or_default();
    let Some(name) = plan.in_doubt(&state, &runner.commands) else { return Verified::Repeat };
    let asked = State { asked: true, ..state };
    if Link(job).save(&asked).await.is_err() {
        return Verified::Unknown("It is in other hands.".to_owned());
    }
    Verified::Unknown(format!(
        "The step {name} was running, and whether it was done is not known. Run again does it again and goes on from there."
    ))
}

impl Kind for StepsKind {
    fn name(&self) -> &str {
        if self.single { "http" } else { "steps" }
    }

    fn changes_production(&self, spec: &Value) -> bool {
        // What cannot be read might change anything.
        self.plan(spec).map_or(true, |plan| plan.changes_production(&self.runner.commands))
    }

    fn uses(&self, spec: &Value) -> Vec<String> {
        let plan = self.plan(spec);
        let commands = plan.iter().flat_map(|plan| plan.commands());
        let mut uses: Vec<_> = commands.map(|command| format!("command:{command}")).collect();
        // A rule about a command says nothing of what is written elsewhere beside it.
        if plan.is_ok_and(|plan| plan.calls().any(|call| call.method.writes())) {
            uses.push("http".to_owned());
        }
        uses
    }

    fn check(&self, spec: &Value, cx: &KindCx<'_>) -> Result<(), String> {
        let plan = self.plan(spec)?;
        self.allowed(&plan, cx.plugin)
    }

    fn run(&self, job: JobContext) -> BoxFuture<'_, Result<Value, JobError>> {
        async move { self.steps_of(&job).await }.boxed()
    }

    fn verify(&self, job: JobContext) -> BoxFuture<'_, Verified> {
        async move { self.looked_at(&job).await }.boxed()
    }
}

/// For the plugin; without outputs if it would be too much with them.
fn result(report: &Report) -> Value {
    let mut value = report.to_json();
    value["summary"] = json!(sentence(&report.sentence));
    if value.to_string().len() > JOB_RESULT_BYTES {
        for list in ["steps", "undone"] {
            for step in value[list].as_array_mut().into_iter().flatten() {
                if let Some(fields) = step.as_object_mut() {
                    fields.remove("output");
                }
            }
        }
    }
    value
}

/// A job as a run of steps sees it.
struct Link<'a>(&'a JobContext);

impl Follow for Link<'_> {
    fn progress(&self, done: usize, total: usize, what: &str) {
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        self.0.progress(Progress {
            stage: "steps".to_owned(),
            done: number(done),
            total: number(total),
            note: what.to_owned(),
            ..Progress::default()
        });
    }

    fn line(&self, line: &str) {
        self.0.say(line);
    }

    fn child_started(&self, process: Process) -> BoxFuture<'_, Result<(), String>> {
        self.0.write_down(process.pid, process.start_time).boxed()
    }

    fn child_ended(&self) -> BoxFuture<'_, ()> {
        async move {
            if let Err(error) = self.0.child_ended().await {
                tracing::warn!(job = %self.0.id(), error = %error, "cannot note that a job's process has ended");
            }
        }
        .boxed()
    }
}

impl Checkpoint for Link<'_> {
    fn save<'a>(&'a self, state: &'a State) -> BoxFuture<'a, Result<(), NotOurs>> {
        async move {
            // A step cut off by the bot's end is not one that failed: what was kept before it says that it was running.
            let cut = state.done.last().into_iter().chain(state.undone.last()).any(|done| done.cancelled);
            if self.0.is_stopping() && (cut || state.asked) {
                return Err(NotOurs);
            }
            let text = serde_json::to_string(state).map_err(|_| NotOurs)?;
            match self.0.keep(text).await {
                Ok(true) => Ok(()),
                Ok(false) => Err(NotOurs),
                Err(error) => {
                    // What cannot be written down is not begun; the lease runs out and the job is taken up again.
                    tracing::warn!(job = %self.0.id(), error = %error, "cannot note how far a job is");
                    Err(NotOurs)
                }
            }
        }
        .boxed()
    }
}
