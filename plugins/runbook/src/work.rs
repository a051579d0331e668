//! Doing the present step: as a job, or at once where the host has nothing to do. A dangerous one is approved first.

use crate::run::{self, Run, State, Waiting};
use crate::{card, settle};
use drillbell_sdk::book::{Book, Step};
use drillbell_sdk::{Approval, ApprovalRequest, Bot, HostError, NewJob, OnLost, Result, View, internal, user, words};
use serde::Deserialize;
use serde_json::{Value, json};

/// Characters of a job's title.
const TITLE: usize = 110;

/// Does the present step.
pub fn begin(bot: &mut impl Bot, run: &mut Run, book: &Book, by: &str) -> Result {
    run::must_go_on(run)?;
    let step = &book.steps[run.at];
    match &run.waiting {
        Some(Waiting::Job(_)) => return Err(user(format!("\"{}\" is being done already.", step.name))),
        Some(Waiting::Approval(_)) => return Err(user(format!("\"{}\" waits for an approval already.", step.name))),
        None => {}
    }
    if step.by_hand() {
        return Err(user("This step is done by hand: say `/runbook done` or `/runbook fail WHY`."));
    }
    let now_ms = bot.now();
    let name = step.name.clone();
    let outcome = run.now();
    *outcome = run::Outcome { name, by: by.to_owned(), began_ms: now_ms, ..run::Outcome::default() };
    if run.dry && step.risk != "read-only" {
        let said = format!("dry run: it would have done {}", words::clip(&step.shown(&run.values), 200));
        return settle::step(bot, run, book, State::Skipped, said);
    }
    match step.kind.as_str() {
        "chat" => say(bot, run, book, step),
        "backup" => backup(bot, run, book, step),
        _ => {
            let spec = json!({ "steps": [step.as_job(&run.values)] });
            start(bot, run, book, step, ("steps", spec))
        }
    }
}

/// Starts a job for the present step, or asks first.
fn start(bot: &mut impl Bot, run: &mut Run, book: &Book, step: &Step, job: (&str, Value)) -> Result {
    let (kind, spec) = job;
    let title = words::clip(&format!("{} {}: {}", run.id, run.book, step.name), TITLE);
    if step.risk == "dangerous" {
        let details =
            View::default().code(words::clip(&step.shown(&run.values), 600)).field("Runbook", run.title.clone());
        let mut request =
            ApprovalRequest::new(title, &json!({ "kind": kind, "spec": spec })).to(&run.thread).details(details);
        if let Some(role) = bot.setting::<String>("approve_role")? {
            request = request.role(role);
        }
        let id = bot.ask_approval(request)?;
        bot.set_json(&format!("approval/{id}"), &(run.id.clone(), run.at))?;
        run.waiting = Some(Waiting::Approval(id.to_string()));
        run.now().state = State::Running;
        return show(bot, run, book);
    }
    enqueue(bot, run, book, (kind, spec), None)
}

/// Begins the present step once it was approved: the very job that was asked about.
pub fn approved(bot: &mut impl Bot, run: &mut Run, book: &Book, approval: &Approval) -> Result {
    let asked: Value = serde_json::from_str(&approval.subject)
        .map_err(|error| internal(format!("the approval {} reads wrong: {error}", approval.id)))?;
    let kind = asked["kind"].as_str().unwrap_or_default();
    enqueue(bot, run, book, (kind, asked["spec"].clone()), Some(&approval.id))
}

