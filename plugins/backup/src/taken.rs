//! A copy was taken: told where it was asked for; what the schedule does is one message a day and target, edited.

use crate::ended::note;
use crate::memory::{self, Day, Started};
use crate::tell::{had_failed, well_again};
use crate::{catalogue, words};
use drillbell_sdk::{BackupCopy, Bot, Conversation, Job, Result, Tone, View, time};
use serde::Deserialize;

const DAY_MS: u64 = 86_400_000;
/// Notes of a job that are told; more are in its result.
const NOTES: usize = 5;
/// Digits of a checksum that are told; `/backup show` has them all.
const DIGITS: usize = 16;

/// What a `backup` job says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Taken {
    object: String,
    stored_bytes: u64,
    stored_sha256: String,
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

/// A `backup` job has done its work.
pub fn ended(bot: &mut impl Bot, started: &Started, job: &Job, to: Option<&Conversation>) -> Result {
    let taken: Taken = bot.said_by(job);
    let copy = bot.copies_named(&taken.object)?.into_iter().next();
    let name = copy.as_ref().map_or(taken.object.as_str(), BackupCopy::name).to_owned();
    let size = format!("{} stored, {} plain", words::bytes(taken.stored_bytes), words::bytes(taken.plain_bytes));
    let counts = [(taken.tables, "tables"), (taken.rows, "rows"), (taken.files.map(|of| of.files), "files")];
    let counts: Vec<_> =
        counts.into_iter().filter_map(|(n, what)| Some(format!("{} {what}", words::number(n?)))).collect();
    let counted = if counts.is_empty() { String::new() } else { format!(", {}", counts.join(", ")) };
    let said = format!("Copy `{name}`: {size}{counted}, in {}.", words::took(taken.seconds));
    let (failures, _) = note(bot, started, "ok", &said)?;
    let risk = match bot.find_target(&started.target)? {
        Some(target) => catalogue::now(bot, &target)?.standing.risk(),
        None => String::new(),
    };
    well_again(bot, started, failures, &said)?;
    let about = |mut view: View| {
        view = if risk.is_empty() { view } else { view.field("At risk now", risk.clone()) };
        view = view.field("Object", taken.object.clone());
        if let Some(digits) = taken.stored_sha256.get(..DIGITS) {
            view = view.field("SHA-256", format!("{digits}…; `/backup show {name}` has all of it"));
        }
        let uncounted = taken.not_counted.iter().map(|why| words::sentence(why));
        uncounted.chain(taken.notes.iter().take(NOTES).cloned()).fold(view, View::context)
    };
    let Some(to) = to else { return today(bot, started, &said, about) };
    let mut view = match failures {
        0 => View::titled(format!("{} is backed up", started.target)),
        n => View::titled(format!("{} is backed up again", started.target)).text(had_failed(n)),
    };
    view = about(view.tone(Tone::Good).text(said)).context(format!("Read it back with `/backup verify {name}`."));
    match failures > 0 && bot.backups_channel()?.as_ref() == Some(to) {
        // It was told there just now.
        true => Ok(()),
        false => Ok(bot.post_or_log(to, view).map(drop)?),
    }
}

/// What the schedule did well is one message for each target and day.
fn today(bot: &mut impl Bot, started: &Started, said: &str, about: impl Fn(View) -> View) -> Result {
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
        .text(format!("Last at {}. {said}", time::hour_minute(now_ms)));
    let view = about(view);
    let known = day.message.take();
    // The host forgets messages after a while, and then there is nothing to edit.
    let edited = known.as_ref().is_some_and(|message| bot.edit(message, view.clone()).is_ok());
    day.message = if edited { known } else { bot.post_or_log(&channel, view)? };
    memory::set_day(bot, target, &day)
}
