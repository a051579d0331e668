//! `drillbell:incidents`: the shared records of what is wrong. The rules are in `crate::incident`; here are the grant,
//! the call's own changes laid over what is committed, the read set, and the lane that numbers new incidents.

mod dossier;
mod export;
mod host;
mod numbers;
mod words;

pub use numbers::{NumberGuard, NumberLane};

use super::caller::{Caller, quoted};
use super::effects::EffectsCall;
use super::grants::Need;
use crate::bindings::latest::drillbell::incidents::incidents as wit;
use crate::bindings::latest::drillbell::types::types::HostError;
use crate::config::limits::LIST_ROWS;
use crate::incident::{self, Changed, Declaration, Refusal, SeverityTable, Stamp};
use crate::model::changes::{Cell, Changes, ListQuery, ListRead};
use crate::model::ids::{ConversationId, IncidentId, MessageRef, fresh};
use crate::model::incident::{Incident, Status, TimelineEntry};
use std::collections::BTreeMap;
use std::sync::Arc;
use wasmtime::component::HasData;
use words::{refused, to_wit, to_wit_entry, weight};

/// Incidents in one list at most; the WIT says so to authors.
const INCIDENTS: u32 = 200;
/// Timeline lines in one list at most; the WIT says so to authors.
const TIMELINE: u32 = 500;
/// What the host remembers of each row of a list that was read.
const ROW_BYTES: usize = 64;

/// What one call read and changed.
#[derive(Debug)]
pub struct IncidentsCall {
    severities: Arc<SeverityTable>,
    digest: Option<ConversationId>,
    lane: NumberLane,
    /// Held from the first declaration until the commit, so that numbers have no gaps and no twins.
    guard: Option<NumberGuard>,
    /// Incidents as first read.
    seen: BTreeMap<IncidentId, Seen>,
    changed: BTreeMap<IncidentId, Incident>,
    timeline: Vec<TimelineEntry>,
    lists: Vec<ListRead>,
}

#[derive(Debug)]
struct Seen {
    incident: Option<Incident>,
    /// The call's outcome depends on what it holds, so the commit must find it unchanged.
    counts: bool,
}

/// The capability with its caller.
pub struct IncidentsHost<'a> {
    /// Who asks.
    pub caller: &'a mut Caller,
    /// What it read and changed so far.
    pub incidents: &'a mut IncidentsCall,
    /// What it posted so far: a card may be named in the call that posts it.
    pub effects: &'a EffectsCall,
}

/// Names `IncidentsHost` to the linker.
pub struct HasIncidents;

impl HasData for HasIncidents {
    type Data<'a> = IncidentsHost<'a>;
}

impl IncidentsCall {
    /// Nothing read yet.
    pub fn new(severities: Arc<SeverityTable>, digest: Option<ConversationId>, lane: NumberLane) -> Self {
        let (seen, changed) = (BTreeMap::new(), BTreeMap::new());
        Self { severities, digest, lane, guard: None, seen, changed, timeline: Vec::new(), lists: Vec::new() }
    }

    /// An incident as this call sees it, for other capabilities. A glance: the commit does not ask whether it is still so.
    pub async fn glance(&mut self, caller: &mut Caller, name: &str) -> Result<Incident, HostError> {
        let missing = || HostError::NotFound(format!("there is no incident {}", quoted(name)));
        let id = IncidentId::parse(name).ok_or_else(missing)?;
        if let Some(own) = self.changed.get(&id) {
            return Ok(own.clone());
        }
        if !self.seen.contains_key(&id) {
            let answer = caller.reads.incident(&id).await;
            let incident = caller.settle(answer)?;
            caller.meter.hold(incident.as_ref().map_or(ROW_BYTES, weight))?;
            self.seen.insert(id.clone(), Seen { incident, counts: false });
        }
        self.seen.get(&id).and_then(|seen| seen.incident.clone()).ok_or_else(missing)
    }

    /// Adds what was read and changed to the call's changes; hands out the place in the lane, to be kept until the commit.
    pub fn into_changes(self, changes: &mut Changes) -> Option<NumberGuard> {
        let counting = self.seen.into_iter().filter(|(_, seen)| seen.counts);
        let revisions =
            counting.map(|(id, seen)| (Cell::Incident(id), seen.incident.map_or(0, |incident| incident.revision)));
        changes.reads.cells.extend(revisions);
        changes.reads.lists.extend(self.lists);
        changes.incidents.extend(self.changed);
        changes.timeline.extend(self.timeline);
        self.guard
    }
}

