//! The chat platforms: which are configured, and their inbound sides while the bot runs.

use super::answers::Answers;
use super::{deaf, link_test};
use crate::clock::Clock;
use crate::config::Config;
use crate::dispatch::House;
use crate::model::ids::PersonId;
use crate::model::manifest::CommandSpec;
use crate::platform::discord::Discord;
use crate::platform::door::{Asks, Door};
use crate::platform::slack::SlackChat;
use crate::platform::{Chat, Inbound};
use crate::policy::{Group, Groups};
use futures::FutureExt;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How long an inbound side that broke is left alone before it starts anew.
const AGAIN: Duration = Duration::from_secs(5);

/// The platforms of `[chat]`.
pub(super) fn configured(config: &Config, clock: &Clock) -> anyhow::Result<Vec<Chat>> {
    let mut chats = Vec::new();
    if let Some(slack) = SlackChat::of(config, clock)? {
        chats.push(Chat { platform: slack.clone(), inbound: slack });
    }
    chats.extend(Discord::configured(config, clock).map_err(anyhow::Error::msg)?);
    Ok(chats)
}

/// Who is in the platforms' own groups, as the platforms tell.
pub(super) struct ChatGroups(Vec<Arc<dyn Inbound>>);

impl ChatGroups {
    pub(super) fn of(chats: &[Chat]) -> Self {
        Self(chats.iter().map(|chat| chat.inbound.clone()).collect())
    }
}

impl Groups for ChatGroups {
    fn has(&self, group: Group<'_>, person: &PersonId) -> bool {
        let there = self.0.iter().filter(|inbound| inbound.link().platform() == group.platform);
        there.into_iter().any(|inbound| inbound.in_group(group.id, person))
    }
}

/// The inbound sides. Nothing is heard before they are opened.
pub struct Doors {
    inbound: Vec<Arc<dyn Inbound>>,
    door: Door,
    asks: Arc<dyn Asks>,
    house: Arc<House>,
    deaf_after: Duration,
    stop: CancellationToken,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Doors {
    pub(super) fn new(chats: Vec<Chat>, config: &Config, house: &Arc<House>) -> Self {
        let asks: Arc<dyn Asks> = Arc::new(Answers::new(house, config));
        let door = Door::new(house.intake.clone(), Arc::new(config.people.clone()), asks.clone());
        let inbound = chats.into_iter().map(|chat| chat.inbound).collect();
        let (deaf_after, stop) = (config.limits.deaf_after, CancellationToken::new());
        Self { inbound, door, asks, house: house.clone(), deaf_after, stop, tasks: Mutex::default() }
    }

    /// Begins to hear.
    pub(super) fn open(&self) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        for inbound in &self.inbound {
            tasks.push(tokio::spawn(hear(inbound.clone(), self.door.clone(), self.stop.clone())));
            let test = link_test::run(inbound.clone(), self.deaf_after, self.stop.clone());
            tasks.push(tokio::spawn(test));
            let link = inbound.link().clone();
            tasks.push(tokio::spawn(deaf::watch(link, self.house.clone(), self.deaf_after, self.stop.clone())));
        }
    }

    /// What the platforms call by HTTP.
    pub fn routes(&self) -> axum::Router {
        let routers = self.inbound.iter().filter_map(|inbound| inbound.clone().routes(self.door.clone()));
        routers.fold(axum::Router::new(), axum::Router::merge)
    }

    /// Every command, with what is configured as the choices of the arguments that name it.
    pub fn commands(&self) -> Arc<dyn Fn() -> Vec<CommandSpec> + Send + Sync> {
        let asks = self.asks.clone();
        Arc::new(move || asks.commands())
    }

    /// Hears no more; what was heard is durable.
    pub(super) async fn close(self, patience: Duration) {
        self.stop.cancel();
        let tasks = self.tasks.into_inner().unwrap_or_else(PoisonError::into_inner);
        let cuts: Vec<_> = tasks.iter().map(JoinHandle::abort_handle).collect();
        let mut all = futures::future::join_all(tasks);
        if tokio::time::timeout(patience, &mut all).await.is_err() {
            tracing::warn!("a chat platform's line was cut off at shutdown");
            cuts.iter().for_each(tokio::task::AbortHandle::abort);
            all.await;
        }
    }
}

/// A panic of one platform's is a bug of ours, and neither the end of that platform nor of the bot.
async fn hear(inbound: Arc<dyn Inbound>, door: Door, stop: CancellationToken) {
    loop {
        let run = AssertUnwindSafe(inbound.clone().run(door.clone(), stop.clone())).catch_unwind();
        if run.await.is_ok() {
            return;
        }
        inbound.link().is_down("hearing it panicked, which is a bug; the log has the place");
        tokio::select! {
            () = tokio::time::sleep(AGAIN) => {}
            () = stop.cancelled() => return,
        }
    }
}
