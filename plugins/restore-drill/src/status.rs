//! `/drill status`: for each target when it was last proven, how long a restore takes, what is at risk and when the next drill is.

use crate::owner;
use crate::subject::{self, Subject};
use drillbell_sdk::words;
use drillbell_sdk::{Bot, Button, Command, Result, Tone, View, time};
use serde_json::{Value, json};

/// Targets that are told at length; more are a line each.
const AT_LENGTH: usize = 10;

/// `/drill status [TARGET]`
pub fn show(bot: &mut impl Bot, cmd: &Command) -> Result {
    let targets = bot.meant_targets(cmd.text("target"))?;
    if targets.is_empty() {
        bot.set_data(&json!({ "targets": [] }))?;
        let text = "No [targets.NAME] is configured. `docs/backup.md` begins with one.";
        bot.reply(View::nothing("There is nothing to drill").text(text))?;
        return Ok(());
    }
    let (known, now_ms) = (bot.schedules()?, bot.now());
    let (mut data, mut lines) = (Vec::new(), Vec::new());
    for target in &targets {
        let subject = subject::of(bot, target, &known)?;
        data.push(machine(&subject, now_ms));
        match targets.len() > AT_LENGTH {
            true => lines.push(format!("{:<24}  {:<40}  {}", target.name, word(&subject), proven(&subject, now_ms))),
            false => drop(bot.reply(card(&subject, now_ms))?),
        }
    }
    bot.set_data(&json!({ "targets": data }))?;
    if !lines.is_empty() {
        let view = View::listing(format!("Drills of {} targets", targets.len()), &lines);
        bot.reply(view.context("`/drill status TARGET` tells more of one."))?;
    }
    Ok(())
}

fn machine(subject: &Subject, now_ms: u64) -> Value {
    let Subject { target, due, newest, proven, put_off, .. } = subject;
    json!({
        "target": target.name,
        "proven_ms": proven.as_ref().map(|(at_ms, _)| at_ms), "proven_by": proven.as_ref().map(|(_, copy)| copy),
        "rto_ms": subject.measured().map(|drill| drill.rto_ms), "rto_allowed_ms": target.rto_ms,
        "at_risk_ms": newest.as_ref().map(|copy| now_ms.saturating_sub(copy.taken_ms)), "rpo_ms": target.rpo_ms,
        "schedule": subject.drill.schedule, "next_ms": due.next_ms, "overdue_ms": due.overdue_ms,
        "put_off": put_off, "last": subject.drills.first(),
        "running": subject.running.as_ref().map(|job| &job.id),
    })
}

fn word(subject: &Subject) -> &'static str {
    let last = subject.drills.first();
    match (&subject.proven, subject.due.overdue_ms, last) {
        (_, _, Some(last)) if last.status == "fail" => "the last drill failed",
        (None, _, _) => "never proven",
        (Some(_), Some(_), _) => "proven too long ago",
        (Some(_), None, Some(last)) if !last.passed() => "proven, but the last drill gave no answer",
        (Some(_), None, _) => "proven",
    }
}

fn tone(subject: &Subject) -> Tone {
    match word(subject) {
        "proven" => Tone::Good,
        "the last drill failed" => Tone::Critical,
        _ if subject.due.overdue_ms.is_some() => Tone::Critical,
        _ => Tone::Warning,
    }
}

fn proven(subject: &Subject, now_ms: u64) -> String {
    match &subject.proven {
        Some((at_ms, copy)) => format!("`{copy}`, {} ago", words::span(now_ms.saturating_sub(*at_ms))),
        None => "never".to_owned(),
    }
}

fn card(subject: &Subject, now_ms: u64) -> View {
    let target = &subject.target;
    let mut view = View::titled(format!("{}: {}", target.name, word(subject)))
        .tone(tone(subject))
        .field("Last proven", proven(subject, now_ms))
        .field("Time to restore", subject.took())
        .field("At risk now", subject.at_risk(now_ms));
    if let Some(last) = subject.drills.first().filter(|last| !last.passed()) {
        let ago = words::span(now_ms.saturating_sub(last.at_ms));
        view = view.field("Last drill", format!("{} {ago} ago: {}", last.status, last.sentence));
    }
    let next = match (&subject.running, subject.due.next_ms, &subject.put_off) {
        (Some(job), _, _) => format!("under way: job {}", job.id),
        (None, Some(at_ms), Some(put_off)) => {
            format!("{} UTC, put off by {}: {}", time::day_hour_minute(at_ms), put_off.by, put_off.reason)
        }
        (None, Some(at_ms), None) => format!("{} UTC", time::day_hour_minute(at_ms)),
        (None, None, _) => format!("by hand: set schedule in [targets.{}.drill]", target.name),
    };
    view = view.field("Next drill", next);
    if let Some(late_ms) = subject.due.overdue_ms {
        view = view.field("Overdue", words::span(late_ms));
    }
    if !target.owner.is_empty() {
        view = view.field("Owner", owner::shown(target));
    }
    match subject.running.is_some() {
        true => view,
        false => view.button(Button::new("run", "Run a drill now").value(target.name.as_str())),
    }
}
