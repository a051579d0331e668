//! What may be asked of the store. Reads are short and never hold a transaction open.

use super::contacts::{self, ContactRow};
use super::error::StoreError;
use super::messages::MessageRow;
use super::pages::{Attempt, OpenPage};
use super::schedules::{self, ScheduleRow};
use super::stream::StreamItem;
use super::timeline::LineFilter;
use super::timers::{self, Timer};
use super::{DeadDelivery, EventResult, Forgotten, KvCell, KvRow, Session, Store, Token, Words};
use super::{
    approvals, audit, conversations, inbox, incidents, kv, logins, messages, outbox, pages, receipts, retention,
    routes, status, stream, timeline, tokens,
};
use crate::audit::SealedRecord;
use crate::model::approval::Approval;
use crate::model::conversation::Opened;
use crate::model::ids::{ApprovalId, ConversationId, DeliveryId, IncidentId, MessageRef, PersonId, PluginId};
use crate::model::incident::{Incident, LastLines, TimelineEntry, TimelineLine};
use crate::model::message::MessageOwner;
use crate::model::receipt::Receipt;
use crate::model::route::Route;
use crate::status::{Public, PublicThing, Snapshot};

type Read<T> = Result<T, StoreError>;

#[expect(clippy::missing_errors_doc, reason = "all fail alike: the database does not answer, or a row is corrupt")]
impl Store {
    /// Whether the database answers.
    pub async fn ping(&self) -> Read<()> {
        let query = sqlx::query("select 1").fetch_one(&self.inner.pool).await;
        query.map(|_| ()).map_err(StoreError::doing("asking whether it is there"))
    }

    /// A plugin's key.
    pub async fn kv_get(&self, plugin: &PluginId, key: &str) -> Read<KvCell> {
        kv::get(&self.inner.pool, plugin, key).await
    }

    /// A plugin's keys with a prefix, in key order.
    pub async fn kv_list(&self, plugin: &PluginId, prefix: &str, limit: i64) -> Read<Vec<KvRow>> {
        kv::list(&self.inner.pool, plugin, prefix, limit).await
    }

    /// An incident.
    pub async fn incident(&self, id: &IncidentId) -> Read<Option<Incident>> {
        incidents::get(&self.inner.pool, id).await
    }

    /// An incident as this process last saw it, or as the database has it. For what is checked at a commit: on several
    /// replicas it may be behind, and the commit then says so.
    pub async fn recent_incident(&self, id: &IncidentId) -> Read<Option<Incident>> {
        if let Some(known) = self.inner.memo.get(id) {
            return Ok(Some(known));
        }
        let stored = incidents::get(&self.inner.pool, id).await?;
        if let Some(incident) = &stored {
            self.inner.memo.learn(incident);
        }
        Ok(stored)
    }

    /// Incidents, newest first.
    pub async fn incidents(&self, open_only: bool, limit: i64) -> Read<Vec<Incident>> {
        incidents::list(&self.inner.pool, open_only, limit).await
    }

    /// The open incidents of a conversation, newest first.
    pub async fn open_incidents_in(&self, conversation: &ConversationId, limit: i64) -> Read<Vec<Incident>> {
        incidents::open_in(&self.inner.pool, conversation, limit).await
    }

    /// The number that the next incident gets, from 1.
    pub async fn next_incident_number(&self) -> Read<i64> {
        incidents::next_number(&self.inner.pool).await
    }

    /// The last lines of a timeline, oldest first.
    pub async fn timeline(&self, incident: &IncidentId, limit: i64) -> Read<Vec<TimelineEntry>> {
        timeline::list(&self.inner.pool, incident, limit).await
    }

    /// The same as this process last saw it. For what is checked at a commit, as `recent_incident`.
    pub async fn recent_timeline(&self, incident: &IncidentId, limit: i64) -> Read<Vec<TimelineEntry>> {
        if let Some(known) = self.inner.memo.timeline(incident, limit) {
            return Ok(known);
        }
        let stored = self.timeline(incident, limit).await?;
        self.inner.memo.learn_timeline(incident, &stored, limit);
        Ok(stored)
    }

    /// The last lines of a timeline with where they come from, oldest first.
    pub async fn timeline_lines(&self, incident: &IncidentId, limit: i64) -> Read<Vec<TimelineLine>> {
        timeline::last(&self.inner.pool, incident, limit).await
    }

