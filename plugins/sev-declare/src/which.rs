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
        Some(Incident { id, title, .. }) => user(format!(
            "Which incident? The last one resolved was {id} ({title}). To reopen it, type /sev reopen {id}."
        )),
        None => user("No incident was resolved lately, so there is none to reopen. /sev list --all shows them all."),
    })
}

/// The incident of the card that was clicked: the card says it, so that an old copy of it still means the same one.
pub fn of_button(action: &Action) -> Result<IncidentId> {
    let written = Some(action.value.as_str()).filter(|value| !value.is_empty()).map(IncidentId::from);
    written.or_else(|| action.incident.clone()).ok_or_else(|| internal("a card's button names no incident"))
}

fn ask(bot: &mut impl Bot, cmd: &Command) -> Result<Error> {
    let (open, sub) = (bot.incidents(true, NAMED + 1)?, cmd.subcommand.as_str());
    let looking = matches!(sub, "show" | "timeline");
    let Some(newest) = open.first() else {
        return Ok(user(if looking {
            format!("No incident is open. To see an earlier one, type /sev {sub} INC-1; /sev list --all names them.")
        } else {
            String::from(
                "No incident is open. To open one, type /sev declare LEVEL TITLE; \
                 to name an earlier one, add --incident INC-1.",
            )
        }));
    };
    let example = if looking { format!("/sev {sub} {}", newest.id) } else { format!("--incident {}", newest.id) };
    let mut names: Vec<String> =
        open.iter().take(NAMED as usize).map(|incident| format!("{} ({})", incident.id, incident.title)).collect();
    if open.len() > NAMED as usize {
        names.push(String::from("…"));
    }
    let how = if looking { "Type, for example," } else { "Add, for example," };
    Ok(user(format!("Which incident? Open now: {}. {how} {example}.", names.join(", "))))
}
