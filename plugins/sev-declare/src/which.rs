//! Which incident is meant. The host has looked already (`--incident`, the conversation's, the only open one); where it
//! found none, the answer is a sentence that tells what to type.

use drillbell_sdk::{Action, Bot, Command, Error, Incident, IncidentId, Result, internal, user};

/// Names at most so many open incidents in a question; whoever has more wants `/sev list`.
const NAMED: u32 = 5;

/// The incident named by the command's own `id`, or the one the host found.
pub fn incident(bot: &mut impl Bot, cmd: &Command) -> Result<IncidentId> {
    match cmd.args.incident("id").or_else(|| cmd.incident.clone()) {
        Some(id) => Ok(id),
        None => Err(ask(bot, cmd)?),
    }
}

/// The same for `/sev reopen`, where an open incident is never meant unless it was named.
pub fn to_reopen(bot: &mut impl Bot, cmd: &Command) -> Result<IncidentId> {
    if let Some(id) = cmd.args.incident("id").or_else(|| cmd.incident.clone()) {
        return Ok(id);
    }
    let last = bot.incidents(false, NAMED)?.into_iter().filter(|incident| !incident.is_open());
    Err(match last.max_by_key(|incident| incident.resolved_ms) {
        Some(Incident { id, title, .. }) => {
            user(format!("Which incident? The last one resolved was {id}, {title}. Type /sev reopen {id}."))
        }
        None => user("No incident was resolved lately, so there is none to reopen. /sev list --all shows them all."),
    })
}

/// The incident of the card that was clicked: the card says it, so that an old copy of it still means the same one.
pub fn of_button(action: &Action) -> Result<IncidentId> {
    let written = Some(action.value.as_str()).filter(|value| !value.is_empty()).map(IncidentId::from);
    written.or_else(|| action.incident.clone()).ok_or_else(|| internal("a card's button names no incident"))
}

fn ask(bot: &mut impl Bot, cmd: &Command) -> Result<Error> {
    let open = bot.incidents(true, NAMED)?;
    let sub = &cmd.subcommand;
    let example = match (sub.as_str(), open.first()) {
        ("show" | "timeline", Some(incident)) => format!("/sev {sub} {}", incident.id),
        (_, Some(incident)) => format!("--incident {}", incident.id),
        ("show" | "timeline", None) => {
            return Ok(user(format!(
                "No incident is open. To see an earlier one, type /sev {sub} INC-1; /sev list --all names them."
            )));
        }
        (_, None) => {
            return Ok(user(
                "No incident is open. To open one, type /sev declare LEVEL TITLE; to name an earlier one, add --incident INC-1.",
            ));
        }
    };
    let names: Vec<String> = open.iter().map(|incident| format!("{} ({})", incident.id, incident.title)).collect();
    Ok(user(format!("Which incident? Open are {}. Say which with {example}.", names.join(", "))))
}
