//! What the operator may set under `[plugins.postmortem.settings]`; the README lists it.
//! A slip in one must not keep anybody from writing.

use drillbell_sdk::{Bot, Level};
use std::collections::BTreeMap;

/// A day in milliseconds.
pub const DAY_MS: u64 = 86_400_000;
/// Longer than any of these waits is meant to be, in days.
const MOST_DAYS: u64 = 366;

/// `severities`: whose incidents are offered a draft when they are over.
pub fn severities(bot: &mut impl Bot) -> Vec<String> {
    bot.setting_or_log("severities").unwrap_or_else(|| vec![String::from("sev1"), String::from("sev2")])
}

/// `publish_days`: after so long people are reminded that nothing is published, milliseconds.
pub fn publish_ms(bot: &mut impl Bot) -> u64 {
    days(bot, "publish_days", 5)
}

/// `escalate_days`: what is overdue for so long is for the owner's lead, too, milliseconds.
pub fn escalate_ms(bot: &mut impl Bot) -> u64 {
    days(bot, "escalate_days", 3)
}

/// `lessons_days`: until when what a runbook or a broken glass taught is to be looked at, milliseconds.
pub fn lessons_ms(bot: &mut impl Bot) -> u64 {
    days(bot, "lessons_days", 14)
}

/// `leads`: who is told when something of somebody's is overdue; `*` is for all others.
pub fn lead(bot: &mut impl Bot, owner: &str) -> Option<String> {
    let leads: BTreeMap<String, String> = bot.setting_or_log("leads").unwrap_or_default();
    leads.get(owner).or_else(|| leads.get("*")).filter(|lead| *lead != owner).cloned()
}

/// `page_leads`: whether leads are paged, too.
pub fn pages_leads(bot: &mut impl Bot) -> bool {
    bot.setting_or_log("page_leads").unwrap_or(false)
}

fn days(bot: &mut impl Bot, key: &str, usual: u64) -> u64 {
    let days = bot.setting_or_log(key).unwrap_or(usual);
    if !(1..=MOST_DAYS).contains(&days) {
        let text = format!("setting `{key}` is {days}, it is a number of days from 1 to {MOST_DAYS}: it is {usual}");
        bot.log(Level::Error, &text);
        return usual * DAY_MS;
    }
    days * DAY_MS
}
