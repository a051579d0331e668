//! `drillbell:escalation`: who is to be told, and telling them. Who that is, `crate::escalation` knows; pages and posts are
//! recorded among the call's other effects.

use super::caller::{Caller, quoted};
use super::effects::EffectsCall;
use super::grants::Need;
use super::incidents::IncidentsCall;
use super::view::finished;
use crate::bindings::draft::ViewDraft;
use crate::bindings::latest::drillbell::effects::effects::PageAction as WitAction;
use crate::bindings::latest::drillbell::escalation::escalation as wit;
use crate::bindings::latest::drillbell::types::types::HostError;
use crate::config::did_you_mean;
use crate::escalation::{Contact, Roster};
use crate::model::effect::Effect;
use crate::model::ids::{ConversationId, MessageRef, fresh};
use crate::model::incident::Incident;
use crate::model::page::PageAction;
use crate::model::view::{Block, View};
use std::sync::Arc;
use wasmtime::component::{HasData, Resource, ResourceTable};

/// What the plugins are told about escalation.
#[derive(Clone, Debug, Default)]
pub struct EscalationSetup {
    /// Who is to be told.
    pub roster: Arc<Roster>,
    /// The operators' channel.
    pub ops: Option<ConversationId>,
    /// Under which address the bot's web is reached, for links in pages.
    pub base_url: Option<String>,
}

/// The capability with its caller.
pub struct EscalationHost<'a> {
    /// Who asks.
    pub caller: &'a mut Caller,
    /// What is configured.
    pub setup: &'a EscalationSetup,
    /// Where pages and posts are recorded.
    pub effects: &'a mut EffectsCall,
    /// The incidents as this call sees them.
    pub incidents: &'a mut IncidentsCall,
    /// The messages under construction.
    pub table: &'a mut ResourceTable,
}

/// Names `EscalationHost` to the linker.
pub struct HasEscalation;

impl HasData for HasEscalation {
    type Data<'a> = EscalationHost<'a>;
}

impl EscalationHost<'_> {
    fn enter(&mut self) -> Result<&Roster, HostError> {
        self.caller.need(Need::Escalation)?;
        Ok(&self.setup.roster)
    }

    fn contacts(&mut self, ladder: &str, level: u32, severity: &str) -> Result<Vec<wit::Contact>, HostError> {
        let now_ms = self.caller.now_ms;
        let found = self.enter()?.level(ladder, level, severity, now_ms);
        let missing = || HostError::NotFound(format!("there is no level {level} in a ladder {}", quoted(ladder)));
        let contacts = found.ok_or_else(missing)?;
        self.caller.meter.hold(contacts.iter().map(weight).sum())?;
        Ok(contacts.into_iter().map(to_wit).collect())
    }

    fn named(&mut self, name: &str, severity: &str) -> Result<Contact, HostError> {
        let now_ms = self.caller.now_ms;
        let roster = self.enter()?;
        if let Some(contact) = roster.find(name, severity, now_ms) {
            return Ok(contact);
        }
        let meant = did_you_mean(name, roster.names()).map(|meant| format!("; {meant}"));
        let expected = "expected a person, a rotation, or a notifier that a ladder names";
        Err(HostError::NotFound(format!("nobody is called {}: {expected}{}", quoted(name), meant.unwrap_or_default())))
    }

    async fn incident(&mut self, id: &str) -> Result<Incident, HostError> {
        self.caller.need(Need::Escalation)?;
        self.incidents.glance(self.caller, id).await
    }

    fn paged(
        &mut self,
        who: &str,
        incident: &Incident,
        action: PageAction,
        mut view: View,
    ) -> Result<Vec<String>, HostError> {
        let ways = match (action, self.enter()?.ways(who)) {
            // Whatever rang is told that it may stop, closed now or not.
            (PageAction::Acknowledge | PageAction::Resolve, Some(ways)) => ways,
            _ => {
                let contact = self.named(who, &incident.severity)?;
                if contact.ways.is_empty() {
                    let why = contact.left_out.unwrap_or_default();
                    return Err(HostError::Invalid(format!("{} {why}", contact.title)));
                }
                contact.ways
            }
        };
        if let Some(base) = &self.setup.base_url {
            let url = format!("{base}/incidents/{}", incident.id);
            view.blocks.push(Block::Link { label: format!("Open {}", incident.id), url });
        }
        for way in &ways {
            let Some(route) = self.setup.roster.route(way) else { continue };
            let page = Effect::Page {
                message: MessageRef::new(fresh()),
                to: route.to.clone(),
                view: view.clone(),
                private_to: route.private_to.clone(),
                notifier: way.clone(),
                key: incident.id.to_string(),
                action,
                incident: Some(incident.id.clone()),
            };
            self.effects.add(self.caller, page)?;
        }
        Ok(ways)
    }

    fn told(&mut self, incident: &Incident, alarm: bool, view: View) -> Result<String, HostError> {
        let ops = self.setup.ops.clone().filter(|ops| alarm && *ops != incident.conversation);
        let mut buttonless = view.clone();
        // The operators are told; what is to be done is done where the incident lives.
        buttonless.blocks.retain(|block| !matches!(block, Block::Button(_) | Block::Form(_) | Block::Select(_)));
        let message = self.effects.add_post(self.caller, incident.conversation.clone(), view)?;
        if let Some(ops) = ops {
            self.effects.add_post(self.caller, ops, buttonless)?;
        }
        Ok(message.into_string())
    }

    fn view(&mut self, view: &Resource<ViewDraft>) -> wasmtime::Result<Result<View, HostError>> {
        finished(self.caller, self.table, view)
    }
}

