//! The handlers that a component exports. What a plugin exports is what it is subscribed to; nothing is declared twice.

use super::event::Event;
use crate::bindings::latest::drillbell::plugin::events::{Query, Suggestion};
use crate::bindings::latest::drillbell::types::types::Error;
use crate::bindings::latest::exports::drillbell::plugin as wit;
use crate::capability::CallState;
use wasmtime::Store;
use wasmtime::component::InstancePre;

/// A component, linked, with the handlers found in it.
pub(super) struct Handlers {
    pre: InstancePre<CallState>,
    command: Option<wit::on_command::GuestIndices>,
    action: Option<wit::on_action::GuestIndices>,
    alert: Option<wit::on_alert::GuestIndices>,
    deploy: Option<wit::on_deploy::GuestIndices>,
    timer: Option<wit::on_timer::GuestIndices>,
    job: Option<wit::on_job::GuestIndices>,
    approval: Option<wit::on_approval::GuestIndices>,
    reaction: Option<wit::on_reaction::GuestIndices>,
    incident: Option<wit::on_incident::GuestIndices>,
    suggest: Option<wit::suggest::GuestIndices>,
}

/// The plugin has no handler for this kind of event.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("it exports no handler for this kind of event ({0})")]
pub struct NoHandler(pub &'static str);

impl Handlers {
    /// Finds the handlers of a linked component.
    pub(super) fn of(pre: InstancePre<CallState>) -> Self {
        Self {
            command: wit::on_command::GuestIndices::new(&pre).ok(),
            action: wit::on_action::GuestIndices::new(&pre).ok(),
            alert: wit::on_alert::GuestIndices::new(&pre).ok(),
            deploy: wit::on_deploy::GuestIndices::new(&pre).ok(),
            timer: wit::on_timer::GuestIndices::new(&pre).ok(),
            job: wit::on_job::GuestIndices::new(&pre).ok(),
            approval: wit::on_approval::GuestIndices::new(&pre).ok(),
            reaction: wit::on_reaction::GuestIndices::new(&pre).ok(),
            incident: wit::on_incident::GuestIndices::new(&pre).ok(),
            suggest: wit::suggest::GuestIndices::new(&pre).ok(),
            pre,
        }
    }

    /// The words of the handlers found: `command`, `action`, …
    pub(super) fn kinds(&self) -> Vec<&'static str> {
        let all = [
            ("command", self.command.is_some()),
            ("action", self.action.is_some()),
            ("alert", self.alert.is_some()),
            ("deploy", self.deploy.is_some()),
            ("timer", self.timer.is_some()),
            ("job", self.job.is_some()),
            ("approval", self.approval.is_some()),
            ("reaction", self.reaction.is_some()),
            ("incident", self.incident.is_some()),
            ("suggest", self.suggest.is_some()),
        ];
        all.into_iter().filter(|(_, exported)| *exported).map(|(kind, _)| kind).collect()
    }

    /// Makes an instance and checks the types of its handlers, without calling one.
    pub(super) async fn try_out(&self, store: &mut Store<CallState>) -> wasmtime::Result<()> {
        let instance = self.pre.instantiate_async(&mut *store).await?;
        macro_rules! check {
            ($($handler:ident),+) => { $(
                if let Some(handler) = &self.$handler {
                    handler.load(&mut *store, &instance)?;
                }
            )+ };
        }
        check!(command, action, alert, deploy, timer, job, approval, reaction, incident, suggest);
        Ok(())
    }

    /// Makes an instance and lets it handle an event.
    pub(super) async fn handle(
        &self,
        store: &mut Store<CallState>,
        event: &Event,
    ) -> wasmtime::Result<Result<(), Error>> {
        macro_rules! call {
            ($handler:ident, $event:expr) => {{
                let handler = self.$handler.as_ref().ok_or(NoHandler(stringify!($handler)))?;
                let instance = self.pre.instantiate_async(&mut *store).await?;
                handler.load(&mut *store, &instance)?.call_handle(&mut *store, $event).await
            }};
        }
        match event {
            Event::Command(event) => call!(command, event),
            Event::Action(event) => call!(action, event),
            Event::Alerts(alerts) => self.hear(store, alerts).await,
            Event::Deploy(event) => call!(deploy, event),
            Event::Timer(event) => call!(timer, event),
            Event::Job(event) => call!(job, event),
            Event::Approval(event) => call!(approval, event),
            Event::Reaction(event) => call!(reaction, event),
            Event::Incident(event) => call!(incident, event),
        }
    }

    /// Makes one instance and lets it hear alert after alert, until one of them is not handled.
    async fn hear(
        &self,
        store: &mut Store<CallState>,
        alerts: &[crate::bindings::latest::drillbell::plugin::events::Alert],
    ) -> wasmtime::Result<Result<(), Error>> {
        let handler = self.alert.as_ref().ok_or(NoHandler("alert"))?;
        let instance = self.pre.instantiate_async(&mut *store).await?;
        let guest = handler.load(&mut *store, &instance)?;
        for alert in alerts {
            if let Err(error) = guest.call_handle(&mut *store, alert).await? {
                return Ok(Err(error));
            }
        }
        Ok(Ok(()))
    }

    /// Makes an instance and asks it for completions.
    pub(super) async fn complete(
        &self,
        store: &mut Store<CallState>,
        query: &Query,
    ) -> wasmtime::Result<Result<Vec<Suggestion>, Error>> {
        let suggest = self.suggest.as_ref().ok_or(NoHandler("suggest"))?;
        let instance = self.pre.instantiate_async(&mut *store).await?;
        suggest.load(&mut *store, &instance)?.call_complete(&mut *store, query).await
    }
}
