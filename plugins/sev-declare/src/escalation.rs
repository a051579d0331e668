//! Climbing the ladder that the operator configured: level after level until somebody acknowledges. Where a climb stands is one
//! key, its next step one timer, so that a restart neither forgets a level nor pages one twice. What is said is in `paging`.

use crate::paging;
use drillbell_sdk::{
    Bot, Contact, HostError, HostResult, Incident, IncidentId, Level, PageAction, Person, Result, Step, Timer,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Keys and timers of climbs: this and the incident's id.
const PREFIX: &str = "escalation:";
/// How long after the last step it is said that the ladder is at its end, in milliseconds.
const END_MS: u64 = 5 * 60_000;

/// How far an incident has climbed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Climb {
    /// The ladder's name; empty when people were paged by hand only.
    pub ladder: String,
    /// The severity it was chosen for.
    pub severity: String,
    /// When it began, milliseconds since the epoch.
    pub begun_ms: u64,
    /// What the steps are counted from: earlier than that, once a level was passed over because nobody was there.
    pub started_ms: u64,
    /// Which of the ladder's steps comes next.
    pub next: usize,
    /// The highest level that was paged.
    pub level: u32,
    /// Who was paged.
    pub paged: BTreeSet<String>,
    /// Who acknowledged, and when.
    pub acknowledged: Option<(String, u64)>,
}

fn key(id: &IncidentId) -> String {
    format!("{PREFIX}{id}")
}

/// Whether a timer is one of these.
pub fn is_ours(timer: &Timer) -> bool {
    timer.name.starts_with(PREFIX)
}

/// How far an incident has climbed, if at all.
pub fn climb_of(bot: &mut impl Bot, id: &IncidentId) -> Result<Option<Climb>> {
    bot.get_json(&key(id))
}

/// The same; the outer `None` says that the operator has not granted what climbing takes.
fn remembered(bot: &mut impl Bot, id: &IncidentId) -> Result<Option<Option<Climb>>> {
    match granted(bot, |bot| bot.get(&key(id)))? {
        Some(Some(_)) => climb_of(bot, id).map(Some),
        other => Ok(other.map(|_| None)),
    }
}

/// Keeps how far an incident has climbed.
pub fn keep(bot: &mut impl Bot, id: &IncidentId, climb: &Climb) -> Result {
    bot.set_json(&key(id), climb)
}

/// Does what an incident's change asks for, after it: one that is open climbs, one that is over climbs no more.
pub fn follow(bot: &mut impl Bot, id: &IncidentId, by: &Person) -> Result {
    let incident = bot.incident(id)?;
    if incident.is_open() { quietly(bot, &incident, false) } else { stop(bot, &incident, by) }
}

/// Begins the ladder of an incident that was just declared.
pub fn start(bot: &mut impl Bot, incident: &Incident) -> Result {
    quietly(bot, incident, true)
}

/// Nothing that goes wrong here undoes what it follows: an incident is declared though nobody can be paged.
fn quietly(bot: &mut impl Bot, incident: &Incident, fresh: bool) -> Result {
    if let Err(error) = begin(bot, incident, fresh) {
        bot.log(Level::Error, &format!("{} does not climb its ladder: {error}", incident.id));
    }
    Ok(())
}

