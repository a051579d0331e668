//! Having a plugin handle an event, and committing what came of it. A call that lost against another runs again in a fresh
//! sandbox, since it had done nothing yet; one that keeps losing gets what it contends for to itself.

use super::answer::{Answer, empty_commit};
use super::approvals::{self, Cast, Wanted};
use super::{HOST, House, RESERVED_WAIT, ROUNDS, Trouble, say, told};
use crate::config::limits::CONFLICTS_BEFORE_EXCLUSIVE;
use crate::model::approval::Verdict;
use crate::model::blame::Blame;
use crate::model::changes::KvKey;
use crate::model::event::{ActionReceived, Argument, Delivery, Event};
use crate::model::form;
use crate::model::ids::{ApprovalId, IncidentId, MessageRef, PersonId, PluginId};
use crate::model::manifest::ReplyMode;
use crate::model::receipt::Receipt;
use crate::model::reply::{ACKNOWLEDGE, SAID};
use crate::model::view::{Button, Control, Once};
use crate::plugin::{CallInput, CallReport, Command, HandlerEvent};
use crate::policy::Subject;
use crate::router::{IncidentMention, Invocation};
use crate::signin;
use crate::store::{CommitOutcome, Contended, OutcomeStatus};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::plan::Plan;

/// An event ready to be handled by one plugin.
pub(super) struct Task<'a> {
    pub(super) delivery: &'a Delivery,
    pub(super) plugin: PluginId,
    pub(super) event: HandlerEvent,
    pub(super) incident: Option<IncidentId>,
    pub(super) reply: ReplyMode,
    /// For a click that counts once: the key that says so, and what the button says.
    pub(super) once: Option<(KvKey, String)>,
    /// What the button says that was clicked.
    pub(super) label: Option<String>,
}

impl House {
    /// Carries a plan out; `meant` is the incident of a command that names none.
    pub(super) async fn carry_out(
        &self,
        delivery: &Delivery,
        plan: Plan,
        meant: Option<IncidentId>,
    ) -> Result<(), Trouble> {
        match plan {
            Plan::Command(plugin, invocation) => self.command(delivery, plugin, invocation, meant).await,
            Plan::Host(invocation) => self.host_command(delivery, invocation).await,
            Plan::Explain(view) => self.answer(delivery, Answer::private(OutcomeStatus::Ok, view)).await,
            Plan::Refuse(error) => {
                let view = say::refused(&error);
                self.answer(delivery, Answer::private(OutcomeStatus::Refused, view)).await
            }
            Plan::Click(card) => self.click(delivery, &card).await,
            Plan::Tell(plugin) => self.tell(delivery, plugin).await,
            Plan::HostTimer(name) => self.host_timer(delivery, &name).await,
            Plan::Share(plugins) => self.share(delivery, plugins).await,
            Plan::Deployed(plugins) => self.deployed(delivery, plugins).await,
            Plan::Changed => self.message_changed(delivery).await,
            Plan::Nobody => {
                self.commit_plainly(empty_commit(delivery, HOST.into(), OutcomeStatus::Ok, self.store.now_ms())).await
            }
        }
    }

    async fn command(
        &self,
        delivery: &Delivery,
        plugin: PluginId,
        invocation: Invocation,
        meant: Option<IncidentId>,
    ) -> Result<(), Trouble> {
        let Event::CommandReceived(received) = &delivery.event else { return Ok(()) };
        let incident = match invocation.incident {
            IncidentMention::Given(incident) => {
                if self.store.recent_incident(&incident).await?.is_none() {
                    let newest = self.store.incidents(false, 1).await?.into_iter().next().map(|newest| newest.id);
                    let view = say::no_incident(&incident, newest.as_ref());
                    return self.answer(delivery, Answer::private(OutcomeStatus::Refused, view)).await;
                }
                Some(incident)
            }
            IncidentMention::Unspecified => meant,
        };
        // What was approved is carried out for the incident that it was approved for.
        let incident = match self.held_for(delivery).await? {
            Some(held) => held,
            None => incident,
        };
        let wanted = Wanted {
            plugin: &plugin,
            subject: Subject::Command { command: &invocation.command, subcommand: &invocation.subcommand },
            incident: incident.as_ref(),
            title: received.text.clone(),
            plan: json!({
                "plugin": plugin, "command": invocation.command, "subcommand": invocation.subcommand,
                "args": invocation.args, "by": received.by.id, "conversation": delivery.conversation, "incident": incident,
            }),
        };
        if !self.may(delivery, wanted).await? {
            return Ok(());
        }
        let event = HandlerEvent::Command(Command {
            name: invocation.command,
            subcommand: invocation.subcommand,
            args: invocation.args,
            text: received.text.clone(),
            by: received.by.clone(),
        });
        self.handle_by(Task { delivery, plugin, event, incident, reply: invocation.reply, once: None, label: None })
            .await
    }

