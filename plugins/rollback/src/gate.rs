//! `/rollback gate`: whether a service may be deployed now (S0-11, S1-02, S1-05). What nobody can tell is not a yes: the job ends as
//! unknown, and `drillbell run` with an exit code that is not 0.

use crate::memory::{Started, Work};
use crate::outcome::tell;
use crate::service;
use crate::verdict::{self, Assessed};
use crate::{evidence, look};
use drillbell_sdk::{Bot, Command, Job, Result, Tone, View, user};
use serde_json::{Map, Value, json};

/// `/rollback gate SERVICE`
pub fn command(bot: &mut impl Bot, cmd: &Command) -> Result {
    let service = service::need(bot, cmd.required("service")?)?;
    let started = Started::asked(Work::Gate, &service.name, &cmd.by.name, &cmd.conversation, cmd.incident.as_ref());
    let job = look::begin_with(bot, &started, look::What::Gate, json!({ "deploy": candidate(cmd)? }))?;
    bot.set_data(&json!({ "service": service.name, "job": job }))?;
    bot.reply(View::default().text(format!("Looking whether {} may be deployed.", service.name)))?;
    Ok(())
}

/// What is to be deployed, as whoever asks says.
fn candidate(cmd: &Command) -> Result<Value> {
    let (mut migrations, mut ci) = (Vec::new(), Map::new());
    for (name, risk) in pairs(cmd, "migrations")? {
        if !["safe", "risky", "unknown"].contains(&risk) {
            return Err(user(format!("`{name}={risk}`: a migration is safe, risky or unknown.")));
        }
        migrations.push(json!({ "name": name, "risk": risk }));
    }
    for (name, went) in pairs(cmd, "ci")? {
        ci.insert(name.to_owned(), went.into());
    }
    let text = |name: &str| cmd.text(name).unwrap_or_default().to_owned();
    Ok(json!({ "version": text("version"), "schema": text("schema"), "migrations": migrations, "ci": ci }))
}

/// `NAME=WORD,NAME=WORD`, each name once: of two answers to one question neither is one.
fn pairs<'a>(cmd: &'a Command, option: &str) -> Result<Vec<(&'a str, &'a str)>> {
    let given = cmd.text(option).unwrap_or_default().split(',').map(str::trim).filter(|one| !one.is_empty());
    let pair = |one: &'a str| match one.split_once('=') {
        Some((name, word)) if !name.is_empty() && !word.is_empty() => Ok((name, word)),
        _ => Err(user(format!("`--{option}` is a list of NAME=WORD, separated by commas; `{one}` is none."))),
    };
    let pairs: Vec<_> = given.map(pair).collect::<Result<_>>()?;
    let again = |at: usize| pairs[..at].iter().any(|(name, _)| *name == pairs[at].0);
    match (1..pairs.len()).find(|at| again(*at)) {
        Some(at) => Err(user(format!("`--{option}` names `{}` more than once.", pairs[at].0))),
        None => Ok(pairs),
    }
}

/// The look has come back, or did not.
pub fn ended(bot: &mut impl Bot, started: &Started, job: &Job) -> Result {
    let name = &started.service;
    let said: Assessed = bot.said_by(job);
    let found = match job.status.as_str() {
        // The host decides; only a pass is one.
        "done" if said.status == "pass" && verdict::holds(&said.results) != "fail" => "pass",
        "done" if said.status == "fail" => "fail",
        _ => "unknown",
    };
    let (title, tone) = match found {
        "pass" => (format!("{name} may be deployed"), Tone::Good),
        "fail" => (format!("{name} must not be deployed now"), Tone::Critical),
        _ => (format!("Nobody can tell whether {name} may be deployed: do not"), Tone::Warning),
    };
    let view = verdict::lines(View::titled(title).tone(tone), &look::why(job, &said), &said.results);
    evidence::freeze(
        bot,
        name,
        (&format!("gate before a deploy: {found}"), &started.by),
        started.incident.as_ref(),
        json!({ "gate": said.results, "status": found }),
    )?;
    tell(bot, started.to.as_ref(), view)
}
