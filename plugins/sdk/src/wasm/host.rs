//! The real bot: every method is one call to the host. Nothing is kept here; the host keeps it until the handler returns.

use super::bindings::drillbell::approvals::approvals;
use super::bindings::drillbell::clock::clock;
use super::bindings::drillbell::conversations::conversations;
use super::bindings::drillbell::effects::effects;
use super::bindings::drillbell::escalation::escalation;
use super::bindings::drillbell::incidents::incidents;
use super::bindings::drillbell::jobs::jobs;
use super::bindings::drillbell::kv::kv;
use super::bindings::drillbell::log::log;
use super::bindings::drillbell::schedules::schedules;
use super::bindings::drillbell::settings::settings;
use super::bindings::drillbell::status::status as status_page;
use super::bindings::drillbell::timers::timers;
use super::bindings::drillbell::types::types;
use super::send::send;
use crate::approval::{ApprovalRequest, Asked};
use crate::bot::{Bot, Level, PageAction};
use crate::error::{HostError, HostResult};
use crate::escalation::{Contact, Step};
use crate::facts::{Clocks, Facts, Past, Task};
use crate::ids::{ApprovalId, Conversation, IncidentId, MessageRef};
use crate::incident::{Entry, Incident, Severity, Status};
use crate::job::{JobInfo, NewJob};
use crate::place::{Format, Home};
use crate::public::{PublicMaintenance, PublicRule, PublicUpdate};
use crate::schedule::{Schedule, Scheduled};
use crate::view::View;
use serde::Serialize;

/// The host, as the bot it is.
pub struct Host(());

impl Host {
    pub(super) fn new() -> Self {
        Self(())
    }
}

fn one(answer: Result<incidents::Incident, types::HostError>) -> HostResult<Incident> {
    answer?.try_into()
}

impl Bot for Host {
    fn reply(&mut self, view: impl Into<View>) -> HostResult<MessageRef> {
        Ok(effects::reply(&send(view))?.into())
    }

    fn post(&mut self, to: &Conversation, view: impl Into<View>) -> HostResult<MessageRef> {
        Ok(effects::post(to.as_str(), &send(view))?.into())
    }

    fn edit(&mut self, message: &MessageRef, view: impl Into<View>) -> HostResult {
        Ok(effects::edit(message.as_str(), &send(view))?)
    }

    fn react(&mut self, message: &MessageRef, emoji: &str) -> HostResult {
        Ok(effects::react(message.as_str(), emoji)?)
    }

    fn page(&mut self, notifier: &str, key: &str, action: PageAction, view: impl Into<View>) -> HostResult {
        Ok(effects::page(notifier, key, action.into(), &send(view))?)
    }

    fn ladder_for(&mut self, severity: &str, service: Option<&str>) -> HostResult<Option<String>> {
        Ok(escalation::ladder_for(severity, service)?)
    }

    fn ladder_steps(&mut self, ladder: &str) -> HostResult<Vec<Step>> {
        Ok(escalation::steps(ladder)?.into_iter().map(Into::into).collect())
    }

    fn ladder_level(&mut self, ladder: &str, level: u32, severity: &str) -> HostResult<Vec<Contact>> {
        Ok(escalation::level(ladder, level, severity)?.into_iter().map(Into::into).collect())
    }

    fn find_contact(&mut self, name: &str, severity: &str) -> HostResult<Contact> {
        Ok(escalation::find(name, severity)?.into())
    }

    fn page_contact(
        &mut self,
        who: &str,
        incident: &IncidentId,
        action: PageAction,
        view: impl Into<View>,
    ) -> HostResult<Vec<String>> {
        Ok(escalation::page(who, incident.as_str(), action.into(), &send(view))?)
    }

    fn tell(&mut self, incident: &IncidentId, alarm: bool, view: impl Into<View>) -> HostResult<MessageRef> {
        Ok(escalation::tell(incident.as_str(), alarm, &send(view))?.into())
    }

    fn set_data(&mut self, data: &impl Serialize) -> HostResult {
        let json = serde_json::to_string(data).map_err(|error| HostError::Invalid(error.to_string()))?;
        Ok(effects::set_data(&json)?)
    }