    async fn click(&self, delivery: &Delivery, card: &MessageRef) -> Result<(), Trouble> {
        let Event::ActionReceived(action) = &delivery.event else { return Ok(()) };
        let (card, message) = self.pressed_on(card).await?;
        // What another person's private message offers does not exist for anybody else.
        let message = message.filter(|message| message.private_to.as_ref().is_none_or(|only| *only == action.by.id));
        let control = message.as_ref().and_then(|m| m.view.control(&action.action));
        let Some((message, control)) = message.as_ref().zip(control) else {
            return self.answer(delivery, Answer::private(OutcomeStatus::Refused, say::no_such_button())).await;
        };
        // The answer goes where the card stands, which is where the person looks.
        let conversation = self.called(message.conversation.clone()).await?;
        let delivery = &Delivery { conversation, ..delivery.clone() };
        if message.plugin.as_str() == HOST {
            // The host's own cards have nothing but buttons.
            let Control::Button(button) = control else {
                return self.answer(delivery, Answer::private(OutcomeStatus::Refused, say::no_such_button())).await;
            };
            return self.host_click(delivery, button).await;
        }
        let once = once_key(&card, control, &action.by.id);
        if let Some(done) = self.already(once.as_ref()).await? {
            let view = say::already(control.label(), &done.0, done.1);
            return self.answer(delivery, Answer::private(OutcomeStatus::Ok, view)).await;
        }
        let (value, fields) = match given(control, action) {
            Ok(given) => given,
            Err(sentence) => {
                let view = say::mistake(&sentence);
                return self.answer(delivery, Answer::private(OutcomeStatus::Refused, view)).await;
            }
        };
        let commands = self.directory.commands_of(&message.plugin);
        let wanted = Wanted {
            plugin: &message.plugin,
            subject: Subject::Action { commands: &commands, action: &action.action },
            incident: message.incident.as_ref(),
            title: format!("the button {} of `{}`", control.label(), message.plugin),
            plan: json!({
                "plugin": message.plugin, "card": card, "action": action.action, "value": value,
                "fields": fields, "by": action.by.id,
            }),
        };
        if !self.may(delivery, wanted).await? {
            return Ok(());
        }
        let event = HandlerEvent::Action(ActionReceived { card, value, fields, ..action.clone() });
        let (plugin, incident) = (message.plugin.clone(), message.incident.clone());
        let label = Some(control.label().to_owned());
        let once = once.map(|key| (key, control.label().to_owned()));
        self.handle_by(Task { delivery, plugin, event, incident, reply: ReplyMode::Channel, once, label }).await
    }

    /// The incident that an approved event was approved for; `None` for what was not held back.
    async fn held_for(&self, delivery: &Delivery) -> Result<Option<Option<IncidentId>>, Trouble> {
        let Some(id) = &delivery.approval else { return Ok(None) };
        Ok(self.store.approval(id).await?.map(|approval| approval.incident))
    }

    /// A click on one of the host's own cards.
    async fn host_click(&self, delivery: &Delivery, button: &Button) -> Result<(), Trouble> {
        if !self.intake.durable(&delivery.id).await {
            return Ok(());
        }
        let verdict = match button.action.as_str() {
            approvals::APPROVE => Verdict::Approve,
            approvals::DENY => Verdict::Deny,
            _ => return self.job_click(delivery, button).await,
        };
        let id = ApprovalId::new(button.value.clone());
        self.vote(delivery, Cast { id: &id, verdict, reason: "" }).await
    }

