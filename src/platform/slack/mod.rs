//! Slack: what is said by its Web API, what is heard by a socket of ours (Socket Mode) or by its requests (HTTP mode). Knows the
//! house by its `Door` only. Types of requests and blocks are slack-morphism's; the session, the HTTP and what comes in are ours.

mod api;
mod check;
mod connector;
mod controls;
mod follow;
mod groups;
mod http;
mod inbound;
mod manifest;
mod memory;
mod modal;
mod names;
mod outbound;
mod pages;
mod payload;
mod place;
mod private;
mod refusal;
mod render;
mod session;
mod signature;
mod socket_mode;
mod spoken;
mod text;

pub use check::look;
pub use manifest::manifest;
pub use pages::shown;
pub use payload::reads;

use super::door::Door;
use super::{DeliverError, Inbound, Platform, Request};
use crate::clock::Clock;
use crate::config::Config;
use crate::config::slack::{Mode, Slack};
use crate::model::ids::PersonId;
use crate::telemetry::Link;
use api::{Api, Myself};
use follow::Said;
use futures::FutureExt;
use futures::future::BoxFuture;
use groups::Groups;
use memory::{Memory, Tried};
use names::{Names, SLACK};
use private::Told;
use refusal::CallError;
use std::sync::Arc;
use tokio::sync::{Notify, OnceCell};
use tokio_util::sync::CancellationToken;

/// Both sides of Slack.
pub struct SlackChat {
    config: Slack,
    clock: Clock,
    link: Link,
    api: Api,
    names: Names,
    groups: Groups,
    /// What stands in threads, by message.
    said: Memory<Said>,
    /// How posts went, by row.
    tried: Memory<Tried>,
    /// How far private messages have got, by row.
    told: Memory<Told>,
    /// Who the bot is, once Slack has told it.
    me: OnceCell<Myself>,
    /// Slack told that something changed of what is read now and then.
    changed: Notify,
    /// The same, of nothing but user groups.
    groups_changed: Notify,
}

impl SlackChat {
    /// The workspace of `[chat.slack]`; `None` if there is none. Connects to nothing.
    ///
    /// # Errors
    /// There is no HTTP client to be had.
    pub fn of(config: &Config, clock: &Clock) -> Result<Option<Arc<Self>>, reqwest::Error> {
        let Some(slack) = &config.slack else { return Ok(None) };
        Ok(Some(Arc::new(Self {
            config: slack.clone(),
            clock: clock.clone(),
            link: Link::new(SLACK, clock.clone()),
            api: Api::new(slack, clock)?,
            names: Names::new(config),
            groups: Groups::of(config),
            said: Memory::default(),
            tried: Memory::default(),
            told: Memory::default(),
            me: OnceCell::new(),
            changed: Notify::new(),
            groups_changed: Notify::new(),
        })))
    }

    /// The bot's own member id, once Slack has told it.
    fn me(&self) -> Option<&str> {
        self.me.get().map(|me| me.user_id.as_str())
    }
}

impl Platform for SlackChat {
    fn name(&self) -> &str {
        SLACK
    }

    fn deliver<'a>(&'a self, request: Request<'a>) -> BoxFuture<'a, Result<Option<String>, DeliverError>> {
        self.deliver_effect(request).boxed()
    }
}

impl Inbound for SlackChat {
    fn link(&self) -> &Link {
        &self.link
    }

    fn run(self: Arc<Self>, door: Door, stop: CancellationToken) -> BoxFuture<'static, ()> {
        async move {
            let told = self.acquaint(&stop).await;
            let upkeep = self.clone().upkeep(told, stop.clone());
            match self.config.mode {
                Mode::Socket => drop(tokio::join!(upkeep, self.clone().hear_by_socket(door, stop))),
                Mode::Http => upkeep.await,
            }
        }
        .boxed()
    }

    fn routes(self: Arc<Self>, door: Door) -> Option<axum::Router> {
        (self.config.mode == Mode::Http).then(|| http::router(self, door))
    }

    fn test(&self) -> Option<BoxFuture<'_, Result<(), String>>> {
        let test = async {
            match self.api.myself().await {
                Ok(_) => Ok(()),
                // It answered, and takes more in a moment.
                Err(CallError::Busy { .. }) => Ok(()),
                Err(error) => Err(error.sentence()),
            }
        };
        Some(test.boxed())
    }

    fn in_group(&self, group: &str, person: &PersonId) -> bool {
        self.names.user(person).is_some_and(|user| self.groups.has(group, &user))
    }
}
