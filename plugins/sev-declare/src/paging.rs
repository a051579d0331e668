//! What is said when people are paged, by the ladder or by hand with `/sev page`: to them, in the incident's conversation and in
//! its timeline.

use crate::card::{self, acknowledge};
use crate::escalation::{self, Climb};
use crate::grants::granted;
use crate::place;
use drillbell_sdk::{
    Bot, Command, Contact, HostError, HostResult, Incident, IncidentId, PageAction, Person, Result, Step, Tone, View,
    time, user,
};
use serde_json::json;
use std::time::Duration;

/// Longest name of a level that is read as one: `L10`.
const LEVEL_CHARS: usize = 3;

/// What a step says.
pub struct Said {
    /// In the timeline.
    pub note: String,
    /// In the conversation.
    pub view: View,
}

/// What whoever is paged reads.
pub fn page(bot: &mut impl Bot, incident: &Incident, step: Option<Step>, words: &str) -> View {
    let severities = bot.severities();
    let mut view = View::titled(card::heading(incident)).tone(card::tone(incident, &severities));
    if !words.is_empty() {
        view = view.text(words);
    }
    if !incident.latest.is_empty() {
        view = view.text(&incident.latest);
    }
    view = view.field("Status", incident.status.as_str());
    if let Some(service) = &incident.service {
        view = view.field("Service", service);
    }
    if let Some(place) = place::own(incident) {
        view = view.field("Worked on in", place);
    }
    view = view.field("Declared by", &incident.declared_by).time("Declared", incident.declared_ms);
    let level = match step {
        Some(Step { level, round: 0, .. }) => format!("You are level {level}. "),
        Some(Step { level, .. }) => format!("You are level {level}, paged again. "),
        None => String::new(),
    };
    let id = &incident.id;
    let how =
        format!("{level}Take it up with Acknowledge, `/sev ack {id}` or a reply `ack` in chat; until then it goes on.");
    view.context(how).button(acknowledge(&incident.id))
}

/// What whoever was paged reads when it is over, or somebody else looks after it.
pub fn all_clear(bot: &mut impl Bot, incident: &Incident, by: &Person) -> HostResult<View> {
    let (heading, now_ms) = (card::heading(incident), bot.now());
    if incident.is_open() {
        let text = format!("{} has taken it up. Nobody else will be paged.", by.name);
        return Ok(View::titled(heading).tone(Tone::Info).text(text));
    }
    // What was merged is not over: it goes on where it went.
    if let Some(into) = bot.facts(&incident.id)?.merged_into {
        let Incident { id, title, severity, .. } = bot.incident(&into)?;
        let text = format!("Part of {id} ({title}, {severity}) now, which goes on.");
        return Ok(View::titled(heading).tone(Tone::Info).text(text));
    }
    let lasted = card::lasted(incident, incident.resolved_ms.unwrap_or(now_ms));
    let text = format!("Over after {lasted}: {} says so.", by.name);
    Ok(View::titled(heading).tone(Tone::Good).text(text))
}

