//! Whether a rollback helped (S3-13 to S3-17): by the machine, over the windows of what is measured, and by people who try it out. What
//! nobody can tell is not well, and not an attempt that failed either: somebody has to look.

use crate::card::clip;
use crate::memory::{self, Attempt, Case, Started, State, Work};
use crate::outcome::tell;
use crate::service::{self, Service};
use crate::upkeep::Mode;
use crate::verdict::{self, Assessed, Attested, Verdict};
use crate::{alarm, check, evidence, look, picture, watch};
use drillbell_sdk::words::capital;
use drillbell_sdk::{Action, Bot, Button, Command, Error, Job, Level, Once, Result, Timer, Tone, View, time, user};
use serde_json::json;

/// How often what measures over a window is asked again.
const EVERY_MS: u64 = 60_000;
/// A window is waited for this long at most.
const WINDOW_MS: u64 = 30 * 60_000;

/// A check so long before a rollback shows how it was before it.
const BEFORE_MS: u64 = 24 * 3_600_000;

/// `/rollback verify SERVICE`
pub fn command(bot: &mut impl Bot, cmd: &Command) -> Result {
    let service = service::need(bot, cmd.required("service")?)?;
    let case = memory::case(bot, &service.name)?;
    let started = Started::asked(Work::Verify, &service.name, &cmd.by.name, &cmd.conversation, cmd.incident.as_ref());
    let started = Started { about: verified_by(&case), ..started };
    let job = look::begin(bot, &started, look::What::Verify)?;
    bot.set_data(&json!({ "service": service.name, "job": job }))?;
    bot.reply(View::default().text(format!("Verifying {}.", service.name)))?;
    Ok(())
}

/// The attempt that a look decides, or none.
fn verified_by(case: &Case) -> String {
    let open = case.last().filter(|last| matches!(last.state, State::Verifying | State::Unknown));
    open.map(|last| last.number.to_string()).unwrap_or_default()
}

/// A rollback was done: looks now, and again while what measures over a window still sees what was before.
pub fn begin_after(bot: &mut impl Bot, service: &Service, case: &mut Case, number: usize) -> Result {
    let window_ms = service.verify.iter().filter_map(|one| one.window_ms).max().unwrap_or(0).min(WINDOW_MS);
    let now_ms = bot.now();
    if let Some(attempt) = case.attempt(number) {
        attempt.verify_until_ms = now_ms + window_ms;
    }
    memory::set_case(bot, &service.name, case)?;
    again(bot, service, case, number)
}

fn again(bot: &mut impl Bot, service: &Service, case: &mut Case, number: usize) -> Result {
    let name = &service.name;
    if let Some(running) = bot.job_with_key(&look::key(Work::Verify, name))? {
        bot.log(Level::Info, &format!("{name} is being verified already: job {}", running.id));
        // That look may be about nothing, or began too early: without a timer nobody would ask again.
        let at_ms = bot.now() + EVERY_MS;
        bot.set_timer(&format!("verify/{name}"), at_ms, &number.to_string())?;
        return Ok(());
    }
    let started = Started {
        work: Work::Verify,
        service: name.clone(),
        to: case.to.clone(),
        by: String::new(),
        about: number.to_string(),
        incident: case.incident.clone(),
    };
    let why = match look::begin(bot, &started, look::What::Verify) {
        Ok(_) => return Ok(()),
        Err(Error::User(why) | Error::Internal(why)) => why,
    };
    // Nobody will look by itself: people have to know, and may.
    bot.log(Level::Error, &why);
    let Some(attempt) = case.attempt(number) else { return Ok(()) };
    (attempt.state, attempt.said) = (State::Unknown, "Nobody could be asked whether it helped.".to_owned());
    let attempt = attempt.clone();
    memory::set_case(bot, name, case)?;
    let view = View::titled(format!("{name} cannot be verified")).tone(Tone::Critical);
    let view = view.text(format!("{}. Look by hand.", capital(why.trim_end_matches('.'))));
    tell(bot, case.to.as_ref(), buttons(view, name, &attempt))
}

