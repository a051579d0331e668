//! The conversation around incidents: `/sev` and the card's buttons. The incidents themselves, their numbers and the
//! rules of their change are the host's; here is only what people type, read and press, and who is woken.
//!
//! Each change is made once, whether it was typed or clicked (`changes`, `roles`, `tasks`, `merge`); `card` and `clocks` draw
//! what `sight` sees; `place` keeps a channel or
//! thread of its own; `prompts` reminds; `escalation` climbs ladders, `paging` says what is said about it; `public` and
//! `maintenance` are for everybody; `reads` and `stats` show; `which` finds the incident that is meant;
//! `grants` does without what the operator did not give.

mod card;
mod changes;
mod clocks;
mod escalation;
mod export;
mod grants;
mod maintenance;
mod merge;
mod paging;
mod place;
mod platforms;
mod prompts;
mod public;
mod readiness;
mod reads;
mod roles;
mod settings;
mod sight;
mod stats;
mod tasks;
mod which;

#[cfg(test)]
mod tests;

use drillbell_sdk::{
    Action, Bot, Command, Declared, OnAction, OnCommand, OnIncident, OnReaction, OnTimer, Reaction, Result, Status,
    Timer, internal,
};

/// The field that a click has which is a reply in words.
const SAID: &str = "said";

/// The plugin.
pub struct SevDeclare;

impl OnCommand for SevDeclare {
    fn on_command(bot: &mut impl Bot, cmd: Command) -> Result {
        match cmd.subcommand.as_str() {
            "declare" => changes::declare(bot, &cmd),
            "update" => {
                let id = which::incident(bot, &cmd)?;
                let status = cmd.text("status").and_then(Status::parse);
                let done = changes::update(bot, &id, cmd.required("text")?, status, &cmd.by)?;
                let done = public::update(bot, done, &cmd)?;
                done.answer(bot)
            }
            "maintenance" => maintenance::propose(bot, &cmd),
            "components" => public::components(bot, &cmd),
            "level" => {
                let id = which::incident(bot, &cmd)?;
                let reason = cmd.text("reason").unwrap_or_default();
                changes::level(bot, &id, cmd.required("level")?, reason, &cmd.by)?.answer(bot)
            }
            "note" => {
                let id = which::incident(bot, &cmd)?;
                changes::note(bot, &id, cmd.required("text")?, &cmd.by)?.answer(bot)
            }
            "ack" => {
                let id = which::incident(bot, &cmd)?;
                roles::acknowledge(bot, &id, &cmd.by, &cmd.conversation)?.answer(bot)
            }
            "page" => {
                let id = which::incident(bot, &cmd)?;
                paging::by_hand(bot, &cmd, &id)
            }
            "role" => {
                let id = which::incident(bot, &cmd)?;
                roles::role(bot, &id, &cmd)?.answer(bot)
            }
            "task" => {
                let id = which::incident(bot, &cmd)?;
                tasks::task(bot, &id, &cmd)
            }
            "merge" => merge::merge(bot, &cmd),
            "stats" => stats::stats(bot, &cmd),
            "list" => reads::list(bot, cmd.flag("all"), cmd.int("limit")?.unwrap_or(reads::LISTED)),
            "show" => {
                let id = which::incident(bot, &cmd)?;
                reads::show(bot, &id, &cmd.conversation)
            }
            "timeline" => {
                let id = which::incident(bot, &cmd)?;
                if let Some(format) = cmd.text("export") {
                    return export::timeline(bot, &id, format);
                }
                let limit = cmd.int("limit")?.unwrap_or(reads::TIMELINE_LINES);
                reads::timeline(bot, &id, limit)
            }
            "resolve" => {
                let id = which::incident(bot, &cmd)?;
                let text = cmd.text("text").unwrap_or_default();
                changes::resolve(bot, &id, text, &cmd.by)?.answer(bot)
            }
            "reopen" => {
                let id = which::to_reopen(bot, &cmd)?;
                let reason = cmd.text("reason").unwrap_or_default();
                changes::reopen(bot, &id, reason, &cmd.by)?.answer(bot)
            }
            other => Err(internal(format!("plugin.toml declares `/sev {other}`, which nothing here handles"))),
        }
    }
}

impl OnAction for SevDeclare {
    fn on_action(bot: &mut impl Bot, action: Action) -> Result {
        let id = which::of_button(&action)?;
        if let Some(role) = action.action.strip_prefix(card::CLAIM) {
            return roles::claim(bot, &id, role, &action.by)?.answer(bot);
        }
        match action.action.as_str() {
            card::IDENTIFIED => changes::status(bot, &id, Status::Identified, &action.by)?.answer(bot),
            card::MONITORING => changes::status(bot, &id, Status::Monitoring, &action.by)?.answer(bot),
            card::RESOLVE => changes::resolve(bot, &id, "", &action.by)?.answer(bot),
            card::REOPEN => changes::reopen(bot, &id, "", &action.by)?.answer(bot),
            card::ACKNOWLEDGE if action.fields.text(SAID).is_some() => roles::replied(bot, &id, &action)?.answer(bot),
            card::ACKNOWLEDGE | card::ACKNOWLEDGE_ONCE => {
                roles::acknowledge(bot, &id, &action.by, &action.conversation)?.answer(bot)
            }
            prompts::UPDATE => prompts::answered(bot, &id, &action),
            prompts::SNOOZE => prompts::snooze(bot, &id, &action),
            prompts::SKIP => prompts::skip(bot, &id, &action),
            card::TIMELINE => reads::timeline(bot, &id, reads::TIMELINE_LINES),
            other => Err(internal(format!("a card has a button `{other}`, which nothing here handles"))),
        }
    }
}

impl OnIncident for SevDeclare {
    fn on_incident(bot: &mut impl Bot, declared: Declared) -> Result {
        changes::take_up(bot, &declared.incident)
    }
}

impl OnTimer for SevDeclare {
    fn on_timer(bot: &mut impl Bot, timer: Timer) -> Result {
        if timer.name.starts_with(place::TIMER) {
            return place::due(bot, &timer);
        }
        if escalation::is_ours(&timer) {
            return escalation::on_timer(bot, &timer);
        }
        prompts::rings(bot, &timer)
    }
}

impl OnReaction for SevDeclare {
    fn on_reaction(bot: &mut impl Bot, reaction: Reaction) -> Result {
        place::pinned(bot, &reaction)
    }
}

drillbell_sdk::export!(SevDeclare: on_command, on_action, on_timer, on_reaction, on_incident; manifest "plugin.toml");
