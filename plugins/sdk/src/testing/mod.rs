//! A bot for tests: native, deterministic, in milliseconds. It keeps what the host would keep, obeys the host's rules,
//! and treats a handler as the host does: an error undoes everything the handler did.

mod approvals;
mod asked;
mod bot;
mod clock;
mod copies;
mod dossier;
mod escalation;
mod incidents;
mod jobs;
mod kept;
mod places;
mod public;
mod requests;
mod runbooks;
mod said;
mod services;

#[cfg(test)]
mod tests;

pub(crate) use kept::begun;
pub use requests::{ActionBuilder, CommandBuilder, click, command};
pub use runbooks::OnShelf;
pub use said::Said;

use crate::approval::Asked;
use crate::backups::{BackupCopy, Target};
use crate::bot::Level;
use crate::error::{HostError, HostResult, Result};
use crate::escalation::{Contact, Step};
use crate::events::{Action, Command, Job, Person};
use crate::facts::{Clocks, Facts};
use crate::handlers::{OnAction, OnCommand, OnJob};
use crate::ids::{Conversation, IncidentId, MessageRef};
use crate::incident::{Entry, Incident, Severity, Status};
use crate::job::{JobInfo, NewJob};
use crate::place::Home;
use crate::public::{PublicMaintenance, PublicRule, PublicUpdate};
use crate::schedule::Schedule;
use crate::services::Deployed;
use crate::view::View;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// `2026-03-01T10:02:00Z`: what time it is for a new fake bot.
pub const START_MS: u64 = 1_772_359_320_000;

/// A bot that does nothing but remember. Everything it kept is public, for a test to set up and to look at.
#[derive(Clone, Debug)]
pub struct FakeBot {
    /// What was said, in order; a handler that failed said nothing.
    pub said: Vec<Said>,
    /// The machine-readable answer of the last command.
    pub data: Option<Value>,
    /// The plugin's memory.
    pub kv: BTreeMap<String, String>,
    /// All incidents, INC-1 first.
    pub incidents: Vec<Incident>,
    /// What is known of each incident besides its words.
    pub facts: BTreeMap<IncidentId, Facts>,
    /// All timelines' lines with their incident's id, oldest first.
    pub entries: Vec<(IncidentId, Entry)>,
    /// Approvals that the plugin asked for, in order. [`FakeBot::decide`] ends one.
    pub approvals: Vec<Asked>,
    /// What is public: incidents and where the public takes them to stand.
    pub public: BTreeMap<IncidentId, Status>,
    /// What was proposed for the public page, in order. Nothing of it is public.
    pub public_updates: Vec<PublicUpdate>,
    /// Public maintenances that were proposed, in order.
    pub public_maintenances: Vec<PublicMaintenance>,
    /// Components and states that were proposed without a story, in order.
    pub public_components: Vec<(String, String)>,
    /// The components of the public page; none at first, and no page.
    pub components: BTreeSet<String>,
    /// What the operator says of a severity and the public page; of one that is not in it, that it is asked for.
    pub public_rules: BTreeMap<String, PublicRule>,
    /// Why nobody here may propose words for the public page, by the rules; none at first.
    pub public_refusal: Option<String>,
    /// The configured roles.
    pub roles: BTreeSet<String>,
    /// Timers by name: when due (milliseconds since the epoch) and with what payload.
    pub timers: BTreeMap<String, (u64, String)>,
    /// Schedules that are set.
    pub schedules: BTreeMap<String, Schedule>,
    /// When a schedule is due next and was due last, by its name: what only the host can tell, as far as a test says it.
    pub dues: BTreeMap<String, (Option<u64>, Option<u64>)>,
    /// Jobs that were started, oldest first, with what was asked for; a test may change how they stand.
    pub jobs: Vec<(NewJob, JobInfo)>,
    /// What the operator configured, as JSON.
    pub settings: BTreeMap<String, Value>,
    /// The configured severities, most severe first.
    pub severities: Vec<Severity>,
    /// What is expected of each severity; at first as the host has it by default.
    pub clocks: BTreeMap<String, Clocks>,
    /// Where incidents are told besides their own conversation; nowhere at first.
    pub digest: Option<Conversation>,
    /// Where incidents of a severity live, by its name; where they were declared, for one that is not in it.
    pub homes: BTreeMap<String, Home>,
    /// Conversations that the plugin opened, and where it asked for each.
    pub opened: BTreeMap<Conversation, Conversation>,
    /// The configured notifiers; `oncall` at first.
    pub notifiers: BTreeSet<String>,
    /// Ladders by name: the steps, and who each level means.
    pub ladders: BTreeMap<String, (Vec<Step>, Vec<Vec<Contact>>)>,
    /// The ladder that each severity climbs, whatever the service.
    pub ladder_of: BTreeMap<String, String>,
    /// The configured targets, by name.
    pub targets: Vec<Target>,
    /// Where backups are told of; `console:#backups` at first.
    pub backups_channel: Option<Conversation>,
    /// The copies that are there, newest first.
    pub copies: Vec<BackupCopy>,
    /// Manifests by object; of the others it is `{}`.
    pub manifests: BTreeMap<String, Value>,
    /// The runbooks there are.
    pub shelf: Vec<runbooks::OnShelf>,
    /// The configured services, by name, as the host tells them.
    pub services: BTreeMap<String, Value>,
    /// The deploys that were recorded, newest first.
    pub deploys: Vec<Deployed>,
    /// What is behind the keys of `[channels]`.
    pub channels: BTreeMap<String, Conversation>,
    /// What time it is, in milliseconds since the epoch. It stands still until a test moves it.
    pub now_ms: u64,
    /// Lines for the operator. These stay when a handler fails, as with the real host.
    pub log: Vec<(Level, String)>,
    /// Grants that the operator did not give: `kv`, `timers`, `incidents:read`, `incidents:write`, `approvals`, `escalation`,
    /// `status`, `backups`, `runbooks`, `services`, `post:…`, `page:…`, `jobs:KIND`.
    pub denied: BTreeSet<String>,
    event: Event,
    messages: BTreeMap<MessageRef, Conversation>,
    /// The topic of each conversation that has one.
    topics: BTreeMap<Conversation, String>,
    archived: BTreeSet<Conversation>,
    /// What each message said when it was last looked at.
    looked_at: BTreeMap<MessageRef, View>,
}

