//! `drillbell chat`: the console in a terminal, or with lines from a pipe. Everything goes through the API of the running bot;
//! where none runs, this process is the bot for as long as the console is open.

mod buttons;
mod completer;
mod console;
mod editor;
mod feed;
mod piped;
mod transcript;
mod typed;

pub use console::interactive;

use super::bot::Bot;
use super::client::Client;
use super::failure::Failure;
use super::output::{look, tell};
use super::place::{self, ConfigFlag};
use super::reach;
use super::signals::Stop;
use crate::config::{Config, Env};
use crate::platform::console::Look;
use crate::scrub::Scrub;
use clap::Args;
use std::io::IsTerminal;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// `drillbell chat …`.
#[derive(Args, Clone, Debug)]
pub struct ChatArgs {
    #[command(flatten)]
    config: ConfigFlag,
    /// In whose name: a console login; recorded as asserted. Default: your system login
    #[arg(long = "as", value_name = "USER", value_parser = place::user)]
    user: Option<String>,
    /// In which channel of the console to begin. Default: #incidents
    #[arg(long, value_name = "CHANNEL")]
    channel: Option<String>,
}

/// Somebody's place at the console.
pub struct Seat {
    client: Client,
    data_dir: PathBuf,
    channel: String,
    channels: Vec<String>,
    look: Look,
}

impl Seat {
    fn new(client: Client, config: &Config, channel: String, env: &Env) -> Self {
        let (data_dir, channels) = (config.server.data_dir.clone(), config.console.channels.clone());
        Self { client, data_dir, channel, channels, look: look(env) }
    }

    /// A channel by its bare name: a configured one, or one that an incident seems to have; whether it has, the bot says.
    fn known(&self, bare: &str) -> Option<String> {
        let configured = self.channels.iter().find(|known| known.trim_start_matches('#') == bare).cloned();
        configured.or_else(|| is_incidents(bare).then(|| format!("#{bare}")))
    }

    /// A place at the bot in this process.
    ///
    /// # Errors
    /// The HTTP client cannot be built.
    pub fn in_process(bot: &Bot, user: &str, env: &Env) -> Result<Self, Failure> {
        let channel = place::channel(bot.config(), None)?;
        Ok(Self::new(bot.client(user)?, bot.config(), channel, env))
    }
}

/// Whether a channel's name is one that channels of incidents have: `inc-7`, `inc-7-checkout-is-down`.
fn is_incidents(bare: &str) -> bool {
    let number = bare.strip_prefix("inc-").map(|rest| rest.split('-').next().unwrap_or_default());
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

/// Opens the console until it is left. Exit code 0.
pub async fn run(args: &ChatArgs, env: &Env, scrub: &Scrub) -> Result<u8, Failure> {
    let mut stop = Stop::listen()?;
    let config = args.config.load(env)?;
    let user = place::user_or_own(args.user.as_deref(), env);
    let channel = place::channel(&config, args.channel.as_deref())?;
    if let Some(client) = reach::running(&config.server.data_dir, &user).await? {
        sit(Seat::new(client, &config, channel, env), &mut stop).await?;
        return Ok(0);
    }
    tell("No bot is running with this data: for as long as this console is open, this process is the bot.");
    let mut own = config.clone();
    own.server.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let bot = Bot::start(own, scrub).await?;
    let seat = Seat::new(bot.client(&user)?, &config, channel, env);
    let mut left = Ok(());
    bot.run_until(async { left = sit(seat, &mut stop).await }).await?;
    stop.insist();
    left.map(|()| 0)
}

async fn sit(seat: Seat, stop: &mut Stop) -> Result<(), Failure> {
    if std::io::stdin().is_terminal() && std::io::stdout().is_terminal() {
        interactive(seat, stop).await
    } else {
        piped::run(seat, stop).await
    }
}
