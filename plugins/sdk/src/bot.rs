//! Everything a plugin may ask of the host. Reads answer at once; what is to be done is recorded and counts only if the
//! handler returns ok, all of it or nothing. The real host is behind `export!`; tests use `testing::FakeBot`.

use crate::approval::{ApprovalRequest, Asked};
use crate::backups::Backups;
use crate::error::{HostError, HostResult, Result, internal};
use crate::escalation::{Contact, Step};
use crate::events::Job;
use crate::facts::{Clocks, Facts, Past, Task};
use crate::ids::{ApprovalId, Conversation, IncidentId, MessageRef};
use crate::incident::{Entry, Incident, Severity, Status};
use crate::job::{JobInfo, NewJob};
use crate::place::{Format, Home};
use crate::public::{PublicMaintenance, PublicRule, PublicUpdate};
use crate::runbooks::Runbooks;
use crate::schedule::{Schedule, Scheduled};
use crate::services::Services;
use crate::view::View;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// How much a log line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the meaning")]
pub enum Level {
    Debug,
    Info,
    Warn,
    Error,
}

/// What a page wants of whoever is paged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageAction {
    /// Somebody shall look, now.
    Trigger,
    /// Somebody does.
    Acknowledge,
    /// It is over.
    Resolve,
}

/// Everything the bot can do for a plugin.
pub trait Bot: Backups + Runbooks + Services {
    /// Answers whoever caused this event, where they did it; in private if the subcommand declares `reply = "private"`.
    /// Needs no grant. `Invalid` when the event has nobody to answer (a timer).
    fn reply(&mut self, view: impl Into<View>) -> HostResult<MessageRef>;

    /// Posts to any conversation. Needs the grant `post:CONVERSATION`; the conversation the event came from, or the
    /// incident's own, needs none.
    fn post(&mut self, to: &Conversation, view: impl Into<View>) -> HostResult<MessageRef>;

    /// Replaces a message that this plugin posted.
    fn edit(&mut self, message: &MessageRef, view: impl Into<View>) -> HostResult;

    /// Adds a reaction (a short name such as `eyes`) to a message that this plugin posted.
    fn react(&mut self, message: &MessageRef, emoji: &str) -> HostResult;

    /// Pages somebody through `[notify.NAME]`; goes before every other message. What is about the same thing has the same
    /// `key` (`INC-7`), so that a notifier that knows alerts acknowledges or resolves the one it has. How serious it is, is
    /// the view's tone. Needs the grant `page:NAME`; `NotFound` when there is no such notifier.
    fn page(&mut self, notifier: &str, key: &str, action: PageAction, view: impl Into<View>) -> HostResult;

    /// The ladder that incidents of a severity about a service climb, or none. This and the next five need the grant
    /// `escalation`.
    fn ladder_for(&mut self, severity: &str, service: Option<&str>) -> HostResult<Option<String>>;

    /// A ladder's steps, earliest first. `NotFound` when there is no such ladder (any more).
    fn ladder_steps(&mut self, ladder: &str) -> HostResult<Vec<Step>>;

    /// Who a level (from 1) of a ladder means now, those left out included. `NotFound` when there is no such ladder or level.
    fn ladder_level(&mut self, ladder: &str, level: u32, severity: &str) -> HostResult<Vec<Contact>>;

    /// Who a name means now: a person, whoever is on call in a rotation, or a notifier that a ladder names. `NotFound` says which
    /// name may have been meant.
    fn find_contact(&mut self, name: &str, severity: &str) -> HostResult<Contact>;

    /// Pages a person by their own notifiers, else in their chat; or a notifier that a ladder names. Whether they are to be left
    /// out is for the caller to heed. The incident's timeline tells how it went. The notifiers used; `Invalid` when the person has
    /// none.
    fn page_contact(
        &mut self,
        who: &str,
        incident: &IncidentId,
        action: PageAction,
        view: impl Into<View>,
    ) -> HostResult<Vec<String>>;

    /// Posts where the incident lives, with `alarm` in the operators' channel as well (there without buttons). Needs no grant to
    /// post there.
    fn tell(&mut self, incident: &IncidentId, alarm: bool, view: impl Into<View>) -> HostResult<MessageRef>;

    /// Sets the machine-readable answer of a command: `data` of `drillbell run --json`. Document its shape.
    fn set_data(&mut self, data: &impl Serialize) -> HostResult;

    /// The value of a key of the plugin's own memory. This and the next three need the grant `kv`.
    fn get(&mut self, key: &str) -> HostResult<Option<String>>;

