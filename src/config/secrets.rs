//! `[secrets]`: handles, so that commands and requests name a secret without holding it; and all secrets of the file.

use super::problem::{Refusal, did_you_mean};
use super::secret::Secret;
use super::section::Section;
use super::values;
use secrecy::SecretString;
use std::collections::BTreeMap;

/// `[secrets]`: each handle and its secret.
#[derive(Clone, Debug, Default)]
pub struct Secrets(BTreeMap<String, Secret>);

impl Secrets {
    pub(super) fn read(section: &Section<'_>) -> Self {
        let mut secrets = BTreeMap::new();
        for entry in section.entries() {
            if !values::is_name(&entry.key, "-_") {
                let expected = "a handle: lower-case letters, digits, - _";
                section.refuse_name(entry, Refusal::expected(expected));
            }
            match Secret::read_as(section.cx, &entry.key, &entry.node) {
                Ok(secret) => drop(secrets.insert(entry.key.clone(), secret)),
                Err(refusal) => section.refuse_node(&entry.key, &entry.node, refusal),
            }
        }
        Self(secrets)
    }

    /// The secret behind a handle.
    pub fn get(&self, handle: &str) -> Option<SecretString> {
        self.0.get(handle).map(|secret| secret.expose().into())
    }

    /// The handles, sorted.
    pub fn handles(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether a handle is there; if not, what to do.
    pub(super) fn check(&self, handle: &str) -> Result<(), Refusal> {
        if self.0.contains_key(handle) {
            return Ok(());
        }
        let fix = did_you_mean(handle, self.handles())
            .unwrap_or_else(|| format!("write {handle} = {{ env = \"NAME\" }} under [secrets]"));
        Err(Refusal::expected("a handle of [secrets]").fix(fix))
    }

    /// These handles and no others, each with the secret of another.
    pub fn standing_in<'a>(&self, handles: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let pairs = handles.into_iter().filter_map(|(name, of)| Some((name.to_owned(), self.0.get(of)?.clone())));
        Self(pairs.collect())
    }

    pub(super) fn sources(&self) -> impl Iterator<Item = (&str, toml::Value)> {
        self.0.iter().map(|(handle, secret)| (handle.as_str(), secret.source()))
    }
}
