//! Commits that the host makes without a plugin's help: answers, refusals, shares of an event, giving up.

use super::{HOST, House, Trouble, say};
use crate::audit::AuditRecord;
use crate::model::blame::Blame;
use crate::model::effect::Effect;
use crate::model::event::{Delivery, Event, Person};
use crate::model::ids::{self, DeliveryId, IncidentId, MessageRef, PersonId, PluginId};
use crate::model::incident::TimelineEntry;
use crate::model::receipt::Receipt;
use crate::model::view::{Tone, View};
use crate::store::{Commit, Echo, EventResult, OutcomeStatus};
use serde_json::{Value, json};

/// An answer and how the event ended.
pub(super) struct Answer {
    pub(super) plugin: PluginId,
    pub(super) status: OutcomeStatus,
    pub(super) view: View,
    pub(super) private: bool,
    pub(super) data: Option<Value>,
    pub(super) incident: Option<IncidentId>,
    /// For the audit record: why, if it went wrong.
    pub(super) reason: Option<String>,
    /// What the plugin asked of the host before it failed.
    pub(super) receipt: Option<Receipt>,
    /// What the incident's timeline says of it.
    pub(super) line: Option<TimelineEntry>,
}

impl Answer {
    /// An answer of the host's, for the asker's eyes.
    pub(super) fn private(status: OutcomeStatus, view: View) -> Self {
        Self {
            plugin: HOST.into(),
            status,
            view,
            private: true,
            data: None,
            incident: None,
            reason: None,
            receipt: None,
            line: None,
        }
    }
}

impl House {
    /// Answers an event without changing anything else.
    pub(super) async fn answer(&self, delivery: &Delivery, answer: Answer) -> Result<(), Trouble> {
        let blame = match answer.status {
            OutcomeStatus::Ok | OutcomeStatus::Pending => None,
            OutcomeStatus::Refused => Some(Blame::User),
            OutcomeStatus::Failed => Some(Blame::Plugin),
        };
        let mut commit = empty_commit(delivery, answer.plugin, answer.status, self.store.now_ms());
        commit.incident = answer.incident.clone();
        commit.result = EventResult {
            status: answer.status,
            text: answer.view.to_plain(),
            data: answer.data,
            incident: answer.incident.clone(),
        };
        commit.audit.incident = answer.incident;
        commit.receipt = answer.receipt;
        commit.timeline.extend(answer.line);
        if let Some(reason) = answer.reason {
            commit.audit.detail["reason"] = json!(reason);
        }
        if let Some(by) = delivery.event.by() {
            commit.echo = echo(delivery, answer.private);
            commit.effects.push(Effect::PostMessage {
                message: MessageRef::new(ids::fresh()),
                to: delivery.conversation.clone(),
                view: answer.view,
                private_to: answer.private.then(|| by.id.clone()),
                reply: true,
            });
        }
        self.commit_answer(commit, blame).await
    }

    /// Gives each plugin its share of an event that concerns several.
    pub(super) async fn share(&self, delivery: &Delivery, plugins: Vec<PluginId>) -> Result<(), Trouble> {
        self.commit_plainly(shares(delivery, plugins, self.store.now_ms())).await
    }

    /// Commits what somebody asked the bot itself to do, and tells them alone that it is done.
    pub(super) async fn done(
        &self,
        delivery: &Delivery,
        mut commit: Commit,
        by: &Person,
        text: String,
    ) -> Result<(), Trouble> {
        commit.echo = echo(delivery, true);
        commit.effects.push(Effect::PostMessage {
            message: MessageRef::new(ids::fresh()),
            to: delivery.conversation.clone(),
            view: View::text(text).toned(Tone::Info),
            private_to: Some(by.id.clone()),
            reply: true,
        });
        self.commit_answer(commit, None).await
    }

    /// Gives up an event that was cut off too often, and says so.
    pub(super) async fn park(&self, delivery: &Delivery, tries: u32) -> Result<(), Trouble> {
        tracing::error!(event.id = %delivery.id, event.kind = delivery.event.kind(), attempts = tries, "an event was given up");
        let answer = Answer {
            reason: Some(format!("given up after {tries} tries")),
            ..Answer::private(OutcomeStatus::Failed, say::parked(tries, &delivery.id))
        };
        self.answer(delivery, answer).await
    }
}

