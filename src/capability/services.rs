//! `drillbell:services`: what runs, how it is rolled back, and what was deployed. Services are as the configuration has them and do not
//! change while the bot runs; deploys are a glance at the table.

use super::caller::{Caller, quoted};
use super::grants::Need;
use crate::bindings::latest::drillbell::services::services as wit;
use crate::bindings::latest::drillbell::types::types::HostError;
use crate::config::did_you_mean;
use crate::config::limits::deploys::DEPLOYS_TOLD;
use crate::model::deploy::Deploy;
use crate::model::ids::ConversationId;
use serde_json::Value;
use std::collections::BTreeMap;
use wasmtime::component::HasData;

/// A configured service as plugins may know it.
#[derive(Clone, Debug, Default)]
pub struct ServiceTold {
    /// The names of its strategies, the preferred one first.
    pub strategies: Vec<String>,
    /// The targets it writes to.
    pub targets: Vec<String>,
    /// All of it; the shape is told in `wit/deps/services`.
    pub whole: Value,
}

/// What is configured about services.
#[derive(Clone, Debug, Default)]
pub struct ServicesSetup {
    /// By name.
    pub services: BTreeMap<String, ServiceTold>,
    /// What is behind the keys of `[channels]`.
    pub channels: BTreeMap<String, ConversationId>,
}

/// The capability with its caller.
pub struct ServicesHost<'a> {
    /// Who asks.
    pub caller: &'a mut Caller,
    /// What is configured.
    pub setup: &'a ServicesSetup,
}

/// Names `ServicesHost` to the linker.
pub struct HasServices;

impl HasData for HasServices {
    type Data<'a> = ServicesHost<'a>;
}

impl ServicesHost<'_> {
    fn all(&mut self) -> Result<Vec<wit::Summary>, HostError> {
        self.caller.need(Need::Services)?;
        let summary = |(name, told): (&String, &ServiceTold)| wit::Summary {
            name: name.clone(),
            strategies: told.strategies.clone(),
            targets: told.targets.clone(),
        };
        Ok(self.setup.services.iter().map(summary).collect())
    }

    fn one(&mut self, name: &str) -> Result<String, HostError> {
        self.caller.need(Need::Services)?;
        let known = self.setup.services.keys().map(String::as_str);
        let meant = || did_you_mean(name, known).map(|meant| format!("; {meant}")).unwrap_or_default();
        let missing = || HostError::NotFound(format!("there is no service {}{}", quoted(name), meant()));
        self.setup.services.get(name).map(|told| told.whole.to_string()).ok_or_else(missing)
    }

    async fn recorded(&mut self, service: &str, limit: u32) -> Result<Vec<wit::DeployRecord>, HostError> {
        self.caller.need(Need::Services)?;
        let service = Some(service).filter(|service| !service.is_empty());
        let answer = self.caller.reads.deploys(service, i64::from(limit.min(DEPLOYS_TOLD))).await;
        Ok(self.caller.settle(answer)?.into_iter().map(record).collect())
    }
}

fn record(deploy: Deploy) -> wit::DeployRecord {
    let moment = |at_ms: i64| u64::try_from(at_ms).unwrap_or_default();
    let Deploy { recorded_ms, record, .. } = deploy;
    let migrations = record.migrations.into_iter().map(|migration| wit::Migration {
        name: migration.name,
        risk: migration.risk.as_str().to_owned(),
        findings: migration.findings,
    });
    wit::DeployRecord {
        migrations: migrations.collect(),
        service: record.service,
        version: record.version,
        previous: record.previous,
        commit: record.commit,
        schema: record.schema,
        disagrees: record.disagrees,
        by: record.by,
        at: moment(record.at_ms),
        recorded_at: moment(recorded_ms),
    }
}

fn weight(record: &wit::DeployRecord) -> usize {
    let said =
        |migration: &wit::Migration| migration.name.len() + migration.findings.iter().map(String::len).sum::<usize>();
    let texts = [&record.service, &record.version, &record.previous, &record.commit, &record.disagrees, &record.by];
    texts.iter().map(|text| text.len()).sum::<usize>() + record.migrations.iter().map(said).sum::<usize>() + 64
}