    fn get(&mut self, key: &str) -> HostResult<Option<String>> {
        Ok(kv::get(key)?)
    }

    fn set(&mut self, key: &str, value: &str) -> HostResult {
        Ok(kv::set(key, value)?)
    }

    fn delete(&mut self, key: &str) -> HostResult {
        Ok(kv::delete(key)?)
    }

    fn list(&mut self, prefix: &str, limit: u32) -> HostResult<Vec<(String, String)>> {
        Ok(kv::list(prefix, limit)?.into_iter().map(|entry| (entry.key, entry.value)).collect())
    }

    fn declare(
        &mut self,
        title: &str,
        severity: &str,
        conversation: &Conversation,
        service: Option<&str>,
    ) -> HostResult<Incident> {
        one(incidents::declare(title, severity, conversation.as_str(), service))
    }

    fn incident(&mut self, id: &IncidentId) -> HostResult<Incident> {
        one(incidents::get(id.as_str()))
    }

    fn incidents(&mut self, open_only: bool, limit: u32) -> HostResult<Vec<Incident>> {
        incidents::listing(open_only, limit)?.into_iter().map(TryInto::try_into).collect()
    }

    fn set_severity(&mut self, id: &IncidentId, severity: &str, reason: &str) -> HostResult<Incident> {
        one(incidents::set_severity(id.as_str(), severity, reason))
    }

    fn set_status(&mut self, id: &IncidentId, status: Status, text: &str) -> HostResult<Incident> {
        one(incidents::set_status(id.as_str(), status.as_str(), text))
    }

    fn reopen(&mut self, id: &IncidentId, reason: &str) -> HostResult<Incident> {
        one(incidents::reopen(id.as_str(), reason))
    }

    fn update(&mut self, id: &IncidentId, text: &str) -> HostResult<Incident> {
        one(incidents::update(id.as_str(), text))
    }

    fn set_title(&mut self, id: &IncidentId, title: &str) -> HostResult<Incident> {
        one(incidents::set_title(id.as_str(), title))
    }

    fn set_card(&mut self, id: &IncidentId, card: &MessageRef) -> HostResult {
        Ok(incidents::set_card(id.as_str(), card.as_str())?)
    }

    fn note(&mut self, id: &IncidentId, kind: &str, text: &str) -> HostResult {
        Ok(incidents::note(id.as_str(), kind, text)?)
    }

    fn timeline(&mut self, id: &IncidentId, limit: u32) -> HostResult<Vec<Entry>> {
        Ok(incidents::timeline(id.as_str(), limit)?.into_iter().map(Into::into).collect())
    }

    fn written(&mut self, id: &IncidentId, format: Format, bytes: u32) -> HostResult<String> {
        Ok(incidents::written(id.as_str(), format.into(), bytes)?)
    }

    fn home_of(&mut self, severity: &str) -> Home {
        conversations::home_of(severity).into()
    }

    fn open_channel(&mut self, near: &Conversation, name: &str) -> HostResult<Conversation> {
        Ok(conversations::open_channel(near.as_str(), name)?.into())
    }

    fn open_thread(&mut self, under: &MessageRef, name: &str) -> HostResult<Conversation> {
        Ok(conversations::open_thread(under.as_str(), name)?.into())
    }

    fn move_incident(&mut self, id: &IncidentId, to: &Conversation) -> HostResult {
        Ok(conversations::move_incident(id.as_str(), to.as_str())?)
    }

    fn set_topic(&mut self, conversation: &Conversation, topic: &str) -> HostResult {
        Ok(conversations::set_topic(conversation.as_str(), topic)?)
    }

    fn invite(&mut self, conversation: &Conversation, role: &str) -> HostResult {
        Ok(conversations::invite(conversation.as_str(), role)?)
    }

    fn invite_person(&mut self, conversation: &Conversation, person: &str) -> HostResult {
        Ok(conversations::invite_person(conversation.as_str(), person)?)
    }

