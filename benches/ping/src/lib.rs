//! The plugin of the bench of chat: a row and an answer for each command, as the bot beside it does.

use drillbell_sdk::{Bot, Command, OnCommand, Result};

/// The plugin.
pub struct Ping;

impl OnCommand for Ping {
    fn on_command(bot: &mut impl Bot, cmd: Command) -> Result {
        let word = cmd.required("word")?;
        bot.set(&format!("word:{word}"), word)?;
        bot.reply(format!("pong {word}"))?;
        Ok(())
    }
}

drillbell_sdk::export!(Ping: on_command; manifest "plugin.toml");
