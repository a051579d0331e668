//! `/backup status`: how each target stands, what was last done about it and what is due next (S4-17).

use crate::catalogue::{self, Now};
use crate::memory::{self, Outcome, Presence, Present};
use crate::standing::Standing;
use crate::turns::{self, Turn};
use crate::words;
use crate::work::{self, Work};
use drillbell_sdk::{BackupCopy, Bot, Command, Result, Scheduled, Tone, View, time};
use serde::Serialize;
use serde_json::json;

/// Targets that are told at length; more are a line each.
const AT_LENGTH: usize = 10;

/// A row of the table of checks.
#[derive(Debug, Serialize)]
struct Row {
    /// How often.
    every: String,
    /// What.
    check: &'static str,
    /// The last one.
    last: Option<Outcome>,
    /// When the next is due, milliseconds since the epoch.
    next_ms: Option<u64>,
    /// For how long it has been due without having been done, milliseconds.
    overdue_ms: Option<u64>,
}

/// `/backup status [TARGET]`
pub fn show(bot: &mut impl Bot, cmd: &Command) -> Result {
    let targets = bot.meant_targets(cmd.text("target"))?;
    if targets.is_empty() {
        bot.set_data(&json!({ "targets": [] }))?;
        bot.reply(
            View::titled("Nothing is backed up")
                .tone(Tone::Warning)
                .text("No [targets.NAME] is configured. `docs/backup.md` begins with one."),
        )?;
        return Ok(());
    }
    let known = bot.schedules()?;
    let (mut data, mut lines) = (Vec::new(), Vec::new());
    for target in &targets {
        let now = catalogue::now(bot, target)?;
        if targets.len() > AT_LENGTH {
            lines.push(format!("{:<24}  {:<40}  {}", target.name, word(&now.standing), now.standing.risk()));
            data.push(json!({ "standing": now.standing }));
            continue;
        }
        let rows = rows(bot, &now, &known)?;
        let present = memory::present(bot, &target.name)?;
        let view = beside(view(bot, &now, &rows), present.as_ref(), bot.now());
        data.push(json!({ "standing": now.standing, "checks": rows, "presence": present }));
        bot.reply(view)?;
    }
    bot.set_data(&json!({ "targets": data }))?;
    if !lines.is_empty() {
        let view = View::listing(format!("{} targets", targets.len()), &lines);
        bot.reply(view.context("`/backup status TARGET` tells more of one."))?;
    }
    Ok(())
}

fn rows(bot: &mut impl Bot, now: &Now, known: &[Scheduled]) -> Result<Vec<Row>> {
    let (name, now_ms) = (now.target.name.as_str(), bot.now());
    let mut rows = Vec::new();
    for (check, work) in [
        ("copy taken", Work::Backup),
        ("newest copy read back", Work::Verify),
        ("older copy read back", Work::VerifyOld),
        ("retention", Work::Prune),
    ] {
        let last = memory::last(bot, name, work)?;
        let since = match (&last, work) {
            (Some(last), _) => Some(last.at_ms),
            (None, Work::Backup) => Some(0),
            // There was nothing to read or to clear away before the first copy, and no older one before the second.
            (None, Work::VerifyOld) => now.copies.iter().rev().nth(1).map(|copy| copy.taken_ms),
            (None, _) => now.copies.last().map(|copy| copy.taken_ms),
        };
        let Turn { every, next_ms, mut overdue_ms } = turns::turn(known, name, work, since, now_ms);
        if overdue_ms.is_some() && under_way(bot, name, work)? {
            overdue_ms = None;
        }
        rows.push(Row { every, check, last, next_ms, overdue_ms });
    }
    rows.push(Row {
        every: turns::every(now.policy.drill.schedule.as_deref()),
        check: "copy restored in a drill",
        last: drilled(now),
        next_ms: now.policy.drill.next_ms,
        overdue_ms: None,
    });
    Ok(rows)
}

/// The last drill, however it went; where the host remembers none, when a copy was last proven.
fn drilled(now: &Now) -> Option<Outcome> {
    let passed = |at_ms| Outcome {
        at_ms,
        state: "proven".to_owned(),
        said: "A restore passed every check.".to_owned(),
        failures: 0,
    };
    let proven = now.copies.iter().filter_map(|copy| copy.proven_ms).max().map(passed);
    let last = now.policy.drill.last.as_ref().map(|last| match last.status.as_str() {
        "pass" => passed(last.at_ms),
        "fail" => Outcome { at_ms: last.at_ms, state: "failed".to_owned(), said: last.sentence.clone(), failures: 1 },
        other => Outcome { at_ms: last.at_ms, state: other.to_owned(), said: last.sentence.clone(), failures: 1 },
    });
    last.into_iter().chain(proven).max_by_key(|outcome| outcome.at_ms)
}

fn under_way(bot: &mut impl Bot, target: &str, work: Work) -> Result<bool> {
    let key = match work {
        Work::Backup => work::backup_key(target),
        Work::Prune => work::prune_key(target),
        _ => return Ok(false),
    };
    Ok(bot.job_with_key(&key)?.is_some())
}

fn view(bot: &mut impl Bot, now: &Now, rows: &[Row]) -> View {
    let (now_ms, Now { target, standing, .. }) = (bot.now(), now);
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
        let Some(late_ms) = row.overdue_ms else { continue };
        let last = match &row.last {
            Some(last) => format!("the last was {} ago", words::span(now_ms.saturating_sub(last.at_ms))),
            None => "there never was one".to_owned(),
        };
        view = view.text(format!("Overdue: {}, due {} ago; {last}.", row.check, words::span(late_ms)));
    }
    view.code(rows.iter().map(|row| line(row, now_ms)).collect::<Vec<_>>().join("\n"))
}

/// What stands beside the copies, each with how it was last seen.
fn beside(view: View, present: Option<&Present>, now_ms: u64) -> View {
    let Some(present) = present else { return view };
    let line = |one: &Presence| {
        let mark = match one.status.as_str() {
            "pass" => "ok  ",
            "fail" => "BAD ",
            _ => "?   ",
        };
        format!("{mark} {}", one.sentence)
    };
    let view = view.code(present.all.iter().map(line).collect::<Vec<_>>().join("\n"));
    view.context(format!("That was looked at {} ago.", words::span(now_ms.saturating_sub(present.at_ms))))
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
    let next = match row.next_ms {
        Some(at_ms) => format!("next {}", time::day_hour_minute(at_ms)),
        None if row.check.ends_with("drill") => "`/drill status`".to_owned(),
        None => "not scheduled".to_owned(),
    };
    format!("{:<9}  {:<24}  {last:<20}  {next}", row.every, row.check)
}
