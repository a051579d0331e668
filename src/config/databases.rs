//! `[databases.NAME]`: databases that steps may ask, each by a role that can do nothing but read.

use super::database;
use super::problem::Refusal;
use super::section::{Context, Section};
use super::targets::TargetUrl;
use super::tree::Node;
use super::values;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// `[databases]`: by name.
#[derive(Clone, Debug, Default)]
pub struct Databases(pub BTreeMap<String, Readable>);

/// `[databases.NAME]`.
#[derive(Clone, Debug)]
pub enum Readable {
    /// A database on a PostgreSQL server.
    Postgres(TargetUrl),
    /// An SQLite database in a file, resolved.
    Sqlite(PathBuf),
}

impl Databases {
    pub(super) fn read(section: &Section<'_>) -> Self {
        let mut all = BTreeMap::new();
        for (entry, mut of) in section.named() {
            if !values::is_name(&entry.key, "-_") {
                section.refuse_name(entry, Refusal::expected("a name of lower-case letters, digits, - _"));
            }
            if of.is_empty() {
                of.refuse_whole(&entry.place, Refusal::expected("`url` in it"));
            }
            let (cx, name) = (of.cx, of.path("url"));
            let what = "where it is: url = { env = \"NAME\" }, or \"sqlite:PATH\"";
            let place = of.required("url", what, |node| place(cx, &name, node));
            of.finish();
            all.extend(place.map(|place| (entry.key.clone(), place)));
        }
        Self(all)
    }

    /// A database by its name.
    pub fn get(&self, name: &str) -> Option<&Readable> {
        self.0.get(name)
    }

    pub(super) fn shown(&self) -> toml::Value {
        let url = |place: &Readable| match place {
            Readable::Postgres(url) => url.source(),
            Readable::Sqlite(file) => format!("sqlite:{}", file.display()).into(),
        };
        let one = |place| toml::Value::Table([("url".to_owned(), url(place))].into_iter().collect());
        toml::Value::Table(self.0.iter().map(|(name, place)| (name.clone(), one(place))).collect())
    }
}

fn place(cx: &Context<'_>, name: &str, node: &Node) -> Result<Readable, Refusal> {
    match values::text(node).ok().and_then(|text| text.strip_prefix("sqlite:")) {
        Some(rest) => database::sqlite_file(cx, rest).map(Readable::Sqlite),
        None => super::targets::postgres(cx, name, node).map(Readable::Postgres),
    }
}
