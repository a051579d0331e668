//! What the operator may set under `[plugins.sev-declare.settings]`; the README lists it.
//! A slip in one must not keep anybody from declaring.

use drillbell_sdk::{Bot, Level};

/// The roles that every incident has.
const ROLES: [&str; 3] = [COMMANDER, "communications", "scribe"];
/// Who leads.
pub const COMMANDER: &str = "commander";
/// Characters of a role's name.
const ROLE_CHARS: usize = 32;
/// A card has a button for each.
const MOST_ROLES: usize = 20;
/// Minutes until people are reminded that nobody leads.
const NUDGE_MINUTES: u64 = 5;
/// Minutes by which an update is put off.
const SNOOZE_MINUTES: u64 = 10;
/// A week: longer than any of these waits is meant to be.
const MOST_MINUTES: u64 = 7 * 24 * 60;
const MINUTE_MS: u64 = 60_000;

/// `roles`: those that every incident has, then the operator's own.
pub fn roles(bot: &mut impl Bot) -> Vec<String> {
    let own: Vec<String> = bot.setting_or_log("roles").unwrap_or_default();
    let mut roles: Vec<String> = ROLES.map(String::from).into();
    for role in own {
        let role = role.trim().to_lowercase();
        if !is_role(&role) {
            bot.log(
                Level::Error,
                &format!("setting `roles`: `{role}` is left out, a role is one word of a-z, 0-9 and -"),
            );
        } else if !roles.contains(&role) {
            roles.push(role);
        }
    }
    if roles.len() > MOST_ROLES {
        bot.log(Level::Error, &format!("setting `roles`: only the first {MOST_ROLES} of {} roles count", roles.len()));
        roles.truncate(MOST_ROLES);
    }
    roles
}

/// As the host has it.
fn is_role(word: &str) -> bool {
    let tail = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    word.starts_with(|c: char| c.is_ascii_lowercase()) && word.chars().all(tail) && word.len() <= ROLE_CHARS
}

/// `nudge_minutes`: how long nobody may lead before people are reminded, milliseconds; 0 is for ever.
pub fn nudge_ms(bot: &mut impl Bot) -> Option<u64> {
    Some(minutes(bot, "nudge_minutes", NUDGE_MINUTES)).filter(|ms| *ms > 0)
}

/// `snooze_minutes`: by how much `Snooze` puts an update off, milliseconds.
pub fn snooze_ms(bot: &mut impl Bot) -> u64 {
    minutes(bot, "snooze_minutes", SNOOZE_MINUTES).max(MINUTE_MS)
}

fn minutes(bot: &mut impl Bot, key: &str, usual: u64) -> u64 {
    let minutes = bot.setting_or_log(key).unwrap_or(usual);
    if minutes > MOST_MINUTES {
        let text = format!("setting `{key}` is {minutes}, at most {MOST_MINUTES} minutes make sense: it is {usual}");
        bot.log(Level::Error, &text);
        return usual * MINUTE_MS;
    }
    minutes * MINUTE_MS
}
