//! Rollbacks are begun here: one at a time for each service, after as many people agreed as have to, and never a third time by itself.

use crate::choose::Needs;
use crate::memory::{self, Attempt, Case, Started, State, Work};
use crate::plan::{self, Plan, Spec};
use crate::service::Service;
use crate::{check, propose};
use drillbell_sdk::{
    Approval, ApprovalId, ApprovalRequest, Bot, Conversation, HostError, IncidentId, Level, NewJob, OnLost, Result,
    Tone, View, internal, user, words,
};
use serde_json::{Value, json};
use std::time::Duration;

/// The host's kind of job.
const KIND: &str = "rollback";
/// How long approvals are waited for: who has not agreed by then has not been there.
const WAIT: Duration = Duration::from_secs(30 * 60);
/// How long a rollback of code may take at least.
const CODE_LIMIT: Duration = Duration::from_secs(2 * 3_600);
/// How long one that moves data may take.
const DATA_LIMIT: Duration = Duration::from_secs(36 * 3_600);

/// Who wants it, and where.
pub struct Asked<'a> {
    /// Their name.
    pub by: &'a str,
    /// Where it is told.
    pub to: &'a Conversation,
    /// The incident it belongs to.
    pub incident: Option<&'a IncidentId>,
    /// Why it is tried again, after two attempts have failed.
    pub again: Option<&'a str>,
}

/// What keeps two rollbacks of a service from running at once.
pub fn key(service: &str) -> String {
    format!("rollback/{service}")
}

/// Whether a rollback may begin now: none is under way, and after two that failed a person says why.
pub fn may(bot: &mut impl Bot, name: &str, again: Option<&str>) -> Result {
    if let Some(running) = bot.job_with_key(&key(name))? {
        let stands = if running.state == "held" { "waits for an approval" } else { running.state.as_str() };
        return Err(user(format!(
            "{name} is being rolled back already: job {} ({}), {stands}. `/rollback abort {name}` stops it as far as that goes.",
            running.id, running.title
        )));
    }
    let case = memory::case(bot, name)?;
    if let Some(last) = case.last().filter(|last| last.state == State::Asked) {
        return Err(user(format!(
            "A rollback of {name} waits for approvals already: {}. `/rollback abort {name}` takes it back.",
            last.approval
        )));
    }
    if case.last().is_some_and(|last| last.state == State::Verifying) {
        return Err(user(format!(
            "{name} was rolled back just now, and is being verified. `/rollback verify {name}` looks now, `/rollback abort {name}` waits no longer."
        )));
    }
    if plan::is_used_up(&case) && again.is_none() {
        let p0 = case.p0.as_ref().map(|id| format!(" ({id})")).unwrap_or_default();
        return Err(user(format!(
            "{} attempts to roll {name} back have failed{p0}, and nothing is tried a third time by itself. Find out why first; then \
             `/rollback run {name} --again REASON`, which one more has to agree to.",
            case.failed()
        )));
    }
    Ok(())
}

/// Begins what a plan says, or asks those who have to agree first. How it stands, in words.
pub fn begin(bot: &mut impl Bot, service: &Service, plan: &Plan, asked: &Asked<'_>) -> Result<String> {
    let name = &service.name;
    may(bot, name, asked.again)?;
    let mut case = memory::case(bot, name)?;
    if case.is_over() {
        case = Case::default();
    }
    case.incident = asked.incident.cloned().or(case.incident);
    case.to = Some(asked.to.clone());
    let spec = &plan.spec;
    let mut attempt = Attempt {
        number: case.attempts.len() + 1,
        strategy: spec.strategy.clone(),
        kind: plan.strategy.kind.clone(),
        from: spec.from.clone(),
        to: spec.to.clone(),
        by: asked.by.to_owned(),
        again: asked.again.map(str::to_owned),
        began_ms: bot.now(),
        ..Attempt::default()
    };
    let said = if plan.needs.count > 0 {
        let approval = ask(bot, plan, &plan.needs, asked)?;
        bot.set_json(&format!("approval/{approval}"), &(name.clone(), attempt.number))?;
        attempt.approval = approval.to_string();
        attempt.state = State::Asked;
        format!("{approval} waits for {} to agree", others(plan.needs.count))
    } else {
        let about = attempt.number.to_string();
        let started = Started {
            work: Work::Rollback,
            service: name.clone(),
            to: Some(asked.to.clone()),
            by: asked.by.to_owned(),
            about,
            incident: case.incident.clone(),
        };
        attempt.job = start(bot, spec, &plan.strategy.kind, &started, None).map_err(|error| refused(name, error))?;
        format!("job {}", attempt.job)
    };
    case.attempts.push(attempt);
    memory::set_case(bot, name, &case)?;
    propose::freeze(bot, plan, asked.by, case.incident.as_ref(), &said)?;
    check::rolling_back(bot, service, asked.by)?;
    Ok(said)
}

fn others(count: u32) -> String {
    if count == 1 { "1 other".to_owned() } else { format!("{count} others") }
}

