//! The chats of a configuration as it applies.

use super::super::console::Console;
use super::super::discord::Discord;
use super::super::slack::Slack;
use super::{strings, table};
use toml::{Table, Value};

/// `[chat]`: those that are connected.
pub(super) fn all(console: &Console, slack: Option<&Slack>, discord: Option<&Discord>) -> Table {
    let slack = slack.map(|slack| ("slack", slack_table(slack)));
    let discord = discord.map(|discord| ("discord", discord_table(discord)));
    table([("console", console_table(console))].into_iter().chain(slack).chain(discord))
}

fn console_table(console: &Console) -> Value {
    let Console { enabled, channels } = console;
    Value::Table(table([("enabled", (*enabled).into()), ("channels", strings(channels))]))
}

fn slack_table(slack: &Slack) -> Value {
    let Slack { mode, bot_token, app_token, signing_secret, api_url } = slack;
    let mut pairs = vec![
        ("mode", mode.as_str().into()),
        ("bot_token", bot_token.source()),
        ("api_url", api_url.as_str().trim_end_matches('/').into()),
    ];
    pairs.extend(app_token.as_ref().map(|token| ("app_token", token.source())));
    pairs.extend(signing_secret.as_ref().map(|secret| ("signing_secret", secret.source())));
    Value::Table(table(pairs))
}

fn discord_table(discord: &Discord) -> Value {
    let Discord { mode, token, application_id, public_key, guild_id, message_content, api_url } = discord;
    let mut pairs = vec![
        ("mode", mode.as_str().into()),
        ("token", token.source()),
        ("application_id", application_id.clone().into()),
        ("guild_id", guild_id.clone().into()),
        ("message_content", (*message_content).into()),
        ("api_url", api_url.clone().into()),
    ];
    pairs.extend(public_key.map(|key| ("public_key", hex::encode(key).into())));
    Value::Table(table(pairs))
}
