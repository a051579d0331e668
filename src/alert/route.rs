//! Where an alert goes, and why: the first route whose matchers all hold decides, the source fills what it leaves open.

use super::Alert;
use crate::config::Config;
use crate::config::alerts::{Mute, Source};
use crate::config::probes::SOURCE;
use crate::config::severities::Severities;
use crate::model::ids::ConversationId;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Letters of a group's name; people type it.
const NAME_LETTERS: usize = 8;
/// Without what is easily mistaken when read aloud.
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Labels that are looked at for a severity, in this order.
const SEVERITY: [&str; 3] = ["severity", "priority", "level"];

/// What is decided about an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Where it is told.
    pub channel: ConversationId,
    /// How bad it is: a configured severity's name.
    pub severity: Option<String>,
    /// The runbook that helps.
    pub runbook: Option<String>,
    /// Whether an incident is declared at once.
    pub auto_declare: bool,
    /// Until when it is kept but not shown, milliseconds since the epoch.
    pub muted_until: Option<i64>,
    /// The group that it belongs to: eight letters and digits.
    pub group: String,
    /// The labels that make the group, with their values.
    pub group_labels: Vec<(String, String)>,
    /// Each step of the decision, a line each.
    pub why: Vec<String>,
}

/// Where alerts of every source go.
#[derive(Clone, Debug)]
pub struct Routing {
    sources: BTreeMap<String, Source>,
    usual: Option<ConversationId>,
    severities: Severities,
}

impl Routing {
    /// As configured.
    pub fn of(config: &Config) -> Self {
        let usual = config.channels.alerts.clone();
        let own = config.probes.source().map(|source| (SOURCE.to_owned(), source));
        let sources = config.alerts.0.clone().into_iter().chain(own).collect();
        Self { sources, usual, severities: config.severities.clone() }
    }

    /// The names of the sources.
    pub fn sources(&self) -> impl Iterator<Item = &str> {
        self.sources.keys().map(String::as_str)
    }

    /// A source by its name.
    pub fn source(&self, name: &str) -> Option<&Source> {
        self.sources.get(name)
    }

    /// What is decided about an alert. `None`: there is no such source, or nowhere to tell it.
    pub fn decide(&self, name: &str, alert: &Alert, now_ms: i64) -> Option<Decision> {
        self.decide_labels(name, &alert.labels, alert.annotations.get("runbook_url"), now_ms)
    }

    /// The same for labels alone.
    pub fn decide_labels(
        &self,
        name: &str,
        labels: &BTreeMap<String, String>,
        runbook_url: Option<&String>,
        now_ms: i64,
    ) -> Option<Decision> {
        let source = self.sources.get(name)?;
        let value = |label: &str| labels.get(label).map_or("", String::as_str);
        let mut why = vec![format!("source {name} ({})", source.kind)];
        let routes = source.routes.iter().zip(1..);
        let found = routes
            .into_iter()
            .find(|(route, _)| route.matchers.iter().all(|matcher| matcher.matches(value(&matcher.label))));
        match &found {
            Some((route, number)) if route.matchers.is_empty() => why.push(format!("route {number} takes everything")),
            Some((route, number)) => {
                let matchers: Vec<_> = route.matchers.iter().map(ToString::to_string).collect();
                why.push(format!("route {number} matches: {}", matchers.join(", ")));
            }
            None if source.routes.is_empty() => why.push("it has no routes".to_owned()),
            None => why.push(format!("none of its {} routes matches", source.routes.len())),
        }
        let route = found.map(|(route, _)| route);
        let (channel, from) = [
            (route.and_then(|route| route.channel.as_ref()), "the route"),
            (source.channel.as_ref(), "the source"),
            (self.usual.as_ref(), "[channels] alerts"),
        ]
        .into_iter()
        .find_map(|(channel, from)| Some((channel?.clone(), from)))?;
        why.push(format!("told in {channel}, by {from}"));
        let severity = self.severity(route.and_then(|route| route.severity.as_deref()), labels, &mut why);
        let runbook = route.and_then(|route| route.runbook.clone());
        let runbook = runbook.or_else(|| labels.get("runbook").cloned()).or_else(|| runbook_url.cloned());
        why.extend(runbook.as_ref().map(|runbook| format!("runbook {runbook}")));
        let wanted = route.is_some_and(|route| route.auto_declare);
        let auto_declare = wanted && severity.is_some();
        if wanted {
            why.push(match &severity {
                Some(severity) => format!("an incident of {severity} is declared at once"),
                None => "no incident is declared: its severity is not known".to_owned(),
            });
        }
        let muted_until = route.and_then(|route| {
            let (until, mute) = Mute::all_until(&route.mute, now_ms)?;
            why.push(format!("kept but not shown now: within {mute}"));
            Some(until)
        });
        let group_labels: Vec<_> =
            source.group_by.iter().filter_map(|label| Some((label.clone(), labels.get(label)?.clone()))).collect();
        let shown: Vec<_> = group_labels.iter().map(|(label, value)| format!("{label}={value}")).collect();
        let by = source.group_by.join(", ");
        why.push(match shown.is_empty() {
            true => format!("grouped by {by}: it has none of these"),
            false => format!("grouped by {by}: {}", shown.join(", ")),
        });
        let group = group_name(name, &channel, &group_labels);
        Some(Decision { channel, severity, runbook, auto_declare, muted_until, group, group_labels, why })
    }

    /// The route's, else what one of the labels means in the one table of words (H8).
    fn severity(
        &self,
        given: Option<&str>,
        labels: &BTreeMap<String, String>,
        why: &mut Vec<String>,
    ) -> Option<String> {
        if let Some(given) = given {
            why.push(format!("severity {given}, by the route"));
            return Some(given.to_owned());
        }
        let word = SEVERITY.iter().find_map(|label| Some((label, labels.get(*label)?)));
        let Some((label, word)) = word else {
            why.push("severity unknown: no label says".to_owned());
            return None;
        };
        let known = self.severities.find(word).map(|severity| severity.name.clone());
        why.push(match &known {
            Some(severity) => format!("severity {severity}: {label}={word} means that"),
            None => format!("severity unknown: {label}={word} is no configured word"),
        });
        known
    }
}

fn group_name(source: &str, channel: &ConversationId, labels: &[(String, String)]) -> String {
    let mut hash = Sha256::new();
    let pairs = labels.iter().flat_map(|(label, value)| [label.as_str(), value.as_str()]);
    for part in [source, channel.as_str()].into_iter().chain(pairs) {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    let digest = hash.finalize();
    digest.iter().take(NAME_LETTERS).map(|byte| char::from(LETTERS[usize::from(byte & 31)])).collect()
}