/// What of the event the host still knows while the handler runs.
#[derive(Clone, Debug, Default)]
struct Event {
    author: String,
    /// None when nobody is there to answer.
    conversation: Option<Conversation>,
    /// The incident it is about.
    incident: Option<IncidentId>,
    /// Jobs that were started in it.
    jobs: usize,
    /// Timers that were set or cancelled in it.
    timers: BTreeSet<String>,
}

impl Default for FakeBot {
    fn default() -> Self {
        let severity = |name: &str, title: &str, description: &str| Severity {
            name: name.to_owned(),
            title: title.to_owned(),
            description: description.to_owned(),
        };
        Self {
            said: Vec::new(),
            data: None,
            kv: BTreeMap::new(),
            incidents: Vec::new(),
            facts: BTreeMap::new(),
            entries: Vec::new(),
            approvals: Vec::new(),
            public: BTreeMap::new(),
            public_updates: Vec::new(),
            public_rules: BTreeMap::new(),
            public_refusal: None,
            public_maintenances: Vec::new(),
            public_components: Vec::new(),
            components: BTreeSet::new(),
            roles: ["commander", "responder"].map(String::from).into(),
            timers: BTreeMap::new(),
            schedules: BTreeMap::new(),
            dues: BTreeMap::new(),
            jobs: Vec::new(),
            settings: BTreeMap::new(),
            severities: vec![
                severity("sev1", "Critical", "down, data leak or payments broken"),
                severity("sev2", "Major", "a major feature is degraded"),
                severity("sev3", "Minor", "partial or minor trouble"),
                severity("sev4", "Low", "no impact on users"),
            ],
            clocks: dossier::usual_clocks(),
            digest: None,
            homes: BTreeMap::new(),
            opened: BTreeMap::new(),
            topics: BTreeMap::new(),
            archived: BTreeSet::new(),
            notifiers: BTreeSet::from([String::from("oncall")]),
            ladders: BTreeMap::new(),
            ladder_of: BTreeMap::new(),
            targets: Vec::new(),
            backups_channel: Some(Conversation::from("console:#backups")),
            copies: Vec::new(),
            manifests: BTreeMap::new(),
            shelf: Vec::new(),
            services: BTreeMap::new(),
            deploys: Vec::new(),
            channels: BTreeMap::from([(String::from("ops"), Conversation::from("console:#ops"))]),
            now_ms: START_MS,
            log: Vec::new(),
            denied: BTreeSet::new(),
            event: Event::default(),
            messages: BTreeMap::new(),
            looked_at: BTreeMap::new(),
        }
    }
}

impl FakeBot {
    /// A bot with four severities, everything granted and nothing in memory.
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs a command as the host does. Without an incident it means the conversation's own open one, else the only open
    /// one, as the host would fill in.
    pub fn command<P: OnCommand>(&mut self, command: impl Into<Command>) -> Result {
        let mut command: Command = command.into();
        command.at_ms = self.now_ms;
        if command.incident.is_none() {
            command.incident = self.meant(&command.conversation);
        }
        self.data = None;
        let event = Event {
            author: command.by.id.clone(),
            conversation: Some(command.conversation.clone()),
            incident: command.incident.clone(),
            ..Event::default()
        };
        self.handle(event, |bot| P::on_command(bot, command))
    }

