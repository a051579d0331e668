//! Backups: taken on schedule and on demand, read back, kept in tiers, and told of. The bytes are the host's, in jobs; when, how many, and
//! what is said about it is decided here.
//!
//! `policy` is what the operator wants; `schedules` and `turns` have it done in time; `work` starts jobs, `ended` hears of their ends, and
//! `taken`, `verified`, `cleared` and `restored` tell them by `tell`; `restore` shows what one would do; `retention` plans what stays (pure), `prune` shows and applies it; `standing` weighs
//! what there is (pure), `status` and `catalogue` show it; `escalate` makes an incident of a
//! drill that stays overdue; `memory` is what is remembered, `words` how it reads.

mod catalogue;
mod cleared;
mod ended;
mod escalate;
mod memory;
mod policy;
mod prune;
mod restore;
mod restored;
mod retention;
mod schedules;
mod standing;
mod status;
mod taken;
mod tell;
mod turns;
mod verified;
mod words;
mod work;

#[cfg(test)]
mod tests;

use drillbell_sdk::{
    Action, BackupCopy, Bot, Command, Job, OnAction, OnCommand, OnJob, OnTimer, Query, Result, Suggest, Suggestion,
    Timer, View, internal, user,
};
use serde_json::json;
use work::Asked;

/// Copies that one command has read back: the host starts 20 jobs in one call.
const AT_ONCE: usize = 20;

/// The plugin.
pub struct Backup;

impl OnCommand for Backup {
    fn on_command(bot: &mut impl Bot, cmd: Command) -> Result {
        match cmd.subcommand.as_str() {
            "run" => run(bot, &cmd),
            "list" => catalogue::list(bot, &cmd),
            "show" => catalogue::show(bot, &cmd),
            "verify" => verify(bot, &cmd),
            "prune" => {
                let target = bot.need_target(cmd.required("target")?)?;
                prune::show(bot, &target)
            }
            "pin" => catalogue::pin(bot, &cmd),
            "unpin" => catalogue::unpin(bot, &cmd),
            "status" => status::show(bot, &cmd),
            "rebuild" => rebuild(bot, &cmd),
            "restore" => restore::plan(bot, &cmd),
            "adopt" => adopt(bot, &cmd),
            other => Err(internal(format!("plugin.toml declares `/backup {other}`, which nothing here handles"))),
        }
    }
}

impl OnAction for Backup {
    fn on_action(bot: &mut impl Bot, action: Action) -> Result {
        match action.action.as_str() {
            "run" => {
                let target = bot.need_target(&action.value)?;
                work::backup(bot, &target, Asked::Here(&action.conversation)).map(drop)
            }
            "prune" => prune::clicked(bot, &action),
            "restore" => restore::clicked(bot, &action),
            other => Err(internal(format!("a card has the button `{other}`, which nothing here handles"))),
        }
    }
}

impl OnTimer for Backup {
    fn on_timer(bot: &mut impl Bot, timer: Timer) -> Result {
        schedules::due(bot, &timer)
    }
}

impl OnJob for Backup {
    fn on_job(bot: &mut impl Bot, job: Job) -> Result {
        ended::job(bot, &job)
    }
}

impl Suggest for Backup {
    /// Copies by their short names, targets too where either may stand.
    fn suggest(bot: &mut impl Bot, query: Query) -> Result<Vec<Suggestion>> {
        const MANY: usize = 25;
        let targets = match query.argument.as_str() {
            "what" | "target" | "into" | "of" => bot.targets()?,
            _ => Vec::new(),
        };
        let targets = targets
            .into_iter()
            .map(|target| Suggestion { label: format!("{} ({})", target.name, target.kind), value: target.name });
        let copies = match query.argument.as_str() {
            "what" | "copy" => bot.copies(None, 200, None)?,
            _ => Vec::new(),
        };
        let wants_pinned = query.subcommand == "unpin";
        let copies = copies.into_iter().filter(|copy| !wants_pinned || copy.pinned.is_some());
        let copies = copies.map(|copy| Suggestion {
            label: format!("{} {} {}", copy.target, drillbell_sdk::time::day_hour_minute(copy.taken_ms), copy.verdict),
            value: copy.name().to_owned(),
        });
        let fits = |one: &Suggestion| one.value.starts_with(&query.prefix) || one.label.starts_with(&query.prefix);
        Ok(targets.chain(copies).filter(fits).take(MANY).collect())
    }
}