    /// The same, and how many came before them.
    pub async fn last_lines(&self, incident: &IncidentId, limit: i64) -> Read<LastLines> {
        let lines = self.timeline_lines(incident, limit).await?;
        let earlier = timeline::before(&self.inner.pool, incident, lines.first()).await?;
        Ok(LastLines { lines, earlier })
    }

    /// A conversation that the bot opened.
    pub async fn conversation(&self, id: &ConversationId) -> Read<Option<Opened>> {
        conversations::get(&self.inner.pool, id).await
    }

    /// Conversations that the bot opened on a platform: open ones first, then the newest. Of the invited, only `reader` is
    /// named.
    pub async fn conversations(&self, platform: &str, reader: &PersonId, limit: i64) -> Read<Vec<Opened>> {
        conversations::on(&self.inner.pool, platform, reader, limit).await
    }

    /// Whether a conversation is still being opened.
    pub async fn is_opening(&self, id: &ConversationId) -> Read<bool> {
        conversations::is_opening(&self.inner.pool, id).await
    }

    /// An approval.
    pub async fn approval(&self, id: &ApprovalId) -> Read<Option<Approval>> {
        approvals::get(&self.inner.pool, id).await
    }

    /// The open approvals, oldest first.
    pub async fn open_approvals(&self, limit: i64) -> Read<Vec<Approval>> {
        approvals::open(&self.inner.pool, limit).await
    }

    /// The open approval of exactly that subject, if there is one.
    pub async fn open_approval_of(&self, digest: &str) -> Read<Option<Approval>> {
        approvals::open_of(&self.inner.pool, digest).await
    }

    /// The approvals under a root, oldest first.
    pub async fn approvals_under(&self, root: &DeliveryId) -> Read<Vec<Approval>> {
        approvals::under(&self.inner.pool, root).await
    }

    /// A message this bot posted.
    pub async fn message(&self, id: &MessageRef) -> Read<Option<MessageRow>> {
        messages::get(&self.inner.pool, id).await
    }

    /// Whose a message is, which never changes.
    pub async fn message_owner(&self, id: &MessageRef) -> Read<Option<MessageOwner>> {
        if let Some(known) = self.inner.memo.message(id) {
            return Ok(Some(known));
        }
        let stored = self.message(id).await?;
        stored.iter().for_each(|row| self.inner.memo.learn_message(row));
        Ok(stored.as_ref().map(MessageOwner::from))
    }

    /// The newest messages of an incident with a chart in them.
    pub async fn pictured(&self, incident: &IncidentId, limit: i64) -> Read<Vec<MessageRow>> {
        messages::pictured(&self.inner.pool, incident, limit).await
    }

    /// A message's own id on its platform, once it was delivered.
    pub async fn native_id(&self, id: &MessageRef) -> Read<Option<String>> {
        messages::native(&self.inner.pool, id).await
    }

    /// What was posted under a root, in order.
    pub async fn messages_under(&self, root: &DeliveryId) -> Read<Vec<MessageRow>> {
        messages::under(&self.inner.pool, root).await
    }

    /// The answer to an event that has been handled.
    pub async fn result(&self, id: &DeliveryId) -> Read<Option<EventResult>> {
        inbox::result(&self.inner.pool, id).await
    }

    /// How many events and deliveries under a root are still open.
    pub async fn open_under(&self, root: &DeliveryId) -> Read<i64> {
        inbox::open_under(&self.inner.pool, root).await
    }

    /// How many events are open.
    pub async fn open_events(&self) -> Read<i64> {
        inbox::open_count(&self.inner.pool).await
    }

    /// Open deliveries by platform, with the time at which the oldest was committed.
    pub async fn outbox_backlog(&self) -> Read<Vec<(String, i64, i64)>> {
        outbox::backlog(&self.inner.pool).await
    }

    /// Whether something of a message is still under way that goes before the outbox row `id`.
    pub async fn is_under_way(&self, message: &MessageRef, id: &str) -> Read<bool> {
        outbox::is_under_way(&self.inner.pool, message, id).await
    }

