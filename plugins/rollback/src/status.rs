//! `/rollback status` and `/rollback abort`: what is under way, and stopping it as far as that goes.

use crate::alarm;
use crate::memory::{self, Case, State};
use crate::{check, evidence, flags, run, service, watch};
use drillbell_sdk::{ApprovalId, Bot, Command, Error, Result, Tone, View, time, user, words};
use serde_json::{Value, json};

/// `/rollback status [SERVICE]`
pub fn command(bot: &mut impl Bot, cmd: &Command) -> Result {
    let names = match cmd.text("service") {
        Some(name) => vec![service::need(bot, name)?.name],
        None => bot.services()?.into_iter().filter(|one| !one.strategies.is_empty()).map(|one| one.name).collect(),
    };
    if names.is_empty() {
        bot.set_data(&json!({ "services": [] }))?;
        let text = "No [services.NAME.rollback] is configured. `docs/rollback.md` begins with one.";
        bot.reply(View::nothing("There is nothing to roll back").text(text))?;
        return Ok(());
    }
    let mut data = Vec::new();
    for name in &names {
        let (machine, view) = one(bot, name)?;
        data.push(machine);
        bot.reply(view)?;
    }
    bot.set_data(&json!({ "services": data }))?;
    Ok(())
}

fn one(bot: &mut impl Bot, name: &str) -> Result<(Value, View)> {
    let (case, now_ms) = (memory::case(bot, name)?, bot.now());
    let deploys = bot.deploys(Some(name), 100)?;
    let runs = memory::ran(bot, name)?.now(&deploys);
    let running = bot.job_with_key(&run::key(name))?;
    let watch = watch::of(bot, name)?.filter(|watch| !watch.over);
    let check = check::last(bot, name)?.filter(|check| check.decided.is_none() && check.clock.is_some());
    // The host may ask people before it lets a job begin.
    let held = running.as_ref().is_some_and(|job| job.state == "held");
    let stands = if held { "waits for approvals" } else { alarm::stands(&case) };
    let tone = match case.last().map(|last| last.state) {
        Some(State::Failed) => Tone::Critical,
        Some(State::Unknown) => Tone::Warning,
        Some(State::Verified) => Tone::Good,
        _ => Tone::Neutral,
    };
    let mut view = View::titled(format!("{name}: {stands}")).tone(tone);
    view = view.field("Runs", runs.clone().unwrap_or_else(|| "nobody recorded what".to_owned()));
    if let Some(p0) = &case.p0 {
        view = view.field("Incident", p0.as_str());
    }
    let line = |attempt: &memory::Attempt| {
        let at = time::day_hour_minute(attempt.began_ms);
        let waits = held && attempt.state == State::Running;
        let state = if waits { "waits for approvals" } else { attempt.state.words() };
        format!("{at}  {}: {state}. {}", attempt.title(), attempt.said).trim_end().to_owned()
    };
    let lines: Vec<_> = case.attempts.iter().map(line).collect();
    if !lines.is_empty() {
        view = view.code(lines.join("\n"));
    }
    if let Some(job) = &running {
        let stage = if job.stage.is_empty() { String::new() } else { format!(", {}", job.stage) };
        let state = if held { "waits for an approval; `/drillbell approve` lists it" } else { job.state.as_str() };
        view = view.field("Job", format!("{}: {state}{stage}", job.id));
    }
    if let Some(watch) = &watch {
        let left = words::span(watch.until_ms.saturating_sub(now_ms));
        view = view.field("Watched", format!("{}, for {left} more", watch.version));
    }
    let off = flags::open(bot, name)?;
    if !off.is_empty() {
        let names = off.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        view = view.field("Still off", format!("{names}: `/rollback flags {name}`"));
    }
    if let Some(clock) = check.as_ref().and_then(|check| check.clock.as_ref()) {
        view = view.field("To be decided", clock.stands(now_ms));
    }
    let machine = json!({
        "service": name, "runs": runs, "stands": stands, "attempts": case.attempts, "failed": case.failed(), "p0": case.p0,
        "job": running.map(|job| job.id), "watched": watch.map(|watch| watch.version), "off": off,
    });
    Ok((machine, view))
}

/// `/rollback abort [SERVICE]`
pub fn abort(bot: &mut impl Bot, cmd: &Command) -> Result {
    let name = match cmd.text("service") {
        Some(name) => name.to_owned(),
        None => only(bot)?,
    };
    let by = cmd.by.name.clone();
    let mut case = memory::case(bot, &name)?;
    let incident = case.incident.clone();
    let Some(attempt) = case.attempts.last_mut().filter(|last| last.is_open()) else {
        return Err(user(format!("No rollback of {name} is under way.")));
    };
    let title = attempt.title();
    let (said, state) = match attempt.state {
        State::Asked => {
            bot.cancel_approval(&ApprovalId::from(attempt.approval.as_str()), &format!("{by} took it back"))?;
            (attempt.state, attempt.said) = (State::NotDone, format!("{by} took it back."));
            ("It was waiting for approvals. Nothing was done.".to_owned(), "not begun")
        }
        State::Verifying => {
            bot.cancel_timer(&format!("verify/{name}"))?;
            (attempt.state, attempt.said) = (State::Unknown, format!("{by} ended its verification."));
            let to = &attempt.to;
            (
                format!("{to} runs; that stays so. Nobody verifies it any more: `/rollback verify {name}` does."),
                "not verified",
            )
        }
        _ => stop(bot, &name, &attempt.job.clone())?,
    };
    memory::set_case(bot, &name, &case)?;
    evidence::freeze(bot, &name, (&format!("{title} aborted: {state}"), &by), incident.as_ref(), json!({}))?;
    bot.set_data(&json!({ "service": name, "aborted": state }))?;
    bot.reply(View::titled(format!("{name}: {title}")).tone(Tone::Warning).text(said))?;
    Ok(())
}

/// Stops a job as far as that goes. What it says, and in a word.
fn stop(bot: &mut impl Bot, name: &str, id: &str) -> Result<(String, &'static str)> {
    let job = bot.job(id)?;
    let stage = if job.stage.is_empty() {
        "it does not say what it is at".to_owned()
    } else {
        format!("it is at: {}", job.stage)
    };
    let answer = match job.state.as_str() {
        "held" | "ready" => ("It had not begun. Nothing was done.".to_owned(), "not begun"),
        "lost" => {
            let said = "The bot died while it ran, and people are asked on the job's card what became of it. Answer there first;";
            return Err(user(format!("{said} {stage}.")));
        }
        "running" => (
            format!(
                "It is asked to stop, and does so where it can; {stage}. What was done before stays done. Its end says what is half \
                 done; `/rollback status {name}` follows it."
            ),
            "asked to stop",
        ),
        ended => return Err(user(format!("It has ended already: {ended}."))),
    };
    bot.cancel_job(id)?;
    Ok(answer)
}

fn only(bot: &mut impl Bot) -> Result<String> {
    let mut open = Vec::new();
    for (key, text) in bot.list("case/", 1_000)? {
        let case: Case = serde_json::from_str(&text).unwrap_or_default();
        if case.last().is_some_and(memory::Attempt::is_open) {
            open.push(key.trim_start_matches("case/").to_owned());
        }
    }
    match open.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(user("No rollback is under way.")),
        several => Err(Error::User(format!("More than one is under way; say which: {}.", several.join(", ")))),
    }
}
