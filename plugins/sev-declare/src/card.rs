//! The card: an incident at a glance, and the next sensible step as a button. The order is always the same: restore the
//! service, find the cause, prevent it from coming back (S0-12).

use crate::settings::COMMANDER;
use crate::sight::Sight;
use crate::{clocks, place, prompts};
use drillbell_sdk::{
    Bot, Button, Entry, HostError, HostResult, Incident, IncidentId, Level, Once, Result, Severity, Status, Task, Tone,
    View, time,
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
/// See [`IDENTIFIED`]. Called like the subcommand, so that a rule for `sev ack` is about the button too.
pub const ACKNOWLEDGE: &str = "ack";
/// What it was called on cards that are posted already.
pub const ACKNOWLEDGE_ONCE: &str = "acknowledge";
/// Followed by the role: on one card, no two buttons have one name.
pub const CLAIM: &str = "claim-";

/// Open tasks that a card shows.
const TASKS: usize = 5;
/// Characters of a person's id on a button.
const PERSON_CHARS: usize = 30;
/// Characters of a line of the timeline that a card shows.
const LINE_CHARS: usize = 100;

/// The card with its buttons.
pub fn card(sight: &Sight) -> View {
    let id = sight.incident.id.as_str();
    let step = |action: &str, label: &str| Button::new(action, label).value(id).once(Once::Never);
    // Once for everybody: who presses second is told by the host who was first. A reopened incident gets a new card,
    // and with it a fresh button.
    let resolve = Button::new(RESOLVE, "Resolve").value(id).danger().once(Once::Card);
    let (next, first) = next(sight);
    let primary = |button: Button, is_first: bool| if is_first { button.primary() } else { button };
    let face = face(sight);
    if sight.facts.merged_into.is_some() {
        return face.context(format!("Next: {next}")).button(step(TIMELINE, "Show timeline"));
    }
    let mut view = face.context(order(sight.incident.status)).context(format!("Next: {next}"));
    if sight.incident.is_open() {
        if sight.facts.acknowledged().is_none() {
            view = view.button(acknowledge(&sight.incident.id));
        }
        for role in &sight.roles {
            // A role that somebody has keeps its button: whoever presses late reads who it is and how to take over.
            let label = match sight.facts.holder(role) {
                Some(holder) => format!("{role}: {}", holder.person.chars().take(PERSON_CHARS).collect::<String>()),
                None => format!("Claim {role}"),
            };
            let claim = step(&format!("{CLAIM}{role}"), &label);
            view = view.button(primary(claim, first == Step::Command && role == COMMANDER));
        }
        view = prompts::form(view, &sight.incident, false, sight.offer);
    }
    let go_on = first == Step::Status;
    match sight.incident.status {
        Status::Investigating => view
            .button(primary(step(IDENTIFIED, "Identified"), go_on))
            .button(step(MONITORING, "Monitoring"))
            .button(resolve),
        Status::Identified => view.button(primary(step(MONITORING, "Monitoring"), go_on)).button(resolve),
        Status::Monitoring => view.button(resolve).button(step(IDENTIFIED, "Back to identified")),
        Status::Resolved => view.button(Button::new(REOPEN, "Reopen").value(id).once(Once::Card)),
    }
    .button(step(TIMELINE, "Show timeline"))
}

/// The button that takes an incident up, on the card and in pages; while there is one it is the next to press. Whoever is second is
/// told by the plugin who was first, whichever of the messages they press it on.
pub fn acknowledge(id: &IncidentId) -> Button {
    Button::new(ACKNOWLEDGE, "Acknowledge").value(id.as_str()).primary().once(Once::Never)
}

/// Which button is the next to press.
#[derive(PartialEq)]
enum Step {
    Acknowledge,
    Command,
    Status,
}

/// The next sensible step in words, and its button.
fn next(sight: &Sight) -> (String, Step) {
    let id = &sight.incident.id;
    if let Some(into) = &sight.facts.merged_into {
        return (format!("go on in {into}: /sev show {into}"), Step::Status);
    }
    if sight.incident.is_open() && sight.facts.acknowledged().is_none() {
        return ("press Acknowledge, so that everybody knows that somebody is on it.".into(), Step::Acknowledge);
    }
    if sight.incident.is_open() && sight.facts.holder(COMMANDER).is_none() {
        return ("somebody leads: press Claim commander.".into(), Step::Command);
    }
    let words = match sight.incident.status {
        Status::Investigating => {
            "decide what restores the service, to roll back or to repair; then press Identified.".into()
        }
        Status::Identified => "do it; when it serves again, press Monitoring.".into(),
        Status::Monitoring => "find the cause; when it has stayed well for a while, press Resolve.".into(),
        Status::Resolved => {
            format!(
                "what prevents it? /sev task add TEXT --incident {id}. What you learn: /sev note TEXT --incident {id}"
            )
        }
    };
    (words, Step::Status)
}

/// The order of S0-12, and where in it the incident is.
fn order(status: Status) -> &'static str {
    match status {
        Status::Investigating | Status::Identified => {
            "Order: 1 restore the service (now), 2 find the cause, 3 prevent it."
        }
        Status::Monitoring => "Order: 1 restore the service (done), 2 find the cause (now), 3 prevent it.",
        Status::Resolved => "Order: 1 restore the service (done), 2 find the cause, 3 prevent it (now).",
    }
}

fn unclaimed(sight: &Sight) -> impl Iterator<Item = &str> {
    sight.roles.iter().map(String::as_str).filter(|role| sight.facts.holder(role).is_none())
}

