//! `/rollback gate`: whether a service may be deployed now (S0-11, S1-02, S1-05). What nobody can tell is not a yes: the job ends as
//! unknown, and `drillbell run` with an exit code that is not 0.

use crate::memory::{Started, Work};
use crate::outcome::tell;
use crate::service;
use crate::verdict::{self, Assessed, Verdict};
use crate::{evidence, look};
use drillbell_sdk::{Bot, Command, Job, Result, Tone, View};
use serde_json::json;

/// `/rollback gate SERVICE`
pub fn command(bot: &mut impl Bot, cmd: &Command) -> Result {
    let service = service::need(bot, cmd.required("service")?)?;
    let started = Started {
        work: Work::Gate,
        service: service.name.clone(),
        to: Some(cmd.conversation.clone()),
        by: cmd.by.name.clone(),
        about: String::new(),
        incident: cmd.incident.clone(),
    };
    let job = look::begin(bot, &started, look::What::Gate)?;
    bot.set_data(&json!({ "service": service.name, "job": job }))?;
    bot.reply(View::default().text(format!("Looking whether {} may be deployed.", service.name)))?;
    Ok(())
}

/// The look has come back, or did not.
pub fn ended(bot: &mut impl Bot, started: &Started, job: &Job) -> Result {
    let name = &started.service;
    let said: Assessed = look::read(bot, job);
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
    let why = match (job.status.as_str(), said.error.as_str()) {
        ("done", _) => said.sentence.clone(),
        (status, "") => format!("Nobody looked: {}.", look::nobody_looked(status)),
        (_, error) => format!("Nobody looked: {}.", error.trim_end_matches('.')),
    };
    let mut view = View::titled(title).tone(tone);
    if !why.is_empty() {
        view = view.text(why);
    }
    let mut results: Vec<_> = said.results.iter().collect();
    results.sort_by_key(|one| one.status == "pass");
    if !results.is_empty() {
        view = view.code(results.into_iter().map(Verdict::line).collect::<Vec<_>>().join("\n"));
    }
    evidence::freeze(
        bot,
        name,
        (&format!("gate before a deploy: {found}"), &started.by),
        started.incident.as_ref(),
        json!({ "gate": said.results, "status": found }),
    )?;
    tell(bot, started.to.as_ref(), view)
}
