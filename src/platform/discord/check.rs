//! What `drillbell check` says of Discord: granted against needed. Only reads.

use super::Discord;
use super::api::{Call, Refused};
use super::register::registration;
use crate::clock::Clock;
use crate::config::Config;
use crate::config::discord::DiscordMode;
use crate::model::manifest::CommandSpec;
use crate::platform::finding::Finding;
use reqwest::Method;
use serde_json::Value;

/// What the bot may do with a permission of its own, and its bit (topics/permissions, `bitwise-permission-flags`).
const NEEDED: [(&str, u64); 12] = [
    ("View Channels", 1 << 10),
    ("Send Messages", 1 << 11),
    ("Send Messages in Threads", 1 << 38),
    ("Embed Links", 1 << 14),
    ("Attach Files", 1 << 15),
    ("Read Message History", 1 << 16),
    ("Add Reactions", 1 << 6),
    ("Manage Channels", 1 << 4),
    ("Create Public Threads", 1 << 35),
    ("Manage Threads", 1 << 34),
    ("Pin Messages", 1 << 51),
    ("Manage Permissions", 1 << 28),
];
/// `GATEWAY_MESSAGE_CONTENT` and `GATEWAY_MESSAGE_CONTENT_LIMITED`: granted, or switched on for a small bot
/// (resources/application, `application-object-application-flags`).
const MESSAGE_CONTENT: u64 = 1 << 18 | 1 << 19;
/// It stands for all others.
const ADMINISTRATOR: u64 = 1 << 3;

/// Looks at Discord as it is configured; nothing without `[chat.discord]`. `commands` are those that will be registered.
pub async fn check(config: &Config, clock: &Clock, commands: &[CommandSpec]) -> Vec<Finding> {
    let discord = match Discord::new(config, clock) {
        Ok(Some(discord)) => discord,
        Ok(None) => return Vec::new(),
        Err(sentence) => return vec![Finding::fail("discord", sentence)],
    };
    let public_url = config.server.public_url.as_deref();
    let application = match get(&discord, "applications/@me").await {
        Ok(application) => application,
        Err(refused) => return vec![not_seen("discord token", &refused, "")],
    };
    let mut found = vec![token(&discord, &application), endpoint(&discord, &application, public_url)];
    found.extend(content(&discord, &application));
    found.push(server(&discord).await);
    found.push(channels(&discord).await);
    found.push(registered(commands));
    found
}

/// The address under which an operator adds the bot to the server with what it needs.
fn invitation(discord: &Discord) -> String {
    let permissions = NEEDED.iter().fold(0, |all, (_, bit)| all | bit);
    format!(
        "https://discord.com/oauth2/authorize?client_id={}&guild_id={}&scope=bot+applications.commands&permissions={permissions}",
        discord.application, discord.guild
    )
}

fn token(discord: &Discord, application: &Value) -> Finding {
    let (name, id) = (application["name"].as_str().unwrap_or("?"), application["id"].as_str().unwrap_or_default());
    if id != discord.application {
        let text = format!("the token is of the application {id} ({name}); chat.discord.application_id is another's");
        return Finding::fail("discord token", text);
    }
    let key = application["verify_key"].as_str();
    let ours = discord.key.map(|key| hex::encode(key.to_bytes()));
    match (key, ours) {
        (Some(key), Some(ours)) if key != ours => Finding::fail(
            "discord token",
            "chat.discord.public_key is not the application's; copy it from General Information",
        ),
        _ => Finding::pass("discord token", format!("it is of the application {name}")),
    }
}

/// Discord sends interactions to an endpoint if the application has one, and over the gateway only if it has none.
fn endpoint(discord: &Discord, application: &Value, public_url: Option<&str>) -> Finding {
    const NAME: &str = "discord events";
    let there = application["interactions_endpoint_url"].as_str().filter(|url| !url.is_empty());
    let ours = public_url.map(|url| format!("{url}/discord/interactions"));
    match (discord.mode, there, ours) {
        (DiscordMode::Gateway, None, _) => Finding::pass(NAME, "they come by the gateway"),
        (DiscordMode::Gateway, Some(there), _) => Finding::fail(
            NAME,
            format!(
                "Discord sends them to {there}, not by the gateway; empty Interactions Endpoint URL in General Information"
            ),
        ),
        (DiscordMode::Http, _, None) => {
            Finding::fail(NAME, "by HTTP they need server.public_url, under which Discord reaches this bot")
        }
        (DiscordMode::Http, Some(there), Some(ours)) if there == ours => {
            Finding::pass(NAME, format!("they come to {ours}"))
        }
        (DiscordMode::Http, there, Some(ours)) => Finding::fail(
            NAME,
            format!(
                "Discord sends them {}; set Interactions Endpoint URL in General Information to {ours} while the bot runs",
                there.map_or_else(|| "by the gateway".to_owned(), |there| format!("to {there}"))
            ),
        ),
    }
}