fn enqueue(bot: &mut impl Bot, run: &mut Run, book: &Book, job: (&str, Value), approval: Option<&str>) -> Result {
    let (kind, spec) = job;
    let step = &book.steps[run.at];
    let title = words::clip(&format!("{} {}: {}", run.id, run.book, step.name), TITLE);
    let on_lost = if kind == "steps" { OnLost::Verify } else { OnLost::Repeat };
    // One job for each step of a run, whoever asks for it and however often.
    let key = format!("{}/{}", run.id, run.at);
    let mut job = NewJob::new(kind, title, &spec)?.key(key).on_lost(on_lost).attempts(1).conversation(&run.thread);
    if let Some(approval) = approval {
        job = job.approval(approval);
    }
    match bot.start_job(job) {
        Ok(id) => {
            bot.set_json(&format!("job/{id}"), &(run.id.clone(), run.at))?;
            run.waiting = Some(Waiting::Job(id));
            run.now().state = State::Running;
            let late_ms = bot.now() + step.takes_ms.max(1000);
            bot.set_timer(&format!("takes/{}", run.id), late_ms, &run.at.to_string())?;
            show(bot, run, book)
        }
        // What cannot be begun was not looked at.
        Err(HostError::Invalid(why) | HostError::Denied(why)) => {
            settle::step(bot, run, book, State::Unknown, format!("it could not be begun: {why}"))
        }
        Err(other) => Err(other.into()),
    }
}

/// Keeps the run and shows its card as it is now.
pub fn show(bot: &mut impl Bot, run: &mut Run, book: &Book) -> Result {
    run::keep(bot, run)?;
    if let Some(message) = &run.card {
        bot.edit(message, card::card(run, book))?;
    }
    Ok(())
}

fn say(bot: &mut impl Bot, run: &mut Run, book: &Book, step: &Step) -> Result {
    let does = step.filled(&run.values);
    let text = does["say"].as_str().unwrap_or_default().to_owned();
    let key = does["channel"].as_str().unwrap_or_default();
    let to = match key {
        "" => Some(run.thread.clone()),
        key => bot.channel(key)?,
    };
    let Some(to) = to else {
        return settle::step(bot, run, book, State::Unknown, format!("[channels] has no `{key}`: nobody was told"));
    };
    if run.dry {
        return settle::step(bot, run, book, State::Skipped, format!("dry run: it would have said in {to}: {text}"));
    }
    bot.post(&to, View::default().text(text).context(format!("{} {}, said for {}", run.id, run.title, run.lead)))?;
    settle::step(bot, run, book, State::Pass, format!("said in {to}"))
}

fn taking(step: &Step, run: &Run) -> Value {
    json!({ "target": step.filled(&run.values)["target"], "reason": format!("{} {}", run.id, run.book) })
}

/// What a target's policy says of how old its newest copy may be.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Policy {
    backup: Age,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Age {
    max_age_ms: Option<u64>,
}

fn backup(bot: &mut impl Bot, run: &mut Run, book: &Book, step: &Step) -> Result {
    let does = step.filled(&run.values);
    let target = does["target"].as_str().unwrap_or_default().to_owned();
    if does["do"] == "take" {
        return start(bot, run, book, step, ("backup", taking(step, run)));
    }
    let Some(copy) = bot.newest_copy(&target)? else {
        return settle::step(bot, run, book, State::Fail, format!("there is no copy of {target}"));
    };
    if does["do"] == "verify" {
        return start(bot, run, book, step, ("backup-verify", json!({ "object": copy.object })));
    }
    let policy = bot.targets()?.into_iter().find(|known| known.name == target).map(|known| known.policy::<Policy>());
    let own = policy.transpose()?.and_then(|policy| policy.backup.max_age_ms);
    let said = does["max_age"].as_str().and_then(span_of);
    let age_ms = bot.now().saturating_sub(copy.taken_ms);
    let words = format!("the newest copy of {target}, {}, is {} old", copy.name(), words::span(age_ms));
    match said.or(own) {
        Some(most) if age_ms <= most => settle::step(bot, run, book, State::Pass, words),
        Some(most) => settle::step(bot, run, book, State::Fail, format!("{words}, more than {}", words::span(most))),
        None => settle::step(bot, run, book, State::Unknown, format!("{words}; nobody said how old it may be")),
    }
}

/// `1h30m` in milliseconds; the host has checked it.
fn span_of(text: &str) -> Option<u64> {
    let units = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000), ("w", 604_800_000)];
    let (mut rest, mut total) = (text, 0_u64);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest[..digits].parse().ok()?;
        let end = rest[digits..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |at| digits + at);
        let (_, ms) = units.iter().find(|(unit, _)| *unit == &rest[digits..end])?;
        total = total.checked_add(number.checked_mul(*ms)?)?;
        rest = &rest[end..];
    }
    Some(total)
}
