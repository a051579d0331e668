//! `[chat.discord]`: one Discord server as a chat platform. How Discord is spoken to is `crate::platform::discord`.

use super::notify;
use super::problem::{Refusal, did_you_mean};
use super::secret::Secret;
use super::section::Section;
use super::tree::Node;
use super::values;

/// Discord's own API; the version is the one whose pages the code cites.
pub const API_URL: &str = "https://discord.com/api/v10";
/// What its `public_key` is, in bytes: an Ed25519 key.
const KEY_BYTES: usize = 32;

/// `[chat.discord]`.
#[derive(Clone, Debug)]
pub struct Discord {
    /// How events reach the bot. Default `gateway`.
    pub mode: DiscordMode,
    /// The bot's token.
    pub token: Secret,
    /// The application's id.
    pub application_id: String,
    /// The key that interactions are signed with; there with `http`.
    pub public_key: Option<[u8; KEY_BYTES]>,
    /// The one server that the bot serves.
    pub guild_id: String,
    /// Whether Discord tells what messages say that are not to the bot: its privileged intent Message Content. Default `false`.
    pub message_content: bool,
    /// Where the API is, without a slash at its end. Default [`API_URL`].
    pub api_url: String,
}

/// How events reach the bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiscordMode {
    /// By a connection that the bot opens.
    Gateway,
    /// By requests to `/discord/interactions`.
    Http,
}

impl DiscordMode {
    /// The word in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Http => "http",
        }
    }
}

impl Discord {
    /// `None` when there is no such section, or when it cannot be used.
    pub(super) fn read(mut section: Section<'_>) -> Option<Self> {
        if section.is_empty() {
            return None;
        }
        let cx = section.cx;
        let mode = section.read("mode", mode).unwrap_or(DiscordMode::Gateway);
        let what = "the bot's token: { env = \"NAME\" } or { file = \"PATH\" }";
        let token = section.required("token", what, |node| Secret::read(cx, node));
        let application_id = section.required("application_id", "the application's id, digits", snowflake);
        let guild_id = section.required("guild_id", "the id of the server that the bot serves, digits", snowflake);
        let what = "the application's public key, 64 hexadecimal digits: interactions are checked against it";
        let public_key = match mode {
            DiscordMode::Http => section.required("public_key", what, key),
            DiscordMode::Gateway => section.read("public_key", key),
        };
        let message_content = section.read("message_content", values::boolean).unwrap_or(false);
        let api_url = match section.node("api_url") {
            Some(_) => section.read("api_url", api_url),
            None => Some(API_URL.to_owned()),
        };
        section.finish();
        if mode == DiscordMode::Http && public_key.is_none() {
            return None;
        }
        let (token, application_id, guild_id) = (token?, application_id?, guild_id?);
        Some(Self { mode, token, application_id, public_key, guild_id, message_content, api_url: api_url? })
    }
}

/// Whether this names a conversation of Discord: a channel's name or id, or a person's id after an `@`.
pub(super) fn check_conversation(local: &str) -> Result<(), Refusal> {
    let expected = "a channel's name (\"discord:#ops\") or id, or a person (\"discord:@80351110224678912\")";
    let name = |name: &str| !name.is_empty() && name.chars().count() <= 100 && !name.contains(['#', '@', '/', ':']);
    let good = match (local.strip_prefix('#'), local.strip_prefix('@')) {
        (Some(channel), _) => name(channel) && channel == channel.to_lowercase(),
        (_, Some(person)) => is_snowflake(person),
        _ => is_snowflake(local),
    };
    if good { Ok(()) } else { Err(Refusal::expected(expected)) }
}

/// An id as Discord gives them: a number of 64 bits in decimal.
pub fn is_snowflake(text: &str) -> bool {
    let digits = !text.is_empty() && text.len() <= 20 && text.bytes().all(|b| b.is_ascii_digit());
    digits && !text.starts_with('0') && text.parse::<u64>().is_ok()
}

fn snowflake(node: &Node) -> Result<String, Refusal> {
    let text = values::text(node)?;
    let expected = "an id such as \"80351110224678912\" (Copy ID in developer mode)";
    if is_snowflake(text) { Ok(text.to_owned()) } else { Err(Refusal::expected(expected)) }
}

fn mode(node: &Node) -> Result<DiscordMode, Refusal> {
    let modes = [DiscordMode::Gateway, DiscordMode::Http];
    let words = modes.map(DiscordMode::as_str);
    let text = values::text(node)?;
    let known = modes.into_iter().find(|mode| mode.as_str() == text);
    known.ok_or_else(|| Refusal::expected("\"gateway\" or \"http\"").maybe_fix(did_you_mean(text, words)))
}

fn key(node: &Node) -> Result<[u8; KEY_BYTES], Refusal> {
    let expected = "64 hexadecimal digits (General Information, Public Key)";
    let bytes = hex::decode(values::text(node)?).ok();
    bytes.and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| Refusal::expected(expected))
}

fn api_url(node: &Node) -> Result<String, Refusal> {
    let url = notify::web(values::text(node)?)?;
    if url.scheme() != "https" && !notify::is_loopback(&url) {
        return Err(Refusal::expected("an https:// address: the token travels with each request"));
    }
    match url.query() {
        None => Ok(url.as_str().trim_end_matches('/').to_owned()),
        Some(_) => Err(Refusal::expected(format!("an address without `?…`, such as \"{API_URL}\""))),
    }
}