    /// Sets a key.
    fn set(&mut self, key: &str, value: &str) -> HostResult;

    /// Removes a key; removing what is not there is fine.
    fn delete(&mut self, key: &str) -> HostResult;

    /// Keys that start with `prefix` and their values, in key order, at most `limit` (the host's own cap is 1000).
    fn list(&mut self, prefix: &str, limit: u32) -> HostResult<Vec<(String, String)>>;

    /// Opens an incident, with the next free number and status `investigating`. Needs `incidents:write`, as do all
    /// changes below; reads need `incidents:read`.
    fn declare(
        &mut self,
        title: &str,
        severity: &str,
        conversation: &Conversation,
        service: Option<&str>,
    ) -> HostResult<Incident>;

    /// One incident.
    fn incident(&mut self, id: &IncidentId) -> HostResult<Incident>;

    /// Incidents, newest first, at most `limit` (the host's cap is 200); with `open_only`, those not resolved.
    fn incidents(&mut self, open_only: bool, limit: u32) -> HostResult<Vec<Incident>>;

    /// Changes the severity and writes a timeline line; an empty reason is none.
    fn set_severity(&mut self, id: &IncidentId, severity: &str, reason: &str) -> HostResult<Incident>;

    /// Moves to another status and writes a timeline line. From `Resolved` only `reopen` leads back.
    fn set_status(&mut self, id: &IncidentId, status: Status, text: &str) -> HostResult<Incident>;

    /// Opens a resolved incident again, as `Investigating`.
    fn reopen(&mut self, id: &IncidentId, reason: &str) -> HostResult<Incident>;

    /// Sets the latest words and writes an `update` line.
    fn update(&mut self, id: &IncidentId, text: &str) -> HostResult<Incident>;

    /// Changes the title and writes a timeline line.
    fn set_title(&mut self, id: &IncidentId, title: &str) -> HostResult<Incident>;

    /// Names the message that is the incident's card.
    fn set_card(&mut self, id: &IncidentId, card: &MessageRef) -> HostResult;

    /// Writes a line of the given kind (a short lower-case word) to the timeline.
    fn note(&mut self, id: &IncidentId, kind: &str, text: &str) -> HostResult;

    /// The last `limit` lines of the timeline (the host's cap is 500), oldest first, this call's own included.
    fn timeline(&mut self, id: &IncidentId, limit: u32) -> HostResult<Vec<Entry>>;

    /// The timeline as a document of at most about `bytes`, this call's own lines not included: the newest that fit.
    fn written(&mut self, id: &IncidentId, format: Format, bytes: u32) -> HostResult<String>;

    /// What `[severities.NAME]` says about where its incidents live. Needs no grant.
    fn home_of(&mut self, severity: &str) -> Home;

    /// Opens a channel on the platform of `near`; `name` is made into what platforms take. The answer is valid at once. This and
    /// the next eight need the grant `conversations`. What this plugin opened it may post to.
    fn open_channel(&mut self, near: &Conversation, name: &str) -> HostResult<Conversation>;

    /// The same for a thread under a message of this plugin's.
    fn open_thread(&mut self, under: &MessageRef, name: &str) -> HostResult<Conversation>;

    /// The incident lives there from now on. Needs `incidents:write` too.
    fn move_incident(&mut self, id: &IncidentId, to: &Conversation) -> HostResult;

    /// Sets what stands at its head, one line of at most 250 characters.
    fn set_topic(&mut self, conversation: &Conversation, topic: &str) -> HostResult;

    /// Invites the members of a configured role, as far as they are on that platform.
    fn invite(&mut self, conversation: &Conversation, role: &str) -> HostResult;

    /// Invites one configured person, as a [`Contact`] names them. `NotFound` for a name that is no person's.
    fn invite_person(&mut self, conversation: &Conversation, person: &str) -> HostResult;

    /// Pins a message of this plugin's that stands in it; where this plugin opened it, in place of the one pinned before.
    fn pin(&mut self, conversation: &Conversation, message: &MessageRef) -> HostResult;

    /// Takes a pin of this plugin's off again.
    fn unpin(&mut self, conversation: &Conversation, message: &MessageRef) -> HostResult;

    /// Makes it read-only.
    fn archive(&mut self, conversation: &Conversation) -> HostResult;

    /// Opens it again.
    fn unarchive(&mut self, conversation: &Conversation) -> HostResult;

    /// The configured severities, most severe first. Needs no grant.
    fn severities(&mut self) -> Vec<Severity>;

    /// What is known of an incident besides its words, this call's own changes included.
    fn facts(&mut self, id: &IncidentId) -> HostResult<Facts>;