    /// Whether something newer than the outbox row `id` has been sent that takes the place of such words.
    pub async fn is_outdated(&self, words: Words<'_>, id: &str) -> Read<bool> {
        outbox::is_outdated(&self.inner.pool, words, id).await
    }

    /// The attempts at one page, by its outbox row, in order.
    pub async fn attempts(&self, outbox_id: &str) -> Read<Vec<Attempt>> {
        pages::attempts(&self.inner.pool, outbox_id).await
    }

    /// Pages that wait, and those given up since a moment.
    pub async fn open_pages(&self, since_ms: i64, limit: i64) -> Read<Vec<OpenPage>> {
        pages::open(&self.inner.pool, since_ms, limit).await
    }

    /// How the last test of each way to page somebody went, by name.
    pub async fn contacts(&self) -> Read<Vec<ContactRow>> {
        contacts::all(&self.inner.pool).await
    }

    /// The way back to an event, or else to what it began with, if there is one that its platform still takes.
    pub async fn route(&self, event: &DeliveryId, root: &DeliveryId) -> Read<Option<Route>> {
        routes::get(&self.inner.pool, &self.inner.routes, [event, root], self.now_ms()).await
    }

    /// The message that a platform knows under this id, if it is one of ours.
    pub async fn message_by_native(&self, platform: &str, native: &str) -> Read<Option<MessageRow>> {
        messages::by_native(&self.inner.pool, platform, native).await
    }

    /// The newest messages of open incidents in a conversation with a button of this action, as far as `reader` may see them.
    pub async fn messages_asking(
        &self,
        conversation: &ConversationId,
        reader: &PersonId,
        action: &str,
        limit: i64,
    ) -> Read<Vec<MessageRow>> {
        messages::asking(&self.inner.pool, conversation, reader, action, limit).await
    }

    /// The incident that a platform's conversation was opened for, whether it is over or not.
    pub async fn opened_for(&self, conversation: &ConversationId) -> Read<Option<IncidentId>> {
        conversations::opened_for(&self.inner.pool, conversation).await
    }

    /// Deliveries given up since a moment, pages apart, newest first.
    pub async fn dead_deliveries(&self, since_ms: i64, limit: i64) -> Read<Vec<DeadDelivery>> {
        outbox::dead(&self.inner.pool, since_ms, limit).await
    }

    /// Schedules that are due by `now_ms` or running, those due first.
    pub async fn schedules_to_look_at(&self, now_ms: i64) -> Read<Vec<ScheduleRow>> {
        schedules::to_look_at(&self.inner.pool, now_ms).await
    }

    /// All schedules of one plugin, or of all, by name.
    pub async fn schedules(&self, plugin: Option<&PluginId>) -> Read<Vec<ScheduleRow>> {
        schedules::list(&self.inner.pool, plugin).await
    }

    /// How many publications there have been: whether the public page has to be rendered anew.
    pub async fn status_revision(&self) -> Read<i64> {
        status::revision(&self.inner.pool).await
    }

    /// What is public: what is open, and what was since a moment.
    pub async fn status_snapshot(&self, since_ms: i64) -> Read<Snapshot> {
        status::snapshot(&self.inner.pool, since_ms).await
    }

    /// The services that the public page says are closed.
    pub async fn notices_up(&self) -> Read<Vec<String>> {
        status::notices_up(&self.inner.pool).await
    }

    /// What is public of one thing.
    pub async fn public(&self, thing: &PublicThing) -> Read<Public> {
        status::public(&self.inner.pool, thing).await
    }

    /// Timers that are due.
    pub async fn due_timers(&self, now_ms: i64, limit: i64) -> Read<Vec<Timer>> {
        timers::due(&self.inner.pool, now_ms, limit).await
    }

    /// When the next timer is due.
    pub async fn next_timer_ms(&self) -> Read<Option<i64>> {
        timers::next_due_ms(&self.inner.pool).await
    }

    /// The console's lines after a sequence number that `reader` may see; `None` is all conversations.
    pub async fn stream_after(
        &self,
        seq: i64,
        conversation: Option<&ConversationId>,
        reader: &PersonId,
        limit: i64,
    ) -> Read<Vec<StreamItem>> {
        stream::after(&self.inner.pool, seq, conversation, reader, limit).await
    }

