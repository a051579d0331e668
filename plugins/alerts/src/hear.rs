//! An alert comes in.

use crate::group::{FLAP_MS, Group, Turn};
use crate::{card, declare, memory, picture, ring, storm};
use drillbell_sdk::{Alert, Bot, Conversation, HostError, Job, Result, View, time, words};

/// Labels by which an alert that has a group to itself is silenced where it comes from.
const MATCHED: usize = 20;

/// Takes an alert in: its group changes, and what people see of it.
pub fn alert(bot: &mut impl Bot, alert: &Alert) -> Result {
    let now_ms = bot.now();
    let own = |name: &str| alert.annotations.text(&format!("drillbell.{name}"));
    // A host that decides nothing is none that this plugin knows; each alert is a group of its own then.
    let apart = memory::apart(bot, &alert.source, &alert.fingerprint)?;
    let decided = apart.as_deref().or(own("group")).unwrap_or(&alert.fingerprint);
    let fires = alert.status == "firing";
    // Senders say less of an end than of a beginning: what ends does so where it fired, whatever its labels are now.
    let home = memory::home(bot, &alert.source, &alert.fingerprint)?;
    let id = home.as_deref().filter(|_| !fires).unwrap_or(decided).to_owned();
    if fires && home.as_ref() != Some(&id) {
        memory::keep_home(bot, &alert.source, &alert.fingerprint, &id)?;
        if let Some(old) = home {
            let moved = Alert { status: "resolved".to_owned(), ..alert.clone() };
            take(bot, &moved, old, now_ms)?;
        }
    }
    take(bot, alert, id, now_ms)
}

/// The same for a group.
fn take(bot: &mut impl Bot, alert: &Alert, id: String, now_ms: u64) -> Result {
    let fires = alert.status == "firing";
    let known = memory::group(bot, &id)?;
    if known.is_none() && !fires {
        // The end of something that nobody ever saw begin.
        return Ok(());
    }
    let is_new_group = known.is_none();
    let mut group = known.unwrap_or_else(|| Group { id: id.clone(), ..Group::default() });
    describe(bot, &mut group, alert);
    let member = memory::member(bot, &id, &alert.fingerprint)?;
    let is_new = member.is_none();
    let mut member = member.unwrap_or_default();
    let turn = group.take(alert, &mut member, is_new, now_ms);
    memory::keep_member(bot, &id, &alert.fingerprint, &member)?;
    if is_new_group {
        bot.set_timer(ring::SWEEP, ring::next_day(now_ms), "")?;
    }
    if matches!(turn, Turn::Began | Turn::Again | Turn::Ended) && group.flaps(now_ms) {
        bot.set_timer(&ring::name(ring::CALM, &group.id), now_ms + FLAP_MS, "")?;
    }
    declare::heard(bot, &mut group, turn, now_ms)?;
    show(bot, &mut group, turn, now_ms)?;
    if matches!(turn, Turn::Began | Turn::Again | Turn::Ended) && group.card.is_some() && !group.flaps(now_ms) {
        picture::ask(bot, &group, now_ms)?;
    }
    memory::keep(bot, &group)
}

/// A picture was read: the card shows it.
pub fn pictured(bot: &mut impl Bot, job: &Job) -> Result {
    let Some(mut group) = picture::ended(bot, job)? else { return Ok(()) };
    let now_ms = bot.now();
    draw(bot, &mut group, now_ms)?;
    memory::keep(bot, &group)
}

/// The card as it should be now.
pub fn view(bot: &mut impl Bot, group: &Group, now_ms: u64) -> Result<View> {
    let (severities, picture) = (bot.severities(), memory::picture(bot, group)?);
    Ok(card::view(group, &severities, picture.as_ref(), now_ms))
}

