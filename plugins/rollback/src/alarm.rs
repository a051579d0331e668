//! An attempt has failed. After the first, the next way back is proposed. After the second nothing is tried by itself any more: there is
//! one P0 with the facts, maintenance is on, the last level of the ladder and the vendors are paged, a postmortem is due (S3-21).

use crate::evidence::noted;
use crate::memory::{self, ATTEMPTS, Case, State, Work};
use crate::outcome::tell;
use crate::propose;
use crate::service::{self, Service};
use crate::upkeep::{self, Mode};
use drillbell_sdk::{
    Bot, Button, Error, HostError, HostResult, Incident, IncidentId, Level, Once, PageAction, PublicUpdate, Result,
    Status, Tone, View, time,
};
use serde_json::json;

/// How long the public is told to wait.
const EXPECTED: &str = "30 minutes";
/// When the postmortem is due.
const POSTMORTEM_MS: u64 = 5 * 24 * 3_600_000;

/// An attempt has failed, and that is remembered already.
pub fn after_failure(bot: &mut impl Bot, name: &str) -> Result {
    let case = memory::case(bot, name)?;
    let service = service::find(bot, name)?;
    match service {
        // It left the configuration: there is no way back to propose, but people hear of it.
        None if case.failed() < ATTEMPTS => {
            let said = format!("{name} is not configured any more: no other way back is known.");
            tell(bot, case.to.as_ref(), View::default().tone(Tone::Warning).text(said))
        }
        Some(service) if case.failed() < ATTEMPTS => match &case.to {
            Some(to) => propose::next(bot, &service, to),
            None => Ok(()),
        },
        service => raise(bot, name, service.as_ref(), case),
    }
}

fn raise(bot: &mut impl Bot, name: &str, service: Option<&Service>, mut case: Case) -> Result {
    if case.alarmed {
        // There is one P0; what fails after it is told there.
        let said = format!("{name}: one more attempt has failed, {} in all", case.failed());
        let view = facts(name, &case).text(format!("Another attempt has failed, {} in all.", case.failed()));
        if let Some(p0) = case.p0.clone() {
            noted(bot, &p0, "rollback", &said)?;
            if aside(bot, |bot| bot.tell(&p0, true, view.clone()), "the incident is not told")?.is_some() {
                return Ok(());
            }
        }
        return tell(bot, case.to.as_ref(), view);
    }
    case.alarmed = true;
    let incident = declared(bot, name, &case)?;
    case.p0 = incident.as_ref().map(|incident| incident.id.clone());
    case.incident = case.p0.clone().or(case.incident);
    memory::set_case(bot, name, &case)?;
    let more = json!({ "p0": case.p0 });
    crate::evidence::freeze(bot, name, ("two attempts have failed: P0", ""), case.p0.as_ref(), more)?;
    let mut view = facts(name, &case);
    let closing = maintained(bot, name, service, &case, &mut view)?;
    let told = noticed(bot, name, service, &case, &mut view)?;
    if closing || told {
        view = view.button(end(name));
    }
    if let Some(incident) = &incident {
        let paged = page(bot, service, incident, &facts(name, &case))?;
        view = view.field("Paged", if paged.is_empty() { "nobody is configured".to_owned() } else { paged.join("; ") });
        if !told {
            view = published(bot, name, &incident.id, view)?;
        }
        let due_ms = bot.now() + POSTMORTEM_MS;
        let text = format!("Write the postmortem: {name} could not be rolled back");
        aside(bot, |bot| bot.add_task(&incident.id, &text, None, Some(due_ms)), "no postmortem is asked for")?;
        view =
            view.field("Postmortem", format!("due {} UTC, a task of {}", time::day_hour_minute(due_ms), incident.id));
    }
    let again = format!("`/rollback run {name} --again REASON`");
    view = view.context(format!("Nothing is tried a third time by itself. Once somebody knows why: {again}."));
    match &incident {
        Some(incident) => {
            match aside(bot, |bot| bot.tell(&incident.id, true, view.clone()), "the incident is not told")? {
                Some(_) => Ok(()),
                None => tell(bot, case.to.as_ref(), view),
            }
        }
        None => tell(bot, case.to.as_ref(), view),
    }
}