/// A window has passed a little further.
pub fn tick(bot: &mut impl Bot, name: &str, timer: &Timer) -> Result {
    let mut case = memory::case(bot, name)?;
    let verifying = case.last().filter(|last| last.state == State::Verifying);
    let number = verifying.map(|last| last.number).filter(|number| number.to_string() == timer.payload);
    let Some(number) = number else { return Ok(()) };
    match service::find(bot, name)? {
        Some(service) => again(bot, &service, &mut case, number),
        None => left(bot, name, &mut case, number),
    }
}

/// The service left the configuration while an attempt was being verified.
fn left(bot: &mut impl Bot, name: &str, case: &mut Case, number: usize) -> Result {
    nobody_can(bot, name, case, number)?;
    let gone = format!("{name} is not configured any more, so that nobody can tell whether the rollback helped.");
    tell(bot, case.to.as_ref(), View::default().tone(Tone::Warning).text(gone))
}

/// Nobody will verify an attempt: it does not stay open.
pub fn nobody_can(bot: &mut impl Bot, name: &str, case: &mut Case, number: usize) -> Result {
    let now_ms = bot.now();
    if let Some(attempt) = case.attempt(number) {
        let said = format!("{name} left the configuration before it was verified.");
        attempt.verify_until_ms = attempt.verify_until_ms.max(now_ms);
        (attempt.state, attempt.said) = (State::Unknown, said);
    }
    bot.cancel_timer(&format!("verify/{name}"))?;
    memory::set_case(bot, name, case)
}

/// A look has come back, or did not.
pub fn ended(bot: &mut impl Bot, started: &Started, job: &Job) -> Result {
    let name = &started.service;
    let Some(service) = service::find(bot, name)? else {
        let mut case = memory::case(bot, name)?;
        let number: usize = started.about.parse().unwrap_or_default();
        return match case.attempt(number).is_some_and(|attempt| attempt.state == State::Verifying) {
            true => left(bot, name, &mut case, number),
            false => look::gone(bot, started),
        };
    };
    let said: Assessed = bot.said_by(job);
    let why = look::why(job, &said);
    let results = verdict::complete(said.results, &service.verify);
    picture::keep(bot, name, &results)?;
    let found = if job.status == "done" { verdict::holds(&results) } else { "unknown" };
    let mut case = memory::case(bot, name)?;
    let now_ms = bot.now();
    let number: usize = started.about.parse().unwrap_or_default();
    let open = |attempt: &&mut Attempt| matches!(attempt.state, State::Verifying | State::Unknown);
    let Some(attempt) = case.attempt(number).filter(open) else {
        // Nothing waits for it: whoever asked reads it.
        return match started.by.is_empty() {
            true => Ok(()),
            false => tell(bot, started.to.as_ref(), plain(name, found, &why, &results)),
        };
    };
    let waits = |one: &&Verdict| one.status != "pass" && one.window_ms.is_some_and(|ms| ms > 0);
    let at_once = results.iter().filter(|one| !waits(one)).all(|one| one.status == "pass");
    if found != "pass" && at_once && now_ms < attempt.verify_until_ms && attempt.state == State::Verifying {
        // What it measures began before the rollback: it gets its window.
        let at_ms = (now_ms + EVERY_MS).min(attempt.verify_until_ms);
        bot.set_timer(&format!("verify/{name}"), at_ms, &number.to_string())?;
        return match started.by.is_empty() {
            true => Ok(()),
            false => tell(bot, started.to.as_ref(), plain(name, found, &why, &results)),
        };
    }
    attempt.state = match found {
        "pass" => State::Verified,
        "fail" => State::Failed,
        _ => State::Unknown,
    };
    attempt.said = why.clone();
    let (done, incident) = (attempt.clone(), case.incident.clone());
    if done.marked_done && done.state == State::Verified {
        memory::set_ran(bot, name, &done.from, &done.to)?;
    }
    bot.cancel_timer(&format!("verify/{name}"))?;
    memory::set_case(bot, name, &case)?;
    let decision = format!("{}: {}", done.title(), done.state.words());
    evidence::freeze(bot, name, (&decision, &started.by), incident.as_ref(), json!({ "verify": results }))?;
    let mut view = after(bot, &service, &done, &why, &results)?;
    if done.state == State::Verified && case.alarmed && Mode::Maintenance.of(&service).is_some() {
        let still = "People were told that it is closed, and that stays so until somebody ends it.";
        view = view.text(still).button(alarm::end(name));
    }
    let to = case.to.clone().or_else(|| started.to.clone());
    if let Some(to) = &to {
        case.card = bot.post_or_log(to, view)?;
        memory::set_case(bot, name, &case)?;
    }
    match done.state {
        State::Failed => alarm::after_failure(bot, name),
        State::Verified => watch::rolled_back(bot, &service, &done.from),
        _ => Ok(()),
    }
}

