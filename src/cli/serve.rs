//! `drillbell serve`: the bot, until somebody stops it.

use super::bot::Bot;
use super::failure::Failure;
use super::output::tell;
use super::place::ConfigFlag;
use super::signals::Stop;
use crate::config::Env;
use crate::scrub::Scrub;

/// Runs the bot. Exit code 0 after a clean stop.
pub async fn run(flag: &ConfigFlag, env: &Env, scrub: &Scrub) -> Result<u8, Failure> {
    let mut stop = Stop::listen()?;
    let config = flag.load(env)?;
    let bot = Bot::start(config, scrub).await?;
    tell(&format!("drillbell {} is at {}; Ctrl-C stops it", env!("CARGO_PKG_VERSION"), bot.url()));
    bot.run_until(stop.asked()).await?;
    stop.insist();
    Ok(0)
}
