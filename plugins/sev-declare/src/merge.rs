//! `/sev merge INC-n --into INC-m`: one turned out to be part of another. It ends, points there and keeps its timeline.

use crate::sight::Sight;
use crate::{card, changes, escalation, place, prompts, public};
use drillbell_sdk::{Bot, Command, Incident, Result, Severity, View, internal};
use serde_json::json;

/// Merges, and brings both cards up to date.
pub fn merge(bot: &mut impl Bot, cmd: &Command) -> Result {
    let given =
        |name: &str| cmd.args.incident(name).ok_or_else(|| internal(format!("plugin.toml does not require `{name}`")));
    let (id, into) = (given("id")?, given("into")?);
    // The sentence about an incident that is gone already is the host's, unless it went to the same place.
    let facts = bot.facts(&id)?;
    if facts.merged_into.as_ref() == Some(&into) {
        let (incident, into) = (bot.incident(&id)?, bot.incident(&into)?);
        bot.reply(View::from(format!("{id} is already merged into {}. Nothing changed.", into.id)))?;
        let data = json!({ "incident": incident, "facts": facts, "into": into, "changed": false });
        return Ok(bot.set_data(&data)?);
    }
    bot.merge(&id, &into)?;
    let (ended, going_on) = (Sight::of(bot, &id)?, Sight::of(bot, &into)?);
    let mut said = View::from(format!("{id} is merged into {into} ({}). Go on there.", going_on.incident.title))
        .context(format!("Merged by {}. What happened in {id} stays: /sev timeline {id}", cmd.by.name));
    if is_milder(&going_on.incident, &ended.incident, &going_on.severities) {
        let (was, is) = (&ended.incident.severity, &going_on.incident.severity);
        said = said.context(format!(
            "{id} was {was}, {into} is {is}. If it is as bad as that: /sev level {was} --incident {into}"
        ));
    }
    if public::is_open(bot, &id)? {
        said =
            said.context(format!("The public page still shows {id}: /sev resolve --incident {id} proposes its end."));
    }
    if let Some(place) = place::own(&going_on.incident) {
        said = said.context(format!("{into} is worked on in {place}."));
    }
    place::let_go(bot, &ended.incident, ended.incident.card.as_ref())?;
    bot.reply(&said)?;
    place::merged(bot, &ended.incident, &said, cmd.incident.as_ref())?;
    let facts = &ended.facts;
    bot.set_data(&json!({ "incident": ended.incident, "facts": facts, "into": going_on.incident, "changed": true }))?;
    for sight in [&ended, &going_on] {
        place::follow(bot, &sight.incident, false)?;
        card::refresh(bot, sight)?;
        prompts::wind(bot, sight)?;
    }
    changes::digest(bot, &ended.incident, &said)?;
    escalation::stop(bot, &ended.incident, &cmd.by)
}

/// Whether one is known to be less severe than the other.
fn is_milder(one: &Incident, other: &Incident, severities: &[Severity]) -> bool {
    let rank = |of: &Incident| severities.iter().position(|severity| severity.name == of.severity);
    matches!((rank(one), rank(other)), (Some(one), Some(other)) if one > other)
}
