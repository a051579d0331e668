//! Clearing away: the plan is shown first and applied by a button, or by the schedule. What is applied is what was shown, or it is shown anew.

use crate::retention::{self, Plan, Rules};
use crate::schedules::quietly;
use crate::work::{self, Asked, Work};
use crate::{catalogue, memory, turns, words};
use drillbell_sdk::{Action, Bot, Button, Result, Target, Tone, View, internal, user};
use serde_json::json;

const DAY_MS: u64 = 86_400_000;
/// Lines of a plan that are shown; the rest are counted.
const SHOWN: usize = 40;

/// What retention wants for a target now.
pub fn plan_for(bot: &mut impl Bot, target: &Target) -> Result<Plan> {
    let now_ms = bot.now();
    let catalogue::Now { policy, copies, .. } = catalogue::now(bot, target)?;
    // A day with failures: the last 24 hours, so that what failed at 23:59 still counts at 03:00.
    let failure = memory::failure(bot, &target.name)?.filter(|last| now_ms.saturating_sub(last.at_ms) < DAY_MS);
    let failure = failure.map(|last| format!("{} ({} ago)", last.said, words::span(now_ms.saturating_sub(last.at_ms))));
    let own = format!("backups/{}/", target.name);
    let rules = Rules {
        own: &own,
        keep: policy.backup.keep,
        expires_ms: policy.backup.expires_ms,
        max_age_ms: policy.backup.max_age_ms,
        failure: failure.as_deref(),
    };
    Ok(retention::plan(&copies, &rules, now_ms))
}

/// `/backup prune TARGET`: shows the plan.
pub fn show(bot: &mut impl Bot, target: &Target) -> Result {
    let plan = plan_for(bot, target)?;
    let data = |copies: &[(String, String)]| {
        copies.iter().map(|(object, why)| json!({ "object": object, "why": why })).collect::<Vec<_>>()
    };
    let (kept, deletes) = (data(&plan.kept), data(&plan.gone));
    bot.set_data(&json!({ "target": target.name, "kept": kept, "deletes": deletes, "held": plan.held }))?;
    let view = view(bot, target, &plan)?;
    bot.reply(view)?;
    Ok(())
}

fn view(bot: &mut impl Bot, target: &Target, plan: &Plan) -> Result<View> {
    let (kept, gone) = (plan.kept.len(), plan.gone.len());
    let mut view = View::titled(format!("Retention of {}", target.name)).text(format!(
        "{} stay, {} would be deleted.",
        words::copies(kept),
        words::copies(gone)
    ));
    if gone > 0 {
        view = view.code(lines(&plan.gone));
    }
    view = view.context("Those that stay:").code(lines(&plan.kept));
    if kept + gone == 0 {
        view = View::titled(format!("There is no copy of {}", target.name)).context(format!(
            "Take one with `/backup run {}`; if copies lie in the store, `/backup rebuild {}` enters them.",
            target.name, target.name
        ));
    }
    if let Some(held) = &plan.held {
        return Ok(view.tone(Tone::Warning).text(format!("Nothing is deleted now: {held}.")));
    }
    if gone == 0 {
        return Ok(view.tone(Tone::Good));
    }
    let value = json!([target.name, fingerprint(plan)]).to_string();
    let now_ms = bot.now();
    Ok(view
        .button(Button::new("prune", format!("Delete {}", words::copies(gone))).value(value).danger())
        .context(format!("As of {}.", drillbell_sdk::time::day_hour_minute(now_ms))))
}

fn lines(objects: &[(String, String)]) -> String {
    let mut lines: Vec<_> = objects.iter().take(SHOWN).map(|(object, why)| format!("{object}  {why}")).collect();
    if objects.len() > SHOWN {
        lines.push(format!("… and {} more", objects.len() - SHOWN));
    }
    if lines.is_empty() { "none".to_owned() } else { lines.join("\n") }
}

/// What tells one plan from another: the copies that go. The plan is made anew at the click, from the same rules; this is only for whoever
/// clicks to get what they saw.
fn fingerprint(plan: &Plan) -> String {
    words::fingerprint(plan.gone.iter().map(|(object, _)| object.as_str()))
}

