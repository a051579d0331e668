//! What people want of a group, by button or command. Each is done once, whichever way it was asked for.

use crate::card::{ACK, DECLARE, REASON, RESOLVE, SILENCE, SPAN, SPLIT, UNSILENCE, WHY};
use crate::group::{Deed, Group, Silence, State};
use crate::{apart, card, declare, hear, memory, ring, silence, storm};
use drillbell_sdk::{Action, Bot, Person, Result, Tone, View, internal, time, user, words};
use serde_json::json;
use std::time::Duration;

/// Groups that a list shows.
const LISTED: usize = 25;
/// The shortest and longest silence, in milliseconds: a minute, thirty days.
const SHORTEST_MS: u64 = 60_000;
const LONGEST_MS: u64 = 30 * 24 * 3_600_000;
/// Characters of a reason.
const REASON_CHARS: usize = 300;

/// A button of a card.
pub fn clicked(bot: &mut impl Bot, action: &Action) -> Result {
    // Of a choice the value names the group and what was chosen.
    let (id, chosen) = action.value.split_once(' ').map_or((action.value.as_str(), None), |(id, it)| (id, Some(it)));
    let gone = || user("This group of alerts was over so long ago that it is forgotten.");
    let group = memory::group(bot, id)?.ok_or_else(gone)?;
    match action.action.as_str() {
        ACK => acknowledge(bot, group, &action.by),
        SILENCE => {
            let span = action.fields.required(SPAN)?.parse().map(Duration::from_millis);
            let span = span.map_err(|_| internal("the form's choices are milliseconds"))?;
            self::silence(bot, group, &action.by, span, action.fields.required(REASON)?)
        }
        UNSILENCE => unsilence(bot, group, &action.by),
        DECLARE => {
            let severity = chosen.map(str::to_owned).or_else(|| group.severity.clone());
            let severity = severity.ok_or_else(|| user("Choose how bad it is: its severity is not known."))?;
            declare::by_hand(bot, group, &severity, &action.by)
        }
        RESOLVE => resolve(bot, group, &action.by),
        WHY => {
            let why = apart::why(bot, &group)?;
            bot.reply(why)?;
            Ok(())
        }
        SPLIT => apart::split(bot, group, chosen.unwrap_or_default(), &action.by),
        other => Err(internal(format!("a card has a button `{other}`, which nothing here handles"))),
    }
}

/// `/alert list`.
pub fn list(bot: &mut impl Bot, all: bool) -> Result {
    let now_ms = bot.now();
    let groups: Vec<_> = memory::groups(bot)?.into_iter().filter(|group| all || group.firing > 0).collect();
    let line = |group: &Group| {
        let severity = group.severity.as_deref().unwrap_or("unknown");
        let state = group.state(now_ms).as_str();
        format!("{} · {severity} · {state} · {} · {}", group.id, card::times(group.count), group.title)
    };
    let lines: Vec<_> = groups.iter().take(LISTED).map(line).collect();
    let view = match lines.is_empty() {
        true => View::from("No alert fires.").tone(Tone::Good),
        false => {
            let view = View::titled(format!("{} groups of alerts", groups.len())).text(lines.join("\n"));
            match groups.len() > LISTED {
                true => view.context(format!("The newest {LISTED} are shown.")),
                false => view,
            }
        }
    };
    bot.reply(view)?;
    let data: Vec<_> = groups.iter().map(|group| object(group, now_ms)).collect();
    Ok(bot.set_data(&json!({ "groups": data }))?)
}

/// `/alert show`: the card, here, and why these alerts are one group. It is the card that is kept current from now on.
pub fn show(bot: &mut impl Bot, mut group: Group) -> Result {
    let now_ms = bot.now();
    let view = hear::view(bot, &group, now_ms)?;
    let why = apart::why(bot, &group)?;
    let posted = bot.reply(view)?;
    bot.reply(why)?;
    bot.set_data(&object(&group, now_ms))?;
    if group.card.is_none() {
        group.card = Some(posted);
        group.storm = None;
        memory::keep(bot, &group)?;
    }
    Ok(())
}

/// Somebody has it.
pub fn acknowledge(bot: &mut impl Bot, mut group: Group, by: &Person) -> Result {
    let now_ms = bot.now();
    if group.firing == 0 {
        return already(bot, &group, format!("{} does not fire any more.", group.id));
    }
    if let Some(deed) = &group.acked {
        let text = format!("{} was acknowledged by {} at {}.", group.id, deed.by, time::hour_minute(deed.at_ms));
        return already(bot, &group, text);
    }
    group.acked = Some(Deed::of(by, now_ms));
    declare::note(bot, &group, &format!("{} acknowledged the alert {} ({})", by.name, group.title, group.id))?;
    done(bot, group, format!("acknowledged by {}", by.name))
}

