//! A drill that stays overdue, though `restore-drill` has told the channel and the owner of it day by day, is nobody's: it becomes an
//! incident, which pages whoever its ladder says, and the owner is paged. Once for as long as it is overdue, whatever restarts there are. It is done here
//! because `restore-drill` runs game days, and nothing that pages people may be granted to those.

use crate::memory::{self, Escalated};
use crate::words;
use drillbell_sdk::{BackupCopy, Bot, HostError, HostResult, Incident, Level, PageAction, Result, Target, Tone, View};

const HOUR_MS: u64 = 3_600_000;
/// How long after a copy was proven the next is to be (S0-05, S4-06).
const WITHIN_MS: u64 = 31 * 24 * HOUR_MS;
/// For how long the channel alone hears of it, unless the setting `drill_escalate_hours` says otherwise.
const ALONE_HOURS: u64 = 24;

/// Escalates a drill that has been overdue for long enough, if nobody has yet; and has the incident hear of a drill that passed since.
pub fn overdue_drill(bot: &mut impl Bot, target: &Target, has_schedule: bool, copies: &[BackupCopy]) -> Result {
    let (name, now_ms) = (target.name.as_str(), bot.now());
    let proven = copies.iter().filter_map(|copy| Some((copy.proven_ms?, copy.name()))).max();
    let oldest = copies.iter().map(|copy| copy.taken_ms).min();
    // There was nothing to prove before the first copy.
    let Some(since_ms) = proven.map(|(at_ms, _)| at_ms).or(oldest) else { return Ok(()) };
    let overdue_at_ms = since_ms.saturating_add(WITHIN_MS);
    let done = memory::escalated(bot, name)?;
    if let Some((_, copy)) = proven.filter(|(at_ms, _)| done.as_ref().is_some_and(|done| *at_ms > done.at_ms)) {
        memory::set_escalated(bot, name, None)?;
        let said = format!("a drill has passed: {name} is proven by {copy}");
        let id = done.map(|done| done.incident).unwrap_or_default();
        return aside(bot, |bot| bot.note(&id.into(), "drill", &said), "it is not on the timeline").map(drop);
    }
    let hours = bot.setting_or_log::<u64>("drill_escalate_hours").unwrap_or(ALONE_HOURS);
    let late_ms = now_ms.saturating_sub(overdue_at_ms);
    if done.is_some() || !has_schedule || hours == 0 || late_ms < hours.saturating_mul(HOUR_MS) {
        return Ok(());
    }
    let Some(incident) = declared(bot, target, late_ms)? else { return Ok(()) };
    let escalated = Escalated { incident: incident.id.to_string(), at_ms: now_ms };
    memory::set_escalated(bot, name, Some(&escalated))?;
    let paged = owner(bot, target, &incident)?;
    let said = format!("the drill of {name} stays overdue, by {}; the owner: {paged}", words::span(late_ms));
    aside(bot, |bot| bot.note(&incident.id, "drill", &said), "it is not on the timeline").map(drop)
}

/// The incident, in the backups channel, where the alarms stand.
fn declared(bot: &mut impl Bot, target: &Target, late_ms: u64) -> Result<Option<Incident>> {
    let Some(channel) = bot.backups_channel()? else { return Ok(None) };
    let severities: Vec<_> = bot.severities().into_iter().map(|severity| severity.name).collect();
    // Nothing is broken yet: the mildest, unless the operator says otherwise.
    let wanted = bot.setting_or_log::<String>("drill_severity").filter(|wanted| severities.contains(wanted));
    let Some(severity) = wanted.or_else(|| severities.last().cloned()) else { return Ok(None) };
    let name = &target.name;
    let title = format!("No copy of {name} is known to be of use: its drill is overdue by {}", words::span(late_ms));
    let service = Some(target.service.as_str()).filter(|service| !service.is_empty());
    let nobody = format!("the drill of {name} stays overdue, and nobody is paged for it");
    aside(bot, |bot| bot.declare(&title, &severity, &channel, service), &nobody)
}

/// Pages the owner: a person, or whoever is on call in a rotation. What became of that.
fn owner(bot: &mut impl Bot, target: &Target, incident: &Incident) -> Result<String> {
    let name = target.owner.strip_prefix('@').unwrap_or(&target.owner);
    if name.is_empty() {
        return Ok("nobody is named".to_owned());
    }
    let found = match bot.find_contact(name, &incident.severity) {
        // Words that only people understand.
        Err(HostError::NotFound(_)) => return Ok(format!("{name}, whom only people know how to reach")),
        other => aside(bot, |_| other, "the owner is not looked up")?,
    };
    let Some(contact) = found else { return Ok(format!("{name}, who could not be paged")) };
    if let Some(why) = contact.left_out {
        return Ok(format!("{} is not paged: {why}", contact.title));
    }
    let view = View::titled(incident.title.clone())
        .tone(Tone::Critical)
        .text(format!("You are named as its owner. `/drill run {}` begins one now.", target.name));
    let page = |bot: &mut _| Bot::page_contact(bot, &contact.who, &incident.id, PageAction::Trigger, view);
    let paged = aside(bot, page, &format!("{} is not paged", contact.who))?;
    let outcome = if paged.is_some() { "is paged" } else { "could not be paged" };
    Ok(format!("{} {outcome}", contact.title))
}

/// What is done beside the matter and must not undo it: an error is a line in the log.
fn aside<T, B: Bot>(bot: &mut B, ask: impl FnOnce(&mut B) -> HostResult<T>, without: &str) -> Result<Option<T>> {
    match ask(bot) {
        Ok(answer) => Ok(Some(answer)),
        Err(error @ HostError::Unavailable(_)) => Err(error.into()),
        Err(error) => {
            bot.log(Level::Error, &format!("{without}: {error}"));
            Ok(None)
        }
    }
}
