//! `drillbell migrate`: brings the database up to date without starting the bot, as a deploy step of its own.

use super::failure::Failure;
use super::output::print;
use super::place::ConfigFlag;
use super::progress::Progress;
use crate::clock::Clock;
use crate::config::Env;
use crate::store::Store;
use secrecy::ExposeSecret;

/// Runs what is missing; says how many there are.
pub async fn run(flag: &ConfigFlag, env: &Env) -> Result<u8, Failure> {
    let config = flag.load(env)?;
    let progress = Progress::start("the migrations");
    let (store, closing) = Store::open(config.database.connect_url().expose_secret(), 2, Clock::system()).await?;
    let schema = store.schema().await;
    drop(store);
    closing.wait().await;
    drop(progress);
    let schema = schema?;
    print(&format!("{} is up to date: {} migrations of {}", config.database.shown(), schema.applied, schema.known))?;
    Ok(0)
}