/// Begins the ladder of an incident. Of one that is not fresh (reopened, of another severity), whoever was paged is not paged again
/// for a level's first time, and what somebody has acknowledged stays quiet.
fn begin(bot: &mut impl Bot, incident: &Incident, fresh: bool) -> Result {
    let Some(ladder) = granted(bot, |bot| bot.ladder_for(&incident.severity, incident.service.as_deref()))? else {
        return Ok(());
    };
    // There is nothing to remember of a fresh one, and declaring is to be quick.
    let before = match fresh {
        true => None,
        false => match remembered(bot, &incident.id)? {
            Some(before) => before,
            None => return Ok(()),
        },
    };
    if before.as_ref().is_some_and(|climb| climb.acknowledged.is_some()) {
        return Ok(());
    }
    let Some(ladder) = ladder else {
        return match before {
            Some(climb) => halt(bot, incident, Climb { ladder: String::new(), ..climb }),
            None => Ok(()),
        };
    };
    let now_ms = bot.now();
    let mut climb = match before {
        Some(climb) if climb.ladder == ladder => return widen(bot, incident, climb),
        Some(climb) => Climb { ladder, begun_ms: now_ms, started_ms: now_ms, next: 0, level: 0, ..climb },
        None => Climb { ladder, begun_ms: now_ms, started_ms: now_ms, ..Climb::default() },
    };
    climb.severity.clone_from(&incident.severity);
    // First of all: what cannot be remembered would page the first level and then nobody.
    keep(bot, &incident.id, &climb)?;
    go_on(bot, incident, climb)
}

/// Ends the climbing: somebody acknowledged, or it is over. Whoever was paged is told.
pub fn stop(bot: &mut impl Bot, incident: &Incident, by: &Person) -> Result {
    let Some(Some(mut climb)) = remembered(bot, &incident.id)? else { return Ok(()) };
    let action = if incident.is_open() { PageAction::Acknowledge } else { PageAction::Resolve };
    if incident.is_open() && climb.acknowledged.is_some() {
        return Ok(());
    }
    for who in &climb.paged {
        let view = paging::all_clear(bot, incident, by);
        if let Err(error) = bot.page_contact(who, &incident.id, action, view) {
            // Somebody who was taken out of the configuration meanwhile need not be told.
            bot.log(Level::Warn, &format!("{who} was not told that {} is looked after: {error}", incident.id));
        }
    }
    if incident.is_open() {
        climb.acknowledged = Some((by.name.clone(), bot.now()));
        halt(bot, incident, climb)
    } else {
        granted(bot, |bot| bot.cancel_timer(&key(&incident.id)))?;
        Ok(bot.delete(&key(&incident.id))?)
    }
}

/// The next step is due.
pub fn on_timer(bot: &mut impl Bot, timer: &Timer) -> Result {
    let id = IncidentId::from(timer.name.strip_prefix(PREFIX).unwrap_or_default());
    let Some(climb) = climb_of(bot, &id)? else { return Ok(()) };
    let incident = bot.incident(&id)?;
    if !incident.is_open() || climb.acknowledged.is_some() || climb.ladder.is_empty() {
        return Ok(());
    }
    go_on(bot, &incident, climb)
}

/// Stops the timer and keeps what is known.
fn halt(bot: &mut impl Bot, incident: &Incident, climb: Climb) -> Result {
    granted(bot, |bot| bot.cancel_timer(&key(&incident.id)))?;
    keep(bot, &incident.id, &climb)
}

/// Takes every step that is due, and sets the timer for the one after.
fn go_on(bot: &mut impl Bot, incident: &Incident, mut climb: Climb) -> Result {
    let steps = match bot.ladder_steps(&climb.ladder) {
        Ok(steps) => steps,
        Err(HostError::NotFound(_)) => {
            bot.tell(&incident.id, true, paging::ladder_gone(incident, &climb.ladder))?;
            return halt(bot, incident, Climb { ladder: String::new(), ..climb });
        }
        Err(error) => return Err(error.into()),
    };
    let now_ms = bot.now();
    while let Some(step) = steps.get(climb.next).copied() {
        if climb.started_ms.saturating_add(step.after_ms) > now_ms {
            break;
        }
        climb.next += 1;
        let reached = take(bot, incident, &mut climb, step, &steps)?;
        if let (false, Some(later)) = (reached, first_of(&steps, step.level + 1).filter(|_| step.round == 0)) {
            // Nobody there: waiting for them helps nobody, so the next level's time is now.
            climb.started_ms = climb.started_ms.min(now_ms.saturating_sub(later.after_ms));
        }
    }
    let end_ms = steps.last().map_or(0, |last| last.after_ms).saturating_add(END_MS);
    let due_ms = match steps.get(climb.next) {
        Some(step) => Some(climb.started_ms.saturating_add(step.after_ms)),
        None if climb.next == steps.len() && climb.started_ms.saturating_add(end_ms) <= now_ms => {
            climb.next += 1;
            bot.tell(&incident.id, true, paging::at_the_end(incident))?;
            None
        }
        None if climb.next == steps.len() => Some(climb.started_ms.saturating_add(end_ms)),
        None => None,
    };
    keep(bot, &incident.id, &climb)?;
    if let Some(due_ms) = due_ms
        && granted(bot, |bot| bot.set_timer(&key(&incident.id), due_ms, ""))?.is_none()
    {
        bot.tell(&incident.id, true, paging::cannot_climb(incident))?;
    }
    Ok(())
}

