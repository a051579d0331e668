//! What may be done to an incident. Each rule takes the incident as it is and gives it as it shall be, with the line
//! that tells it in the timeline, or a refusal to show to whoever asked. Revisions are counted by the store, not here.

use super::facts::{first_span, last_span};
use super::severity::SeverityTable;
use crate::model::facts::{Facts, Span};
use crate::model::ids::{ConversationId, IncidentId, PersonId};
use crate::model::incident::{Incident, Status, TimelineEntry};

/// A title's most characters.
pub const MAX_TITLE_CHARS: usize = 200;
/// The most characters of an update, a note or a reason.
pub const MAX_TEXT_CHARS: usize = 4000;
/// A service name's most characters.
pub const MAX_SERVICE_CHARS: usize = 100;
/// The most characters of the word that says what kind of line a note is.
pub const MAX_KIND_CHARS: usize = 32;

/// Lines that only the rules and the host itself write, so that nobody can forge a status change, or another's edit, with a note.
const OWN_KINDS: [&str; 12] = [
    "declared",
    "severity",
    "status",
    "title",
    "update",
    "acknowledged",
    "role",
    "task",
    "merged",
    "update-due",
    "edited",
    "deleted",
];

/// An incident as it shall be and the line that says why. `revision` is the one it was based on.
pub type Changed = (Incident, TimelineEntry);

/// Who did it, when, and the timeline line's id (fresh, sortable by time).
#[derive(Clone, Debug)]
pub struct Stamp {
    /// A person's id or `plugin:NAME`.
    pub author: PersonId,
    /// Milliseconds since the epoch.
    pub at_ms: i64,
    /// The line's id, UUIDv7.
    pub entry: String,
}

/// What is said of a new incident.
#[derive(Clone, Debug)]
pub struct Declaration {
    /// What is wrong, one line.
    pub title: String,
    /// A severity by any of its names.
    pub severity: String,
    /// Where its card will live.
    pub conversation: ConversationId,
    /// The service it is about.
    pub service: Option<String>,
}

/// Why a change was not made: one sentence for the person who asked. Nothing happened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is already so; whoever pressed twice may read this as a yes.
    #[error("{0}")]
    Already(String),
    /// It makes no sense, or not now.
    #[error("{0}")]
    Invalid(String),
    /// Over a limit, which the sentence names.
    #[error("{0}")]
    TooLarge(String),
}

/// Opens an incident as `investigating`, with revision 0: it has never been stored.
pub fn declare(
    id: IncidentId,
    said: Declaration,
    severities: &SeverityTable,
    stamp: Stamp,
) -> Result<Changed, Refusal> {
    let title = check_title(&said.title)?;
    let severity = check_severity(&said.severity, severities)?;
    let service = said.service.as_deref().map(check_service).transpose()?;
    let about = service.as_ref().map(|service| format!(" ({service})")).unwrap_or_default();
    let told = format!("{severity}: {title}{about}");
    let next_update_ms = next_update(&severity, severities, stamp.at_ms);
    let facts = Facts { spans: vec![first_span(stamp.at_ms)], next_update_ms, ..Facts::default() };
    let incident = Incident {
        id,
        title,
        severity,
        status: Status::Investigating,
        conversation: said.conversation,
        service,
        declared_by: stamp.author.clone(),
        declared_ms: stamp.at_ms,
        resolved_ms: None,
        card: None,
        latest: String::new(),
        facts,
        revision: 0,
    };
    Ok(written(incident, "declared", told, stamp))
}

/// Changes the severity, given by any of its names, and with it when the next update is due. A resolved incident may still
/// be judged anew.
pub fn set_severity(
    incident: &Incident,
    severity: &str,
    reason: &str,
    severities: &SeverityTable,
    stamp: Stamp,
) -> Result<Changed, Refusal> {
    let severity = check_severity(severity, severities)?;
    let reason = check_text("reason", reason)?;
    refuse_if_merged(incident)?;
    if severity == incident.severity {
        return Err(Refusal::Already(format!("{} is already {severity}.", incident.id)));
    }
    let told = because(format!("{} → {severity}", incident.severity), &reason);
    let mut facts = incident.facts.clone();
    if incident.status != Status::Resolved {
        facts.next_update_ms = next_update(&severity, severities, stamp.at_ms);
    }
    Ok(written(Incident { severity, facts, ..incident.clone() }, "severity", told, stamp))
}

