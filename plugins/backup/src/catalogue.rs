//! `/backup list`, `show`, `pin`, `unpin`, and which copy somebody means.

use crate::words;
use drillbell_sdk::{BackupCopy, Bot, Command, Result, Target, Tone, View, time, user};
use serde_json::{Value, json};

/// Copies that a list may show.
const LIST_MAX: i64 = 100;
/// Tables of a copy that are shown; the manifest has them all.
const TABLES: usize = 30;

/// The configured target of that name; the sentence names those there are.
pub fn target(bot: &mut impl Bot, name: &str) -> Result<Target> {
    let targets = bot.targets()?;
    let names: Vec<_> = targets.iter().map(|target| target.name.clone()).collect();
    let known = match names.as_slice() {
        [] => "no [targets.NAME] is configured".to_owned(),
        names => format!("there are: {}", names.join(", ")),
    };
    let found = targets.into_iter().find(|target| target.name == name);
    found.ok_or_else(|| user(format!("`{name}` is no target; {known}.")))
}

/// The one copy that a name means.
pub fn copy(bot: &mut impl Bot, name: &str) -> Result<BackupCopy> {
    let mut found = bot.copies_named(name)?;
    match found.len() {
        0 => Err(user(format!("There is no copy `{name}`. `/backup list` shows those there are."))),
        1 => Ok(found.remove(0)),
        _ => {
            let names: Vec<_> = found.iter().map(|copy| copy.object.as_str()).collect();
            Err(user(format!("More than one copy is called `{name}`. Say which: {}.", names.join(", "))))
        }
    }
}

/// `/backup list [TARGET]`
pub fn list(bot: &mut impl Bot, cmd: &Command) -> Result {
    let of = match cmd.text("target") {
        Some(name) => Some(target(bot, name)?.name),
        None => None,
    };
    let limit = cmd.int("limit")?.unwrap_or(20);
    if !(1..=LIST_MAX).contains(&limit) {
        return Err(user(format!("--limit may be 1 to {LIST_MAX}.")));
    }
    let limit = usize::try_from(limit).unwrap_or(1);
    let all = bot.copies(of.as_deref(), 500, None)?;
    let now_ms = bot.now();
    bot.set_data(&json!({ "copies": all.iter().take(limit).collect::<Vec<_>>(), "total": all.len() }))?;
    let about = of.as_deref().map_or_else(String::new, |name| format!(" of {name}"));
    if all.is_empty() {
        let next = match &of {
            Some(name) => format!("Take one with `/backup run {name}`."),
            None => "Take one with `/backup run TARGET`.".to_owned(),
        };
        bot.reply(View::titled(format!("There is no copy{about}")).tone(Tone::Warning).context(next))?;
        return Ok(());
    }
    let lines: Vec<_> = all.iter().take(limit).map(|copy| line(copy, now_ms)).collect();
    let stored: u64 = all.iter().map(|copy| copy.stored_bytes).sum();
    let mut view = View::titled(format!("{}{about}, {}", words::copies(all.len()), words::bytes(stored)));
    view = view.code(lines.join("\n"));
    if all.len() > limit {
        view = view.context(format!("The newest {limit}; --limit shows up to {LIST_MAX}."));
    }
    bot.reply(view)?;
    Ok(())
}

fn line(copy: &BackupCopy, now_ms: u64) -> String {
    let pin = copy.pinned.as_ref().map_or_else(String::new, |pin| format!("  pinned: {}", pin.reason));
    format!(
        "{}  {}  {:>8}  {:<10}  {} old  {}{pin}",
        copy.name(),
        time::day_hour_minute(copy.taken_ms),
        words::bytes(copy.stored_bytes),
        copy.verdict,
        words::span(now_ms.saturating_sub(copy.taken_ms)),
        copy.target
    )
}

