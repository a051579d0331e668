//! The watch after a deploy (S1-23): one card, a look every minute while the window lasts, and a word only when a criterion moves. A newer
//! deploy ends what was open about the one before.

use crate::memory::{self, Started, State, Work};
use crate::service::{self, Service};
use crate::verdict::{self, Assessed, Verdict};
use crate::{chain, deploys, flags, look, picture};
use drillbell_sdk::{
    Bot, Button, Conversation, Deploy, Deployed, Error, Job, Level, MessageRef, Once, Result, Timer, Tone, View, words,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How often it is looked at.
const EVERY_MS: u64 = 60_000;
/// A look at the end may take so long before the end is told without it.
const GRACE_MS: u64 = 5 * 60_000;

/// A deploy that is watched, or was last.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Watch {
    /// The version.
    pub version: String,
    /// When it was deployed, milliseconds since the epoch.
    pub deployed_ms: u64,
    /// Until when it is watched.
    pub until_ms: u64,
    /// Where it is told.
    pub to: Option<Conversation>,
    /// The card.
    pub card: Option<MessageRef>,
    /// What is told of the deploy itself.
    pub told: Vec<(String, String)>,
    /// How each criterion stood when it was last looked at.
    pub stands: BTreeMap<String, String>,
    /// What was found last.
    pub results: Vec<Verdict>,
    /// How often it was looked at.
    pub looks: u32,
    /// Criteria that moved meanwhile.
    pub moves: u32,
    /// It is over.
    pub over: bool,
    /// Because it runs no more.
    pub rolled_back: bool,
}

fn key(service: &str) -> String {
    format!("watch/{service}")
}

/// The deploy of a service that is watched, or was last.
pub fn of(bot: &mut impl Bot, service: &str) -> Result<Option<Watch>> {
    bot.get_json(&key(service))
}

/// A deploy was recorded.
pub fn deployed(bot: &mut impl Bot, deploy: &Deploy) -> Result {
    let name = &deploy.service;
    let Some(service) = service::find(bot, name)? else {
        bot.log(
            Level::Info,
            &format!("{name} {} was deployed, and no [services.{name}] says how to watch it", deploy.version),
        );
        return Ok(());
    };
    if chain::is_rollback(&deploy.by) {
        // Whether it helped is looked at by whoever began it.
        return Ok(());
    }
    let known = of(bot, name)?.unwrap_or_default();
    let same = known.version == deploy.version && known.deployed_ms == deploy.at_ms;
    if same || known.deployed_ms > deploy.at_ms {
        // Told twice, or late.
        return Ok(());
    }
    supersede(bot, &service, deploy)?;
    let recorded = bot.deploys(Some(name), 10)?;
    let recorded = recorded.into_iter().find(|one| one.version == deploy.version && one.at_ms == deploy.at_ms);
    let now_ms = bot.now();
    let watch_ms = if service.criteria.is_empty() { 0 } else { service.ways().watch_ms };
    let mut watch = Watch {
        version: deploy.version.clone(),
        deployed_ms: deploy.at_ms,
        until_ms: deploy.at_ms.saturating_add(watch_ms),
        to: channel(bot)?,
        told: told(deploy, recorded.as_ref()),
        ..Watch::default()
    };
    watch.over = watch.until_ms <= now_ms;
    let view = card(&service, &watch);
    if let Some(to) = watch.to.clone() {
        watch.card = bot.post_or_log(&to, view)?;
    }
    bot.set_json(&key(name), &watch)?;
    if !watch.over {
        bot.set_timer(&key(name), now_ms + EVERY_MS, &watch.deployed_ms.to_string())?;
    }
    Ok(())
}

/// What was open about the version before is over: something newer runs.
fn supersede(bot: &mut impl Bot, service: &Service, deploy: &Deploy) -> Result {
    let name = &service.name;
    let case = memory::case(bot, name)?;
    let Some(last) = case.last().cloned() else { return Ok(()) };
    // A rollback that records itself is no fix, and one that is under way is looked after by its job.
    let ours = case.attempts.iter().any(|attempt| attempt.to == deploy.version || attempt.from == deploy.version);
    if ours || matches!(last.state, State::Asked | State::Running) || deploy.at_ms < last.began_ms {
        return Ok(());
    }
    bot.cancel_timer(&format!("verify/{name}"))?;
    bot.delete(&format!("case/{name}"))?;
    if !case.is_over()
        && let Some(to) = &case.to
    {
        let view = View::titled(format!("{name} {} was deployed", deploy.version)).tone(Tone::Info);
        let said = format!("The attempts to roll back from {} are over; they count no longer.", last.from);
        bot.post_or_log(to, view.text(said))?;
    }
    Ok(())
}

