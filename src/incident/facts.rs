//! The rules of roles, tasks, acknowledgement, merging and of when the next update is due. Pure, as `rules` is.

use super::rules::{
    Changed, Refusal, Stamp, because, check_given, check_text, check_title, moment, refuse_if_merged,
    refuse_if_resolved, written,
};
use crate::model::facts::{Deed, Facts, Holder, Span, Task};
use crate::model::ids::PersonId;
use crate::model::incident::{Incident, Status};

/// The most roles that one incident may have taken: beyond it, nobody sees who does what.
pub const MAX_ROLES: usize = 20;
/// The most tasks of one incident, those done included.
pub const MAX_TASKS: usize = 100;
/// A role's most characters.
const MAX_ROLE_CHARS: usize = 32;
/// A person's id has at most so many bytes.
const MAX_PERSON_BYTES: usize = 200;

/// A time that begins.
pub(super) fn first_span(opened_ms: i64) -> Span {
    Span { opened_ms, ..Span::default() }
}

/// The present or last time that an incident was open. One that was stored before such times were kept has had one.
pub(super) fn last_span<'a>(facts: &'a mut Facts, incident: &Incident) -> &'a mut Span {
    if facts.spans.is_empty() {
        facts.spans.push(Span { resolved_ms: incident.resolved_ms, ..first_span(incident.declared_ms) });
    }
    facts.spans.last_mut().expect("one was pushed if there was none")
}

/// Somebody takes it up. Who did it first is on record; whoever comes later is told.
pub fn acknowledge(incident: &Incident, stamp: Stamp) -> Result<Changed, Refusal> {
    refuse_if_resolved(incident)?;
    let mut facts = incident.facts.clone();
    let span = last_span(&mut facts, incident);
    if let Some(deed) = &span.acknowledged {
        let sentence = format!("{} is already acknowledged, by {} on {}.", incident.id, deed.by, moment(deed.at_ms));
        return Err(Refusal::Already(sentence));
    }
    let at_ms = stamp.at_ms.max(span.opened_ms);
    span.acknowledged = Some(Deed { by: stamp.author.clone(), at_ms });
    let told = format!("taken up after {}", lasting(at_ms - span.opened_ms));
    Ok(written(Incident { facts, ..incident.clone() }, "acknowledged", told, stamp))
}

/// The author takes a role that nobody has. Of two at once, the second is told who was first.
pub fn take_role(incident: &Incident, role: &str, stamp: Stamp) -> Result<Changed, Refusal> {
    let role = check_role(role)?;
    refuse_if_resolved(incident)?;
    if let Some(Holder { person, since_ms, .. }) = incident.facts.holder(role) {
        let (id, since) = (&incident.id, moment(*since_ms));
        return Err(if *person == stamp.author {
            Refusal::Already(format!("{person} is already {role} of {id}, since {since}."))
        } else {
            Refusal::Invalid(format!(
                "{person} is {role} of {id}, since {since}. To take over, name yourself: /sev role {role} @YOU --note WHY"
            ))
        });
    }
    let to = stamp.author.clone();
    hold(incident, role, &to, "", stamp)
}

/// Hands a role to somebody, whoever has it now, with a note that may be empty.
pub fn give_role(incident: &Incident, role: &str, to: &PersonId, note: &str, stamp: Stamp) -> Result<Changed, Refusal> {
    let (role, note) = (check_role(role)?, check_text("note", note)?);
    check_person(to)?;
    refuse_if_resolved(incident)?;
    match incident.facts.holder(role) {
        Some(Holder { person, since_ms, .. }) if person == to => {
            let since = moment(*since_ms);
            Err(Refusal::Already(format!("{person} is already {role} of {}, since {since}.", incident.id)))
        }
        _ => hold(incident, role, to, &note, stamp),
    }
}

/// Gives a role up: nobody has it then. The note may be empty.
pub fn release_role(incident: &Incident, role: &str, note: &str, stamp: Stamp) -> Result<Changed, Refusal> {
    let (role, note) = (check_role(role)?, check_text("note", note)?);
    refuse_if_merged(incident)?;
    let Some(holder) = incident.facts.holder(role) else {
        return Err(Refusal::Already(format!("Nobody is {role} of {}.", incident.id)));
    };
    let told = because(format!("{role}: {} → nobody", holder.person), &note);
    let mut facts = incident.facts.clone();
    facts.roles.retain(|holder| holder.role != role);
    Ok(written(Incident { facts, ..incident.clone() }, "role", told, stamp))
}

fn hold(incident: &Incident, role: &str, to: &PersonId, note: &str, stamp: Stamp) -> Result<Changed, Refusal> {
    let mut facts = incident.facts.clone();
    let new = Holder { role: role.to_owned(), person: to.clone(), since_ms: stamp.at_ms };
    let full = facts.roles.len() >= MAX_ROLES;
    let told = match facts.roles.iter_mut().find(|holder| holder.role == role) {
        Some(holder) => {
            let before = std::mem::replace(holder, new);
            format!("{role}: {} → {to}", before.person)
        }
        None if full => {
            return Err(Refusal::TooLarge(format!("An incident has at most {MAX_ROLES} roles.")));
        }
        None => {
            facts.roles.push(new);
            format!("{role}: {to}")
        }
    };
    Ok(written(Incident { facts, ..incident.clone() }, "role", because(told, note), stamp))
}

