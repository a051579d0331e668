//! `drillbell:runbooks`: the runbooks there are, and which of them helps. They are read when the bot starts and do not change while it
//! runs, so that nothing is read or checked again at a commit.

use super::caller::{Caller, quoted};
use super::grants::Need;
use crate::bindings::latest::drillbell::runbooks::runbooks as wit;
use crate::bindings::latest::drillbell::types::types::HostError;
use crate::config::alerts::Matcher;
use crate::config::did_you_mean;
use crate::config::runbooks::Filling;
use crate::model::ids::ConversationId;
use crate::runbook::{Library, Shelved};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use wasmtime::component::HasData;

/// What is configured about runbooks.
#[derive(Clone, Debug, Default)]
pub struct RunbooksSetup {
    /// All of them.
    pub library: Library,
    /// What is behind the keys of `[channels]`.
    pub channels: BTreeMap<String, ConversationId>,
    /// Where runbooks are practised: what each place is.
    pub gamedays: BTreeMap<String, String>,
}

/// The capability with its caller.
pub struct RunbooksHost<'a> {
    /// Who asks.
    pub caller: &'a mut Caller,
    /// What is configured.
    pub setup: &'a RunbooksSetup,
}

/// Names `RunbooksHost` to the linker.
pub struct HasRunbooks;

impl HasData for HasRunbooks {
    type Data<'a> = RunbooksHost<'a>;
}

impl RunbooksHost<'_> {
    fn all(&mut self) -> Result<Vec<wit::Summary>, HostError> {
        self.caller.need(Need::Runbooks)?;
        let summary = |shelved: &Shelved| {
            let runbook = &shelved.runbook;
            wit::Summary {
                name: runbook.name.clone(),
                title: runbook.title.clone(),
                owner: runbook.owner.clone(),
                review: runbook.review.clone(),
                risk: runbook.risk.as_str().to_owned(),
                steps: u32::try_from(runbook.steps.len()).unwrap_or(u32::MAX),
                takes_ms: runbook.takes_ms,
                unready: shelved.unready.clone(),
            }
        };
        Ok(self.setup.library.0.values().map(summary).collect())
    }

    fn one(&mut self, name: &str) -> Result<String, HostError> {
        self.caller.need(Need::Runbooks)?;
        let Some(shelved) = self.setup.library.0.get(name) else {
            let known = self.setup.library.0.keys().map(String::as_str);
            let meant = did_you_mean(name, known).map(|meant| format!("; {meant}")).unwrap_or_default();
            return Err(HostError::NotFound(format!("there is no runbook {}{meant}", quoted(name))));
        };
        let mut value = json!(shelved.runbook);
        value["digest"] = hex::encode(&Sha256::digest(value.to_string())[..8]).into();
        value["unready"] = json!(shelved.unready);
        value["gamedays"] = json!(self.setup.gamedays);
        for (input, place) in &shelved.runbook.inputs {
            if let Some(default) = place.default.as_ref().and_then(Filling::as_text) {
                value["inputs"][input]["default"] = default.into();
            }
        }
        Ok(value.to_string())
    }

    fn helpful(&mut self, labels: &[(String, String)]) -> Result<Vec<wit::Suggestion>, HostError> {
        self.caller.need(Need::Runbooks)?;
        let value = |label: &str| labels.iter().find(|(name, _)| name == label).map_or("", |(_, value)| value.as_str());
        let holds = |group: &&Vec<Matcher>| group.iter().all(|matcher| matcher.matches(value(&matcher.label)));
        let mut found = Vec::new();
        for shelved in self.setup.library.0.values() {
            let runbook = &shelved.runbook;
            // The first of those that say most, so that the answer is the same every time.
            let best = runbook.matches.iter().filter(holds).rev().max_by_key(|group| group.len());
            found.extend(best.map(|group| wit::Suggestion {
                name: runbook.name.clone(),
                title: runbook.title.clone(),
                because: group.iter().map(ToString::to_string).collect(),
            }));
        }
        found.sort_by(|a, b| (b.because.len(), &a.name).cmp(&(a.because.len(), &b.name)));
        Ok(found)
    }
}

