//! The environment as a value, so that tests bring their own and only `Env::process` looks at the real one.

use std::collections::BTreeMap;

/// What a variable must start with to override a key.
pub const OVERRIDE_PREFIX: &str = "DRILLBELL__";

/// Environment variables. Those that are not UTF-8 are known by name only.
#[derive(Clone, Default)]
pub struct Env(BTreeMap<String, Option<String>>);

impl Env {
    /// The environment of this process.
    pub fn process() -> Self {
        let named = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
        Self(named.map(|(name, value)| (name, value.into_string().ok())).collect())
    }

    /// No variables at all.
    pub fn none() -> Self {
        Self::default()
    }

    /// The value of a variable; an error is a sentence's end ("is not set").
    pub fn get(&self, name: &str) -> Result<&str, &'static str> {
        match self.0.get(name) {
            Some(Some(value)) => Ok(value),
            Some(None) => Err("is not UTF-8 text"),
            None => Err("is not set"),
        }
    }

    /// The variables that override keys, sorted by name; `None` for a value that is not UTF-8.
    pub(super) fn overrides(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let ours = self.0.iter().filter(|(name, _)| name.starts_with(OVERRIDE_PREFIX));
        ours.map(|(name, value)| (name.as_str(), value.as_deref()))
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Env {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(vars: I) -> Self {
        Self(vars.into_iter().map(|(name, value)| (name.into(), Some(value.into()))).collect())
    }
}