    /// Whoever caused this event takes the incident up. `Invalid` names who did already.
    fn acknowledge(&mut self, id: &IncidentId) -> HostResult<Facts>;

    /// Whoever caused this event takes a role that nobody has. `Invalid` when nobody caused it, or names who has it.
    fn take_role(&mut self, id: &IncidentId, role: &str) -> HostResult<Facts>;

    /// Hands a role to a person (an id), whoever has it now; an empty note is none.
    fn give_role(&mut self, id: &IncidentId, role: &str, person: &str, note: &str) -> HostResult<Facts>;

    /// Gives a role up: nobody has it then.
    fn release_role(&mut self, id: &IncidentId, role: &str, note: &str) -> HostResult<Facts>;

    /// Adds a task with the next number (at most 100 in one incident); the owner is a person's id.
    fn add_task(&mut self, id: &IncidentId, text: &str, owner: Option<&str>, due_ms: Option<u64>) -> HostResult<Task>;

    /// Notes that a task is done.
    fn finish_task(&mut self, id: &IncidentId, number: u32) -> HostResult<Task>;

    /// Ends an incident that turned out to be part of `into`, which must be open; nothing leads back.
    fn merge(&mut self, id: &IncidentId, into: &IncidentId) -> HostResult<Incident>;

    /// Puts the next update off until a later moment.
    fn put_off_update(&mut self, id: &IncidentId, until_ms: u64) -> HostResult<Facts>;

    /// What is expected of an incident of a configured severity; of another, nothing. Needs no grant.
    fn clocks(&mut self, severity: &str) -> Clocks;

    /// The other words for a configured severity (`p0`, `critical`). Needs no grant.
    fn severity_words(&mut self, severity: &str) -> Vec<String>;

    /// Where incidents are told besides their own conversation: `[channels] incidents`. Needs no grant; posting there does.
    fn digest(&mut self) -> Option<Conversation>;

    /// Incidents declared since a moment, newest first, at most `limit` (the host's cap is 1000). A glance: not checked when
    /// the call commits, and without its own changes.
    fn history(&mut self, since_ms: u64, limit: u32) -> HostResult<Vec<Past>>;

    /// Asks people for their yes; how it ended comes to `on_approval`. The host posts the card and counts the votes. This and the
    /// next two need the grant `approvals`. `Invalid` when the role is not configured.
    fn ask_approval(&mut self, request: ApprovalRequest) -> HostResult<ApprovalId>;

    /// Proposes what the public status page shall say of an incident: a person other than whoever caused the event approves
    /// every word before it does. The answer is the approval's id. This and the next two need the grant
    /// `status`.
    fn propose_public(&mut self, update: PublicUpdate) -> HostResult<ApprovalId>;

    /// What the operator says about incidents of a severity and the public page. Needs no grant.
    fn public_rule(&mut self, severity: &str) -> PublicRule;

    /// Where the public incident behind an incident stands; `None` when nothing of it is public.
    fn public_status(&mut self, id: &IncidentId) -> HostResult<Option<Status>>;

    /// Proposes how components of the public page are from then on, as pairs of name and state, without a story. The public
    /// never reads the reason.
    fn propose_components(&mut self, reason: &str, components: &[(String, String)]) -> HostResult<ApprovalId>;

    /// Proposes a public maintenance, or an update of one.
    fn propose_maintenance(&mut self, maintenance: PublicMaintenance) -> HostResult<ApprovalId>;

    /// One of this plugin's approvals.
    fn approval(&mut self, id: &ApprovalId) -> HostResult<Asked>;

    /// Takes back an approval that is still open: it becomes `void`.
    fn cancel_approval(&mut self, id: &ApprovalId, reason: &str) -> HostResult;

    /// Sets the timer `name` (the plugin's own name space), replacing an earlier one of that name. Needs `timers`.
    fn set_timer(&mut self, name: &str, at_ms: u64, payload: &str) -> HostResult;

    /// Cancels a timer; cancelling what is not there is fine.
    fn cancel_timer(&mut self, name: &str) -> HostResult;

    /// Enqueues a job and gives its id; it begins once this handler has returned ok, and its end arrives at `on_job`.
    /// `Invalid` says what is wrong with which part, or names the job that has its key. This and the next four need
    /// the grant `jobs:KIND`.
    fn start_job(&mut self, job: NewJob) -> HostResult<String>;

    /// Asks a job of this plugin to end; one that has ended stays as it is.
    fn cancel_job(&mut self, id: &str) -> HostResult;

