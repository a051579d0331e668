//! `[services.NAME]`: how a service is stopped, brought up to date, started and asked whether it is well; when it is rolled back,
//! and how. A target names the service that writes to it. Reading and checking only; acting is `crate::jobs`' business.

mod criteria;
mod notice;
mod read;
mod rollback;
mod shown;
mod strategies;

pub use criteria::{Criterion, Limit};
pub(super) use read::{Known, command};
pub use rollback::{Container, Does, Flag, Risk, Rollback, Smoke, Strategy};
pub(super) use shown::table_of;

use super::problem::{Refusal, did_you_mean};
use super::section::Section;
use super::tree::Node;
use super::values;
use crate::model::public::NoticeWords;
use std::collections::BTreeMap;
use url::Url;

/// Characters of a name that is none which are told again: whoever asks may send anything.
const NAME_CHARS: usize = 60;

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
    /// What the public reads while it is closed.
    pub notice: Option<NoticeWords>,
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

    /// A service by the name that somebody gave it.
    ///
    /// # Errors
    /// When there is none of that name: says so, and which may have been meant.
    pub fn named(&self, name: &str) -> Result<&Service, String> {
        self.get(name).ok_or_else(|| {
            let meant = did_you_mean(name, self.0.keys().map(String::as_str));
            let meant = meant.map(|meant| format!("; {meant}")).unwrap_or_default();
            let shown: String = name.chars().take(NAME_CHARS).collect();
            format!("{shown:?} is no service of the configuration{meant}")
        })
    }
}

impl Service {
    /// A strategy by its name.
    pub fn strategy(&self, name: &str) -> Option<&Strategy> {
        self.rollback.as_ref()?.strategies.get(name)
    }

    /// The strategy that takes the code back when this one is used: the same one, or the one that it names.
    pub fn code_of<'a>(&'a self, strategy: &'a Strategy) -> Option<&'a Strategy> {
        match strategy.does.code() {
            Some(name) => self.strategy(name),
            None => Some(strategy).filter(|strategy| strategy.does.is_code()),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_none_is_told_with_what_may_have_been_meant() {
        let shop = Service { name: "shop".to_owned(), ..Service::default() };
        let services = Services(BTreeMap::from([("shop".to_owned(), shop)]));
        assert_eq!(services.named("shop").map(|service| service.name.as_str()), Ok("shop"));
        let why = |name: &str| services.named(name).unwrap_err();
        assert_eq!(why("shp"), "\"shp\" is no service of the configuration; did you mean `shop`?");
        assert_eq!(why("mail"), "\"mail\" is no service of the configuration");
        assert!(why(&"x".repeat(10_000)).len() < 120, "it is not told again as a whole");
    }
}
