//! The host's own line in an incident's timeline: of every event that is about an incident and wrote no other line of it, so
//! that nothing is missing and nothing is said twice.

use super::call::Task;
use crate::clock::rfc3339;
use crate::model::changes::{Cell, ListQuery};
use crate::model::event::Event;
use crate::model::ids::{IncidentId, PersonId, fresh};
use crate::model::incident::TimelineEntry;
use crate::model::manifest::ReplyMode;
use crate::plugin::HandlerEvent;
use crate::store::Commit;

/// Characters of a foreign text in such a line.
const SHOWN: usize = 500;

/// Adds the lines that a successful call's commit lacks.
pub(super) fn complete(task: &Task<'_>, commit: &mut Commit) {
    if let Event::ReactionAdded(reaction) = &task.delivery.event {
        commit.source = format!("message:{}", reaction.message);
    }
    let Some(text) = what(task, commit) else { return };
    for incident in about(task, commit) {
        if !commit.timeline.iter().any(|line| line.incident == incident) {
            let line = entry(task, &incident, text.clone(), commit.now_ms);
            commit.timeline.push(line);
        }
    }
}

/// The line of a command or click that failed. One that was refused did nothing, and is in the audit trail.
pub(super) fn failed(task: &Task<'_>, now_ms: i64) -> Option<TimelineEntry> {
    let text = match &task.event {
        HandlerEvent::Command(command) => short(&command.text),
        HandlerEvent::Action(_) => pressed(task),
        _ => return None,
    };
    let incident = task.incident.as_ref().filter(|_| task.reply == ReplyMode::Channel)?;
    Some(entry(task, incident, format!("{text}: failed"), now_ms))
}

fn entry(task: &Task<'_>, incident: &IncidentId, text: String, at_ms: i64) -> TimelineEntry {
    let author = match task.delivery.event.by() {
        Some(by) => by.id.clone(),
        None => PersonId::new(format!("plugin:{}", task.plugin)),
    };
    let kind = task.delivery.event.kind();
    let kind = if kind == "action" { "click" } else { kind };
    TimelineEntry { id: fresh(), incident: incident.clone(), at_ms, kind: kind.to_owned(), author, text }
}

/// What happened, in a line; `None` for what has its line elsewhere (jobs and approvals end with one, deploys began with one) or
/// needs none.
fn what(task: &Task<'_>, commit: &Commit) -> Option<String> {
    Some(match &task.event {
        HandlerEvent::Command(command) => short(&command.text),
        HandlerEvent::Action(_) => pressed(task),
        HandlerEvent::Alerts(alerts) => {
            let first = alerts.first()?;
            let more = if alerts.len() > 1 { format!(" and {} more", alerts.len() - 1) } else { String::new() };
            format!("{} ({}, {} {}){more}", short(&first.title), first.status, first.source, short(&first.fingerprint))
        }
        // A timer that only looked is nobody's news.
        HandlerEvent::Timer(timer) if !commit.incidents.is_empty() => {
            format!("timer {} of {}, due {}", short(&timer.name), task.plugin, rfc3339(timer.due_ms))
        }
        HandlerEvent::Timer(_)
        | HandlerEvent::Deploy(_)
        | HandlerEvent::Job(_)
        | HandlerEvent::Approval(_)
        | HandlerEvent::Reaction(_)
        | HandlerEvent::Incident(_) => return None,
    })
}

fn pressed(task: &Task<'_>) -> String {
    match &task.label {
        Some(label) => format!("pressed {}", short(label)),
        None => "pressed a button".to_owned(),
    }
}

/// The incidents that an event was about: those that the call changed or looked at; else, of what everybody saw, the one that
/// was meant.
fn about(task: &Task<'_>, commit: &Commit) -> Vec<IncidentId> {
    let mut all: Vec<IncidentId> = commit.incidents.iter().map(|incident| incident.id.clone()).collect();
    let seen = commit.reads.cells.iter().filter_map(|(cell, revision)| match cell {
        Cell::Incident(id) if *revision > 0 => Some(id.clone()),
        _ => None,
    });
    // Looking through a list is not about those in it.
    let listed = commit.reads.lists.iter().any(|list| matches!(list.query, ListQuery::Incidents { .. }));
    if !listed {
        all.extend(seen);
    }
    if all.is_empty() && task.reply == ReplyMode::Channel {
        all.extend(task.incident.clone());
    }
    all.sort();
    all.dedup();
    all
}

/// Foreign text on one line, not endless.
pub(super) fn short(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut shown: String = line.chars().take(SHOWN).collect();
    if line.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}
