//! Everything that changes an incident. The answer says in a line what is so now and who did it; then the card follows.
//! Asking for what is so already is no mistake: the answer says since when.

use crate::{card, place};
use drillbell_sdk::{Bot, Command, Incident, IncidentId, Person, Result, Status, Tone, View, time};
use serde_json::json;

/// The timeline is searched this far back for whoever made the last change.
const LOOK_BACK: u32 = 100;
/// What happened longer ago than this is told with its day, in milliseconds.
const SAME_DAY_MS: u64 = 20 * 3_600_000;

/// What came of it.
#[must_use]
pub struct Done {
    incident: Incident,
    said: View,
    card: Card,
}

/// What becomes of the card.
#[derive(PartialEq)]
enum Card {
    /// Nothing changed.
    Same,
    /// It shows nothing of what changed.
    Untouched,
    /// It is edited.
    Edited,
    /// A new one is posted; the old one says so.
    Anew,
}

impl Done {
    /// Answers whoever asked, in words and as data, and brings the card up to date.
    pub fn answer(self, bot: &mut impl Bot) -> Result {
        bot.reply(self.said)?;
        bot.set_data(&json!({ "incident": self.incident, "changed": self.card != Card::Same }))?;
        if self.card != Card::Same {
            place::follow(bot, &self.incident, self.card == Card::Anew)?;
        }
        match self.card {
            Card::Same | Card::Untouched => Ok(()),
            Card::Edited => card::refresh(bot, &self.incident),
            Card::Anew => card::renew(bot, &self.incident),
        }
    }
}

/// `/sev declare`: the answer is the card itself.
pub fn declare(bot: &mut impl Bot, cmd: &Command) -> Result {
    let (title, level) = (cmd.required("title")?, cmd.required("level")?);
    let incident = bot.declare(title, level, &cmd.conversation, cmd.text("service"))?;
    if place::declared(bot, &incident)?.is_some() {
        return Ok(());
    }
    let severities = bot.severities();
    let message = bot.reply(card::card(&incident, &severities))?;
    bot.set_card(&incident.id, &message)?;
    bot.set_data(&json!({ "incident": incident, "changed": true }))?;
    Ok(())
}

/// New words for everyone, and a new status if one was given.
pub fn update(bot: &mut impl Bot, id: &IncidentId, text: &str, to: Option<Status>, by: &Person) -> Result<Done> {
    let before = bot.incident(id)?;
    let mut incident = bot.update(id, text)?;
    let mut context = format!("Update by {}.", by.name);
    if let Some(to) = to.filter(|to| *to != before.status) {
        incident = bot.set_status(id, to, "")?;
        context.push_str(&format!(" Now {to} (was {}).", before.status));
    }
    let said = View::from(format!("{id}: {}", incident.latest)).context(context);
    Ok(Done { incident, said, card: Card::Edited })
}

/// Another severity.
pub fn level(bot: &mut impl Bot, id: &IncidentId, level: &str, reason: &str, by: &Person) -> Result<Done> {
    let before = bot.incident(id)?;
    if before.severity == level {
        let said = View::from(format!("{id} is already {level}. Nothing changed."));
        return Ok(Done { incident: before, said, card: Card::Same });
    }
    let incident = bot.set_severity(id, level, reason)?;
    let now = format!("{id} is now {} (was {})", incident.severity, before.severity);
    let said = View::from(because(&now, reason)).context(format!("Changed by {}.", by.name));
    Ok(Done { incident, said, card: Card::Edited })
}

/// A line in the timeline; the card stays as it is.
pub fn note(bot: &mut impl Bot, id: &IncidentId, text: &str, by: &Person) -> Result<Done> {
    bot.note(id, "note", text)?;
    let incident = bot.incident(id)?;
    let said = View::from(format!("{id}: {}", text.trim())).context(format!("Noted in the timeline by {}.", by.name));
    Ok(Done { incident, said, card: Card::Untouched })
}

/// Another status, by a button.
pub fn status(bot: &mut impl Bot, id: &IncidentId, to: Status, by: &Person) -> Result<Done> {
    let before = bot.incident(id)?;
    if before.status == to {
        let said = already(bot, id, to)?;
        return Ok(Done { incident: before, said, card: Card::Same });
    }
    let incident = bot.set_status(id, to, "")?;
    let said = View::from(format!("{id} is now {to} (was {}).", before.status));
    Ok(Done { incident, said: said.context(format!("Changed by {}.", by.name)), card: Card::Edited })
}

/// The end of it. The words, if any, are its last update, so that the card shows them.
pub fn resolve(bot: &mut impl Bot, id: &IncidentId, text: &str, by: &Person) -> Result<Done> {
    let before = bot.incident(id)?;
    if !before.is_open() {
        let said = already(bot, id, Status::Resolved)?;
        return Ok(Done { incident: before, said, card: Card::Same });
    }
    if !text.trim().is_empty() {
        bot.update(id, text)?;
    }
    let incident = bot.set_status(id, Status::Resolved, "")?;
    let until_ms = incident.resolved_ms.unwrap_or(incident.declared_ms);
    let now = format!("{id} is resolved after {}", card::lasted(&incident, until_ms));
    let said = View::from(because(&now, text))
        .tone(Tone::Good)
        .context(format!("Resolved by {}. If that was too early: /sev reopen {id}", by.name));
    Ok(Done { incident, said, card: Card::Edited })
}

/// Open again. The old card is far up by now and its buttons are spent, so there is a new one. The reason, if any, is its
/// latest word: what was said when it seemed over would read as if it still were.
pub fn reopen(bot: &mut impl Bot, id: &IncidentId, reason: &str, by: &Person) -> Result<Done> {
    let before = bot.incident(id)?;
    if before.is_open() {
        let said = View::from(format!("{id} is open already ({}). Nothing changed.", before.status));
        return Ok(Done { incident: before, said, card: Card::Same });
    }
    let mut incident = bot.reopen(id, "")?;
    if !reason.trim().is_empty() {
        incident = bot.update(id, reason)?;
    }
    let now = format!("{id} is open again ({})", incident.status);
    let said = View::from(because(&now, reason)).context(format!("Reopened by {}.", by.name));
    Ok(Done { incident, said, card: Card::Anew })
}

/// `INC-3 is already resolved: done by ana at 10:02 UTC. Nothing changed.`, as far as the timeline tells.
fn already(bot: &mut impl Bot, id: &IncidentId, status: Status) -> Result<View> {
    let (arrival, now_ms) = (format!("→ {status}"), bot.now());
    let entries = bot.timeline(id, LOOK_BACK)?;
    let line = entries.iter().rev().find(|entry| entry.kind == "status" && entry.text.contains(&arrival));
    let done = line.map_or_else(String::new, |entry| {
        let at = if now_ms.saturating_sub(entry.at_ms) > SAME_DAY_MS {
            format!("on {} UTC", time::day_hour_minute(entry.at_ms))
        } else {
            format!("at {}", time::hour_minute(entry.at_ms))
        };
        format!(": done by {} {at}", entry.author)
    });
    Ok(View::from(format!("{id} is already {status}{done}. Nothing changed.")))
}

/// `what.` or `what: why`, without a full stop after somebody else's words.
fn because(what: &str, why: &str) -> String {
    match why.trim() {
        "" => format!("{what}."),
        why => format!("{what}: {why}"),
    }
}