/// The P0: the incident that there is, raised to the highest level, or one that is declared now.
fn declared(bot: &mut impl Bot, name: &str, case: &Case) -> Result<Option<Incident>> {
    let severities = bot.severities();
    let Some(worst) = severities.first().map(|severity| severity.name.clone()) else { return Ok(None) };
    let reason = format!("{} attempts to roll {name} back have failed", case.failed());
    let open = match &case.incident {
        Some(id) => aside(bot, |bot| bot.incident(id), "the incident is not read")?.filter(Incident::is_open),
        None => None,
    };
    if let Some(open) = open {
        if open.severity == worst {
            noted(bot, &open.id, "rollback", &reason)?;
            return Ok(Some(open));
        }
        return aside(bot, |bot| bot.set_severity(&open.id, &worst, &reason), "the incident is not raised");
    }
    let Some(to) = &case.to else { return Ok(None) };
    let title = format!("{name} is broken, and {reason}");
    aside(bot, |bot| bot.declare(&title, &worst, to, Some(name)), "no incident is declared")
}

/// Versions, attempts and how it stands (S3-21).
fn facts(name: &str, case: &Case) -> View {
    let mut view = View::titled(format!("{name} could not be rolled back")).tone(Tone::Critical);
    let (from, to) = case.last().map_or(("", ""), |last| (last.from.as_str(), last.to.as_str()));
    view = view.field("Versions", format!("from {from}, which is bad, to {to}"));
    view = view.field("Attempts that failed", case.failed().to_string());
    let lines = case.attempts.iter().map(|attempt| {
        let at = time::hour_minute(attempt.began_ms);
        format!("{at}  {}: {}. {}", attempt.title(), attempt.state.words(), attempt.said).trim_end().to_owned()
    });
    view = view.code(lines.collect::<Vec<_>>().join("\n"));
    let runs =
        case.attempts.iter().rev().find(|attempt| attempt.verify_until_ms > 0).map(|attempt| attempt.to.as_str());
    let stands = match runs {
        Some(version) => format!("{version} runs, and {name} is not well"),
        None => format!("nobody can tell what {name} runs"),
    };
    view.field("State", stands)
}

/// People are shut out, if that can be. Whether it is being done.
fn maintained(bot: &mut impl Bot, name: &str, service: Option<&Service>, case: &Case, view: &mut View) -> Result<bool> {
    let turned = match service.is_some_and(|service| service.maintenance) {
        true => turn(bot, Work::Maintenance, name, case)?,
        false => Err("not configured, so people meet errors: tell them".to_owned()),
    };
    let said = match &turned {
        Ok(job) => format!("is being turned on: job {job}"),
        Err(why) => why.clone(),
    };
    *view = std::mem::take(view).field("Maintenance", said);
    Ok(turned.is_ok())
}

/// The button that lets people in again, and takes down what they read meanwhile.
pub fn end(name: &str) -> Button {
    Button::new("maintenance", "End maintenance").value(format!("{name}|maintenance|off")).once(Once::Never)
}

/// Turns maintenance, or the public notice of it, on: the job, or why not.
fn turn(bot: &mut impl Bot, work: Work, name: &str, case: &Case) -> Result<Result<String, String>> {
    match upkeep::begin(bot, work, (name, Mode::Maintenance, true), "", case.to.as_ref(), case.p0.as_ref()) {
        Ok(job) => Ok(Ok(job)),
        Err(Error::User(why)) => Ok(Err(format!("could not be turned on: {why}"))),
        Err(Error::Internal(why)) => {
            bot.log(Level::Error, &format!("maintenance of {name} is not turned on: {why}"));
            Ok(Err("could not be turned on; the operator's log says why".to_owned()))
        }
    }
}

/// Pages the last level of the ladder and the vendors; those left out now are named.
fn page(bot: &mut impl Bot, service: Option<&Service>, incident: &Incident, view: &View) -> Result<Vec<String>> {
    let (name, severity) = (incident.service.clone(), incident.severity.clone());
    let mut said = Vec::new();
    let ladder = aside(bot, |bot| bot.ladder_for(&severity, name.as_deref()), "no ladder is asked")?.flatten();
    if let Some(ladder) = ladder {
        let steps = aside(bot, |bot| bot.ladder_steps(&ladder), "the ladder is not read")?.unwrap_or_default();
        if let Some(last) = steps.iter().map(|step| step.level).max() {
            let level = aside(bot, |bot| bot.ladder_level(&ladder, last, &severity), "the ladder is not read")?;
            for contact in level.unwrap_or_default() {
                said.push(page_one(bot, &contact.who, incident, view)?);
            }
        }
    }
    for vendor in service.map(|service| service.vendors.clone()).unwrap_or_default() {
        said.push(page_one(bot, &vendor, incident, view)?);
    }
    Ok(said)
}

