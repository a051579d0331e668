//! `[notify.NAME]`: by which ways somebody is paged. How each is spoken to is `crate::notify`.

use super::availability::Availability;
use super::chat::Chats;
use super::limits::{NOTIFY_TIME, NOTIFY_TIME_MAX, NOTIFY_TIME_MIN};
use super::people::People;
use super::problem::{Refusal, did_you_mean};
use super::secret::Secret;
use super::section::Section;
use super::tree::{Entry, Node, Value};
use super::values;
use crate::model::ids::{ConversationId, PersonId};
use crate::model::page::{NOTIFY, Route, Routes};
use std::collections::BTreeMap;
use std::time::Duration;
use url::{Host, Url};

/// PagerDuty's Events API v2, for accounts in the United States; those in Europe write the other.
pub const PAGERDUTY: &str = "https://events.pagerduty.com/v2/enqueue";
/// What `kind` may be.
const KINDS: [&str; 4] = ["chat", "email", "pagerduty", "webhook"];
/// Addresses of one e-mail notifier: more is a mailing list's business.
const ADDRESSES: usize = 20;
/// Bytes of a webhook's secret: a shorter one can be guessed from one signed message.
const SECRET_BYTES: usize = 16;

/// `[notify]`: every notifier, by name, and when each may be used.
#[derive(Clone, Debug, Default)]
pub struct Notify(pub BTreeMap<String, Notifier>, pub BTreeMap<String, Availability>);

/// `[notify.NAME]`, by its `kind`.
#[derive(Clone, Debug)]
pub enum Notifier {
    /// A message in a chat.
    Chat {
        /// As written: `console:#ops`, `console:@ana`.
        written: String,
        /// What it means.
        route: Route,
    },
    /// E-mail, by the server of `[smtp]`.
    Email {
        /// Whom.
        to: Vec<String>,
    },
    /// PagerDuty's Events API v2.
    PagerDuty {
        /// The integration's key.
        routing_key: Secret,
        /// Where events go. Default [`PAGERDUTY`].
        url: Url,
        /// How long one attempt may take. Default 20 s.
        timeout: Duration,
    },
    /// A signed HTTP request.
    Webhook {
        /// Where to.
        url: WebhookUrl,
        /// What signs it.
        secret: Secret,
        /// How long one attempt may take. Default 20 s.
        timeout: Duration,
    },
}

/// An address written in the file, or a secret because it holds a token.
#[derive(Clone, Debug)]
pub enum WebhookUrl {
    /// Written in the file.
    Written(Url),
    /// Kept elsewhere.
    Secret(Secret, Box<Url>),
}

impl WebhookUrl {
    /// The address itself: for the one place that needs it.
    pub fn url(&self) -> &Url {
        match self {
            Self::Written(url) => url,
            Self::Secret(_, url) => url,
        }
    }
}

impl Notify {
    pub(super) fn read(section: &Section<'_>, chats: &Chats<'_>, people: &People, smtp: bool) -> Self {
        let (mut all, mut when) = (BTreeMap::new(), BTreeMap::new());
        for (entry, mut notifier) in section.named() {
            if !values::is_name(&entry.key, "-_") {
                let expected = "a name of lower-case letters, digits, - _, such as oncall";
                section.refuse_name(entry, Refusal::expected(expected));
            }
            let missing = |key: &str, expected: &str| missing(section, entry, key, expected);
            if notifier.node("kind").is_none() {
                missing("kind", "a kind: \"chat\", \"email\", \"pagerduty\" or \"webhook\"");
                // Without it nobody can tell which keys belong there.
                continue;
            }
            let Some(kind) = notifier.read("kind", kind) else { continue };
            let read = match kind {
                "chat" => Notifier::chat(&mut notifier, chats, people, missing),
                "email" => Notifier::email(&mut notifier, smtp, missing),
                "pagerduty" => Notifier::pagerduty(&mut notifier, missing),
                _ => Notifier::webhook(&mut notifier, missing),
            };
            when.insert(entry.key.clone(), Availability::read(&mut notifier));
            notifier.finish();
            all.extend(read.map(|read| (entry.key.clone(), read)));
        }
        Self(all, when)
    }

