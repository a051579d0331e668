//! The JSON feeds, in the shape of Statuspage's public API, version 2. What they hold is built by serde, so that no text
//! can break out of its place; keys that ours has no value for are there and null, because clients look for them.

use super::notice::{Affected, Maintenance, MaintenanceUpdate, PublicIncident, Snapshot};
use super::overall::{Overall, Standing};
use super::site::{Frame, short};
use crate::clock::rfc3339;
use crate::config::limits::STATUS_ENTRIES;
use crate::model::incident::Status;
use crate::model::public::{ComponentState, MaintenanceStatus};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What the feeds are made of.
pub(super) struct Feeds<'a> {
    pub(super) frame: &'a Frame,
    pub(super) snapshot: &'a Snapshot,
    pub(super) standings: &'a [Standing<'a>],
    pub(super) overall: Overall,
    pub(super) now_ms: i64,
}

/// Every feed by its path below the page's.
pub(super) fn all(feeds: &Feeds<'_>) -> Vec<(&'static str, Value)> {
    use MaintenanceStatus::{Completed, Scheduled};
    let open = |incident: &PublicIncident| incident.status != Status::Resolved;
    let running = |status| !matches!(status, Scheduled | Completed);
    vec![
        (
            "api/v2/summary.json",
            feeds.whole([
                ("status", feeds.status()),
                ("components", feeds.components()),
                ("incidents", feeds.incidents(open)),
                ("scheduled_maintenances", feeds.maintenances(|status| status != Completed)),
            ]),
        ),
        ("api/v2/status.json", feeds.whole([("status", feeds.status())])),
        ("api/v2/components.json", feeds.whole([("components", feeds.components())])),
        ("api/v2/incidents.json", feeds.whole([("incidents", feeds.incidents(|_| true))])),
        ("api/v2/incidents/unresolved.json", feeds.whole([("incidents", feeds.incidents(open))])),
        ("api/v2/scheduled-maintenances.json", feeds.whole([("scheduled_maintenances", feeds.maintenances(|_| true))])),
        (
            "api/v2/scheduled-maintenances/upcoming.json",
            feeds.whole([("scheduled_maintenances", feeds.maintenances(|status| status == Scheduled))]),
        ),
        (
            "api/v2/scheduled-maintenances/active.json",
            feeds.whole([("scheduled_maintenances", feeds.maintenances(running))]),
        ),
    ]
}

