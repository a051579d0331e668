//! Which plugins hear an event. A handler it exports is a plugin's subscription; what concerns everybody also needs a
//! grant, and what belongs to one plugin reaches no other.

use crate::model::event::Event;
use crate::model::ids::PluginId;
use std::collections::BTreeSet;

/// A loaded plugin as events see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscriber {
    /// Which plugin.
    pub plugin: PluginId,
    /// The kinds it exports handlers for, in the words of [`Event::kind`].
    pub handles: BTreeSet<String>,
    /// The grants that stand in its manifest and in the configuration: `alerts`, `deploys`, `reactions`, …
    pub grants: BTreeSet<String>,
}

/// The plugins that hear `event`, in the order of `subscribers`.
///
/// `owner` is whose command was typed (as [`Catalog::parse`](super::Catalog::parse) found), or whose card was clicked;
/// other events name their plugin or concern everybody.
pub fn targets(event: &Event, owner: Option<&PluginId>, subscribers: &[Subscriber]) -> Vec<PluginId> {
    let everybody_with = |grant: &'static str| (None, Some(grant));
    let (only, grant) = match event {
        Event::CommandReceived(_) | Event::ActionReceived(_) => match owner {
            Some(owner) => (Some(owner), None),
            None => return Vec::new(),
        },
        Event::TimerElapsed(timer) => (Some(&timer.plugin), None),
        Event::JobFinished(job) => (Some(&job.plugin), None),
        Event::ApprovalEnded(approval) => (Some(&approval.plugin), None),
        Event::AlertFired(_) | Event::AlertsFired(_) => everybody_with("alerts"),
        Event::DeployRecorded(_) => everybody_with("deploys"),
        Event::ReactionAdded(_) => everybody_with("reactions"),
        // Who may write may read, and needs no second grant for it.
        Event::IncidentDeclared(_) => (None, None),
        // What becomes of people's messages the host writes down itself; no plugin reads them.
        Event::MessageChanged(_) => return Vec::new(),
    };
    let hears = |subscriber: &&Subscriber| {
        subscriber.handles.contains(event.kind())
            && only.is_none_or(|only| *only == subscriber.plugin)
            && grant.is_none_or(|grant| subscriber.grants.contains(grant))
            && may_hear(event, subscriber)
    };
    subscribers.iter().filter(hears).map(|subscriber| subscriber.plugin.clone()).collect()
}

/// Of an incident hear those who may look at it, other than the one that declared it.
fn may_hear(event: &Event, subscriber: &Subscriber) -> bool {
    let Event::IncidentDeclared(declared) = event else { return true };
    let reads = ["incidents:read", "incidents:write"].iter().any(|grant| subscriber.grants.contains(*grant));
    reads && declared.by != subscriber.plugin
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::event::{AlertFired, CommandReceived, Person, TimerElapsed};
    use crate::model::ids::PersonId;

    fn subscriber(name: &str, handles: &[&str], grants: &[&str]) -> Subscriber {
        let set = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Subscriber { plugin: PluginId::from(name), handles: set(handles), grants: set(grants) }
    }

    fn house() -> Vec<Subscriber> {
        vec![
            subscriber("quiet", &["command"], &["alerts"]),
            subscriber("pager", &["alert", "timer"], &["alerts"]),
            subscriber("nosy", &["alert", "command", "timer"], &[]),
        ]
    }

    fn names(event: &Event, owner: Option<&str>) -> Vec<String> {
        let owner = owner.map(PluginId::from);
        targets(event, owner.as_ref(), &house()).into_iter().map(PluginId::into_string).collect()
    }

    #[test]
    fn an_alert_reaches_whoever_handles_alerts_and_may() {
        let alert = Event::AlertFired(AlertFired {
            source: "am".to_owned(),
            fingerprint: "f".to_owned(),
            status: "firing".to_owned(),
            title: "t".to_owned(),
            labels: vec![],
            annotations: vec![],
            started_ms: 0,
            ended_ms: None,
            url: String::new(),
        });
        assert_eq!(names(&alert, None), ["pager"]);
    }

    #[test]
    fn a_command_reaches_its_owner_and_a_timer_its_setter() {
        let by = Person { id: PersonId::from("ana"), name: "Ana".to_owned() };
        let command = Event::CommandReceived(CommandReceived { text: "/x".to_owned(), by, asserted_by: None });
        assert_eq!(names(&command, Some("quiet")), ["quiet"]);
        assert_eq!(names(&command, Some("pager")), [""; 0], "it exports no command handler");
        assert_eq!(names(&command, None), [""; 0]);
        let plugin = PluginId::from("nosy");
        let timer = TimerElapsed { plugin, name: "t".to_owned(), payload: String::new(), due_ms: 0 };
        assert_eq!(names(&Event::TimerElapsed(timer), None), ["nosy"]);
    }
}
