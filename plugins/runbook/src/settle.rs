//! What came of a step: from a job's end, or from people. After it the run goes on, or stays for somebody to decide.

use crate::run::{self, Run, State, Waiting};
use crate::work;
use crate::{card, due, symptoms, trend};
use drillbell_sdk::book::Book;
use drillbell_sdk::{Approval, Bot, Error, Job, Level, Result, View, words};
use serde_json::Value;

/// A step has come out so. A pass or a skip leads on; what else does says the runbook.
pub fn step(bot: &mut impl Bot, run: &mut Run, book: &Book, state: State, said: String) -> Result {
    let now_ms = bot.now();
    run.waiting = None;
    let outcome = run.now();
    (outcome.state, outcome.said, outcome.ended_ms) = (state, said, now_ms);
    let (name, said, by) = (outcome.name.clone(), outcome.said.clone(), outcome.by.clone());
    bot.cancel_timer(&format!("takes/{}", run.id))?;
    let by = if by.is_empty() { String::new() } else { format!(" ({by})") };
    run::tell_timeline(bot, run, &format!("{} {}, {name}: {}, {said}{by}", run.id, run.book, state.word()))?;
    if matches!(state, State::Pass | State::Skipped) || book.steps[run.at].go_on {
        return on(bot, run, book);
    }
    work::show(bot, run, book)
}

/// The next step, or the end.
pub fn on(bot: &mut impl Bot, run: &mut Run, book: &Book) -> Result {
    if run.at + 1 < run.steps.len() {
        run.at += 1;
        return work::show(bot, run, book);
    }
    end(bot, run, book)
}

/// The run is over: its card becomes the report, and the timeline tells it.
pub fn end(bot: &mut impl Bot, run: &mut Run, book: &Book) -> Result {
    run.ended_ms = Some(bot.now());
    run.waiting = None;
    bot.cancel_timer(&format!("takes/{}", run.id))?;
    work::show(bot, run, book)?;
    let early = run.aborted.as_ref().map(|why| format!(", ended early: {why}")).unwrap_or_default();
    run::tell_timeline(bot, run, &format!("{} {} has ended: {}{early}", run.id, run.book, run.tally()))?;
    run::shown(bot, run)?;
    let stands = trend::keep(bot, run)?;
    let report = trend::show(card::report(run), &stands);
    bot.post(&run.thread, report.clone())?;
    // Nobody was there to see it end: whoever began it by writing its schedule reads it where operators read.
    if run.scheduled {
        bot.post_or_log(&run.channel, report)?;
    }
    Ok(())
}

/// A job of this plugin's has ended.
pub fn job(bot: &mut impl Bot, job: &Job) -> Result {
    if symptoms::looked(bot, job)? {
        return Ok(());
    }
    let key = format!("job/{}", job.id);
    let known: Option<(String, usize)> = bot.get_json(&key)?;
    let Some((id, at)) = known else {
        bot.log(Level::Warn, &format!("the job {} ended, of which nothing is remembered", job.id));
        return Ok(());
    };
    bot.delete(&key)?;
    let mut run = run::get(bot, &id)?;
    // The run was ended or led on meanwhile.
    if run.has_ended() || run.at != at || run.waiting != Some(Waiting::Job(job.id.clone())) {
        return Ok(());
    }
    let detail: Value = serde_json::from_str(&job.detail).unwrap_or_default();
    let result = if job.status == "done" { &detail } else { &detail["detail"] };
    let error = detail["error"].as_str().unwrap_or_default();
    let last = result["steps"].as_array().and_then(|steps| steps.last());
    let outcome = run.now();
    if let Some(last) = last {
        outcome.value = last["value"].as_str().map(str::to_owned);
        outcome.output = words::clip(last["output"].as_str().unwrap_or_default(), 600);
    }
    for (name, value) in result["captured"].as_object().into_iter().flatten() {
        if let Some(value) = value.as_str().filter(|value| !value.contains(['{', '}'])) {
            run.values.insert(name.clone(), value.to_owned());
        }
    }
    let (state, said) = judged(&job.status, &job.kind, result, last, error);
    let book = match run::book_of(bot, &run) {
        Ok(book) => book,
        // What came of it is known all the same.
        Err(Error::User(why)) => return without_book(bot, &mut run, state, &said, &why),
        Err(other) => return Err(other),
    };
    let (state, said) = if state == State::Pass { compared(bot, &run, &book, said)? } else { (state, said) };
    step(bot, &mut run, &book, state, said)?;
    due::go_on(bot, &mut run, &book)
}