/// Moves to another status, with words that may be empty. From `resolved` only [`reopen`] leads back.
pub fn set_status(incident: &Incident, status: Status, text: &str, stamp: Stamp) -> Result<Changed, Refusal> {
    let text = check_text("text", text)?;
    refuse_if_merged(incident)?;
    if status == incident.status {
        return Err(Refusal::Already(match incident.resolved_ms {
            Some(at_ms) if status == Status::Resolved => already_resolved(incident, at_ms),
            _ => format!("{} is already {}.", incident.id, status.as_str()),
        }));
    }
    refuse_if_resolved(incident)?;
    let told = because(format!("{} → {}", incident.status.as_str(), status.as_str()), &text);
    // A clock that was set back must not make an incident end before it began.
    let resolved_ms = (status == Status::Resolved).then(|| stamp.at_ms.max(incident.declared_ms));
    let mut facts = incident.facts.clone();
    moved(last_span(&mut facts, incident), status, stamp.at_ms);
    if status == Status::Resolved {
        facts.next_update_ms = None;
    }
    Ok(written(Incident { status, resolved_ms, facts, ..incident.clone() }, "status", told, stamp))
}

/// Opens a resolved incident again, as `investigating`; its clocks begin anew. The reason may be empty.
pub fn reopen(incident: &Incident, reason: &str, severities: &SeverityTable, stamp: Stamp) -> Result<Changed, Refusal> {
    let reason = check_text("reason", reason)?;
    refuse_if_merged(incident)?;
    if incident.status != Status::Resolved {
        let status = incident.status.as_str();
        return Err(Refusal::Already(format!("{} is open already, as {status}.", incident.id)));
    }
    let told = because("reopened: resolved → investigating".to_owned(), &reason);
    let mut facts = incident.facts.clone();
    // It ends no earlier than it began, and begins again no earlier than it ended.
    let ended_ms = last_span(&mut facts, incident).resolved_ms.unwrap_or(stamp.at_ms);
    facts.spans.push(first_span(stamp.at_ms.max(ended_ms)));
    facts.next_update_ms = next_update(&incident.severity, severities, stamp.at_ms);
    let open = Incident { status: Status::Investigating, resolved_ms: None, facts, ..incident.clone() };
    Ok(written(open, "status", told, stamp))
}

/// Sets the latest words, and when the next are due. Not on a resolved incident: people would read them as if it went on.
pub fn update(incident: &Incident, text: &str, severities: &SeverityTable, stamp: Stamp) -> Result<Changed, Refusal> {
    let text = check_given("text", text)?;
    refuse_if_resolved(incident)?;
    let next_update_ms = next_update(&incident.severity, severities, stamp.at_ms);
    let facts = Facts { next_update_ms, ..incident.facts.clone() };
    Ok(written(Incident { latest: text.clone(), facts, ..incident.clone() }, "update", text, stamp))
}

/// Changes the title; a resolved incident's too, since postmortems find better words.
pub fn set_title(incident: &Incident, title: &str, stamp: Stamp) -> Result<Changed, Refusal> {
    let title = check_title(title)?;
    if title == incident.title {
        return Err(Refusal::Already(format!("{} already has that title.", incident.id)));
    }
    let told = format!("{} → {title}", incident.title);
    Ok(written(Incident { title, ..incident.clone() }, "title", told, stamp))
}

/// Writes a line of some kind (`note`, or a plugin's own word) without changing anything else; at any time.
pub fn note(incident: &Incident, kind: &str, text: &str, stamp: Stamp) -> Result<Changed, Refusal> {
    let text = check_given("text", text)?;
    let tail = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !kind.starts_with(|c: char| c.is_ascii_lowercase()) || !kind.chars().all(tail) || kind.len() > MAX_KIND_CHARS {
        let sentence = format!(
            "A timeline line's kind is one lower-case word such as `note`, of at most {MAX_KIND_CHARS} characters."
        );
        return Err(Refusal::Invalid(sentence));
    }
    if OWN_KINDS.contains(&kind) {
        let sentence = format!("Lines of the kind `{kind}` are written by the change itself; choose another word.");
        return Err(Refusal::Invalid(sentence));
    }
    Ok(written(incident.clone(), kind, text, stamp))
}

