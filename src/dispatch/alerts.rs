//! Alerts on their way to plugins: notifications that are split because one alert in them fails, incidents that others shall
//! hear of, and the answer to "where would it go?".

use super::answer::{Answer, empty_commit};
use super::call::Task;
use super::plan::Plan;
use super::{House, Trouble, say};
use crate::model::event::{AlertFired, Delivery, Event, IncidentDeclared};
use crate::model::ids::{DeliveryId, IncidentId, PluginId};
use crate::model::view::{Block, Tone, View};
use crate::plugin::HandlerEvent;
use crate::router::targets;
use crate::store::{ClaimedEvent, OutcomeStatus};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use std::collections::BTreeMap;

impl Task<'_> {
    /// Whether it is several alerts, each of which could be heard alone.
    pub(super) fn is_splittable(&self) -> bool {
        matches!(&self.event, HandlerEvent::Alerts(all) if all.len() > 1)
    }
}

impl House {
    /// Lets each alert of a notification be an event of its own for a plugin that failed over all of them together. They are
    /// handled here and now, in the place that their notification has in its lane: at its end, what came later would overtake
    /// them, and a trouble that is over would fire again. They are durable, so that a crash in between loses none.
    pub(super) async fn split(&self, task: &Task<'_>, reason: &str) -> Result<(), Trouble> {
        let HandlerEvent::Alerts(alerts) = &task.event else { return Ok(()) };
        tracing::warn!(
            event.id = %task.delivery.id, plugin.id = %task.plugin, alerts = alerts.len(), error = reason,
            "a plugin failed over several alerts; each is handled alone"
        );
        let mut commit = empty_commit(task.delivery, task.plugin.clone(), OutcomeStatus::Ok, self.store.now_ms());
        commit.audit.detail["split"] = json!(reason);
        commit.children = children(task.delivery, &task.plugin, alerts);
        let Some(mut committed) = self.hold_out(commit).await? else { return Ok(()) };
        let children = committed.take_children();
        self.pass_on(committed);
        children.iter().for_each(|child| self.intake.hold(&child.id));
        for delivery in children {
            let plan = self.plan(&delivery);
            self.handle_here(ClaimedEvent { delivery, attempts: 0 }, plan).await;
        }
        Ok(())
    }

    /// Handles an event within the handling of another.
    fn handle_here(&self, event: ClaimedEvent, plan: Plan) -> BoxFuture<'_, ()> {
        self.handle(event, plan).boxed()
    }

    /// The events by which other plugins hear of an incident that one of them declared.
    pub(super) fn told_of(&self, delivery: &Delivery, by: &PluginId, incident: &IncidentId) -> Vec<Delivery> {
        let event = Event::IncidentDeclared(IncidentDeclared { incident: incident.clone(), by: by.clone() });
        let hear = targets(&event, None, &self.directory.subscribers);
        let delivery = |plugin: PluginId| Delivery {
            id: DeliveryId::new(format!("{}/{incident}/{plugin}", delivery.id)),
            plugin: Some(plugin),
            approval: None,
            event: event.clone(),
            ..delivery.clone()
        };
        hear.into_iter().map(delivery).collect()
    }

    /// `/drillbell route LABEL=VALUE…`: where an alert with these labels would go, and why.
    pub(super) async fn route(
        &self,
        delivery: &Delivery,
        words: Option<&str>,
        source: Option<&str>,
    ) -> Result<(), Trouble> {
        let labels = match labels(words.unwrap_or_default()) {
            Ok(labels) => labels,
            Err(word) => {
                let view =
                    say::mistake(&format!("`{word}` is no label: write LABEL=VALUE, such as severity=critical."));
                return self.answer(delivery, Answer::private(OutcomeStatus::Refused, view)).await;
            }
        };
        let names: Vec<&str> = self.routing.sources().filter(|name| source.is_none_or(|only| only == *name)).collect();
        if names.is_empty() {
            let known: Vec<_> = self.routing.sources().collect();
            let text = match known.is_empty() {
                true => "No alerts can come in: there is no [alerts.NAME] in the configuration.".to_owned(),
                false => format!("There is no such source of alerts. There are: {}.", known.join(", ")),
            };
            return self.answer(delivery, Answer::private(OutcomeStatus::Refused, say::mistake(&text))).await;
        }
        let mut blocks = Vec::new();
        let mut data = Vec::new();
        for name in names {
            let Some(found) = self.routing.decide_labels(name, &labels, None, self.store.now_ms()) else { continue };
            if !blocks.is_empty() {
                blocks.push(Block::Divider);
            }
            blocks.push(Block::Field { name: name.to_owned(), value: found.channel.to_string() });
            blocks.push(Block::Text { text: found.why.join("\n") });
            data.push(json!({
                "source": name, "channel": found.channel, "severity": found.severity, "runbook": found.runbook,
                "auto_declare": found.auto_declare, "muted_until": found.muted_until.map(crate::clock::rfc3339),
                "group": found.group, "why": found.why,
            }));
        }
        let view = View { title: "Where such an alert goes".to_owned(), tone: Tone::Info, blocks };
        let answer = Answer { data: Some(Value::Array(data)), ..Answer::private(OutcomeStatus::Ok, view) };
        self.answer(delivery, answer).await
    }
}

fn children(delivery: &Delivery, plugin: &PluginId, alerts: &[AlertFired]) -> Vec<Delivery> {
    let child = |(n, alert): (usize, &AlertFired)| Delivery {
        id: DeliveryId::new(format!("{}/{plugin}/{n}", delivery.id)),
        plugin: Some(plugin.clone()),
        event: Event::AlertFired(alert.clone()),
        ..delivery.clone()
    };
    alerts.iter().enumerate().map(child).collect()
}

/// `severity=critical service=shop`; the error is the word that is no label.
fn labels(words: &str) -> Result<BTreeMap<String, String>, String> {
    let pair = |word: &str| {
        let (label, value) =
            word.split_once('=').filter(|(label, _)| !label.is_empty()).ok_or_else(|| word.to_owned())?;
        Ok((label.to_owned(), value.trim_matches('"').to_owned()))
    };
    words.split_whitespace().map(pair).collect()
}