    /// Where each one's pages go.
    pub fn routes(&self) -> Routes {
        let route = |(name, notifier): (&String, &Notifier)| {
            let route = match notifier {
                Notifier::Chat { route, .. } => route.clone(),
                _ => Route { to: ConversationId::new(format!("{NOTIFY}:{name}")), private_to: None },
            };
            (name.clone(), route)
        };
        Routes(self.0.iter().map(route).collect())
    }

    /// What is allowed but unwise.
    pub(super) fn warnings(&self) -> impl Iterator<Item = String> {
        self.0.iter().filter_map(|(name, notifier)| match notifier {
            Notifier::Webhook { url, .. } if url.url().scheme() == "http" && !is_loopback(url.url()) => {
                Some(format!("notify.{name}.url is http:// to another machine: whoever is on the way reads the pages"))
            }
            _ => None,
        })
    }
}

impl Notifier {
    /// The word that `kind` is set to.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Chat { .. } => "chat",
            Self::Email { .. } => "email",
            Self::PagerDuty { .. } => "pagerduty",
            Self::Webhook { .. } => "webhook",
        }
    }

    fn chat(
        section: &mut Section<'_>,
        chats: &Chats<'_>,
        people: &People,
        missing: impl Fn(&str, &str),
    ) -> Option<Self> {
        if section.node("to").is_none() {
            missing("to", "a conversation or a person, such as \"console:#ops\" or \"console:@ana\"");
        }
        section.read("to", |node| {
            let written = values::text(node)?.to_owned();
            let route = match written.split_once(":@") {
                Some((platform, person)) => personal(platform, person, chats, people)?,
                None => Route { to: chats.conversation(node)?, private_to: None },
            };
            Ok(Self::Chat { written, route })
        })
    }

    fn email(section: &mut Section<'_>, smtp: bool, missing: impl Fn(&str, &str)) -> Option<Self> {
        if !smtp {
            missing("[smtp]", "a section [smtp] that says which server sends e-mail");
        }
        if section.node("to").is_none() {
            missing("to", "whom, such as [\"oncall@example.org\"]");
        }
        let to = section.read_list("to", "a list such as [\"oncall@example.org\"]", address)?;
        if to.is_empty() || to.len() > ADDRESSES {
            section.refuse("to", Refusal::expected(format!("1 to {ADDRESSES} addresses")));
            return None;
        }
        Some(Self::Email { to })
    }

    fn pagerduty(section: &mut Section<'_>, missing: impl Fn(&str, &str)) -> Option<Self> {
        let cx = section.cx;
        if section.node("routing_key").is_none() {
            missing("routing_key", "the integration's key: { env = \"NAME\" } or { file = \"PATH\" }");
        }
        let routing_key = section.read("routing_key", |node| Secret::read(cx, node));
        let read = |node: &Node| {
            let url = web(values::text(node)?)?;
            match url.scheme() == "https" || is_loopback(&url) {
                true => Ok(url),
                // The key stands in the body.
                false => Err(Refusal::expected("an https:// address: the routing key travels with each event")),
            }
        };
        let url = match section.node("url") {
            Some(_) => section.read("url", read),
            None => Url::parse(PAGERDUTY).ok(),
        };
        let timeout = timeout(section);
        Some(Self::PagerDuty { routing_key: routing_key?, url: url?, timeout })
    }

    fn webhook(section: &mut Section<'_>, missing: impl Fn(&str, &str)) -> Option<Self> {
        let cx = section.cx;
        for (key, expected) in [
            ("url", "an address such as \"https://example.org/page\""),
            ("secret", "what signs the requests: { env = \"NAME\" } or { file = \"PATH\" }"),
        ] {
            if section.node(key).is_none() {
                missing(key, expected);
            }
        }
        let url = section.read("url", |node| match &node.value {
            Value::Table(_) => {
                let secret = Secret::read(cx, node)?;
                let found = format!("{secret}, which holds none");
                let url = web(secret.expose()).map_err(|refusal| refusal.found(found))?;
                Ok(WebhookUrl::Secret(secret, Box::new(url)))
            }
            _ => Ok(WebhookUrl::Written(web(values::text(node)?)?)),
        });
        let secret = section.read("secret", |node| {
            let secret = Secret::read(cx, node)?;
            match secret.expose().len() >= SECRET_BYTES {
                true => Ok(secret),
                false => Err(Refusal::expected(format!("a secret of at least {SECRET_BYTES} bytes"))
                    .found(format!("{secret}, which is shorter"))
                    .fix("make one: openssl rand -hex 32")),
            }
        });
        let timeout = timeout(section);
        Some(Self::Webhook { url: url?, secret: secret?, timeout })
    }
}