pub(super) fn written(incident: Incident, kind: &str, text: String, stamp: Stamp) -> Changed {
    let entry = TimelineEntry {
        id: stamp.entry,
        incident: incident.id.clone(),
        at_ms: stamp.at_ms,
        kind: kind.to_owned(),
        author: stamp.author,
        text,
    };
    (incident, entry)
}

pub(super) fn because(what: String, why: &str) -> String {
    if why.is_empty() { what } else { format!("{what}: {why}") }
}

fn next_update(severity: &str, severities: &SeverityTable, now_ms: i64) -> Option<i64> {
    Some(now_ms.saturating_add(severities.clocks(severity).update_every_ms?))
}

/// Notes in a time that something was open what its new status tells.
fn moved(span: &mut Span, to: Status, now_ms: i64) {
    let now_ms = now_ms.max(span.opened_ms);
    if to != Status::Investigating {
        span.decided_ms.get_or_insert(now_ms);
    }
    if matches!(to, Status::Monitoring | Status::Resolved) {
        span.restored_ms.get_or_insert(now_ms);
    }
    span.resolved_ms = (to == Status::Resolved).then_some(now_ms);
}

fn already_resolved(incident: &Incident, at_ms: i64) -> String {
    format!("{} is already resolved, since {}.", incident.id, moment(at_ms))
}

/// A moment for a sentence.
pub(super) fn moment(at_ms: i64) -> String {
    let when = chrono::DateTime::from_timestamp_millis(at_ms);
    when.map_or_else(|| at_ms.to_string(), |at| at.format("%Y-%m-%d %H:%M UTC").to_string())
}

/// What was merged ends there: whoever goes on with it is told where.
pub(super) fn refuse_if_merged(incident: &Incident) -> Result<(), Refusal> {
    let Some(into) = &incident.facts.merged_into else { return Ok(()) };
    Err(Refusal::Invalid(format!("{} was merged into {into}; go on there: add --incident {into}", incident.id)))
}

pub(super) fn refuse_if_resolved(incident: &Incident) -> Result<(), Refusal> {
    refuse_if_merged(incident)?;
    if incident.status != Status::Resolved {
        return Ok(());
    }
    let id = &incident.id;
    Err(Refusal::Invalid(format!("{id} is resolved; reopen it first: /sev reopen {id}")))
}

fn check_severity(text: &str, severities: &SeverityTable) -> Result<String, Refusal> {
    if let Some(found) = severities.resolve(text) {
        return Ok(found.name.clone());
    }
    let advice = match severities.nearest(text) {
        Some(near) => format!("did you mean {}?", near.name),
        None => format!("choose {}.", severities.names()),
    };
    Err(Refusal::Invalid(format!("There is no severity of that name; {advice}")))
}

/// One line: line breaks and runs of spaces become one space.
pub(super) fn check_title(title: &str) -> Result<String, Refusal> {
    let line = title.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = check_given("title", &line)?;
    check_length("title", &line, MAX_TITLE_CHARS)?;
    Ok(line)
}

fn check_service(service: &str) -> Result<String, Refusal> {
    let service = check_given("service", service)?;
    if service.contains(['\n', '\t']) {
        return Err(Refusal::Invalid("The service must be one line.".to_owned()));
    }
    check_length("service", &service, MAX_SERVICE_CHARS)?;
    Ok(service)
}

pub(super) fn check_given(what: &str, text: &str) -> Result<String, Refusal> {
    let text = check_text(what, text)?;
    if text.is_empty() { Err(Refusal::Invalid(format!("The {what} is empty."))) } else { Ok(text) }
}

/// Trims; refuses what is too long, and control characters, which terminals obey and databases refuse.
pub(super) fn check_text(what: &str, text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    check_length(what, text, MAX_TEXT_CHARS)?;
    let text = text.replace("\r\n", "\n");
    match text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
        None => Ok(text),
        Some(c) => {
            let code = u32::from(c);
            Err(Refusal::Invalid(format!("The {what} contains a control character (U+{code:04X}); take it out.")))
        }
    }
}

fn check_length(what: &str, text: &str, most: usize) -> Result<(), Refusal> {
    let chars = text.chars().count();
    if chars <= most {
        return Ok(());
    }
    Err(Refusal::TooLarge(format!("The {what} has {chars} characters; the limit is {most}.")))
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