/// `/backup run TARGET`
fn run(bot: &mut impl Bot, cmd: &Command) -> Result {
    let target = bot.need_target(cmd.required("target")?)?;
    let job = work::backup(bot, &target, Asked::Here(&cmd.conversation))?;
    bot.set_data(&json!({ "target": target.name, "job": job }))?;
    bot.reply(View::default().text(format!("Backing up {}.", target.name)))?;
    Ok(())
}

/// `/backup verify [COPY|TARGET]`
fn verify(bot: &mut impl Bot, cmd: &Command) -> Result {
    let names: Vec<_> = bot.targets()?.into_iter().map(|target| target.name).collect();
    let (mut copies, all) = match cmd.text("what") {
        Some(name) if !names.iter().any(|target| target == name) => (vec![bot.need_copy(name, None)?], false),
        Some(name) => (newest_of(bot, &[name.to_owned()])?, false),
        None => (newest_of(bot, &names)?, true),
    };
    if copies.is_empty() {
        return Err(user("There is no copy to verify. Take one with `/backup run TARGET`."));
    }
    let mut left = 0;
    if all {
        // Those that are being read are left out, so that asking again goes on where this ends.
        let mut idle = Vec::new();
        for copy in copies {
            if bot.job_with_key(&work::verify_key(&copy, work::Work::Verify))?.is_none() {
                idle.push(copy);
            }
        }
        idle.sort_by_key(|copy| (copy.checked_ms, copy.taken_ms));
        left = idle.len().saturating_sub(AT_ONCE);
        idle.truncate(AT_ONCE);
        copies = idle;
    }
    if copies.is_empty() {
        return Err(user("The newest copy of every target is being read back already."));
    }
    let mut started = Vec::new();
    for copy in &copies {
        let job = work::verify(bot, copy, Asked::Here(&cmd.conversation))?;
        started.push(json!({ "object": copy.object, "job": job }));
    }
    bot.set_data(&json!({ "verifying": started, "left": left }))?;
    let names: Vec<_> = copies.iter().map(|copy| format!("{} of {}", copy.name(), copy.target)).collect();
    let mut view = View::default().text(format!("Reading back {}.", names.join(", ")));
    if left > 0 {
        view = view.context(format!("{left} targets more; type `/backup verify` again for them."));
    }
    bot.reply(view)?;
    Ok(())
}

/// The newest copy of each of these targets that is of use.
fn newest_of(bot: &mut impl Bot, targets: &[String]) -> Result<Vec<BackupCopy>> {
    let mut newest = Vec::new();
    for target in targets {
        let copies = bot.copies(Some(target), 50, None)?;
        newest.extend(standing::newest_usable(&copies).cloned());
    }
    Ok(newest)
}

/// `/backup rebuild [TARGET]`
fn rebuild(bot: &mut impl Bot, cmd: &Command) -> Result {
    let target = match cmd.text("target") {
        Some(name) => Some(bot.need_target(name)?.name),
        None => None,
    };
    let job = work::rebuild(bot, target.as_deref(), Asked::Here(&cmd.conversation))?;
    bot.set_data(&json!({ "target": target, "job": job }))?;
    bot.reply(View::default().text("Reading the manifests in the artifact store."))?;
    Ok(())
}

/// `/backup adopt TARGET`
fn adopt(bot: &mut impl Bot, cmd: &Command) -> Result {
    let target = bot.need_target(cmd.required("target")?)?.name;
    let job = work::adopt(bot, &target, Asked::Here(&cmd.conversation))?;
    bot.set_data(&json!({ "target": target, "job": job }))?;
    bot.reply(View::default().text(format!("Looking for copies of {target} that something else made.")))?;
    Ok(())
}

drillbell_sdk::export!(Backup: on_command, on_action, on_timer, on_job, suggest; manifest "plugin.toml");
