//! `/sev ack` and the button Acknowledge: somebody looks after it, so that nobody else need be woken.

use crate::escalation;
use drillbell_sdk::{Bot, IncidentId, Person, Result, View, time, user};
use serde_json::json;

/// Takes an incident up; whoever comes second reads who was first.
pub fn acknowledge(bot: &mut impl Bot, id: &IncidentId, by: &Person) -> Result {
    let incident = bot.incident(id)?;
    if !incident.is_open() {
        return Err(user(format!("{id} is resolved already: there is nothing to take up.")));
    }
    let climb = escalation::climb_of(bot, id)?.unwrap_or_default();
    if let Some((who, at_ms)) = climb.acknowledged {
        let at = time::hour_minute(at_ms);
        bot.reply(format!("{id} is already taken up: by {who} at {at}. Nothing changed."))?;
        bot.set_data(&json!({ "incident": incident, "changed": false }))?;
        return Ok(());
    }
    escalation::keep(bot, id, &climb)?;
    bot.note(id, "acknowledged", &format!("{} has taken it up", by.name))?;
    escalation::stop(bot, &incident, by)?;
    let next = "Next: find the cause; /sev update TEXT keeps everyone posted.";
    bot.reply(View::from(format!("{id}: {} has taken it up. Nobody else will be paged.", by.name)).context(next))?;
    bot.set_data(&json!({ "incident": incident, "changed": true }))?;
    Ok(())
}
