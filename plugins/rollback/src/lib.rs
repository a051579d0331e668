//! Rollbacks: whether to roll back is said by evidence, how by rules with reasons, and done by the host with brakes. What nobody can tell
//! is unknown, and unknown is never well; after two attempts that failed nothing is tried a third time without a person.
//!
//! `service` is what the host tells of one; `chain`, `choose`, `verdict` and `tree` decide (pure); `check` and `card` ask and show, `plan`
//! and `propose` plan, `run` begins; `look` starts looks, `outcome`, `verify`, `watch`, `gate`, `upkeep` and `flags` hear how jobs ended;
//! `alarm` is for when it does not help; `evidence` freezes what was known, `picture` draws it; `memory` is what is remembered.

mod alarm;
mod card;
mod chain;
mod check;
mod choose;
mod deploys;
mod evidence;
mod flags;
mod gate;
mod look;
mod memory;
mod outcome;
mod picture;
mod plan;
mod propose;
mod run;
mod service;
mod status;
mod tree;
mod upkeep;
mod verdict;
mod verify;
mod watch;

#[cfg(test)]
mod tests;

use drillbell_sdk::{
    Action, Approval, Bot, Command, Deploy, Job, Level, OnAction, OnApproval, OnCommand, OnDeploy, OnJob, OnTimer,
    Query, Result, Suggest, Suggestion, Timer, internal,
};
use memory::Work;

/// The plugin.
pub struct Rollback;

impl OnCommand for Rollback {
    fn on_command(bot: &mut impl Bot, cmd: Command) -> Result {
        match cmd.subcommand.as_str() {
            "check" => check::command(bot, &cmd),
            "plan" => propose::command(bot, &cmd),
            "run" => propose::run(bot, &cmd),
            "status" => status::command(bot, &cmd),
            "verify" => verify::command(bot, &cmd),
            "abort" => status::abort(bot, &cmd),
            "deploys" => deploys::command(bot, &cmd),
            "gate" => gate::command(bot, &cmd),
            "evidence" => evidence::show(bot, &cmd),
            "maintenance" => upkeep::command(bot, &cmd),
            "flags" => flags::command(bot, &cmd),
            other => Err(internal(format!("plugin.toml declares `/rollback {other}`, which nothing here handles"))),
        }
    }
}

impl OnAction for Rollback {
    fn on_action(bot: &mut impl Bot, action: Action) -> Result {
        // A card's buttons have a name each: the host knows a click by it.
        let name = action.action.split_once('-').map_or(action.action.as_str(), |(name, _)| name);
        match name {
            "check" => {
                let service = service::need(bot, &action.value)?;
                check::begin(bot, &service, &action.by.name, &action.conversation, action.incident.as_ref())
            }
            "ask" | "against" | "severe" | "lesser" | "quick" | "slow" | "anew" => check::clicked(bot, &action),
            "plan" => propose::clicked(bot, &action),
            "run" => propose::go(bot, &action),
            "verify" => verify::clicked(bot, &action),
            "item" => verify::tried(bot, &action),
            "broken" => verify::broken(bot, &action),
            "maintenance" => upkeep::clicked(bot, &action),
            "flag" => flags::clicked(bot, &action),
            other => Err(internal(format!("a card has the button `{other}`, which nothing here handles"))),
        }
    }
}

impl OnDeploy for Rollback {
    fn on_deploy(bot: &mut impl Bot, deploy: Deploy) -> Result {
        watch::deployed(bot, &deploy)
    }
}

impl OnTimer for Rollback {
    fn on_timer(bot: &mut impl Bot, timer: Timer) -> Result {
        match timer.name.split_once('/') {
            Some(("clock", service)) => check::tick(bot, service, &timer),
            Some(("watch", service)) => watch::tick(bot, service, &timer),
            Some(("verify", service)) => verify::tick(bot, service, &timer),
            Some(("flags", service)) => flags::remind(bot, service, &timer),
            _ => Err(internal(format!("the timer `{}` is not one of this plugin's", timer.name))),
        }
    }
}

impl OnJob for Rollback {
    fn on_job(bot: &mut impl Bot, job: Job) -> Result {
        let Some(started) = memory::take_started(bot, &job.id)? else {
            bot.log(Level::Warn, &format!("the job {} ended, of which nothing is remembered", job.id));
            return Ok(());
        };
        match started.work {
            Work::Check => check::ended(bot, &started, &job),
            Work::Watch => watch::ended(bot, &started, &job),
            Work::Verify => verify::ended(bot, &started, &job),
            Work::Gate => gate::ended(bot, &started, &job),
            Work::Rollback => outcome::ended(bot, &started, &job),
            Work::Maintenance | Work::Notice => upkeep::ended(bot, &started, &job),
            Work::Evidence => evidence::ended(bot, &started, &job),
            Work::Flag => flags::ended(bot, &started, &job),
        }
    }
}

impl OnApproval for Rollback {
    fn on_approval(bot: &mut impl Bot, approval: Approval) -> Result {
        run::decided(bot, &approval)
    }
}

impl Suggest for Rollback {
    /// Strategies and versions of the services that have them: what else was typed is not known here.
    fn suggest(bot: &mut impl Bot, query: Query) -> Result<Vec<Suggestion>> {
        const MANY: usize = 25;
        let mut found: Vec<Suggestion> = Vec::new();
        match query.argument.as_str() {
            "strategy" => {
                for service in bot.services()? {
                    let label = |strategy: &String| format!("{strategy} of {}", service.name);
                    found.extend(
                        service.strategies.iter().map(|one| Suggestion { value: one.clone(), label: label(one) }),
                    );
                }
            }
            "to" => {
                for deploy in bot.deploys(None, 100)? {
                    let label = format!("{} {}", deploy.service, deploy.version);
                    found.push(Suggestion { value: deploy.version, label });
                }
            }
            "service" => {
                for service in bot.services()? {
                    found.push(Suggestion { label: service.name.clone(), value: service.name });
                }
            }
            _ => {}
        }
        found.retain(|one| one.value.starts_with(&query.prefix) || one.label.starts_with(&query.prefix));
        found.dedup();
        found.truncate(MANY);
        Ok(found)
    }
}

drillbell_sdk::export!(Rollback: on_command, on_action, on_deploy, on_timer, on_job, on_approval, suggest; manifest "plugin.toml");
