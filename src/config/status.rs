//! `[status]`: the public status page. Without the section there is none.

use super::limits::STATUS_COMPONENTS;
use super::probes::Probes;
use super::problem::Refusal;
use super::section::Section;
use super::severities::Severities;
use super::tree::Node;
use super::values;
use crate::model::public::{OnPage, WorkWords};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

/// Default of `title`.
pub const TITLE: &str = "Status";
/// Default of `path`.
pub const PATH: &str = "/status";
/// Default of `cache`: how old the page may be on a replica that did not publish by itself.
pub const CACHE: Duration = Duration::from_secs(5);
/// Default of `history`: what status pages usually show.
pub const HISTORY: Duration = Duration::from_secs(90 * 86_400);
/// Default of `work_title`.
pub const WORK_TITLE: &str = "Maintenance";
/// Default of `work_text`.
pub const WORK_TEXT: &str = "We are making a change and watch it closely. Short interruptions are possible.";
/// What may be set for `cache`: below a second every visitor would cost something, above five minutes it tells old news.
const CACHE_RANGE: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(300);
/// What may be set for `history`: the page shows days.
const HISTORY_RANGE: RangeInclusive<Duration> = Duration::from_secs(86_400)..=Duration::from_secs(366 * 86_400);
/// Paths that are the bot's own.
const OWN_PATHS: [&str; 18] = [
    "api",
    "login",
    "logout",
    "console",
    "assets",
    "healthz",
    "readyz",
    "metrics",
    "hooks",
    "slack",
    "discord",
    "account",
    "incidents",
    "audit",
    "plugins",
    "backups",
    "drills",
    "runbooks",
];

/// `[status]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusPage {
    /// What the page is called. Default `Status`.
    pub title: String,
    /// A sentence under it. Default: none.
    pub description: String,
    /// Where it is served, with a slash in front and none at the end. Default `/status`.
    pub path: String,
    /// How long until a change made by another replica is shown, and how long clients may keep an answer. Default 5 s.
    pub cache: Duration,
    /// How much of the past is shown. Default 90 days.
    pub history: Duration,
    /// The prefix in the artifact store under which a copy is kept. Default: no copy.
    pub export: Option<String>,
    /// What the public reads while a job changes production. Default: `Maintenance`, and a sentence.
    pub work: WorkWords,
    /// What the page tells about, in the order to show. Default: nothing.
    pub components: Vec<Component>,
    /// Which severities' incidents it tells about: `status_page` of `[severities.NAME]`.
    pub on_page: BTreeMap<String, OnPage>,
}

/// `[status.components.NAME]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    /// The section's name: what is written in commands.
    pub name: String,
    /// What the public calls it. Default: the name.
    pub title: String,
    /// The group it is shown in. Default: none.
    pub group: Option<String>,
    /// A line about it. Default: none.
    pub description: String,
    /// Who knows how it is. Default `manual`.
    pub from: Source,
    /// Its place on the page; equal ones in the order of the file. Default: its place in the file, from 1.
    pub position: u32,
}

/// Who knows how a component is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// People say it.
    Manual,
    /// `[probes.NAME]` measures it.
    Probe(String),
    /// `[services.NAME]` knows it.
    Service(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Manual => f.write_str("manual"),
            Self::Probe(name) => write!(f, "probe:{name}"),
            Self::Service(name) => write!(f, "service:{name}"),
        }
    }
}

impl StatusPage {
    pub(super) fn read(mut section: Section<'_>, severities: &Severities) -> Option<Self> {
        if section.is_empty() {
            return None;
        }
        let title = section.read("title", one_line);
        let description = section.read("description", one_line);
        let cache = section.read("cache", |node| values::duration(node, CACHE_RANGE));
        let history = section.read("history", |node| values::duration(node, HISTORY_RANGE));
        let page = Self {
            title: title.unwrap_or_else(|| TITLE.to_owned()),
            description: description.unwrap_or_default(),
            path: section.read("path", path).unwrap_or_else(|| PATH.to_owned()),
            cache: cache.unwrap_or(CACHE),
            history: history.unwrap_or(HISTORY),
            export: section.read("export", prefix),
            work: WorkWords {
                title: section.read("work_title", some_line).unwrap_or_else(|| WORK_TITLE.to_owned()),
                text: section.read("work_text", some_line).unwrap_or_else(|| WORK_TEXT.to_owned()),
            },
            components: Component::read_all(&section.child("components")),
            on_page: severities.0.iter().map(|it| (it.name.clone(), it.status_page)).collect(),
        };
        if page.components.len() > STATUS_COMPONENTS {
            let expected = format!("at most {STATUS_COMPONENTS} components");
            section.refuse("components", Refusal::expected(expected).found(format!("{}", page.components.len())));
        }
        section.finish();
        Some(page)
    }

