//! How a drill went: read, remembered and told. What passed is quiet, one message that is edited; anything else is loud, with its cause in
//! plain words and what to do.

use crate::history::{self, Drill, Started};
use crate::subject::against;
use crate::{owner, schedules};
use drillbell_sdk::found::{Stage, TableRows, measured, some};
use drillbell_sdk::words;
use drillbell_sdk::{Bot, Button, Conversation, Job, Level, Result, Target, Tone, View};
use serde::Deserialize;

/// Lines of checks and tables that are shown; those that did not pass come first.
const SHOWN: usize = 25;
/// Columns of a check's name.
const CHECK: usize = 12;

/// What a `drill` job says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Said {
    object: String,
    taken_ms: u64,
    status: String,
    cause: Option<String>,
    sentence: String,
    checks: Vec<Stage>,
    stages: Vec<Stage>,
    rto_ms: u64,
    age_ms: u64,
    tables: Vec<TableRows>,
    scratch: String,
    /// Said by every drill that made a scratch place.
    dropped: Option<bool>,
    evidence: Option<String>,
    /// Why the job failed, if it did.
    error: String,
}

/// A verdict in words.
struct Words {
    title: String,
    tone: Tone,
    /// Why it did not pass.
    cause: &'static str,
    /// What to do about it.
    next: String,
}

/// A job of this plugin's has ended.
pub fn ended(bot: &mut impl Bot, job: &Job) -> Result {
    let Some(started) = history::take_started(bot, &job.id)? else {
        bot.log(Level::Warn, &format!("the job {} ended, of which nothing is remembered", job.id));
        return Ok(());
    };
    let said: Said = bot.said_by(job);
    let drill = remembered(bot, job, &said)?;
    let before = history::drills(bot, &started.target)?.into_iter().next();
    history::add(bot, &started.target, &drill)?;
    let target = bot.find_target(&started.target)?;
    if drill.passed() && history::put_off(bot, &started.target)?.is_some() {
        // It is proven already; what was put off has been made up for.
        history::set_put_off(bot, &started.target, None)?;
        bot.cancel_timer(&format!("put-off/{}", started.target))?;
    }
    if let Some(target) = &target {
        schedules::arrange(bot, target)?;
    }
    let to = if started.asked { Some(bot.job(&job.id)?.conversation) } else { None };
    let after_trouble = drill.passed() && before.is_some_and(|before| !before.passed());
    tell(bot, &started, target.as_ref(), (&drill, &said), after_trouble, to.as_ref())
}

fn remembered(bot: &mut impl Bot, job: &Job, said: &Said) -> Result<Drill> {
    let copy = bot.copies_named(&said.object)?.into_iter().next();
    let short = copy.as_ref().map_or(said.object.as_str(), |copy| copy.name()).to_owned();
    let done = job.status == "done";
    let status = match (done, said.status.as_str()) {
        (false, _) => job.status.clone(),
        (true, status @ ("pass" | "fail")) => status.to_owned(),
        (true, _) => "unknown".to_owned(),
    };
    let sentence = match (done, said.error.as_str(), said.sentence.as_str()) {
        (true, _, sentence) => sentence,
        (false, "", _) => ended_as(&job.status),
        (false, error, _) => error,
    };
    // Whoever broke off has said nothing about the copy.
    let cause = match (done, &said.cause) {
        (false, _) => Some("environment".to_owned()),
        (true, cause) => cause.clone().filter(|_| status != "pass"),
    };
    Ok(Drill {
        at_ms: job.at_ms,
        job: job.id.clone(),
        object: said.object.clone(),
        copy: short,
        taken_ms: said.taken_ms,
        status,
        cause,
        sentence: sentence.to_owned(),
        rto_ms: said.rto_ms,
        age_ms: said.age_ms,
        stages: measured(&said.stages),
        not_passed: said
            .checks
            .iter()
            .filter(|one| one.status != "pass")
            .map(|one| one.name.clone())
            .take(SHOWN)
            .collect(),
        evidence: said.evidence.clone().unwrap_or_default(),
    })
}

fn ended_as(status: &str) -> &'static str {
    match status {
        "failed" => "It failed and does not say why.",
        "lost" => "The bot died while it ran, and nobody can tell how far it got.",
        "cancelled" => "Somebody stopped it.",
        "denied" => "Whoever was asked to approve it said no.",
        "expired" => "Nobody approved it in time.",
        _ => "It ended in a way that this plugin does not know.",
    }
}