/// The card without what could be pressed.
pub fn face(sight: &Sight) -> View {
    let incident = &sight.incident;
    let latest = match (incident.latest.as_str(), incident.is_open()) {
        ("", true) => "No update yet.",
        ("", false) => "",
        (latest, _) => latest,
    };
    let view = View::titled(heading(incident)).tone(tone(incident, &sight.severities));
    let view = if latest.is_empty() { view } else { view.text(latest) };
    let view = view.field("Status", incident.status.as_str()).field("Severity", severity(sight));
    let view = match &incident.service {
        Some(service) => view.field("Service", service),
        None => view,
    };
    let view = view.field("Declared by", &incident.declared_by).time("Declared", incident.declared_ms);
    let view = match incident.resolved_ms {
        Some(at_ms) => view.time("Resolved", at_ms).field("Lasted", lasted(incident, at_ms)),
        None => view,
    };
    let view = match &sight.facts.merged_into {
        Some(into) => view.field("Merged into", into.as_str()),
        None => view,
    };
    let view =
        if incident.is_open() || !sight.facts.roles.is_empty() { view.field("Roles", roles(sight)) } else { view };
    let view = clocks::show(view, sight);
    let view = match tasks(sight) {
        Some(tasks) => view.field("Open tasks", tasks),
        None => view,
    };
    let view = match sight.readiness.lines.as_slice() {
        [] => view,
        lines => view.field("Restore", lines.join("\n")),
    };
    match sight.last.as_slice() {
        [] => view,
        lines => view.field("Last", lines.iter().map(line).collect::<Vec<_>>().join("\n")),
    }
}

/// `ana is commander, ben is scribe; nobody is communications`.
fn roles(sight: &Sight) -> String {
    let taken: Vec<_> =
        sight.facts.roles.iter().map(|holder| format!("{} is {}", holder.person, holder.role)).collect();
    let free: Vec<_> = if sight.incident.is_open() { unclaimed(sight).collect() } else { Vec::new() };
    match (taken.is_empty(), free.is_empty()) {
        (_, true) => taken.join(", "),
        (true, false) => format!("nobody is {}", free.join(", ")),
        (false, false) => format!("{}; nobody is {}", taken.join(", "), free.join(", ")),
    }
}

fn tasks(sight: &Sight) -> Option<String> {
    let open: Vec<&Task> = sight.facts.open_tasks().collect();
    let mut shown: Vec<String> = open.iter().take(TASKS).map(|task| crate::tasks::line(task, sight.now_ms)).collect();
    if open.len() > TASKS {
        shown.push(format!("and {} more: /sev task list", open.len() - TASKS));
    }
    (!shown.is_empty()).then(|| shown.join("\n"))
}

/// A line of the timeline on one line.
fn line(entry: &Entry) -> String {
    let text = entry.text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut short: String = text.chars().take(LINE_CHARS).collect();
    if text.chars().nth(LINE_CHARS).is_some() {
        short.push('…');
    }
    format!("{} {} {}: {short}", time::hour_minute(entry.at_ms), entry.author, entry.kind)
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

/// `sev1 (Critical, P0): what it means`: one of three vocabularies, with the words of the others (H8).
fn severity(sight: &Sight) -> String {
    let name = &sight.incident.severity;
    let Some(configured) = sight.severities.iter().find(|severity| severity.name == *name) else { return name.clone() };
    let mut words: Vec<String> = Vec::new();
    for word in std::iter::once(&configured.title).chain(sight.words.iter().take(2)) {
        // `sev1 (SEV-1)` would tell nobody anything.
        if !word.is_empty() && !words.iter().chain([name]).any(|known| reads_alike(known, word)) {
            let short = word.len() <= 2;
            words.push(if short { word.to_uppercase() } else { word.clone() });
        }
    }
    let words = if words.is_empty() { String::new() } else { format!(" ({})", words.join(", ")) };
    let meaning = match configured.description.as_str() {
        "" => String::new(),
        meaning => format!(": {meaning}"),
    };
    format!("{name}{words}{meaning}")
}

fn reads_alike(one: &str, other: &str) -> bool {
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    letters(one) == letters(other)
}

/// Makes the card say what is so now; an incident without one gets one.
pub fn refresh(bot: &mut impl Bot, sight: &Sight) -> Result {
    match &sight.incident.card {
        Some(_) => edit(bot, sight),
        None => renew(bot, sight),
    }
}

/// Posts a new card where the incident lives; the old one says so. Somebody elsewhere may have asked, from where this
/// plugin may not post there: then the old card is made current instead.
pub fn renew(bot: &mut impl Bot, sight: &Sight) -> Result {
    let incident = &sight.incident;
    let message = match bot.post(&incident.conversation, card(sight)) {
        Err(HostError::Denied(_)) => return edit(bot, sight),
        other => other?,
    };
    if let Some(old) = &incident.card {
        let moved = View::titled(heading(incident)).context("Reopened; its current card is further down.");
        let edited = bot.edit(old, moved);
        unless_foreign(bot, incident, edited)?;
        place::let_go(bot, incident, Some(old))?;
    }
    bot.set_card(&incident.id, &message)?;
    place::card_moved(bot, incident, &message)
}

fn edit(bot: &mut impl Bot, sight: &Sight) -> Result {
    let Some(message) = &sight.incident.card else { return Ok(()) };
    let edited = bot.edit(message, card(sight));
    unless_foreign(bot, &sight.incident, edited)
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
