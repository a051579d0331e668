//! Whether Discord lets the bot do what it is to do there.

use super::Check;
use crate::cli::bot;
use crate::clock::Clock;
use crate::config::Config;
use crate::router::{host_commands, with_choices};

/// A check for each thing that was looked at; none if Discord is not configured.
pub(super) async fn all(config: &Config) -> Vec<Check> {
    if config.discord.is_none() {
        return Vec::new();
    }
    // A plugin that does not load has a check of its own.
    let plugins = bot::plugins(config).await.unwrap_or_default();
    let manifests = plugins.into_iter().filter_map(|plugin| plugin.manifest);
    let commands = host_commands().into_iter().chain(manifests.flat_map(|it| it.commands)).collect();
    let severities: Vec<_> = config.severities.0.iter().map(|severity| severity.name.clone()).collect();
    let people: Vec<_> = config.people.0.keys().cloned().collect();
    let targets: Vec<_> = config.targets.names().map(str::to_owned).collect();
    // As they will be registered: choices take room.
    let commands = with_choices(commands, &severities, &people, &targets);
    let found = crate::platform::discord::check(config, &Clock::system(), &commands).await;
    found.into_iter().map(|one| Check { name: one.name.to_owned(), status: one.verdict, text: one.text }).collect()
}
