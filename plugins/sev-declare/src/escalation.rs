//! Climbing the ladder that the operator configured: level after level until somebody acknowledges. Where a climb stands is one
//! key, its next step one timer, so that a restart neither forgets a level nor pages one twice. What is said is in `paging`.
//!
//! Whether somebody has acknowledged, the incident's facts say and nothing else does. Nothing that goes wrong here undoes what it
//! follows, and nothing ends without a word.

use crate::grants::{aside, granted};
use crate::{paging, place};
use drillbell_sdk::{
    Bot, Contact, HostError, HostResult, Incident, IncidentId, Level, PageAction, Person, Result, Step, Timer, View,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Keys and timers of climbs: this and the incident's id.
const PREFIX: &str = "escalation:";
/// How long after the last step it is said that the ladder is at its end, in milliseconds.
const END_MS: u64 = 5 * 60_000;
/// How long after a step that was not allowed it is tried again, in milliseconds.
const RETRY_MS: u64 = 5 * 60_000;
/// What the log says goes without when a grant is missing.
const WITHOUT: &str = "nobody is paged by itself";

/// How far an incident has climbed. What an earlier version of the plugin did not write yet is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Climb {
    /// The ladder's name; empty when people were paged by hand only, or when the ladder was left.
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
    /// Who was paged before the ladder was left: told of the end like all, and paged anew if it is climbed again.
    pub earlier: BTreeSet<String>,
    /// Who of them was told that somebody looks after it, and was not paged since.
    pub told: BTreeSet<String>,
}

impl Climb {
    /// Somebody was paged.
    pub fn has_paged(&mut self, who: &str) {
        self.paged.insert(who.to_owned());
        self.told.remove(who);
    }

    fn is_due(&self, step: &Step, now_ms: u64) -> bool {
        self.started_ms.saturating_add(step.after_ms) <= now_ms
    }
}

fn key(id: &IncidentId) -> String {
    format!("{PREFIX}{id}")
}

/// Whether a timer is one of these.
pub fn is_ours(timer: &Timer) -> bool {
    timer.name.starts_with(PREFIX)
}

/// How far an incident has climbed, if at all. What does not read (another version wrote it) is no reason to page nobody: the
/// climb begins anew, as soon as its timer rings.
pub fn remembered(bot: &mut impl Bot, incident: &Incident) -> HostResult<Option<Climb>> {
    let key = key(&incident.id);
    let Some(text) = bot.get(&key)? else { return Ok(None) };
    let error = match serde_json::from_str(&text) {
        Ok(climb) => return Ok(Some(climb)),
        Err(error) => error,
    };
    bot.log(Level::Error, &format!("the key `{key}` reads wrong, so that the climb begins anew: {error}"));
    let (ladder, now_ms) = (bot.ladder_for(&incident.severity, incident.service.as_deref()), bot.now());
    let ladder = granted(bot, ladder, WITHOUT)?.flatten().unwrap_or_default();
    if !ladder.is_empty() {
        let set = bot.set_timer(&key, now_ms, "");
        granted(bot, set, WITHOUT)?;
    }
    let severity = incident.severity.clone();
    Ok(Some(Climb { ladder, severity, begun_ms: now_ms, started_ms: now_ms, ..Climb::default() }))
}

/// Who was paged about an incident, as far as that is known.
pub fn asked(bot: &mut impl Bot, incident: &Incident) -> Result<BTreeSet<String>> {
    let climb = remembered(bot, incident);
    let climb = granted(bot, climb, "whoever replies is taken at their word")?.flatten().unwrap_or_default();
    Ok(climb.paged.union(&climb.earlier).cloned().collect())
}

