//! `/rollback plan` and what shows a plan: a dry run, with a button that does just that and nothing else.

use crate::memory;
use crate::plan::{self, Plan, Wish};
use crate::service::{self, Service};
use crate::{evidence, run};
use drillbell_sdk::{Action, Bot, Button, Command, Conversation, Error, IncidentId, Result, Tone, View, user, words};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A plan that was shown: what its button may do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Shown {
    /// When, which is what the button says.
    pub id: u64,
    /// What the job would be asked.
    pub spec: plan::Spec,
}

/// `/rollback plan SERVICE [--to V] [--strategy S]`
pub fn command(bot: &mut impl Bot, cmd: &Command) -> Result {
    let service = service::need(bot, cmd.required("service")?)?;
    let again = plan::is_used_up(&memory::case(bot, &service.name)?);
    let wish = Wish { to: cmd.text("to"), strategy: cmd.text("strategy"), again };
    let plan = plan::compute(bot, &service, wish)?;
    bot.set_data(&data(&plan))?;
    let view = shown(bot, &service, &plan)?;
    bot.reply(view)?;
    Ok(())
}

/// Somebody clicked "Plan the rollback": `SERVICE[|STRATEGY]`.
pub fn clicked(bot: &mut impl Bot, action: &Action) -> Result {
    let (name, strategy) = action.value.split_once('|').unwrap_or((&action.value, ""));
    let service = service::need(bot, name)?;
    let strategy = Some(strategy).filter(|strategy| !strategy.is_empty());
    let again = plan::is_used_up(&memory::case(bot, name)?);
    let plan = plan::compute(bot, &service, Wish { strategy, again, ..Wish::default() })?;
    let view = shown(bot, &service, &plan)?;
    bot.reply(view)?;
    Ok(())
}

/// Proposes the next attempt where the last one was told; that there is none is told too.
pub fn next(bot: &mut impl Bot, service: &Service, to: &Conversation) -> Result {
    let view = match plan::compute(bot, service, Wish::default()) {
        Ok(plan) => shown(bot, service, &plan)?,
        Err(Error::User(why)) => {
            View::titled(format!("{}: no other way back by itself", service.name)).tone(Tone::Warning).text(why)
        }
        Err(other) => return Err(other),
    };
    bot.post_or_log(to, view)?;
    Ok(())
}

/// A plan as data.
pub fn data(plan: &Plan) -> Value {
    json!({
        "spec": plan.spec, "kind": plan.strategy.kind, "risk": plan.strategy.risk, "reasons": plan.reasons,
        "others": plan.others.iter().map(|(name, why)| json!({ "strategy": name, "why": why })).collect::<Vec<_>>(),
        "steps": plan.strategy.stages, "takes_ms": plan.strategy.takes_ms, "took_ms": plan.took.as_ref().map(|took| took.all_ms),
        "minutes_lost": plan.minutes_lost, "missing": plan.missing,
        "approvals": plan.needs.count, "approvals_why": plan.needs.why,
    })
}

/// Remembers a plan for its button, and shows it.
fn shown(bot: &mut impl Bot, service: &Service, plan: &Plan) -> Result<View> {
    let now_ms = bot.now();
    let name = &service.name;
    bot.set_json(&format!("plan/{name}"), &Shown { id: now_ms, spec: plan.spec.clone() })?;
    let used_up = plan::is_used_up(&memory::case(bot, name)?);
    let view = describe(plan, now_ms);
    if used_up {
        let again = format!("/rollback run {name} --strategy {} --again REASON", plan.spec.strategy);
        return Ok(view.context(format!("Two attempts have failed, so that no button does this: `{again}`.")));
    }
    let label = format!("Roll back to {}", plan.spec.to);
    let button = Button::new("run", crate::card::clip(&label)).value(format!("{name}|{now_ms}")).danger();
    let next = "Nothing has been done yet. The bot asks whoever has to agree, and announces it, before it begins.";
    Ok(view.button(button).context(next))
}

