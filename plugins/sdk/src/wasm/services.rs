//! Services and deploys as the real bot knows them.

use super::bindings::drillbell::services::services;
use super::host::Host;
use crate::error::HostResult;
use crate::ids::Conversation;
use crate::services::{Deployed, Migration, Running, Services};

impl From<services::Migration> for Migration {
    fn from(migration: services::Migration) -> Self {
        Self { name: migration.name, risk: migration.risk, findings: migration.findings }
    }
}

impl From<services::DeployRecord> for Deployed {
    fn from(record: services::DeployRecord) -> Self {
        Self {
            service: record.service,
            version: record.version,
            previous: record.previous,
            commit: record.commit,
            schema: record.schema,
            migrations: record.migrations.into_iter().map(Into::into).collect(),
            disagrees: record.disagrees,
            by: record.by,
            at_ms: record.at,
            recorded_ms: record.recorded_at,
        }
    }
}

impl Services for Host {
    fn services(&mut self) -> HostResult<Vec<Running>> {
        let running =
            |one: services::Summary| Running { name: one.name, strategies: one.strategies, targets: one.targets };
        Ok(services::list()?.into_iter().map(running).collect())
    }

    fn service(&mut self, name: &str) -> HostResult<String> {
        Ok(services::get(name)?)
    }

    fn deploys(&mut self, service: Option<&str>, limit: u32) -> HostResult<Vec<Deployed>> {
        Ok(services::deploys(service.unwrap_or_default(), limit)?.into_iter().map(Into::into).collect())
    }

    fn services_channel(&mut self, key: &str) -> HostResult<Option<Conversation>> {
        Ok(services::channel(key)?.map(Into::into))
    }
}