    /// Runs a click as the host does.
    pub fn action<P: OnAction>(&mut self, action: impl Into<Action>) -> Result {
        let mut action: Action = action.into();
        action.at_ms = self.now_ms;
        let event = Event {
            author: action.by.id.clone(),
            conversation: Some(action.conversation.clone()),
            incident: action.incident.clone(),
            ..Event::default()
        };
        self.handle(event, |bot| P::on_action(bot, action))
    }

    /// Ends a job that was started, and runs its handler as the host does: `status` is `done`, `failed`, …, `detail` JSON as
    /// the event brings it. A panic if there is no such job or it has ended.
    pub fn end_job<P: OnJob>(&mut self, id: &str, status: &str, detail: &str) -> Result {
        let now_ms = self.now_ms;
        let (_, job) = self
            .jobs
            .iter_mut()
            .find(|(_, job)| job.id == id && !job.has_ended())
            .unwrap_or_else(|| panic!("no job `{id}` is open"));
        job.state = status.to_owned();
        job.ended_ms = Some(now_ms);
        let (kind, incident) = (job.kind.clone(), job.incident.clone());
        let event = Job {
            id: id.to_owned(),
            kind,
            status: status.to_owned(),
            detail: detail.to_owned(),
            incident,
            at_ms: now_ms,
        };
        self.run(|bot| P::on_job(bot, event))
    }

    /// Runs any other handler (an alert, a deploy, …), which no person caused and nobody can be answered for:
    /// `bot.run(|bot| P::on_alert(bot, alert))`. As a transaction: on an error everything but the log is as before.
    pub fn run<T>(&mut self, handler: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.handle(Event { author: String::from("plugin:test"), ..Event::default() }, handler)
    }

    fn handle<T>(&mut self, event: Event, handler: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let before = self.clone();
        self.event = event;
        let result = handler(self);
        if result.is_err() {
            let log = std::mem::take(&mut self.log);
            *self = Self { log, ..before };
        }
        result
    }

    /// Takes away a grant: what needs it is denied from now on.
    pub fn deny(&mut self, grant: &str) {
        self.denied.insert(grant.to_owned());
    }

    /// What was said since the last look, as text for a snapshot.
    pub fn transcript(&mut self) -> String {
        self.look(|said, _| said.to_string())
    }

    /// The same, with only those lines of an edited message that are not as they were at the last look: `-` those that went,
    /// `+` those that came. For cards that are told again with every change.
    pub fn changes(&mut self) -> String {
        self.look(|said, before| match (said, before) {
            (Said::Edit { message, view }, Some(before)) => format!("edit {message}\n{}", said::changed(before, view)),
            _ => said.to_string(),
        })
    }

    fn look(&mut self, tell: impl Fn(&Said, Option<&View>) -> String) -> String {
        let mut told = Vec::new();
        for said in self.said.drain(..) {
            told.push(tell(&said, said.message().and_then(|message| self.looked_at.get(message))));
            if let (Some(message), Some(view)) = (said.message(), said.view()) {
                self.looked_at.insert(message.clone(), view.clone());
            }
        }
        told.join("\n\n")
    }

    /// A message as it stands now, edits included.
    pub fn message(&self, message: &MessageRef) -> Option<&View> {
        let of_it = self.said.iter().rev().filter(|said| said.message() == Some(message));
        of_it.filter_map(Said::view).next().or_else(|| self.looked_at.get(message))
    }

    /// Something is said from here on.
    fn says(&mut self, said: Said) {
        kept::said(&said);
        self.said.push(said);
    }

    fn meant(&self, here: &Conversation) -> Option<IncidentId> {
        let mut open = self.incidents.iter().filter(|incident| incident.is_open());
        let own = self.incidents.iter().filter(|incident| incident.is_open() && incident.conversation == *here);
        match (own.clone().count(), open.clone().count()) {
            (1, _) => own.map(|incident| incident.id.clone()).next(),
            (0, 1) => open.next().map(|incident| incident.id.clone()),
            _ => None,
        }
    }

    fn granted(&self, grant: &str) -> HostResult {
        if !self.denied.contains(grant) {
            return Ok(());
        }
        Err(HostError::Denied(format!(
            "`{grant}` is not granted: it must stand in the plugin's capabilities and in the operator's grants."
        )))
    }
}

/// Somebody whose id and name are as given.
pub fn person(id: &str, name: &str) -> Person {
    Person { id: id.to_owned(), name: name.to_owned() }
}