    fn pin(&mut self, conversation: &Conversation, message: &MessageRef) -> HostResult {
        Ok(conversations::pin(conversation.as_str(), message.as_str())?)
    }

    fn unpin(&mut self, conversation: &Conversation, message: &MessageRef) -> HostResult {
        Ok(conversations::unpin(conversation.as_str(), message.as_str())?)
    }

    fn archive(&mut self, conversation: &Conversation) -> HostResult {
        Ok(conversations::archive(conversation.as_str())?)
    }

    fn unarchive(&mut self, conversation: &Conversation) -> HostResult {
        Ok(conversations::unarchive(conversation.as_str())?)
    }

    fn severities(&mut self) -> Vec<Severity> {
        incidents::severities().into_iter().map(Into::into).collect()
    }

    fn facts(&mut self, id: &IncidentId) -> HostResult<Facts> {
        Ok(incidents::facts_of(id.as_str())?.into())
    }

    fn acknowledge(&mut self, id: &IncidentId) -> HostResult<Facts> {
        Ok(incidents::acknowledge(id.as_str())?.into())
    }

    fn take_role(&mut self, id: &IncidentId, role: &str) -> HostResult<Facts> {
        Ok(incidents::take_role(id.as_str(), role)?.into())
    }

    fn give_role(&mut self, id: &IncidentId, role: &str, person: &str, note: &str) -> HostResult<Facts> {
        Ok(incidents::give_role(id.as_str(), role, person, note)?.into())
    }

    fn release_role(&mut self, id: &IncidentId, role: &str, note: &str) -> HostResult<Facts> {
        Ok(incidents::release_role(id.as_str(), role, note)?.into())
    }

    fn add_task(&mut self, id: &IncidentId, text: &str, owner: Option<&str>, due_ms: Option<u64>) -> HostResult<Task> {
        Ok(incidents::add_task(id.as_str(), text, owner, due_ms)?.into())
    }

    fn finish_task(&mut self, id: &IncidentId, number: u32) -> HostResult<Task> {
        Ok(incidents::finish_task(id.as_str(), number)?.into())
    }

    fn merge(&mut self, id: &IncidentId, into: &IncidentId) -> HostResult<Incident> {
        one(incidents::merge(id.as_str(), into.as_str()))
    }

    fn put_off_update(&mut self, id: &IncidentId, until_ms: u64) -> HostResult<Facts> {
        Ok(incidents::put_off_update(id.as_str(), until_ms)?.into())
    }

    fn clocks(&mut self, severity: &str) -> Clocks {
        incidents::clocks_of(severity).into()
    }

    fn severity_words(&mut self, severity: &str) -> Vec<String> {
        incidents::words_of(severity)
    }

    fn digest(&mut self) -> Option<Conversation> {
        incidents::digest().map(Into::into)
    }

    fn history(&mut self, since_ms: u64, limit: u32) -> HostResult<Vec<Past>> {
        Ok(incidents::history(since_ms, limit)?.into_iter().map(Into::into).collect())
    }

    fn ask_approval(&mut self, request: ApprovalRequest) -> HostResult<ApprovalId> {
        let ApprovalRequest { title, subject, role, needed, timeout, to, details } = request;
        let wait_ms = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
        let expires_at = clock::now().saturating_add(wait_ms);
        let to = to.as_ref().map(Conversation::as_str);
        Ok(approvals::request(&title, &subject, &role, needed, expires_at, to, &send(details))?.into())
    }

    fn propose_public(&mut self, update: PublicUpdate) -> HostResult<ApprovalId> {
        let PublicUpdate { incident, title, status, text, components } = update;
        let components: Vec<_> =
            components.into_iter().map(|(name, state)| status_page::ComponentState { name, state }).collect();
        Ok(status_page::propose(incident.as_str(), &title, status.as_str(), &text, &components)?.into())
    }

    fn public_rule(&mut self, severity: &str) -> PublicRule {
        status_page::rule_of(severity).into()
    }

    fn public_status(&mut self, id: &IncidentId) -> HostResult<Option<Status>> {
        Ok(status_page::public_status(id.as_str())?.as_deref().and_then(Status::parse))
    }