fn plain(name: &str, found: &str, why: &str, results: &[Verdict]) -> View {
    let (title, tone) = match found {
        "pass" => (format!("{name} is as it should be"), Tone::Good),
        "fail" => (format!("{name} is not as it should be"), Tone::Critical),
        _ => (format!("Nobody can tell whether {name} is as it should be"), Tone::Warning),
    };
    verdict::lines(View::titled(title).tone(tone), why, results)
}

/// How an attempt ended. A look says how the service is, not which version runs: that is known from the job, or from whoever marked it.
fn title(name: &str, attempt: &Attempt) -> (String, Tone) {
    let to = &attempt.to;
    let runs = attempt.verify_until_ms > 0 || attempt.marked_done;
    match (attempt.state, runs) {
        (State::Verified, true) => (format!("{name} is back on {to} and well"), Tone::Good),
        (State::Verified, false) => (format!("{name} is well, and nobody can tell whether {to} runs"), Tone::Good),
        (State::Failed, true) => (format!("{name} is back on {to}, and that did not help"), Tone::Critical),
        (State::Failed, false) => {
            (format!("{name} is not well, and nobody can tell whether {to} runs"), Tone::Critical)
        }
        (_, true) => (format!("{name} is back on {to}, and nobody can tell whether that helped"), Tone::Warning),
        (_, false) => (format!("Nobody can tell whether {to} of {name} runs, or is well"), Tone::Warning),
    }
}

/// The card that ends an attempt.
fn after(bot: &mut impl Bot, service: &Service, attempt: &Attempt, why: &str, results: &[Verdict]) -> Result<View> {
    let name = &service.name;
    let (title, tone) = title(name, attempt);
    let mut view = verdict::lines(View::titled(title).tone(tone), why, results);
    let check = check::last(bot, name)?.filter(|check| check.at_ms.saturating_add(BEFORE_MS) >= attempt.began_ms);
    let before = check.map(|check| check.results).unwrap_or_default();
    let compared: Vec<_> = results.iter().filter_map(|now| compare(&before, now)).collect();
    if !compared.is_empty() {
        view = view.context("Before the rollback and after it:").code(compared.join("\n"));
    }
    view = picture::draw(bot, name, attempt, view)?;
    view = view.context(format!("{}, asked for by {}.", capital(&attempt.title()), attempt.by));
    if attempt.state == State::Failed {
        return Ok(view);
    }
    if attempt.state == State::Verified {
        view = view.context(format!(
            "What now: see that {name} stays well, and tell people. If it does not, there is a button for that."
        ));
    }
    view = checklist(view, service, attempt);
    Ok(buttons(view, name, attempt))
}

fn compare(before: &[Verdict], now: &Verdict) -> Option<String> {
    let before = before.iter().find(|one| one.name == now.name)?;
    let shown = |one: &Verdict| if one.shown.is_empty() { one.status.clone() } else { one.shown.clone() };
    Some(format!("{:<12}  {} -> {}", now.name, shown(before), shown(now)))
}

fn checklist(mut view: View, service: &Service, attempt: &Attempt) -> View {
    let items = service.ways().checklist;
    if items.is_empty() {
        return view;
    }
    view = view.progress("Tried out by hand", attempt.tried.len() as u64, items.len() as u64);
    for (number, item) in items.iter().enumerate() {
        if let Some(who) = attempt.tried.get(&number) {
            view = view.field("Works", format!("{item} ({}, {})", who.by, time::hour_minute(who.at_ms)));
        }
    }
    for (number, item) in items.iter().enumerate() {
        let label = if attempt.tried.contains_key(&number) { format!("Take back: {item}") } else { item.clone() };
        let value = format!("{}|{number}", attempt.on_card(&service.name));
        view = view.button(Button::new(format!("item-{number}"), clip(&label)).value(value).once(Once::Never));
    }
    view
}

fn buttons(view: View, name: &str, attempt: &Attempt) -> View {
    view.button(Button::new("verify", "Verify again").value(name).once(Once::Never))
        .button(Button::new("broken", "It did not help").value(attempt.on_card(name)).danger().once(Once::Never))
}

