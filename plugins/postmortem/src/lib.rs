//! Postmortems: drafted from an incident's timeline, written by people section by section, checked, published, and followed up until
//! what they say is done. What the timeline says and what people write never mix, and no cause is ever made up.
//!
//! `known` is what the host knows of an incident, `facts` what follows from it, `document` the text; `paper` is what is remembered,
//! `edit` changes it, `lint` judges it; `draft` begins and shows it, `card` draws it, `publish` publishes it; `actions` are what is
//! to be done, `remind` reminds of it; `offer` looks whether incidents are over.

mod actions;
mod card;
mod document;
mod draft;
mod edit;
mod facts;
mod known;
mod lint;
mod md;
mod offer;
mod paper;
mod publish;
mod remind;
mod section;
mod settings;

#[cfg(test)]
mod tests;

use drillbell_sdk::{
    Action, Bot, Command, Declared, IncidentId, Job, OnAction, OnCommand, OnIncident, OnJob, OnTimer, Result, Timer,
    internal,
};

/// The plugin.
pub struct Postmortem;

impl OnCommand for Postmortem {
    fn on_command(bot: &mut impl Bot, cmd: Command) -> Result {
        match cmd.subcommand.as_str() {
            "draft" => draft::draft(bot, &cmd),
            "show" => draft::show(bot, &cmd),
            "edit" => edit::typed(bot, &cmd),
            "action" => actions::action(bot, &cmd),
            "publish" => publish::typed(bot, &cmd),
            "list" => actions::all(bot),
            other => Err(internal(format!("plugin.toml declares `/postmortem {other}`, which nothing here handles"))),
        }
    }
}

impl OnAction for Postmortem {
    fn on_action(bot: &mut impl Bot, action: Action) -> Result {
        match action.action.as_str() {
            card::DRAFT => {
                draft::begin(bot, &IncidentId::from(action.value.as_str()), &action.by, &action.conversation)
            }
            card::PUBLISH => publish::clicked(bot, &action),
            word if word.starts_with(card::EDIT) => edit::submitted(bot, &action),
            other => Err(internal(format!("a card has a button `{other}`, which nothing here handles"))),
        }
    }
}

impl OnIncident for Postmortem {
    fn on_incident(bot: &mut impl Bot, declared: Declared) -> Result {
        offer::declared(bot, &declared)
    }
}

impl OnTimer for Postmortem {
    fn on_timer(bot: &mut impl Bot, timer: Timer) -> Result {
        match timer.name.split_inclusive(' ').next() {
            Some(offer::WATCH) => offer::look(bot, &timer),
            Some(remind::ITEM) => remind::item(bot, &timer),
            Some(remind::PUBLISH) => remind::unpublished(bot, &timer),
            _ => Err(internal(format!("the timer `{}` is not one of this plugin's", timer.name))),
        }
    }
}

impl OnJob for Postmortem {
    fn on_job(bot: &mut impl Bot, job: Job) -> Result {
        publish::kept(bot, &job)
    }
}

drillbell_sdk::export!(Postmortem: on_command, on_action, on_incident, on_timer, on_job; manifest "plugin.toml");
