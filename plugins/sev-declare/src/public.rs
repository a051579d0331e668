//! The public status page: the words for everybody, which somebody else approves before anybody reads them.

use crate::changes::Done;
use drillbell_sdk::{Bot, Command, HostError, IncidentId, PublicUpdate, Result, Status, View, user};

/// What the public reads at the end when nobody wrote anything else.
const OVER: &str = "This incident has been resolved.";

/// With `--public`, proposes an update's words as they are.
pub fn update(bot: &mut impl Bot, done: Done, cmd: &Command) -> Result<Done> {
    let components = cmd.text("component").map(states).transpose()?.unwrap_or_default();
    if !cmd.flag("public") {
        return match components.is_empty() && cmd.text("title").is_none() {
            true => Ok(done),
            false => Err(user("--title and --component are for the public page: say --public too.")),
        };
    }
    let status = bot.incident(done.id())?.status;
    let id = bot.propose_public(PublicUpdate {
        incident: done.id().clone(),
        title: cmd.text("title").unwrap_or_default().to_owned(),
        status,
        text: cmd.required("text")?.to_owned(),
        components,
    })?;
    Ok(done.adding(format!("Not public yet: {id} waits for somebody else's approval.")))
}

/// What is public of a resolved incident is proposed to be resolved too. A bot without a page, or without the grant, has
/// nothing public.
pub fn resolve(bot: &mut impl Bot, id: &IncidentId, text: &str, said: View) -> Result<View> {
    let open = match bot.public_status(id) {
        Ok(status) => status.is_some_and(|status| status != Status::Resolved),
        Err(HostError::Denied(_)) => false,
        Err(error) => return Err(error.into()),
    };
    if !open {
        return Ok(said);
    }
    let approval = bot.propose_public(PublicUpdate {
        incident: id.clone(),
        title: String::new(),
        status: Status::Resolved,
        text: if text.trim().is_empty() { OVER } else { text }.to_owned(),
        components: Vec::new(),
    })?;
    Ok(said.context(format!("The public page still shows it open: {approval} waits for somebody else's approval.")))
}

/// Proposes how components are, without a story.
pub fn components(bot: &mut impl Bot, cmd: &Command) -> Result {
    let states = states(cmd.required("states")?)?;
    let id = bot.propose_components(cmd.required("reason")?, &states)?;
    let shown: Vec<_> = states.iter().map(|(name, state)| format!("{name} is {state}")).collect();
    let said = View::from(format!("Proposed for the public page: {}", shown.join(", ")));
    bot.reply(said.context(format!("Not public yet: {id} waits for somebody else's approval.")))?;
    Ok(())
}

/// Reads `api=degraded,web=operational`.
fn states(text: &str) -> Result<Vec<(String, String)>> {
    let pair = |part: &str| {
        let (name, state) =
            part.split_once('=').filter(|(name, state)| !name.trim().is_empty() && !state.trim().is_empty())?;
        Some((name.trim().to_owned(), state.trim().to_owned()))
    };
    let wrong =
        |part: &str| user(format!("\"{part}\" is no NAME=STATE, such as api=degraded; several are joined by commas."));
    text.split(',').map(|part| pair(part).ok_or_else(|| wrong(part.trim()))).collect()
}
