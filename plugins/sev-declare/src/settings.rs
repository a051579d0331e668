//! What the operator may set under `[plugins.sev-declare.settings]`; the README lists it.

use drillbell_sdk::{Bot, Result, internal};

/// The roles that every incident has.
const ROLES: [&str; 3] = [COMMANDER, "communications", "scribe"];
/// Who leads.
pub const COMMANDER: &str = "commander";
/// Minutes until people are reminded that nobody leads.
const NUDGE_MINUTES: u64 = 5;
/// Minutes by which an update is put off.
const SNOOZE_MINUTES: u64 = 10;
/// A week: longer than any of these waits is meant to be.
const MOST_MINUTES: u64 = 7 * 24 * 60;
const MINUTE_MS: u64 = 60_000;

/// `roles`: those that every incident has, then the operator's own.
pub fn roles(bot: &mut impl Bot) -> Result<Vec<String>> {
    let own: Vec<String> = bot.setting("roles")?.unwrap_or_default();
    let mut roles: Vec<String> = ROLES.map(String::from).into();
    for role in own {
        if !roles.contains(&role) {
            roles.push(role);
        }
    }
    Ok(roles)
}

/// `nudge_minutes`: how long nobody may lead before people are reminded, milliseconds; 0 is for ever.
pub fn nudge_ms(bot: &mut impl Bot) -> Result<Option<u64>> {
    minutes(bot, "nudge_minutes", NUDGE_MINUTES).map(|ms| Some(ms).filter(|ms| *ms > 0))
}

/// `snooze_minutes`: by how much `Snooze` puts an update off, milliseconds.
pub fn snooze_ms(bot: &mut impl Bot) -> Result<u64> {
    minutes(bot, "snooze_minutes", SNOOZE_MINUTES).map(|ms| ms.max(MINUTE_MS))
}

fn minutes(bot: &mut impl Bot, key: &str, usual: u64) -> Result<u64> {
    let minutes: u64 = bot.setting(key)?.unwrap_or(usual);
    if minutes > MOST_MINUTES {
        return Err(internal(format!("setting `{key}` is {minutes}; at most {MOST_MINUTES} minutes make sense")));
    }
    Ok(minutes * MINUTE_MS)
}
