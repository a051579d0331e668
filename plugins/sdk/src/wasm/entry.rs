//! From an exported function to the author's trait and back. One function for each handler, called by `export!`.

use super::bindings::drillbell::plugin::events as wit;
use super::bindings::drillbell::types::types;
use super::host::Host;
use crate::handlers::{
    OnAction, OnAlert, OnApproval, OnCommand, OnDeploy, OnIncident, OnJob, OnReaction, OnTimer, Suggest,
};

/// What an exported handler returns.
pub type Answer<T = ()> = Result<T, types::Error>;

macro_rules! entry {
    ($name:ident, $event:ident, $handler:ident, $method:ident) => {
        /// Hands the event to the author's handler.
        pub fn $name<P: $handler>(event: wit::$event) -> Answer {
            P::$method(&mut Host::new(), event.into()).map_err(Into::into)
        }
    };
}

entry!(command, Command, OnCommand, on_command);
entry!(action, Action, OnAction, on_action);
entry!(alert, Alert, OnAlert, on_alert);
entry!(deploy, Deploy, OnDeploy, on_deploy);
entry!(timer, Timer, OnTimer, on_timer);
entry!(job, Job, OnJob, on_job);
entry!(approval, Approval, OnApproval, on_approval);
entry!(reaction, Reaction, OnReaction, on_reaction);
entry!(incident, Declared, OnIncident, on_incident);

/// Hands the query to the author's handler.
pub fn suggest<P: Suggest>(query: wit::Query) -> Answer<Vec<wit::Suggestion>> {
    let found = P::suggest(&mut Host::new(), query.into())?;
    Ok(found.into_iter().map(|s| wit::Suggestion { value: s.value, label: s.label }).collect())
}