/// Somebody clicked "Delete": the plan is made anew, and applied only if it is the one they saw.
pub fn clicked(bot: &mut impl Bot, action: &Action) -> Result {
    let wrong = |error| internal(format!("a button holds what this plugin did not give it: {error}"));
    let (name, seen): (String, String) = serde_json::from_str(&action.value).map_err(wrong)?;
    let target = bot.find_target(&name)?.ok_or_else(|| user(format!("{name} is no longer a target.")))?;
    let plan = plan_for(bot, &target)?;
    if fingerprint(&plan) != seen || plan.held.is_some() {
        let view = view(bot, &target, &plan)?;
        bot.post(
            &action.conversation,
            view.context("Things have changed since that plan was shown; this is the plan now."),
        )?;
        return Ok(());
    }
    work::prune(bot, &name, &plan.deletes(), Asked::Here(&action.conversation))?;
    let mut done = View::titled(format!("Retention of {name}")).tone(Tone::Info);
    done = done.text(format!("{} lets {} be deleted.", action.by.name, words::copies(plan.gone.len())));
    bot.edit(&action.card, done.code(lines(&plan.gone)))?;
    Ok(())
}

/// The schedule wants a target cleared away.
pub fn by_schedule(bot: &mut impl Bot, target: &Target) -> Result {
    let plan = plan_for(bot, target)?;
    if let Some(why) = &plan.held {
        return held(bot, &target.name, why);
    }
    let objects = plan.deletes();
    if objects.is_empty() {
        // That too is retention having run.
        return memory::note(bot, &target.name, Work::Prune, "ok", "Every copy stays.").map(drop);
    }
    quietly(bot, |bot| work::prune(bot, &target.name, &objects, Asked::BySchedule))
}

/// Retention did not act today, and why; told in the backups channel, for it is an alarm.
fn held(bot: &mut impl Bot, target: &str, why: &str) -> Result {
    let (_, outcome) = memory::note(bot, target, Work::Prune, "held", why)?;
    let Some(channel) = bot.backups_channel()? else { return Ok(()) };
    let mut view =
        View::titled(format!("No copy of {target} was deleted")).tone(Tone::Warning).text(words::sentence(why));
    if outcome.failures > 1 {
        view = view.field("In a row", outcome.failures.to_string());
    }
    let next = format!("`/backup prune {target}` shows what would go once it is well again.");
    bot.post_or_log(&channel, view.context(next))?;
    Ok(())
}

/// Retention that was due and has not run is told once a day; copies pile up meanwhile, and nobody sees it.
pub fn alarm_if_overdue(bot: &mut impl Bot, target: &Target) -> Result {
    let last = memory::last(bot, &target.name, Work::Prune)?.map(|last| last.at_ms);
    let since = match last {
        Some(at_ms) => Some(at_ms),
        // It never ran, and should have once there was a copy.
        None => catalogue::all(bot, Some(&target.name))?.last().map(|oldest| oldest.taken_ms),
    };
    let (known, now_ms) = (bot.schedules()?, bot.now());
    let turn = turns::turn(&known, &target.name, Work::Prune, since, now_ms);
    let Some(late_ms) = turn.overdue_ms else { return Ok(()) };
    if bot.job_with_key(&work::prune_key(&target.name))?.is_some() {
        return Ok(());
    }
    let Some(channel) = bot.backups_channel()? else { return Ok(()) };
    let last = last.map_or_else(
        || "it never ran".to_owned(),
        |at_ms| format!("it last ran {} ago", words::span(now_ms.saturating_sub(at_ms))),
    );
    let text = format!("It was due {} ago, and {last}: copies pile up.", words::span(late_ms));
    let view = View::titled(format!("Retention of {} has not run", target.name)).tone(Tone::Warning).text(text);
    let next = "`/drillbell status` lists the schedules and what became of the last of each.";
    bot.post_or_log(&channel, view.context(next))?;
    Ok(())
}