/// Where a person is paged who has no notifiers: in a chat that is connected and knows them, first of all where they are paged
/// when away from the console.
pub fn chat_route(chats: &Chats<'_>, people: &People, person: &str) -> Option<Route> {
    let platforms = chats.remote.iter().copied().chain(["console"]);
    platforms.into_iter().find_map(|platform| personal(platform, person, chats, people).ok())
}

fn missing(section: &Section<'_>, entry: &Entry, key: &str, expected: &str) {
    section.cx.note(&entry.place, &section.path(&entry.key), format!("no `{key}`"), Refusal::expected(expected));
}

fn kind(node: &Node) -> Result<&'static str, Refusal> {
    let text = values::text(node)?;
    let known = KINDS.into_iter().find(|kind| *kind == text);
    known.ok_or_else(|| Refusal::expected(format!("one of {}", KINDS.join(", "))).maybe_fix(did_you_mean(text, KINDS)))
}

/// `console:@ana`: a message that only she sees, where a session begins; `slack:@ana`: a direct message.
fn personal(platform: &str, person: &str, chats: &Chats<'_>, people: &People) -> Result<Route, Refusal> {
    let names = || people.0.keys().map(String::as_str);
    let Some(known) = people.0.get(person) else {
        let expected = "a person of [people]";
        return Err(Refusal::expected(expected).maybe_fix(did_you_mean(person, names())));
    };
    if chats.remote.contains(&platform) {
        return match known.identities.get(platform) {
            Some(user) => Ok(Route { to: ConversationId::new(format!("{platform}:@{user}")), private_to: None }),
            None => Err(Refusal::expected(format!("somebody there: [people.{person}] has no `{platform}`"))),
        };
    }
    let console = chats.console;
    let first = console.channels.first().filter(|_| console.enabled && platform == "console");
    let Some(first) = first else {
        return Err(Refusal::expected(format!("a platform that is connected; [chat.{platform}] is not")));
    };
    if !known.identities.contains_key("console") {
        return Err(Refusal::expected(format!("somebody with a login: [people.{person}] has no `console`")));
    }
    let to = ConversationId::new(format!("console:{first}"));
    Ok(Route { to, private_to: Some(PersonId::new(person)) })
}

/// How long one attempt may take.
pub(super) fn timeout(section: &mut Section<'_>) -> Duration {
    let read = |node| values::duration(node, NOTIFY_TIME_MIN..=NOTIFY_TIME_MAX);
    section.read("timeout", read).unwrap_or(NOTIFY_TIME)
}

/// An address to send mail to.
pub(super) fn address(node: &Node) -> Result<String, Refusal> {
    let text = values::text(node)?;
    match text.parse::<lettre::Address>() {
        Ok(address) => Ok(address.to_string()),
        Err(_) => Err(Refusal::expected("an address such as \"oncall@example.org\"")),
    }
}

pub(super) fn web(text: &str) -> Result<Url, Refusal> {
    let expected = || Refusal::expected("an address such as \"https://example.org/page\"");
    let url = Url::parse(text).map_err(|_| expected().fix("begin with https://"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(expected().fix("begin with https://"));
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(
            expected().fix("leave out user, password and `#…`; an address that is secret is { env = \"NAME\" }")
        );
    }
    Ok(url)
}

/// Whether it never leaves this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}
