//! `drillbell:status`: proposing what the public page shall say. A proposal is an approval that holds a publication back; it
//! is made public by the host when it is approved (`dispatch`), never by a plugin. The rules of what fits are in `status`.

use super::approvals::{ApprovalsCall, opened};
use super::caller::{Caller, quoted};
use super::grants::Need;
use super::incidents::IncidentsCall;
use crate::bindings::latest::drillbell::status::status as wit;
use crate::bindings::latest::drillbell::types::types::HostError;
use crate::config::limits::{STATUS_APPROVAL_MS, STATUS_UPDATES};
use crate::config::status::StatusPage;
use crate::model::approval::{Approval, Holds, subject};
use crate::model::ids::IncidentId;
use crate::model::incident::Status;
use crate::model::public::{
    AboutComponents, AboutIncident, AboutMaintenance, ComponentState, MaintenanceStatus, OnPage, PublicThing,
    Publication, Written,
};
use crate::model::view::{Block, View};
use crate::status::{check, proposal_text};
use std::collections::BTreeMap;
use std::sync::Arc;
use wasmtime::component::HasData;

/// What the host keeps of a proposal besides its texts.
const PROPOSAL_BYTES: usize = 2048;

/// The configured page, if there is one.
pub type PublicPage = Option<Arc<StatusPage>>;

/// The capability with its caller.
pub struct StatusHost<'a> {
    /// Who asks.
    pub caller: &'a mut Caller,
    /// Where proposals go.
    pub approvals: &'a mut ApprovalsCall,
    /// The incidents as this call sees them.
    pub incidents: &'a mut IncidentsCall,
    /// The page.
    pub page: &'a PublicPage,
}

/// Names `StatusHost` to the linker.
pub struct HasStatus;

impl HasData for HasStatus {
    type Data<'a> = StatusHost<'a>;
}

fn invalid(sentence: impl Into<String>) -> HostError {
    HostError::Invalid(sentence.into())
}

/// What the operator says about incidents of a severity; of one that is configured no longer, what applies by default.
fn rule(page: &StatusPage, severity: &str) -> OnPage {
    page.on_page.get(severity).copied().unwrap_or_default()
}

fn word(state: &str) -> Result<ComponentState, HostError> {
    ComponentState::parse(state).ok_or_else(|| {
        let known: Vec<_> = ComponentState::ALL.iter().map(|state| state.as_str()).collect();
        invalid(format!("{} is no state of a component; there are: {}", quoted(state), known.join(", ")))
    })
}

impl StatusHost<'_> {
    fn page(&mut self) -> Result<Arc<StatusPage>, HostError> {
        self.caller.need(Need::Status)?;
        self.page.clone().ok_or_else(|| invalid("there is no public status page: the configuration has no [status]"))
    }

    async fn incident(
        &mut self,
        incident: &str,
        title: String,
        status: &str,
        text: String,
        components: Vec<wit::ComponentState>,
    ) -> Result<String, HostError> {
        let page = self.page()?;
        let status = Status::parse(status).ok_or_else(|| {
            invalid(format!(
                "{} is no status; there are: investigating, identified, monitoring, resolved",
                quoted(status)
            ))
        })?;
        // It may be one that this very call declares.
        let own = self.incidents.glance(self.caller, incident).await?;
        let id = own.id.clone();
        let answer = self.caller.reads.public(&PublicThing::Incident(id.clone())).await;
        let public = self.caller.settle(answer)?.incident;
        if public.is_none() && rule(&page, &own.severity) == OnPage::Never {
            let severity = own.severity;
            return Err(invalid(format!(
                "incidents of {severity} do not go onto the public page: [severities.{severity}] says status_page = \"never\""
            )));
        }
        let seen = public.as_ref().map_or(0, |public| public.updates.len());
        if public.as_ref().is_some_and(|public| public.updates.len() >= STATUS_UPDATES) {
            return Err(HostError::TooLarge(format!("there are {STATUS_UPDATES} public updates of {id} already")));
        }
        let mut states = BTreeMap::new();
        for component in components {
            states.insert(component.name, word(&component.state)?);
        }
        if let (Status::Resolved, true, Some(public)) = (status, states.is_empty(), &public) {
            // What is no longer configured is nobody's any more.
            let named = public.updates.iter().flat_map(|update| &update.components).map(|affected| &affected.name);
            let named = named.filter(|name| page.names().contains(&name.as_str()));
            states.extend(named.map(|name| (name.clone(), ComponentState::Operational)));
        }
        let title = match title.trim().is_empty() {
            true => public.map_or(own.title, |public| public.title),
            false => title,
        };
        let written = Written { at_ms: self.caller.now_ms, seen };
        let about = AboutIncident { incident: id.clone(), title, status, text, components: states, written };
        self.ask_for(&page, Publication::Incident(about), format!("the public update of {id}"), Some(id)).await
    }

    async fn ask_for(
        &mut self,
        page: &StatusPage,
        proposed: Publication,
        title: String,
        incident: Option<IncidentId>,
    ) -> Result<String, HostError> {
        let publication = check(proposed, &page.names()).map_err(|refusal| invalid(refusal.to_string()))?;
        // The commit would be refused for it, and with it what else the plugin does here.
        if let Some(sentence) = &self.caller.public_refusal {
            return Err(invalid(sentence.clone()));
        }
        let conversation = self.caller.natural_place().await?.ok_or_else(|| {
            invalid("nobody caused this event and it has no incident, so there is nowhere to ask for approval")
        })?;
        let words = proposal_text(&publication, &page.components);
        let value = serde_json::to_value(&publication).map_err(|error| invalid(error.to_string()))?;
        let (subject, digest) = subject(&value);
        self.caller.meter.hold(PROPOSAL_BYTES + 3 * subject.len() + words.len())?;
        let what = "Approved, everybody will read on the public status page, word for word:";
        let mut blocks = vec![Block::Text { text: what.to_owned() }, Block::Code { text: words }];
        if let Publication::Components(about) = &publication {
            // For whoever approves; nobody else reads it.
            blocks.push(Block::Field { name: "why".to_owned(), value: about.reason.clone() });
        }
        let plea = View { blocks, ..View::default() };
        let holds = Holds::Publication { publication: Box::new(publication) };
        let until_ms = self.caller.now_ms.saturating_add(STATUS_APPROVAL_MS);
        let approval = Approval {
            title,
            incident: incident.or_else(|| self.caller.incident.clone()),
            plea,
            ..opened(self.caller, (subject, digest), conversation, holds, until_ms)
        };
        let id = approval.id.clone();
        self.approvals.add(approval)?;
        Ok(id.into_string())
    }

    async fn components(&mut self, reason: String, components: Vec<wit::ComponentState>) -> Result<String, HostError> {
        let page = self.page()?;
        let states = components.into_iter().map(|it| Ok((it.name, word(&it.state)?)));
        let components: BTreeMap<_, _> = states.collect::<Result<_, HostError>>()?;
        let written_ms = self.caller.now_ms;
        let title = "how components stand on the public page".to_owned();
        self.ask_for(&page, Publication::Components(AboutComponents { reason, components, written_ms }), title, None)
            .await
    }

    async fn maintenance(&mut self, name: &str, mut about: AboutMaintenance) -> Result<String, HostError> {
        let page = self.page()?;
        // A name of one plugin is not that of another.
        about.name = format!("{}/{name}", self.caller.plugin());
        let thing = PublicThing::Maintenance(about.name.clone());
        let answer = self.caller.reads.public(&thing).await;
        let public = self.caller.settle(answer)?.maintenance;
        about.written = Written { at_ms: self.caller.now_ms, seen: public.map_or(0, |public| public.updates.len()) };
        let title = "a public maintenance".to_owned();
        self.ask_for(&page, Publication::Maintenance(about), title, None).await
    }
}

