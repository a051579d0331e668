//! `[alerts.NAME]`: where alerts come from, how they may come in, and where they go. Deciding where one goes is
//! `crate::alert::route`; here only what cannot be right is refused.

mod mapping;
mod matcher;
mod mute;
mod shown;

pub use mapping::Mapping;
pub use matcher::Matcher;
pub use mute::Mute;
pub(super) use shown::table_of;

use super::channels::Channels;
use super::chat::Chats;
use super::limits::alerts::{MATCHERS_MAX, ROUTES_MAX};
use super::problem::{Refusal, did_you_mean};
use super::secret::Secret;
use super::section::{Context, Section};
use super::severities::Severities;
use super::tree::{Entry, Node};
use super::values;
use crate::model::ids::ConversationId;
use std::collections::BTreeMap;
use url::Url;

/// What `kind` may be.
pub const KINDS: [&str; 7] =
    ["alertmanager", "grafana", "pagerduty", "sentry", "uptimerobot", "cloudwatch-sns", "generic"];
/// Kinds whose sender signs what it sends with a secret that both know.
const SIGNED: [&str; 2] = ["pagerduty", "sentry"];
/// Bytes of a token or secret: a shorter one can be guessed.
const TOKEN_BYTES: usize = 16;
/// By which labels alerts are one group, where nothing else is said.
const GROUP_BY: [&str; 2] = ["alertname", "service"];
/// Labels that a group may be made by.
const GROUP_LABELS: usize = 10;
/// What `POST /hooks/deploys/SERVICE` and `POST /hooks/beats/NAME` take, and what the bot's own measurements are called.
const OWN_NAMES: [&str; 3] = ["deploys", "beats", super::probes::SOURCE];

/// `[alerts]`: every source, by name.
#[derive(Clone, Debug, Default)]
pub struct Alerts(pub BTreeMap<String, Source>);

/// `[alerts.NAME]`.
#[derive(Clone, Debug)]
pub struct Source {
    /// Whose format it is: one of [`KINDS`].
    pub kind: String,
    /// What a sender must show. Only what is signed may do without.
    pub token: Option<Secret>,
    /// What a signature is checked with (`pagerduty`, `sentry`).
    pub secret: Option<Secret>,
    /// The only topic that may be subscribed and heard (`cloudwatch-sns`).
    pub topic: Option<String>,
    /// Where an Alertmanager's own API is: silences are pushed there.
    pub api_url: Option<Url>,
    /// What the API wants to see, as a bearer token.
    pub api_token: Option<Secret>,
    /// Where alerts go that no route sends elsewhere. Default: `[channels] alerts`.
    pub channel: Option<ConversationId>,
    /// Alerts with the same values of these labels are one group.
    pub group_by: Vec<String>,
    /// Where things stand in a `generic` notification.
    pub map: Mapping,
    /// The first whose matchers all hold decides.
    pub routes: Vec<Route>,
}

/// `[[alerts.NAME.routes]]`.
#[derive(Clone, Debug)]
pub struct Route {
    /// All of them must hold; none matches everything.
    pub matchers: Vec<Matcher>,
    /// Where to. Default: that of the source.
    pub channel: Option<ConversationId>,
    /// How bad it is: a configured severity. Default: what the label `severity` means.
    pub severity: Option<String>,
    /// The runbook that helps. Default: what the alert names.
    pub runbook: Option<String>,
    /// Whether an incident is declared at once.
    pub auto_declare: bool,
    /// When its alerts are kept but not shown.
    pub mute: Vec<Mute>,
}

impl Alerts {
    pub(super) fn read(section: &Section<'_>, chats: &Chats<'_>, channels: &Channels, severities: &Severities) -> Self {
        let mut all = BTreeMap::new();
        for (entry, mut source) in section.named() {
            if !values::is_name(&entry.key, "-_") || OWN_NAMES.contains(&entry.key.as_str()) {
                let own = OWN_NAMES.join("`, `");
                let expected =
                    format!("a name of lower-case letters, digits, - _, other than `{own}`, such as prometheus");
                section.refuse_name(entry, Refusal::expected(expected));
            }
            let missing = |key: &str, expected: &str| missing(section, entry, key, expected);
            if source.node("kind").is_none() {
                missing("kind", &kinds());
                continue;
            }
            let Some(kind) = source.read("kind", kind) else { continue };
            let read = Source::read(&mut source, kind, chats, severities);
            if read.token.is_none() && !source.has("token") && read.secret.is_none() && !source.has("secret") {
                let secret = if SIGNED.contains(&kind) { "a `secret` that checks its signatures, or " } else { "" };
                missing("token", &format!("{secret}a `token` that the sender shows"));
            }
            if kind == "cloudwatch-sns" && !source.has("topic") {
                missing("topic", "the ARN of the topic, such as \"arn:aws:sns:eu-west-1:123456789012:alarms\"");
            }
            let everywhere = channels.alerts.is_some() || read.channel.is_some() || source.has("channel");
            if !everywhere && !read.has_a_place_for_all() {
                let expected = "a `channel` for its alerts, here or as `alerts` of [channels]; without one every route has its \
                                own `channel`, and one of them takes everything";
                missing("channel", expected);
            }
            source.finish();
            all.insert(entry.key.clone(), read);
        }
        Self(all)
    }
}

impl Source {
    /// Whether its routes alone say of every alert where it goes: the first that matches decides, so each of them must.
    fn has_a_place_for_all(&self) -> bool {
        self.routes.iter().all(|route| route.channel.is_some())
            && self.routes.iter().any(|route| route.matchers.is_empty())
    }

