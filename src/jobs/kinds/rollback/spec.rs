//! What a rollback is asked to do, read to the letter: what is put into a program's arguments or a path is looked at here.

use super::plan::{self, Stage};
use crate::config::commands::Kind;
use crate::config::services::{Does, Service, Services, Strategy};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Migrations that may lie between two versions.
const MIGRATIONS: usize = 1000;

/// The job's spec.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Spec {
    pub(super) service: String,
    pub(super) strategy: String,
    pub(super) from: String,
    pub(super) to: String,
    #[serde(default)]
    pub(super) commit: String,
    #[serde(default)]
    pub(super) from_commit: String,
    #[serde(default)]
    pub(super) migrations: Vec<String>,
    #[serde(default)]
    pub(super) migrate_to: String,
    #[serde(default)]
    pub(super) object: String,
    #[serde(default = "yes")]
    pub(super) safety: bool,
    #[serde(default)]
    pub(super) maintenance: bool,
    /// An earlier attempt of the same has failed, and may have ended in the middle: what is back already is no reason to refuse.
    #[serde(default)]
    pub(super) again: bool,
}

fn yes() -> bool {
    true
}

/// A rollback with what the configuration says of it.
pub(super) struct Asked<'a> {
    pub(super) spec: Spec,
    pub(super) service: &'a Service,
    pub(super) strategy: &'a Strategy,
    /// The strategy that changes the code: the same one, or the one that it names.
    pub(super) code: Option<&'a Strategy>,
}

impl<'a> Asked<'a> {
    /// Reads a spec.
    pub(super) fn read(spec: &Value, services: &'a Services) -> Result<Self, String> {
        let spec: Spec = serde_json::from_value(spec.clone()).map_err(|error| {
            format!("the spec is {{\"service\", \"strategy\", \"from\", \"to\"}} and what the strategy needs: {error}")
        })?;
        let shown = |text: &str| text.chars().take(60).collect::<String>();
        let service = services.named(&spec.service)?;
        let strategies = service.rollback.iter().flat_map(|rollback| rollback.strategies.keys().map(String::as_str));
        let known: Vec<&str> = strategies.collect();
        let strategy = service.strategy(&spec.strategy).ok_or_else(|| {
            let there = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            format!("{:?} is no strategy of {}; there is {there}", shown(&spec.strategy), service.name)
        })?;
        for (key, value) in [("from", &spec.from), ("to", &spec.to)] {
            Kind::Version.accept(value).map_err(|bad| format!("`{key}`: {bad}"))?;
        }
        if spec.from == spec.to {
            return Err("`from` and `to` are the same version".to_owned());
        }
        for (key, value) in [("commit", &spec.commit), ("from_commit", &spec.from_commit)] {
            let is_sha = (7..=64).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_hexdigit());
            if !value.is_empty() && !is_sha {
                return Err(format!("`{key}` is no commit: 7 to 64 hexadecimal digits"));
            }
        }
        if spec.migrations.len() > MIGRATIONS {
            return Err(format!("`migrations` names more than {MIGRATIONS}"));
        }
        // As deploys record them, with folders; only the one to go back to is put into a command.
        let parts = spec.migrations.iter().flat_map(|name| name.split('/'));
        for name in parts.chain(Some(spec.migrate_to.as_str()).filter(|name| !name.is_empty())) {
            Kind::Version.accept(name).map_err(|bad| format!("a migration: {bad}"))?;
        }
        let needs = |missing: bool, key: &str, what: &str| match missing {
            true => Err(format!("the strategy {} needs `{key}`: {what}", strategy.name)),
            false => Ok(()),
        };
        match &strategy.does {
            Does::Migration { .. } => needs(spec.migrate_to.is_empty(), "migrate_to", "the migration to go back to")?,
            Does::Restore { .. } => needs(spec.object.is_empty(), "object", "the copy to restore")?,
            _ => {}
        }
        Ok(Self { spec, service, strategy, code: service.code_of(strategy) })
    }

    /// What it does, in order.
    pub(super) fn stages(&self) -> Vec<Stage<'a>> {
        plan::stages(self.service, self.strategy, self.code, self.spec.safety, self.spec.maintenance)
    }

    /// What the host fills into commands; what is not known is left to their defaults.
    pub(super) fn values(&self) -> BTreeMap<&'static str, &str> {
        let Spec { service, from, to, commit, migrate_to, .. } = &self.spec;
        let all =
            [("version", to), ("from", from), ("commit", commit), ("migration", migrate_to), ("service", service)];
        all.into_iter().filter(|(_, value)| !value.is_empty()).map(|(key, value)| (key, value.as_str())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::services::{Risk, Strategy};
    use proptest::prelude::{prop_assert, proptest};
    use serde_json::json;
    use std::time::Duration;

    fn services() -> Services {
        let does = Does::Release { link: "/srv/current".into(), releases: "/srv/releases".into() };
        let (takes, name) = (Duration::from_secs(300), "release".to_owned());
        let strategy = Strategy { name, does, takes, risk: Risk::Low, after: Vec::new(), env: BTreeMap::new() };
        let rollback = crate::config::services::Rollback {
            order: vec!["release".to_owned()],
            asks: Vec::new(),
            against: Vec::new(),
            checklist: Vec::new(),
            smoke: Vec::new(),
            watch: Duration::from_secs(900),
            deploy_windows: Vec::new(),
            ci: Vec::new(),
            undo_flags: Vec::new(),
            strategies: BTreeMap::from([("release".to_owned(), strategy)]),
        };
        let shop = Service { name: "shop".to_owned(), rollback: Some(rollback), ..Service::default() };
        Services(BTreeMap::from([("shop".to_owned(), shop)]))
    }

    fn read(from: &str, to: &str) -> Result<(), String> {
        let spec = json!({"service": "shop", "strategy": "release", "from": from, "to": to});
        Asked::read(&spec, &services()).map(drop)
    }

    #[test]
    fn what_would_be_an_option_or_leave_a_folder_is_no_version() {
        assert_eq!(read("2.0.1", "v1.9+build.7"), Ok(()));
        for bad in ["", "-1", "--upload-pack=x", "../1", "a/b", "1..2", "1 2", "$(x)", "1;x", ".", "HEAD~1", "é"] {
            assert!(read("2.0", bad).is_err() && read(bad, "2.0").is_err(), "{bad}");
        }
        assert!(read("2.0", "2.0").unwrap_err().contains("same version"));
        for (key, value) in [("commit", "--all"), ("commit", "abc"), ("migrate_to", "../x"), ("unknown", "x")] {
            let mut spec = json!({"service": "shop", "strategy": "release", "from": "2", "to": "1"});
            spec[key] = json!(value);
            assert!(Asked::read(&spec, &services()).is_err(), "{key}");
        }
    }

    proptest! {
        #[test]
        fn no_version_is_an_option_or_has_a_separator(text in "\\PC*") {
            if read("2.0", &text).is_ok() {
                prop_assert!(!text.starts_with(['-', '.']) && !text.contains(['/', ' ', '~', '^', ':']) && !text.contains(".."));
            }
        }
    }
}
