//! Reminders, each a timer of its own that fires once, whatever restarts there are. When one fires, things are looked at anew: what is
//! done stays quiet. What is overdue is said to the operators, too, and after some days to the owner's lead.

use crate::card;
use crate::known::items;
use crate::paper::{self, Paper};
use crate::settings::{self, DAY_MS};
use drillbell_sdk::{Bot, Facts, HostError, IncidentId, Level, PageAction, Result, Task, Timer, Tone, View, words};

/// Timers of action items: this, the incident, the number. Their payload is what was said last.
pub const ITEM: &str = "item ";
/// Timers of postmortems that are not published: this and the incident. Their payload is how often that was said.
pub const PUBLISH: &str = "publish ";
/// So often that nothing is published is said.
const NAGS: u32 = 4;
/// From one reminder of what is overdue to the next.
const AGAIN_MS: u64 = 7 * DAY_MS;

/// Every open action item that has a date is reminded of from now on.
pub fn items_of(bot: &mut impl Bot, paper: &mut Paper, facts: &Facts) -> Result {
    let now_ms = bot.now();
    let open: Vec<Task> = items(facts, &paper.replaced).filter(|task| task.done.is_none()).cloned().collect();
    for task in open {
        let Some(due_ms) = task.due_ms.filter(|_| !paper.timed.contains(&task.number)) else { continue };
        let day_before = due_ms.saturating_sub(DAY_MS);
        let at_ms = if now_ms < day_before { day_before } else { due_ms };
        // What could not be set is tried again at the next look.
        if is_set(bot, &format!("{ITEM}{} {}", paper.incident, task.number), at_ms, "")? {
            paper.timed.push(task.number);
        }
    }
    Ok(())
}

/// From when on people are reminded that nothing is published.
pub fn to_publish(bot: &mut impl Bot, id: &IncidentId, ended_ms: Option<u64>) -> Result {
    let now_ms = bot.now();
    let at_ms = ended_ms.unwrap_or(now_ms) + settings::publish_ms(bot);
    timer(bot, &format!("{PUBLISH}{id}"), at_ms.max(now_ms + DAY_MS), "0")
}

/// It is published.
pub fn is_published(bot: &mut impl Bot, id: &IncidentId) -> Result {
    match bot.cancel_timer(&format!("{PUBLISH}{id}")) {
        Err(HostError::Denied(_)) => Ok(()),
        other => Ok(other?),
    }
}

/// The timer of an action item fires.
pub fn item(bot: &mut impl Bot, timer_fired: &Timer) -> Result {
    let name = &timer_fired.name;
    let Some((id, number)) = name[ITEM.len()..].split_once(' ') else { return Ok(()) };
    let (id, now_ms) = (IncidentId::from(id), bot.now());
    let Some(paper) = paper::find(bot, &id)? else { return Ok(()) };
    let facts = bot.facts(&id)?;
    let task = items(&facts, &paper.replaced).find(|task| task.number.to_string() == number);
    let Some(task) = task.filter(|task| task.done.is_none()) else { return Ok(()) };
    let Some(due_ms) = task.due_ms else { return Ok(()) };
    // What was decided to be done is due, whether or not the document is out.
    let draft = if paper.is_draft() { "It is of a draft: its postmortem is not published yet. " } else { "" };
    let done = format!("{draft}When it is done: /postmortem action done {number} --incident {id}");
    let owner = task.owner.clone().unwrap_or_default();
    if now_ms < due_ms {
        let view = View::titled(format!("{id}: an action item is due soon")).tone(Tone::Info);
        say(bot, &id, false, view.text(card::item(task, now_ms)).context(done))?;
        return timer(bot, name, due_ms + 1000, "");
    }
    let escalated = due_ms + settings::escalate_ms(bot);
    let late = words::span(now_ms - due_ms);
    let mut view = View::titled(format!("{id}: an action item is overdue by {late}")).tone(Tone::Warning);
    view = view.text(card::item(task, now_ms));
    if now_ms < escalated {
        say(bot, &id, true, view.context(done))?;
        return timer(bot, name, escalated, "");
    }
    if let Some(lead) = settings::lead(bot, &owner) {
        view = view.field("Told to", format!("{lead}, who leads {owner}"));
        if timer_fired.payload.is_empty() && settings::pages_leads(bot) {
            page(bot, &lead, &id, &view)?;
        }
    }
    say(bot, &id, true, view.context(done))?;
    timer(bot, name, now_ms + AGAIN_MS, "escalated")
}

/// Nothing is published yet.
pub fn unpublished(bot: &mut impl Bot, timer_fired: &Timer) -> Result {
    let id = IncidentId::from(&timer_fired.name[PUBLISH.len()..]);
    let said: u32 = timer_fired.payload.parse().unwrap_or(0);
    let (paper, incident) = (paper::find(bot, &id)?, bot.incident(&id)?);
    if paper.as_ref().is_some_and(|paper| !paper.is_draft()) || bot.facts(&id)?.merged_into.is_some() {
        return Ok(());
    }
    let now_ms = bot.now();
    let again = settings::publish_ms(bot);
    // While it is open nothing is said, and nothing is counted as said.
    let mut times = said;
    if let Some(ended_ms) = incident.resolved_ms {
        times += 1;
        let since = words::span(now_ms.saturating_sub(ended_ms));
        let next = match paper {
            Some(_) => format!("What it lacks: /postmortem show {id}. Then /postmortem publish {id}"),
            None => format!("To begin one from the timeline: /postmortem draft {id}"),
        };
        let view = View::titled(format!("{id}: no postmortem is published")).tone(Tone::Warning);
        let text = format!("{} ended {since} ago, and nobody can read yet what was learned.", incident.title);
        say(bot, &id, times > 1, view.text(text).context(next))?;
    }
    if times < NAGS {
        timer(bot, &timer_fired.name, now_ms + again, &times.to_string())?;
    }
    Ok(())
}

/// Says it where the incident lives, and to the operators if it is an alarm. Without the grant the log has it.
pub fn say(bot: &mut impl Bot, id: &IncidentId, alarm: bool, view: View) -> Result {
    match bot.tell(id, alarm, &view) {
        Ok(_) => Ok(()),
        Err(HostError::Denied(why)) => {
            bot.log(Level::Error, &format!("{why} Unsaid: {view}"));
            Ok(())
        }
        Err(other) => Err(other.into()),
    }
}

/// Sets a timer; without the grant nobody is reminded, and the log says so.
pub fn timer(bot: &mut impl Bot, name: &str, at_ms: u64, payload: &str) -> Result {
    is_set(bot, name, at_ms, payload).map(drop)
}

fn is_set(bot: &mut impl Bot, name: &str, at_ms: u64, payload: &str) -> Result<bool> {
    match bot.set_timer(name, at_ms, payload) {
        Err(HostError::Denied(why)) => {
            bot.log(Level::Warn, &format!("no reminders: {why}"));
            Ok(false)
        }
        other => Ok(other.map(|()| true)?),
    }
}

fn page(bot: &mut impl Bot, who: &str, id: &IncidentId, view: &View) -> Result {
    match bot.page_contact(who, id, PageAction::Trigger, view) {
        Ok(_) => Ok(()),
        Err(error @ HostError::Unavailable(_)) => Err(error.into()),
        Err(error) => {
            bot.log(Level::Error, &format!("{who} was not paged: {error}"));
            Ok(())
        }
    }
}
