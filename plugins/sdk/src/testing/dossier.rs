//! The host's rules of roles, tasks, acknowledgement and merging, in small.

use super::FakeBot;
use super::incidents::{because, checked, given, invalid, refuse_if_resolved};
use crate::error::HostResult;
use crate::facts::{Clocks, Deed, Facts, Holder, Past, Span, Task};
use crate::ids::IncidentId;
use crate::incident::{Incident, Status};
use crate::time;
use std::collections::BTreeMap;
use std::time::Duration;

const MINUTE_MS: u64 = 60_000;
const TITLE_CHARS: usize = 200;
const TEXT_CHARS: usize = 4000;

/// What the host expects where nothing is configured.
pub(super) fn usual_clocks() -> BTreeMap<String, Clocks> {
    let clock = |minutes: u64| Some(minutes * MINUTE_MS).filter(|ms| *ms > 0);
    let clocks = [("sev1", [5, 10, 15, 30]), ("sev2", [15, 10, 30, 60]), ("sev3", [60, 0, 120, 240])];
    let clocks = clocks.map(|(name, [acknowledge, decide, rollback, update])| {
        let (acknowledge_ms, decide_ms) = (clock(acknowledge), clock(decide));
        let (rollback_ms, update_every_ms) = (clock(rollback), clock(update));
        (name.to_owned(), Clocks { acknowledge_ms, decide_ms, rollback_ms, update_every_ms })
    });
    clocks.into()
}

