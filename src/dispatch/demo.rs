//! `/demo break` and `/demo heal`, which only the demo has: something goes wrong with its shop, for real, and is mended. What comes
//! of it (probes, alerts, incidents) knows nothing of this.

use super::answer::{echo, empty_commit};
use super::{HOST, House, Trouble};
use crate::model::effect::Effect;
use crate::model::event::{Delivery, DeployRecorded, Event};
use crate::model::ids::{self, ConversationId, DeliveryId, MessageRef};
use crate::model::manifest::CommandSpec;
use crate::model::view::{Block, Tone, View};
use crate::router::demo_command;
use crate::shop::{Fault, Shop};
use crate::store::OutcomeStatus;
use serde_json::json;

/// The demo's shop, and what the demo's configuration says of it.
#[derive(Clone, Debug)]
pub struct Demo {
    /// The shop.
    pub shop: Shop,
    /// Where deploy records belong.
    pub deployments: ConversationId,
    /// Where alerts are told.
    pub alerts: Option<ConversationId>,
    /// How many probes look at it.
    pub probes: usize,
}

/// What was done, to be told and recorded.
struct Done {
    view: View,
    fault: Option<Fault>,
    /// The version now, and the one before, if that changed.
    deployed: Option<(String, String)>,
}

impl Demo {
    /// What the shop is called in the demo's configuration.
    pub const SERVICE: &'static str = "shop";

    /// The demo's command.
    pub fn command(&self) -> CommandSpec {
        demo_command(&Fault::ALL.map(Fault::as_str))
    }

    /// Makes something wrong. The error is a sentence: nothing was done, or it did not work.
    async fn break_it(&self, fault: Fault) -> Result<Done, String> {
        if let Some(already) = self.shop.fault() {
            return Err(format!("{} Mend that first: `/demo heal`", broken(already)));
        }
        let before = self.version();
        self.shop.break_it(fault).await?;
        let mut view = View::text(broken(fault)).toned(Tone::Warning);
        view.title = "The shop is broken".to_owned();
        view.blocks.push(Block::Text { text: self.what_comes(fault) });
        let page = self.shop.port().map(|port| format!(" Look for yourself: http://127.0.0.1:{port}/"));
        view.blocks.push(Block::Context { text: format!("`/demo heal` mends it.{}", page.unwrap_or_default()) });
        let after = self.version();
        Ok(Done { view, fault: Some(fault), deployed: (before != after).then_some((after, before)) })
    }

    /// Mends everything. The error is a sentence.
    async fn heal(&self) -> Result<Done, String> {
        let Some(fault) = self.shop.fault() else {
            return Err("The shop is well; there is nothing to mend. `/demo break` breaks it.".to_owned());
        };
        let before = self.version();
        let running = self.shop.heal().await?;
        let text = format!(
            "It runs {} and answers again. Its probes see that by themselves: within a minute the cards say that it is over.",
            running.version
        );
        let mut view = View::text(text).toned(Tone::Good);
        view.title = "The shop is mended".to_owned();
        let hint = "An incident that was declared stays open until somebody says `/sev resolve` and how it was mended.";
        view.blocks.push(Block::Context { text: hint.to_owned() });
        let after = self.version();
        Ok(Done { view, fault: Some(fault), deployed: (before != after).then_some((after, before)) })
    }

    /// The version that the link names; empty if it leads nowhere.
    fn version(&self) -> String {
        self.shop.release().map_or_else(|_| String::new(), |release| release.version)
    }

    /// What somebody who waits for the alert should know.
    fn what_comes(&self, fault: Fault) -> String {
        let Some(channel) = self.alerts.as_ref().filter(|_| self.probes > 0) else {
            return "This demo's drillbell.toml has no probe that looks at the shop, so that no alert comes of it; a demo in a \
                    new folder has one."
                .to_owned();
        };
        let (platform, name) = channel.as_str().split_once(':').unwrap_or(("", channel.as_str()));
        let name = if platform == "console" { name } else { channel.as_str() };
        let when = match fault {
            Fault::Release | Fault::Down => "After the second failure, some ten seconds from now,",
            Fault::Errors | Fault::Slow => "Within half a minute, when there are enough looks to judge by,",
        };
        format!(
            "The bot looks at the shop every few seconds. {when} a card comes up in {name} (in the terminal: `/channel {name}`); its \
             button declares an incident."
        )
    }
}

/// What is wrong, as a sentence.
fn broken(fault: Fault) -> &'static str {
    match fault {
        Fault::Release => "Release v3 of the shop is deployed, and every page fails.",
        Fault::Errors => "Every second page of the shop fails.",
        Fault::Slow => "Every page of the shop takes a second and a half.",
        Fault::Down => "The shop stands still: nobody answers.",
    }
}

impl House {
    /// Answers the demo's command.
    pub(super) async fn demo(&self, delivery: &Delivery, subcommand: &str, what: Option<&str>) -> Result<(), Trouble> {
        let Some(demo) = &self.demo else {
            return self.refuse(delivery, None, "There is no demo here.".to_owned()).await;
        };
        let did = match subcommand {
            "break" => demo.break_it(what.and_then(Fault::of).unwrap_or(Fault::Release)).await,
            _ => demo.heal().await,
        };
        match did {
            Ok(done) => self.demo_did(delivery, demo, done).await,
            Err(sentence) => self.refuse(delivery, None, sentence).await,
        }
    }

    async fn demo_did(&self, delivery: &Delivery, demo: &Demo, done: Done) -> Result<(), Trouble> {
        let Done { view, fault, deployed } = done;
        let now_ms = self.store.now_ms();
        let mut commit = empty_commit(delivery, HOST.into(), OutcomeStatus::Ok, now_ms);
        let version = demo.version();
        commit.result.text = view.to_plain();
        commit.result.data = Some(json!({"fault": fault.map(Fault::as_str), "version": version}));
        commit.echo = echo(delivery, false);
        commit.effects.push(Effect::PostMessage {
            message: MessageRef::new(ids::fresh()),
            to: delivery.conversation.clone(),
            view,
            private_to: None,
            reply: true,
        });
        if let Some((version, previous)) = deployed {
            let by = delivery.event.by().map_or(HOST, |by| by.name.as_str()).to_owned();
            commit.children.push(Delivery {
                id: DeliveryId::new(format!("{}/deploy", delivery.id)),
                conversation: demo.deployments.clone(),
                plugin: None,
                approval: None,
                event: Event::DeployRecorded(DeployRecorded {
                    service: Demo::SERVICE.to_owned(),
                    version,
                    previous,
                    commit: String::new(),
                    schema: "none".to_owned(),
                    migrations: Vec::new(),
                    disagrees: String::new(),
                    by,
                    at_ms: now_ms,
                    rollback: false,
                }),
                ..delivery.clone()
            });
        }
        self.metrics.answered(HOST, None);
        self.commit_plainly(commit).await
    }
}
