//! Runbooks as a test puts them on the shelf.

use super::FakeBot;
use crate::error::{HostError, HostResult};
use crate::ids::Conversation;
use crate::runbooks::{Runbooks, Shelved, Suggested};
use serde_json::Value;

/// A runbook on the shelf: as it is listed, the labels that it helps with, and as JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct OnShelf {
    /// As it is listed.
    pub listed: Shelved,
    /// It helps with whatever has all of them.
    pub labels: Vec<(String, String)>,
    /// As the host tells it.
    pub json: Value,
}

impl FakeBot {
    /// Puts a runbook on the shelf, as the host tells it in JSON; it helps with whatever has these labels.
    pub fn with_runbook(&mut self, runbook: Value, labels: &[(&str, &str)]) -> &mut Shelved {
        let text = |key: &str| runbook[key].as_str().unwrap_or_default().to_owned();
        let unready = runbook["unready"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let shelved = Shelved {
            name: text("name"),
            title: text("title"),
            owner: text("owner"),
            review: text("review"),
            risk: text("risk"),
            steps: runbook["steps"].as_array().map_or(0, |steps| u32::try_from(steps.len()).unwrap_or(u32::MAX)),
            takes_ms: runbook["takes_ms"].as_u64().unwrap_or_default(),
            unready: unready.map(str::to_owned).collect(),
        };
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.shelf.retain(|known| known.listed.name != shelved.name);
        self.shelf.push(OnShelf { listed: shelved, labels, json: runbook });
        let last = self.shelf.len() - 1;
        &mut self.shelf[last].listed
    }
}

impl Runbooks for FakeBot {
    fn runbooks(&mut self) -> HostResult<Vec<Shelved>> {
        self.granted("runbooks")?;
        Ok(self.shelf.iter().map(|known| known.listed.clone()).collect())
    }

    fn runbook(&mut self, name: &str) -> HostResult<String> {
        self.granted("runbooks")?;
        let found = self.shelf.iter().find(|known| known.listed.name == name);
        let missing = || HostError::NotFound(format!("there is no runbook `{name}`"));
        found.map(|known| known.json.to_string()).ok_or_else(missing)
    }

    fn suggest_runbooks(&mut self, labels: &[(&str, &str)]) -> HostResult<Vec<Suggested>> {
        self.granted("runbooks")?;
        let has = |(name, value): &(String, String)| labels.contains(&(name.as_str(), value.as_str()));
        let fits = self.shelf.iter().filter(|known| !known.labels.is_empty() && known.labels.iter().all(has));
        let suggested = fits.map(|known| Suggested {
            name: known.listed.name.clone(),
            title: known.listed.title.clone(),
            because: known.labels.iter().map(|(name, value)| format!("{name}={value}")).collect(),
        });
        let mut found: Vec<_> = suggested.collect();
        found.sort_by(|a, b| (b.because.len(), &a.name).cmp(&(a.because.len(), &b.name)));
        Ok(found)
    }

    fn channel(&mut self, key: &str) -> HostResult<Option<Conversation>> {
        self.granted("runbooks")?;
        Ok(self.channels.get(key).cloned())
    }
}
