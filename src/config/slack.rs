//! `[chat.slack]`: how Slack is reached, and by which secrets each side knows the other. How it is spoken to is
//! `crate::platform::slack`.

use super::problem::{Refusal, did_you_mean};
use super::secret::Secret;
use super::section::{Context, Section};
use super::tree::Node;
use super::values;
use url::{Host, Url};

/// Where Slack's Web API is, without a slash at the end.
pub const API_URL: &str = "https://slack.com/api";
/// Bytes of a signing secret at least: Slack's own have 32, and what is much shorter is something else.
const SIGNING_BYTES: usize = 8;

/// `[chat.slack]`.
#[derive(Clone, Debug)]
pub struct Slack {
    /// How events arrive. Default: by a socket that we open.
    pub mode: Mode,
    /// What we speak with: `xoxb-…`.
    pub bot_token: Secret,
    /// What opens the socket: `xapp-…`. Only of Socket Mode.
    pub app_token: Option<Secret>,
    /// What Slack signs its requests with. Only of HTTP mode.
    pub signing_secret: Option<Secret>,
    /// Where the Web API is. Default [`API_URL`].
    pub api_url: Url,
}

/// How events arrive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// By a WebSocket that the bot opens: nothing of it need be reachable.
    #[default]
    Socket,
    /// By requests to `/slack/…`, each signed.
    Http,
}

impl Mode {
    /// The word in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Socket => "socket",
            Self::Http => "http",
        }
    }
}

impl Slack {
    /// Slack is connected once its section has anything in it.
    pub(super) fn read(mut section: Section<'_>) -> Option<Self> {
        if section.is_empty() {
            return None;
        }
        let cx = section.cx;
        let mode = section.read("mode", mode).unwrap_or_default();
        let what = "the bot's token (xoxb-…): { env = \"NAME\" } or { file = \"PATH\" }";
        let bot_token = section.required("bot_token", what, |node| {
            token(cx, node, &["xapp-", "xoxp-", "xoxe"], "the app's Bot User OAuth Token (xoxb-…)")
        });
        let app = |node| token(cx, node, &["xox"], "an App-Level Token with connections:write (xapp-…)");
        let signing = |node: &Node| {
            let secret = Secret::read(cx, node)?;
            match secret.expose().len() >= SIGNING_BYTES {
                true => Ok(secret),
                false => Err(Refusal::expected("the app's Signing Secret (Basic Information)")
                    .found(format!("{secret}, which is too short to be one"))),
            }
        };
        let (app_token, signing_secret) = match mode {
            Mode::Socket => {
                let what = "the token that opens the socket (xapp-…), or mode = \"http\"";
                (section.required("app_token", what, app), section.read("signing_secret", signing))
            }
            Mode::Http => {
                let what = "what Slack signs its requests with (Basic Information, Signing Secret)";
                (section.read("app_token", app), section.required("signing_secret", what, signing))
            }
        };
        let api_url = match section.node("api_url") {
            Some(_) => section.read("api_url", api_url),
            None => Url::parse(API_URL).ok(),
        };
        section.finish();
        Some(Self { mode, bot_token: bot_token?, app_token, signing_secret, api_url: api_url? })
    }
}

fn mode(node: &Node) -> Result<Mode, Refusal> {
    match values::text(node)? {
        "socket" => Ok(Mode::Socket),
        "http" => Ok(Mode::Http),
        other => Err(Refusal::expected("\"socket\" or \"http\"").maybe_fix(did_you_mean(other, ["socket", "http"]))),
    }
}

/// A token, unless its beginning says that it is another of Slack's: they are easily mistaken, and a user's would act as that user.
fn token(cx: &Context<'_>, node: &Node, others: &[&str], expected: &str) -> Result<Secret, Refusal> {
    let secret = Secret::read(cx, node)?;
    let text = secret.expose();
    let other = others.iter().find(|other| text.starts_with(**other));
    match (other, text.bytes().all(|b| b.is_ascii_graphic())) {
        (None, true) => Ok(secret),
        (Some(other), _) => {
            Err(Refusal::expected(expected).found(format!("{secret}, which holds a token of another kind ({other}…)")))
        }
        (None, false) => Err(Refusal::expected(expected).found(format!("{secret}, which holds something else"))),
    }
}

/// Where tokens are sent: only a machine of one's own may be spoken to in the clear.
fn api_url(node: &Node) -> Result<Url, Refusal> {
    let expected = || Refusal::expected(format!("an address such as \"{API_URL}\""));
    let text = values::text(node)?;
    let url = Url::parse(text.trim_end_matches('/')).map_err(|_| expected().fix("begin with https://"))?;
    let here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    match (url.scheme(), here, plain && url.fragment().is_none() && url.host().is_some()) {
        ("https", _, true) | ("http", true, true) => Ok(url),
        ("http", false, _) => Err(expected().fix("write https://: the token travels with every request")),
        _ => Err(expected()),
    }
}

/// A conversation of Slack without `slack:`: `#ops`, an id, or `@` and a member's id.
pub(super) fn check_conversation(local: &str) -> Result<(), Refusal> {
    let id = |text: &str, first: &[char]| {
        text.len() >= 2 && text.starts_with(first) && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    };
    // https://docs.slack.dev/reference/methods/conversations.create: lower case, no spaces or full stops, at most 80.
    let name = |name: &str| {
        let good = |c: char| (c.is_alphanumeric() && !c.is_uppercase()) || c == '-' || c == '_';
        !name.is_empty() && name.chars().count() <= 80 && name.chars().all(good)
    };
    let good = match local.split_at_checked(1) {
        Some(("#", rest)) => name(rest),
        Some(("@", user)) => id(user, &['U', 'W']),
        _ => id(local, &['C', 'G', 'D']),
    };
    match good {
        true => Ok(()),
        false => Err(Refusal::expected("a Slack channel such as \"slack:#ops\" or \"slack:C0123456789\"")
            .maybe_fix(name(local).then(|| format!("write \"slack:#{local}\"")))),
    }
}