/// What a step of the ladder did, and what comes next.
pub fn step(
    incident: &Incident,
    climb: &Climb,
    step: Step,
    paged: &[Contact],
    all: &[Contact],
    next: Option<(u32, u64)>,
    now_ms: u64,
) -> Said {
    let Step { level, round, .. } = step;
    let id = &incident.id;
    let names = titles(paged);
    let away: Vec<String> =
        all.iter().filter_map(|contact| Some(format!("{} ({})", contact.title, contact.left_out.as_ref()?))).collect();
    let left_out = if away.is_empty() { String::new() } else { format!(" Left out: {}.", away.join("; ")) };
    let note = match (paged.is_empty(), round) {
        (true, _) => format!("Level {level} of {}: nobody could be paged.{left_out}", climb.ladder),
        (false, 0) => format!("Level {level} of {}: paged {names}.{left_out}", climb.ladder),
        (false, _) => format!("Level {level} of {}, again: paged {names}.{left_out}", climb.ladder),
    };
    if paged.is_empty() {
        let then = match next {
            Some((level, _)) => format!("Level {level} is next, at once."),
            None => format!("There is no level after it: page somebody by hand with `/sev page NAME --incident {id}`."),
        };
        let text = format!("{id}: nobody of level {level} can be paged now.{left_out} {then}");
        return Said { note, view: View::from(text).tone(Tone::Critical).button(acknowledge(id)) };
    }
    let waited = time::span(Duration::from_millis(now_ms.saturating_sub(climb.begun_ms)));
    let what = match (level, round) {
        (1, 0) => format!("{id}: paged {names}."),
        (_, 0) if now_ms <= climb.begun_ms => format!("{id}: level {level} is paged at once: {names}."),
        (_, 0) => format!("{id}: nobody has acknowledged for {waited}. Level {level} is paged: {names}."),
        _ => format!("{id}: nobody has acknowledged for {waited}. Paged again: {names}."),
    };
    let then = match next {
        Some((next, at_ms)) if at_ms <= now_ms => format!("Level {next} is paged at once."),
        Some((next, at_ms)) => {
            let wait = time::span(Duration::from_millis(at_ms.saturating_sub(now_ms)));
            let whom = if next == level { "they are paged again".to_owned() } else { format!("level {next} is paged") };
            format!("If nobody acknowledges, {whom} in {wait}.")
        }
        None => String::from("Nobody comes after them."),
    };
    let tone = if (level, round) == (1, 0) { Tone::Info } else { Tone::Warning };
    let view = View::from(format!("{what}{left_out}")).tone(tone).context(then).button(acknowledge(id));
    Said { note, view }
}

/// The last level's time is over and nobody answers.
pub fn at_the_end(incident: &Incident, climb: &Climb) -> View {
    let id = &incident.id;
    let whom = if climb.paged.is_empty() {
        "nobody on the ladder could be paged"
    } else {
        "everybody on the ladder was paged"
    };
    let text = format!("{id}: {whom}, and nobody has acknowledged.");
    let how = format!("Somebody look at it now. {}", by_name(id));
    View::from(text).tone(Tone::Critical).context(how).button(acknowledge(id))
}

fn by_name(id: &IncidentId) -> String {
    format!("`/sev page NAME --incident {id}` pages somebody by hand.")
}

/// The ladder was taken out of the configuration while somebody was on it.
pub fn ladder_gone(incident: &Incident, ladder: &str) -> View {
    let id = &incident.id;
    let text = format!("{id}: its ladder `{ladder}` is not configured any more, so nobody further is paged.");
    View::from(text).tone(Tone::Critical).context(by_name(id))
}

/// Without what climbing takes, or after an error.
pub fn cannot_climb(incident: &Incident, why: &str) -> View {
    let id = &incident.id;
    let text = format!("{id}: nobody further is paged by itself.");
    View::from(text).tone(Tone::Critical).context(why).context(by_name(id))
}