impl wit::Host for ServicesHost<'_> {
    async fn list(&mut self) -> wasmtime::Result<Result<Vec<wit::Summary>, HostError>> {
        self.caller.meter.begin("services.list", "", 0)?;
        let answer = self.all();
        let names = |one: &wit::Summary| one.strategies.iter().chain(&one.targets).map(String::len).sum::<usize>();
        self.caller.meter.end(answer, |all| all.iter().map(|one| one.name.len() + names(one) + 16).sum())
    }

    async fn get(&mut self, name: String) -> wasmtime::Result<Result<String, HostError>> {
        self.caller.meter.begin("services.get", &name, name.len())?;
        let answer = self.one(&name);
        self.caller.meter.end(answer, String::len)
    }

    async fn deploys(
        &mut self,
        service: String,
        limit: u32,
    ) -> wasmtime::Result<Result<Vec<wit::DeployRecord>, HostError>> {
        self.caller.meter.begin("services.deploys", &service, service.len())?;
        let answer = self.recorded(&service, limit).await;
        self.caller.meter.end(answer, |all| all.iter().map(weight).sum())
    }

    async fn channel(&mut self, key: String) -> wasmtime::Result<Result<Option<String>, HostError>> {
        self.caller.meter.begin("services.channel", &key, key.len())?;
        let told = self.setup.channels.get(&key).map(|channel| channel.as_str().to_owned());
        let answer = self.caller.need(Need::Services).map(|()| told);
        self.caller.meter.end(answer, |told| told.as_ref().map_or(0, String::len))
    }
}

#[cfg(test)]
mod tests {
    use super::super::fake::{FakeReads, caller, caller_on};
    use super::wit::Host;
    use super::*;
    use crate::model::deploy::{Migration, Risk};
    use crate::model::event::DeployRecorded;
    use crate::model::ids::DeliveryId;
    use serde_json::json;

    fn setup() -> ServicesSetup {
        let told = ServiceTold {
            strategies: vec!["release".to_owned()],
            targets: vec!["shop-db".to_owned()],
            whole: json!({"name": "shop"}),
        };
        ServicesSetup {
            services: [("shop".to_owned(), told)].into(),
            channels: [("ops".to_owned(), "console:#ops".into())].into(),
        }
    }

    fn deploy(service: &str) -> Deploy {
        let migration = Migration { name: "0042".into(), risk: Risk::Risky, findings: vec!["line 1 drops it".into()] };
        let record = DeployRecorded {
            service: service.to_owned(),
            version: "v2".to_owned(),
            previous: "v1".to_owned(),
            commit: String::new(),
            schema: "none".to_owned(),
            migrations: vec![migration],
            disagrees: "it says `none`, but 0042 drops it".to_owned(),
            by: "ci".to_owned(),
            at_ms: -1,
            rollback: false,
        };
        Deploy { delivery: DeliveryId::new("d1".to_owned()), recorded_ms: 7, record }
    }

    #[tokio::test]
    async fn denies_services_without_the_grant() {
        let (mut caller, setup) = (caller(&["deploys"]), setup());
        let mut host = ServicesHost { caller: &mut caller, setup: &setup };
        assert!(matches!(host.list().await.unwrap(), Err(HostError::Denied(text)) if text.contains("`services`")));
        assert!(matches!(host.get("shop".into()).await.unwrap(), Err(HostError::Denied(_))));
        assert!(matches!(host.deploys(String::new(), 9).await.unwrap(), Err(HostError::Denied(_))));
        assert!(matches!(host.channel("ops".into()).await.unwrap(), Err(HostError::Denied(_))));
    }

    #[tokio::test]
    async fn tells_what_runs_and_what_was_deployed() {
        let reads = FakeReads { deploys: vec![deploy("shop"), deploy("mail"), deploy("shop")], ..FakeReads::default() };
        let (mut caller, setup) = (caller_on(&["services"], reads), setup());
        let mut host = ServicesHost { caller: &mut caller, setup: &setup };
        assert_eq!(host.list().await.unwrap().unwrap()[0].strategies, ["release"]);
        assert_eq!(host.get("shop".into()).await.unwrap().unwrap(), "{\"name\":\"shop\"}");
        let missing = host.get("shp".into()).await.unwrap();
        assert!(matches!(missing, Err(HostError::NotFound(why)) if why.contains("did you mean `shop`?")));
        assert_eq!(host.deploys(String::new(), u32::MAX).await.unwrap().unwrap().len(), 3, "of all");
        let own = host.deploys("shop".into(), 1).await.unwrap().unwrap();
        assert_eq!((own.len(), own[0].migrations[0].risk.as_str(), own[0].at, own[0].recorded_at), (1, "risky", 0, 7));
        assert_eq!(own[0].disagrees, "it says `none`, but 0042 drops it");
        assert_eq!(host.channel("ops".into()).await.unwrap().unwrap().as_deref(), Some("console:#ops"));
    }
}
