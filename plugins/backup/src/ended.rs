//! Jobs that have ended: what they say is read, remembered and told. Success of the schedule's work is one line a day and target, edited;
//! failure is loud, every time, with what to do next.

use crate::memory::{self, Day, Started};
use crate::standing::{self, Standing};
use crate::work::Work;
use crate::{policy::Policy, words};
use drillbell_sdk::{
    BackupCopy, Bot, Button, Conversation, HostError, Job, Level, Once, Result, Target, Tone, View, time,
};
use serde::{Deserialize, Serialize};

const DAY_MS: u64 = 86_400_000;

/// What became of some work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// When it ended, milliseconds since the epoch.
    pub at_ms: u64,
    /// `ok`, `failed`, `broken` (a copy was read and is), `warning` (it is whole, but something is odd), `unknown` (nobody could tell) or
    /// `held` (it was not right to do it).
    pub state: String,
    /// One sentence.
    pub said: String,
    /// How often in a row it was not `ok`, this time included.
    #[serde(default)]
    pub failures: u32,
}

/// What a `backup` job says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Taken {
    object: String,
    stored_bytes: u64,
    plain_bytes: u64,
    tables: Option<u64>,
    rows: Option<u64>,
    files: Option<Files>,
    seconds: f64,
    /// Why rows were not counted.
    not_counted: Option<String>,
    /// What happened meanwhile that whoever restores it should know.
    notes: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Files {
    files: u64,
}

/// What a `backup-verify` job says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Verified {
    verdict: String,
    /// What says most.
    sentence: String,
    checks: Vec<Check>,
}

/// One check of a copy.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Check {
    name: String,
    /// `None`: it could not be told.
    ok: Option<bool>,
    sentence: String,
}

/// What a `backup-prune` job says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Pruned {
    deleted: Vec<String>,
    refused: Vec<Refused>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Refused {
    object: String,
    why: String,
}

/// What a `backup-rebuild` job says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Rebuilt {
    entered: u64,
    new: u64,
    without_manifest: Few<serde_json::Value>,
    unreadable: Few<Refused>,
    without_copy: Few<serde_json::Value>,
}

/// So many, and the first of them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Few<T: Default> {
    count: u64,
    first: Vec<T>,
}

/// Why a job failed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Failed {
    error: String,
}

/// A target as it is now, with its copies.
struct Now {
    target: Target,
    copies: Vec<BackupCopy>,
    standing: Standing,
}

fn now_of(bot: &mut impl Bot, name: &str) -> Result<Option<Now>> {
    let Some(target) = bot.targets()?.into_iter().find(|target| target.name == name) else { return Ok(None) };
    let policy: Policy = target.policy()?;
    let (copies, now_ms) = (bot.copies(Some(name), 500, None)?, bot.now());
    let standing = standing::of(&target, &policy, &copies, now_ms);
    Ok(Some(Now { target, copies, standing }))
}

/// A job of this plugin's has ended.
pub fn job(bot: &mut impl Bot, job: &Job) -> Result {
    let Some(started) = memory::take_started(bot, &job.id)? else {
        bot.log(Level::Warn, &format!("the job {} ended, of which nothing is remembered", job.id));
        return Ok(());
    };
    let to = if started.asked { Some(bot.job(&job.id)?.conversation) } else { None };
    if job.status != "done" {
        return failed(bot, &started, job, to.as_ref());
    }
    match started.work {
        Work::Backup => taken(bot, &started, job, to.as_ref()),
        Work::Verify => verified(bot, &started, job, to.as_ref()),
        Work::Prune => pruned(bot, &started, job, to.as_ref()),
        Work::Rebuild => rebuilt(bot, job, to.as_ref()),
    }
}

fn read<T: Default + for<'a> Deserialize<'a>>(bot: &mut impl Bot, job: &Job) -> T {
    serde_json::from_str(&job.detail).unwrap_or_else(|error| {
        bot.log(Level::Warn, &format!("the job {} says what this plugin does not understand: {error}", job.id));
        T::default()
    })
}

