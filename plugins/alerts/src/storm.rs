//! Too many at once: one summary a conversation that counts, instead of a card for each group.

use crate::card::{cut, times};
use crate::group::Group;
use crate::memory;
use drillbell_sdk::{Bot, Conversation, IncidentId, MessageRef, Result, Tone, View};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// New cards within a minute; with more, it is a storm.
const CARDS: usize = 8;
const WINDOW_MS: u64 = 60_000;
/// A storm is over when no new group came for so long.
pub const CALM_MS: u64 = 10 * 60_000;
/// Groups that a summary knows by name; the others it counts.
const KNOWN: usize = 100;
/// Groups that a summary shows.
const SHOWN: usize = 10;
/// Characters of a title within the summary.
const TITLE_CHARS: usize = 80;
/// How long a card or summary may be behind when only counts change.
pub const DRAW_MS: u64 = 2_000;
/// Timers of this module: `storm/CONVERSATION`.
pub const TIMER: &str = "storm/";

/// What is remembered of a conversation.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Place {
    /// When cards were posted lately.
    recent: Vec<u64>,
    pub storm: Option<Storm>,
}

/// A storm.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Storm {
    card: Option<MessageRef>,
    since_ms: u64,
    newest_ms: u64,
    groups: u64,
    alerts: u64,
    firing: u64,
    known: BTreeMap<String, Known>,
    stale: bool,
    pub incident: Option<IncidentId>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Known {
    title: String,
    count: u64,
    firing: bool,
}

fn key(place: &Conversation) -> String {
    format!("c/{place}")
}

pub fn place(bot: &mut impl Bot, at: &Conversation) -> Result<Place> {
    Ok(bot.get_json(&key(at))?.unwrap_or_default())
}

pub fn keep(bot: &mut impl Bot, at: &Conversation, place: &Place) -> Result {
    bot.set_json(&key(at), place)
}

/// Whether a new group may have a card of its own. If not, it belongs to the storm from now on.
pub fn has_room(bot: &mut impl Bot, at: &Conversation, now_ms: u64) -> Result<bool> {
    let mut place = place(bot, at)?;
    if place.storm.as_ref().is_some_and(|storm| storm.newest_ms + CALM_MS <= now_ms) {
        close(bot, &mut place, now_ms)?;
    }
    place.recent.retain(|posted| posted + WINDOW_MS > now_ms);
    let room = place.storm.is_none() && place.recent.len() < CARDS;
    match room {
        true => place.recent.push(now_ms),
        false => {
            let storm = place.storm.get_or_insert_with(|| Storm { since_ms: now_ms, ..Storm::default() });
            storm.newest_ms = now_ms;
        }
    }
    keep(bot, at, &place)?;
    Ok(room)
}

/// A group of the storm changed; `before` is how it was, if it was part of it already.
pub fn changed(bot: &mut impl Bot, group: &Group, before: Option<&Group>, now_ms: u64) -> Result {
    let at = group.place();
    let mut place = place(bot, &at)?;
    let Some(storm) = &mut place.storm else { return Ok(()) };
    let counted = |group: &Group| (group.count, u64::from(group.firing > 0));
    let (was_count, was_firing) = before.map_or((0, 0), counted);
    let (count, firing) = counted(group);
    storm.groups += u64::from(before.is_none());
    storm.alerts += count.saturating_sub(was_count);
    storm.firing = (storm.firing + firing).saturating_sub(was_firing);
    if storm.known.contains_key(&group.id) || storm.known.len() < KNOWN {
        let known = Known { title: cut(&group.title, TITLE_CHARS), count, firing: firing > 0 };
        storm.known.insert(group.id.clone(), known);
    }
    match &storm.card {
        None => {
            let card = bot.post(&at, view(storm, false))?;
            storm.card = Some(card);
            bot.set_timer(&format!("{TIMER}{at}"), now_ms + CALM_MS, "")?;
        }
        Some(_) if !storm.stale => {
            storm.stale = true;
            bot.set_timer(&format!("{TIMER}{at}"), now_ms + DRAW_MS, "")?;
        }
        Some(_) => {}
    }
    keep(bot, &at, &place)
}

/// The summary is drawn anew; a storm that is over is closed.
pub fn draw(bot: &mut impl Bot, at: &Conversation, now_ms: u64) -> Result {
    let mut place = place(bot, at)?;
    let Some(storm) = &mut place.storm else { return Ok(()) };
    if storm.newest_ms + CALM_MS <= now_ms {
        close(bot, &mut place, now_ms)?;
        return keep(bot, at, &place);
    }
    storm.stale = false;
    if let Some(card) = &storm.card {
        bot.edit(card, view(storm, false))?;
    }
    bot.set_timer(&format!("{TIMER}{at}"), storm.newest_ms + CALM_MS, "")?;
    keep(bot, at, &place)
}

/// The storm is over: its summary says so, and what still fires gets a card when it changes.
fn close(bot: &mut impl Bot, place: &mut Place, _now_ms: u64) -> Result {
    let Some(storm) = place.storm.take() else { return Ok(()) };
    if let Some(card) = &storm.card {
        bot.edit(card, view(&storm, true))?;
    }
    for id in storm.known.keys() {
        if let Some(mut group) = memory::group(bot, id)?
            && group.in_storm
            && group.card.is_none()
        {
            group.in_storm = false;
            memory::keep(bot, &group)?;
        }
    }
    Ok(())
}

fn view(storm: &Storm, over: bool) -> View {
    let title = match over {
        true => "Alert storm, over".to_owned(),
        false => format!("Alert storm: {} groups", storm.groups),
    };
    let tone = match (over, storm.firing) {
        (_, 0) => Tone::Good,
        (true, _) => Tone::Warning,
        (false, _) => Tone::Critical,
    };
    let mut most: Vec<_> = storm.known.iter().collect();
    most.sort_by_key(|(_, known)| (!known.firing, std::cmp::Reverse(known.count)));
    let line = |(id, known): &(&String, &Known)| {
        let state = if known.firing { "" } else { " (resolved)" };
        format!("{id} · {} · {}{state}", known.title, times(known.count))
    };
    let lines: Vec<_> = most.iter().take(SHOWN).map(line).collect();
    let shown = u64::try_from(lines.len()).unwrap_or(u64::MAX);
    let mut view = View::titled(title)
        .tone(tone)
        .field("Groups", format!("{} firing of {}", storm.firing, storm.groups))
        .field("Alerts", storm.alerts.to_string())
        .time("Since", storm.since_ms)
        .text(lines.join("\n"));
    if storm.groups > shown {
        view = view.text(format!("… and {} more: /alert list", storm.groups - shown));
    }
    view.context("More came at once than anybody reads: they are counted here. /alert show ID gives one its own card.")
}
