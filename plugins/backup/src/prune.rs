//! Clearing away: the plan is shown first and applied by a button, or by the schedule. What is applied is what was shown, or it is shown anew.

use crate::ended::Outcome;
use crate::memory;
use crate::policy::Policy;
use crate::retention::{self, Plan, Rules};
use crate::work::{self, Asked, Work};
use crate::{schedules, words};
use drillbell_sdk::{Action, Bot, Button, Result, Target, Tone, View, internal, user};
use serde_json::json;

const DAY_MS: u64 = 86_400_000;
/// Lines of a plan that are shown; the rest are counted.
const SHOWN: usize = 40;

/// What retention wants for a target now.
pub fn plan_for(bot: &mut impl Bot, target: &Target) -> Result<Plan> {
    let policy: Policy = target.policy()?;
    let (copies, now_ms) = (bot.copies(Some(&target.name), 500, None)?, bot.now());
    // A day with failures: the last 24 hours, so that what failed at 23:59 still counts at 03:00.
    let failure = memory::failure(bot, &target.name)?.filter(|last| now_ms.saturating_sub(last.at_ms) < DAY_MS);
    let failure = failure.map(|last| format!("{} ({} ago)", last.said, words::span(now_ms.saturating_sub(last.at_ms))));
    let rules = Rules {
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
    let kept: Vec<_> = plan.kept.iter().map(|(object, why)| json!({ "object": object, "why": why })).collect();
    let gone: Vec<_> = plan.gone.iter().map(|(object, why)| json!({ "object": object, "why": why })).collect();
    bot.set_data(&json!({ "target": target.name, "kept": kept, "deletes": gone, "held": plan.held }))?;
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

/// What tells one plan from another: how many go, and the first and last of them. The plan is made anew at the click, from the same rules;
/// this is only for whoever clicks to get what they saw.
fn fingerprint(plan: &Plan) -> String {
    // FNV-1a: no secret depends on it, only whether two lists are the same.
    let bytes = plan.gone.iter().flat_map(|(object, _)| object.bytes().chain([0]));
    let hash =
        bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}

/// Somebody clicked "Delete": the plan is made anew, and applied only if it is the one they saw.
pub fn clicked(bot: &mut impl Bot, action: &Action) -> Result {
    let wrong = |error| internal(format!("a button holds what this plugin did not give it: {error}"));
    let (name, seen): (String, String) = serde_json::from_str(&action.value).map_err(wrong)?;
    let targets = bot.targets()?;
    let target = targets.iter().find(|target| target.name == name);
    let target = target.ok_or_else(|| user(format!("{name} is no longer a target.")))?;
    let plan = plan_for(bot, target)?;
    if fingerprint(&plan) != seen || plan.held.is_some() {
        let view = view(bot, target, &plan)?;
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

/// Retention did not act today, and why; told in the backups channel, for it is an alarm.
pub fn held(bot: &mut impl Bot, target: &str, why: &str) -> Result {
    let failures = memory::last(bot, target, Work::Prune)?.map_or(0, |last| last.failures) + 1;
    let outcome = Outcome { at_ms: bot.now(), state: "held".to_owned(), said: why.to_owned(), failures };
    memory::set_last(bot, target, Work::Prune, &outcome)?;
    let Some(channel) = bot.backups_channel()? else { return Ok(()) };
    let mut view =
        View::titled(format!("No copy of {target} was deleted")).tone(Tone::Warning).text(words::sentence(why));
    if failures > 1 {
        view = view.field("Days in a row", failures.to_string());
    }
    let next = format!("`/backup prune {target}` shows what would go once it is well again.");
    crate::ended::post(bot, &channel, view.context(next))
}

/// There was nothing to delete: that too is retention having run.
pub fn nothing_to_do(bot: &mut impl Bot, target: &str) -> Result {
    let said = "Every copy stays.".to_owned();
    let outcome = Outcome { at_ms: bot.now(), state: "ok".to_owned(), said, failures: 0 };
    memory::set_last(bot, target, Work::Prune, &outcome)
}

/// Retention that has not run is told once a day; copies pile up meanwhile, and nobody sees it.
pub fn alarm_if_overdue(bot: &mut impl Bot, target: &str) -> Result {
    let Some(age) = schedules::overdue(bot, target, Work::Prune)? else { return Ok(()) };
    let Some(channel) = bot.backups_channel()? else { return Ok(()) };
    let text = format!("It last ran {} ago, and should every day: copies pile up.", words::span(age));
    let view = View::titled(format!("Retention of {target} has not run")).tone(Tone::Warning).text(text);
    let next = "`/drillbell status` lists the schedules and what became of the last of each.";
    crate::ended::post(bot, &channel, view.context(next))
}
