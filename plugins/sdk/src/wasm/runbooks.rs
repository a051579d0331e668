//! Runbooks as the real bot knows them.

use super::bindings::drillbell::runbooks::runbooks;
use super::host::Host;
use crate::error::HostResult;
use crate::ids::Conversation;
use crate::runbooks::{Runbooks, Shelved, Suggested};

impl Runbooks for Host {
    fn runbooks(&mut self) -> HostResult<Vec<Shelved>> {
        let shelved = |one: runbooks::Summary| Shelved {
            name: one.name,
            title: one.title,
            owner: one.owner,
            review: one.review,
            risk: one.risk,
            steps: one.steps,
            takes_ms: one.takes_ms,
            unready: one.unready,
        };
        Ok(runbooks::list()?.into_iter().map(shelved).collect())
    }

    fn runbook(&mut self, name: &str) -> HostResult<String> {
        Ok(runbooks::get(name)?)
    }

    fn suggest_runbooks(&mut self, labels: &[(&str, &str)]) -> HostResult<Vec<Suggested>> {
        let labels: Vec<_> = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let found = runbooks::suggest(&labels)?.into_iter();
        Ok(found.map(|one| Suggested { name: one.name, title: one.title, because: one.because }).collect())
    }

    fn channel(&mut self, key: &str) -> HostResult<Option<Conversation>> {
        Ok(runbooks::channel(key)?.map(Into::into))
    }
}
