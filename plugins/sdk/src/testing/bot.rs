//! `FakeBot` as the bot that handlers see.

use super::{FakeBot, Said, dossier};
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

impl Bot for FakeBot {
    #[track_caller]
    fn reply(&mut self, view: impl Into<View>) -> HostResult<MessageRef> {
        let nobody = || HostError::Invalid(String::from("nobody asked, so there is nobody to reply to: use post"));
        let here = self.event.conversation.clone().ok_or_else(nobody)?;
        let message = self.mint(&here);
        self.says(Said::Reply { message: message.clone(), view: view.into() });
        Ok(message)
    }

    #[track_caller]
    fn post(&mut self, to: &Conversation, view: impl Into<View>) -> HostResult<MessageRef> {
        let meant = self.incidents.iter().find(|incident| Some(&incident.id) == self.event.incident.as_ref());
        let here = self.event.conversation.as_ref() == Some(to);
        let own = self.opened.contains_key(to) && self.granted("conversations").is_ok();
        if !here && !own && meant.is_none_or(|incident| incident.conversation != *to) {
            self.granted(&format!("post:{to}"))?;
        }
        let message = self.mint(to);
        self.says(Said::Post { message: message.clone(), to: to.clone(), view: view.into() });
        Ok(message)
    }

    #[track_caller]
    fn edit(&mut self, message: &MessageRef, view: impl Into<View>) -> HostResult {
        self.own(message)?;
        self.says(Said::Edit { message: message.clone(), view: view.into() });
        Ok(())
    }

    fn react(&mut self, message: &MessageRef, emoji: &str) -> HostResult {
        self.own(message)?;
        self.said.push(Said::React { message: message.clone(), emoji: emoji.to_owned() });
        Ok(())
    }

    #[track_caller]
    fn page(&mut self, notifier: &str, key: &str, action: PageAction, view: impl Into<View>) -> HostResult {
        self.page_by(notifier, key, action, view.into())
    }

    fn ladder_for(&mut self, severity: &str, _: Option<&str>) -> HostResult<Option<String>> {
        self.granted("escalation")?;
        Ok(self.ladder_of.get(severity).cloned())
    }

    fn ladder_steps(&mut self, ladder: &str) -> HostResult<Vec<Step>> {
        self.steps_of(ladder)
    }

    fn ladder_level(&mut self, ladder: &str, level: u32, _: &str) -> HostResult<Vec<Contact>> {
        self.level_of(ladder, level)
    }

    fn find_contact(&mut self, name: &str, _: &str) -> HostResult<Contact> {
        self.named_contact(name)
    }

    #[track_caller]
    fn page_contact(
        &mut self,
        who: &str,
        incident: &IncidentId,
        action: PageAction,
        view: impl Into<View>,
    ) -> HostResult<Vec<String>> {
        self.page_named(who, incident, action, view.into())
    }

    #[track_caller]
    fn tell(&mut self, incident: &IncidentId, alarm: bool, view: impl Into<View>) -> HostResult<MessageRef> {
        self.tell_of(incident, alarm, view.into())
    }

    fn set_data(&mut self, data: &impl Serialize) -> HostResult {
        let data = serde_json::to_value(data).map_err(|error| HostError::Invalid(error.to_string()))?;
        self.data = Some(data);
        Ok(())
    }

    fn get(&mut self, key: &str) -> HostResult<Option<String>> {
        self.granted("kv")?;
        Ok(self.kv.get(key).cloned())
    }

    fn set(&mut self, key: &str, value: &str) -> HostResult {
        self.granted("kv")?;
        if key.is_empty() {
            return Err(HostError::Invalid(String::from("The key is empty.")));
        }
        self.kv.insert(key.to_owned(), value.to_owned());
        Ok(())
    }

    fn delete(&mut self, key: &str) -> HostResult {
        self.granted("kv")?;
        self.kv.remove(key);
        Ok(())
    }