fn page_one(bot: &mut impl Bot, who: &str, incident: &Incident, view: &View) -> Result<String> {
    let (id, trigger) = (&incident.id, PageAction::Trigger);
    let outcome = match bot.find_contact(who, &incident.severity) {
        Ok(contact) => {
            if let Some(why) = contact.left_out {
                return Ok(format!("{} not: {why}", contact.title));
            }
            bot.page_contact(who, id, trigger, view.clone()).map(|_| contact.title)
        }
        // A notifier that no ladder names.
        Err(HostError::NotFound(_)) => bot.page(who, id.as_str(), trigger, view.clone()).map(|()| who.to_owned()),
        Err(other) => Err(other),
    };
    match outcome {
        Ok(title) => Ok(title),
        Err(error @ HostError::Unavailable(_)) => Err(error.into()),
        Err(error) => {
            bot.log(Level::Error, &format!("{who} is not paged: {error}"));
            Ok(format!("{who} could not be: {}", error.text().trim_end_matches('.')))
        }
    }
}

/// The public reads it at once in the words that the configuration has for it. Whether it does.
fn noticed(bot: &mut impl Bot, name: &str, service: Option<&Service>, case: &Case, view: &mut View) -> Result<bool> {
    if !service.is_some_and(|service| service.notice) {
        return Ok(false);
    }
    let turned = turn(bot, Work::Notice, name, case)?;
    let said = match &turned {
        Ok(job) => format!("tells of it, in the words of the configuration: job {job}"),
        Err(why) => format!("the notice {why}"),
    };
    *view = std::mem::take(view).field("Status page", said);
    Ok(turned.is_ok())
}

/// Without such words somebody has to approve some.
fn published(bot: &mut impl Bot, name: &str, incident: &IncidentId, view: View) -> Result<View> {
    let listed = bot.setting::<std::collections::BTreeMap<String, Vec<String>>>("components")?.unwrap_or_default();
    let components = listed.get(name).into_iter().flatten();
    let update = PublicUpdate {
        incident: incident.clone(),
        title: String::new(),
        status: Status::Investigating,
        text: format!("This is under maintenance while we repair it. We expect it to take about {EXPECTED}."),
        components: components.map(|one| (one.clone(), "under_maintenance".to_owned())).collect(),
    };
    match aside(bot, |bot| bot.propose_public(update), "nothing is proposed for the status page")? {
        Some(id) => Ok(view.field("Status page", format!("{id} waits for somebody's approval"))),
        None => Ok(view),
    }
}

/// What is done beside the matter and must not undo it: an error is a line in the log.
pub fn aside<T, B: Bot>(bot: &mut B, ask: impl FnOnce(&mut B) -> HostResult<T>, without: &str) -> Result<Option<T>> {
    match ask(bot) {
        Ok(answer) => Ok(Some(answer)),
        Err(error @ HostError::Unavailable(_)) => Err(error.into()),
        Err(error) => {
            bot.log(Level::Error, &format!("{without}: {error}"));
            Ok(None)
        }
    }
}

/// Whether anything of a case is known to be well; for `/rollback status`.
pub fn stands(case: &Case) -> &'static str {
    match case.last().map(|last| last.state) {
        None => "never rolled back",
        Some(_) if !case.is_over() && case.failed() >= ATTEMPTS => "two attempts have failed",
        Some(State::Asked) => "waits for approvals",
        Some(State::Running) => "is being rolled back",
        Some(State::Verifying) => "is being verified",
        Some(State::Verified) => "rolled back, and well",
        Some(State::Failed) => "the last attempt failed",
        Some(State::Unknown) => "nobody can tell",
        Some(State::NotDone) => "not rolled back",
    }
}
