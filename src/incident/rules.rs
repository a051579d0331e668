//! What may be done to an incident. Each rule takes the incident as it is and gives it as it shall be, with the line
//! that tells it in the timeline, or a refusal to show to whoever asked. Revisions are counted by the store, not here.

use super::severity::SeverityTable;
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

/// Lines that only the rules themselves write, so that nobody can forge a status change with a note.
const OWN_KINDS: [&str; 5] = ["declared", "severity", "status", "title", "update"];

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
        revision: 0,
    };
    Ok(written(incident, "declared", told, stamp))
}

/// Changes the severity, given by any of its names. A resolved incident may still be judged anew.
pub fn set_severity(
    incident: &Incident,
    severity: &str,
    reason: &str,
    severities: &SeverityTable,
    stamp: Stamp,
) -> Result<Changed, Refusal> {
    let severity = check_severity(severity, severities)?;
    let reason = check_text("reason", reason)?;
    if severity == incident.severity {
        return Err(Refusal::Already(format!("{} is already {severity}.", incident.id)));
    }
    let told = because(format!("{} → {severity}", incident.severity), &reason);
    Ok(written(Incident { severity, ..incident.clone() }, "severity", told, stamp))
}

/// Moves to another status, with words that may be empty. From `resolved` only [`reopen`] leads back.
pub fn set_status(incident: &Incident, status: Status, text: &str, stamp: Stamp) -> Result<Changed, Refusal> {
    let text = check_text("text", text)?;
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
    Ok(written(Incident { status, resolved_ms, ..incident.clone() }, "status", told, stamp))
}

/// Opens a resolved incident again, as `investigating`. The reason may be empty.
pub fn reopen(incident: &Incident, reason: &str, stamp: Stamp) -> Result<Changed, Refusal> {
    let reason = check_text("reason", reason)?;
    if incident.status != Status::Resolved {
        let status = incident.status.as_str();
        return Err(Refusal::Already(format!("{} is open already, as {status}.", incident.id)));
    }
    let told = because("reopened: resolved → investigating".to_owned(), &reason);
    let open = Incident { status: Status::Investigating, resolved_ms: None, ..incident.clone() };
    Ok(written(open, "status", told, stamp))
}

/// Sets the latest words. Not on a resolved incident: people would read them as if it went on.
pub fn update(incident: &Incident, text: &str, stamp: Stamp) -> Result<Changed, Refusal> {
    let text = check_given("text", text)?;
    refuse_if_resolved(incident)?;
    Ok(written(Incident { latest: text.clone(), ..incident.clone() }, "update", text, stamp))
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

fn written(incident: Incident, kind: &str, text: String, stamp: Stamp) -> Changed {
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

fn because(what: String, why: &str) -> String {
    if why.is_empty() { what } else { format!("{what}: {why}") }
}

fn already_resolved(incident: &Incident, at_ms: i64) -> String {
    let when = chrono::DateTime::from_timestamp_millis(at_ms);
    let when = when.map_or_else(|| at_ms.to_string(), |at| at.format("%Y-%m-%d %H:%M UTC").to_string());
    format!("{} is already resolved, since {when}.", incident.id)
}

fn refuse_if_resolved(incident: &Incident) -> Result<(), Refusal> {
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
fn check_title(title: &str) -> Result<String, Refusal> {
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

fn check_given(what: &str, text: &str) -> Result<String, Refusal> {
    let text = check_text(what, text)?;
    if text.is_empty() { Err(Refusal::Invalid(format!("The {what} is empty."))) } else { Ok(text) }
}

/// Trims; refuses what is too long, and control characters, which terminals obey and databases refuse.
fn check_text(what: &str, text: &str) -> Result<String, Refusal> {
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