impl Feeds<'_> {
    fn page_id(&self) -> String {
        short(&self.snapshot.page)
    }

    fn whole<const N: usize>(&self, parts: [(&str, Value); N]) -> Value {
        let page = json!({
            "id": self.page_id(),
            "name": self.frame.page.title,
            "url": self.frame.address(),
            "time_zone": "Etc/UTC",
            "updated_at": rfc3339(self.snapshot.changed_ms),
        });
        let parts = parts.into_iter().map(|(key, value)| (key.to_owned(), value));
        Value::Object(parts.chain([("page".to_owned(), page)]).collect())
    }

    fn status(&self) -> Value {
        json!({"indicator": self.overall.indicator.as_str(), "description": self.overall.description})
    }

    /// Components and, as Statuspage does, their groups as components that hold others.
    fn components(&self) -> Value {
        let mut all = Vec::new();
        let mut groups: Vec<&str> = Vec::new();
        for standing in self.standings {
            match standing.component.group.as_deref() {
                None => all.push(self.component(standing, all.len())),
                Some(group) if groups.contains(&group) => {}
                Some(group) => {
                    groups.push(group);
                    let members = || self.standings.iter().filter(|it| it.component.group.as_deref() == Some(group));
                    let worst = members().map(|it| it.state).max().unwrap_or(ComponentState::Unknown);
                    let ids: Vec<_> = members().map(|it| component_id(&it.component.name)).collect();
                    all.push(self.shape(Shape {
                        id: group_id(group),
                        name: group,
                        description: "",
                        state: worst,
                        changed_ms: self.snapshot.changed_ms,
                        position: all.len() + 1,
                        group: None,
                        members: Some(ids),
                    }));
                    all.extend(members().enumerate().map(|(place, member)| self.component(member, place)));
                }
            }
        }
        Value::Array(all)
    }

    fn component(&self, standing: &Standing<'_>, place: usize) -> Value {
        let component = standing.component;
        let last = self.snapshot.said.iter().rev().find(|said| said.component == component.name);
        self.shape(Shape {
            id: component_id(&component.name),
            name: &component.title,
            description: &component.description,
            state: standing.state,
            changed_ms: last.map_or(self.snapshot.changed_ms, |said| said.at_ms),
            position: place + 1,
            group: component.group.as_deref(),
            members: None,
        })
    }

    fn shape(&self, it: Shape<'_>) -> Value {
        // A client that knows only Statuspage's words reads here why it says "degraded".
        let description = match (it.state, it.description) {
            (ComponentState::Unknown, "") => "Its state is not known at present.".to_owned(),
            (ComponentState::Unknown, said) => format!("{said} (Its state is not known at present.)"),
            (_, said) => said.to_owned(),
        };
        let mut value = json!({
            "id": it.id,
            "name": it.name,
            "status": it.state.for_clients(),
            "state": it.state.as_str(),
            "created_at": rfc3339(self.snapshot.said.first().map_or(self.snapshot.changed_ms, |said| said.at_ms)),
            "updated_at": rfc3339(it.changed_ms),
            "position": it.position,
            "description": (!description.is_empty()).then_some(description),
            "showcase": false,
            "start_date": null,
            "group_id": it.group.map(group_id),
            "page_id": self.page_id(),
            "group": it.members.is_some(),
            "only_show_if_degraded": false,
        });
        if let Some(members) = it.members {
            value["components"] = json!(members);
        }
        value
    }

    /// The components that somebody's story names, as they stand now.
    fn named(&self, names: &BTreeSet<&str>) -> Value {
        let named = self.standings.iter().filter(|standing| names.contains(standing.component.name.as_str()));
        named.enumerate().map(|(place, standing)| self.component(standing, place)).collect()
    }

    fn incidents(&self, wanted: impl Fn(&PublicIncident) -> bool) -> Value {
        let wanted = self.snapshot.incidents.iter().filter(|incident| wanted(incident));
        wanted.take(STATUS_ENTRIES).map(|incident| self.incident(incident)).collect()
    }

    fn incident(&self, incident: &PublicIncident) -> Value {
        let id = short(&incident.id);
        let names = incident.updates.iter().flat_map(|update| &update.components);
        let names: BTreeSet<_> = names.map(|affected| affected.name.as_str()).collect();
        let updates = incident.updates.iter().rev().map(|update| {
            self.update(&id, &update.id, update.status.as_str(), &update.text, update.at_ms, &update.components)
        });
        json!({
            "id": id,
            "name": incident.title,
            "status": incident.status.as_str(),
            "created_at": rfc3339(incident.started_ms),
            "updated_at": rfc3339(incident.changed_ms),
            "started_at": rfc3339(incident.started_ms),
            "monitoring_at": incident.monitoring_ms.map(rfc3339),
            "resolved_at": incident.resolved_ms.map(rfc3339),
            "impact": incident.impact.as_str(),
            "shortlink": self.frame.link_to(&id),
            "page_id": self.page_id(),
            "incident_updates": updates.collect::<Vec<_>>(),
            "components": self.named(&names),
            "reminder_intervals": null,
        })
    }

    fn update(&self, story: &str, id: &str, status: &str, text: &str, at_ms: i64, affected: &[Affected]) -> Value {
        let title = |name: &str| {
            let known = self.frame.page.components.iter().find(|component| component.name == name);
            known.map_or_else(|| name.to_owned(), |component| component.title.clone())
        };
        let affected = affected.iter().map(|it| {
            json!({
                "code": component_id(&it.name),
                "name": title(&it.name),
                "old_status": it.from.for_clients(),
                "new_status": it.to.for_clients(),
            })
        });
        let at = rfc3339(at_ms);
        json!({
            "id": short(id),
            "incident_id": story,
            "status": status,
            "body": text,
            "created_at": at,
            "updated_at": at,
            "display_at": at,
            "affected_components": affected.collect::<Vec<_>>(),
            "deliver_notifications": false,
            "custom_tweet": null,
            "tweet_id": null,
        })
    }

    fn maintenances(&self, wanted: impl Fn(MaintenanceStatus) -> bool) -> Value {
        let wanted = self.snapshot.maintenances.iter().filter(|it| wanted(it.status_at(self.now_ms)));
        wanted.take(STATUS_ENTRIES).map(|maintenance| self.maintenance(maintenance)).collect()
    }

    fn maintenance(&self, maintenance: &Maintenance) -> Value {
        let id = short(&maintenance.id);
        let status = maintenance.status_at(self.now_ms);
        let completed = (status == MaintenanceStatus::Completed)
            .then(|| rfc3339(maintenance.completed_ms.unwrap_or(maintenance.ends_ms)));
        let names: BTreeSet<_> = maintenance.components.iter().map(String::as_str).collect();
        let update = |it: &MaintenanceUpdate| self.update(&id, &it.id, it.status.as_str(), &it.text, it.at_ms, &[]);
        json!({
            "id": id,
            "name": maintenance.title,
            "status": status.as_str(),
            "created_at": rfc3339(maintenance.created_ms),
            "updated_at": rfc3339(maintenance.changed_ms),
            "started_at": rfc3339(maintenance.created_ms),
            "monitoring_at": null,
            "resolved_at": completed,
            "impact": "maintenance",
            "shortlink": self.frame.link_to(&id),
            "page_id": self.page_id(),
            "scheduled_for": rfc3339(maintenance.starts_ms),
            "scheduled_until": rfc3339(maintenance.ends_ms),
            "incident_updates": maintenance.updates.iter().rev().map(update).collect::<Vec<_>>(),
            "components": self.named(&names),
            "reminder_intervals": null,
        })
    }
}

/// A component or a group of them.
struct Shape<'a> {
    id: String,
    name: &'a str,
    description: &'a str,
    state: ComponentState,
    changed_ms: i64,
    position: usize,
    group: Option<&'a str>,
    members: Option<Vec<String>>,
}

fn component_id(name: &str) -> String {
    short(&format!("component {name}"))
}

fn group_id(title: &str) -> String {
    short(&format!("group {title}"))
}
