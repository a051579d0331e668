//! Action items: tasks of the incident, with an owner and a date, and lists of them across incidents.

use crate::card;
use crate::draft;
use crate::known::items;
use crate::paper::{self, Paper};
use drillbell_sdk::{Bot, Command, Incident, IncidentId, Result, Task, View, user, words};
use serde_json::json;

/// Incidents whose titles are read at once; the host gives no more.
const TITLES: u32 = 200;
/// Lines of a list in a chat; the data has all of them.
const ROWS: usize = 40;

/// `/postmortem action ACTION`
pub fn action(bot: &mut impl Bot, cmd: &Command) -> Result {
    let action = cmd.required("action")?;
    if let "open" | "overdue" = action {
        return across(bot, action == "overdue");
    }
    let paper = paper::meant(bot, None, cmd.incident.as_ref(), &cmd.conversation)?;
    let text = cmd.text("text").unwrap_or_default().trim();
    match action {
        "add" => add(bot, paper, cmd, text),
        "done" => done(bot, paper, cmd, text),
        _ => list(bot, &paper),
    }
}

fn add(bot: &mut impl Bot, mut paper: Paper, cmd: &Command, text: &str) -> Result {
    let id = paper.incident.clone();
    let (owner, due_ms, now_ms) = (cmd.text("owner"), cmd.time("due")?, bot.now());
    let (Some(owner), Some(due_ms), false) = (owner, due_ms, text.is_empty()) else {
        return Err(user(
            "What is to be done, by whom, until when? /postmortem action add TEXT --owner @SOMEBODY --due +7d",
        ));
    };
    if due_ms <= now_ms {
        return Err(user("The date is over already: name a later one, such as --due +7d."));
    }
    let before = match number(text) {
        Some(number) => Some(open(bot, &paper, number)?),
        None => None,
    };
    let text = before.as_ref().map_or(text, |task| task.text.as_str());
    let task = bot.add_task(&id, text, Some(owner), Some(due_ms))?;
    if let Some(before) = &before {
        bot.finish_task(&id, before.number)?;
        paper.replaced.push(before.number);
    }
    bot.set_data(&json!({ "incident": id, "item": task, "replaces": before.as_ref().map(|task| task.number) }))?;
    draft::refresh(bot, &mut paper)?;
    let mut view = View::from(format!("Action item {}", card::item(&task, now_ms)));
    if let Some(before) = before {
        view = view.context(format!("It goes on with what task {} was about.", before.number));
    }
    let how = format!("Of {id}. When it is done: /postmortem action done {} --incident {id}", task.number);
    bot.reply(view.context(how))?;
    Ok(())
}

fn done(bot: &mut impl Bot, mut paper: Paper, cmd: &Command, text: &str) -> Result {
    let id = paper.incident.clone();
    let which = || user("Which one? Its number: /postmortem action done 2. The list: /postmortem action list");
    let number = number(&format!("#{}", text.trim_start_matches('#'))).ok_or_else(which)?;
    open(bot, &paper, number)?;
    let task = bot.finish_task(&id, number)?;
    draft::refresh(bot, &mut paper)?;
    let left = items(&bot.facts(&id)?, &paper.replaced).filter(|task| task.done.is_none()).count();
    bot.set_data(&json!({ "incident": id, "item": task, "open": left }))?;
    let left = match left {
        0 => String::from("Nothing is left to be done."),
        1 => String::from("One is left."),
        left => format!("{left} are left."),
    };
    let said = View::from(format!("Action item {number} of {id} is done: {}", task.text));
    bot.reply(said.context(format!("Done by {}. {left}", cmd.by.name)))?;
    Ok(())
}

/// The open item of that number.
fn open(bot: &mut impl Bot, paper: &Paper, number: u32) -> Result<Task> {
    let facts = bot.facts(&paper.incident)?;
    let found = items(&facts, &paper.replaced).find(|task| task.number == number).cloned();
    match found {
        Some(task) if task.done.is_none() => Ok(task),
        Some(_) => Err(user(format!("Action item {number} of {} is done already.", paper.incident))),
        None => Err(user(format!("{} has no action item {number}. The list: /postmortem action list", paper.incident))),
    }
}

/// `#3`
fn number(text: &str) -> Option<u32> {
    text.strip_prefix('#')?.parse().ok()
}

