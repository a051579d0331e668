//! The store as the capabilities read it: the one bridge between what a call may ask and where the answers are.

use crate::capability::reads::{KvCell, KvRow, Read, ReadError, Reads, ScheduleSeen};
use crate::model::approval::Approval;
use crate::model::conversation::Opened;
use crate::model::copy::{BackupCopy, Drilled, LastDrill};
use crate::model::deploy::Deploy;
use crate::model::ids::{ApprovalId, ConversationId, IncidentId, MessageRef, PluginId};
use crate::model::incident::{Incident, LastLines, TimelineEntry};
use crate::model::job::Job;
use crate::model::message::MessageOwner;
use crate::status::{Public, PublicThing};
use crate::store::{Store, StoreError};

fn failed(error: StoreError) -> ReadError {
    ReadError(error.to_string())
}

impl Reads for Store {
    fn kv_get<'a>(&'a self, plugin: &'a PluginId, key: &'a str) -> Read<'a, KvCell> {
        Box::pin(async move {
            let cell = Store::kv_get(self, plugin, key).await.map_err(failed)?;
            Ok(KvCell { value: cell.value, revision: cell.revision })
        })
    }

    fn kv_list<'a>(&'a self, plugin: &'a PluginId, prefix: &'a str, limit: i64) -> Read<'a, Vec<KvRow>> {
        Box::pin(async move {
            let rows = Store::kv_list(self, plugin, prefix, limit).await.map_err(failed)?;
            Ok(rows.into_iter().map(|r| KvRow { key: r.key, value: r.value, revision: r.revision }).collect())
        })
    }

    fn incident<'a>(&'a self, id: &'a IncidentId) -> Read<'a, Option<Incident>> {
        Box::pin(async move { Store::recent_incident(self, id).await.map_err(failed) })
    }

    fn incidents(&self, open_only: bool, limit: i64) -> Read<'_, Vec<Incident>> {
        Box::pin(async move { Store::incidents(self, open_only, limit).await.map_err(failed) })
    }

    fn timeline<'a>(&'a self, id: &'a IncidentId, limit: i64) -> Read<'a, Vec<TimelineEntry>> {
        Box::pin(async move { Store::recent_timeline(self, id, limit).await.map_err(failed) })
    }

    fn lines<'a>(&'a self, id: &'a IncidentId, limit: i64) -> Read<'a, LastLines> {
        Box::pin(async move { Store::last_lines(self, id, limit).await.map_err(failed) })
    }

    fn conversation<'a>(&'a self, id: &'a ConversationId) -> Read<'a, Option<Opened>> {
        Box::pin(async move { Store::conversation(self, id).await.map_err(failed) })
    }

    fn approval<'a>(&'a self, id: &'a ApprovalId) -> Read<'a, Option<Approval>> {
        Box::pin(async move { Store::approval(self, id).await.map_err(failed) })
    }

    fn public<'a>(&'a self, thing: &'a PublicThing) -> Read<'a, Public> {
        Box::pin(async move { Store::public(self, thing).await.map_err(failed) })
    }

    fn message<'a>(&'a self, message: &'a MessageRef) -> Read<'a, Option<MessageOwner>> {
        Box::pin(async move { Store::message_owner(self, message).await.map_err(failed) })
    }

    fn job<'a>(&'a self, id: &'a str) -> Read<'a, Option<Job>> {
        Box::pin(async move { Store::job(self, id).await.map_err(failed) })
    }

    fn jobs<'a>(&'a self, plugin: &'a PluginId, unfinished: bool, limit: i64) -> Read<'a, Vec<Job>> {
        Box::pin(async move { Store::jobs_of(self, plugin, unfinished, limit).await.map_err(failed) })
    }

    fn job_of_key<'a>(&'a self, plugin: &'a PluginId, key: &'a str) -> Read<'a, Option<Job>> {
        Box::pin(async move { Store::job_of_key(self, plugin, key).await.map_err(failed) })
    }

    fn schedules<'a>(&'a self, plugin: &'a PluginId) -> Read<'a, Vec<ScheduleSeen>> {
        Box::pin(async move {
            let rows = Store::schedules(self, Some(plugin)).await.map_err(failed)?;
            let seen = rows.into_iter().map(|row| ScheduleSeen {
                name: row.name,
                expression: row.expression,
                zone: row.zone,
                next_ms: row.next_ms,
                last_due_ms: row.last_due_ms,
                last_outcome: row.last_outcome.unwrap_or_default(),
            });
            Ok(seen.collect())
        })
    }

    fn copies<'a>(&'a self, target: Option<&'a str>, limit: u32, before_ms: Option<i64>) -> Read<'a, Vec<BackupCopy>> {
        Box::pin(async move { Store::copies(self, target, limit, before_ms).await.map_err(failed) })
    }

    fn copies_named<'a>(&'a self, name: &'a str) -> Read<'a, Vec<BackupCopy>> {
        Box::pin(async move { Store::copies_named(self, name).await.map_err(failed) })
    }

    fn drilled(&self) -> Read<'_, Vec<Drilled>> {
        Box::pin(async move { Store::drilled(self).await.map_err(failed) })
    }

    fn last_drills(&self) -> Read<'_, Vec<LastDrill>> {
        Box::pin(async move { Store::last_drills(self).await.map_err(failed) })
    }

    fn copy<'a>(&'a self, object: &'a str) -> Read<'a, Option<BackupCopy>> {
        Box::pin(async move { Store::copy(self, object).await.map_err(failed) })
    }

    fn deploys<'a>(&'a self, service: Option<&'a str>, limit: i64) -> Read<'a, Vec<Deploy>> {
        Box::pin(async move { Store::deploys(self, service, limit, None).await.map_err(failed) })
    }

    fn next_incident_number(&self) -> Read<'_, i64> {
        Box::pin(async move { Store::next_incident_number(self).await.map_err(failed) })
    }
}