/// Notes an outcome; how often in a row it was not ok.
fn note(bot: &mut impl Bot, started: &Started, state: &str, said: &str) -> Result<u32> {
    let before = memory::last(bot, &started.target, started.work)?.map_or(0, |last| last.failures);
    let failures = if state == "ok" { 0 } else { before + 1 };
    let outcome = Outcome { at_ms: bot.now(), state: state.to_owned(), said: said.to_owned(), failures };
    memory::set_last(bot, &started.target, started.work, &outcome)?;
    if failures > 0 && matches!(started.work, Work::Backup | Work::Verify) {
        memory::set_failure(bot, &started.target, &outcome)?;
    }
    Ok(failures)
}

fn taken(bot: &mut impl Bot, started: &Started, job: &Job, to: Option<&Conversation>) -> Result {
    let taken: Taken = read(bot, job);
    let failures = memory::last(bot, &started.target, Work::Backup)?.map_or(0, |last| last.failures);
    let copy = bot.copies_named(&taken.object)?.into_iter().next();
    let name = copy.as_ref().map_or(taken.object.as_str(), BackupCopy::name).to_owned();
    let size = format!("{} stored, {} plain", words::bytes(taken.stored_bytes), words::bytes(taken.plain_bytes));
    let counts = [(taken.tables, "tables"), (taken.rows, "rows"), (taken.files.map(|of| of.files), "files")];
    let counts: Vec<_> =
        counts.into_iter().filter_map(|(n, what)| Some(format!("{} {what}", words::number(n?)))).collect();
    let counted = if counts.is_empty() { String::new() } else { format!(", {}", counts.join(", ")) };
    let said = format!("Copy `{name}`: {size}{counted}, in {}.", words::took(taken.seconds));
    note(bot, started, "ok", &said)?;
    let now = now_of(bot, &started.target)?;
    let risk = now.as_ref().map_or_else(String::new, |now| now.standing.risk());
    let Some(to) = to else { return one_line(bot, started, &said, &risk, failures) };
    let view = View::titled(format!("{} is backed up", started.target)).tone(Tone::Good).text(said);
    let view = if risk.is_empty() { view } else { view.field("At risk now", risk) };
    let view =
        taken.not_counted.iter().chain(taken.notes.iter().take(5)).fold(view, |view, line| view.context(line.clone()));
    post(bot, to, view.context(format!("Read it back with `/backup verify {name}`.")))
}

/// What the schedule did well is one message for each target and day; an end of failures is told anew.
fn one_line(bot: &mut impl Bot, started: &Started, said: &str, risk: &str, failures: u32) -> Result {
    let Some(channel) = bot.backups_channel()? else { return Ok(()) };
    let (now_ms, target) = (bot.now(), &started.target);
    let mut day = memory::day(bot, target)?;
    if day.day != now_ms / DAY_MS {
        day = Day { day: now_ms / DAY_MS, ..Day::default() };
    }
    day.taken += 1;
    let times = if day.taken == 1 { "once".to_owned() } else { format!("{} times", day.taken) };
    let view = View::titled(format!("{target}: backed up {times} today"))
        .tone(Tone::Good)
        .text(format!("Last at {}. {said}", time::hour_minute(now_ms)))
        .field("At risk now", risk);
    if failures > 0 {
        let again = format!("It had failed {} before.", count(failures));
        let view = View::titled(format!("{target} is backed up again")).tone(Tone::Good).text(again).text(said);
        post(bot, &channel, view)?;
    }
    let known = day.message.take();
    // The host forgets messages after a while, and then there is nothing to edit.
    let edited = known.as_ref().is_some_and(|message| bot.edit(message, view.clone()).is_ok());
    day.message = if edited { known } else { try_post(bot, &channel, view)? };
    memory::set_day(bot, target, &day)
}

