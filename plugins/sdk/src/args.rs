//! The values a person gave, by name, read as the types the manifest declares.
//! The host has parsed and checked them: what does not read as its type here is a wrong manifest, not a wrong user.

use crate::error::{Result, internal};
use crate::ids::{Conversation, IncidentId};
use crate::time;
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::time::Duration;

/// Named values: a command's arguments, a form's fields, an alert's labels. Only what was given or has a default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Args(Vec<(String, String)>);

impl Args {
    /// Any value as the host wrote it.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// A value that the manifest declares as required.
    pub fn required(&self, name: &str) -> Result<&str> {
        self.text(name).ok_or_else(|| {
            internal(format!("no `{name}` was given; plugin.toml must declare it with `required = true`"))
        })
    }

    /// A flag: given or not.
    pub fn flag(&self, name: &str) -> bool {
        self.text(name) == Some("true")
    }

    /// An `int`.
    pub fn int(&self, name: &str) -> Result<Option<i64>> {
        self.read(name, "int", |text| text.parse().ok())
    }

    /// A `duration`.
    pub fn duration(&self, name: &str) -> Result<Option<Duration>> {
        self.read(name, "duration", |text| text.parse().ok().map(Duration::from_millis))
    }

    /// A `time`, in milliseconds since the epoch.
    pub fn time(&self, name: &str) -> Result<Option<u64>> {
        self.read(name, "time", time::parse_rfc3339)
    }

    /// An `incident`.
    pub fn incident(&self, name: &str) -> Option<IncidentId> {
        self.text(name).map(IncidentId::from)
    }

    /// A `channel`.
    pub fn conversation(&self, name: &str) -> Option<Conversation> {
        self.text(name).map(Conversation::from)
    }

    /// All of them, in the order they came.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    fn read<T>(&self, name: &str, kind: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let wrong = || {
            internal(format!("`{name}` does not read as `{kind}`; does plugin.toml declare it with type = \"{kind}\"?"))
        };
        parse(text).map(Some).ok_or_else(wrong)
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Args {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(values: I) -> Self {
        Self(values.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

/// An object, name to value, in the order they came.
impl Serialize for Args {
    fn serialize<S: Serializer>(&self, out: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = out.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args() -> Args {
        [("title", "it is down"), ("limit", "-5"), ("every", "900000"), ("at", "2026-03-01T10:02:00Z"), ("all", "true")]
            .into_iter()
            .collect()
    }

    #[test]
    fn arguments_are_read_as_their_types() {
        let args = args();
        assert_eq!(args.text("title"), Some("it is down"));
        assert_eq!(args.int("limit"), Ok(Some(-5)));
        assert_eq!(args.duration("every"), Ok(Some(Duration::from_secs(900))));
        assert_eq!(args.time("at"), Ok(Some(1_772_359_320_000)));
        assert!(args.flag("all") && !args.flag("title") && !args.flag("none"));
        assert_eq!((args.int("none"), args.incident("none")), (Ok(None), None));
    }

    #[test]
    fn a_wrong_manifest_is_the_plugins_trouble_and_says_what_to_mend() {
        let args = args();
        insta::assert_snapshot!(args.int("title").expect_err("no number"), @r#"`title` does not read as `int`; does plugin.toml declare it with type = "int"?"#);
        insta::assert_snapshot!(args.required("none").expect_err("not given"), @"no `none` was given; plugin.toml must declare it with `required = true`");
        assert!(matches!(args.duration("limit"), Err(crate::Error::Internal(_))));
    }
}
