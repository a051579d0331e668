//! The host's rules of incidents, in small: numbering without gaps, what may follow what, and the line each change
//! leaves in the timeline. The sentences are the host's, so that a plugin's snapshots read as people will.

use super::FakeBot;
use crate::error::{HostError, HostResult};
use crate::ids::{Conversation, IncidentId, MessageRef};
use crate::incident::{Entry, Incident, Status};
use crate::time;

const MAX_TITLE_CHARS: usize = 200;
const MAX_TEXT_CHARS: usize = 4000;
const OWN_KINDS: [&str; 10] =
    ["declared", "severity", "status", "title", "update", "acknowledged", "role", "task", "merged", "update-due"];

pub(super) fn invalid<T>(text: impl Into<String>) -> HostResult<T> {
    Err(HostError::Invalid(text.into()))
}

pub(super) fn checked(what: &str, text: &str, most: usize) -> HostResult<String> {
    let chars = text.trim().chars().count();
    if chars > most {
        return Err(HostError::TooLarge(format!("The {what} has {chars} characters; the limit is {most}.")));
    }
    match text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
        None => Ok(text.trim().to_owned()),
        Some(c) => invalid(format!("The {what} contains a control character (U+{:04X}); take it out.", u32::from(c))),
    }
}

pub(super) fn given(what: &str, text: &str, most: usize) -> HostResult<String> {
    let text = checked(what, text, most)?;
    if text.is_empty() { invalid(format!("The {what} is empty.")) } else { Ok(text) }
}

pub(super) fn because(what: String, why: &str) -> String {
    if why.is_empty() { what } else { format!("{what}: {why}") }
}

impl FakeBot {
    pub(super) fn find(&self, id: &IncidentId) -> HostResult<Incident> {
        let found = self.incidents.iter().find(|incident| incident.id == *id);
        found.cloned().ok_or_else(|| HostError::NotFound(format!("There is no {id}.")))
    }

    pub(super) fn open_incident(
        &mut self,
        title: &str,
        severity: &str,
        conversation: &Conversation,
        service: Option<&str>,
    ) -> HostResult<Incident> {
        let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
        let title = given("title", &title, MAX_TITLE_CHARS)?;
        self.known_severity(severity)?;
        let service = service.map(|service| given("service", service, 100)).transpose()?;
        let about = service.as_ref().map(|service| format!(" ({service})")).unwrap_or_default();
        let told = format!("{severity}: {title}{about}");
        let incident = Incident {
            id: IncidentId::from(format!("INC-{}", self.incidents.len() + 1)),
            title,
            severity: severity.to_owned(),
            status: Status::Investigating,
            service,
            conversation: conversation.clone(),
            declared_by: self.event.author.clone(),
            declared_ms: self.now_ms,
            resolved_ms: None,
            latest: String::new(),
            card: None,
        };
        self.opened(&incident);
        self.incidents.push(incident.clone());
        self.write(&incident.id, "declared", told);
        Ok(incident)
    }

    pub(super) fn change_severity(&mut self, id: &IncidentId, severity: &str, reason: &str) -> HostResult<Incident> {
        let mut incident = self.find(id)?;
        self.known_severity(severity)?;
        let reason = checked("reason", reason, MAX_TEXT_CHARS)?;
        self.unless_merged(&incident)?;
        if incident.severity == severity {
            return invalid(format!("{id} is already {severity}."));
        }
        let told = because(format!("{} → {severity}", incident.severity), &reason);
        incident.severity = severity.to_owned();
        if incident.is_open() {
            self.next_update(&incident);
        }
        self.keep(incident, "severity", told)
    }

    pub(super) fn change_status(&mut self, id: &IncidentId, status: Status, text: &str) -> HostResult<Incident> {
        let mut incident = self.find(id)?;
        let text = checked("text", text, MAX_TEXT_CHARS)?;
        self.unless_merged(&incident)?;
        match incident.resolved_ms {
            Some(at_ms) if status == Status::Resolved => {
                return invalid(format!("{id} is already resolved, since {}.", time::rfc3339(at_ms)));
            }
            _ if status == incident.status => return invalid(format!("{id} is already {status}.")),
            _ => refuse_if_resolved(&incident)?,
        }
        let told = because(format!("{} → {status}", incident.status), &text);
        incident.status = status;
        incident.resolved_ms = (status == Status::Resolved).then(|| self.now_ms.max(incident.declared_ms));
        self.moved(&incident);
        self.keep(incident, "status", told)
    }