/// Adds a task, with the next number. A resolved incident's too: much is left to do then.
pub fn add_task(
    incident: &Incident,
    text: &str,
    owner: Option<&PersonId>,
    due_ms: Option<i64>,
    stamp: Stamp,
) -> Result<Changed, Refusal> {
    let text = check_title(text)?;
    owner.map(check_person).transpose()?;
    refuse_if_merged(incident)?;
    let count = incident.facts.tasks.len();
    if count >= MAX_TASKS {
        return Err(Refusal::TooLarge(format!("{} has {MAX_TASKS} tasks, which is the limit.", incident.id)));
    }
    let number = u32::try_from(count).unwrap_or(u32::MAX).saturating_add(1);
    let whose = owner.map(|owner| format!(", {owner}")).unwrap_or_default();
    let due = due_ms.map(|at_ms| format!(", due {}", moment(at_ms))).unwrap_or_default();
    let told = format!("{number} added{whose}{due}: {text}");
    let added = Deed { by: stamp.author.clone(), at_ms: stamp.at_ms };
    let mut facts = incident.facts.clone();
    facts.tasks.push(Task { number, text, owner: owner.cloned(), due_ms, added, done: None });
    Ok(written(Incident { facts, ..incident.clone() }, "task", told, stamp))
}

/// A task is done.
pub fn finish_task(incident: &Incident, number: u32, stamp: Stamp) -> Result<Changed, Refusal> {
    refuse_if_merged(incident)?;
    let mut facts = incident.facts.clone();
    let Some(task) = facts.tasks.iter_mut().find(|task| task.number == number) else {
        return Err(Refusal::Invalid(format!("{} has no task {number}; /sev task list shows them.", incident.id)));
    };
    if let Some(Deed { by, at_ms }) = &task.done {
        let sentence = format!("Task {number} of {} is already done, by {by} on {}.", incident.id, moment(*at_ms));
        return Err(Refusal::Already(sentence));
    }
    task.done = Some(Deed { by: stamp.author.clone(), at_ms: stamp.at_ms });
    let told = format!("{number} done: {}", task.text);
    Ok(written(Incident { facts, ..incident.clone() }, "task", told, stamp))
}

/// Ends an incident that turned out to be part of another, which must be open. Gives both with their lines: the first as it
/// ended, the second unchanged. Nothing leads back; `entry` is the id of the second line.
pub fn merge(incident: &Incident, into: &Incident, stamp: Stamp, entry: String) -> Result<[Changed; 2], Refusal> {
    let (id, other) = (&incident.id, &into.id);
    if id == other {
        return Err(Refusal::Invalid(format!("{id} cannot be merged into itself; name another: --into INC-…")));
    }
    match &incident.facts.merged_into {
        Some(already) if already == other => {
            return Err(Refusal::Already(format!("{id} was already merged into {other}.")));
        }
        _ => refuse_if_merged(incident)?,
    }
    refuse_if_resolved(into)?;
    let mut facts = incident.facts.clone();
    let span = last_span(&mut facts, incident);
    let end_ms = stamp.at_ms.max(span.opened_ms);
    let resolved_ms = *span.resolved_ms.get_or_insert(end_ms);
    facts.merged_into = Some(other.clone());
    facts.next_update_ms = None;
    let resolved_ms = Some(incident.resolved_ms.unwrap_or(resolved_ms));
    let ended = Incident { status: Status::Resolved, resolved_ms, facts, ..incident.clone() };
    let there = Stamp { entry, ..stamp.clone() };
    let taken = format!("took in {id}: {}", incident.title);
    Ok([
        written(ended, "merged", format!("merged into {other}: {}", into.title), stamp),
        written(into.clone(), "merged", taken, there),
    ])
}

/// Puts the next update off until a later moment: somebody was asked and said "not now".
pub fn put_off_update(incident: &Incident, until_ms: i64, stamp: Stamp) -> Result<Changed, Refusal> {
    refuse_if_resolved(incident)?;
    if until_ms <= stamp.at_ms {
        return Err(Refusal::Invalid("An update can only be put off until later than now.".to_owned()));
    }
    let told = format!("next update put off until {}", moment(until_ms));
    let facts = Facts { next_update_ms: Some(until_ms), ..incident.facts.clone() };
    Ok(written(Incident { facts, ..incident.clone() }, "update-due", told, stamp))
}

fn check_role(role: &str) -> Result<&str, Refusal> {
    let tail = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if role.starts_with(|c: char| c.is_ascii_lowercase()) && role.chars().all(tail) && role.len() <= MAX_ROLE_CHARS {
        return Ok(role);
    }
    Err(Refusal::Invalid(format!(
        "A role is one lower-case word such as `commander`, of at most {MAX_ROLE_CHARS} characters."
    )))
}

fn check_person(person: &PersonId) -> Result<(), Refusal> {
    let text = check_given("person", person.as_str())?;
    if text.len() > MAX_PERSON_BYTES || text.contains(char::is_whitespace) || text != person.as_str() {
        return Err(Refusal::Invalid("A person is named by an id such as `ana` or `slack:U0123`.".to_owned()));
    }
    Ok(())
}

/// `45 s`, `42 min`, `3 h 5 min`.
fn lasting(ms: i64) -> String {
    let seconds = ms.max(0) / 1000;
    match (seconds / 3600, seconds / 60 % 60) {
        (0, 0) => format!("{seconds} s"),
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests;