    /// Who used a button up, and when.
    async fn already(&self, key: Option<&KvKey>) -> Result<Option<(String, i64)>, Trouble> {
        let Some(key) = key else { return Ok(None) };
        let cell = self.store.kv_get(&key.plugin, &key.key).await?;
        Ok(cell.value.and_then(|value| serde_json::from_str(&value).ok()))
    }

    async fn tell(&self, delivery: &Delivery, plugin: PluginId) -> Result<(), Trouble> {
        let (event, incident) = match delivery.event.clone() {
            Event::AlertFired(alert) => (HandlerEvent::Alerts(vec![alert]), None),
            Event::AlertsFired(batch) => (HandlerEvent::Alerts(batch.alerts), None),
            Event::DeployRecorded(deploy) => (HandlerEvent::Deploy(deploy), None),
            Event::TimerElapsed(timer) => (HandlerEvent::Timer(timer), None),
            Event::JobFinished(job) => {
                let incident = job.incident.clone();
                (HandlerEvent::Job(job), incident)
            }
            Event::ApprovalEnded(approval) => (HandlerEvent::Approval(approval), None),
            Event::ReactionAdded(reaction) => {
                let message = self.store.message(&reaction.message).await?;
                (HandlerEvent::Reaction(reaction), message.and_then(|message| message.incident))
            }
            Event::IncidentDeclared(declared) => {
                let incident = Some(declared.incident.clone());
                (HandlerEvent::Incident(declared), incident)
            }
            // These have plans of their own.
            Event::CommandReceived(_) | Event::ActionReceived(_) | Event::MessageChanged(_) => return Ok(()),
        };
        self.handle_by(Task { delivery, plugin, event, incident, reply: ReplyMode::Channel, once: None, label: None })
            .await
    }

    /// Calls and commits until it holds.
    async fn handle_by(&self, task: Task<'_>) -> Result<(), Trouble> {
        let Some(plugin) = self.registry.get(&task.plugin) else {
            let view = say::failed(&task.plugin, "it is not loaded", None, &task.delivery.id);
            return self.fail(&task, OutcomeStatus::Failed, view, "the plugin is not loaded", Receipt::default()).await;
        };
        let carries = signin::carried_role(&self.store, task.delivery.event.by()).await?;
        let author = match task.delivery.event.by() {
            Some(by) => by.id.clone(),
            None => PersonId::new(format!("plugin:{}", task.plugin)),
        };
        let mut lost = 0_u32;
        let mut contended = BTreeSet::new();
        for _ in 0..ROUNDS {
            if let Some(done) = self.already(task.once.as_ref().map(|(key, _)| key)).await? {
                let label = task.once.as_ref().map_or("", |(_, label)| label.as_str());
                let view = say::already(label, &done.0, done.1);
                return self.answer(task.delivery, Answer::private(OutcomeStatus::Ok, view)).await;
            }
            let input = CallInput {
                event: task.event.clone(),
                delivery: task.delivery.id.clone(),
                conversation: task.delivery.conversation.clone(),
                incident: task.incident.clone(),
                by: task.delivery.event.by().cloned(),
                author: author.clone(),
                public_refusal: self.public_refusal(task.delivery, carries.as_deref()),
                now_ms: self.store.now_ms(),
                reply: task.reply,
                reads: Arc::new(self.store.clone()),
            };
            let now_ms = input.now_ms;
            let CallReport { outcome, receipt, denial, stderr, elapsed, number_guard } = plugin.call(input).await;
            self.metrics.called(&task.plugin, elapsed);
            for _ in receipt.requests.iter().filter(|request| request.denied) {
                self.metrics.denied(&task.plugin);
            }
            let mut changes = match outcome {
                Ok(changes) => changes,
                // One alert that cannot be handled must not take the others of its notification with it.
                Err(error) if matches!(error.blame(), Blame::User | Blame::Plugin) && task.is_splittable() => {
                    return self.split(&task, &error.to_string()).await;
                }
                Err(error) => match error.blame() {
                    Blame::User => {
                        let view = say::mistake(&error.to_string());
                        return self.fail(&task, OutcomeStatus::Refused, view, &error.to_string(), receipt).await;
                    }
                    Blame::Plugin => {
                        tracing::warn!(
                            event.id = %task.delivery.id, plugin.id = %task.plugin, error = %error, stderr = %stderr,
                            "a plugin failed"
                        );
                        let view = say::failed(&task.plugin, &error.for_chat(), denial.as_deref(), &task.delivery.id);
                        return self.fail(&task, OutcomeStatus::Failed, view, &error.to_string(), receipt).await;
                    }
                    Blame::Us | Blame::Upstream => return Err(Trouble::Read(error.to_string())),
                },
            };
            let pins = self.take_room_pins(&mut changes.effects).await?;
            let mut commit = match self.written(&task, carries.as_deref(), changes, receipt.clone(), now_ms, lost) {
                Ok(commit) => commit,
                Err(sentence) => {
                    let view = say::mistake(&sentence);
                    return self.fail(&task, OutcomeStatus::Refused, view, &sentence, receipt).await;
                }
            };
            self.mirror(&task, &mut commit, &pins).await?;
            let outcome = self.intake.commit(commit).await?;
            // Held until here, so that whoever declares next sees this one's number taken.
            drop(number_guard);
            match outcome {
                CommitOutcome::Committed(committed) => {
                    self.metrics.answered(task.plugin.as_str(), None);
                    self.pass_on(committed);
                    return Ok(());
                }
                CommitOutcome::Fenced => return Ok(()),
                CommitOutcome::Astray => return Err(Trouble::Astray),
                CommitOutcome::Reserved => tokio::time::sleep(RESERVED_WAIT).await,
                CommitOutcome::Conflict(to) => {
                    lost += 1;
                    self.metrics.conflicted(&task.plugin);
                    contended.extend(to);
                    self.after_losing(&task, lost, &contended).await?;
                }
            }
        }
        Err(Trouble::Read(format!("the call lost {lost} times against others")))
    }

