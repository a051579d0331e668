//! The runner: goes through a plan from wherever the last process left it.

use super::plan::Plan;
use super::spec::Undo;
use super::state::{Done, Outcome, Report, State, Status};
use super::{Checkpoint, Follow, NotOurs};
use crate::clock::Clock;
use crate::config::commands::Commands;
use crate::config::databases::Databases;
use crate::config::metrics::MetricsSource;
use crate::config::secrets::Secrets;
use crate::ops::child::Supervisor;
use crate::ops::http::{Client, Judge};
use crate::scrub::Scrub;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// What steps are run with.
#[derive(Clone)]
pub struct Runner {
    /// What may be run.
    pub commands: Arc<Commands>,
    /// What may be asked.
    pub databases: Arc<Databases>,
    /// Which Prometheus is asked.
    pub metrics: Arc<MetricsSource>,
    /// What is filled in.
    pub secrets: Arc<Secrets>,
    /// Runs programs.
    pub supervisor: Supervisor,
    /// Sends requests.
    pub http: Client,
    /// Keeps secrets in.
    pub scrub: Scrub,
    /// Now.
    pub clock: Clock,
}

/// One run.
pub struct Running<'a> {
    /// Its id: what makes a repeated request the same request.
    pub id: &'a str,
    /// What to do.
    pub plan: &'a Plan,
    /// Where requests may go.
    pub origins: &'a dyn Judge,
    /// Who looks on.
    pub follow: &'a dyn Follow,
    /// Where the state is kept.
    pub checkpoint: &'a dyn Checkpoint,
    /// Ends it early.
    pub cancel: &'a CancellationToken,
}

/// A run in this process.
pub(super) struct Current<'a> {
    pub(super) runner: &'a Runner,
    pub(super) of: Running<'a>,
    pub(super) state: State,
    /// Captured secrets, which are kept nowhere else.
    pub(super) secret: BTreeMap<String, SecretString>,
}

impl Runner {
    /// Runs a plan from a state (a new run's is the default one) to its end.
    ///
    /// # Errors
    /// Somebody else has taken the run over. Nothing more was written then.
    pub async fn run(&self, of: Running<'_>, state: State) -> Result<Report, NotOurs> {
        let mut current = Current { runner: self, of, state, secret: BTreeMap::new() };
        let (outcome, sentence) = current.go().await?;
        let total = current.of.plan.units.len();
        Ok(Report { outcome, sentence, state: current.state, total })
    }
}