/// Keeps how far an incident has climbed.
pub fn keep(bot: &mut impl Bot, id: &IncidentId, climb: &Climb) -> HostResult {
    let text = serde_json::to_string(climb).map_err(|error| HostError::Invalid(error.to_string()))?;
    bot.set(&key(id), &text)
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

/// Nothing that goes wrong here undoes what it follows: an incident is declared though nobody can be paged. But it is said.
fn quietly(bot: &mut impl Bot, incident: &Incident, fresh: bool) -> Result {
    let begun = begin(bot, incident, fresh);
    aloud(bot, incident, begun)
}

/// What went wrong with a climb, for the log and for whoever counts on being paged.
fn aloud(bot: &mut impl Bot, incident: &Incident, climbed: HostResult) -> Result {
    let why = climbed.as_ref().err().map(|error| error.text().to_owned());
    aside(bot, Level::Error, climbed, &format!("{} does not climb its ladder", incident.id))?;
    if let Some(why) = why {
        say(bot, incident, paging::cannot_climb(incident, &why))?;
    }
    Ok(())
}

/// Says it where the incident lives and to the operators, if it can be said.
fn say(bot: &mut impl Bot, incident: &Incident, view: View) -> HostResult {
    let told = bot.tell(&incident.id, true, view);
    aside(bot, Level::Error, told, &format!("nobody reads how {} climbs", incident.id)).map(|_| ())
}

/// Begins the ladder of an incident. Of one that is not fresh (reopened, of another severity), whoever was paged is not paged again
/// for a level's first time, and what somebody has acknowledged stays quiet.
fn begin(bot: &mut impl Bot, incident: &Incident, fresh: bool) -> HostResult {
    let ladder = bot.ladder_for(&incident.severity, incident.service.as_deref());
    let Some(ladder) = granted(bot, ladder, WITHOUT)? else { return Ok(()) };
    // There is nothing to know of a fresh one, and declaring is to be quick.
    if !fresh && bot.facts(&incident.id)?.acknowledged().is_some() {
        return Ok(());
    }
    let before = match fresh {
        true => None,
        false => match remembered(bot, incident) {
            // Nothing is to climb, so nothing is missed.
            Err(HostError::Denied(_)) if ladder.is_none() => return Ok(()),
            before => before?,
        },
    };
    let Some(ladder) = ladder else {
        return match before {
            Some(climb) => leave(bot, incident, climb),
            None => Ok(()),
        };
    };
    let (now_ms, severity) = (bot.now(), incident.severity.clone());
    let begun = Climb { ladder, severity, begun_ms: now_ms, started_ms: now_ms, ..Climb::default() };
    let climb = match before {
        Some(climb) if climb.ladder == begun.ladder && climb.severity == begun.severity => return Ok(()),
        Some(climb) if climb.ladder == begun.ladder => return widen(bot, incident, climb),
        Some(Climb { paged, earlier, told, .. }) => Climb { paged, earlier, told, ..begun },
        None => begun,
    };
    // First of all: what cannot be remembered would page the first level and then nobody.
    keep(bot, &incident.id, &climb)?;
    go_on(bot, incident, climb)
}

/// Ends the climbing: somebody acknowledged, or it is over. Whoever was paged is told.
pub fn stop(bot: &mut impl Bot, incident: &Incident, by: &Person) -> Result {
    let stopped = all_clear(bot, incident, by);
    if aside(bot, Level::Error, stopped, &format!("the climb of {} ends out of order", incident.id))?.is_none() {
        // Nobody is to be paged for what is looked after, whatever else is known of it.
        let deleted = bot.delete(&key(&incident.id));
        aside(bot, Level::Error, deleted, "its key stays")?;
    }
    Ok(())
}

fn all_clear(bot: &mut impl Bot, incident: &Incident, by: &Person) -> HostResult {
    let climb = remembered(bot, incident);
    let Some(Some(mut climb)) = granted(bot, climb, "nobody is told that it is looked after")? else { return Ok(()) };
    let everybody: BTreeSet<String> = climb.paged.union(&climb.earlier).cloned().collect();
    let (action, whom) = match incident.is_open() {
        true => (PageAction::Acknowledge, everybody.difference(&climb.told).cloned().collect()),
        false => (PageAction::Resolve, everybody.clone()),
    };
    let view = paging::all_clear(bot, incident, by)?;
    for who in &whom {
        let told = bot.page_contact(who, &incident.id, action, view.clone());
        // Somebody who was taken out of the configuration meanwhile need not be told.
        aside(bot, Level::Warn, told, &format!("{who} is not told that {} is looked after", incident.id))?;
    }
    if incident.is_open() {
        climb.told = everybody;
        return halt(bot, incident, &climb);
    }
    let cancelled = bot.cancel_timer(&key(&incident.id));
    granted(bot, cancelled, WITHOUT)?;
    bot.delete(&key(&incident.id))
}

/// The next step is due.
pub fn on_timer(bot: &mut impl Bot, timer: &Timer) -> Result {
    let id = IncidentId::from(timer.name.strip_prefix(PREFIX).unwrap_or_default());
    let incident = bot.incident(&id)?;
    if !incident.is_open() || bot.facts(&id)?.acknowledged().is_some() {
        return Ok(());
    }
    let climbed = match remembered(bot, &incident) {
        Ok(Some(climb)) if !climb.ladder.is_empty() => go_on(bot, &incident, climb),
        other => other.map(|_| ()),
    };
    if !matches!(climbed, Err(HostError::Denied(_))) {
        return aloud(bot, &incident, climbed);
    }
    // A grant that was taken away may be given back; the climb is still there.
    granted(bot, climbed, &format!("{id} waits on its ladder"))?;
    let again_ms = bot.now() + RETRY_MS;
    let set = bot.set_timer(&timer.name, again_ms, "");
    granted(bot, set, WITHOUT)?;
    Ok(())
}

/// The ladder is climbed no further. Whoever was paged is remembered, and paged anew should it be climbed again.
fn leave(bot: &mut impl Bot, incident: &Incident, mut climb: Climb) -> HostResult {
    if !climb.ladder.is_empty() {
        climb.ladder.clear();
        climb.earlier.append(&mut climb.paged);
    }
    halt(bot, incident, &climb)
}

/// Stops the timer and keeps what is known.
fn halt(bot: &mut impl Bot, incident: &Incident, climb: &Climb) -> HostResult {
    let cancelled = bot.cancel_timer(&key(&incident.id));
    granted(bot, cancelled, WITHOUT)?;
    keep(bot, &incident.id, climb)
}

/// Takes every step that is due, and sets the timer for the one after.
fn go_on(bot: &mut impl Bot, incident: &Incident, mut climb: Climb) -> HostResult {
    let steps = match bot.ladder_steps(&climb.ladder) {
        Err(HostError::NotFound(_)) => {
            say(bot, incident, paging::ladder_gone(incident, &climb.ladder))?;
            return leave(bot, incident, climb);
        }
        steps => steps?,
    };
    let now_ms = bot.now();
    // A ladder that was shortened meanwhile has its end where it has it now.
    climb.next = climb.next.min(steps.len());
    let (mut passed_over, mut taken) = (BTreeSet::new(), BTreeSet::new());
    while let Some(mut step) = steps.get(climb.next).copied().filter(|step| climb.is_due(step, now_ms)) {
        climb.next += 1;
        // After an outage all that was missed is due at once; a level is paged once for all of it.
        let mut later = steps.iter().skip(climb.next);
        if later.any(|later| later.level == step.level && climb.is_due(later, now_ms)) {
            passed_over.extend((step.round == 0).then_some(step.level));
            continue;
        }
        if !taken.insert(step.level) {
            continue;
        }
        if passed_over.contains(&step.level) {
            step.round = 0;
        }
        let reached = take(bot, incident, &mut climb, step, &steps)?;
        if let (false, Some(later)) = (reached, first_of(&steps, step.level + 1).filter(|_| step.round == 0)) {
            // Nobody there: waiting for them helps nobody, so the next level's time is now.
            climb.started_ms = climb.started_ms.min(now_ms.saturating_sub(later.after_ms));
        }
    }
    // Whoever was paged only now has their time too, however late that was.
    let last_ms = steps.last().map_or(0, |last| last.after_ms);
    let from_ms = if taken.is_empty() { climb.started_ms.saturating_add(last_ms) } else { now_ms };
    let end_ms = from_ms.saturating_add(END_MS);
    let due_ms = match steps.get(climb.next) {
        Some(step) => Some(climb.started_ms.saturating_add(step.after_ms)),
        None if end_ms <= now_ms => {
            say(bot, incident, paging::at_the_end(incident, &climb))?;
            None
        }
        None => Some(end_ms),
    };
    keep(bot, &incident.id, &climb)?;
    let Some(due_ms) = due_ms else { return Ok(()) };
    match bot.set_timer(&key(&incident.id), due_ms, "") {
        Err(HostError::Denied(text)) => {
            bot.log(Level::Warn, &format!("{WITHOUT}: {text}"));
            say(bot, incident, paging::cannot_climb(incident, &text))
        }
        set => set,
    }
}

fn first_of(steps: &[Step], level: u32) -> Option<&Step> {
    steps.iter().find(|step| step.level == level && step.round == 0)
}

/// Pages a level. Whether anybody of it was, or had been already.
fn take(bot: &mut impl Bot, incident: &Incident, climb: &mut Climb, step: Step, steps: &[Step]) -> HostResult<bool> {
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
                climb.has_paged(&contact.who);
                paged.push(contact);
            }
            Err(error @ HostError::Unavailable(_)) => return Err(error),
            // One who cannot be paged keeps nobody else from it.
            Err(error) => all.push(contact.left_out(error.text())),
        }
    }
    let reached = reached && !paged.is_empty();
    place::summon(bot, incident, &paged)?;
    // Where nobody is, it is not waited for the level's other rounds.
    let next = if reached { steps.get(climb.next) } else { first_of(steps, step.level + 1) };
    let next = next.map(|next| (next.level, climb.started_ms.saturating_add(next.after_ms)));
    let said = paging::step(incident, climb, step, &paged, &all, next, now_ms);
    // What cannot be told undoes no page.
    let noted = bot.note(&incident.id, "escalation", &said.note);
    aside(bot, Level::Error, noted, &format!("the timeline of {} lacks a step", incident.id))?;
    let told = bot.tell(&incident.id, !reached, said.view);
    aside(bot, Level::Error, told, &format!("nobody reads how {} climbs", incident.id))?;
    Ok(reached)
}

/// The same ladder at another severity: somebody who was left out before may be paged now.
fn widen(bot: &mut impl Bot, incident: &Incident, mut climb: Climb) -> HostResult {
    climb.severity.clone_from(&incident.severity);
    let steps = bot.ladder_steps(&climb.ladder)?;
    let most = steps.iter().map(|step| step.level).max().unwrap_or_default();
    for level in 1..=climb.level.min(most) {
        let contacts = bot.ladder_level(&climb.ladder, level, &incident.severity)?;
        let fresh = |contact: &&Contact| contact.left_out.is_none() && !climb.paged.contains(&contact.who);
        if contacts.iter().any(|contact| fresh(&contact)) {
            let step = Step { after_ms: 0, level, round: 0 };
            take(bot, incident, &mut climb, step, &steps)?;
        }
    }
    keep(bot, &incident.id, &climb)
}