/// Where deploys are told of.
pub fn channel(bot: &mut impl Bot) -> Result<Option<Conversation>> {
    Ok(match bot.services_channel("deployments")? {
        Some(to) => Some(to),
        None => bot.services_channel("ops")?,
    })
}

fn told(deploy: &Deploy, recorded: Option<&Deployed>) -> Vec<(String, String)> {
    let mut told = Vec::new();
    let mut say = |name: &str, value: String| {
        if !value.is_empty() {
            told.push((name.to_owned(), value));
        }
    };
    say("Before", deploy.previous.clone());
    say("Commit", deploy.commit.clone());
    say("By", deploy.by.clone());
    match recorded {
        Some(one) => {
            say("Schema", deploys::schema(one));
            for migration in one.migrations.iter().filter(|one| !one.findings.is_empty()) {
                say(&migration.name, migration.findings.join("; "));
            }
            say("Disagrees", one.disagrees.clone());
        }
        None if deploy.migrations.is_empty() => say("Schema", deploy.schema.clone()),
        None => say("Schema", format!("{}: {}", deploy.schema, deploy.migrations.join(", "))),
    }
    told
}

/// A minute has passed.
pub fn tick(bot: &mut impl Bot, name: &str, timer: &Timer) -> Result {
    let Some(mut watch) = of(bot, name)?.filter(|watch| !watch.over) else { return Ok(()) };
    if watch.deployed_ms.to_string() != timer.payload {
        return Ok(());
    }
    let Some(service) = service::find(bot, name)? else {
        watch.over = true;
        return bot.set_json(&key(name), &watch);
    };
    let now_ms = bot.now();
    if now_ms > watch.until_ms.saturating_add(GRACE_MS) {
        return end(bot, &service, watch);
    }
    let started = Started {
        work: Work::Watch,
        service: name.to_owned(),
        to: watch.to.clone(),
        by: String::new(),
        about: watch.deployed_ms.to_string(),
        incident: None,
    };
    match look::begin(bot, &started, look::What::Criteria) {
        Ok(_) => {}
        Err(Error::User(why)) => bot.log(Level::Debug, &why),
        Err(Error::Internal(why)) => bot.log(Level::Error, &format!("{name} is not watched: {why}")),
    }
    Ok(bot.set_timer(&key(name), now_ms + EVERY_MS, &timer.payload)?)
}

/// A look has come back, or did not.
pub fn ended(bot: &mut impl Bot, started: &Started, job: &Job) -> Result {
    let name = &started.service;
    let Some(mut watch) = of(bot, name)?.filter(|watch| !watch.over) else { return Ok(()) };
    if watch.deployed_ms.to_string() != started.about {
        return Ok(());
    }
    let Some(service) = service::find(bot, name)? else { return Ok(()) };
    let said: Assessed = bot.said_by(job);
    let results = verdict::complete(said.results, &service.criteria);
    picture::keep(bot, name, &results)?;
    let first = watch.looks == 0;
    let mut moved = Vec::new();
    for one in &results {
        let status = if one.is_known() { one.status.as_str() } else { "unknown" };
        let before = watch.stands.insert(one.name.clone(), status.to_owned());
        // What is not known from the first is on the card; what is met from the first is news.
        let before = before.unwrap_or_else(|| if first && status == "unknown" { status } else { "not_met" }.to_owned());
        if before != status {
            moved.push((one.clone(), before));
        }
    }
    watch.looks += 1;
    watch.moves += u32::try_from(moved.len()).unwrap_or(u32::MAX);
    watch.results = results;
    if let (false, Some(to)) = (moved.is_empty(), &watch.to) {
        bot.post_or_log(to, news(name, &watch.version, &moved))?;
    }
    if bot.now() >= watch.until_ms {
        return end(bot, &service, watch);
    }
    refresh(bot, &service, &watch)?;
    bot.set_json(&key(name), &watch)
}

