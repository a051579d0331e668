//! `[targets.NAME]`: what is backed up. Reading and checking only; the bytes are `ops/backup`'s, the policy is carried out by a plugin.

mod adopt;
mod backup;
mod drill;
mod parameters;
mod read;
mod shown;

pub use adopt::{Adopt, Digest};
pub use backup::{BackupPolicy, Keep, RUN_LIMIT};
pub use drill::{DrillPlace, DrillPolicy};
pub use parameters::{PARAMETERS, UNTOLD};
pub(super) use read::url as postgres;
pub(super) use shown::table_of;

use super::commands::Commands;
use super::problem::Refusal;
use super::secret::Secret;
use super::section::Section;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// `[targets]`: everything that is backed up, by name.
#[derive(Clone, Debug, Default)]
pub struct Targets(pub BTreeMap<String, Target>);

/// `[targets.NAME]`.
#[derive(Clone, Debug)]
pub struct Target {
    /// The section's name.
    pub name: String,
    /// What it is, and where.
    pub place: TargetPlace,
    /// How much may be lost at most, as time. Default: nothing is promised.
    pub rpo: Option<Duration>,
    /// How long a restore may take. Default: nothing is promised.
    pub rto: Option<Duration>,
    /// Of a PostgreSQL server: how old the last archived piece of its log may be (S0-04). Default: nobody looks.
    pub wal_archiving: Option<Duration>,
    /// The service that writes to it.
    pub service: Option<String>,
    /// Whom to ask about it: a person or a role, in the operator's words.
    pub owner: Option<String>,
    /// `[targets.NAME.backup]`.
    pub backup: BackupPolicy,
    /// `[targets.NAME.drill]`.
    pub drill: DrillPolicy,
    /// `[targets.NAME.adopt]`. Default: nothing that something else made is a copy of it.
    pub adopt: Option<Adopt>,
}

/// What a target is, and where.
#[derive(Clone, Debug)]
pub enum TargetPlace {
    /// A database on a PostgreSQL server.
    Postgres {
        /// Where, with the password if the URL has one.
        url: TargetUrl,
        /// The folder of `pg_dump` and `pg_restore`. Default: the best that is found.
        pg_bin: Option<PathBuf>,
    },
    /// An SQLite database in a file, resolved.
    Sqlite(PathBuf),
    /// A folder, resolved.
    Files {
        /// The folder.
        path: PathBuf,
        /// Patterns of paths within it that are left out; `*` stays within a name, `**` does not.
        exclude: Vec<String>,
    },
}

impl TargetPlace {
    /// The word in the file: `postgres`, `sqlite` or `files`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Postgres { .. } => "postgres",
            Self::Sqlite(_) => "sqlite",
            Self::Files { .. } => "files",
        }
    }
}

/// A database's URL. `Debug` shows no password.
#[derive(Clone)]
pub struct TargetUrl {
    /// The whole URL, password included.
    pub url: SecretString,
    /// Where it came from, when it was not written in the file.
    secret: Option<Secret>,
}

impl std::fmt::Debug for TargetUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown())
    }
}

impl TargetUrl {
    /// The URL as it may be shown: without a password.
    pub fn shown(&self) -> String {
        use secrecy::ExposeSecret;
        super::mask::credentials(self.url.expose_secret())
    }

    /// As the file has it: what it is named by, or written without a password.
    pub(super) fn source(&self) -> toml::Value {
        self.secret.as_ref().map_or_else(|| self.shown().into(), |secret| secret.source())
    }

    /// A password stands in the file itself.
    fn has_written_password(&self) -> bool {
        self.secret.is_none() && self.shown().contains(super::mask::HIDDEN)
    }
}

impl Targets {
    pub(super) fn read(section: &Section<'_>, commands: &Commands) -> Self {
        let mut targets = BTreeMap::<String, Target>::new();
        for (entry, target) in section.named() {
            let Some((name, target)) = read::target(section, entry, target, commands) else { continue };
            if let Some(adopt) = &target.adopt
                && let Some(other) = targets.values().find(|other| {
                    other.adopt.as_ref().is_some_and(|theirs| {
                        theirs.prefix.starts_with(&adopt.prefix) || adopt.prefix.starts_with(&theirs.prefix)
                    })
                })
            {
                let expected = format!("an `adopt` that shares nothing with that of {}", other.name);
                section.refuse_name(entry, Refusal::expected(expected).found(format!("the prefix {:?}", adopt.prefix)));
            }
            targets.insert(name, target);
        }
        Self(targets)
    }

    /// The target whose `adopt` covers an object of this name.
    pub fn adopting(&self, object: &str) -> Option<&Target> {
        self.0.values().find(|target| target.adopt.as_ref().is_some_and(|adopt| adopt.covers(object)))
    }

    /// A target by its name.
    pub fn get(&self, name: &str) -> Option<&Target> {
        self.0.get(name)
    }

    /// The targets that a service writes to, by name.
    pub fn of_service(&self, name: &str) -> impl Iterator<Item = &Target> {
        self.0.values().filter(move |target| target.service.as_deref() == Some(name))
    }

    /// Where each is.
    pub(super) fn places(&self) -> impl Iterator<Item = &TargetPlace> {
        self.0.values().map(|target| &target.place)
    }

    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// What is allowed but unwise, each a sentence.
    pub(super) fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        for (name, target) in &self.0 {
            let source = match &target.place {
                TargetPlace::Postgres { url, .. } => Some((url, "url")),
                TargetPlace::Sqlite(_) | TargetPlace::Files { .. } => None,
            };
            let into = target.drill.url_of_into().map(|url| (url, "drill.into"));
            for (_, key) in source.into_iter().chain(into).filter(|(url, _)| url.has_written_password()) {
                warnings.push(format!(
                    "targets.{name}.{key} holds a password: write {{ env = \"NAME\" }} or {{ file = \"PATH\" }} instead"
                ));
            }
        }
        warnings
    }
}
