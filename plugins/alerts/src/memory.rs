//! Where groups are kept: `g/GROUP`, `m/GROUP/FINGERPRINT` for each alert of it, `f/SOURCE/FINGERPRINT` for where that alert fired
//! last, `p/GROUP` for the picture, and `s/SOURCE/FINGERPRINT` for the group that an alert has to itself.

use crate::group::{Group, Member};
use crate::picture::Picture;
use drillbell_sdk::{Bot, HostError, Result, user};

const GROUPS: &str = "g/";
const MEMBERS: &str = "m/";
const PICTURES: &str = "p/";
const APART: &str = "s/";
/// Groups that are looked through; the host's own cap.
const MOST: u32 = 1000;
/// Fewer letters of a name may mean anything.
const LEAST_OF_NAME: usize = 3;
/// What is over is forgotten after so long.
const FORGET_MS: u64 = 7 * 24 * 3_600_000;
/// Alerts that a group may keep however old they are.
const MEMBERS_KEPT: u64 = 50;
/// What is asked of the host in one go; it bears a thousand requests a call.
const ASKED: u32 = 900;

pub fn group(bot: &mut impl Bot, id: &str) -> Result<Option<Group>> {
    bot.get_json(&format!("{GROUPS}{id}"))
}

pub fn keep(bot: &mut impl Bot, group: &Group) -> Result {
    bot.set_json(&format!("{GROUPS}{}", group.id), group)
}

pub fn member(bot: &mut impl Bot, group: &str, fingerprint: &str) -> Result<Option<Member>> {
    bot.get_json(&format!("{MEMBERS}{group}/{fingerprint}"))
}

pub fn keep_member(bot: &mut impl Bot, group: &str, fingerprint: &str, member: &Member) -> Result {
    bot.set_json(&format!("{MEMBERS}{group}/{fingerprint}"), member)
}

/// The picture of a group's episode, if there is one.
pub fn picture(bot: &mut impl Bot, group: &Group) -> Result<Option<Picture>> {
    match group.pictured {
        true => bot.get_json(&format!("{PICTURES}{}", group.id)),
        false => Ok(None),
    }
}

pub fn keep_picture(bot: &mut impl Bot, group: &Group, picture: &Picture) -> Result {
    bot.set_json(&format!("{PICTURES}{}", group.id), picture)
}

/// The group in which an alert fired last.
pub fn home(bot: &mut impl Bot, source: &str, fingerprint: &str) -> Result<Option<String>> {
    Ok(bot.get(&format!("f/{source}/{fingerprint}"))?)
}

pub fn keep_home(bot: &mut impl Bot, source: &str, fingerprint: &str, group: &str) -> Result {
    Ok(bot.set(&format!("f/{source}/{fingerprint}"), group)?)
}

/// The group that people gave an alert to itself, if they did.
pub fn apart(bot: &mut impl Bot, source: &str, fingerprint: &str) -> Result<Option<String>> {
    Ok(bot.get(&format!("{APART}{source}/{fingerprint}"))?)
}

pub fn keep_apart(bot: &mut impl Bot, source: &str, fingerprint: &str, group: &str) -> Result {
    Ok(bot.set(&format!("{APART}{source}/{fingerprint}"), group)?)
}

/// An alert belongs to another group now.
pub fn move_member(bot: &mut impl Bot, from: &str, to: &str, fingerprint: &str, member: &Member) -> Result {
    bot.delete(&format!("{MEMBERS}{from}/{fingerprint}"))?;
    keep_member(bot, to, fingerprint, member)
}

/// The alerts of a group, by fingerprint.
pub fn members(bot: &mut impl Bot, group: &str, most: u32) -> Result<Vec<(String, Member)>> {
    let prefix = format!("{MEMBERS}{group}/");
    let entries = bot.list(&prefix, most)?;
    let read = |(key, value): (String, String)| {
        let member = serde_json::from_str(&value).ok()?;
        Some((key.strip_prefix(&prefix)?.to_owned(), member))
    };
    Ok(entries.into_iter().filter_map(read).collect())
}

/// All groups, as many as fit into one look; what fires first, and of those the newest first.
pub fn groups(bot: &mut impl Bot) -> Result<Vec<Group>> {
    let mut groups = under(bot, GROUPS)?;
    groups.sort_by_key(|group| (group.firing == 0, std::cmp::Reverse(group.last_ms)));
    Ok(groups)
}

