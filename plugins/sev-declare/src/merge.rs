//! `/sev merge INC-n --into INC-m`: one turned out to be part of another. It ends, points there and keeps its timeline.

use crate::sight::Sight;
use crate::{card, escalation, prompts};
use drillbell_sdk::{Bot, Command, Result, View, internal};
use serde_json::json;

/// Merges, and brings both cards up to date.
pub fn merge(bot: &mut impl Bot, cmd: &Command) -> Result {
    let given =
        |name: &str| cmd.args.incident(name).ok_or_else(|| internal(format!("plugin.toml does not require `{name}`")));
    let (id, into) = (given("id")?, given("into")?);
    // The sentence about an incident that is gone already is the host's, unless it went to the same place.
    if bot.facts(&id)?.merged_into.as_ref() == Some(&into) {
        let incident = bot.incident(&id)?;
        bot.reply(View::from(format!("{id} is already merged into {into}. Nothing changed.")))?;
        return Ok(bot.set_data(&json!({ "incident": incident, "into": into, "changed": false }))?);
    }
    bot.merge(&id, &into)?;
    let (ended, going_on) = (Sight::of(bot, &id)?, Sight::of(bot, &into)?);
    let said = View::from(format!("{id} is merged into {into} ({}). Go on there.", going_on.incident.title));
    bot.reply(said.context(format!("Merged by {}. What happened in {id} stays: /sev timeline {id}", cmd.by.name)))?;
    let facts = &ended.facts;
    bot.set_data(&json!({ "incident": ended.incident, "facts": facts, "into": going_on.incident, "changed": true }))?;
    for sight in [&ended, &going_on] {
        card::refresh(bot, sight)?;
        prompts::wind(bot, sight)?;
    }
    escalation::stop(bot, &ended.incident, &cmd.by)
}