    /// Where to start reading so as to see the last `count` lines of a conversation.
    pub async fn stream_start(&self, conversation: &ConversationId, count: i64) -> Read<i64> {
        stream::start_of_last(&self.inner.pool, conversation, count).await
    }

    /// The stream's last sequence number.
    pub async fn stream_seq(&self) -> Read<i64> {
        stream::last_seq(&self.inner.pool).await
    }

    /// The receipts of one event.
    pub async fn receipts(&self, inbox: &DeliveryId) -> Read<Vec<Receipt>> {
        receipts::of_event(&self.inner.pool, inbox).await
    }

    /// The audit chain's end: sequence number and hash.
    pub async fn audit_head(&self) -> Read<(i64, String)> {
        audit::head(&self.inner.pool).await
    }

    /// Audit records after a sequence number, in order.
    pub async fn audit_page(&self, after_seq: i64, limit: i64) -> Read<Vec<SealedRecord>> {
        audit::page(&self.inner.pool, after_seq, limit).await
    }

    /// The last audit records, oldest first.
    pub async fn audit_tail(&self, limit: i64) -> Read<Vec<SealedRecord>> {
        audit::tail(&self.inner.pool, limit).await
    }

    /// A session by its token, while it lasts.
    pub async fn session(&self, token: &str) -> Read<Option<Session>> {
        logins::session(&self.inner.pool, token, self.inner.clock.now_ms()).await
    }

    /// What a session of that token is called by.
    pub fn session_id(token: &str) -> String {
        logins::session_id(token)
    }

    /// The sessions that last, newest first: of one person, or of everybody.
    pub async fn sessions(&self, of: Option<&PersonId>, limit: i64) -> Read<Vec<Session>> {
        logins::list(&self.inner.pool, of, self.inner.clock.now_ms(), limit).await
    }

    /// The API token of that secret, while it is taken.
    pub async fn token(&self, secret: &str) -> Read<Option<Token>> {
        tokens::find(&self.inner.pool, secret, self.inner.clock.now_ms()).await
    }

    /// The API token of that id, while it is taken.
    pub async fn live_token(&self, id: &str) -> Read<Option<Token>> {
        tokens::live(&self.inner.pool, id, self.inner.clock.now_ms()).await
    }

    /// Records of the trail about a delivery, newest first, from before a number. Looks through the trail: for people only.
    pub async fn audit_of(&self, delivery: &str, before: i64, limit: i64) -> Read<Vec<SealedRecord>> {
        audit::of(&self.inner.pool, delivery, before, limit).await
    }

    /// The API token in use of that name.
    pub async fn token_named(&self, name: &str) -> Read<Option<Token>> {
        tokens::named(&self.inner.pool, name, self.inner.clock.now_ms()).await
    }

    /// The API tokens, newest first, the ended ones too.
    pub async fn tokens(&self, limit: i64) -> Read<Vec<Token>> {
        tokens::list(&self.inner.pool, limit).await
    }

    /// Incidents with a number below `before`, newest first.
    pub async fn incidents_before(&self, open_only: bool, before: i64, limit: i64) -> Read<Vec<Incident>> {
        incidents::page(&self.inner.pool, open_only, before, limit).await
    }

    /// Lines of a timeline that pass a filter, newest first, from before the line `before`; empty is from the end.
    pub async fn timeline_before(
        &self,
        incident: &IncidentId,
        filter: &LineFilter,
        before: &str,
        limit: i64,
    ) -> Read<Vec<TimelineLine>> {
        timeline::page(&self.inner.pool, incident, filter, before, limit).await
    }

    /// The kinds and the authors that occur in a timeline, each sorted.
    pub async fn timeline_words(&self, incident: &IncidentId) -> Read<(Vec<String>, Vec<String>)> {
        timeline::words(&self.inner.pool, incident).await
    }

    /// Audit records with a number below `before`, newest first.
    pub async fn audit_before(&self, before: i64, limit: i64) -> Read<Vec<SealedRecord>> {
        audit::before(&self.inner.pool, before, limit).await
    }

    /// The keys of a piece of what is older than a moment.
    pub async fn find_forgotten(&self, what: Forgotten, before_ms: i64) -> Read<Vec<String>> {
        retention::find(&self.inner.pool, what, before_ms).await
    }
}