/// A commit that gives each plugin its share of an event.
pub(super) fn shares(delivery: &Delivery, plugins: Vec<PluginId>, now_ms: i64) -> Commit {
    let mut commit = empty_commit(delivery, HOST.into(), OutcomeStatus::Ok, now_ms);
    commit.audit.detail["shared_with"] = json!(plugins);
    let share = |plugin: PluginId| Delivery {
        id: DeliveryId::new(format!("{}/{plugin}", delivery.id)),
        plugin: Some(plugin),
        ..delivery.clone()
    };
    commit.children = plugins.into_iter().map(share).collect();
    commit
}

/// A commit that finishes an event, audits it, and does nothing else.
pub(super) fn empty_commit(delivery: &Delivery, plugin: PluginId, status: OutcomeStatus, now_ms: i64) -> Commit {
    let mut audit = AuditRecord::new(now_ms, delivery.event.kind());
    audit.actor = Some(actor(delivery));
    audit.plugin = Some(plugin.clone());
    audit.conversation = Some(delivery.conversation.clone());
    audit.delivery = Some(delivery.id.clone());
    audit.outcome = status.as_str().to_owned();
    audit.detail = detail(&delivery.event);
    if let Some(token) = delivery.event.asserted_by() {
        audit.detail["asserted_by"] = json!(token);
    }
    if let Some(approval) = &delivery.approval {
        audit.detail["approval"] = json!(approval);
    }
    let (id, root, conversation) = (delivery.id.clone(), delivery.root.clone(), delivery.conversation.clone());
    Commit::plain(id, root, conversation, plugin, now_ms, EventResult::said(status, ""), audit)
}

/// Who is on record as having caused an event.
pub(super) fn actor(delivery: &Delivery) -> PersonId {
    match &delivery.event {
        Event::AlertFired(alert) => PersonId::new(format!("alerts:{}", alert.source)),
        Event::AlertsFired(batch) => {
            PersonId::new(format!("alerts:{}", batch.alerts.first().map_or("", |alert| alert.source.as_str())))
        }
        Event::IncidentDeclared(declared) => PersonId::new(format!("plugin:{}", declared.by)),
        Event::DeployRecorded(deploy) => PersonId::new(format!("deploys:{}", deploy.by)),
        Event::TimerElapsed(timer) => PersonId::new(format!("plugin:{}", timer.plugin)),
        Event::JobFinished(job) => PersonId::new(format!("plugin:{}", job.plugin)),
        Event::ApprovalEnded(approval) => PersonId::new(format!("plugin:{}", approval.plugin)),
        Event::MessageChanged(changed) => changed.author(delivery.conversation.platform()),
        event => event.by().map_or_else(|| PersonId::from(HOST), |by: &Person| by.id.clone()),
    }
}

/// What the audit record says of the event itself.
fn detail(event: &Event) -> Value {
    match event {
        Event::CommandReceived(command) => json!({"text": command.text}),
        Event::ActionReceived(action) => json!({"action": action.action, "card": action.card}),
        Event::AlertFired(alert) => json!({"fingerprint": alert.fingerprint, "status": alert.status}),
        Event::AlertsFired(batch) => {
            let firing = batch.alerts.iter().filter(|alert| alert.status == "firing").count();
            json!({"alerts": batch.alerts.len(), "firing": firing})
        }
        Event::IncidentDeclared(declared) => json!({"incident": declared.incident}),
        Event::DeployRecorded(deploy) => json!({"service": deploy.service, "version": deploy.version}),
        Event::TimerElapsed(timer) => json!({"timer": timer.name, "due": crate::clock::rfc3339(timer.due_ms)}),
        Event::JobFinished(job) => json!({"job": job.id, "status": job.status}),
        Event::ApprovalEnded(approval) => json!({"approval": approval.id, "status": approval.status}),
        Event::ReactionAdded(reaction) => json!({"message": reaction.message, "emoji": reaction.emoji}),
        Event::MessageChanged(changed) => {
            json!({"message": changed.message, "change": changed.change, "incident": changed.incident})
        }
    }
}

/// What the others in the console see of a command: who typed what.
pub(super) fn echo(delivery: &Delivery, private: bool) -> Option<Echo> {
    let Event::CommandReceived(command) = &delivery.event else { return None };
    (delivery.conversation.platform() == crate::store::CONSOLE).then(|| Echo {
        author: command.by.id.clone(),
        text: command.text.clone(),
        private_to: private.then(|| command.by.id.clone()),
    })
}