impl IncidentsHost<'_> {
    /// The one place where the grants are asked.
    fn enter(&mut self, need: Need<'_>) -> Result<(), HostError> {
        self.caller.need(need)
    }

    fn stamp(&self) -> Stamp {
        Stamp { author: self.caller.author.clone(), at_ms: self.caller.now_ms, entry: fresh() }
    }

    /// An incident as this call sees it. With `counts`, it joins the read set.
    async fn find(&mut self, name: &str, counts: bool) -> Result<Incident, HostError> {
        let found = self.incidents.glance(self.caller, name).await;
        // What is not there counts as well: the commit must find it missing.
        if let Some(seen) = IncidentId::parse(name).and_then(|id| self.incidents.seen.get_mut(&id)) {
            seen.counts |= counts;
        }
        found
    }

    /// Takes over what a rule made of an incident.
    fn take(&mut self, changed: Result<Changed, Refusal>) -> Result<Incident, HostError> {
        let (incident, line) = changed.map_err(refused)?;
        self.line(line)?;
        self.keep(incident.clone())?;
        Ok(incident)
    }

    fn keep(&mut self, incident: Incident) -> Result<(), HostError> {
        self.caller.meter.hold(weight(&incident))?;
        if let Some(before) = self.incidents.changed.insert(incident.id.clone(), incident) {
            self.caller.meter.release(weight(&before));
        }
        Ok(())
    }

    fn line(&mut self, line: TimelineEntry) -> Result<(), HostError> {
        self.caller.meter.hold(line.text.len() + ROW_BYTES)?;
        self.incidents.timeline.push(line);
        Ok(())
    }

    /// Changes an incident by a rule.
    async fn change(
        &mut self,
        id: &str,
        rule: impl FnOnce(&Incident, &SeverityTable, Stamp) -> Result<Changed, Refusal> + Send,
    ) -> Result<Incident, HostError> {
        self.enter(Need::IncidentsWrite)?;
        let incident = self.find(id, true).await?;
        let changed = rule(&incident, &self.incidents.severities, self.stamp());
        self.take(changed)
    }

    async fn open(&mut self, said: Declaration) -> Result<wit::Incident, HostError> {
        let held = self.incidents.guard.is_some();
        let id = self.next_number().await?;
        let declared = incident::declare(id.clone(), said, &self.incidents.severities, self.stamp());
        if declared.is_err() && !held {
            // The number was not taken: let the next in the lane have it at once.
            self.incidents.guard = None;
        }
        let answer = self.take(declared)?;
        self.incidents.seen.insert(id, Seen { incident: None, counts: true });
        Ok(to_wit(&answer))
    }

    async fn declaration(
        &mut self,
        title: String,
        severity: String,
        conversation: String,
        service: Option<String>,
    ) -> Result<wit::Incident, HostError> {
        self.enter(Need::IncidentsWrite)?;
        // An incident's conversation is one its plugins may post to, so naming it takes the right to post there.
        let conversation = self.caller.place(conversation).await?;
        self.open(Declaration { title, severity, conversation, service }).await
    }

    async fn newest(&mut self, open_only: bool, limit: u32) -> Result<Vec<wit::Incident>, HostError> {
        self.enter(Need::IncidentsRead)?;
        // The guest's number is clamped to what the WIT promises.
        let limit = limit.min(INCIDENTS.min(LIST_ROWS));
        // Incidents that this call resolved may fall out of the list, so as many more are read.
        let asked = i64::from(limit) + self.incidents.changed.len() as i64;
        let answer = self.caller.reads.incidents(open_only, asked).await;
        let rows = self.caller.settle(answer)?;
        self.caller.meter.hold(rows.len() * ROW_BYTES)?;
        self.incidents.lists.push(ListRead {
            query: ListQuery::Incidents { open_only, limit: asked },
            seen: rows.iter().map(|row| (row.id.to_string(), row.revision)).collect(),
        });
        let mut all: BTreeMap<i64, &Incident> = rows.iter().map(|row| (row.id.number(), row)).collect();
        all.extend(self.incidents.changed.values().map(|own| (own.id.number(), own)));
        let shown = all.into_values().rev().filter(|incident| !open_only || incident.status != Status::Resolved);
        Ok(shown.take(limit as usize).map(to_wit).collect())
    }

    async fn lines(&mut self, name: &str, limit: u32) -> Result<Vec<wit::Entry>, HostError> {
        self.enter(Need::IncidentsRead)?;
        let id = self.find(name, true).await?.id;
        // The guest's number is clamped to what the WIT promises.
        let limit = limit.min(TIMELINE.min(LIST_ROWS));
        let answer = self.caller.reads.timeline(&id, i64::from(limit)).await;
        let rows = self.caller.settle(answer)?;
        self.caller.meter.hold(rows.len() * ROW_BYTES)?;
        self.incidents.lists.push(ListRead {
            query: ListQuery::Timeline { incident: id.clone(), limit: i64::from(limit) },
            seen: rows.iter().map(|row| (row.id.clone(), 0)).collect(),
        });
        let own = self.incidents.timeline.iter().filter(|line| line.incident == id);
        let all: Vec<_> = rows.iter().chain(own).collect();
        let from = all.len().saturating_sub(limit as usize);
        Ok(all[from..].iter().map(|line| to_wit_entry(line)).collect())
    }

    async fn name_card(&mut self, id: &str, card: String) -> Result<(), HostError> {
        self.enter(Need::IncidentsWrite)?;
        let card = MessageRef::new(card);
        self.effects.own_message(self.caller, &card).await?;
        let incident = self.find(id, true).await?;
        self.keep(Incident { card: Some(card), ..incident })
    }

    /// Moves an incident to a conversation that the plugin was found to look after.
    pub(super) async fn set_home(&mut self, id: &str, conversation: ConversationId) -> Result<(), HostError> {
        self.enter(Need::IncidentsWrite)?;
        let incident = self.find(id, true).await?;
        self.keep(Incident { conversation, ..incident })
    }

    /// A line depends on nothing but that the incident exists, and incidents never vanish: so notes do not contend.
    async fn write_note(&mut self, id: &str, kind: &str, text: &str) -> Result<(), HostError> {
        self.enter(Need::IncidentsWrite)?;
        let incident = self.find(id, false).await?;
        let (_, line) = incident::note(&incident, kind, text, self.stamp()).map_err(refused)?;
        self.line(line)
    }
}

#[cfg(test)]
mod tests;