/// What the newest alert says of its group. How bad it is and whether an incident is wanted say all of them: while any fires,
/// a lesser one does not talk a worse one down.
fn describe(bot: &mut impl Bot, group: &mut Group, alert: &Alert) {
    let own = |name: &str| alert.annotations.text(&format!("drillbell.{name}")).map(str::to_owned);
    if alert.status != "firing" && !group.title.is_empty() {
        return;
    }
    group.source.clone_from(&alert.source);
    group.conversation = own("channel").unwrap_or_default();
    group.title = match alert.labels.text("alertname") {
        // What one alert says of itself is not the title of many.
        Some(name) if group.members > 1 => name.to_owned(),
        _ => alert.title.clone(),
    };
    group.by = own("group_by").unwrap_or_default();
    group.labels = own("group_labels").and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let goes_on = group.firing > 0;
    group.wanted = own("declare").as_deref() == Some("true") || (goes_on && group.wanted);
    group.severity = match group.severity.take().filter(|_| goes_on) {
        Some(before) => Some(worse(bot, before, own("severity"))),
        None => own("severity"),
    };
    group.runbook = own("runbook");
    group.service = alert.labels.text("service").map(str::to_owned);
    let words = ["summary", "description", "message", "reason"].map(|name| alert.annotations.text(name));
    let words = words.into_iter().flatten().find(|words| *words != alert.title);
    group.description = words::clip(words.unwrap_or_default(), card::DESCRIPTION_CHARS);
    group.url.clone_from(&alert.url);
    group.why = own("why").unwrap_or_default();
    group.drawn = picture::of(alert);
    if let Some(apart) = group.apart.take() {
        // What it shares with others does not tell it from them: its own labels do.
        let own = alert.labels.iter().take(MATCHED).map(|(name, value)| (name.to_owned(), value.to_owned()));
        group.labels = own.collect();
        group.set_apart(apart);
    }
    group.pushes = own("silences").as_deref() == Some("true");
    group.muted_until = own("muted_until").and_then(|text| time::parse_rfc3339(&text));
}

/// The worse of two severities, by their places in the configured order.
fn worse(bot: &mut impl Bot, before: String, now: Option<String>) -> String {
    let Some(now) = now.filter(|now| *now != before) else { return before };
    let severities = bot.severities();
    let rank = |name: &str| severities.iter().position(|one| one.name == name).unwrap_or(usize::MAX);
    if rank(&now) < rank(&before) { now } else { before }
}

/// Brings what people see up to date.
fn show(bot: &mut impl Bot, group: &mut Group, turn: Turn, now_ms: u64) -> Result {
    if group.card.is_none() && group.storm.is_some() {
        if storm::goes_on(bot, group)? {
            return storm::changed(bot, &group.place(), now_ms);
        }
        group.storm = None;
    }
    if group.card.is_none() {
        if group.firing == 0 {
            return Ok(());
        }
        if let Some(until) = group.muted_until.filter(|until| *until > now_ms) {
            return Ok(bot.set_timer(&ring::name(ring::UNMUTE, &group.id), until, "")?);
        }
        if group.is_silenced(now_ms) {
            // What still fires when the silence is over gets its card then.
            return Ok(());
        }
        return post(bot, group, now_ms);
    }
    match turn {
        Turn::Counted | Turn::Grew => later(bot, group, now_ms),
        _ => draw(bot, group, now_ms),
    }
}

/// A card of its own, or a place in the storm.
pub fn post(bot: &mut impl Bot, group: &mut Group, now_ms: u64) -> Result {
    let at: Conversation = group.place();
    if !storm::has_room(bot, group, now_ms)? {
        return Ok(());
    }
    let view = view(bot, group, now_ms)?;
    let card = bot.post(&at, view)?;
    group.card = Some(card);
    group.stale = false;
    Ok(())
}

/// The card as it should be now; a new one for what fires and has none, unless something holds it back.
pub fn appear(bot: &mut impl Bot, group: &mut Group, now_ms: u64) -> Result {
    if group.card.is_some() {
        return draw(bot, group, now_ms);
    }
    let held_back = group.storm.is_some() || group.is_muted(now_ms) || group.is_silenced(now_ms);
    if group.firing == 0 || held_back { Ok(()) } else { post(bot, group, now_ms) }
}

/// The card as it should be now, if there is one. The host forgets messages after a month; then what fires gets a new one.
pub fn draw(bot: &mut impl Bot, group: &mut Group, now_ms: u64) -> Result {
    group.stale = false;
    let Some(card) = group.card.clone() else { return Ok(()) };
    let view = view(bot, group, now_ms)?;
    match bot.edit(&card, view) {
        Err(HostError::NotFound(_)) => {
            group.card = None;
            appear(bot, group, now_ms)
        }
        other => Ok(other?),
    }
}

/// Only counts changed: the card may wait a moment, so that a thousand alerts are not a thousand edits.
fn later(bot: &mut impl Bot, group: &mut Group, now_ms: u64) -> Result {
    if !group.stale {
        group.stale = true;
        bot.set_timer(&ring::name(ring::DRAW, &group.id), now_ms + storm::DRAW_MS, "")?;
    }
    Ok(())
}