/// A step has come out, and how the runbook goes on is not known any more.
fn without_book(bot: &mut impl Bot, run: &mut Run, state: State, said: &str, why: &str) -> Result {
    let now_ms = bot.now();
    run.waiting = None;
    let outcome = run.now();
    (outcome.state, outcome.said, outcome.ended_ms) = (state, said.to_owned(), now_ms);
    let name = outcome.name.clone();
    let told = format!("{} {}, {name}: {}, {said}", run.id, run.book, state.word());
    bot.cancel_timer(&format!("takes/{}", run.id))?;
    run::tell_timeline(bot, run, &told)?;
    run::keep(bot, run)?;
    bot.post(&run.thread, View::default().text(format!("{told}. {why}")))?;
    Ok(())
}

fn judged(status: &str, kind: &str, result: &Value, last: Option<&Value>, error: &str) -> (State, String) {
    let sentence = |value: &Value| value["sentence"].as_str().unwrap_or_default().trim_end_matches('.').to_owned();
    let said =
        last.map(sentence).filter(|said| !said.is_empty()).unwrap_or_else(|| error.trim_end_matches('.').to_owned());
    match status {
        "done" if kind == "backup-verify" => {
            let state = match result["verdict"].as_str() {
                Some("verified" | "proven") => State::Pass,
                Some("broken") => State::Fail,
                _ => State::Unknown,
            };
            (state, sentence(result))
        }
        "done" if kind == "backup" => {
            let object = result["object"].as_str().unwrap_or_default();
            (State::Pass, format!("a copy was taken: {object}"))
        }
        "done" => (State::Pass, if said.is_empty() { "done".to_owned() } else { said }),
        // Nobody looked: that says nothing of how it is.
        "denied" | "expired" | "cancelled" => (State::Unknown, format!("it was not done: {status}")),
        _ if last.is_some_and(|last| last["unseen"] == true || last["status"] == "unknown") => (State::Unknown, said),
        "failed" if last.is_none() => (State::Unknown, said),
        "failed" => (State::Fail, said),
        _ => (State::Unknown, said),
    }
}

/// A number against that of the run before.
fn compared(bot: &mut impl Bot, run: &Run, book: &Book, said: String) -> Result<(State, String)> {
    let (step, outcome) = (&book.steps[run.at], &run.steps[run.at]);
    let Some(now) = outcome.value.as_ref().and_then(|value| value.parse::<f64>().ok()) else {
        return Ok((State::Pass, said));
    };
    let key = format!("last/{}/{}", run.book, step.name);
    let before: Option<f64> = bot.get_json(&key)?;
    bot.set_json(&key, &now)?;
    let said = format!("{said}; the value is {now}");
    let Some(how) = &step.previous else { return Ok((State::Pass, said)) };
    let Some(before) = before else {
        return Ok((State::Pass, format!("{said}, and there is no earlier run to compare with")));
    };
    let within =
        how.strip_prefix("within ").and_then(|rest| rest.strip_suffix('%')).and_then(|n| n.trim().parse::<f64>().ok());
    let holds = match (how.as_str(), within) {
        ("same", _) => now == before,
        ("not-higher", _) => now <= before,
        ("not-lower", _) => now >= before,
        (_, Some(percent)) => (now - before).abs() <= before.abs() * percent / 100.0,
        _ => false,
    };
    let said = format!("{said}, in the run before it was {before}");
    Ok(if holds { (State::Pass, said) } else { (State::Fail, format!("{said}: expected {how}")) })
}

/// An approval of this plugin's has ended.
pub fn approval(bot: &mut impl Bot, approval: &Approval) -> Result {
    let key = format!("approval/{}", approval.id);
    let known: Option<(String, usize)> = bot.get_json(&key)?;
    let Some((id, at)) = known else { return Ok(()) };
    bot.delete(&key)?;
    let mut run = run::get(bot, &id)?;
    if run.has_ended() || run.at != at || run.waiting != Some(Waiting::Approval(approval.id.clone())) {
        return Ok(());
    }
    let book = run::book_of(bot, &run)?;
    run.waiting = None;
    if approval.status == "approved" {
        return work::approved(bot, &mut run, &book, approval);
    }
    let by: Vec<_> = approval.by.iter().map(run::name).collect();
    let by = if by.is_empty() { String::new() } else { format!(" by {}", by.join(", ")) };
    let outcome = run.now();
    (outcome.state, outcome.said) =
        (State::Open, format!("it was not begun: the approval was {}{by}", approval.status));
    work::show(bot, &mut run, &book)
}

/// The present step takes longer than it should.
pub fn late(bot: &mut impl Bot, id: &str, at: &str) -> Result {
    let run = run::get(bot, id)?;
    if run.has_ended() || run.at.to_string() != at || !matches!(run.waiting, Some(Waiting::Job(_))) {
        return Ok(());
    }
    let book = run::book_of(bot, &run)?;
    let step = &book.steps[run.at];
    let said = format!(
        "{}: \"{}\" takes longer than {}, which it should take.",
        run.id,
        step.name,
        words::span(step.takes_ms)
    );
    bot.post(&run.thread, View::default().text(said))?;
    Ok(())
}