/// Nobody is told of it for a while.
pub fn silence(bot: &mut impl Bot, mut group: Group, by: &Person, span: Duration, reason: &str) -> Result {
    let now_ms = bot.now();
    let span_ms = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    if !(SHORTEST_MS..=LONGEST_MS).contains(&span_ms) {
        return Err(user("A silence lasts at least a minute and at most 30 days."));
    }
    let reason = words::clip(reason.trim(), REASON_CHARS);
    if reason.is_empty() {
        return Err(user("Say why: others will wonder."));
    }
    if let Some(silence) = group.silence.as_ref().filter(|silence| silence.until_ms > now_ms) {
        let (by, until) = (&silence.by, time::day_hour_minute(silence.until_ms));
        return already(bot, &group, format!("{} is silenced already, by {by} until {until} UTC.", group.id));
    }
    let until_ms = now_ms + span_ms;
    group.silences += 1;
    let nonce = format!("{now_ms}-{}", group.silences);
    let (by_name, reason_told) = (by.name.clone(), reason.clone());
    group.silence = Some(Silence { nonce, by: by_name, reason: reason_told, until_ms, ..Silence::default() });
    group.left.clear();
    bot.set_timer(&ring::name(ring::UNSILENCE, &group.id), until_ms, "")?;
    silence::push(bot, &mut group)?;
    let until = time::day_hour_minute(until_ms);
    let words = format!("silenced by {} until {until} UTC: {}", by.name, reason.trim_end_matches('.'));
    declare::note(bot, &group, &format!("the alert {} ({}) is {words}", group.title, group.id))?;
    done(bot, group, words)
}

/// A silence ends before its time.
pub fn unsilence(bot: &mut impl Bot, mut group: Group, by: &Person) -> Result {
    let now_ms = bot.now();
    let Some(silence) = group.silence.take().filter(|silence| silence.until_ms > now_ms) else {
        return already(bot, &group, format!("{} is not silenced.", group.id));
    };
    bot.cancel_timer(&ring::name(ring::UNSILENCE, &group.id))?;
    silence::take_back(bot, &mut group, &silence)?;
    declare::due(bot, &mut group, now_ms)?;
    done(bot, group, format!("its silence was ended by {}", by.name))
}

/// It is over, whatever the sender says; if it fires again, that counts.
pub fn resolve(bot: &mut impl Bot, mut group: Group, by: &Person) -> Result {
    let now_ms = bot.now();
    if group.firing == 0 {
        return already(bot, &group, format!("{} does not fire any more.", group.id));
    }
    group.clear(&by.name, now_ms);
    declare::note(bot, &group, &format!("{} resolved the alert {} ({})", by.name, group.title, group.id))?;
    if group.storm.is_some() {
        storm::changed(bot, &group.place(), now_ms)?;
    }
    done(bot, group, format!("resolved by {}", by.name))
}

/// It was so already: a line for whoever asked.
fn already(bot: &mut impl Bot, group: &Group, text: String) -> Result {
    bot.reply(View::from(text))?;
    Ok(bot.set_data(&json!({ "group": group.id, "changed": false }))?)
}

/// Something changed: the card follows, the group is kept, and a line says so where everybody reads it.
pub fn done(bot: &mut impl Bot, mut group: Group, words: String) -> Result {
    let now_ms = bot.now();
    hear::appear(bot, &mut group, now_ms)?;
    memory::keep(bot, &group)?;
    let state = group.state(now_ms);
    let view = View::from(format!("{}: {words}.", words::clip(&group.title, 120)));
    bot.reply(if state == State::Resolved { view.tone(Tone::Good) } else { view })?;
    Ok(bot.set_data(&json!({ "group": object(&group, now_ms), "changed": true }))?)
}

/// A group for machines.
fn object(group: &Group, now_ms: u64) -> serde_json::Value {
    json!({
        "id": group.id, "source": group.source, "title": group.title, "state": group.state(now_ms).as_str(),
        "severity": group.severity, "count": group.count, "alerts": group.members, "firing": group.firing,
        "since": time::rfc3339(group.since_ms), "incident": group.incident, "conversation": group.conversation,
        "acknowledged_by": group.acked.as_ref().map(|deed| &deed.by),
        "silenced_until": group.silence.as_ref().filter(|_| group.is_silenced(now_ms)).map(|it| time::rfc3339(it.until_ms)),
        "muted_until": group.muted_until.filter(|_| group.is_muted(now_ms)).map(time::rfc3339),
        "grouped_by": group.labels, "why": group.why, "split_from": group.apart.as_ref().map(|apart| &apart.from),
    })
}