fn verified(bot: &mut impl Bot, started: &Started, job: &Job, to: Option<&Conversation>) -> Result {
    let found: Verified = read(bot, job);
    let object = started.copy.clone().unwrap_or_default();
    let copy = bot.copies_named(&object)?.into_iter().next();
    let name = copy.as_ref().map_or(object.as_str(), BackupCopy::name).to_owned();
    let passed = found.checks.iter().filter(|check| check.ok == Some(true)).count();
    let wrong: Vec<_> = found.checks.iter().filter(|check| check.ok == Some(false)).collect();
    // A copy may be whole and still be a reason to look: it is too old, or much smaller than those before it.
    let state = match (found.verdict.as_str(), wrong.is_empty()) {
        ("verified" | "proven", true) => "ok",
        ("verified" | "proven", false) => "warning",
        ("broken", _) => "broken",
        _ => "unknown",
    };
    let said = match (state, wrong.first()) {
        ("ok", _) => format!("Copy `{name}` is whole: {passed} checks passed."),
        ("warning", Some(first)) => format!("Copy `{name}`: {}", first.sentence),
        _ if found.sentence.is_empty() => format!("Copy `{name}` is {}.", found.verdict),
        _ => format!("Copy `{name}`: {}", found.sentence),
    };
    let failures = note(bot, started, state, &said)?;
    let checks = found.checks.iter().map(line).collect::<Vec<_>>().join("\n");
    if state == "ok" {
        let Some(to) = to else { return Ok(()) };
        let view = View::titled(format!("{name} of {} is whole", started.target)).tone(Tone::Good);
        return post(bot, to, view.text(format!("{passed} checks passed.")).code(checks));
    }
    let (title, tone) = match state {
        "broken" => (format!("The copy {name} of {} is broken", started.target), Tone::Critical),
        "warning" => (format!("The copy {name} of {} is whole, but look at it", started.target), Tone::Warning),
        _ => (format!("Nobody knows whether {name} of {} is whole", started.target), Tone::Warning),
    };
    let mut view = View::titled(title).tone(tone).text(said);
    if !checks.is_empty() {
        view = view.code(checks);
    }
    loud(bot, started, view, failures, to)
}

fn line(check: &Check) -> String {
    let mark = match check.ok {
        Some(true) => "ok  ",
        Some(false) => "BAD ",
        None => "?   ",
    };
    format!("{mark} {}: {}", check.name, check.sentence)
}

fn pruned(bot: &mut impl Bot, started: &Started, job: &Job, to: Option<&Conversation>) -> Result {
    let pruned: Pruned = read(bot, job);
    let (deleted, refused) = (pruned.deleted.len(), pruned.refused.len());
    let mut said = format!("{} of {} deleted", words::copies(deleted), started.target);
    if refused > 0 {
        said = format!("{said}, {} refused", words::copies(refused));
    }
    note(bot, started, "ok", &format!("{said}."))?;
    let channel = bot.backups_channel()?;
    // What went well by the schedule is in `/backup status`; what the house refused is a disagreement that somebody should hear of.
    let Some(to) = to.or(channel.as_ref().filter(|_| refused > 0)) else { return Ok(()) };
    let tone = if refused > 0 { Tone::Warning } else { Tone::Good };
    let mut view = View::titled(said).tone(tone);
    for one in pruned.refused.iter().take(20) {
        view = view.text(format!("`{}`: {}", one.object, one.why));
    }
    post(bot, to, view)
}

fn rebuilt(bot: &mut impl Bot, job: &Job, to: Option<&Conversation>) -> Result {
    let rebuilt: Rebuilt = read(bot, job);
    let Some(to) = to else { return Ok(()) };
    let wrong = rebuilt.unreadable.count + rebuilt.without_manifest.count + rebuilt.without_copy.count;
    let tone = if wrong == 0 { Tone::Good } else { Tone::Warning };
    let new = if rebuilt.new > 0 { format!(", {} of them new", rebuilt.new) } else { String::new() };
    let mut view =
        View::titled(format!("The catalogue is made anew: {} entered{new}", copies_of(rebuilt.entered))).tone(tone);
    for one in &rebuilt.unreadable.first {
        view = view.text(format!("`{}`: {}", one.object, one.why));
    }
    for (count, what) in [
        (rebuilt.unreadable.count, "With a manifest that cannot be used"),
        (rebuilt.without_manifest.count, "Without a manifest (not finished, or from elsewhere)"),
        (rebuilt.without_copy.count, "Gone, with only the manifest left"),
    ] {
        if count > 0 {
            view = view.text(format!("{what}: {}.", copies_of(count)));
        }
    }
    post(
        bot,
        to,
        view.context("What was verified before is not known to the manifests: `/backup verify` reads copies back."),
    )
}