/// The other words that the host has for its own four severities.
pub(super) fn words(severity: &str) -> Vec<String> {
    let words: &[&str] = match severity {
        "sev1" => &["p0", "critical"],
        "sev2" => &["p1", "major"],
        "sev3" => &["p2", "warning", "minor"],
        "sev4" => &["p3", "info"],
        _ => &[],
    };
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn at(at_ms: u64) -> String {
    let text = time::rfc3339(at_ms);
    format!("{} {} UTC", &text[..10], &text[11..16])
}

impl FakeBot {
    fn deed(&self) -> Deed {
        Deed { by: self.event.author.clone(), at_ms: self.now_ms }
    }

    /// Facts as the host gives them: an incident that a test made by hand has been open since its declaration.
    pub(super) fn known(&self, incident: &Incident) -> Facts {
        let mut facts = self.facts.get(&incident.id).cloned().unwrap_or_default();
        if facts.spans.is_empty() {
            let (opened_ms, resolved_ms) = (incident.declared_ms, incident.resolved_ms);
            facts.spans.push(Span { opened_ms, resolved_ms, ..Span::default() });
        }
        facts
    }

    pub(super) fn past(&self, incident: &Incident) -> Past {
        let facts = self.known(incident);
        Past {
            id: incident.id.clone(),
            severity: incident.severity.clone(),
            service: incident.service.clone(),
            declared_ms: incident.declared_ms,
            merged_into: facts.merged_into,
            spans: facts.spans,
        }
    }

    pub(super) fn unless_merged(&self, incident: &Incident) -> HostResult {
        let Some(into) = self.known(incident).merged_into else { return Ok(()) };
        invalid(format!("{} was merged into {into}; go on there: add --incident {into}", incident.id))
    }

    /// An incident was declared or reopened.
    pub(super) fn opened(&mut self, incident: &Incident) {
        let mut facts = self.facts.get(&incident.id).cloned().unwrap_or_default();
        facts.spans.push(Span { opened_ms: self.now_ms, ..Span::default() });
        self.facts.insert(incident.id.clone(), facts);
        self.next_update(incident);
    }

    pub(super) fn next_update(&mut self, incident: &Incident) {
        let every = self.clocks.get(&incident.severity).and_then(|clocks| clocks.update_every_ms);
        let mut facts = self.known(incident);
        facts.next_update_ms = every.map(|every| self.now_ms + every);
        self.facts.insert(incident.id.clone(), facts);
    }

    /// An incident has another status.
    pub(super) fn moved(&mut self, incident: &Incident) {
        let (mut facts, now_ms) = (self.known(incident), self.now_ms);
        if let Some(span) = facts.spans.last_mut() {
            let now_ms = now_ms.max(span.opened_ms);
            if incident.status != Status::Investigating {
                span.decided_ms.get_or_insert(now_ms);
            }
            if matches!(incident.status, Status::Monitoring | Status::Resolved) {
                span.restored_ms.get_or_insert(now_ms);
            }
            span.resolved_ms = (!incident.is_open()).then_some(now_ms);
        }
        if !incident.is_open() {
            facts.next_update_ms = None;
        }
        self.facts.insert(incident.id.clone(), facts);
    }

    fn note_facts(&mut self, incident: &Incident, facts: Facts, kind: &str, told: String) -> HostResult<Facts> {
        self.facts.insert(incident.id.clone(), facts.clone());
        self.write(&incident.id, kind, told);
        Ok(facts)
    }

    fn live(&self, id: &IncidentId) -> HostResult<(Incident, Facts)> {
        let incident = self.find(id)?;
        self.unless_merged(&incident)?;
        refuse_if_resolved(&incident)?;
        let facts = self.known(&incident);
        Ok((incident, facts))
    }

    pub(super) fn take_up(&mut self, id: &IncidentId) -> HostResult<Facts> {
        let (incident, mut facts) = self.live(id)?;
        if let Some(Deed { by, at_ms }) = facts.acknowledged() {
            return invalid(format!("{id} is already acknowledged, by {by} on {}.", at(*at_ms)));
        }
        let (deed, mut after) = (self.deed(), Duration::ZERO);
        if let Some(span) = facts.spans.last_mut() {
            after = Duration::from_millis(deed.at_ms.saturating_sub(span.opened_ms));
            span.acknowledged = Some(deed);
        }
        self.note_facts(&incident, facts, "acknowledged", format!("taken up after {}", time::span(after)))
    }

    pub(super) fn claim(&mut self, id: &IncidentId, role: &str) -> HostResult<Facts> {
        let (_, facts) = self.live(id)?;
        let author = self.event.author.clone();
        if author.starts_with("plugin:") {
            return invalid("nobody caused this event, so nobody can take a role by it");
        }
        match facts.holder(role) {
            Some(Holder { person, since_ms, .. }) if *person == author => {
                invalid(format!("{person} is already {role} of {id}, since {}.", at(*since_ms)))
            }
            Some(Holder { person, since_ms, .. }) => invalid(format!(
                "{person} is {role} of {id}, since {}. To take over, name yourself: /sev role {role} @YOU --note WHY",
                at(*since_ms)
            )),
            None => self.hand(id, role, &author, ""),
        }
    }

    pub(super) fn hand(&mut self, id: &IncidentId, role: &str, person: &str, note: &str) -> HostResult<Facts> {
        let (incident, mut facts) = self.live(id)?;
        let note = checked("note", note, TEXT_CHARS)?;
        if !role.starts_with(|c: char| c.is_ascii_lowercase()) || role.len() > 32 {
            return invalid("A role is one lower-case word such as `commander`, of at most 32 characters.");
        }
        let holder = Holder { role: role.to_owned(), person: person.to_owned(), since_ms: self.now_ms };
        let told = match facts.roles.iter_mut().find(|holder| holder.role == role) {
            Some(before) if before.person == person => {
                return invalid(format!("{person} is already {role} of {id}, since {}.", at(before.since_ms)));
            }
            Some(before) => {
                let before = std::mem::replace(before, holder);
                format!("{role}: {} → {person}", before.person)
            }
            None => {
                facts.roles.push(holder);
                format!("{role}: {person}")
            }
        };
        self.note_facts(&incident, facts, "role", because(told, &note))
    }

    pub(super) fn let_go(&mut self, id: &IncidentId, role: &str, note: &str) -> HostResult<Facts> {
        let (incident, note) = (self.find(id)?, checked("note", note, TEXT_CHARS)?);
        self.unless_merged(&incident)?;
        let mut facts = self.known(&incident);
        let Some(holder) = facts.holder(role).cloned() else { return invalid(format!("Nobody is {role} of {id}.")) };
        facts.roles.retain(|holder| holder.role != role);
        self.note_facts(&incident, facts, "role", because(format!("{role}: {} → nobody", holder.person), &note))
    }

    pub(super) fn new_task(
        &mut self,
        id: &IncidentId,
        text: &str,
        owner: Option<&str>,
        due_ms: Option<u64>,
    ) -> HostResult<Task> {
        let text = given("title", &text.split_whitespace().collect::<Vec<_>>().join(" "), TITLE_CHARS)?;
        let incident = self.find(id)?;
        self.unless_merged(&incident)?;
        let mut facts = self.known(&incident);
        let number = u32::try_from(facts.tasks.len()).unwrap_or(u32::MAX) + 1;
        let whose = owner.map(|owner| format!(", {owner}")).unwrap_or_default();
        let due = due_ms.map(|at_ms| format!(", due {}", at(at_ms))).unwrap_or_default();
        let told = format!("{number} added{whose}{due}: {text}");
        let task = Task { number, text, owner: owner.map(str::to_owned), due_ms, added: self.deed(), done: None };
        facts.tasks.push(task.clone());
        self.note_facts(&incident, facts, "task", told)?;
        Ok(task)
    }

    pub(super) fn end_task(&mut self, id: &IncidentId, number: u32) -> HostResult<Task> {
        let (incident, deed) = (self.find(id)?, self.deed());
        self.unless_merged(&incident)?;
        let mut facts = self.known(&incident);
        let Some(task) = facts.tasks.iter_mut().find(|task| task.number == number) else {
            return invalid(format!("{id} has no task {number}; /sev task list shows them."));
        };
        if let Some(Deed { by, at_ms }) = &task.done {
            return invalid(format!("Task {number} of {id} is already done, by {by} on {}.", at(*at_ms)));
        }
        task.done = Some(deed);
        let task = task.clone();
        self.note_facts(&incident, facts, "task", format!("{number} done: {}", task.text))?;
        Ok(task)
    }

    pub(super) fn join(&mut self, id: &IncidentId, into: &IncidentId) -> HostResult<Incident> {
        let (mut incident, other) = (self.find(id)?, self.find(into)?);
        if id == into {
            return invalid(format!("{id} cannot be merged into itself; name another: --into INC-…"));
        }
        if self.known(&incident).merged_into.as_ref() == Some(into) {
            return invalid(format!("{id} was already merged into {into}."));
        }
        self.unless_merged(&incident)?;
        self.unless_merged(&other)?;
        refuse_if_resolved(&other)?;
        incident.status = Status::Resolved;
        incident.resolved_ms.get_or_insert(self.now_ms);
        let mut facts = self.known(&incident);
        if let Some(span) = facts.spans.last_mut() {
            span.resolved_ms.get_or_insert(self.now_ms);
        }
        facts.merged_into = Some(into.clone());
        facts.next_update_ms = None;
        self.facts.insert(id.clone(), facts);
        self.write(into, "merged", format!("took in {id}: {}", incident.title));
        self.keep(incident, "merged", format!("merged into {into}: {}", other.title))
    }

    pub(super) fn put_off(&mut self, id: &IncidentId, until_ms: u64) -> HostResult<Facts> {
        let (incident, mut facts) = self.live(id)?;
        if until_ms <= self.now_ms {
            return invalid("An update can only be put off until later than now.");
        }
        facts.next_update_ms = Some(until_ms);
        self.note_facts(&incident, facts, "update-due", format!("next update put off until {}", at(until_ms)))
    }
}
