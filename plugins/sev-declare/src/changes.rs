//! Everything that changes an incident. A change is made, the card follows, and the answer says in a line what is so now
//! and who did it. Asking for what is so already is no mistake: the answer says since when.

use crate::card;
use drillbell_sdk::{Bot, Command, Incident, IncidentId, Person, Result, Status, Tone, View, time};
use serde_json::json;

/// The timeline is searched this far back for whoever made the last change.
const LOOK_BACK: u32 = 100;

/// What came of it.
pub struct Done {
    incident: Incident,
    /// False when it was so already.
    changed: bool,
    said: View,
}

impl Done {
    fn changed(incident: Incident, said: View) -> Self {
        Self { incident, changed: true, said }
    }

    fn already(incident: Incident, said: String) -> Self {
        Self { incident, changed: false, said: View::from(said) }
    }

    /// Answers whoever asked, in words and as data. A reopened incident's new card follows the words.
    pub fn answer(self, bot: &mut impl Bot) -> Result {
        bot.reply(self.said)?;
        bot.set_data(&json!({ "incident": self.incident, "changed": self.changed }))?;
        Ok(())
    }
}

/// `/sev declare`: the answer is the card itself.
pub fn declare(bot: &mut impl Bot, cmd: &Command) -> Result {
    let (title, level) = (cmd.required("title")?, cmd.required("level")?);
    let incident = bot.declare(title, level, &cmd.conversation, cmd.text("service"))?;
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
    card::refresh(bot, &incident)?;
    let said = View::from(format!("{id}: {}", incident.latest)).context(context);
    Ok(Done::changed(incident, said))
}

/// Another severity.
pub fn level(bot: &mut impl Bot, id: &IncidentId, level: &str, reason: &str, by: &Person) -> Result<Done> {
    let before = bot.incident(id)?;
    if before.severity == level {
        let said = format!("{id} is {level} already. Nothing changed.");
        return Ok(Done::already(before, said));
    }
    let incident = bot.set_severity(id, level, reason)?;
    card::refresh(bot, &incident)?;
    let now = format!("{id} is now {} (was {})", incident.severity, before.severity);
    let said = View::from(ended(&now, reason)).context(format!("Changed by {}.", by.name));
    Ok(Done::changed(incident, said))
}

/// A line in the timeline; the card stays as it is.
pub fn note(bot: &mut impl Bot, id: &IncidentId, text: &str, by: &Person) -> Result<Done> {
    bot.note(id, "note", text)?;
    let incident = bot.incident(id)?;
    let said = View::from(format!("{id}: {}", text.trim())).context(format!("Noted in the timeline by {}.", by.name));
    Ok(Done::changed(incident, said))
}

/// Another status, by a button.
pub fn status(bot: &mut impl Bot, id: &IncidentId, to: Status, by: &Person) -> Result<Done> {
    let before = bot.incident(id)?;
    if before.status == to {
        let said = format!("{id} is {to} already{}. Nothing changed.", since(bot, id, to)?);
        return Ok(Done::already(before, said));
    }
    let incident = bot.set_status(id, to, "")?;
    card::refresh(bot, &incident)?;
    let said = format!("{id} is now {to} (was {}).", before.status);
    Ok(Done::changed(incident, View::from(said).context(format!("Changed by {}.", by.name))))
}

/// The end of it. The words, if any, are its last update, so that the card shows them.
pub fn resolve(bot: &mut impl Bot, id: &IncidentId, text: &str, by: &Person) -> Result<Done> {
    let before = bot.incident(id)?;
    if !before.is_open() {
        let said = format!("{id} is resolved already{}. Nothing changed.", since(bot, id, Status::Resolved)?);
        return Ok(Done::already(before, said));
    }
    if !text.trim().is_empty() {
        bot.update(id, text)?;
    }
    let incident = bot.set_status(id, Status::Resolved, "")?;
    card::refresh(bot, &incident)?;
    let until_ms = incident.resolved_ms.unwrap_or(incident.declared_ms);
    let now = format!("{id} is resolved after {}", card::lasted(&incident, until_ms));
    let said = View::from(ended(&now, text))
        .tone(Tone::Good)
        .context(format!("Resolved by {}. If that was too early: /sev reopen {id}", by.name));
    Ok(Done::changed(incident, said))
}

/// Open again. The old card is far up by now and its buttons are spent, so a new one is posted and the old one says so.
pub fn reopen(bot: &mut impl Bot, id: &IncidentId, reason: &str, by: &Person) -> Result<Done> {
    let before = bot.incident(id)?;
    if before.is_open() {
        let said = format!("{id} is open, as {}. There is nothing to reopen.", before.status);
        return Ok(Done::already(before, said));
    }
    let incident = bot.reopen(id, reason)?;
    if let Some(old) = &incident.card {
        let moved = View::titled(card::heading(&incident)).context("It was reopened; a newer card is further down.");
        card::replace(bot, id, old, moved)?;
    }
    card::post(bot, &incident)?;
    let said = View::from(ended(&format!("{id} is open again, as {}", incident.status), reason));
    Ok(Done::changed(incident, said.context(format!("Reopened by {}.", by.name))))
}

/// ` since 10:02 UTC, by ana`: when it came to be so, as far as the timeline tells.
fn since(bot: &mut impl Bot, id: &IncidentId, status: Status) -> Result<String> {
    let arrival = format!("→ {status}");
    let entries = bot.timeline(id, LOOK_BACK)?;
    let line = entries.iter().rev().find(|entry| entry.kind == "status" && entry.text.contains(&arrival));
    Ok(line.map(|entry| format!(" since {}, by {}", time::hour_minute(entry.at_ms), entry.author)).unwrap_or_default())
}

/// `what.` or `what: why`, without a full stop after somebody else's words.
fn ended(what: &str, why: &str) -> String {
    match why.trim() {
        "" => format!("{what}."),
        why => format!("{what}: {why}"),
    }
}
