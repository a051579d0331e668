//! What the host itself writes into timelines, whichever plugins there are: deploys of an incident's service, and messages that
//! were changed, deleted or pinned where it is worked on. Nothing is ever taken out of a timeline; a change is a line of its own.

use super::answer::{actor, empty_commit, shares};
use super::told::short;
use super::{HOST, House, Trouble};
use crate::config::limits::{OPEN_INCIDENTS_LOOKED_AT, TIMELINE_QUOTE_CHARS};
use crate::model::event::{Change, Delivery, DeployRecorded, Event, MessageChanged};
use crate::model::ids::{IncidentId, PluginId, fresh};
use crate::model::incident::TimelineEntry;
use crate::store::OutcomeStatus;

impl House {
    /// A deploy is on the timeline of every open incident of its service, whoever else hears of it.
    pub(super) async fn deployed(&self, delivery: &Delivery, plugins: Vec<PluginId>) -> Result<(), Trouble> {
        let Event::DeployRecorded(deploy) = &delivery.event else { return Ok(()) };
        let open = self.store.incidents(true, OPEN_INCIDENTS_LOOKED_AT).await?;
        let mut commit = shares(delivery, plugins, self.store.now_ms());
        let is_about = |service: &str| service.trim().eq_ignore_ascii_case(deploy.service.trim());
        for incident in open.iter().filter(|incident| incident.service.as_deref().is_some_and(is_about)) {
            commit.timeline.push(line(delivery, &incident.id, "deploy", deployed(deploy), commit.now_ms));
        }
        self.commit_plainly(commit).await
    }

    /// A message was changed, deleted or pinned: its incident's timeline says so, with what it said before as far as that is known.
    pub(super) async fn message_changed(&self, delivery: &Delivery) -> Result<(), Trouble> {
        let Event::MessageChanged(changed) = &delivery.event else { return Ok(()) };
        let mut commit = empty_commit(delivery, HOST.into(), OutcomeStatus::Ok, self.store.now_ms());
        commit.source = match changed.link.as_str() {
            "" => format!("message:{}/{}", delivery.conversation.platform(), changed.message),
            link => link.to_owned(),
        };
        let text = told(changed, delivery.conversation.platform());
        let line = line(delivery, &changed.incident, changed.change.as_str(), text, commit.now_ms);
        commit.incident = Some(changed.incident.clone());
        commit.audit.incident = Some(changed.incident.clone());
        commit.timeline.push(line);
        self.commit_plainly(commit).await
    }
}

fn line(delivery: &Delivery, incident: &IncidentId, kind: &str, text: String, at_ms: i64) -> TimelineEntry {
    let (kind, author) = (kind.to_owned(), actor(delivery));
    TimelineEntry { id: fresh(), incident: incident.clone(), at_ms, kind, author, text }
}

/// `shop 1.4.2 deployed by ci (was 1.4.1)`; of a rollback, `shop was rolled back to 1.4.1 by ci (was 1.4.2)`.
fn deployed(deploy: &DeployRecorded) -> String {
    let was = match deploy.previous.as_str() {
        "" => String::new(),
        previous => format!(" (was {})", short(previous)),
    };
    let (service, version) = (short(&deploy.service), short(&deploy.version));
    let done = if deploy.rollback {
        format!("{service} was rolled back to {version}")
    } else {
        format!("{service} {version} deployed")
    };
    format!("{done} by {}{was}", short(&deploy.by))
}

/// What the line of a changed message says.
fn told(changed: &MessageChanged, platform: &str) -> String {
    let words = |words: &Option<String>| match words.as_deref().map(str::trim) {
        None => format!("(words that {platform} does not tell)"),
        Some("") => "(a message without text)".to_owned(),
        Some(words) => quoted(words),
    };
    match (changed.change, &changed.by) {
        (Change::Pinned, _) => words(&changed.now),
        (Change::Edited, _) if changed.before.is_none() => words(&changed.now),
        (Change::Edited, _) => format!("{}\nbefore: {}", words(&changed.now), words(&changed.before)),
        (Change::Deleted, Some(by)) => format!("a message of {}: {}", by.name, words(&changed.before)),
        (Change::Deleted, None) => format!("a message: {}", words(&changed.before)),
    }
}

/// Somebody's words, not endless: a timeline is no second chat.
fn quoted(words: &str) -> String {
    let mut shown: String = words.chars().take(TIMELINE_QUOTE_CHARS).collect();
    if words.chars().nth(TIMELINE_QUOTE_CHARS).is_some() {
        shown.push('…');
    }
    shown
}
