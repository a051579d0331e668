//! Every message of the plugin, as people read it, and the data beside it.

mod clicks;
mod declare;
mod hostile;
mod life;
mod place;
mod reading;
mod which;

use crate::SevDeclare;
use drillbell_sdk::testing::{CommandBuilder, FakeBot, command};
use drillbell_sdk::{Error, MessageRef};
use std::time::Duration;

/// A bot with INC-1 `checkout is down`, sev1, declared by Ana; nothing said yet.
fn with_incident() -> FakeBot {
    let mut bot = FakeBot::new();
    declare(&mut bot, "sev1", "checkout is down");
    bot
}

fn declare(bot: &mut FakeBot, level: &str, title: &str) {
    run(bot, command("sev declare").arg("level", level).arg("title", title));
    bot.said.clear();
}

/// Runs a command that succeeds.
fn run(bot: &mut FakeBot, command: CommandBuilder) {
    bot.command::<SevDeclare>(command).expect("the command succeeds");
}

/// Runs a command that is refused, and gives the sentence the user reads.
fn refused(bot: &mut FakeBot, command: CommandBuilder) -> String {
    match bot.command::<SevDeclare>(command) {
        Err(Error::User(text)) => text,
        other => panic!("it is the user's mistake, not {other:?}"),
    }
}

fn later(bot: &mut FakeBot, minutes: u64) {
    bot.advance(Duration::from_secs(minutes * 60));
}

fn card_of(bot: &FakeBot, number: usize) -> MessageRef {
    bot.incidents[number - 1].card.clone().expect("it has a card")
}

fn data(bot: &FakeBot) -> String {
    serde_json::to_string_pretty(bot.data.as_ref().expect("the command set data")).expect("it is JSON")
}