    fn list(&mut self, prefix: &str, limit: u32) -> HostResult<Vec<(String, String)>> {
        self.granted("kv")?;
        let found = self.kv.iter().filter(|(key, _)| key.starts_with(prefix));
        Ok(found.take(limit.min(1000) as usize).map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    fn declare(
        &mut self,
        title: &str,
        severity: &str,
        conversation: &Conversation,
        service: Option<&str>,
    ) -> HostResult<Incident> {
        self.granted("incidents:write")?;
        self.open_incident(title, severity, conversation, service)
    }

    fn incident(&mut self, id: &IncidentId) -> HostResult<Incident> {
        self.may_read()?;
        self.find(id)
    }

    fn incidents(&mut self, open_only: bool, limit: u32) -> HostResult<Vec<Incident>> {
        self.may_read()?;
        let newest_first = self.incidents.iter().rev().filter(|incident| !open_only || incident.is_open());
        Ok(newest_first.take(limit.min(200) as usize).cloned().collect())
    }

    fn set_severity(&mut self, id: &IncidentId, severity: &str, reason: &str) -> HostResult<Incident> {
        self.granted("incidents:write")?;
        self.change_severity(id, severity, reason)
    }

    fn set_status(&mut self, id: &IncidentId, status: Status, text: &str) -> HostResult<Incident> {
        self.granted("incidents:write")?;
        self.change_status(id, status, text)
    }

    fn reopen(&mut self, id: &IncidentId, reason: &str) -> HostResult<Incident> {
        self.granted("incidents:write")?;
        self.open_again(id, reason)
    }

    fn update(&mut self, id: &IncidentId, text: &str) -> HostResult<Incident> {
        self.granted("incidents:write")?;
        self.change_latest(id, text)
    }

    fn set_title(&mut self, id: &IncidentId, title: &str) -> HostResult<Incident> {
        self.granted("incidents:write")?;
        self.change_title(id, title)
    }

    fn set_card(&mut self, id: &IncidentId, card: &MessageRef) -> HostResult {
        self.granted("incidents:write")?;
        self.name_card(id, card)
    }

    fn note(&mut self, id: &IncidentId, kind: &str, text: &str) -> HostResult {
        self.granted("incidents:write")?;
        self.write_note(id, kind, text)
    }

    fn timeline(&mut self, id: &IncidentId, limit: u32) -> HostResult<Vec<Entry>> {
        self.may_read()?;
        self.last_lines(id, limit)
    }

    fn written(&mut self, id: &IncidentId, format: Format, _bytes: u32) -> HostResult<String> {
        self.may_read()?;
        self.document(id, format)
    }

    fn home_of(&mut self, severity: &str) -> Home {
        self.homes.get(severity).cloned().unwrap_or_default()
    }

    fn open_channel(&mut self, near: &Conversation, name: &str) -> HostResult<Conversation> {
        let id = self.open(near, name)?;
        self.does(&id, format!("open near {near}"))?;
        Ok(id)
    }

    fn open_thread(&mut self, under: &MessageRef, name: &str) -> HostResult<Conversation> {
        self.own(under)?;
        let near = self.messages.get(under).cloned().unwrap_or_else(|| Conversation::from("console:#incidents"));
        let id = self.open(&near, name)?;
        self.does(&id, format!("open under {under}"))?;
        Ok(id)
    }

    fn move_incident(&mut self, id: &IncidentId, to: &Conversation) -> HostResult {
        self.move_home(id, to)
    }

    fn set_topic(&mut self, conversation: &Conversation, topic: &str) -> HostResult {
        self.topic(conversation, topic)
    }

    fn invite(&mut self, conversation: &Conversation, role: &str) -> HostResult {
        self.bring(conversation, role)
    }

    fn invite_person(&mut self, conversation: &Conversation, person: &str) -> HostResult {
        self.does(conversation, format!("invite @{person}"))
    }

    fn pin(&mut self, conversation: &Conversation, message: &MessageRef) -> HostResult {
        self.fix(conversation, message, "pin")
    }

    fn unpin(&mut self, conversation: &Conversation, message: &MessageRef) -> HostResult {
        self.fix(conversation, message, "unpin")
    }

    fn archive(&mut self, conversation: &Conversation) -> HostResult {
        self.close(conversation, true)
    }

    fn unarchive(&mut self, conversation: &Conversation) -> HostResult {
        self.close(conversation, false)
    }

    fn severities(&mut self) -> Vec<Severity> {
        self.severities.clone()
    }

    fn facts(&mut self, id: &IncidentId) -> HostResult<Facts> {
        self.may_read()?;
        self.find(id).map(|incident| self.known(&incident))
    }

    fn acknowledge(&mut self, id: &IncidentId) -> HostResult<Facts> {
        self.granted("incidents:write")?;
        self.take_up(id)
    }

    fn take_role(&mut self, id: &IncidentId, role: &str) -> HostResult<Facts> {
        self.granted("incidents:write")?;
        self.claim(id, role)
    }

    fn give_role(&mut self, id: &IncidentId, role: &str, person: &str, note: &str) -> HostResult<Facts> {
        self.granted("incidents:write")?;
        self.hand(id, role, person, note)
    }

    fn release_role(&mut self, id: &IncidentId, role: &str, note: &str) -> HostResult<Facts> {
        self.granted("incidents:write")?;
        self.let_go(id, role, note)
    }

    fn add_task(&mut self, id: &IncidentId, text: &str, owner: Option<&str>, due_ms: Option<u64>) -> HostResult<Task> {
        self.granted("incidents:write")?;
        self.new_task(id, text, owner, due_ms)
    }

    fn finish_task(&mut self, id: &IncidentId, number: u32) -> HostResult<Task> {
        self.granted("incidents:write")?;
        self.end_task(id, number)
    }

    fn merge(&mut self, id: &IncidentId, into: &IncidentId) -> HostResult<Incident> {
        self.granted("incidents:write")?;
        self.join(id, into)
    }

    fn put_off_update(&mut self, id: &IncidentId, until_ms: u64) -> HostResult<Facts> {
        self.granted("incidents:write")?;
        self.put_off(id, until_ms)
    }

    fn clocks(&mut self, severity: &str) -> Clocks {
        self.clocks.get(severity).copied().unwrap_or_default()
    }

    fn severity_words(&mut self, severity: &str) -> Vec<String> {
        dossier::words(severity)
    }

    fn digest(&mut self) -> Option<Conversation> {
        self.digest.clone()
    }

    fn history(&mut self, since_ms: u64, limit: u32) -> HostResult<Vec<Past>> {
        self.may_read()?;
        let newest_first = self.incidents.iter().rev().take(limit.min(1000) as usize);
        Ok(newest_first.filter(|of| of.declared_ms >= since_ms).map(|of| self.past(of)).collect())
    }

    fn ask_approval(&mut self, request: ApprovalRequest) -> HostResult<ApprovalId> {
        self.ask(request)
    }

    fn propose_public(&mut self, update: PublicUpdate) -> HostResult<ApprovalId> {
        self.keep_update(update)
    }

    fn public_rule(&mut self, severity: &str) -> PublicRule {
        self.rule(severity)
    }

    fn public_status(&mut self, id: &IncidentId) -> HostResult<Option<Status>> {
        self.granted("status")?;
        Ok(self.public.get(id).copied())
    }

    fn propose_components(&mut self, reason: &str, components: &[(String, String)]) -> HostResult<ApprovalId> {
        self.keep_components(reason, components)
    }

    fn propose_maintenance(&mut self, maintenance: PublicMaintenance) -> HostResult<ApprovalId> {
        self.keep_maintenance(maintenance)
    }

    fn approval(&mut self, id: &ApprovalId) -> HostResult<Asked> {
        self.look_up(id)
    }

    fn cancel_approval(&mut self, id: &ApprovalId, reason: &str) -> HostResult {
        self.take_back(id, reason)
    }

    fn set_timer(&mut self, name: &str, at_ms: u64, payload: &str) -> HostResult {
        self.time(name, Some((at_ms, payload.to_owned())))
    }

    fn cancel_timer(&mut self, name: &str) -> HostResult {
        self.time(name, None)
    }

    fn start_job(&mut self, job: NewJob) -> HostResult<String> {
        self.enqueue(job)
    }

    fn cancel_job(&mut self, id: &str) -> HostResult {
        self.cancel(id)
    }

    fn job(&mut self, id: &str) -> HostResult<JobInfo> {
        let job = self.own_job(id)?;
        self.granted_job(&job.kind)?;
        Ok(job)
    }

    fn jobs(&mut self, unfinished_only: bool, limit: u32) -> HostResult<Vec<JobInfo>> {
        let newest_first = self.jobs.iter().rev().map(|(_, job)| job);
        let wanted = newest_first.filter(|job| self.granted_job(&job.kind).is_ok());
        Ok(wanted.filter(|job| !unfinished_only || !job.has_ended()).take(limit.min(200) as usize).cloned().collect())
    }

    fn job_with_key(&mut self, key: &str) -> HostResult<Option<JobInfo>> {
        Ok(self.key_holder(key))
    }

    fn set_schedule(&mut self, name: &str, schedule: &Schedule) -> HostResult<Option<u64>> {
        self.schedule(name, schedule)
    }

    fn cancel_schedule(&mut self, name: &str) -> HostResult {
        self.granted("schedules")?;
        self.schedules.remove(name);
        Ok(())
    }

    fn schedules(&mut self) -> HostResult<Vec<Scheduled>> {
        self.scheduled()
    }

    fn setting_json(&mut self, key: &str) -> Option<String> {
        self.settings.get(key).map(ToString::to_string)
    }

    fn now(&mut self) -> u64 {
        self.now_ms
    }

    fn log(&mut self, level: Level, message: &str) {
        self.log.push((level, message.to_owned()));
    }
}