    fn propose_components(&mut self, reason: &str, components: &[(String, String)]) -> HostResult<ApprovalId> {
        let pair =
            |(name, state): &(String, String)| status_page::ComponentState { name: name.clone(), state: state.clone() };
        let components: Vec<_> = components.iter().map(pair).collect();
        Ok(status_page::propose_components(reason, &components)?.into())
    }

    fn propose_maintenance(&mut self, maintenance: PublicMaintenance) -> HostResult<ApprovalId> {
        let PublicMaintenance { name, title, status, text, components, starts_ms, lasts, ends_itself } = maintenance;
        let ends_ms = starts_ms.saturating_add(u64::try_from(lasts.as_millis()).unwrap_or(u64::MAX));
        let id = status_page::propose_maintenance(
            &name,
            &title,
            &status,
            &text,
            &components,
            starts_ms,
            ends_ms,
            ends_itself,
        )?;
        Ok(id.into())
    }

    fn approval(&mut self, id: &ApprovalId) -> HostResult<Asked> {
        Ok(approvals::get(id.as_str())?.into())
    }

    fn cancel_approval(&mut self, id: &ApprovalId, reason: &str) -> HostResult {
        Ok(approvals::cancel(id.as_str(), reason)?)
    }

    fn set_timer(&mut self, name: &str, at_ms: u64, payload: &str) -> HostResult {
        Ok(timers::set(name, at_ms, payload)?)
    }

    fn cancel_timer(&mut self, name: &str) -> HostResult {
        Ok(timers::cancel(name)?)
    }

    fn start_job(&mut self, job: NewJob) -> HostResult<String> {
        let request = jobs::Request::new(&job.kind, &job.title, &job.spec);
        request.set_on_lost(job.on_lost.into());
        if let Some(key) = &job.key {
            request.set_key(key);
        }
        if let Some(attempts) = job.attempts {
            request.set_attempts(attempts);
        }
        if let Some(limit) = job.run_limit {
            request.set_run_limit(u64::try_from(limit.as_millis()).unwrap_or(u64::MAX));
        }
        if let Some(to) = &job.conversation {
            request.set_conversation(to.as_str());
        }
        if let Some(approval) = &job.approval {
            request.set_approval(approval);
        }
        Ok(jobs::start(&request)?)
    }

    fn cancel_job(&mut self, id: &str) -> HostResult {
        Ok(jobs::cancel(id)?)
    }

    fn job(&mut self, id: &str) -> HostResult<JobInfo> {
        Ok(jobs::get(id)?.into())
    }

    fn jobs(&mut self, unfinished_only: bool, limit: u32) -> HostResult<Vec<JobInfo>> {
        Ok(jobs::listing(unfinished_only, limit)?.into_iter().map(Into::into).collect())
    }

    fn job_with_key(&mut self, key: &str) -> HostResult<Option<JobInfo>> {
        Ok(jobs::holder(key)?.map(Into::into))
    }

    fn set_schedule(&mut self, name: &str, schedule: &Schedule) -> HostResult<Option<u64>> {
        let Schedule { expression, zone, payload, start_by_ms, run_limit_ms } = schedule;
        Ok(schedules::set(name, expression, zone, payload, *start_by_ms, *run_limit_ms)?)
    }

    fn cancel_schedule(&mut self, name: &str) -> HostResult {
        Ok(schedules::cancel(name)?)
    }

    fn schedules(&mut self) -> HostResult<Vec<Scheduled>> {
        Ok(schedules::list()?.into_iter().map(Into::into).collect())
    }

    fn setting_json(&mut self, key: &str) -> Option<String> {
        settings::get(key)
    }

    fn now(&mut self) -> u64 {
        clock::now()
    }

    fn log(&mut self, level: Level, message: &str) {
        let level = match level {
            Level::Debug => log::Level::Debug,
            Level::Info => log::Level::Info,
            Level::Warn => log::Level::Warn,
            Level::Error => log::Level::Error,
        };
        log::write(level, message);
    }
}
