//! An incident that is over is offered a draft, once. No event tells of the end, so a timer looks: rarely while an incident is old,
//! often while it is young.

use crate::card::DRAFT;
use crate::paper;
use crate::remind::{self, say, timer};
use crate::settings;
use drillbell_sdk::{Bot, Button, Declared, HostError, IncidentId, Result, Timer, Tone, View, words};

/// Timers that look: this and the incident.
pub const WATCH: &str = "watch ";
/// From one look to the next, at least and at most.
const LOOK_MS: (u64, u64) = (60_000, 30 * 60_000);

/// Another plugin declared an incident.
pub fn declared(bot: &mut impl Bot, declared: &Declared) -> Result {
    let now_ms = bot.now();
    timer(bot, &format!("{WATCH}{}", declared.incident), now_ms + LOOK_MS.0, "")
}

/// A look.
pub fn look(bot: &mut impl Bot, fired: &Timer) -> Result {
    let id = IncidentId::from(&fired.name[WATCH.len()..]);
    let incident = match bot.incident(&id) {
        Err(HostError::NotFound(_)) => return Ok(()),
        other => other?,
    };
    let now_ms = bot.now();
    let Some(ended_ms) = incident.resolved_ms else {
        let age_ms = now_ms.saturating_sub(incident.declared_ms);
        return timer(bot, &fired.name, now_ms + (age_ms / 10).clamp(LOOK_MS.0, LOOK_MS.1), "");
    };
    let key = format!("offered/{id}");
    let wanted = settings::severities(bot).contains(&incident.severity);
    let part = bot.facts(&id)?.merged_into.is_some();
    if !wanted || part || bot.get(&key)?.is_some() || paper::find(bot, &id)?.is_some() {
        return Ok(());
    }
    bot.set(&key, &now_ms.to_string())?;
    let lasted = words::span(ended_ms.saturating_sub(incident.declared_ms));
    let view = View::titled(format!("{id} is over: write down what it taught"))
        .tone(Tone::Info)
        .text(format!(
            "{} ({}) ended after {lasted}. A draft is made from its timeline at once.",
            incident.title, incident.severity
        ))
        .context(format!("Or later: /postmortem draft {id}"))
        .button(Button::new(DRAFT, "Draft the postmortem").value(id.as_str()).primary());
    say(bot, &id, false, view)?;
    remind::to_publish(bot, &id, Some(ended_ms))
}