    async fn after_losing(&self, task: &Task<'_>, lost: u32, contended: &BTreeSet<Contended>) -> Result<(), Trouble> {
        if lost >= CONFLICTS_BEFORE_EXCLUSIVE {
            let all: Vec<_> = contended.iter().cloned().collect();
            if !self.store.reserve(task.delivery.id.clone(), all).await? {
                tokio::time::sleep(RESERVED_WAIT).await;
            }
        }
        Ok(())
    }

    async fn fail(
        &self,
        task: &Task<'_>,
        status: OutcomeStatus,
        view: crate::model::view::View,
        reason: &str,
        receipt: Receipt,
    ) -> Result<(), Trouble> {
        let answer = Answer {
            plugin: task.plugin.clone(),
            incident: task.incident.clone(),
            reason: Some(reason.to_owned()),
            receipt: Some(receipt),
            line: (status == OutcomeStatus::Failed).then(|| told::failed(task, self.store.now_ms())).flatten(),
            ..Answer::private(status, view)
        };
        self.answer(task.delivery, answer).await
    }
}

/// The key under which the host remembers that a button was used; none for a button that counts every time.
fn once_key(card: &MessageRef, control: Control<'_>, by: &PersonId) -> Option<KvKey> {
    let action = control.action();
    let key = match control.once() {
        Once::Never => return None,
        Once::Card => format!("click/{card}/{action}"),
        Once::User => format!("click/{card}/{action}/{by}"),
    };
    Some(KvKey { plugin: HOST.into(), key })
}

/// What a plugin gets of a click: held to our own copy of the card, since the sender's could say anything. The error is a
/// sentence for the sender.
fn given(control: Control<'_>, action: &ActionReceived) -> Result<(String, Vec<Argument>), String> {
    match control {
        // The words of a reply that stands for the click; they make no click count that would not count without them.
        Control::Button(button) => {
            let said = action.fields.iter().find(|field| field.name == SAID && action.action == ACKNOWLEDGE);
            Ok((button.value.clone(), said.cloned().into_iter().collect()))
        }
        Control::Form(form) => Ok((form.value.clone(), form::entered(&form.fields, &action.fields)?)),
        Control::Select(select) => match select.options.iter().find(|option| option.value == action.value) {
            Some(option) => Ok((option.value.clone(), Vec::new())),
            None => Err(format!("{} must be one of its choices; look at the message as it is now.", select.label)),
        },
    }
}