/// `/sev page`: somebody by name, a level (`L2`), or the level that the incident has reached.
pub fn by_hand(bot: &mut impl Bot, cmd: &Command, id: &IncidentId) -> Result {
    let incident = bot.incident(id)?;
    if !incident.is_open() {
        return Err(user(format!("{id} is resolved, so nobody is paged about it. /sev reopen {id} opens it again.")));
    }
    let before = escalation::remembered(bot, &incident);
    let before = granted(bot, before, "who is paged by hand is not told of the end")?;
    let is_kept = before.is_some();
    let mut climb = before.flatten().unwrap_or_default();
    let words = cmd.text("text").unwrap_or_default();
    let (wanted, left_out) = match cmd.text("who") {
        Some(who) => match level_of(who) {
            Some(level) => of_level(bot, &incident, &climb, level)?,
            None => (vec![found(bot, who, &incident)?], Vec::new()),
        },
        None => of_level(bot, &incident, &climb, climb.level.max(1))?,
    };
    let asked = format!("{} asks for you. {words}", cmd.by.name);
    for contact in &wanted {
        let view = page(bot, &incident, None, asked.trim());
        bot.page_contact(&contact.who, id, PageAction::Trigger, view)?;
        climb.has_paged(&contact.who);
    }
    place::summon(bot, &incident, &wanted)?;
    if is_kept {
        escalation::keep(bot, id, &climb)?;
    }
    let names = titles(&wanted);
    let why = if words.is_empty() { String::new() } else { format!(": {words}") };
    bot.note(id, "escalation", &format!("{} paged {names} by hand{why}", cmd.by.name))?;
    let mut view = View::from(format!("{id}: paged {names}."));
    for contact in &wanted {
        if let Some(why) = &contact.left_out {
            view = view
                .context(format!("{} would have been left out ({why}), and was paged all the same.", contact.title));
        }
    }
    for contact in &left_out {
        let why = contact.left_out.as_deref().unwrap_or_default();
        let how = format!("`/sev page {}` pages them all the same.", contact.who);
        view = view.context(format!("{} was left out ({why}). {how}", contact.title));
    }
    bot.reply(view.button(acknowledge(id)))?;
    let who = |contacts: &[Contact]| contacts.iter().map(|contact| contact.who.clone()).collect::<Vec<_>>();
    bot.set_data(&json!({ "incident": incident, "paged": who(&wanted), "left_out": who(&left_out) }))?;
    Ok(())
}

/// `L2` or `2`.
fn level_of(word: &str) -> Option<u32> {
    let digits = word.strip_prefix(['L', 'l']).unwrap_or(word);
    (word.len() <= LEVEL_CHARS && !digits.is_empty()).then(|| digits.parse().ok()).flatten()
}

/// Who of a level is to be paged, and who is left out.
fn of_level(
    bot: &mut impl Bot,
    incident: &Incident,
    climb: &Climb,
    level: u32,
) -> Result<(Vec<Contact>, Vec<Contact>)> {
    let ladder = match climb.ladder.is_empty() {
        false => Some(climb.ladder.clone()),
        true => bot.ladder_for(&incident.severity, incident.service.as_deref())?,
    };
    let Some(ladder) = ladder else {
        return Err(user(format!(
            "Nobody is configured to be paged for {}. Say whom: /sev page NAME.",
            incident.severity
        )));
    };
    let contacts = match bot.ladder_level(&ladder, level, &incident.severity) {
        Err(HostError::NotFound(_)) => {
            let most = bot.ladder_steps(&ladder)?.iter().map(|step| step.level).max().unwrap_or_default();
            return Err(user(format!("The ladder {ladder} has no level {level}; its last one is {most}.")));
        }
        other => other?,
    };
    let (here, away): (Vec<_>, Vec<_>) = contacts.into_iter().partition(|contact| contact.left_out.is_none());
    if here.is_empty() {
        let away: Vec<String> = away
            .iter()
            .map(|contact| format!("{} ({})", contact.who, contact.left_out.as_deref().unwrap_or_default()))
            .collect();
        let text = format!("Nobody of level {level} is to be paged now: {}.", away.join("; "));
        return Err(user(format!("{text} /sev page NAME pages somebody all the same.")));
    }
    Ok((here, away))
}

fn found(bot: &mut impl Bot, who: &str, incident: &Incident) -> Result<Contact> {
    match bot.find_contact(who, &incident.severity) {
        Err(HostError::NotFound(text)) => {
            Err(user(format!("{text}. A level is `L2`; without a name the level that was reached is paged again.")))
        }
        other => Ok(other?),
    }
}

fn titles(contacts: &[Contact]) -> String {
    contacts.iter().map(|contact| contact.title.as_str()).collect::<Vec<_>>().join(", ")
}