    /// What is allowed but unwise, each a sentence.
    pub(super) fn warnings(&self, probes: &Probes) -> Vec<String> {
        let looked_at = |service: &String| probes.0.values().any(|probe| probe.service.as_ref() == Some(service));
        let lost = self.components.iter().filter_map(|component| match &component.from {
            Source::Probe(probe) if probes.get(probe).is_none() => Some(format!(
                "status.components.{} is from probe:{probe}, but there is no [probes.{probe}]: it stays unknown",
                component.name
            )),
            Source::Service(service) if !looked_at(service) => Some(format!(
                "status.components.{} is from service:{service}, but no probe says `service = \"{service}\"`: it stays unknown",
                component.name
            )),
            _ => None,
        });
        lost.collect()
    }

    /// The names of the components.
    pub fn names(&self) -> Vec<&str> {
        self.components.iter().map(|component| component.name.as_str()).collect()
    }
}

impl Component {
    fn read_all(section: &Section<'_>) -> Vec<Self> {
        let mut all = Vec::new();
        for ((entry, mut component), place) in section.named().zip(1..) {
            if !values::is_name(&entry.key, "-_.") {
                let expected = "a name of lower-case letters, digits, - _ . (what is typed after --component)";
                section.refuse_name(entry, Refusal::expected(expected));
            }
            let title = component.read("title", one_line);
            let group = component.read("group", one_line);
            let description = component.read("description", one_line);
            let from = component.read("from", source);
            let position = component.read("position", |node| values::integer(node, 0..=100_000));
            component.finish();
            all.push(Self {
                title: title.unwrap_or_else(|| entry.key.clone()),
                group,
                description: description.unwrap_or_default(),
                from: from.unwrap_or(Source::Manual),
                position: position.and_then(|n| u32::try_from(n).ok()).unwrap_or(place),
                name: entry.key.clone(),
            });
        }
        all.sort_by_key(|component| component.position);
        all
    }
}

fn one_line(node: &Node) -> Result<String, Refusal> {
    let text = values::text(node)?;
    match text.chars().count() {
        0..=300 => Ok(text.trim().to_owned()),
        n => Err(Refusal::expected("a line of at most 300 characters").found(format!("{n} characters"))),
    }
}

/// A line that says something.
pub(super) fn some_line(node: &Node) -> Result<String, Refusal> {
    one_line(node).and_then(|line| match line.is_empty() {
        true => Err(Refusal::expected("a line that says something, or no such key")),
        false => Ok(line),
    })
}

fn path(node: &Node) -> Result<String, Refusal> {
    let expected = || Refusal::expected("a path such as \"/status\": a slash, then words of a-z, 0-9, - _");
    let text = values::text(node)?;
    let bare = text.trim_matches('/');
    let parts: Vec<_> = bare.split('/').collect();
    let good = parts.len() <= 5 && parts.iter().all(|part| values::is_name(part, "-_"));
    if good && OWN_PATHS.contains(&parts[0]) {
        return Err(Refusal::expected(format!("a path of the page's own; /{} is the bot's", parts[0])));
    }
    match good && text == format!("/{bare}") {
        true => Ok(text.to_owned()),
        false => Err(expected().maybe_fix(good.then(|| format!("write \"/{bare}\"")))),
    }
}

fn prefix(node: &Node) -> Result<String, Refusal> {
    let text = values::text(node)?;
    let bare = text.trim_matches('/');
    let good = bare.len() <= 200 && bare.split('/').all(|part| values::is_name(part, "-_."));
    match good && bare == text {
        true => Ok(text.to_owned()),
        false => {
            let expected = "a prefix in the artifact store such as \"public/status\", without a slash at either end";
            Err(Refusal::expected(expected).maybe_fix(good.then(|| format!("write \"{bare}\""))))
        }
    }
}

fn source(node: &Node) -> Result<Source, Refusal> {
    let text = values::text(node)?;
    let made = match text.split_once(':') {
        None if text == "manual" => Some(Source::Manual),
        Some(("probe", name)) if values::is_name(name, "-_.") => Some(Source::Probe(name.to_owned())),
        Some(("service", name)) if values::is_name(name, "-_.") => Some(Source::Service(name.to_owned())),
        _ => None,
    };
    let known = ["manual", "probe", "service"];
    made.ok_or_else(|| {
        let word = text.split(':').next().unwrap_or_default();
        let fix = super::problem::did_you_mean(word, known).filter(|_| !known.contains(&word));
        Refusal::expected("\"manual\", \"probe:NAME\" or \"service:NAME\"").maybe_fix(fix)
    })
}