/// The groups under a prefix. Where they are more than the host hands over at once, some are better than none.
fn under(bot: &mut impl Bot, prefix: &str) -> Result<Vec<Group>> {
    let mut most = MOST;
    let entries = loop {
        match bot.list(prefix, most) {
            Err(HostError::TooLarge(_)) if most > 1 => most /= 2,
            other => break other?,
        }
    };
    Ok(entries.iter().filter_map(|(_, value)| serde_json::from_str(value).ok()).collect())
}

/// The group that somebody means, by the beginning of its name.
pub fn named(bot: &mut impl Bot, name: &str) -> Result<Group> {
    let name = name.trim().trim_start_matches('#').to_lowercase();
    if let Some(group) = group(bot, &name)? {
        return Ok(group);
    }
    let plain = name.len() >= LEAST_OF_NAME && name.chars().all(|c| c.is_ascii_alphanumeric());
    let found = if plain { bot.list(&format!("{GROUPS}{name}"), 2)? } else { Vec::new() };
    match found.as_slice() {
        [(key, _)] => {
            let id = key.trim_start_matches(GROUPS).to_owned();
            group(bot, &id)?.ok_or_else(|| user("No such group of alerts. `/alert list --all` names them."))
        }
        [] => Err(user("No such group of alerts. `/alert list --all` names them.")),
        _ => Err(user("Several groups begin so: name one by more of its letters.")),
    }
}

/// Forgets what is long over: groups, and alerts of large groups that go on. Goes through the groups whose names begin with
/// `from` or a later letter; where to go on, if that was not all.
pub fn sweep(bot: &mut impl Bot, now_ms: u64, from: &str) -> Result<Option<String>> {
    let from = from.chars().next().unwrap_or('0');
    let mut left = ASKED;
    for letter in ('0'..='9').chain('a'..='z').filter(|letter| *letter >= from) {
        left = left.saturating_sub(1);
        for mut group in under(bot, &format!("{GROUPS}{letter}"))? {
            let old = |since_ms: u64| since_ms.saturating_add(FORGET_MS) < now_ms;
            let over = group.firing == 0 && old(group.last_ms) && !group.is_silenced(now_ms);
            if !over && group.members <= MEMBERS_KEPT {
                continue;
            }
            // What is looked at and what is removed counts alike.
            let most = left.saturating_sub(3) / 3;
            if most == 0 {
                return Ok(Some(letter.to_string()));
            }
            left -= 1;
            let members = members(bot, &group.id, MOST)?;
            let mut more = members.len() >= usize::try_from(MOST).unwrap_or(usize::MAX);
            let mut removed = 0;
            for (fingerprint, member) in members {
                if !over && (group.has_firing(&member) || !old(member.since_ms)) {
                    continue;
                }
                if removed >= most {
                    more = true;
                    break;
                }
                forget_member(bot, &group, &fingerprint)?;
                removed += 1;
            }
            left -= 3 * removed + 1;
            if over && !more {
                bot.delete(&format!("{GROUPS}{}", group.id))?;
                if let Some(apart) = &group.apart {
                    bot.delete(&format!("{APART}{}/{}", group.source, apart.fingerprint))?;
                    left = left.saturating_sub(1);
                }
                if group.pictured {
                    bot.delete(&format!("{PICTURES}{}", group.id))?;
                    left = left.saturating_sub(1);
                }
            } else if removed > 0 {
                group.members = group.members.saturating_sub(u64::from(removed));
                keep(bot, &group)?;
            }
            if more && removed > 0 {
                return Ok(Some(letter.to_string()));
            }
        }
    }
    Ok(None)
}

/// Where an alert fires is another's business once it fires in another group.
fn forget_member(bot: &mut impl Bot, group: &Group, fingerprint: &str) -> Result {
    bot.delete(&format!("{MEMBERS}{}/{fingerprint}", group.id))?;
    if home(bot, &group.source, fingerprint)?.as_deref() == Some(group.id.as_str()) {
        bot.delete(&format!("f/{}/{fingerprint}", group.source))?;
    }
    Ok(())
}