fn words_of(target: &str, drill: &Drill) -> Words {
    let copy = if drill.copy.is_empty() { "the copy" } else { drill.copy.as_str() };
    let again = format!("`/drill run {target}`");
    if drill.passed() {
        let title = format!("{target} is proven by {copy}");
        return Words { title, tone: Tone::Good, cause: "", next: String::new() };
    }
    match (drill.status.as_str(), drill.cause.as_deref()) {
        ("fail", Some("backup")) => Words {
            title: format!("{copy} of {target} is of no use"),
            tone: Tone::Critical,
            cause: "the copy itself: it cannot be restored, or not to what its manifest says",
            next: format!(
                "Take a fresh copy, `/backup run {target}`, and drill that: {again}. The broken one stays a week to be looked at."
            ),
        },
        ("fail", Some("check")) => Words {
            title: format!("{copy} of {target} was restored, but is not as it should be"),
            tone: Tone::Critical,
            cause: "what is in the copy, or the check that says so: the restore itself went well",
            next: format!("Look whether the data or the check is wrong, mend that, and drill again: {again}."),
        },
        (status @ ("fail" | "unknown"), None) => Words {
            title: format!("The drill of {target} does not prove {copy}"),
            tone: if status == "fail" { Tone::Critical } else { Tone::Warning },
            cause: "not known: nothing is wrong with the copy that anybody saw, and nothing proves it",
            next: format!("Mend what keeps it from being judged and drill again: {again}."),
        },
        (status, _) => Words {
            title: match status {
                "cancelled" => format!("The drill of {target} was cancelled"),
                "denied" => format!("The drill of {target} was not approved"),
                "expired" => format!("The drill of {target} was approved by nobody in time"),
                "lost" => format!("The drill of {target} was lost"),
                _ => format!("The drill of {target} says nothing about {copy}"),
            },
            tone: if status == "fail" { Tone::Critical } else { Tone::Warning },
            cause: "the place it was restored to, or the way there: nothing is known of the copy that was not before",
            next: format!("Mend what was in the way and drill again: {again}."),
        },
    }
}

fn tell(
    bot: &mut impl Bot,
    started: &Started,
    target: Option<&Target>,
    (drill, said): (&Drill, &Said),
    after_trouble: bool,
    to: Option<&Conversation>,
) -> Result {
    let words = words_of(&started.target, drill);
    let (rto_ms, rpo_ms) = (target.and_then(|target| target.rto_ms), target.and_then(|target| target.rpo_ms));
    let too_much = |measured: u64, allowed: Option<u64>| allowed.is_some_and(|allowed| measured > allowed);
    let slow = too_much(drill.rto_ms, rto_ms) || too_much(drill.age_ms, rpo_ms);
    let left_behind = said.dropped == Some(false);
    let tone = if drill.passed() && (slow || left_behind) { Tone::Warning } else { words.tone };
    let mut view = View::titled(words.title.clone()).tone(tone);
    if !drill.sentence.is_empty() {
        view = view.text(drill.sentence.clone());
    }
    if !drill.passed() {
        view = view.field("Cause", words.cause);
    }
    if after_trouble {
        view = view.text("The drill before this one did not pass.");
    }
    if drill.rto_ms > 0 {
        let (name, allowed) = if drill.passed() { ("Time to restore", rto_ms) } else { ("It took until then", None) };
        view = view.field(name, against(drill.rto_ms, allowed, words::took_ms));
    }
    if drill.taken_ms > 0 {
        view = view.field("Age of the data", against(drill.age_ms, rpo_ms, words::span));
    }
    view = detail(view, drill, said);
    if left_behind {
        view = view
            .text(format!("Left behind: `{}`. The next drill drops it; until then it holds real data.", said.scratch));
    }
    if !drill.evidence.is_empty() {
        view = view.context(format!("Signed evidence: `{}`", drill.evidence));
    }
    if let (false, Some(target)) = (drill.passed(), target) {
        if !target.owner.is_empty() {
            view = view.field("Owner", owner::shown(target));
        }
        let button = Button::new("run", "Drill again").value(target.name.as_str());
        view = view.context(words.next).button(button);
    }
    let quiet = drill.passed() && !slow && !left_behind && !after_trouble;
    let channel = bot.backups_channel()?;
    match &channel {
        Some(channel) => {
            let mut told = history::told(bot, &started.target)?;
            // The host forgets messages after a while, and then there is nothing to edit.
            let known = told.message.take().filter(|_| quiet);
            let edited = known.as_ref().is_some_and(|message| bot.edit(message, view.clone()).is_ok());
            let message = if edited { known } else { bot.post_or_log(channel, view.clone())? };
            told.message = message.filter(|_| drill.passed());
            history::set_told(bot, &started.target, &told)?;
        }
        None if to.is_none() => {
            bot.log(Level::Error, &format!("{}: {view}; there is no [channels] backups to tell it in", started.target));
        }
        None => {}
    }
    match to.filter(|to| channel.as_ref() != Some(*to)) {
        Some(to) => Ok(bot.post_or_log(to, view).map(drop)?),
        None => Ok(()),
    }
}

fn detail(mut view: View, drill: &Drill, said: &Said) -> View {
    if !drill.stages.is_empty() {
        let lines = drill.stages.iter().map(|(name, took_ms)| format!("{name:<16}  {:>7}", words::took_ms(*took_ms)));
        view = view.code(lines.collect::<Vec<_>>().join("\n"));
    }
    let mut checks: Vec<_> = said.checks.iter().collect();
    checks.sort_by_key(|check| check.status == "pass");
    if !checks.is_empty() {
        view = view.code(some(&checks, SHOWN, |check| check.line(CHECK)));
    }
    let differ: Vec<_> = said.tables.iter().filter(|table| table.status != "pass").collect();
    if !differ.is_empty() {
        view = view.context("Rows that were restored, of those that the manifest counts:").code(some(
            &differ,
            SHOWN,
            |table| table.line(),
        ));
    }
    view
}