    /// A job of this plugin as it stands now: a glance, not checked when the call commits.
    fn job(&mut self, id: &str) -> HostResult<JobInfo>;

    /// The jobs of this plugin, newest first, at most `limit` (the host's cap is 200).
    fn jobs(&mut self, unfinished_only: bool, limit: u32) -> HostResult<Vec<JobInfo>>;

    /// The unfinished job of this plugin that has a key.
    fn job_with_key(&mut self, key: &str) -> HostResult<Option<JobInfo>>;

    /// Sets the schedule `name`, replacing an earlier one of that name; when it is due first. Needs `schedules`. An occurrence
    /// arrives at `OnTimer`, with the schedule's name: give it another than any timer.
    fn set_schedule(&mut self, name: &str, schedule: &Schedule) -> HostResult<Option<u64>>;

    /// Cancels a schedule; cancelling what is not there is fine.
    fn cancel_schedule(&mut self, name: &str) -> HostResult;

    /// This plugin's schedules, by name. Needs `schedules`.
    fn schedules(&mut self) -> HostResult<Vec<Scheduled>>;

    /// Cancels every schedule of this plugin that is not `wanted`, by name.
    fn cancel_schedules_but(&mut self, wanted: impl Fn(&str) -> bool) -> HostResult {
        for known in self.schedules()?.into_iter().filter(|known| !wanted(&known.name)) {
            self.cancel_schedule(&known.name)?;
        }
        Ok(())
    }

    /// One key of `[plugins.NAME.settings]` as JSON text (`"text"`, `5`, `["a"]`).
    fn setting_json(&mut self, key: &str) -> Option<String>;

    /// Now, in milliseconds since the epoch. The same value throughout one call.
    fn now(&mut self) -> u64;

    /// Writes a line to the operator's log. Bounded per call; what goes over is dropped and counted.
    fn log(&mut self, level: Level, message: &str);

    /// Posts; where that is not granted the operator's log has what was to be said, and the handler goes on: what it remembers must
    /// not be lost with a message.
    #[cfg_attr(not(target_family = "wasm"), track_caller)]
    fn post_or_log(&mut self, to: &Conversation, view: impl Into<View>) -> HostResult<Option<MessageRef>> {
        let view = view.into();
        match self.post(to, view.clone()) {
            Ok(message) => Ok(Some(message)),
            Err(HostError::Denied(why)) => {
                self.log(Level::Error, &format!("{why} Unsaid: {view}"));
                Ok(None)
            }
            Err(other) => Err(other),
        }
    }

    /// What a job says at its end. What this plugin does not understand is in the operator's log and counts as nothing said: the end
    /// itself has to be heard all the same.
    fn said_by<T: Default + DeserializeOwned>(&mut self, job: &Job) -> T {
        job.said().unwrap_or_else(|error| {
            let line = format!("the job {} says what this plugin does not understand: {error}", job.id);
            self.log(Level::Warn, &line);
            T::default()
        })
    }

    /// A key's value read as JSON. What does not read was written by another version of the plugin: the operator is told.
    fn get_json<T: DeserializeOwned>(&mut self, key: &str) -> Result<Option<T>> {
        let Some(text) = self.get(key)? else { return Ok(None) };
        serde_json::from_str(&text).map(Some).map_err(|error| internal(format!("the key `{key}` reads wrong: {error}")))
    }

    /// The same, and the key is deleted.
    fn take_json<T: DeserializeOwned>(&mut self, key: &str) -> Result<Option<T>> {
        let known = self.get_json(key)?;
        if known.is_some() {
            self.delete(key)?;
        }
        Ok(known)
    }

    /// Sets a key to a value as JSON.
    fn set_json(&mut self, key: &str, value: &impl Serialize) -> Result {
        let text = serde_json::to_string(value).map_err(|error| internal(format!("`{key}` is not JSON: {error}")))?;
        Ok(self.set(key, &text)?)
    }

    /// A setting read as its type. A wrong one is the operator's to mend, and the error names it.
    fn setting<T: DeserializeOwned>(&mut self, key: &str) -> Result<Option<T>> {
        let Some(text) = self.setting_json(key) else { return Ok(None) };
        serde_json::from_str(&text).map(Some).map_err(|error| internal(format!("setting `{key}` is {text}: {error}")))
    }

    /// The same, where a slip must not keep anybody from their work: it is only logged, and as if nothing were set.
    fn setting_or_log<T: DeserializeOwned>(&mut self, key: &str) -> Option<T> {
        self.setting(key).unwrap_or_else(|error| {
            self.log(Level::Error, &format!("{error}: the default is used"));
            None
        })
    }
}
