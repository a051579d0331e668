//! Where groups are kept: `g/GROUP`, `m/GROUP/FINGERPRINT` for each alert of it, and `f/SOURCE/FINGERPRINT` for where that
//! alert fired last.

use crate::group::{Group, Member};
use drillbell_sdk::{Bot, Result, user};

const GROUPS: &str = "g/";
const MEMBERS: &str = "m/";
/// Groups that are looked through; the host's own cap.
const MOST: u32 = 1000;
/// Fewer letters of a name may mean anything.
const LEAST_OF_NAME: usize = 3;
/// What is over is forgotten after so long.
const FORGET_MS: u64 = 7 * 24 * 3_600_000;
/// Keys that are removed in one go.
const REMOVED: usize = 300;

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

/// The group in which an alert fired last.
pub fn home(bot: &mut impl Bot, source: &str, fingerprint: &str) -> Result<Option<String>> {
    Ok(bot.get(&format!("f/{source}/{fingerprint}"))?)
}

pub fn keep_home(bot: &mut impl Bot, source: &str, fingerprint: &str, group: &str) -> Result {
    Ok(bot.set(&format!("f/{source}/{fingerprint}"), group)?)
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

/// All groups; what fires first, and of those the newest first.
pub fn groups(bot: &mut impl Bot) -> Result<Vec<Group>> {
    let entries = bot.list(GROUPS, MOST)?;
    let mut groups: Vec<Group> = entries.iter().filter_map(|(_, value)| serde_json::from_str(value).ok()).collect();
    groups.sort_by_key(|group| (group.firing == 0, std::cmp::Reverse(group.last_ms)));
    Ok(groups)
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

/// Forgets what is long over. Whether there is more.
pub fn sweep(bot: &mut impl Bot, now_ms: u64) -> Result<bool> {
    let mut removed = 0;
    for group in groups(bot)? {
        let over = group.firing == 0 && group.last_ms.saturating_add(FORGET_MS) < now_ms;
        if !over || group.is_silenced(now_ms) {
            continue;
        }
        if removed >= REMOVED {
            return Ok(true);
        }
        let left = u32::try_from(REMOVED - removed).unwrap_or(1);
        let members = members(bot, &group.id, left)?;
        let all = members.len() < usize::try_from(left).unwrap_or(usize::MAX);
        removed += members.len() + 1;
        for (fingerprint, _) in members {
            bot.delete(&format!("{MEMBERS}{}/{fingerprint}", group.id))?;
            bot.delete(&format!("f/{}/{fingerprint}", group.source))?;
        }
        if !all {
            return Ok(true);
        }
        bot.delete(&format!("{GROUPS}{}", group.id))?;
    }
    Ok(false)
}
