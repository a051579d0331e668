//! Why alerts are one group, and taking one out of it into a card of its own. What is split stays so: later alerts of its fingerprint go to
//! the new card, until that is over for a week and forgotten.

use crate::card::SPLIT;
use crate::group::{Apart, Group, Member, Turn};
use crate::{act, card, declare, hear, memory};
use drillbell_sdk::{Bot, Once, Person, Result, View, time, user};

/// Alerts that are listed, and that a choice shows.
const LISTED: u32 = 20;
/// Alerts that are looked through for the one that is meant.
const LOOKED: u32 = 500;
/// Bytes of a fingerprint in a choice, which comes back whole: its beginning will do.
const CHOICE_CHARS: usize = 60;
/// Letters of a group's name.
const LETTERS: usize = 8;

/// Which alerts are in a group, by which labels and which rule, and a choice that takes one out.
pub fn why(bot: &mut impl Bot, group: &Group) -> Result<View> {
    let members = memory::members(bot, &group.id, LISTED)?;
    let line = |(fingerprint, member): &(String, Member)| {
        let state = if group.has_firing(member) { "firing" } else { "resolved" };
        let since = time::day_hour_minute(member.since_ms);
        format!("{fingerprint} · {state} since {since} UTC · {}", card::times(member.count))
    };
    let lines: Vec<_> = members.iter().map(line).collect();
    let mut view = View::titled(format!("Why {} is one group", group.id)).text(&group.why);
    if group.apart.is_none() && !group.labels.is_empty() {
        let labels = group.labels.iter().map(|(name, value)| format!("{name}={value}"));
        let labels = labels.collect::<Vec<_>>().join("\n");
        view = view
            .text("Alerts of its source with these labels, told in the same conversation, share its card:")
            .code(labels);
    }
    view = view.text(lines.join("\n"));
    if members.len() < 2 {
        return Ok(view);
    }
    let options = members.iter().map(|(fingerprint, _)| {
        let value: String = fingerprint.chars().take(CHOICE_CHARS).collect();
        (format!("{} {value}", group.id), value)
    });
    Ok(view.select(SPLIT, "Give one a card of its own…", Once::Never, options))
}

/// Takes an alert out of its group. `named` is its fingerprint, or how that begins.
pub fn split(bot: &mut impl Bot, mut group: Group, named: &str, by: &Person) -> Result {
    let now_ms = bot.now();
    let named = named.trim();
    let mut found = memory::members(bot, &group.id, LOOKED)?;
    found.retain(|(fingerprint, _)| !named.is_empty() && fingerprint.starts_with(named));
    if let Some(exact) = found.iter().position(|(fingerprint, _)| fingerprint == named) {
        found = vec![found.swap_remove(exact)];
    }
    let (fingerprint, member) = match found.as_slice() {
        [one] => one.clone(),
        [] => {
            return Err(user(format!("No alert of {} is called so. `/alert show {}` names them.", group.id, group.id)));
        }
        _ => return Err(user("Several alerts begin so: name one by more of its fingerprint.")),
    };
    if group.members < 2 {
        return Err(user(format!("It is the only alert of {}: it has a card of its own already.", group.id)));
    }
    let mut own = part(&group, &fingerprint, &member, by, now_ms);
    memory::keep_apart(bot, &group.source, &fingerprint, &own.id)?;
    memory::keep_home(bot, &group.source, &fingerprint, &own.id)?;
    memory::move_member(bot, &group.id, &own.id, &fingerprint, &member)?;
    let turn = group.lose(&member, now_ms);
    let words = format!("{} split {fingerprint} off {} ({}), to {}", by.name, group.title, group.id, own.id);
    declare::note(bot, &group, &words)?;
    if turn == Turn::Ended {
        declare::heard(bot, &mut group, turn, now_ms)?;
    }
    hear::appear(bot, &mut own, now_ms)?;
    memory::keep(bot, &own)?;
    act::done(bot, group, format!("{fingerprint} has a card of its own, {}", own.id))
}

/// The group that an alert alone is. What is not known of it alone comes with its next alert.
fn part(group: &Group, fingerprint: &str, member: &Member, by: &Person, now_ms: u64) -> Group {
    let fires = group.has_firing(member);
    let apart =
        Apart { from: group.id.clone(), fingerprint: fingerprint.to_owned(), by: by.name.clone(), at_ms: now_ms };
    let title = match member.title.is_empty() {
        true => format!("{} ({fingerprint})", group.title),
        false => member.title.clone(),
    };
    let mut own = Group {
        id: name(&format!("{}\n{fingerprint}\n{}", group.source, group.id)),
        source: group.source.clone(),
        title,
        conversation: group.conversation.clone(),
        service: group.service.clone(),
        severity: group.severity.clone(),
        runbook: group.runbook.clone(),
        why: group.why.clone(),
        count: member.count,
        members: 1,
        firing: u64::from(fires),
        since_ms: member.since_ms,
        last_ms: now_ms,
        ended_ms: (!fires).then_some(now_ms),
        turns: vec![member.since_ms],
        ..Group::default()
    };
    own.set_apart(apart);
    own
}

/// Eight letters and digits that are the same for the same text: FNV-1a.
fn name(text: &str) -> String {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    let mut hash = text.bytes().fold(0xcbf2_9ce4_8422_2325, mix);
    let letter = |_| {
        let digit = DIGITS[(hash % 36) as usize];
        hash /= 36;
        char::from(digit)
    };
    (0..LETTERS).map(letter).collect()
}
