//! `/backup status`: how each target stands, what was last done about it and what is due next (S4-17).

use crate::ended::Outcome;
use crate::policy::Policy;
use crate::standing::{self, Standing};
use crate::work::Work;
use crate::{memory, schedules, words};
use drillbell_sdk::{BackupCopy, Bot, Command, Result, Target, Tone, View, time};
use serde::Serialize;
use serde_json::json;

/// A row of the table of checks.
#[derive(Debug, Serialize)]
struct Row {
    /// How often.
    every: &'static str,
    /// What.
    check: &'static str,
    /// The last one.
    last: Option<Outcome>,
    /// When the next is due, milliseconds since the epoch.
    next_ms: Option<u64>,
    /// By how much it is overdue, milliseconds.
    overdue_ms: Option<u64>,
}

/// `/backup status [TARGET]`
pub fn show(bot: &mut impl Bot, cmd: &Command) -> Result {
    let targets = match cmd.text("target") {
        Some(name) => vec![crate::catalogue::target(bot, name)?],
        None => bot.targets()?,
    };
    if targets.is_empty() {
        bot.set_data(&json!({ "targets": [] }))?;
        bot.reply(
            View::titled("Nothing is backed up")
                .tone(Tone::Warning)
                .text("No [targets.NAME] is configured. `docs/backup.md` begins with one."),
        )?;
        return Ok(());
    }
    let mut data = Vec::new();
    for target in &targets {
        let (standing, rows) = of(bot, target)?;
        let view = view(bot, target, &standing, &rows);
        data.push(json!({ "standing": standing, "checks": rows }));
        bot.reply(view)?;
    }
    bot.set_data(&json!({ "targets": data }))?;
    Ok(())
}

fn of(bot: &mut impl Bot, target: &Target) -> Result<(Standing, Vec<Row>)> {
    let policy: Policy = target.policy()?;
    let (copies, now_ms) = (bot.copies(Some(&target.name), 500, None)?, bot.now());
    let standing = standing::of(target, &policy, &copies, now_ms);
    let mut rows = Vec::new();
    let every = match policy.backup.schedule.as_deref() {
        None => "by hand",
        Some(schedule) if schedule.split(' ').nth(1) == Some("*") => "hourly",
        Some(_) => "scheduled",
    };
    for (every, check, work) in [
        (every, "copy taken", Work::Backup),
        ("daily", "copy read back", Work::Verify),
        ("daily", "retention", Work::Prune),
    ] {
        let last = memory::last(bot, &target.name, work)?;
        let next_ms = schedules::next(bot, &target.name, work)?;
        let overdue_ms = match work {
            Work::Verify | Work::Prune if next_ms.is_some() => schedules::overdue(bot, &target.name, work)?,
            _ => None,
        };
        rows.push(Row { every, check, last, next_ms, overdue_ms });
    }
    Ok((standing, rows))
}

fn view(bot: &mut impl Bot, target: &Target, standing: &Standing, rows: &[Row]) -> View {
    let now_ms = bot.now();
    let one = |copy: &Option<BackupCopy>, at_ms: fn(&BackupCopy) -> Option<u64>| match copy {
        Some(copy) => {
            let seen =
                at_ms(copy).map_or_else(String::new, |at| format!(", {} ago", words::span(now_ms.saturating_sub(at))));
            format!("{}{seen}", words::copy(copy))
        }
        None => "never".to_owned(),
    };
    let mut view = View::titled(format!("{}: {}", target.name, word(standing)))
        .tone(standing.tone())
        .field("At risk now", standing.risk())
        .field("Newest copy", one(&standing.newest, |copy| Some(copy.taken_ms)))
        .field("Last verified", one(&standing.verified, |copy| copy.verified_ms))
        .field("Last proven", one(&standing.proven, |copy| copy.proven_ms));
    let broken = if standing.broken > 0 { format!(", {} broken", standing.broken) } else { String::new() };
    view = view.field("Copies", format!("{}{broken}, {}", standing.copies, words::bytes(standing.stored_bytes)));
    if !target.owner.is_empty() {
        view = view.field("Owner", target.owner.clone());
    }
    for row in rows {
        if let Some(overdue) = row.overdue_ms {
            let last = words::span(overdue);
            view = view.text(format!("Overdue: {} last ran {last} ago, and should every day.", row.check));
        }
    }
    view.code(rows.iter().map(|row| line(row, now_ms)).collect::<Vec<_>>().join("\n"))
}

fn word(standing: &Standing) -> &'static str {
    match (standing.state, &standing.verified) {
        ("ok", Some(_)) => "safe",
        ("ok", None) => "backed up, but no copy was ever read back",
        ("late", _) => "the newest copy is too old",
        ("broken", _) => "the newest copy is broken",
        _ => "there is no good copy",
    }
}

fn line(row: &Row, now_ms: u64) -> String {
    let last = match &row.last {
        Some(last) => format!("{} {} ago", last.state, words::span(now_ms.saturating_sub(last.at_ms))),
        None => "never".to_owned(),
    };
    let next =
        row.next_ms.map_or_else(|| "not scheduled".to_owned(), |at| format!("next {}", time::day_hour_minute(at)));
    format!("{:<9}  {:<14}  {last:<20}  {next}", row.every, row.check)
}