impl Current<'_> {
    async fn go(&mut self) -> Result<(Outcome, String), NotOurs> {
        if !self.state.undoing
            && let Some(failed) = self.forward().await?
        {
            return self.ended(failed).await;
        }
        if self.state.undoing {
            return self.back().await;
        }
        let total = self.of.plan.units.len();
        Ok((
            Outcome::Passed,
            if total == 1 { "the step passed".to_owned() } else { format!("all {total} steps passed") },
        ))
    }

    /// Does what is still to do; the step that did not pass, if one did not.
    async fn forward(&mut self) -> Result<Option<Done>, NotOurs> {
        let units = &self.of.plan.units;
        let goes_on = self.of.plan.spec.on_failure.goes_on();
        let ends = |done: &&Done| done.status != Status::Pass && (!goes_on || done.cancelled);
        if let Some(last) = self.state.done.last().filter(ends) {
            return Ok(Some(last.clone()));
        }
        while let Some(unit) = units.get(self.state.done.len()) {
            let at = self.state.done.len();
            self.of.follow.progress(at, units.len(), &unit.name);
            let done = if self.state.running && !unit.repeatable {
                self.lost(&unit.name)
            } else if self.of.cancel.is_cancelled() {
                self.cancelled(&unit.name)
            } else {
                self.state.running = true;
                self.of.checkpoint.save(&self.state).await?;
                self.of.follow.line(&format!("▶ {}/{} {}", at + 1, units.len(), unit.name));
                self.unit(at, unit).await
            };
            self.of.follow.line(&done.line());
            // One whose end nobody knows stays the running one, until somebody has found out.
            if done.status == Status::Unknown {
                return Ok(Some(done));
            }
            self.state.running = false;
            self.state.done.push(done.clone());
            let passed = !ends(&&done);
            self.state.undoing = !passed && !done.cancelled && self.of.plan.spec.on_failure.undoes();
            self.of.checkpoint.save(&self.state).await?;
            if !passed {
                return Ok(Some(done));
            }
        }
        self.of.follow.progress(units.len(), units.len(), "");
        Ok(self.state.done.iter().find(|done| done.status != Status::Pass).cloned())
    }

    /// What a run comes to that a step has ended.
    async fn ended(&mut self, failed: Done) -> Result<(Outcome, String), NotOurs> {
        let at = format!("step {} of {}", self.failed_at() + 1, self.of.plan.units.len());
        let what = format!("{at}, {}, {}", failed.name, failed.sentence);
        match failed.status {
            Status::Unknown => Ok((
                Outcome::Unknown,
                format!("{what}. Look whether it was done, then say whether it passed, failed or is to run again"),
            )),
            _ if failed.cancelled => Ok((Outcome::Cancelled, format!("{what}; the steps before it stand"))),
            _ if self.state.undoing => self.back().await,
            _ if self.of.plan.spec.on_failure.goes_on() => {
                let bad = self.state.done.iter().filter(|done| done.status != Status::Pass).count();
                let total = self.of.plan.units.len();
                Ok((
                    Outcome::Failed,
                    format!("{bad} of {total} steps did not pass; {}, {}", failed.name, failed.sentence),
                ))
            }
            _ => Ok((Outcome::Failed, format!("{what}; {}", self.standing()))),
        }
    }

    fn failed_at(&self) -> usize {
        let passed = self.state.done.iter().filter(|done| done.status == Status::Pass);
        passed.count()
    }

    fn standing(&self) -> String {
        match self.failed_at() {
            0 => "nothing was done before it".to_owned(),
            1 => "the step before it stands".to_owned(),
            n => format!("the {n} steps before it stand"),
        }
    }

    /// Takes back what passed, last first. A way back that fails does not keep the others from being tried.
    async fn back(&mut self) -> Result<(Outcome, String), NotOurs> {
        let plan = self.of.plan;
        let passed = self.failed_at();
        let ways = plan.ways_back(passed);
        while let Some((at, unit, undo)) = ways.get(self.state.undone.len()) {
            let name = format!("undo {}", unit.name);
            self.of.follow.progress(self.state.undone.len(), ways.len(), &name);
            let done = if self.state.running && !self.is_repeatable(undo) {
                self.lost(&name)
            } else if self.of.cancel.is_cancelled() {
                self.cancelled(&name)
            } else {
                self.state.running = true;
                self.of.checkpoint.save(&self.state).await?;
                self.of.follow.line(&format!("▶ {name}"));
                self.undo(*at, unit, undo, &name).await
            };
            self.of.follow.line(&done.line());
            let (status, cancelled) = (done.status, done.cancelled);
            if status == Status::Unknown {
                let what = format!("{name} {}", done.sentence);
                return Ok((Outcome::Unknown, format!("{what}. Look whether it was done, then say how it went")));
            }
            self.state.running = false;
            self.state.undone.push(done);
            self.of.checkpoint.save(&self.state).await?;
            if cancelled {
                return Ok((Outcome::Cancelled, "cancelled while steps were being taken back".to_owned()));
            }
        }
        let failed =
            self.state.done.last().map_or_else(String::new, |done| format!("{}, {}", done.name, done.sentence));
        let bad = self.state.undone.iter().filter(|done| done.status != Status::Pass).count();
        let without = passed - ways.len();
        let mut sentence = format!("step {} of {}, {failed}; ", passed + 1, plan.units.len());
        sentence.push_str(&match (ways.len(), bad) {
            (0, _) => "nothing could be taken back".to_owned(),
            (n, 0) => format!("{n} of {passed} steps before it were taken back"),
            (n, bad) => format!("taking back {bad} of {n} steps failed, look at them"),
        });
        if without > 0 && !ways.is_empty() {
            let stand = if without == 1 {
                "one has no way back and stands".to_owned()
            } else {
                format!("{without} have no way back and stand")
            };
            sentence.push_str(&format!("; {stand}"));
        }
        Ok((Outcome::Failed, sentence))
    }

    fn is_repeatable(&self, undo: &Undo) -> bool {
        use crate::config::commands::OnLost;
        self.runner.commands.get(&undo.command).is_some_and(|command| command.on_lost == OnLost::Repeat)
    }

    fn lost(&self, name: &str) -> Done {
        let sentence = "was running when the bot died, and whether it was done is not known";
        Done::now(name, Status::Unknown, sentence.to_owned(), self.runner.clock.now_ms())
    }

    fn cancelled(&self, name: &str) -> Done {
        let sentence = "was cancelled before it began".to_owned();
        Done { cancelled: true, ..Done::now(name, Status::Fail, sentence, self.runner.clock.now_ms()) }
    }
}
