//! From what a parser found to an alert: cleaned, bounded, with a title and a fingerprint.

use super::read::At;
use super::{Alert, Reject, text};
use crate::config::limits::alerts::{
    ALERT_ANNOTATION_CHARS, ALERT_LABEL_CHARS, ALERT_LABELS, ALERT_NAME_CHARS, ALERT_TITLE_CHARS, ALERT_URL_CHARS,
};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Characters of a sender's own fingerprint; a longer one is replaced by its digest.
const FINGERPRINT_CHARS: usize = 64;
/// Bytes of a digest that make a fingerprint.
const DIGEST_BYTES: usize = 8;
/// Names of annotations that are the host's own: nobody outside may set them.
pub(super) const OWN: &str = "drillbell.";

/// What a parser found.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) firing: bool,
    /// The first that is not empty is the title.
    pub(super) titles: Vec<String>,
    pub(super) fingerprint: Option<String>,
    pub(super) labels: Vec<(String, String)>,
    pub(super) annotations: Vec<(String, String)>,
    pub(super) started_ms: Option<i64>,
    pub(super) ended_ms: Option<i64>,
    /// The first that may become a link is the address.
    pub(super) urls: Vec<String>,
}

impl Draft {
    /// Adds a label, if there is a value.
    pub(super) fn label(&mut self, name: &str, value: Option<impl Into<String>>) {
        self.labels.extend(value.map(|value| (name.to_owned(), value.into())));
    }

    /// Adds an annotation, if there is a value.
    pub(super) fn annotation(&mut self, name: &str, value: Option<impl Into<String>>) {
        self.annotations.extend(value.map(|value| (name.to_owned(), value.into())));
    }

    /// The alert, or what it lacks.
    pub(super) fn finish(self, at: &At<'_>) -> Result<Alert, Reject> {
        for (what, pairs) in [("labels", &self.labels), ("annotations", &self.annotations)] {
            if pairs.len() > ALERT_LABELS {
                return Err(at.wrong(what, format!("there are {}; at most {ALERT_LABELS} are taken", pairs.len())));
            }
            if pairs.iter().any(|(name, _)| name.trim().is_empty() || name.chars().count() > ALERT_NAME_CHARS) {
                return Err(at.wrong(what, format!("a name is empty or longer than {ALERT_NAME_CHARS} characters")));
            }
        }
        let titles = self.titles.iter().map(|title| text::line(title, ALERT_TITLE_CHARS));
        let Some(title) = titles.into_iter().find(|title| !title.is_empty()) else {
            return Err(at.wrong("title", "nothing in it says in words what it is about"));
        };
        // Before anything is cut: two alerts that differ only beyond the cut are still two.
        let fingerprint = fingerprint(self.fingerprint.as_deref(), &self.labels, &title);
        let own = |name: &str| name.starts_with(OWN);
        let name = |name: String| text::line(&name, ALERT_NAME_CHARS);
        let labels: BTreeMap<_, _> = self
            .labels
            .into_iter()
            .map(|(key, value)| (name(key), text::line(&value, ALERT_LABEL_CHARS)))
            .filter(|(key, value)| !key.is_empty() && !value.is_empty())
            .collect();
        let annotations = self
            .annotations
            .into_iter()
            .map(|(key, value)| (name(key), text::lines(&value, ALERT_ANNOTATION_CHARS)))
            .filter(|(key, value)| !key.is_empty() && !value.is_empty() && !own(key))
            .collect();
        let urls = self.urls.iter().map(|url| text::address(url, ALERT_URL_CHARS));
        let url = urls.into_iter().find(|url| !url.is_empty()).unwrap_or_default();
        let ended_ms = self.ended_ms.filter(|_| !self.firing);
        Ok(Alert {
            fingerprint,
            firing: self.firing,
            title,
            labels,
            annotations,
            started_ms: self.started_ms,
            ended_ms,
            url,
        })
    }
}

/// The sender's own if it is fit to be shown and typed, else a digest of it; without one, of the labels; without any, of the
/// title.
fn fingerprint(given: Option<&str>, labels: &[(String, String)], title: &str) -> String {
    let plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.:".contains(c));
    let digest = |parts: &mut dyn Iterator<Item = &str>| {
        let mut hash = Sha256::new();
        for part in parts {
            // The length stands before each, so that no two lists read the same.
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
        hex::encode(&hash.finalize()[..DIGEST_BYTES])
    };
    match given.map(str::trim).filter(|given| !given.is_empty()) {
        Some(given) if given.len() <= FINGERPRINT_CHARS && plain(given) => given.to_owned(),
        Some(given) => digest(&mut [given].into_iter()),
        None if labels.is_empty() => digest(&mut [title].into_iter()),
        None => {
            let mut sorted: Vec<_> = labels.iter().collect();
            sorted.sort();
            digest(&mut sorted.into_iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]))
        }
    }
}
