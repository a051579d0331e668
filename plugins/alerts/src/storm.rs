//! Too many at once: one summary a conversation that counts, instead of a card for each group.

use crate::card::times;
use crate::group::Group;
use crate::memory;
use drillbell_sdk::{Bot, Conversation, HostError, IncidentId, MessageRef, Result, Tone, View, words};
use serde::{Deserialize, Serialize};

/// New cards within a minute; with more, it is a storm.
const CARDS: usize = 8;
const WINDOW_MS: u64 = 60_000;
/// A storm is over when no new group came for so long.
pub const CALM_MS: u64 = 10 * 60_000;
/// Groups that a summary shows.
const SHOWN: usize = 10;
/// Characters of a title within the summary.
const TITLE_CHARS: usize = 80;
/// How long a card or summary may be behind when only counts change, milliseconds.
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

/// A storm. Which groups belong to it, they say themselves; they are counted when it is drawn, so that an alert of one group
/// writes nothing that another's reads.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Storm {
    card: Option<MessageRef>,
    pub since_ms: u64,
    newest_ms: u64,
    pub incident: Option<IncidentId>,
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

/// Gives a new group room for a card of its own, or makes it part of the storm. Whether it has room.
pub fn has_room(bot: &mut impl Bot, group: &mut Group, now_ms: u64) -> Result<bool> {
    let at = group.place();
    let mut place = place(bot, &at)?;
    if place.storm.as_ref().is_some_and(|storm| storm.is_over(now_ms)) {
        close(bot, &mut place, &at)?;
    }
    place.recent.retain(|posted| posted + WINDOW_MS > now_ms);
    let room = place.storm.is_none() && place.recent.len() < CARDS;
    if room {
        place.recent.push(now_ms);
    } else {
        let storm = place.storm.get_or_insert_with(|| Storm { since_ms: now_ms, ..Storm::default() });
        storm.newest_ms = now_ms;
        group.storm = Some(storm.since_ms);
        if group.incident.is_some() {
            // The first one's is the storm's: the rest join it.
            storm.incident.clone_from(&group.incident);
        }
        if storm.card.is_none() {
            let first = view(storm, &[&*group], false);
            storm.card = Some(bot.post(&at, first)?);
        }
        changed(bot, &at, now_ms)?;
    }
    keep(bot, &at, &place)?;
    Ok(room)
}

/// Whether the storm that a group is part of still goes on.
pub fn goes_on(bot: &mut impl Bot, group: &Group) -> Result<bool> {
    let Some(since_ms) = group.storm else { return Ok(false) };
    let storm = place(bot, &group.place())?.storm;
    Ok(storm.is_some_and(|storm| storm.since_ms == since_ms))
}

/// A group of the storm changed: it is drawn at the next even moment, so that many changes ask for one drawing.
pub fn changed(bot: &mut impl Bot, at: &Conversation, now_ms: u64) -> Result {
    let next_ms = (now_ms / DRAW_MS + 1) * DRAW_MS;
    Ok(bot.set_timer(&format!("{TIMER}{at}"), next_ms, "")?)
}

/// The summary is drawn anew; a storm that is over is closed.
pub fn draw(bot: &mut impl Bot, at: &Conversation, now_ms: u64) -> Result {
    let mut place = place(bot, at)?;
    let Some(storm) = &mut place.storm else { return Ok(()) };
    if storm.is_over(now_ms) {
        close(bot, &mut place, at)?;
        return keep(bot, at, &place);
    }
    let over_ms = storm.newest_ms + CALM_MS;
    edit(bot, storm, at, false)?;
    if storm.card.is_none() {
        // The next group that joins posts another.
        keep(bot, at, &place)?;
    }
    Ok(bot.set_timer(&format!("{TIMER}{at}"), over_ms, "")?)
}

/// The storm is over: its summary says so, and what still fires gets a card when it changes.
fn close(bot: &mut impl Bot, place: &mut Place, at: &Conversation) -> Result {
    let Some(mut storm) = place.storm.take() else { return Ok(()) };
    edit(bot, &mut storm, at, true)
}

/// Its summary as it should be now. One that the host has forgotten, as it does after a month, is none any more.
fn edit(bot: &mut impl Bot, storm: &mut Storm, at: &Conversation, over: bool) -> Result {
    let Some(card) = storm.card.clone() else { return Ok(()) };
    let groups = memory::groups(bot)?;
    let own = |group: &&Group| group.storm == Some(storm.since_ms) && at == group.conversation.as_str();
    let own: Vec<_> = groups.iter().filter(own).collect();
    match bot.edit(&card, view(storm, &own, over)) {
        Err(HostError::NotFound(_)) => storm.card = None,
        other => other?,
    }
    Ok(())
}

impl Storm {
    pub fn is_over(&self, now_ms: u64) -> bool {
        self.newest_ms + CALM_MS <= now_ms
    }
}

fn view(storm: &Storm, groups: &[&Group], over: bool) -> View {
    let firing = groups.iter().filter(|group| group.firing > 0).count();
    let alerts: u64 = groups.iter().map(|group| group.count).sum();
    let title = match over {
        true => "Alert storm, over".to_owned(),
        false => format!("Alert storm: {} groups", groups.len()),
    };
    let tone = match (over, firing) {
        (_, 0) => Tone::Good,
        (true, _) => Tone::Warning,
        (false, _) => Tone::Critical,
    };
    let mut most = groups.to_vec();
    most.sort_by_key(|group| (group.firing == 0, std::cmp::Reverse(group.count), group.id.clone()));
    let line = |group: &&Group| {
        let state = if group.firing > 0 { "" } else { " (resolved)" };
        format!("{} · {} · {}{state}", group.id, words::clip(&group.title, TITLE_CHARS), times(group.count))
    };
    let lines: Vec<_> = most.iter().take(SHOWN).map(line).collect();
    let mut view = View::titled(title)
        .tone(tone)
        .field("Groups", format!("{firing} firing of {}", groups.len()))
        .field("Alerts", alerts.to_string())
        .time("Since", storm.since_ms)
        .text(lines.join("\n"));
    if groups.len() > SHOWN {
        view = view.text(format!("… and {} more: /alert list", groups.len() - SHOWN));
    }
    view.context("More came at once than anybody reads: they are counted here. /alert show ID gives one its own card.")
}