fn first_of(steps: &[Step], level: u32) -> Option<&Step> {
    steps.iter().find(|step| step.level == level && step.round == 0)
}

/// Pages a level. Whether anybody of it was, or had been already.
fn take(bot: &mut impl Bot, incident: &Incident, climb: &mut Climb, step: Step, steps: &[Step]) -> Result<bool> {
    let contacts = bot.ladder_level(&climb.ladder, step.level, &incident.severity)?;
    let known = |contact: &Contact| step.round == 0 && climb.paged.contains(&contact.who);
    let here: Vec<Contact> = contacts.iter().filter(|contact| contact.left_out.is_none()).cloned().collect();
    let reached = !here.is_empty();
    let wanted: Vec<Contact> = here.into_iter().filter(|contact| !known(contact)).collect();
    climb.level = climb.level.max(step.level);
    if wanted.is_empty() && (reached || step.round > 0) {
        return Ok(reached);
    }
    let (now_ms, mut paged, mut all) = (bot.now(), Vec::new(), contacts);
    for contact in wanted {
        let view = paging::page(bot, incident, Some(step), "");
        match bot.page_contact(&contact.who, &incident.id, PageAction::Trigger, view) {
            Ok(_) => {
                climb.paged.insert(contact.who.clone());
                paged.push(contact);
            }
            Err(error @ HostError::Unavailable(_)) => return Err(error.into()),
            // One who cannot be paged keeps nobody else from it.
            Err(error) => all.push(contact.left_out(error.text())),
        }
    }
    let reached = reached && !paged.is_empty();
    // Where nobody is, it is not waited for the level's other rounds.
    let next = if reached { steps.get(climb.next) } else { first_of(steps, step.level + 1) };
    let next = next.map(|next| (next.level, climb.started_ms.saturating_add(next.after_ms)));
    let said = paging::step(incident, climb, step, &paged, &all, next, now_ms);
    bot.note(&incident.id, "escalation", &said.note)?;
    bot.tell(&incident.id, !reached, said.view)?;
    Ok(reached)
}

/// The same ladder at another severity: somebody who was left out before may be paged now.
fn widen(bot: &mut impl Bot, incident: &Incident, mut climb: Climb) -> Result {
    climb.severity.clone_from(&incident.severity);
    let steps = bot.ladder_steps(&climb.ladder)?;
    for level in 1..=climb.level {
        let contacts = bot.ladder_level(&climb.ladder, level, &incident.severity)?;
        let fresh = |contact: &&Contact| contact.left_out.is_none() && !climb.paged.contains(&contact.who);
        if contacts.iter().any(|contact| fresh(&contact)) {
            let step = Step { after_ms: 0, level, round: 0 };
            take(bot, incident, &mut climb, step, &steps)?;
        }
    }
    keep(bot, &incident.id, &climb)
}

/// What needs a grant that the operator may not have given: `None` then, with a line in the log.
fn granted<B: Bot, T>(bot: &mut B, ask: impl FnOnce(&mut B) -> HostResult<T>) -> Result<Option<T>> {
    match ask(bot) {
        Ok(answer) => Ok(Some(answer)),
        Err(HostError::Denied(text)) => {
            bot.log(Level::Warn, &format!("nobody is paged by itself: {text}"));
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}
