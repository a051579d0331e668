//! What the operator has run against a restored copy: what brings its schema to where the application wants it, and what has the
//! application look at it (S0-06, S0-23).

use super::Run;
use super::checks::Seen;
use crate::ops::restore::RestoreError;
use std::collections::BTreeMap;

/// The place in a command that holds the name of what was restored.
const SCRATCH: &str = "scratch";

impl Run<'_> {
    /// Runs the commands in order, up to the first that does not pass: those after it count on it.
    pub(super) async fn commanded(&mut self, scratch: &str) {
        let target = self.target;
        for (command, nth) in target.drill.run.iter().zip(1..) {
            self.say(&format!("command {command}"));
            let is_told = self.of.takes(command, SCRATCH);
            let values: BTreeMap<_, _> =
                is_told.then(|| (SCRATCH.to_owned(), scratch.to_owned())).into_iter().collect();
            let ran = self.of.command_with(self.job, command, &values).await;
            let passed = ran.is_ok();
            let seen = ran.map(|()| Seen::Passed(format!("The command {command} passed.")));
            let seen = seen.map_err(|unwell| match unwell.unknown {
                true => RestoreError::environment(unwell.sentence),
                false => RestoreError::check(unwell.sentence),
            });
            self.check(format!("command {nth}"), async { seen }).await;
            if !passed {
                break;
            }
        }
    }
}
