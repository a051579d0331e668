//! Whether Slack lets the bot do what it is to do there.

use super::Check;
use crate::clock::Clock;
use crate::config::Config;

/// A check for each thing that was looked at; none if Slack is not configured.
pub(super) async fn all(config: &Config) -> Vec<Check> {
    let found = crate::platform::slack::look(config, &Clock::system()).await;
    found.into_iter().map(|one| Check { name: one.name.to_owned(), status: one.verdict, text: one.text }).collect()
}
