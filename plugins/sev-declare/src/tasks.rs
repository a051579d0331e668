//! What is to be done in an incident: `/sev task add|done|list`.

use crate::changes::{Done, SAME_DAY_MS, when};
use drillbell_sdk::{Bot, Command, Deed, IncidentId, Result, Task, View, time, user};
use serde_json::json;
use std::time::Duration;

/// `/sev task ACTION [TEXT…]`.
pub fn task(bot: &mut impl Bot, id: &IncidentId, cmd: &Command) -> Result {
    let text = cmd.text("text").unwrap_or_default().trim();
    match cmd.required("action")? {
        "add" if text.is_empty() => {
            Err(user("What is to be done? /sev task add TEXT [--owner @SOMEBODY] [--due +30m]"))
        }
        "add" => add(bot, id, text, cmd)?.answer(bot),
        "done" => done(bot, id, text, cmd)?.answer(bot),
        _ => list(bot, id),
    }
}

fn add(bot: &mut impl Bot, id: &IncidentId, text: &str, cmd: &Command) -> Result<Done> {
    let task = bot.add_task(id, text, cmd.text("owner"), cmd.time("due")?)?;
    let said = View::from(format!("Task {}", line(&task, bot.now())));
    let how = format!("Added to {id} by {}. When it is done: /sev task done {}", cmd.by.name, task.number);
    Ok(Done::of(id, said.context(how)))
}

fn done(bot: &mut impl Bot, id: &IncidentId, text: &str, cmd: &Command) -> Result<Done> {
    let Ok(number) = text.trim_start_matches('#').parse::<u32>() else {
        return Err(user("Which task? Its number: /sev task done 2. The list: /sev task list"));
    };
    let (facts, now_ms) = (bot.facts(id)?, bot.now());
    let known = facts.tasks.iter().find(|task| task.number == number);
    if let Some(Deed { by, at_ms }) = known.and_then(|task| task.done.as_ref()) {
        let at = when(*at_ms, now_ms);
        return Ok(Done::same(
            id,
            View::from(format!("Task {number} is already done: by {by} {at}. Nothing changed.")),
        ));
    }
    let task = bot.finish_task(id, number)?;
    let left = facts.open_tasks().count().saturating_sub(1);
    let left = match left {
        0 => String::from("No task is open now."),
        1 => String::from("One task is open: /sev task list"),
        left => format!("{left} tasks are open: /sev task list"),
    };
    let said = View::from(format!("Task {number} is done: {}", task.text));
    Ok(Done::of(id, said.context(format!("Done by {}. {left}", cmd.by.name))))
}

fn list(bot: &mut impl Bot, id: &IncidentId) -> Result {
    let (incident, facts, now_ms) = (bot.incident(id)?, bot.facts(id)?, bot.now());
    bot.set_data(&json!({ "incident": incident, "tasks": facts.tasks }))?;
    if facts.tasks.is_empty() {
        bot.reply(View::from(format!("{id} has no tasks.")).context("To add one: /sev task add TEXT"))?;
        return Ok(());
    }
    let view = View::titled(format!("Tasks of {id} · {}", incident.title));
    let lines: Vec<String> = facts.tasks.iter().map(|task| line(task, now_ms)).collect();
    bot.reply(view.text(lines.join("\n")).context("When one is done: /sev task done NUMBER"))?;
    Ok(())
}

/// `2 restart the workers (ben, due at 10:30 UTC)`.
pub fn line(task: &Task, now_ms: u64) -> String {
    let mut notes: Vec<String> = task.owner.iter().cloned().collect();
    match (&task.done, task.due_ms) {
        (Some(Deed { by, at_ms }), _) => notes.push(format!("done by {by} {}", when(*at_ms, now_ms))),
        (None, Some(due_ms)) if due_ms < now_ms => {
            notes.push(format!("overdue by {}", time::span(Duration::from_millis(now_ms - due_ms))));
        }
        (None, Some(due_ms)) if due_ms - now_ms > SAME_DAY_MS => {
            notes.push(format!("due on {} UTC", time::day_hour_minute(due_ms)));
        }
        (None, Some(due_ms)) => notes.push(format!("due at {}", time::hour_minute(due_ms))),
        (None, None) => {}
    }
    let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(", ")) };
    format!("{} {}{notes}", task.number, task.text)
}
