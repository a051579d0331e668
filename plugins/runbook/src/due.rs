//! What begins by itself: runbooks by their schedules, and once a week the list of those that nobody has read again. Set whenever the bot
//! starts with a new build or configuration. A run that began so goes on alone as long as it only looks; before anything else it asks.

use crate::run::{self, Run, State};
use crate::{act, work};
use drillbell_sdk::book::{self, Book};
use drillbell_sdk::{Bot, Conversation, Error, HostError, Level, Result, Schedule, Timer, Tone, View, time, words};
use std::collections::{BTreeMap, BTreeSet};

/// The host's name for "you are new, or what you are told is".
const START: &str = "start";
/// The timer that sets the schedules of the runbooks after one by name.
const REST: &str = "schedules";
/// What comes before a runbook's name in that of its schedule.
const RUN: &str = "run/";
/// The schedule of what is to be read again, and when: Mondays, when people are back.
const REVIEW: (&str, &str) = ("review", "0 8 * * 1");
/// Runbooks that are looked at in one call.
const AT_ONCE: usize = 25;
/// How late a run may begin, milliseconds.
const START_BY_MS: u64 = 12 * 3_600_000;
/// Who runs what began by itself, for people.
pub const LEAD: &str = "the schedule";

/// A moment has come; `false` if it is none of these.
pub fn due(bot: &mut impl Bot, timer: &Timer) -> Result<bool> {
    match timer.name.as_str() {
        START => {
            if let Err(HostError::Denied(why)) = bot.schedules() {
                bot.log(Level::Warn, &format!("nothing starts by itself: {why}"));
                return Ok(true);
            }
            bot.set_schedule(REVIEW.0, &Schedule::new(REVIEW.1).start_by_ms(7 * 86_400_000))?;
            set(bot, "")?;
        }
        REST => set(bot, &timer.payload)?,
        name if name == REVIEW.0 => review(bot)?,
        name => match name.strip_prefix(RUN) {
            Some(book) => begin(bot, book)?,
            None => return Ok(false),
        },
    }
    Ok(true)
}

/// Sets the schedules of the runbooks after one by name, and cancels those of runbooks that have none any more.
fn set(bot: &mut impl Bot, after: &str) -> Result {
    let all: Vec<String> = bot.runbooks()?.into_iter().map(|one| one.name).collect();
    if after.is_empty() {
        let there: BTreeSet<String> = all.iter().map(|name| format!("{RUN}{name}")).collect();
        bot.cancel_schedules_but(|name| name == REVIEW.0 || there.contains(name))?;
    }
    let rest: Vec<&String> = all.iter().filter(|name| name.as_str() > after).collect();
    let known: BTreeSet<String> = bot.schedules()?.into_iter().map(|one| one.name).collect();
    for name in rest.iter().take(AT_ONCE) {
        let (book, schedule) = (book::get(bot, name)?, format!("{RUN}{name}"));
        match book.schedule {
            Some(expression) => {
                let wanted = Schedule::new(expression).zone(book.zone.unwrap_or_default()).start_by_ms(START_BY_MS);
                match bot.set_schedule(&schedule, &wanted) {
                    Ok(_) => {}
                    Err(HostError::Invalid(why) | HostError::TooLarge(why)) => {
                        tell(bot, &format!("{name} does not start by itself"), &why)?;
                    }
                    Err(other) => return Err(other.into()),
                }
            }
            None if known.contains(&schedule) => bot.cancel_schedule(&schedule)?,
            None => {}
        }
    }
    match rest.get(AT_ONCE - 1).filter(|_| rest.len() > AT_ONCE) {
        Some(last) => {
            let now_ms = bot.now();
            Ok(bot.set_timer(REST, now_ms, last)?)
        }
        None => Ok(()),
    }
}

/// A runbook is due. One whose last run still waits for people is not begun a second time beside it.
fn begin(bot: &mut impl Bot, name: &str) -> Result {
    let title = format!("{name} was due and did not begin");
    let Some(ops) = bot.channel("ops")? else {
        bot.log(Level::Error, &format!("{title}: it runs in `ops` of [channels], which is not set"));
        return Ok(());
    };
    if let Some(open) = run::open(bot)?.into_iter().find(|run| run.book == name && run.scheduled) {
        let step = &open.steps[open.at].name;
        return tell(bot, &title, &format!("{} still waits at \"{step}\": go on with it, or end it.", open.id));
    }
    let begun = act::begin(bot, name, BTreeMap::new(), false, (LEAD, &ops), None);
    let mut run = match begun {
        Ok(run) => run,
        Err(Error::User(why)) => return tell(bot, &title, &why),
        Err(other) => return Err(other),
    };
    (run.scheduled, run.alone) = (true, true);
    let book = book::get(bot, name)?;
    go_on(bot, &mut run, &book)
}

/// Goes on with a run that nobody attends to, until it waits for a job, or for somebody.
pub fn go_on(bot: &mut impl Bot, run: &mut Run, book: &Book) -> Result {
    while run.alone && !run.has_ended() && run.waiting.is_none() {
        let (step, outcome) = (&book.steps[run.at], &run.steps[run.at]);
        let why = match outcome.state {
            _ if step.by_hand() => "it is done by people",
            State::Open if step.risk == "read-only" => {
                work::begin(bot, run, book, LEAD)?;
                continue;
            }
            State::Open => "it changes something",
            State::Fail => "it failed",
            _ => "nobody knows how it is",
        };
        run.alone = false;
        let said = match outcome.said.is_empty() {
            true => String::new(),
            false => format!(": {}", words::clip(&outcome.said, 300)),
        };
        let text = format!("At step {} of {}, \"{}\", {why}{said}.", run.at + 1, run.steps.len(), step.name);
        let title = format!("{} {} waits for somebody", run.id, run.title);
        work::show(bot, run, book)?;
        let view = View::titled(title).tone(Tone::Warning).text(text).field("Owner", book.owner.clone());
        bot.post_or_log(&run.channel, view.context(format!("Its card is in {}.", run.thread)))?;
    }
    Ok(())
}

/// Who keeps a runbook true is told that it is to be read again.
fn review(bot: &mut impl Bot) -> Result {
    let today = time::rfc3339(bot.now())[..10].to_owned();
    let mut of_owner: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for one in bot.runbooks()?.into_iter().filter(|one| !one.review.is_empty() && one.review < today) {
        of_owner.entry(one.owner).or_default().push(format!("{} since {}", one.name, one.review));
    }
    if of_owner.is_empty() {
        return Ok(());
    }
    let many: usize = of_owner.values().map(Vec::len).sum();
    let title = match many {
        1 => "1 runbook is to be read again".to_owned(),
        n => format!("{n} runbooks are to be read again"),
    };
    let mut view = View::titled(title).tone(Tone::Warning);
    for (owner, books) in of_owner {
        view = view.field(owner, words::clip(&books.join("\n"), 900));
    }
    let Some(ops) = bot.channel("ops")? else {
        bot.log(Level::Warn, "runbooks are to be read again, and [channels] has no `ops` to say so");
        return Ok(());
    };
    bot.post_or_log(&ops, view.context("Read it, mend it, and set its `review` to when it is to be read next."))?;
    Ok(())
}

/// Tells the operators, or the log where they have no channel.
fn tell(bot: &mut impl Bot, title: &str, why: &str) -> Result {
    bot.log(Level::Error, &format!("{title}: {why}"));
    let ops: Option<Conversation> = bot.channel("ops")?;
    if let Some(ops) = ops {
        bot.post_or_log(&ops, View::titled(title).tone(Tone::Critical).text(words::clip(why, 1500)))?;
    }
    Ok(())
}
