//! Where an incident lives. By its severity it gets a channel or thread of its own: named after it, with its state at the
//! head, its card pinned, the right people invited, archived some time after the end.

use crate::card;
use crate::grants::granted;
use crate::sight::Sight;
use drillbell_sdk::{
    Bot, Contact, Conversation, HostError, HostResult, Incident, IncidentId, Level, MessageRef, Place, Reaction,
    Result, Timer, View, internal,
};

/// Timers of this module: `place/INC-7` archives where it lives.
pub const TIMER: &str = "place/";
/// Characters of a topic; the host takes no more.
const TOPIC_CHARS: usize = 250;
/// What people put on a message that shall be remembered, as platforms call it.
const PINS: [&str; 3] = ["pushpin", "round_pushpin", "📌"];
/// Characters of a remembered message; a timeline is no second chat.
const REMEMBERED: usize = 1000;

/// Gives a new incident its place with its card in it, and everybody who asked a word on where it is. It is then seen where
/// it lives. `false`: it stays where it was declared, and its card is still to be posted.
pub fn declared(bot: &mut impl Bot, sight: &mut Sight) -> Result<bool> {
    let incident = sight.incident.clone();
    let home = bot.home_of(&incident.severity);
    if home.place == Place::Here {
        return Ok(false);
    }
    let name = format!("{} {}", incident.id, incident.title);
    let told = View::titled(card::heading(&incident)).tone(card::tone(&incident, &sight.severities));
    let under = match home.place {
        Place::Thread => {
            let told = told.clone().text("It is worked on in the thread below; its card is there.");
            Some(say(bot, &incident.conversation, told)?)
        }
        _ => None,
    };
    let opened = match &under {
        Some(under) => bot.open_thread(under, &name),
        None => bot.open_channel(&incident.conversation, &name),
    };
    let there = match opened {
        Ok(there) => there,
        Err(error @ (HostError::Denied(_) | HostError::Invalid(_))) => {
            // An incident is declared whatever becomes of its channel; the operator reads why there is none.
            bot.log(Level::Warn, &format!("{} stays where it was declared: {error}", incident.id));
            let Some(under) = under else { return Ok(false) };
            // What was to tell of the thread becomes the card.
            bot.edit(&under, card::card(sight))?;
            bot.set_card(&incident.id, &under)?;
            card_moved(bot, &incident, &under)?;
            return Ok(true);
        }
        Err(other) => return Err(other.into()),
    };
    bot.move_incident(&incident.id, &there)?;
    for role in &home.invite {
        bot.invite(&there, role)?;
    }
    sight.incident.conversation = there.clone();
    bot.set_topic(&there, &topic(&sight.incident))?;
    let message = bot.post(&there, card::card(sight))?;
    bot.set_card(&incident.id, &message)?;
    bot.pin(&there, &message)?;
    let with = if home.invite.is_empty() { String::new() } else { format!("; invited: {}", home.invite.join(", ")) };
    bot.note(&incident.id, "place", &format!("lives in {}{with}", shown(&there)))?;
    if home.place == Place::Channel {
        let where_to = format!("It is worked on in {}; its card is there.", shown(&there));
        say(bot, &incident.conversation, told.text(where_to))?;
    }
    Ok(true)
}

/// Answers whoever declared it; where that was nobody, as for an alert, it is said where it was declared.
fn say(bot: &mut impl Bot, declared_in: &Conversation, view: View) -> Result<MessageRef> {
    match bot.reply(view.clone()) {
        Err(HostError::Invalid(_)) => Ok(bot.post(declared_in, view)?),
        said => Ok(said?),
    }
}

/// Keeps the place in step after any change: its head, and whether it is open. It is archived some time after the last
/// change of an incident that is over.
pub fn follow(bot: &mut impl Bot, incident: &Incident, reopened: bool) -> Result {
    let there = &incident.conversation;
    if !has_own(incident) {
        return Ok(());
    }
    // Nothing can be said or changed in what is archived, and what was learnt afterwards belongs there too.
    let can_be_archived = reopened || !incident.is_open();
    if can_be_archived && is_own(bot.unarchive(there))? && reopened {
        is_own(bot.cancel_timer(&timer(&incident.id)))?;
    }
    is_own(bot.set_topic(there, &topic(incident)))?;
    if !incident.is_open() {
        let wait_ms = u64::try_from(bot.home_of(&incident.severity).archive_after.as_millis()).unwrap_or(u64::MAX);
        let at_ms = bot.now().saturating_add(wait_ms);
        is_own(bot.set_timer(&timer(&incident.id), at_ms, ""))?;
    }
    Ok(())
}

/// A card was posted where the incident lives: it is pinned there, as far as the platform has pins and lets the bot use them. Without
/// the grant it is not, nor in a place that another incident has for itself: there that one's card is the pinned one.
pub fn card_moved(bot: &mut impl Bot, incident: &Incident, card: &MessageRef) -> Result {
    if !is_anothers(bot, incident)? {
        is_own(bot.pin(&incident.conversation, card))?;
    }
    Ok(())
}

