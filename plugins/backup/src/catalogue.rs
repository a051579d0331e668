//! What there is: targets, their copies and how each stands; `/backup list`, `show`, `pin` and `unpin`.

use crate::policy::Policy;
use crate::standing::{self, Standing};
use crate::words;
use drillbell_sdk::{BackupCopy, Bot, Command, Result, Target, Tone, View, time, user};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Copies that a list may show.
const LIST_MAX: i64 = 100;
/// Tables of a copy that are shown; the manifest has them all.
const TABLES: usize = 30;

/// Copies that the catalogue tells of at a time.
const PAGE: u32 = 500;
/// How often it is asked for more: beyond ten thousand copies of a target the oldest have to wait until those are fewer.
const PAGES: usize = 20;

/// A target as it is now, with all its copies, newest first.
pub struct Now {
    /// The target.
    pub target: Target,
    /// What the operator wants done about it.
    pub policy: Policy,
    /// Its copies.
    pub copies: Vec<BackupCopy>,
    /// How it stands by them.
    pub standing: Standing,
}

/// How a target stands.
pub fn now(bot: &mut impl Bot, target: &Target) -> Result<Now> {
    let policy: Policy = target.policy()?;
    let (copies, now_ms) = (all(bot, Some(&target.name))?, bot.now());
    let standing = standing::of(target, &policy, &copies, now_ms);
    Ok(Now { target: target.clone(), policy, copies, standing })
}

/// All copies of a target, or of all, newest first.
pub fn all(bot: &mut impl Bot, of: Option<&str>) -> Result<Vec<BackupCopy>> {
    let (mut all, mut seen, mut before_ms) = (Vec::new(), BTreeSet::new(), None);
    for _ in 0..PAGES {
        let page = bot.copies(of, PAGE, before_ms)?;
        let full = u32::try_from(page.len()).is_ok_and(|many| many >= PAGE);
        let Some(oldest_ms) = page.last().map(|copy| copy.taken_ms) else { break };
        let known = all.len();
        all.extend(page.into_iter().filter(|copy| seen.insert(copy.object.clone())));
        if !full {
            break;
        }
        // The page may have ended amid copies of the same moment: the next begins with them, unless it would bring nothing else.
        before_ms = Some(if all.len() > known { oldest_ms + 1 } else { oldest_ms });
    }
    Ok(all)
}

/// `/backup list [TARGET]`
pub fn list(bot: &mut impl Bot, cmd: &Command) -> Result {
    let of = match cmd.text("target") {
        Some(name) => Some(bot.need_target(name)?.name),
        None => None,
    };
    let limit = cmd.int("limit")?.unwrap_or(20);
    if !(1..=LIST_MAX).contains(&limit) {
        return Err(user(format!("--limit may be 1 to {LIST_MAX}.")));
    }
    let limit = usize::try_from(limit).unwrap_or(1);
    let all = all(bot, of.as_deref())?;
    let now_ms = bot.now();
    bot.set_data(&json!({ "copies": all.iter().take(limit).collect::<Vec<_>>(), "total": all.len() }))?;
    let about = of.as_deref().map_or_else(String::new, |name| format!(" of {name}"));
    if all.is_empty() {
        let next = match &of {
            Some(name) => format!("Take one with `/backup run {name}`."),
            None => "Take one with `/backup run TARGET`.".to_owned(),
        };
        bot.reply(View::nothing(format!("There is no copy{about}")).context(next))?;
        return Ok(());
    }
    let lines: Vec<_> = all.iter().take(limit).map(|copy| line(copy, now_ms)).collect();
    let stored: u64 = all.iter().map(|copy| copy.stored_bytes).sum();
    let title = format!("{}{about}, {}", words::copies(all.len()), words::bytes(stored));
    let mut view = View::listing(title, &lines);
    if all.len() > limit {
        view = view.context(format!("The newest {limit}; --limit shows up to {LIST_MAX}."));
    }
    bot.reply(view)?;
    Ok(())
}

fn line(copy: &BackupCopy, now_ms: u64) -> String {
    let pin = copy.pinned.as_ref().map_or_else(String::new, |pin| format!("  pinned: {}", pin.reason));
    let pin = if copy.is_safety() { format!("  safety copy{pin}") } else { pin };
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
    let copy = bot.need_copy(cmd.required("copy")?, None)?;
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

/// A table of a copy, as its manifest has it.
pub struct Table {
    /// Its schema; empty where there is none.
    schema: String,
    /// Its name.
    name: String,
    /// How many rows it had.
    rows: Option<u64>,
}

impl Table {
    /// With its schema, if it has one.
    pub fn qualified(&self) -> String {
        if self.schema.is_empty() { self.name.clone() } else { format!("{}.{}", self.schema, self.name) }
    }

    /// Whether that is what somebody calls it, with or without its schema.
    pub fn is_called(&self, name: &str) -> bool {
        self.name == name || self.qualified() == name
    }
}

/// The tables of a copy, as far as its manifest is understood.
pub fn tables(manifest: &Value) -> Vec<Table> {
    let tables = manifest.pointer("/contents/tables").and_then(Value::as_array).into_iter().flatten();
    let text = |table: &Value, key: &str| table.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let tables = tables.map(|table| Table {
        schema: text(table, "schema"),
        name: text(table, "table"),
        rows: table.get("rows").and_then(Value::as_u64),
    });
    tables.filter(|table| !table.name.is_empty()).collect()
}

/// What the manifest says beyond the catalogue, as far as it is understood: a manifest may come from elsewhere.
fn facts(mut view: View, manifest: &Value) -> View {
    let text = |pointer: &str| manifest.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
    for (name, pointer) in
        [("Taken as", "/reason"), ("SHA-256 of the object", "/stored_sha256"), ("SHA-256 of the dump", "/plain_sha256")]
    {
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
    let tables = tables(manifest);
    if tables.is_empty() {
        return view;
    }
    let mut lines: Vec<_> = tables
        .iter()
        .take(TABLES)
        .map(|table| format!("{:>12}  {}", table.rows.map_or_else(|| "?".to_owned(), words::number), table.qualified()))
        .collect();
    if tables.len() > TABLES {
        lines.push(format!("… and {} more", tables.len() - TABLES));
    }
    view.context("Rows in each table, at the moment of the copy:").code(lines.join("\n"))
}

/// `/backup pin COPY REASON`
pub fn pin(bot: &mut impl Bot, cmd: &Command) -> Result {
    let copy = bot.need_copy(cmd.required("copy")?, None)?;
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
    let copy = bot.need_copy(cmd.required("copy")?, None)?;
    bot.unpin_copy(&copy.object)?;
    bot.set_data(&json!({ "object": copy.object, "pinned": false }))?;
    let text = format!("Copy {} of {} goes when retention no longer wants it.", words::copy(&copy), copy.target);
    bot.reply(View::default().text(text))?;
    Ok(())
}
