//! Groups and incidents: declared by a button or by a route, joined where one about the same is open, and never one that is
//! over. Taking incidents further (cards, ladders, roles) is the business of whoever hears of them.

use crate::act;
use crate::group::{Group, Turn};
use crate::storm;
use drillbell_sdk::{Bot, HostError, IncidentId, Level, Person, Result};

/// Open incidents that are looked through for one about the same service.
const OPEN: u32 = 50;
/// The word for such lines of a timeline.
const KIND: &str = "alert";

/// An alert was taken in: its incident's timeline says whether the group began or ended, and where a route wants one there is
/// an incident.
pub fn heard(bot: &mut impl Bot, group: &mut Group, turn: Turn, now_ms: u64) -> Result {
    // Only the first few turns are news; a timeline is no oscilloscope. Not even looked at: what looks at an incident is about it.
    if is_quiet(group, now_ms) {
        return Ok(());
    }
    if matches!(turn, Turn::Began | Turn::Again | Turn::Ended) {
        forget_if_over(bot, group)?;
        if group.incident.is_some() {
            let words = if turn == Turn::Ended { "is over" } else { "fires again" };
            return note(bot, group, &format!("the alert {} ({}) {words}", group.title, group.id));
        }
    }
    wish(bot, group, now_ms)
}

/// A maintenance window, a silence or flapping is over: what was held back until then is asked for.
pub fn due(bot: &mut impl Bot, group: &mut Group, now_ms: u64) -> Result {
    if group.firing == 0 || !group.wanted || is_quiet(group, now_ms) {
        return Ok(());
    }
    forget_if_over(bot, group)?;
    wish(bot, group, now_ms)
}

fn is_quiet(group: &Group, now_ms: u64) -> bool {
    group.flaps(now_ms) || group.is_muted(now_ms)
}

/// An incident for a group that fires, wants one and has none: joined or declared.
fn wish(bot: &mut impl Bot, group: &mut Group, now_ms: u64) -> Result {
    if group.firing == 0 || !group.wanted || group.incident.is_some() || group.is_silenced(now_ms) {
        return Ok(());
    }
    let Some(severity) = group.severity.clone() else { return Ok(()) };
    match open_about(bot, group, now_ms)? {
        Some(incident) => {
            group.incident = Some(incident);
            note(bot, group, &format!("the alert {} ({}) fires", group.title, group.id))
        }
        None => match declare(bot, group, &severity) {
            Ok(()) => Ok(()),
            // An alert is shown whatever becomes of its incident; the operator reads why there is none.
            Err(Failed::Host(error @ (HostError::Denied(_) | HostError::Invalid(_)))) => {
                bot.log(Level::Error, &format!("{}: no incident could be declared: {error}", group.id));
                Ok(())
            }
            Err(Failed::Host(other)) => Err(other.into()),
            Err(Failed::Other(other)) => Err(other),
        },
    }
}

/// The button.
pub fn by_hand(bot: &mut impl Bot, mut group: Group, severity: &str, by: &Person) -> Result {
    forget_if_over(bot, &mut group)?;
    if let Some(incident) = &group.incident {
        let text = format!("{} belongs to {incident} already.", group.id);
        bot.reply(drillbell_sdk::View::from(text))?;
        return Ok(());
    }
    match declare(bot, &mut group, severity) {
        Ok(()) => {}
        Err(Failed::Host(error)) => return Err(error.into()),
        Err(Failed::Other(error)) => return Err(error),
    }
    let incident = group.incident.clone().map(String::from).unwrap_or_default();
    act::done(bot, group, format!("{incident} declared by {}", by.name))
}

/// A line in the timeline of a group's incident, if it has one.
pub fn note(bot: &mut impl Bot, group: &Group, text: &str) -> Result {
    let Some(incident) = &group.incident else { return Ok(()) };
    Ok(bot.note(incident, KIND, text)?)
}

enum Failed {
    Host(HostError),
    Other(drillbell_sdk::Error),
}

fn declare(bot: &mut impl Bot, group: &mut Group, severity: &str) -> std::result::Result<(), Failed> {
    let incident =
        bot.declare(&group.title, severity, &group.place(), group.service.as_deref()).map_err(Failed::Host)?;
    group.incident = Some(incident.id);
    let url = if group.url.is_empty() { String::new() } else { format!(": {}", group.url) };
    note(bot, group, &format!("declared for the alert {} of {}{url}", group.id, group.source))
        .map_err(Failed::Other)?;
    if group.storm.is_some() {
        let at = group.place();
        let mut place = storm::place(bot, &at).map_err(Failed::Other)?;
        if let Some(storm) = &mut place.storm {
            storm.incident.clone_from(&group.incident);
            storm::keep(bot, &at, &place).map_err(Failed::Other)?;
        }
    }
    Ok(())
}

/// What is over is never joined.
fn forget_if_over(bot: &mut impl Bot, group: &mut Group) -> Result {
    let Some(incident) = group.incident.clone() else { return Ok(()) };
    match bot.incident(&incident) {
        Ok(incident) if incident.is_open() => Ok(()),
        Ok(_) | Err(HostError::NotFound(_)) => {
            group.incident = None;
            Ok(())
        }
        Err(other) => Err(other.into()),
    }
}

/// An open incident about the same: of the same service, or the one that this conversation's storm has.
fn open_about(bot: &mut impl Bot, group: &Group, now_ms: u64) -> Result<Option<IncidentId>> {
    let storm = storm::place(bot, &group.place())?.storm.filter(|storm| !storm.is_over(now_ms));
    let storm = storm.and_then(|storm| storm.incident);
    if let Some(id) = storm
        && bot.incident(&id).is_ok_and(|incident| incident.is_open())
    {
        return Ok(Some(id));
    }
    let Some(service) = &group.service else { return Ok(None) };
    let open = bot.incidents(true, OPEN)?;
    Ok(open.into_iter().find(|incident| incident.service.as_ref() == Some(service)).map(|incident| incident.id))
}