impl wit::Host for RunbooksHost<'_> {
    async fn list(&mut self) -> wasmtime::Result<Result<Vec<wit::Summary>, HostError>> {
        self.caller.meter.begin("runbooks.list", "", 0)?;
        let answer = self.all();
        let weight = |one: &wit::Summary| {
            one.name.len() + one.title.len() + one.owner.len() + one.unready.iter().map(String::len).sum::<usize>() + 64
        };
        self.caller.meter.end(answer, |all| all.iter().map(weight).sum())
    }

    async fn get(&mut self, name: String) -> wasmtime::Result<Result<String, HostError>> {
        self.caller.meter.begin("runbooks.get", &name, name.len())?;
        let answer = self.one(&name);
        self.caller.meter.end(answer, String::len)
    }

    async fn suggest(
        &mut self,
        labels: Vec<(String, String)>,
    ) -> wasmtime::Result<Result<Vec<wit::Suggestion>, HostError>> {
        let bytes = labels.iter().map(|(name, value)| name.len() + value.len()).sum();
        self.caller.meter.begin("runbooks.suggest", "", bytes)?;
        let answer = self.helpful(&labels);
        let weight = |one: &wit::Suggestion| one.title.len() + one.because.iter().map(String::len).sum::<usize>() + 64;
        self.caller.meter.end(answer, |all| all.iter().map(weight).sum())
    }

    async fn channel(&mut self, key: String) -> wasmtime::Result<Result<Option<String>, HostError>> {
        self.caller.meter.begin("runbooks.channel", &key, key.len())?;
        let told = self.setup.channels.get(&key).map(|channel| channel.as_str().to_owned());
        let answer = self.caller.need(Need::Runbooks).map(|()| told);
        self.caller.meter.end(answer, |told| told.as_ref().map_or(0, String::len))
    }
}

#[cfg(test)]
mod tests {
    use super::super::fake::caller;
    use super::wit::Host;
    use super::*;
    use crate::config::runbooks::Runbooks;
    use crate::runbook::Known;

    fn setup() -> RunbooksSetup {
        let manual = include_str!("../../docs/runbooks.md");
        let text = manual.split("````markdown\n").nth(1).unwrap().split("````").next().unwrap();
        let other = text.replace("alertname=~Postgres(Down|Unreachable)", "service=shop");
        let files = [("db-down", "bundled".to_owned(), text), ("other", "bundled".to_owned(), other.as_str())];
        let library = Library::read(files, &Runbooks::default(), &Known::default());
        let gamedays = [("practice".to_owned(), "a scratch shop".to_owned())].into();
        RunbooksSetup { library, channels: [("ops".to_owned(), "console:#ops".into())].into(), gamedays }
    }

    #[tokio::test]
    async fn denies_runbooks_without_the_grant() {
        let (mut caller, setup) = (caller(&["kv"]), setup());
        let mut host = RunbooksHost { caller: &mut caller, setup: &setup };
        assert!(matches!(host.list().await.unwrap(), Err(HostError::Denied(text)) if text.contains("`runbooks`")));
        assert!(matches!(host.get("db-down".into()).await.unwrap(), Err(HostError::Denied(_))));
        assert!(matches!(host.suggest(Vec::new()).await.unwrap(), Err(HostError::Denied(_))));
        assert!(matches!(host.channel("ops".into()).await.unwrap(), Err(HostError::Denied(_))));
    }

    #[tokio::test]
    async fn tells_what_there_is_and_what_helps() {
        let (mut caller, setup) = (caller(&["runbooks"]), setup());
        let mut host = RunbooksHost { caller: &mut caller, setup: &setup };
        let all = host.list().await.unwrap().unwrap();
        assert_eq!(
            all.iter().map(|one| (one.name.as_str(), one.steps)).collect::<Vec<_>>(),
            [("db-down", 4), ("other", 4)]
        );
        assert!(all[0].unready[0].starts_with("runbooks.values.ready_url is missing"), "{:?}", all[0].unready);
        let one: serde_json::Value = serde_json::from_str(&host.get("db-down".into()).await.unwrap().unwrap()).unwrap();
        assert_eq!((one["steps"][1]["kind"].as_str(), one["digest"].as_str().map(str::len)), (Some("sql"), Some(16)));
        assert_eq!(one["gamedays"], json!({ "practice": "a scratch shop" }));
        let missing = host.get("db-dwn".into()).await.unwrap();
        assert!(matches!(missing, Err(HostError::NotFound(why)) if why.contains("did you mean `db-down`?")));
        let labels =
            |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<Vec<_>>();
        let found = host.suggest(labels(&[("service", "shop"), ("check", "readyz")])).await.unwrap().unwrap();
        let found: Vec<_> = found.iter().map(|one| (one.name.as_str(), one.because.join(" "))).collect();
        assert_eq!(
            found,
            [("db-down", "service=shop check=readyz".to_owned()), ("other", "service=shop check=readyz".to_owned())]
        );
        assert!(host.suggest(labels(&[("service", "pay")])).await.unwrap().unwrap().is_empty());
        assert_eq!(host.channel("ops".into()).await.unwrap().unwrap().as_deref(), Some("console:#ops"));
        assert_eq!(host.channel("alerts".into()).await.unwrap().unwrap(), None);
    }
}
