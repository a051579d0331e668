//! Programs that a strategy runs by itself: always a list of arguments, under a guard, with nothing of the bot's environment but what
//! the strategy hands on.

use crate::config::services::Strategy;
use crate::jobs::JobContext;
use crate::jobs::kinds::backup::{Link, Restoring, Unwell, child_ended};
use crate::ops::child::{Cut, Exit, Program};
use crate::ops::steps::RUN_VARIABLE;
use secrecy::ExposeSecret;
use std::collections::BTreeMap;
use std::time::Duration;

/// Characters of what a program said that a sentence repeats.
const SAID_CHARS: usize = 300;

/// Runs the programs of one strategy for one job.
pub(super) struct Programs<'a> {
    pub(super) of: &'a Restoring,
    pub(super) job: &'a JobContext,
    pub(super) strategy: &'a Strategy,
    /// A program that is cut off may have done its work all the same, and doing it again is not for us to decide.
    pub(super) doubts: bool,
}

impl Programs<'_> {
    /// Runs a program to its end: what it wrote, or why it did not pass.
    pub(super) async fn run(
        &self,
        argv: &[&str],
        more: &[(&str, &str)],
        time_limit: Duration,
    ) -> Result<String, Unwell> {
        let runner = &self.of.runner;
        let mut env: BTreeMap<String, String> = self.strategy.env.clone();
        env.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        env.insert("PATH".to_owned(), runner.commands.path.clone());
        env.insert(RUN_VARIABLE.to_owned(), self.job.id().to_owned());
        let program = Program {
            argv: argv.iter().map(|arg| (*arg).to_owned()).collect(),
            cwd: None,
            env,
            secrets: BTreeMap::new(),
            secret_files: BTreeMap::new(),
            secret_memory: BTreeMap::new(),
            stdin: None,
            time_limit,
            background: false,
            capture: true,
        };
        let ended = runner.supervisor.run(program, &Link(self.job.clone()), self.job.cancel()).await;
        child_ended(self.job).await;
        if ended.passed() {
            return Ok(runner.scrub.text(ended.stdout.expose_secret()).trim_end().to_owned());
        }
        let said: String = ended.output.last(SAID_CHARS).split_whitespace().collect::<Vec<_>>().join(" ");
        let said = if said.is_empty() { said } else { format!(": {said}") };
        let unknown = match ended.cut {
            None => ended.exit == Exit::Unknown,
            Some(Cut::TimedOut) => self.doubts,
            Some(Cut::Cancelled) => false,
        };
        let program = argv.first().copied().unwrap_or_default();
        Err(Unwell { sentence: format!("{program} {}{said}", ended.sentence(time_limit)), unknown })
    }
}