fn copies_of(count: u64) -> String {
    words::copies(usize::try_from(count).unwrap_or(usize::MAX))
}

fn failed(bot: &mut impl Bot, started: &Started, job: &Job, to: Option<&Conversation>) -> Result {
    let failed: Failed = read(bot, job);
    let why = if failed.error.is_empty() { format!("The job ended as {}.", job.status) } else { failed.error };
    let what = match started.work {
        Work::Backup => format!("The backup of {}", started.target),
        Work::Verify => format!("The verification of a copy of {}", started.target),
        Work::Prune => format!("Deleting copies of {}", started.target),
        Work::Rebuild => "Making the catalogue anew".to_owned(),
    };
    let did = match job.status.as_str() {
        "failed" => "failed".to_owned(),
        "cancelled" => "was cancelled".to_owned(),
        "denied" => "was not approved".to_owned(),
        "expired" => "was approved by nobody in time".to_owned(),
        other => format!("ended as {other}"),
    };
    // What somebody decided against is no trouble; neither retention nor anybody's sleep depends on it.
    if started.asked && matches!(job.status.as_str(), "cancelled" | "denied" | "expired") {
        let view = View::titled(format!("{what} {did}")).tone(Tone::Neutral).text(why);
        return to.map_or(Ok(()), |to| post(bot, to, view));
    }
    let failures = note(bot, started, "failed", &why)?;
    let view = View::titled(format!("{what} {did}")).tone(Tone::Critical).text(why);
    loud(bot, started, view, failures, to)
}

/// Tells trouble in the backups channel, and where somebody asked: what there is to fall back on, whom to ask, what to do next.
fn loud(bot: &mut impl Bot, started: &Started, mut view: View, failures: u32, to: Option<&Conversation>) -> Result {
    if failures > 1 {
        view = view.field("In a row", failures.to_string());
    }
    if let Some(now) = now_of(bot, &started.target)? {
        let broken = |copy: &&BackupCopy| Some(&copy.object) != started.copy.as_ref();
        let whole =
            now.copies.iter().filter(broken).find(|copy| matches!(copy.verdict.as_str(), "verified" | "proven"));
        let fall_back = whole.map_or_else(|| "none".to_owned(), words::copy);
        view = view.field("Newest copy known to be whole", fall_back).field("At risk now", now.standing.risk());
        if !now.target.owner.is_empty() {
            view = view.field("Owner", now.target.owner.clone());
        }
        if matches!(started.work, Work::Backup | Work::Verify) {
            let next = match started.work {
                Work::Backup => "Mend the cause and take one:",
                _ => "Take a fresh copy now, and look at the store:",
            };
            view = view
                .context(format!("{next} `/backup run {}`. Nothing is deleted today.", now.target.name))
                .button(Button::new("run", "Back up now").value(now.target.name.as_str()).primary().once(Once::Never));
        }
    }
    let channel = bot.backups_channel()?;
    if channel.is_none() && to.is_none() {
        bot.log(Level::Error, &format!("{}: {view}; there is no [channels] backups to tell it in", started.target));
    }
    if let Some(channel) = &channel {
        post(bot, channel, view.clone())?;
    }
    match to.filter(|to| channel.as_ref() != Some(*to)) {
        Some(to) => post(bot, to, view),
        None => Ok(()),
    }
}

fn count(times: u32) -> String {
    if times == 1 { "once".to_owned() } else { format!("{times} times in a row") }
}

/// Posts, or leaves it in the log where that is not granted.
pub fn post(bot: &mut impl Bot, to: &Conversation, view: View) -> Result {
    try_post(bot, to, view).map(drop)
}

/// Posts; where that is not granted the operator's log has it, for what was remembered of the job must not be lost with it.
fn try_post(bot: &mut impl Bot, to: &Conversation, view: View) -> Result<Option<drillbell_sdk::MessageRef>> {
    match bot.post(to, view.clone()) {
        Ok(message) => Ok(Some(message)),
        Err(HostError::Denied(why)) => {
            bot.log(Level::Error, &format!("{why} Unsaid: {view}"));
            Ok(None)
        }
        Err(other) => Err(other.into()),
    }
}
