//! The public status page: the words for everybody, which somebody else approves before anybody reads them.

use crate::changes::Done;
use crate::grants::aside;
use drillbell_sdk::{
    Bot, Command, HostError, Incident, IncidentId, Level, PublicRule, PublicUpdate, Result, Status, View, user,
};

/// What the public reads at the end.
const OVER: &str = "This incident has been resolved.";

/// What the public reads first, where every update is for it: nothing of what insiders wrote but the title.
const BEGUN: &str = "We are looking into a problem.";

/// Why a form asks whether its words are for the public too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// The page shows the incident already.
    Shown,
    /// The operator wants every update of such incidents proposed.
    Wanted,
}

/// Whether forms about incidents of a severity ask, whatever is public already.
pub fn offer(bot: &mut impl Bot, severity: &str) -> Option<Offer> {
    (bot.public_rule(severity) == PublicRule::Propose).then_some(Offer::Wanted)
}

/// Whether an incident's updates are for the public page without anybody asking for it.
fn is_wanted(bot: &mut impl Bot, id: &IncidentId) -> Result<bool> {
    let severity = bot.incident(id)?.severity;
    Ok(offer(bot, &severity).is_some())
}

/// Where every update is for the public, the first words are proposed as soon as there is an incident.
pub fn begin(bot: &mut impl Bot, incident: &Incident) -> Result {
    if offer(bot, &incident.severity).is_none() {
        return Ok(());
    }
    let proposed = bot.propose_public(PublicUpdate {
        incident: incident.id.clone(),
        title: String::new(),
        status: incident.status,
        text: BEGUN.to_owned(),
        components: Vec::new(),
    });
    aside(bot, Level::Warn, proposed, &format!("{} is not proposed for the public page", incident.id))?;
    Ok(())
}

/// Proposes an update's words as they are: with `--public`, and where the operator wants it so unless `--internal`.
pub fn update(bot: &mut impl Bot, done: Done, cmd: &Command) -> Result<Done> {
    let components = cmd.text("component").map(states).transpose()?.unwrap_or_default();
    let (public, internal) = (cmd.flag("public"), cmd.flag("internal"));
    if public && internal {
        return Err(user("Either --public or --internal."));
    }
    if !public {
        if !(components.is_empty() && cmd.text("title").is_none()) {
            return Err(user("--title and --component are for the public page: say --public too."));
        }
        let is_for_all = !internal && is_wanted(bot, done.id())?;
        return if is_for_all { words(bot, done, cmd.required("text")?) } else { Ok(done) };
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

/// Proposes words as they are, under the title that is public or the incident's own. What cannot be proposed is said all the same
/// where the incident lives, and why the public does not read it.
pub fn words(bot: &mut impl Bot, done: Done, text: &str) -> Result<Done> {
    let (incident, status) = (done.id().clone(), bot.incident(done.id())?.status);
    let update = PublicUpdate { incident, title: String::new(), status, text: text.to_owned(), components: Vec::new() };
    let proposed = bot.propose_public(update);
    let how = match &proposed {
        Ok(approval) => format!("Not public yet: {approval} waits for somebody else's approval."),
        Err(error) => format!("Not proposed for the public page: {error}"),
    };
    aside(bot, Level::Warn, proposed, &format!("an update of {} is not proposed for the public page", done.id()))?;
    Ok(done.adding(how))
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
