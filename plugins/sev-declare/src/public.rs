//! The public status page: the words for everybody, which somebody else approves before anybody reads them.

use crate::changes::Done;
use crate::grants::aside;
use drillbell_sdk::{Bot, Command, HostError, IncidentId, Level, PublicUpdate, Result, Status, View, user};

/// What the public reads at the end.
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

/// Proposes words as they are for what is public already, under the title that it has there.
pub fn words(bot: &mut impl Bot, done: Done, text: &str) -> Result<Done> {
    let (incident, status) = (done.id().clone(), bot.incident(done.id())?.status);
    let update = PublicUpdate { incident, title: String::new(), status, text: text.to_owned(), components: Vec::new() };
    let id = bot.propose_public(update)?;
    Ok(done.adding(format!("Not public yet: {id} waits for somebody else's approval.")))
}

/// Whether the public still reads that an incident goes on. Without the grant nobody here can know, and nothing is proposed.
pub fn is_open(bot: &mut impl Bot, id: &IncidentId) -> Result<bool> {
    let status = match bot.public_status(id) {
        Err(HostError::Denied(_)) => return Ok(false),
        status => aside(bot, Level::Error, status, &format!("whether anything of {id} is public is not known"))?,
    };
    Ok(status.flatten().is_some_and(|status| status != Status::Resolved))
}

/// What is public of a resolved incident is proposed to be resolved too, in words that give nothing away: what insiders wrote is for
/// them. What cannot be proposed (the page is gone, it has all the updates it takes) resolves nothing less.
pub fn resolve(bot: &mut impl Bot, id: &IncidentId, said: View) -> Result<View> {
    if !is_open(bot, id)? {
        return Ok(said);
    }
    let proposed = bot.propose_public(PublicUpdate {
        incident: id.clone(),
        title: String::new(),
        status: Status::Resolved,
        text: OVER.to_owned(),
        components: Vec::new(),
    });
    let why = match &proposed {
        Ok(approval) => format!("{approval} waits for somebody else's approval."),
        Err(error) => error.to_string(),
    };
    aside(bot, Level::Error, proposed, &format!("the public end of {id} is not proposed"))?;
    Ok(said.context(format!("The public page still shows it open: {why}")))
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
