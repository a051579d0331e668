//! Roles, tasks, acknowledgement, merging and history: the rules of `crate::incident` over what this call sees.

use super::words::{self, refused};
use super::{IncidentsHost, ROW_BYTES, wit};
use crate::bindings::latest::drillbell::types::types::HostError;
use crate::capability::grants::Need;
use crate::config::limits::LIST_ROWS;
use crate::incident::{self, Changed, Refusal, Stamp};
use crate::model::ids::fresh;
use crate::model::incident::Incident;

impl IncidentsHost<'_> {
    pub(super) async fn known(&mut self, id: &str) -> Result<wit::Facts, HostError> {
        self.enter(Need::IncidentsRead)?;
        self.find(id, true).await.map(|incident| words::facts(&incident))
    }

    /// Changes an incident by a rule and gives its facts.
    pub(super) async fn change_facts(
        &mut self,
        id: &str,
        rule: impl FnOnce(&Incident, Stamp) -> Result<Changed, Refusal> + Send,
    ) -> Result<wit::Facts, HostError> {
        let changed = self.change(id, |of, _, stamp| rule(of, stamp)).await?;
        Ok(words::facts(&changed))
    }

    /// A role is for people: what nobody caused takes none.
    pub(super) async fn claim(&mut self, id: &str, role: &str) -> Result<wit::Facts, HostError> {
        self.enter(Need::IncidentsWrite)?;
        if self.caller.by.is_none() {
            return Err(HostError::Invalid("nobody caused this event, so nobody can take a role by it".into()));
        }
        self.change_facts(id, |of, stamp| incident::take_role(of, role, stamp)).await
    }

    /// Changes a task by a rule and gives it; without a number, the last one.
    pub(super) async fn change_task(
        &mut self,
        id: &str,
        number: Option<u32>,
        rule: impl FnOnce(&Incident, Stamp) -> Result<Changed, Refusal> + Send,
    ) -> Result<wit::Task, HostError> {
        let changed = self.change(id, |of, _, stamp| rule(of, stamp)).await?;
        let mut tasks = changed.facts.tasks.iter();
        let task = match number {
            Some(number) => tasks.find(|task| task.number == number),
            None => tasks.next_back(),
        };
        task.map(words::task).ok_or_else(|| HostError::NotFound("there is no such task".into()))
    }

    pub(super) async fn join(&mut self, id: &str, into: &str) -> Result<Incident, HostError> {
        self.enter(Need::IncidentsWrite)?;
        let (incident, other) = (self.find(id, true).await?, self.find(into, true).await?);
        let [ended, told] = incident::merge(&incident, &other, self.stamp(), fresh()).map_err(refused)?;
        // The other changes too, though only its timeline shows it: of two merged into each other at once, one is told.
        self.take(Ok(told))?;
        self.take(Ok(ended))
    }

    pub(super) async fn past(&mut self, since_ms: i64, limit: u32) -> Result<Vec<wit::Past>, HostError> {
        self.enter(Need::IncidentsRead)?;
        // The guest's number is clamped to what the WIT promises.
        let answer = self.caller.reads.incidents(false, i64::from(limit.min(LIST_ROWS))).await;
        let rows = self.caller.settle(answer)?;
        self.caller.meter.hold(rows.len() * ROW_BYTES)?;
        Ok(rows.iter().filter(|row| row.declared_ms >= since_ms).map(words::past).collect())
    }
}