/// A rollback from this version helped: what does not run any more is not watched.
pub fn rolled_back(bot: &mut impl Bot, service: &Service, from: &str) -> Result {
    match of(bot, &service.name)?.filter(|watch| !watch.over && watch.version == from) {
        Some(watch) => end(bot, service, Watch { rolled_back: true, ..watch }),
        None => Ok(()),
    }
}

fn refresh(bot: &mut impl Bot, service: &Service, watch: &Watch) -> Result {
    if let Some(message) = &watch.card {
        // The host forgets messages after a while, and then there is nothing to edit.
        if let Err(error) = bot.edit(message, card(service, watch)) {
            bot.log(Level::Info, &format!("the card of {} {} is not edited: {error}", service.name, watch.version));
        }
    }
    Ok(())
}

fn end(bot: &mut impl Bot, service: &Service, mut watch: Watch) -> Result {
    watch.over = true;
    bot.cancel_timer(&key(&service.name))?;
    refresh(bot, service, &watch)?;
    bot.set_json(&key(&service.name), &watch)?;
    flags::still_off(bot, service, watch.to.as_ref())
}

fn card(service: &Service, watch: &Watch) -> View {
    let met = watch.stands.values().filter(|status| *status == "met").count();
    let unknown = watch.stands.values().filter(|status| *status == "unknown").count();
    let tone = match (met, unknown, watch.over) {
        _ if watch.rolled_back => Tone::Neutral,
        (1.., _, _) => Tone::Critical,
        (0, 1.., _) => Tone::Warning,
        (0, 0, true) if watch.looks > 0 => Tone::Good,
        _ => Tone::Info,
    };
    let name = &service.name;
    let mut view =
        View::titled(format!("{name} {} was deployed", watch.version)).tone(tone).time("At", watch.deployed_ms);
    for (field, value) in &watch.told {
        view = view.field(field.clone(), value.clone());
    }
    let window = words::span(watch.until_ms.saturating_sub(watch.deployed_ms));
    let said = match (watch.over, watch.looks) {
        _ if watch.rolled_back => "It was rolled back, and is watched no more.".to_owned(),
        (true, 0) if watch.until_ms <= watch.deployed_ms => {
            format!("It is not watched: [services.{name}] has no criteria, or `watch` is 0.")
        }
        (true, 0) => "It was not watched: the window had passed before anybody could look.".to_owned(),
        (false, _) => format!("Watched for {window}."),
        (true, _) if met > 0 => format!("Watched for {window}: {met} still speak for a rollback."),
        (true, _) if unknown > 0 => format!("Watched for {window}: of {unknown} nobody can tell, which is not well."),
        (true, _) if watch.moves > 0 => format!("Watched for {window}: it is well again."),
        (true, _) => format!("Watched for {window}: nothing moved."),
    };
    view = view.text(said);
    if !watch.results.is_empty() {
        view = view.code(watch.results.iter().map(Verdict::line).collect::<Vec<_>>().join("\n"));
    }
    view.button(Button::new("check", "Check now").value(name.as_str()).once(Once::Never))
}

fn news(name: &str, version: &str, moved: &[(Verdict, String)]) -> View {
    let any = |status: &str| moved.iter().any(|(one, _)| one.status == status);
    let (title, tone) = match () {
        () if any("met") => (format!("{name} {version}: a criterion for a rollback is met"), Tone::Critical),
        () if moved.iter().any(|(one, _)| !one.is_known()) => {
            (format!("{name} {version}: nobody can tell any more"), Tone::Warning)
        }
        () if moved.iter().any(|(_, before)| before == "met") => {
            (format!("{name} {version}: a criterion is met no longer"), Tone::Good)
        }
        () => (format!("{name} {version}: what was unknown is seen again, and not met"), Tone::Good),
    };
    let lines = moved.iter().map(|(one, before)| {
        let before = match before.as_str() {
            "met" => "met before",
            "not_met" => "not met before",
            _ => "unknown before",
        };
        format!("{}; {before}", one.line())
    });
    let view = View::titled(title).tone(tone).code(lines.collect::<Vec<_>>().join("\n"));
    match any("met") {
        true => view.button(Button::new("check", "Check and decide").value(name).primary().once(Once::Never)),
        false => view,
    }
}