/// A card is not the current one any more, or its incident is over. Where others live too it gives up its pin; in a place of its
/// incident's own it may keep it.
pub fn let_go(bot: &mut impl Bot, incident: &Incident, card: Option<&MessageRef>) -> Result {
    if let Some(card) = card.filter(|_| !has_own(incident))
        && !is_anothers(bot, incident)?
    {
        is_own(bot.unpin(&incident.conversation, card))?;
    }
    Ok(())
}

/// Whoever is paged about it is invited to where it lives. A notifier is nobody, and is left out.
pub fn summon(bot: &mut impl Bot, incident: &Incident, paged: &[Contact]) -> HostResult {
    if !has_own(incident) {
        return Ok(());
    }
    for contact in paged {
        if let Err(error @ HostError::Unavailable(_)) = bot.invite_person(&incident.conversation, &contact.who) {
            return Err(error);
        }
    }
    Ok(())
}

/// One that was merged says where it goes on, where it lived; unless that was typed about the incident at hand there.
pub fn merged(bot: &mut impl Bot, ended: &Incident, said: &View, at_hand: Option<&IncidentId>) -> Result {
    if has_own(ended) && at_hand != Some(&ended.id) {
        let posted = bot.post(&ended.conversation, said);
        granted(bot, posted, "nobody is told where a merged incident lived")?;
    }
    Ok(())
}

/// Where an incident is worked on, if that is a place of its own: `#inc-7-checkout-is-down`.
pub fn own(incident: &Incident) -> Option<String> {
    has_own(incident).then(|| shown(&incident.conversation))
}

/// The time has come to archive; an incident that is open again meanwhile stays as it is.
pub fn due(bot: &mut impl Bot, timer: &Timer) -> Result {
    let id = timer.name.strip_prefix(TIMER).ok_or_else(|| internal("a timer that nothing here set"))?;
    let incident = bot.incident(&IncidentId::from(id))?;
    if !incident.is_open() && is_own(bot.archive(&incident.conversation))? {
        bot.note(&incident.id, "place", &format!("{} is archived", shown(&incident.conversation)))?;
    }
    Ok(())
}

/// Somebody put a pin on a message: the timeline of the incident that it belongs to remembers what it said.
pub fn pinned(bot: &mut impl Bot, reaction: &Reaction) -> Result {
    let Some(id) = reaction.incident.as_ref().filter(|_| PINS.contains(&reaction.emoji.as_str())) else {
        return Ok(());
    };
    let mut text: String = reaction.text.trim().chars().take(REMEMBERED).collect();
    if reaction.text.trim().chars().nth(REMEMBERED).is_some() {
        text.push('…');
    }
    let text = if text.is_empty() { String::from("(a message without text)") } else { text };
    Ok(bot.note(id, "pinned", &text)?)
}

/// `sev1 · investigating · checkout is down`.
fn topic(incident: &Incident) -> String {
    let whole = format!("{} · {} · {}", incident.severity, incident.status, incident.title);
    whole.chars().take(TOPIC_CHARS).collect()
}

/// A place as people call it: `#inc-7-checkout-is-down`.
fn shown(place: &Conversation) -> String {
    let local = place.as_str().split_once(':').map_or(place.as_str(), |(_, local)| local);
    format!("#{}", local.trim_start_matches(['#', '+']))
}

fn timer(id: &IncidentId) -> String {
    format!("{TIMER}{id}")
}

/// Whether an incident seems to live in a place of its own, by that place's name; whether it does, the host knows. It spares
/// asking for what would be refused with every change of an incident that stays where it was declared.
fn has_own(incident: &Incident) -> bool {
    let id = incident.id.as_str().to_lowercase();
    named(&incident.conversation).strip_prefix(&id).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// Whether an incident lives in the place that another has for itself: that one is asked, a name alone says nothing.
fn is_anothers(bot: &mut impl Bot, incident: &Incident) -> Result<bool> {
    let here = &incident.conversation;
    let Some(number) = named(here).strip_prefix("inc-").and_then(|rest| rest.split('-').next()) else {
        return Ok(false);
    };
    let id = IncidentId::from(format!("INC-{number}"));
    if id == incident.id {
        return Ok(false);
    }
    match bot.incident(&id) {
        Ok(other) => Ok(other.conversation == *here),
        Err(error @ HostError::Unavailable(_)) => Err(error.into()),
        Err(_) => Ok(false),
    }
}

/// A place's name without its platform and what marks it as a channel.
fn named(place: &Conversation) -> &str {
    place.as_str().split_once(':').map_or("", |(_, local)| local).trim_start_matches(['#', '+'])
}

/// Whether it was done: a conversation that this plugin did not open is left as it is, as is every one without the grant.
fn is_own(answer: std::result::Result<(), HostError>) -> Result<bool> {
    match answer {
        Ok(()) => Ok(true),
        Err(HostError::NotFound(_) | HostError::Denied(_) | HostError::Invalid(_)) => Ok(false),
        Err(other) => Err(other.into()),
    }
}