/// `/backup show COPY`
pub fn show(bot: &mut impl Bot, cmd: &Command) -> Result {
    let copy = copy(bot, cmd.required("copy")?)?;
    let manifest: Value = serde_json::from_str(&bot.manifest(&copy.object)?).unwrap_or_default();
    bot.set_data(&json!({ "copy": copy, "manifest": manifest }))?;
    let tone = match copy.verdict.as_str() {
        "verified" | "proven" => Tone::Good,
        "broken" => Tone::Critical,
        _ => Tone::Neutral,
    };
    let mut view = View::titled(format!("Copy {} of {}", copy.name(), copy.target))
        .tone(tone)
        .field("Object", copy.object.clone())
        .time("State of", copy.taken_ms)
        .field("Size", format!("{} stored, {} plain", words::bytes(copy.stored_bytes), words::bytes(copy.plain_bytes)))
        .field("Known to be", known(&copy));
    if !copy.detail.is_empty() {
        view = view.text(copy.detail.clone());
    }
    for (name, at_ms) in [("Last found whole", copy.verified_ms), ("Last restored", copy.proven_ms)] {
        if let Some(at_ms) = at_ms {
            view = view.time(name, at_ms);
        }
    }
    if let Some(pin) = &copy.pinned {
        view = view.field("Pinned", format!("by {}, {}: {}", pin.by, time::day_hour_minute(pin.at_ms), pin.reason));
    }
    view = facts(view, &manifest);
    if copy.verdict == "unverified" {
        view = view.context(format!("Nobody has read it back: `/backup verify {}`.", copy.name()));
    }
    bot.reply(view)?;
    Ok(())
}

fn known(copy: &BackupCopy) -> String {
    match copy.checked_ms {
        Some(at_ms) => format!("{}, since {}", copy.verdict, time::day_hour_minute(at_ms)),
        None => copy.verdict.clone(),
    }
}

/// What the manifest says beyond the catalogue, as far as it is understood: a manifest may come from elsewhere.
fn facts(mut view: View, manifest: &Value) -> View {
    let text = |pointer: &str| manifest.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
    for (name, pointer) in [("SHA-256 of the object", "/stored_sha256"), ("SHA-256 of the dump", "/plain_sha256")] {
        if let Some(sum) = text(pointer) {
            view = view.field(name, sum);
        }
    }
    let recipients = manifest.pointer("/recipients").and_then(Value::as_array).map_or(0, Vec::len);
    if manifest.get("recipients").is_some() {
        let encrypted = match recipients {
            0 => "no".to_owned(),
            1 => "yes, to 1 key".to_owned(),
            n => format!("yes, to {n} keys"),
        };
        view = view.field("Encrypted", encrypted);
    }
    let tables = manifest.pointer("/contents/tables").and_then(Value::as_array);
    let Some(tables) = tables.filter(|tables| !tables.is_empty()) else { return view };
    let rows = |table: &Value| table.get("rows").and_then(Value::as_u64);
    let name = |table: &Value| {
        let schema = table.get("schema").and_then(Value::as_str).filter(|schema| !schema.is_empty());
        let name = table.get("name").or_else(|| table.get("table")).and_then(Value::as_str).unwrap_or("?");
        schema.map_or_else(|| name.to_owned(), |schema| format!("{schema}.{name}"))
    };
    let mut lines: Vec<_> = tables
        .iter()
        .take(TABLES)
        .map(|table| format!("{:>12}  {}", rows(table).map_or_else(|| "?".to_owned(), words::number), name(table)))
        .collect();
    if tables.len() > TABLES {
        lines.push(format!("… and {} more", tables.len() - TABLES));
    }
    view.context("Rows in each table, at the moment of the copy:").code(lines.join("\n"))
}

/// `/backup pin COPY REASON`
pub fn pin(bot: &mut impl Bot, cmd: &Command) -> Result {
    let copy = copy(bot, cmd.required("copy")?)?;
    bot.pin_copy(&copy.object, cmd.required("reason")?)?;
    bot.set_data(&json!({ "object": copy.object, "pinned": true }))?;
    bot.reply(View::default().tone(Tone::Good).text(format!(
        "Copy {} of {} stays until somebody unpins it.",
        words::copy(&copy),
        copy.target
    )))?;
    Ok(())
}

/// `/backup unpin COPY`
pub fn unpin(bot: &mut impl Bot, cmd: &Command) -> Result {
    let copy = copy(bot, cmd.required("copy")?)?;
    bot.unpin_copy(&copy.object)?;
    bot.set_data(&json!({ "object": copy.object, "pinned": false }))?;
    let text = format!("Copy {} of {} goes when retention no longer wants it.", words::copy(&copy), copy.target);
    bot.reply(View::default().text(text))?;
    Ok(())
}