/// Whether Discord grants the intent that the configuration says it does; without it the line is refused.
fn content(discord: &Discord, application: &Value) -> Option<Finding> {
    const NAME: &str = "discord messages";
    if !discord.ears.reads {
        return None;
    }
    let granted = application["flags"].as_u64().unwrap_or(0) & MESSAGE_CONTENT != 0;
    Some(match (granted, discord.mode) {
        (true, DiscordMode::Gateway) => Finding::pass(NAME, "Discord tells what they say"),
        (true, DiscordMode::Http) => Finding::pass(NAME, "granted, but by HTTP no messages are heard"),
        (false, _) => Finding::fail(
            NAME,
            "Message Content Intent is off, and the line would be refused; switch it on under Bot, or set \
             chat.discord.message_content = false",
        ),
    })
}

async fn server(discord: &Discord) -> Finding {
    const NAME: &str = "discord server";
    let guild = &discord.guild;
    let looks = async {
        let server = get(discord, &format!("guilds/{guild}")).await?;
        let bot = get(discord, "users/@me").await?;
        let bot = bot["id"].as_str().unwrap_or_default().to_owned();
        let member = get(discord, &format!("guilds/{guild}/members/{bot}")).await?;
        Ok::<_, Refused>((server, member))
    };
    let (server, member) = match looks.await {
        Ok(looks) => looks,
        Err(refused) => {
            return not_seen(NAME, &refused, &format!("; add the bot to the server: {}", invitation(discord)));
        }
    };
    let has = permissions(&server, &member, guild);
    let missing: Vec<_> = NEEDED.iter().filter(|(_, bit)| has & bit == 0).map(|(name, _)| *name).collect();
    let name = server["name"].as_str().unwrap_or("?");
    match missing.as_slice() {
        _ if has & ADMINISTRATOR != 0 => {
            Finding::pass(NAME, format!("{name}: the bot may do everything, more than it needs"))
        }
        [] => Finding::pass(NAME, format!("{name}: the bot may do what it needs")),
        missing => Finding::fail(
            NAME,
            format!(
                "{name}: the bot lacks {}; give it these, or add it anew: {}",
                missing.join(", "),
                invitation(discord)
            ),
        ),
    }
}

/// What everybody may, and what the bot's roles add.
fn permissions(server: &Value, member: &Value, guild: &str) -> u64 {
    let roles = server["roles"].as_array().into_iter().flatten();
    let its: Vec<_> = member["roles"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let has = roles.filter(|role| role["id"].as_str().is_some_and(|id| id == guild || its.contains(&id)));
    has.filter_map(|role| role["permissions"].as_str()?.parse::<u64>().ok()).fold(0, |all, more| all | more)
}

async fn channels(discord: &Discord) -> Finding {
    const NAME: &str = "discord channels";
    match discord.channels.refresh(&discord.api).await {
        Err(refused) => not_seen(NAME, &refused, ""),
        Ok(()) => match discord.channels.missing().as_slice() {
            [] => Finding::pass(NAME, "all that the configuration names are there"),
            missing => Finding::fail(
                NAME,
                format!(
                    "not there, or the bot cannot see them: {}; make them, or add the bot there",
                    missing.join(", ")
                ),
            ),
        },
    }
}

fn registered(commands: &[CommandSpec]) -> Finding {
    const NAME: &str = "discord commands";
    let registration = registration(commands);
    match registration.left_out.as_slice() {
        [] => Finding::pass(NAME, format!("all {} find room", registration.commands.len())),
        lost => Finding::fail(NAME, format!("no room on Discord for {}; they can be used elsewhere", lost.join(", "))),
    }
}

async fn get(discord: &Discord, path: &str) -> Result<Value, Refused> {
    discord.api.send(Call::new(Method::GET, path, path)).await
}

/// What a refused look says: only Discord's own word is a failure; that it does not answer now says nothing of what is configured.
fn not_seen(name: &'static str, refused: &Refused, fix: &str) -> Finding {
    match refused {
        Refused::Later { reason, .. } => Finding::unknown(name, reason),
        Refused::Token { reason } => Finding::fail(name, reason),
        Refused::Never { reason, .. } => Finding::fail(name, format!("{reason}{fix}")),
    }
}
