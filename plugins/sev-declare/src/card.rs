//! The card: an incident at a glance, and the next sensible step as a button.

use crate::place;
use drillbell_sdk::{
    Bot, Button, HostError, HostResult, Incident, Level, Once, Result, Severity, Status, Tone, View, time,
};
use std::time::Duration;

/// What the buttons are called when they come back. Their value is the incident's id.
pub const IDENTIFIED: &str = "identified";
/// See [`IDENTIFIED`].
pub const MONITORING: &str = "monitoring";
/// See [`IDENTIFIED`].
pub const RESOLVE: &str = "resolve";
/// See [`IDENTIFIED`].
pub const REOPEN: &str = "reopen";
/// See [`IDENTIFIED`].
pub const TIMELINE: &str = "timeline";

/// The card with its buttons.
pub fn card(incident: &Incident, severities: &[Severity]) -> View {
    let id = incident.id.as_str();
    let step = |action: &str, label: &str| Button::new(action, label).value(id).once(Once::Never);
    // Once for everybody: who presses second is told by the host who was first. A reopened incident gets a new card,
    // and with it a fresh button.
    let resolve = Button::new(RESOLVE, "Resolve").value(id).danger().once(Once::Card);
    let view = face(incident, severities);
    match incident.status {
        Status::Investigating => {
            let view =
                view.context("Next: find the cause, then press Identified. /sev update TEXT keeps everyone posted.");
            view.button(step(IDENTIFIED, "Identified").primary()).button(step(MONITORING, "Monitoring")).button(resolve)
        }
        Status::Identified => {
            let view = view.context("Next: fix it, then press Monitoring. /sev update TEXT keeps everyone posted.");
            view.button(step(MONITORING, "Monitoring").primary()).button(resolve)
        }
        Status::Monitoring => {
            let view = view.context("Next: when it has stayed well for a while, press Resolve.");
            view.button(resolve).button(step(IDENTIFIED, "Back to identified"))
        }
        Status::Resolved => {
            let view = view.context(format!("It is over. To add what you learn later: /sev note TEXT --incident {id}"));
            view.button(Button::new(REOPEN, "Reopen").value(id).once(Once::Card))
        }
    }
    .button(step(TIMELINE, "Show timeline"))
}

/// The card without what could be pressed.
pub fn face(incident: &Incident, severities: &[Severity]) -> View {
    let latest = match (incident.latest.as_str(), incident.is_open()) {
        ("", true) => "No update yet.",
        ("", false) => "",
        (latest, _) => latest,
    };
    let view = View::titled(heading(incident)).tone(tone(incident, severities));
    let view = if latest.is_empty() { view } else { view.text(latest) };
    let view = view.field("Status", incident.status.as_str()).field("Severity", severity(incident, severities));
    let view = match &incident.service {
        Some(service) => view.field("Service", service),
        None => view,
    };
    let view = view.field("Declared by", &incident.declared_by).time("Declared", incident.declared_ms);
    match incident.resolved_ms {
        Some(at_ms) => view.time("Resolved", at_ms).field("Lasted", lasted(incident, at_ms)),
        None => view,
    }
}

/// `INC-3 · sev1 · checkout is down`.
pub fn heading(incident: &Incident) -> String {
    format!("{} · {} · {}", incident.id, incident.severity, incident.title)
}

/// How long it went on until `until_ms`: `42 min`.
pub fn lasted(incident: &Incident, until_ms: u64) -> String {
    time::span(Duration::from_millis(until_ms.saturating_sub(incident.declared_ms)))
}

/// The colour: by rank among the configured severities, so that no name is special. One that is configured no longer is
/// a warning: unknown is not harmless.
pub fn tone(incident: &Incident, severities: &[Severity]) -> Tone {
    if !incident.is_open() {
        return Tone::Good;
    }
    match severities.iter().position(|severity| severity.name == incident.severity) {
        Some(0) => Tone::Critical,
        Some(1) | None => Tone::Warning,
        Some(2) => Tone::Info,
        Some(_) => Tone::Neutral,
    }
}

fn severity(incident: &Incident, severities: &[Severity]) -> String {
    let configured = severities.iter().find(|severity| severity.name == incident.severity);
    let meaning = configured.map(|severity| match (severity.title.as_str(), severity.description.as_str()) {
        // `sev1 (SEV-1)` would tell nobody how bad it is.
        (title, description) if title.is_empty() || reads_alike(title, &severity.name) => description,
        (title, _) => title,
    });
    match meaning {
        Some("") | None => incident.severity.clone(),
        Some(meaning) => format!("{} ({meaning})", incident.severity),
    }
}

fn reads_alike(one: &str, other: &str) -> bool {
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    letters(one) == letters(other)
}

/// Makes the card say what is so now; an incident without one gets one.
pub fn refresh(bot: &mut impl Bot, incident: &Incident) -> Result {
    match &incident.card {
        Some(_) => edit(bot, incident),
        None => renew(bot, incident),
    }
}

/// Posts a new card where the incident lives; the old one says so. Somebody elsewhere may have asked, from where this
/// plugin may not post there: then the old card is made current instead.
pub fn renew(bot: &mut impl Bot, incident: &Incident) -> Result {
    let severities = bot.severities();
    let message = match bot.post(&incident.conversation, card(incident, &severities)) {
        Err(HostError::Denied(_)) => return edit(bot, incident),
        other => other?,
    };
    if let Some(old) = &incident.card {
        let moved = View::titled(heading(incident)).context("Reopened; its current card is further down.");
        let edited = bot.edit(old, moved);
        unless_foreign(bot, incident, edited)?;
    }
    bot.set_card(&incident.id, &message)?;
    place::card_moved(bot, incident, &message)
}

fn edit(bot: &mut impl Bot, incident: &Incident) -> Result {
    let Some(message) = &incident.card else { return Ok(()) };
    let severities = bot.severities();
    let edited = bot.edit(message, card(incident, &severities));
    unless_foreign(bot, incident, edited)
}

/// A card that another plugin posted is that plugin's to keep current: the change counts all the same, and the operator's
/// log tells why the card is behind.
fn unless_foreign(bot: &mut impl Bot, incident: &Incident, edited: HostResult) -> Result {
    match edited {
        Err(error @ (HostError::Denied(_) | HostError::NotFound(_))) => {
            bot.log(Level::Warn, &format!("the card of {} stays as it is: {error}", incident.id));
            Ok(())
        }
        other => Ok(other?),
    }
}