/// Somebody clicked "Verify again".
pub fn clicked(bot: &mut impl Bot, action: &Action) -> Result {
    let service = service::need(bot, &action.value)?;
    let case = memory::case(bot, &service.name)?;
    let (by, incident) = (&action.by.name, action.incident.as_ref());
    let started = Started::asked(Work::Verify, &service.name, by, &action.conversation, incident);
    let started = Started { about: verified_by(&case), ..started };
    look::begin(bot, &started, look::What::Verify)?;
    bot.reply(View::default().text(format!("Verifying {}.", service.name)))?;
    Ok(())
}

/// Somebody tried something out, or takes that back: `SERVICE|ATTEMPT|MOMENT|ITEM`.
pub fn tried(bot: &mut impl Bot, action: &Action) -> Result {
    let parts: Vec<_> = action.value.split('|').collect();
    let [name, number, began_ms, item] = parts.as_slice() else { return Err(user("This card is of an older kind.")) };
    let service = service::need(bot, name)?;
    let mut case = memory::case(bot, name)?;
    let item: usize = item.parse().unwrap_or(usize::MAX);
    let now_ms = bot.now();
    let by = action.by.name.clone();
    let items = service.ways().checklist;
    let (Some(attempt), Some(text)) = (case.of_card(number, began_ms), items.get(item)) else {
        return Err(user(format!(
            "That attempt to roll {name} back is over, or the checklist has changed: this card counts no longer."
        )));
    };
    let said = match attempt.tried.remove(&item) {
        Some(_) => format!("{by} takes back that this works: {text}"),
        None => {
            attempt.tried.insert(item, Attested { by: by.clone(), at_ms: now_ms });
            format!("{by} tried it out, and it works: {text}")
        }
    };
    let (attempt, incident) = (attempt.clone(), case.incident.clone());
    memory::set_case(bot, name, &case)?;
    if let Some(incident) = &incident {
        evidence::noted(bot, incident, "rollback", &format!("{name}: {said}"))?;
    }
    if attempt.tried.len() == items.len() {
        let decision = format!("{}: everything on the checklist works", attempt.title());
        evidence::freeze(bot, name, (&decision, &by), incident.as_ref(), json!({ "tried": attempt.tried }))?;
    }
    let title = title(name, &attempt);
    let view = View::titled(title.0).tone(title.1).text(attempt.said.clone());
    let view = view.context(format!("{}, asked for by {}.", capital(&attempt.title()), attempt.by));
    bot.edit(&action.card, buttons(checklist(view, &service, &attempt), name, &attempt))?;
    Ok(())
}

/// Somebody says that it did not help: `SERVICE|ATTEMPT|MOMENT`. Counts once, whoever clicks and however often.
pub fn broken(bot: &mut impl Bot, action: &Action) -> Result {
    let parts: Vec<_> = action.value.split('|').collect();
    let [name, number, began_ms] = parts.as_slice() else { return Err(user("This card is of an older kind.")) };
    let mut case = memory::case(bot, name)?;
    let by = &action.by.name;
    let Some(attempt) = case.of_card(number, began_ms) else {
        return Err(user(format!("That attempt to roll {name} back is over: this card counts no longer.")));
    };
    match attempt.state {
        State::Failed => return Err(user("That it did not help is known already.")),
        State::Verifying | State::Verified | State::Unknown => {}
        _ => return Err(user(format!("It is {}: wait for its end.", attempt.state.words()))),
    }
    attempt.state = State::Failed;
    attempt.said = format!("{by} says that it did not help.");
    let (title, incident) = (attempt.title(), case.incident.clone());
    case.incident = case.incident.take().or_else(|| action.incident.clone());
    case.to.get_or_insert_with(|| action.conversation.clone());
    bot.cancel_timer(&format!("verify/{name}"))?;
    memory::set_case(bot, name, &case)?;
    let decision = format!("{title}: it did not help");
    evidence::freeze(bot, name, (&decision, by), incident.as_ref(), json!({}))?;
    let view = View::titled(format!("{name}: the rollback did not help")).tone(Tone::Critical);
    bot.edit(&action.card, view.text(format!("{}: {by} says so.", capital(&title))))?;
    alarm::after_failure(bot, name)
}
