//! A drill that is put off: for a reason that others read, and never without an end.

use crate::{due, history, owner, schedules, subject};
use drillbell_sdk::words;
use drillbell_sdk::{
    Action, Bot, Button, Command, Form, FormField, Person, Result, Target, Tone, View, internal, time, user,
};
use serde_json::json;

const DAY_MS: u64 = 86_400_000;
/// Characters of a reason.
const REASON_CHARS: usize = 200;

/// `/drill postpone TARGET REASON [--until TIME]`
pub fn typed(bot: &mut impl Bot, cmd: &Command) -> Result {
    let target = bot.need_target(cmd.required("target")?)?;
    let until_ms = cmd.time("until")?;
    let view = put_off(bot, &target, cmd.required("reason")?, until_ms, &cmd.by)?;
    let until_ms = history::put_off(bot, &target.name)?.map(|put_off| put_off.until_ms);
    bot.set_data(&json!({ "target": target.name, "until_ms": until_ms }))?;
    bot.reply(view.clone())?;
    match bot.backups_channel()?.filter(|channel| *channel != cmd.conversation) {
        Some(channel) => Ok(bot.post_or_log(&channel, view).map(drop)?),
        None => Ok(()),
    }
}

/// The form on a reminder was filled in.
pub fn entered(bot: &mut impl Bot, action: &Action) -> Result {
    let target = bot.need_target(&action.value)?;
    let days: u64 = match action.fields.text("days") {
        None => 1,
        Some(days) => days.parse().map_err(|error| internal(format!("`{days}` days were entered: {error}")))?,
    };
    let until_ms = next_ms(bot, &target)?.saturating_add(days.saturating_mul(DAY_MS));
    let view = put_off(bot, &target, action.fields.required("reason")?, Some(until_ms), &action.by)?;
    bot.edit(&action.card, view)?;
    Ok(())
}

/// When the next drill would be; now, if it is overdue.
fn next_ms(bot: &mut impl Bot, target: &Target) -> Result<u64> {
    let (known, now_ms) = (bot.schedules()?, bot.now());
    Ok(subject::of(bot, target, &known)?.due.next_ms.unwrap_or(now_ms))
}

fn put_off(bot: &mut impl Bot, target: &Target, reason: &str, until_ms: Option<u64>, by: &Person) -> Result<View> {
    let (known, now_ms, name) = (bot.schedules()?, bot.now(), &target.name);
    let subject = subject::of(bot, target, &known)?;
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > REASON_CHARS || reason.chars().any(char::is_control) {
        return Err(user(format!("Say why, in one line of 1 to {REASON_CHARS} characters.")));
    }
    if let Some(job) = &subject.running {
        return Err(user(format!("It is under way already: job {} ({}).", job.id, job.title)));
    }
    let Some(next_ms) = subject.due.next_ms else {
        return Err(user(format!("No drill of {name} is planned, so that there is none to put off.")));
    };
    let until_ms = until_ms.unwrap_or(next_ms.saturating_add(DAY_MS));
    if until_ms <= now_ms || until_ms > now_ms.saturating_add(due::PUT_OFF_MS) {
        let days = due::PUT_OFF_MS / DAY_MS;
        return Err(user(format!("A drill can be put off by at most {days} days, and to a moment that is to come.")));
    }
    let put_off = history::PutOff { until_ms, reason: reason.to_owned(), by: by.name.clone() };
    history::set_put_off(bot, name, Some(&put_off))?;
    schedules::arrange(bot, target)?;
    let mut view = View::titled(format!("The drill of {name} is put off"))
        .tone(Tone::Info)
        .text(format!("{} put it off: {reason}", by.name))
        .time("It begins", until_ms);
    if until_ms > subject.due.overdue_at_ms {
        let late = words::span(until_ms - subject.due.overdue_at_ms);
        view = view.tone(Tone::Warning).text(format!(
            "By then no copy will have been proven for too long: it is to be by {}, and this is {late} later.",
            time::day_hour_minute(subject.due.overdue_at_ms)
        ));
    }
    if !target.owner.is_empty() {
        view = view.field("Owner", owner::shown(target));
    }
    Ok(view.button(Button::new("run", "Run it now").value(name.as_str())))
}

/// The button that opens the form, and the form.
pub fn button(target: &str) -> (Button, Form) {
    let days = [("1", "a day"), ("3", "three days"), ("7", "a week")];
    let form = Form::new(format!("Put off the drill of {target}"), "Put off")
        .command(format!("/drill postpone {target} REASON"))
        .field(FormField::new("reason", "Why").required().hint("Others will read it"))
        .field(FormField::new("days", "By").select(days));
    (Button::new("postpone", "Put off").value(target), form)
}