/// A plan in words.
pub fn describe(plan: &Plan, now_ms: u64) -> View {
    let (spec, strategy) = (&plan.spec, &plan.strategy);
    let mut view =
        View::titled(format!("Roll {} back from {} to {}", spec.service, spec.from, spec.to)).tone(Tone::Warning);
    view = view.field("By", format!("{} ({}, {} risk)", strategy.name, strategy.kind, strategy.risk));
    for reason in &plan.reasons {
        view = view.text(words::sentence(reason));
    }
    let chain = plan.between.migrations();
    if !chain.is_empty() {
        let line = |(deploy, one): &(&drillbell_sdk::Deployed, &drillbell_sdk::Migration)| {
            format!("{:<8}  {}  of {}", one.risk, one.name, deploy.version)
        };
        let lines: Vec<_> = chain.iter().rev().map(line).collect();
        view = view.context("Migrations between the two, newest first; what goes back goes back in this order:");
        view = view.code(lines.join("\n"));
    }
    let steps = plan.steps();
    if !steps.is_empty() {
        view = view.code(steps.join("\n"));
    }
    view = view.field("Expected to take", plan.expected(now_ms));
    if let Some(measured) = plan.measured() {
        view = view.context(format!("Last time: {measured}."));
    }
    view = match plan.minutes_lost {
        Some(minutes) => view.field("Lost", format!("{minutes} min of changes")),
        None => view.field("Lost", "no data"),
    };
    if plan.needs.count > 0 {
        let many = if plan.needs.count == 1 { "1 other" } else { "others" };
        let said = match plan.needs.count {
            1 => many.to_owned(),
            count => format!("{count} {many}"),
        };
        view = view.field("Has to agree", said);
        for why in &plan.needs.why {
            view = view.text(words::sentence(why));
        }
    }
    for what in &plan.missing {
        view = view.text(format!("Missing: {what}."));
    }
    for (name, why) in &plan.others {
        view = view.context(format!("Not {name}: {why}."));
    }
    view
}

/// Somebody clicked "Roll back": what the plan was made for must still be so.
pub fn go(bot: &mut impl Bot, action: &Action) -> Result {
    let (name, id) = action.value.split_once('|').unwrap_or((&action.value, ""));
    let service = service::need(bot, name)?;
    let known: Option<Shown> = bot.get_json(&format!("plan/{name}"))?;
    let Some(shown) = known.filter(|shown| shown.id.to_string() == id) else {
        return Err(user(format!(
            "There is a newer plan for {name}; this one is over. `/rollback plan {name}` makes one."
        )));
    };
    let wish = Wish { to: Some(&shown.spec.to), strategy: Some(&shown.spec.strategy), again: false };
    let plan = plan::compute(bot, &service, wish)?;
    if plan.spec != shown.spec {
        return Err(user(format!(
            "What the plan was made for is not so any more. `/rollback plan {name}` makes one for what is so now."
        )));
    }
    let asked =
        run::Asked { by: &action.by.name, to: &action.conversation, incident: action.incident.as_ref(), again: None };
    let said = run::begin(bot, &service, &plan, &asked)?;
    let now_ms = bot.now();
    let view = describe(&plan, now_ms).field("Asked for", format!("by {}; {said}", action.by.name));
    bot.edit(&action.card, view)?;
    Ok(())
}

/// `/rollback run SERVICE [--to V] [--strategy S] [--again REASON]`
pub fn run(bot: &mut impl Bot, cmd: &Command) -> Result {
    let service = service::need(bot, cmd.required("service")?)?;
    let again = cmd.text("again").map(str::trim).filter(|why| !why.is_empty());
    let used_up = plan::is_used_up(&memory::case(bot, &service.name)?);
    let wish = Wish { to: cmd.text("to"), strategy: cmd.text("strategy"), again: used_up };
    run::may(bot, &service.name, again)?;
    let plan = plan::compute(bot, &service, wish)?;
    let asked = run::Asked { by: &cmd.by.name, to: &cmd.conversation, incident: cmd.incident.as_ref(), again };
    let said = run::begin(bot, &service, &plan, &asked)?;
    let mut answer = data(&plan);
    let case = memory::case(bot, &service.name)?;
    if let Some(last) = case.last() {
        answer["attempt"] = json!(last.number);
        answer["job"] = json!(Some(&last.job).filter(|job| !job.is_empty()));
        answer["approval"] = json!(Some(&last.approval).filter(|id| !id.is_empty()));
    }
    bot.set_data(&answer)?;
    let now_ms = bot.now();
    bot.reply(describe(&plan, now_ms).field("Asked for", format!("by {}; {said}", cmd.by.name)))?;
    Ok(())
}

/// Freezes a plan that somebody wants done.
pub fn freeze(bot: &mut impl Bot, plan: &Plan, by: &str, incident: Option<&IncidentId>, said: &str) -> Result {
    let decision = format!("roll back from {} to {} by {}; {said}", plan.spec.from, plan.spec.to, plan.spec.strategy);
    evidence::freeze(bot, &plan.spec.service, (&decision, by), incident, json!({ "plan": data(plan) })).map(drop)
}