fn ask(bot: &mut impl Bot, plan: &Plan, needs: &Needs, asked: &Asked<'_>) -> Result<ApprovalId> {
    let now_ms = bot.now();
    let subject = json!({ "kind": KIND, "spec": plan.spec });
    let mut details = propose::describe(plan, now_ms);
    if let Some(again) = asked.again {
        details = details.field("Tried again because", again);
    }
    let mut request = ApprovalRequest::new(title(&plan.spec), &subject).needed(needs.count).timeout(WAIT);
    request = request.to(asked.to).details(details);
    if let Some(role) = bot.setting::<String>("approve_role")? {
        request = request.role(role);
    }
    match bot.ask_approval(request) {
        Ok(id) => Ok(id),
        Err(HostError::Invalid(why)) => {
            let why = why.trim_end_matches('.');
            Err(user(format!("Nobody can be asked whether {} may be rolled back: {why}.", plan.spec.service)))
        }
        Err(other) => Err(other.into()),
    }
}

fn title(spec: &Spec) -> String {
    const CHARS: usize = 120;
    let text = format!("roll {} back from {} to {} by {}", spec.service, spec.from, spec.to, spec.strategy);
    match text.chars().count() {
        0..=CHARS => text,
        _ => text.chars().take(CHARS - 1).chain(['…']).collect(),
    }
}

fn start(
    bot: &mut impl Bot,
    spec: &impl serde::Serialize,
    kind: &str,
    started: &Started,
    approval: Option<&str>,
) -> Result<String, HostError> {
    let spec = serde_json::to_value(spec).map_err(|error| HostError::Invalid(error.to_string()))?;
    let read: Spec = serde_json::from_value(spec.clone()).map_err(|error| HostError::Invalid(error.to_string()))?;
    let limit = if matches!(kind, "migration" | "restore") { DATA_LIMIT } else { CODE_LIMIT };
    let mut job = NewJob::new(KIND, title(&read), &spec)?.key(key(&started.service)).run_limit(limit);
    job = job.on_lost(OnLost::Verify);
    if let Some(to) = &started.to {
        job = job.conversation(to);
    }
    if let Some(approval) = approval {
        job = job.approval(approval);
    }
    let id = bot.start_job(job)?;
    memory::started(bot, &id, started).map_err(|error| HostError::Unavailable(error.to_string()))?;
    Ok(id)
}

/// What the house says no to is told with the promise that nothing happened.
fn refused(name: &str, error: HostError) -> drillbell_sdk::Error {
    match error {
        HostError::Invalid(why) | HostError::NotFound(why) | HostError::TooLarge(why) => {
            user(format!("{name} is not rolled back: {}. Nothing was done.", why.trim_end_matches('.')))
        }
        other => other.into(),
    }
}

/// An approval of this plugin's has ended: the very job that was asked about begins, or it was not to be.
pub fn decided(bot: &mut impl Bot, approval: &Approval) -> Result {
    let known: Option<(String, usize)> = bot.take_json(&format!("approval/{}", approval.id))?;
    let Some((name, number)) = known else { return Ok(()) };
    let mut case = memory::case(bot, &name)?;
    let (incident, to) = (case.incident.clone(), case.to.clone());
    let Some(attempt) = case.attempt(number).filter(|attempt| attempt.state == State::Asked) else { return Ok(()) };
    let by: Vec<_> = approval.by.iter().map(|person| person.name.clone()).collect();
    let by = if by.is_empty() { "nobody".to_owned() } else { by.join(", ") };
    let outcome = if approval.status == "approved" {
        let asked: Value = serde_json::from_str(&approval.subject)
            .map_err(|error| internal(format!("the approval {} reads wrong: {error}", approval.id)))?;
        let started = Started {
            work: Work::Rollback,
            service: name.clone(),
            to: to.clone(),
            by: attempt.by.clone(),
            about: number.to_string(),
            incident: incident.clone(),
        };
        match start(bot, &asked["spec"], &attempt.kind, &started, Some(&approval.id)) {
            Ok(job) => Ok(job),
            Err(error @ (HostError::Denied(_) | HostError::Unavailable(_))) => return Err(error.into()),
            Err(error) => Err(error.text().trim_end_matches('.').to_owned()),
        }
    } else {
        Err(match approval.status.as_str() {
            "denied" => format!("{by} said no"),
            "expired" => "not enough have agreed in time".to_owned(),
            _ => "it was taken back".to_owned(),
        })
    };
    let title = attempt.title();
    let view = match &outcome {
        Ok(job) => {
            (attempt.state, attempt.job) = (State::Running, job.clone());
            let view = View::titled(format!("{name} is being rolled back")).tone(Tone::Warning);
            view.text(format!("{}: approved by {by}, job {job}.", words::capital(&title)))
        }
        Err(why) => {
            (attempt.state, attempt.said) = (State::NotDone, words::sentence(why));
            let view = View::titled(format!("{name} is not rolled back")).tone(Tone::Neutral);
            view.text(format!("{}: {why}. Nothing was done.", words::capital(&title)))
        }
    };
    let decision = match &outcome {
        Ok(job) => format!("{title} approved by {by}, job {job}"),
        Err(why) => format!("{title} not begun: {why}"),
    };
    memory::set_case(bot, &name, &case)?;
    crate::evidence::freeze(
        bot,
        &name,
        (&decision, &by),
        incident.as_ref(),
        json!({ "approval": approval.id, "by": approval.by }),
    )?;
    match to {
        Some(to) => Ok(bot.post_or_log(&to, view).map(drop)?),
        None => {
            bot.log(Level::Info, &decision);
            Ok(())
        }
    }
}