    pub(super) fn open_again(&mut self, id: &IncidentId, reason: &str) -> HostResult<Incident> {
        let mut incident = self.find(id)?;
        let reason = checked("reason", reason, MAX_TEXT_CHARS)?;
        self.unless_merged(&incident)?;
        if incident.is_open() {
            return invalid(format!("{id} is open already, as {}.", incident.status));
        }
        incident.status = Status::Investigating;
        incident.resolved_ms = None;
        self.opened(&incident);
        self.keep(incident, "status", because(String::from("reopened: resolved → investigating"), &reason))
    }

    pub(super) fn change_latest(&mut self, id: &IncidentId, text: &str) -> HostResult<Incident> {
        let mut incident = self.find(id)?;
        let text = given("text", text, MAX_TEXT_CHARS)?;
        self.unless_merged(&incident)?;
        refuse_if_resolved(&incident)?;
        incident.latest.clone_from(&text);
        self.next_update(&incident);
        self.keep(incident, "update", text)
    }

    pub(super) fn name_card(&mut self, id: &IncidentId, card: &MessageRef) -> HostResult {
        self.find(id)?;
        self.own(card)?;
        for incident in self.incidents.iter_mut().filter(|incident| incident.id == *id) {
            incident.card = Some(card.clone());
        }
        Ok(())
    }

    pub(super) fn last_lines(&self, id: &IncidentId, limit: u32) -> HostResult<Vec<Entry>> {
        self.find(id)?;
        let all: Vec<&Entry> = self.entries.iter().filter(|(of, _)| of == id).map(|(_, entry)| entry).collect();
        let skipped = all.len().saturating_sub(limit.min(500) as usize);
        Ok(all.into_iter().skip(skipped).cloned().collect())
    }

    pub(super) fn change_title(&mut self, id: &IncidentId, title: &str) -> HostResult<Incident> {
        let mut incident = self.find(id)?;
        let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
        let title = given("title", &title, MAX_TITLE_CHARS)?;
        if incident.title == title {
            return invalid(format!("{id} already has that title."));
        }
        let told = format!("{} → {title}", incident.title);
        incident.title = title;
        self.keep(incident, "title", told)
    }

    pub(super) fn write_note(&mut self, id: &IncidentId, kind: &str, text: &str) -> HostResult {
        self.find(id)?;
        let text = given("text", text, MAX_TEXT_CHARS)?;
        if kind.is_empty() || !kind.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') {
            return invalid("A timeline line's kind is one lower-case word such as `note`, of at most 32 characters.");
        }
        if OWN_KINDS.contains(&kind) {
            return invalid(format!(
                "Lines of the kind `{kind}` are written by the change itself; choose another word."
            ));
        }
        self.write(id, kind, text);
        Ok(())
    }

    fn known_severity(&self, name: &str) -> HostResult {
        if self.severities.iter().any(|severity| severity.name == name) {
            return Ok(());
        }
        let names: Vec<&str> = self.severities.iter().map(|severity| severity.name.as_str()).collect();
        invalid(format!("There is no severity of that name; choose {}.", names.join(", ")))
    }

    pub(super) fn keep(&mut self, changed: Incident, kind: &str, told: String) -> HostResult<Incident> {
        self.write(&changed.id, kind, told);
        for incident in self.incidents.iter_mut().filter(|incident| incident.id == changed.id) {
            incident.clone_from(&changed);
        }
        Ok(changed)
    }

    pub(super) fn write(&mut self, id: &IncidentId, kind: &str, text: String) {
        let entry = Entry {
            id: format!("e{}", self.entries.len() + 1),
            at_ms: self.now_ms,
            kind: kind.to_owned(),
            author: self.event.author.clone(),
            text,
        };
        self.entries.push((id.clone(), entry));
    }
}

pub(super) fn refuse_if_resolved(incident: &Incident) -> HostResult {
    if incident.is_open() {
        return Ok(());
    }
    let id = &incident.id;
    invalid(format!("{id} is resolved; reopen it first: /sev reopen {id}"))
}
