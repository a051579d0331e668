//! The conversation around incidents: `/sev` and the card's buttons. The incidents themselves, their numbers and the
//! rules of their change are the host's; here is only what people type, read and press, and who is woken.
//!
//! Each change is made in `changes`, once, whether it was typed or clicked; `card` draws; `reads` shows; `which` finds
//! the incident that is meant; `escalation` climbs ladders, `paging` says what is said about it.

mod ack;
mod card;
mod changes;
mod escalation;
mod maintenance;
mod paging;
mod public;
mod reads;
mod which;

#[cfg(test)]
mod tests;

use drillbell_sdk::{Action, Bot, Command, OnAction, OnCommand, OnTimer, Result, Status, Timer, internal};

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
                changes::level(bot, &id, cmd.required("level")?, reason, &cmd.by)?.answer(bot)?;
                escalation::follow(bot, &id, &cmd.by)
            }
            "note" => {
                let id = which::incident(bot, &cmd)?;
                changes::note(bot, &id, cmd.required("text")?, &cmd.by)?.answer(bot)
            }
            "ack" => {
                let id = which::incident(bot, &cmd)?;
                ack::acknowledge(bot, &id, &cmd.by)
            }
            "page" => {
                let id = which::incident(bot, &cmd)?;
                paging::by_hand(bot, &cmd, &id)
            }
            "list" => reads::list(bot, cmd.flag("all")),
            "show" => {
                let id = which::incident(bot, &cmd)?;
                reads::show(bot, &id, &cmd.conversation)
            }
            "timeline" => {
                let id = which::incident(bot, &cmd)?;
                let limit = cmd.int("limit")?.unwrap_or(reads::TIMELINE_LINES);
                reads::timeline(bot, &id, limit)
            }
            "resolve" => {
                let id = which::incident(bot, &cmd)?;
                let text = cmd.text("text").unwrap_or_default();
                changes::resolve(bot, &id, text, &cmd.by)?.answer(bot)?;
                escalation::follow(bot, &id, &cmd.by)
            }
            "reopen" => {
                let id = which::to_reopen(bot, &cmd)?;
                let reason = cmd.text("reason").unwrap_or_default();
                changes::reopen(bot, &id, reason, &cmd.by)?.answer(bot)?;
                escalation::follow(bot, &id, &cmd.by)
            }
            other => Err(internal(format!("plugin.toml declares `/sev {other}`, which nothing here handles"))),
        }
    }
}

impl OnAction for SevDeclare {
    fn on_action(bot: &mut impl Bot, action: Action) -> Result {
        let id = which::of_button(&action)?;
        match action.action.as_str() {
            card::IDENTIFIED => changes::status(bot, &id, Status::Identified, &action.by)?.answer(bot),
            card::MONITORING => changes::status(bot, &id, Status::Monitoring, &action.by)?.answer(bot),
            card::RESOLVE => {
                changes::resolve(bot, &id, "", &action.by)?.answer(bot)?;
                escalation::follow(bot, &id, &action.by)
            }
            card::REOPEN => {
                changes::reopen(bot, &id, "", &action.by)?.answer(bot)?;
                escalation::follow(bot, &id, &action.by)
            }
            paging::ACKNOWLEDGE => ack::acknowledge(bot, &id, &action.by),
            card::TIMELINE => reads::timeline(bot, &id, reads::TIMELINE_LINES),
            other => Err(internal(format!("a card has a button `{other}`, which nothing here handles"))),
        }
    }
}

impl OnTimer for SevDeclare {
    fn on_timer(bot: &mut impl Bot, timer: Timer) -> Result {
        if escalation::is_ours(&timer) {
            return escalation::on_timer(bot, &timer);
        }
        Ok(())
    }
}

drillbell_sdk::export!(SevDeclare: on_command, on_action, on_timer; manifest "plugin.toml");
