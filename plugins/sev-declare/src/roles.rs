//! Who takes it up, who does what: `/sev ack`, `/sev role` and the claim buttons.

use crate::changes::{Done, because, when};
use crate::grants::granted;
use crate::{escalation, settings};
use drillbell_sdk::{Action, Bot, Command, Conversation, Deed, IncidentId, Person, Result, View, user};

/// `/sev ack`, and the buttons of card and page. Whoever reads along where the incident lives is told too, if it was done elsewhere.
pub fn acknowledge(bot: &mut impl Bot, id: &IncidentId, by: &Person, here: &Conversation) -> Result<Done> {
    let (facts, now_ms) = (bot.facts(id)?, bot.now());
    if let Some(Deed { by: first, at_ms }) = facts.acknowledged().filter(|_| facts.merged_into.is_none()) {
        let at = when(*at_ms, now_ms);
        let said = View::from(format!("{id} is already acknowledged: by {first} {at}. Nothing changed."));
        let incident = bot.incident(id)?;
        if incident.is_open() {
            // Somebody may have been paged by hand since.
            escalation::stop(bot, &incident, by)?;
        }
        return Ok(Done::same(id, said));
    }
    bot.acknowledge(id)?;
    let incident = bot.incident(id)?;
    escalation::stop(bot, &incident, by)?;
    let said = View::from(format!("{} has {id}.", by.name))
        .context("Acknowledged: nobody else is paged. What now: the card says it.");
    if incident.conversation != *here {
        let told = bot.post(&incident.conversation, &said);
        granted(bot, told, "where the incident lives nobody is told who has it")?;
    }
    Ok(Done::of(id, said))
}

/// A reply where it was paged, or where the incident lives. A word counts only from those who were asked; a button and a command are
/// not to be mistaken, and anybody's who may.
pub fn replied(bot: &mut impl Bot, id: &IncidentId, action: &Action) -> Result<Done> {
    let (incident, facts) = (bot.incident(id)?, bot.facts(id)?);
    // Whoever reads a page somewhere else was paged by it. The card stands in more places than one, and asks nobody in particular.
    let of_the_card = incident.card.as_ref() == Some(&action.card);
    if facts.acknowledged().is_none() && (of_the_card || action.conversation == incident.conversation) {
        let asked = escalation::asked(bot, &incident)?;
        if !asked.is_empty() && !asked.contains(&action.by.id) {
            let whom = asked.into_iter().collect::<Vec<_>>().join(", ");
            return Err(user(format!(
                "Nothing changed: {id} asked {whom}, and a reply counts from them alone. To take it up all the same press \
                 Acknowledge or type /sev ack {id}."
            )));
        }
    }
    acknowledge(bot, id, &action.by, &action.conversation)
}

/// `/sev role ROLE [@PERSON] [--note TEXT] [--release]`.
pub fn role(bot: &mut impl Bot, id: &IncidentId, cmd: &Command) -> Result<Done> {
    let role = cmd.required("role")?.to_lowercase();
    let known = settings::roles(bot);
    if !known.contains(&role) {
        return Err(user(format!("There is no role of that name; choose {}.", known.join(", "))));
    }
    let note = cmd.text("note").unwrap_or_default();
    match (cmd.text("person"), cmd.flag("release")) {
        (Some(_), true) => {
            Err(user(format!("Either hand it over (/sev role {role} @SOMEBODY) or give it up (--release).")))
        }
        (None, true) => release(bot, id, &role, note, &cmd.by),
        (Some(person), false) => give(bot, id, &role, person, note, &cmd.by),
        (None, false) => claim(bot, id, &role, &cmd.by),
    }
}

/// The claim button, and the command without a person: for oneself, if nobody has it.
pub fn claim(bot: &mut impl Bot, id: &IncidentId, role: &str, by: &Person) -> Result<Done> {
    let (facts, now_ms) = (bot.facts(id)?, bot.now());
    if let Some(holder) = facts.holder(role).filter(|holder| holder.person == by.id) {
        let since = since(holder.since_ms, now_ms);
        let said = View::from(format!("{} is already {role} of {id}, since {since}. Nothing changed.", by.name));
        return Ok(Done::same(id, said));
    }
    bot.take_role(id, role)?;
    let how = format!("To hand it over: /sev role {role} @SOMEBODY --note WHAT THEY SHOULD KNOW");
    Ok(Done::of(id, View::from(format!("{} is {role} of {id} now.", by.name)).context(how)))
}

/// `10:02 UTC`: a moment, behind `since`.
fn since(at_ms: u64, now_ms: u64) -> String {
    let at = when(at_ms, now_ms);
    at.trim_start_matches("at ").trim_start_matches("on ").to_owned()
}

fn give(bot: &mut impl Bot, id: &IncidentId, role: &str, to: &str, note: &str, by: &Person) -> Result<Done> {
    let (facts, now_ms) = (bot.facts(id)?, bot.now());
    let before = match facts.holder(role) {
        Some(holder) if holder.person == to => {
            let since = since(holder.since_ms, now_ms);
            let said = View::from(format!("{to} is already {role} of {id}, since {since}. Nothing changed."));
            return Ok(Done::same(id, said));
        }
        Some(holder) => format!(" (was {})", holder.person),
        None => String::new(),
    };
    bot.give_role(id, role, to, note)?;
    let said = View::from(because(&format!("{to} is {role} of {id} now{before}"), note));
    let how = if to == by.id { "Taken over" } else { "Handed over" };
    let next = format!("What now: {to} goes on; the card says with what.");
    Ok(Done::of(id, said.context(format!("{how} by {}. {next}", by.name))))
}

fn release(bot: &mut impl Bot, id: &IncidentId, role: &str, note: &str, by: &Person) -> Result<Done> {
    if bot.facts(id)?.holder(role).is_none() {
        return Ok(Done::same(id, View::from(format!("Nobody is {role} of {id}. Nothing changed."))));
    }
    bot.release_role(id, role, note)?;
    let said = View::from(because(&format!("Nobody is {role} of {id} now"), note));
    Ok(Done::of(id, said.context(format!("Given up by {}. Who takes it? /sev role {role}", by.name))))
}
