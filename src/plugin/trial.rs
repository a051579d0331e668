//! The trial instantiation at load: types that do not fit and guests that die at birth are found before anybody needs them.

use super::guest;
use super::registry::Plugin;
use super::stderr::Stderr;
use crate::capability::caller::CallerSetup;
use crate::capability::deadline::Deadline;
use crate::capability::incidents::NumberLane;
use crate::capability::reads::{KvCell, KvRow, Read, ReadError, Reads, ScheduleSeen};
use crate::model::approval::Approval;
use crate::model::conversation::Opened;
use crate::model::copy::{BackupCopy, Drilled, LastDrill};
use crate::model::deploy::Deploy;
use crate::model::ids::{ApprovalId, ConversationId, IncidentId, MessageRef, PersonId, PluginId};
use crate::model::incident::{Incident, LastLines, TimelineEntry};
use crate::model::job::Job;
use crate::model::manifest::ReplyMode;
use crate::model::message::MessageOwner;
use crate::status::{Public, PublicThing};
use futures::FutureExt;
use std::sync::Arc;

/// A plugin that is being loaded has no event and so nothing to read.
struct Nothing;

fn nothing<T>() -> Read<'static, T>
where
    T: Send + 'static,
{
    async { Err(ReadError("a plugin may not read while it is being loaded".to_owned())) }.boxed()
}

impl Reads for Nothing {
    fn kv_get<'a>(&'a self, _: &'a PluginId, _: &'a str) -> Read<'a, KvCell> {
        nothing()
    }

    fn kv_list<'a>(&'a self, _: &'a PluginId, _: &'a str, _: i64) -> Read<'a, Vec<KvRow>> {
        nothing()
    }

    fn incident<'a>(&'a self, _: &'a IncidentId) -> Read<'a, Option<Incident>> {
        nothing()
    }

    fn incidents(&self, _: bool, _: i64) -> Read<'_, Vec<Incident>> {
        nothing()
    }

    fn timeline<'a>(&'a self, _: &'a IncidentId, _: i64) -> Read<'a, Vec<TimelineEntry>> {
        nothing()
    }

    fn lines<'a>(&'a self, _: &'a IncidentId, _: i64) -> Read<'a, LastLines> {
        nothing()
    }

    fn conversation<'a>(&'a self, _: &'a ConversationId) -> Read<'a, Option<Opened>> {
        nothing()
    }

    fn approval<'a>(&'a self, _: &'a ApprovalId) -> Read<'a, Option<Approval>> {
        nothing()
    }

    fn public<'a>(&'a self, _: &'a PublicThing) -> Read<'a, Public> {
        nothing()
    }

    fn message<'a>(&'a self, _: &'a MessageRef) -> Read<'a, Option<MessageOwner>> {
        nothing()
    }

    fn job<'a>(&'a self, _: &'a str) -> Read<'a, Option<Job>> {
        nothing()
    }

    fn jobs<'a>(&'a self, _: &'a PluginId, _: bool, _: i64) -> Read<'a, Vec<Job>> {
        nothing()
    }

    fn job_of_key<'a>(&'a self, _: &'a PluginId, _: &'a str) -> Read<'a, Option<Job>> {
        nothing()
    }

    fn schedules<'a>(&'a self, _: &'a PluginId) -> Read<'a, Vec<ScheduleSeen>> {
        nothing()
    }

    fn copies<'a>(&'a self, _: Option<&'a str>, _: u32, _: Option<i64>) -> Read<'a, Vec<BackupCopy>> {
        nothing()
    }

    fn copies_named<'a>(&'a self, _: &'a str) -> Read<'a, Vec<BackupCopy>> {
        nothing()
    }

    fn drilled(&self) -> Read<'_, Vec<Drilled>> {
        nothing()
    }

    fn last_drills(&self) -> Read<'_, Vec<LastDrill>> {
        nothing()
    }

    fn copy<'a>(&'a self, _: &'a str) -> Read<'a, Option<BackupCopy>> {
        nothing()
    }

    fn deploys<'a>(&'a self, _: Option<&'a str>, _: i64) -> Read<'a, Vec<Deploy>> {
        nothing()
    }

    fn next_incident_number(&self) -> Read<'_, i64> {
        nothing()
    }
}

impl Plugin {
    /// Makes one instance under the limits of a call and throws it away; the error is a sentence for the operator.
    pub(super) async fn try_out(&self) -> Result<(), String> {
        // The semaphore is never closed, so there is always a permit to come.
        let _slot = self.sandbox.calls.acquire().await;
        let stderr = Stderr::default();
        let caller = CallerSetup {
            grants: Arc::clone(&self.grants),
            reads: Arc::new(Nothing),
            now_ms: 0,
            conversation: ConversationId::new(""),
            incident: None,
            by: None,
            author: PersonId::new(format!("plugin:{}", self.id())),
            public_refusal: None,
            deadline: Arc::new(Deadline::after(self.time)),
        };
        let setup = self.setup(caller, ReplyMode::default(), NumberLane::default(), &stderr);
        let handlers = Arc::clone(&self.handlers);
        let tried = guest::run(&self.sandbox, setup, stderr, self.time, move |store| {
            async move { handlers.try_out(store).await }.boxed()
        });
        tried.await.answer.map_err(|error| format!("it cannot be instantiated: {error}"))
    }
}
