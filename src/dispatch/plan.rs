//! What to do about an event, as far as that can be told without asking the database: parse the command, find the plugin,
//! name the lane.

use super::{HOST, House};
use crate::model::event::{Delivery, Event};
use crate::model::ids::{IncidentId, MessageRef, PluginId};
use crate::model::view::View;
use crate::router::{IncidentMention, Invocation, LaneKey, Owner, ParseError, Routed, lane_of, targets};

/// What to do about an event.
#[derive(Debug)]
pub(super) enum Plan {
    /// A command of a plugin.
    Command(PluginId, Invocation),
    /// A command of the host's own.
    Host(Invocation),
    /// Show an explanation to the one who asked.
    Explain(View),
    /// Say what was wrong with the line.
    Refuse(ParseError),
    /// A click: whose card it is, the database knows.
    Click(MessageRef),
    /// One plugin hears it.
    Tell(PluginId),
    /// One of the host's own timers.
    HostTimer(String),
    /// Several do; each gets a share of its own.
    Share(Vec<PluginId>),
    /// A deploy: the timelines first, then a share for each plugin that hears of it.
    Deployed(Vec<PluginId>),
    /// Somebody changed or deleted a message: a timeline keeps it.
    Changed,
    /// Nobody does.
    Nobody,
}

impl House {
    /// Makes the plan. Pure but for the clock of the delivery.
    pub(super) fn plan(&self, delivery: &Delivery) -> Plan {
        match &delivery.event {
            Event::CommandReceived(command) => {
                let world = self.names.world(&delivery.conversation, delivery.received_ms);
                match self.directory.catalog.parse(&command.text, &world) {
                    Ok(Routed::Call { owner: Owner::Plugin(plugin), invocation }) => Plan::Command(plugin, invocation),
                    Ok(Routed::Call { owner: Owner::Host, invocation }) => Plan::Host(invocation),
                    Ok(Routed::Help(view)) => Plan::Explain(view),
                    Err(error) => Plan::Refuse(error),
                }
            }
            Event::ActionReceived(action) => Plan::Click(action.card.clone()),
            Event::MessageChanged(_) => Plan::Changed,
            Event::TimerElapsed(timer) if timer.plugin.as_str() == HOST => Plan::HostTimer(timer.name.clone()),
            event => {
                if let Some(plugin) = &delivery.plugin {
                    return Plan::Tell(plugin.clone());
                }
                let mut hear = targets(event, None, &self.directory.subscribers);
                match (event, hear.len()) {
                    (Event::DeployRecorded(_), _) => Plan::Deployed(hear),
                    (_, 0) => Plan::Nobody,
                    (_, 1) => Plan::Tell(hear.remove(0)),
                    _ => Plan::Share(hear),
                }
            }
        }
    }
}

impl Plan {
    /// Whether it is a plugin's command that leaves it to us to say which incident it is about.
    pub(super) fn names_no_incident(&self) -> bool {
        matches!(self, Self::Command(_, Invocation { incident: IncidentMention::Unspecified, .. }))
    }

    /// Whether it may be carried out before its event is durable: nothing is touched until what came of it is committed, which is
    /// done together. The host's own commands also sign people in and
    /// the like; clicks on the host's own cards wait for themselves (`host_click`).
    pub(super) fn may_begin_early(&self) -> bool {
        matches!(self, Self::Command(..) | Self::Explain(_) | Self::Refuse(_) | Self::Click(_))
    }

    /// The lane that the event waits in.
    pub(super) fn lane(&self, delivery: &Delivery) -> LaneKey {
        let host = PluginId::from(HOST);
        let (plugin, incident, card): (_, Option<&IncidentId>, _) = match self {
            Self::Command(plugin, invocation) => match &invocation.incident {
                IncidentMention::Given(incident) => (plugin, Some(incident), None),
                IncidentMention::Unspecified => (plugin, None, None),
            },
            Self::Tell(plugin) => (plugin, None, None),
            Self::Click(card) => (&host, None, Some(card)),
            Self::Host(_)
            | Self::Explain(_)
            | Self::Refuse(_)
            | Self::HostTimer(_)
            | Self::Share(_)
            | Self::Deployed(_)
            | Self::Changed
            | Self::Nobody => (&host, None, None),
        };
        lane_of(Some(plugin), incident, card, &delivery.conversation)
    }
}