fn to_wit(contact: Contact) -> wit::Contact {
    wit::Contact { who: contact.who, title: contact.title, left_out: contact.left_out }
}

fn weight(contact: &Contact) -> usize {
    contact.who.len() + contact.title.len() + contact.left_out.as_ref().map_or(0, String::len)
}

impl wit::Host for EscalationHost<'_> {
    async fn ladder_for(
        &mut self,
        severity: String,
        service: Option<String>,
    ) -> wasmtime::Result<Result<Option<String>, HostError>> {
        self.caller.meter.begin("escalation.ladder-for", &severity, severity.len())?;
        let answer = self.enter().map(|roster| roster.ladder_for(&severity, service.as_deref()).map(str::to_owned));
        self.caller.meter.end(answer, |ladder| ladder.as_ref().map_or(0, String::len))
    }

    async fn steps(&mut self, ladder: String) -> wasmtime::Result<Result<Vec<wit::Step>, HostError>> {
        self.caller.meter.begin("escalation.steps", &ladder, ladder.len())?;
        let missing = || HostError::NotFound(format!("there is no ladder {}", quoted(&ladder)));
        let answer = self.enter().and_then(|roster| roster.steps(&ladder).ok_or_else(missing)).map(|steps| {
            let step = |step: crate::escalation::Step| wit::Step {
                after_ms: step.after_ms,
                level: step.level,
                round: step.round,
            };
            steps.into_iter().map(step).collect()
        });
        self.caller.meter.end(answer, |steps: &Vec<wit::Step>| steps.len() * size_of::<wit::Step>())
    }

    async fn level(
        &mut self,
        ladder: String,
        level: u32,
        severity: String,
    ) -> wasmtime::Result<Result<Vec<wit::Contact>, HostError>> {
        self.caller.meter.begin("escalation.level", &ladder, ladder.len() + severity.len())?;
        let answer = self.contacts(&ladder, level, &severity);
        self.caller.meter.end(answer, |contacts| contacts.iter().map(|contact| contact.title.len()).sum())
    }

    async fn find(&mut self, name: String, severity: String) -> wasmtime::Result<Result<wit::Contact, HostError>> {
        self.caller.meter.begin("escalation.find", "", name.len() + severity.len())?;
        let answer = self.named(&name, &severity).map(to_wit);
        self.caller.meter.end(answer, |contact| contact.title.len())
    }

    async fn page(
        &mut self,
        who: String,
        incident: IncidentName,
        action: WitAction,
        view: Resource<ViewDraft>,
    ) -> wasmtime::Result<Result<Vec<String>, HostError>> {
        self.caller.meter.begin("escalation.page", &who, who.len() + incident.len())?;
        let action = match action {
            WitAction::Trigger => PageAction::Trigger,
            WitAction::Acknowledge => PageAction::Acknowledge,
            WitAction::Resolve => PageAction::Resolve,
        };
        let view = self.view(&view)?;
        let answer = match (self.incident(&incident).await, view) {
            (Ok(incident), Ok(view)) => self.paged(&who, &incident, action, view),
            (Err(refused), _) | (_, Err(refused)) => Err(refused),
        };
        self.caller.meter.end(answer, |ways| ways.iter().map(String::len).sum())
    }

    async fn tell(
        &mut self,
        incident: IncidentName,
        alarm: bool,
        view: Resource<ViewDraft>,
    ) -> wasmtime::Result<Result<String, HostError>> {
        self.caller.meter.begin("escalation.tell", &incident, incident.len())?;
        let view = self.view(&view)?;
        let answer = match (self.incident(&incident).await, view) {
            (Ok(incident), Ok(view)) => self.told(&incident, alarm, view),
            (Err(refused), _) | (_, Err(refused)) => Err(refused),
        };
        self.caller.meter.end(answer, String::len)
    }
}

/// An incident's id as the guest wrote it.
type IncidentName = String;

#[cfg(test)]
mod tests;