impl wit::Host for StatusHost<'_> {
    fn rule_of(&mut self, severity: String) -> wasmtime::Result<wit::Rule> {
        self.caller.meter.begin("status.rule-of", "", severity.len())?;
        let rule = match self.page.as_ref().map_or(OnPage::Never, |page| rule(page, &severity)) {
            OnPage::Never => wit::Rule::Never,
            OnPage::Ask => wit::Rule::Ask,
            // What is done without being asked for is not tried for whoever may not ask for it. What a timer or an alert draws is
            // read by others, who may.
            OnPage::Propose if self.caller.by.is_some() && self.caller.public_refusal.is_some() => wit::Rule::Ask,
            OnPage::Propose => wit::Rule::Propose,
        };
        self.caller.meter.done(0);
        Ok(rule)
    }

    async fn propose(
        &mut self,
        incident: String,
        title: String,
        status: String,
        text: String,
        components: Vec<wit::ComponentState>,
    ) -> wasmtime::Result<Result<String, HostError>> {
        let named: usize = components.iter().map(|component| component.name.len() + component.state.len()).sum();
        self.caller.meter.begin("status.propose", &incident, title.len() + text.len() + named)?;
        let answer = self.incident(&incident, title, &status, text, components).await;
        self.caller.meter.end(answer, String::len)
    }

    async fn public_status(&mut self, incident: String) -> wasmtime::Result<Result<Option<String>, HostError>> {
        self.caller.meter.begin("status.public-status", &incident, 0)?;
        let answer = match self.caller.need(Need::Status) {
            Ok(()) => {
                let answer = self.caller.reads.public(&PublicThing::Incident(IncidentId::new(incident))).await;
                let public = self.caller.settle(answer);
                public.map(|public| public.incident.map(|public| public.status.as_str().to_owned()))
            }
            Err(denied) => Err(denied),
        };
        self.caller.meter.end(answer, |status| status.as_ref().map_or(0, String::len))
    }

    async fn propose_components(
        &mut self,
        reason: String,
        components: Vec<wit::ComponentState>,
    ) -> wasmtime::Result<Result<String, HostError>> {
        let named: usize = components.iter().map(|component| component.name.len() + component.state.len()).sum();
        self.caller.meter.begin("status.propose-components", &reason, named)?;
        let answer = self.components(reason, components).await;
        self.caller.meter.end(answer, String::len)
    }

    async fn propose_maintenance(
        &mut self,
        name: String,
        title: String,
        status: String,
        text: String,
        components: Vec<String>,
        starts_at: u64,
        ends_at: u64,
        ends_itself: bool,
    ) -> wasmtime::Result<Result<String, HostError>> {
        let named: usize = components.iter().map(String::len).sum();
        self.caller.meter.begin("status.propose-maintenance", &name, title.len() + text.len() + named)?;
        let answer = match MaintenanceStatus::parse(&status) {
            None => Err(invalid(format!(
                "{} is no status; there are: scheduled, in_progress, verifying, completed",
                quoted(&status)
            ))),
            Some(status) => {
                let ms = |at: u64| i64::try_from(at).unwrap_or(i64::MAX);
                let about = AboutMaintenance {
                    name: String::new(),
                    title,
                    status,
                    text,
                    components: components.into_iter().collect(),
                    starts_ms: ms(starts_at),
                    ends_ms: ms(ends_at),
                    ends_itself,
                    written: Written::default(),
                };
                self.maintenance(&name, about).await
            }
        };
        self.caller.meter.end(answer, String::len)
    }
}

#[cfg(test)]
mod tests;
