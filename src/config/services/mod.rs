//! `[services.NAME]`: how a service is stopped, brought up to date, started and asked whether it is well; when it is rolled back,
//! and how. A target names the service that writes to it. Reading and checking only; acting is `crate::jobs`' business.

mod criteria;
mod read;
mod rollback;
mod shown;
mod strategies;

pub use criteria::{Criterion, Limit};
pub(super) use read::Known;
pub use rollback::{Container, Does, Flag, Risk, Rollback, Smoke, Strategy};
pub(super) use shown::table_of;

use super::problem::Refusal;
use super::section::Section;
use super::tree::Node;
use super::values;
use std::collections::BTreeMap;
use url::Url;

/// `[services]`: everything that runs, by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Services(pub BTreeMap<String, Service>);

/// `[services.NAME]`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Service {
    /// The section's name.
    pub name: String,
    /// An address that answers with success while it is well.
    pub health: Option<String>,
    /// The command of `[commands]` that keeps it from writing.
    pub stop: Option<String>,
    /// The one that lets it write again.
    pub start: Option<String>,
    /// The one that brings its database's schema up to date.
    pub migrate: Option<String>,
    /// The one that makes it run what was put there. Default: `stop`, then `start`.
    pub restart: Option<String>,
    /// What shuts people out, and lets them in again.
    pub maintenance: Option<Pair>,
    /// What keeps it from changing anything while people still read, and what ends that.
    pub read_only: Option<Pair>,
    /// Who is paged when rollbacks keep failing: names of `[notify]` and `[people]`.
    pub vendors: Vec<String>,
    /// When it is to be rolled back.
    pub criteria: Vec<Criterion>,
    /// What must hold afterwards, and before a deploy.
    pub verify: Vec<Criterion>,
    /// `[services.NAME.rollback]`, if there is one.
    pub rollback: Option<Rollback>,
}

/// Two commands, of which the second takes back the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Begins it.
    pub on: String,
    /// Ends it.
    pub off: String,
}

impl Services {
    pub(super) fn read(all: &Section<'_>, known: &Known<'_>) -> Self {
        Self(all.named().map(|(entry, section)| read::service(all, entry, section, known)).collect())
    }

    /// A service by its name.
    pub fn get(&self, name: &str) -> Option<&Service> {
        self.0.get(name)
    }
}

impl Service {
    /// A strategy by its name.
    pub fn strategy(&self, name: &str) -> Option<&Strategy> {
        self.rollback.as_ref()?.strategies.get(name)
    }

    /// What is called to make it run what was put there, in order.
    pub fn restarts(&self) -> Vec<&str> {
        match (&self.restart, &self.stop, &self.start) {
            (Some(restart), ..) => vec![restart],
            (None, Some(stop), Some(start)) => vec![stop, start],
            _ => Vec::new(),
        }
    }
}

/// An address that may be asked.
pub(super) fn address(node: &Node) -> Result<String, Refusal> {
    let text = values::text(node)?;
    let expected = || Refusal::expected("an address, such as \"http://127.0.0.1:8000/readyz\"");
    match Url::parse(text) {
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            Err(expected().found("an address with a name or password in it"))
        }
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(text.to_owned()),
        Ok(_) => Err(expected().fix("begin with http:// or https://")),
        Err(why) => Err(expected().fix(format!("it is not a URL ({why})"))),
    }
}