fn list(bot: &mut impl Bot, paper: &Paper) -> Result {
    let (id, now_ms) = (&paper.incident, bot.now());
    let facts = bot.facts(id)?;
    let all: Vec<&Task> = items(&facts, &paper.replaced).collect();
    bot.set_data(&json!({ "incident": id, "items": all }))?;
    if all.is_empty() {
        let how = "To add one: /postmortem action add TEXT --owner @SOMEBODY --due +7d";
        bot.reply(View::from(format!("{id} has no action items.")).context(how))?;
        return Ok(());
    }
    let lines: Vec<_> = all.iter().map(|task| card::item(task, now_ms)).collect();
    bot.reply(View::titled(format!("Action items of {id}")).text(lines.join("\n")))?;
    Ok(())
}

/// A postmortem as lists have it.
struct Row {
    paper: Paper,
    title: String,
    items: Vec<Task>,
}

impl Row {
    fn overdue(&self, now_ms: u64) -> usize {
        self.items.iter().filter(|task| is_late(task, now_ms)).count()
    }
}

fn is_late(task: &Task, now_ms: u64) -> bool {
    task.done.is_none() && task.due_ms.is_some_and(|due_ms| due_ms < now_ms)
}

/// All of them. The incidents are looked through as a list, which is nobody's news on their timelines.
fn rows(bot: &mut impl Bot) -> Result<Vec<Row>> {
    let incidents = bot.incidents(false, TITLES)?;
    let title = |bot: &mut _, id: &IncidentId| -> Result<String> {
        match incidents.iter().find(|incident| incident.id == *id) {
            Some(Incident { title, .. }) => Ok(title.clone()),
            None => Ok(Bot::incident(bot, id)?.title),
        }
    };
    let mut rows = Vec::new();
    for paper in paper::all(bot)? {
        let (title, facts) = (title(bot, &paper.incident)?, bot.facts(&paper.incident)?);
        let items = items(&facts, &paper.replaced).cloned().collect();
        rows.push(Row { paper, title, items });
    }
    Ok(rows)
}

/// What is open, or late, of all incidents: what is due first stands first, what has no date last. An item counts from the moment that it
/// is one, whether its postmortem is published or a draft.
fn across(bot: &mut impl Bot, late: bool) -> Result {
    let now_ms = bot.now();
    let rows = rows(bot)?;
    let is_meant = |task: &&Task| if late { is_late(task, now_ms) } else { task.done.is_none() };
    let mut found: Vec<(&Row, &Task)> =
        rows.iter().flat_map(|row| row.items.iter().filter(is_meant).map(move |task| (row, task))).collect();
    found.sort_by_key(|(_, task)| task.due_ms.unwrap_or(u64::MAX));
    let told = |(row, task): &(&Row, &Task)| json!({ "incident": row.paper.incident, "draft": row.paper.is_draft(), "item": task });
    let key = if late { "overdue" } else { "open" };
    bot.set_data(&json!({ key: found.iter().map(told).collect::<Vec<_>>() }))?;
    let line = |(row, task): &(&Row, &Task)| {
        let draft = if row.paper.is_draft() { " (draft)" } else { "" };
        format!("{}{draft} {}", row.paper.incident, card::item(task, now_ms))
    };
    let (title, none) = match late {
        true => ("Overdue action items", "No action item is overdue."),
        false => ("Open action items", "No action item is open."),
    };
    bot.reply(table(title, none, found.iter().map(line).collect()))?;
    Ok(())
}

/// `/postmortem list`
pub fn all(bot: &mut impl Bot) -> Result {
    let now_ms = bot.now();
    let rows = rows(bot)?;
    let open = |row: &Row| row.items.iter().filter(|task| task.done.is_none()).count();
    let told = |row: &Row| {
        json!({
            "incident": row.paper.incident, "title": row.title, "published": row.paper.published.last(),
            "items": row.items.len(), "open": open(row), "overdue": row.overdue(now_ms),
        })
    };
    bot.set_data(&json!({ "postmortems": rows.iter().map(told).collect::<Vec<_>>() }))?;
    let line = |row: &Row| {
        let late = match row.overdue(now_ms) {
            0 => String::new(),
            late => format!(", {late} overdue"),
        };
        let (id, title) = (&row.paper.incident, words::clip(&row.title, 80));
        format!("{id} {title}: {}; {} of {} items open{late}", card::state(&row.paper), open(row), row.items.len())
    };
    let none = "There is no postmortem yet. To begin one: /postmortem draft INC-1";
    bot.reply(table("Postmortems", none, rows.iter().map(line).collect()))?;
    Ok(())
}

fn table(title: &str, none: &str, mut lines: Vec<String>) -> View {
    if lines.is_empty() {
        return View::from(none);
    }
    let many = lines.len();
    lines.truncate(ROWS);
    let view = View::titled(title).text(lines.join("\n"));
    if many > ROWS { view.context(format!("And {} more.", many - ROWS)) } else { view }
}