    fn read(section: &mut Section<'_>, kind: &str, chats: &Chats<'_>, severities: &Severities) -> Self {
        let cx = section.cx;
        let guarded = |node: &Node| guarded(cx, node);
        let token = section.read("token", guarded);
        let signed = SIGNED.contains(&kind);
        let secret = if signed { section.read("secret", guarded) } else { None };
        let sns = kind == "cloudwatch-sns";
        let topic = if sns { section.read("topic", topic) } else { None };
        let prometheus = kind == "alertmanager";
        let api_url = if prometheus { section.read("api_url", web) } else { None };
        let api_token = if prometheus { section.read("api_token", |node| Secret::read(cx, node)) } else { None };
        let map = match kind {
            "generic" => Mapping::read(section.child("map")),
            _ => Mapping::default(),
        };
        let channel = section.read("channel", |node| chats.conversation(node));
        let group_by = section.read_list("group_by", "a list of labels such as [\"alertname\", \"service\"]", label);
        if group_by.as_ref().is_some_and(|labels| labels.len() > GROUP_LABELS) {
            section.refuse("group_by", Refusal::expected(format!("at most {GROUP_LABELS} labels")));
        }
        let routes = Route::read_all(section, chats, severities);
        Self {
            kind: kind.to_owned(),
            token,
            secret,
            topic,
            api_url,
            api_token,
            channel,
            group_by: group_by.unwrap_or_else(|| GROUP_BY.map(String::from).into()),
            map,
            routes,
        }
    }
}

impl Route {
    fn read_all(section: &mut Section<'_>, chats: &Chats<'_>, severities: &Severities) -> Vec<Self> {
        let tables = section.tables("routes");
        if tables.len() > ROUTES_MAX {
            section.refuse("routes", Refusal::expected(format!("at most {ROUTES_MAX} routes")));
        }
        tables.into_iter().map(|(_, route)| Self::read(route, chats, severities)).collect()
    }

    fn read(mut section: Section<'_>, chats: &Chats<'_>, severities: &Severities) -> Self {
        let matcher = |node: &Node| Matcher::parse(values::text(node)?);
        let matchers = section.read_list("match", "a list such as [\"severity=critical\"]", matcher);
        if matchers.as_ref().is_some_and(|all| all.len() > MATCHERS_MAX) {
            section.refuse("match", Refusal::expected(format!("at most {MATCHERS_MAX} matchers")));
        }
        let severity = section.read("severity", |node| {
            let word = values::text(node)?;
            let names = || severities.0.iter().map(|severity| severity.name.as_str());
            let known = severities.find(word).map(|severity| severity.name.clone());
            known.ok_or_else(|| Refusal::expected("a configured severity").maybe_fix(did_you_mean(word, names())))
        });
        let mute = |node: &Node| Mute::parse(values::text(node)?);
        let route = Self {
            matchers: matchers.unwrap_or_default(),
            channel: section.read("channel", |node| chats.conversation(node)),
            severity,
            runbook: section.read("runbook", |node| Ok(values::text(node)?.to_owned())),
            auto_declare: section.read("auto_declare", values::boolean).unwrap_or_default(),
            mute: section.read_list("mute", "a list such as [\"sat-sun\"]", mute).unwrap_or_default(),
        };
        section.finish();
        route
    }
}

/// A token or secret that is long enough not to be guessed.
pub(super) fn guarded(cx: &Context<'_>, node: &Node) -> Result<Secret, Refusal> {
    let secret = Secret::read(cx, node)?;
    match secret.expose().len() >= TOKEN_BYTES {
        true => Ok(secret),
        false => Err(Refusal::expected(format!("at least {TOKEN_BYTES} characters")).found("a shorter one")),
    }
}

fn missing(section: &Section<'_>, entry: &Entry, key: &str, expected: &str) {
    let path = section.path(&entry.key);
    section.cx.note(&entry.place, &path, format!("no `{key}`"), Refusal::expected(expected));
}

fn kinds() -> String {
    format!("a kind: \"{}\"", KINDS.join("\", \""))
}

fn kind(node: &Node) -> Result<&'static str, Refusal> {
    let text = values::text(node)?;
    let known = KINDS.into_iter().find(|known| *known == text);
    known.ok_or_else(|| Refusal::expected(kinds()).maybe_fix(did_you_mean(text, KINDS)))
}

fn topic(node: &Node) -> Result<String, Refusal> {
    let text = values::text(node)?;
    let parts: Vec<_> = text.split(':').collect();
    let fits = matches!(parts.as_slice(), ["arn", part, "sns", region, account, name]
        if part.starts_with("aws") && !region.is_empty() && !account.is_empty() && !name.is_empty());
    match fits {
        true => Ok(text.to_owned()),
        false => Err(Refusal::expected("a topic's ARN, such as \"arn:aws:sns:eu-west-1:123456789012:alarms\"")),
    }
}

fn web(node: &Node) -> Result<Url, Refusal> {
    let expected = || Refusal::expected("an Alertmanager's address, such as \"http://127.0.0.1:9093\"");
    let url = Url::parse(values::text(node)?).map_err(|_| expected())?;
    let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() || !plain || url.fragment().is_some() {
        return Err(expected());
    }
    Ok(url)
}

fn label(node: &Node) -> Result<String, Refusal> {
    let text = values::text(node)?;
    match text.contains(char::is_whitespace) || text.len() > 128 {
        false => Ok(text.to_owned()),
        true => Err(Refusal::expected("a label's name, such as \"alertname\"")),
    }
}
