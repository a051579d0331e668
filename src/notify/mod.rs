//! Pages to where no chat is: e-mail, PagerDuty, webhooks, behind the outbox's `Platform` as the platform `notify`. Pages to a
//! chat never come here: the outbox posts them. What was tried and how it went is written down by the outbox.

mod html;
mod http;
mod mail;
mod page;
mod pagerduty;
mod webhook;

use crate::clock::Clock;
use crate::config::Config;
use crate::config::notify::Notifier;
use crate::model::effect::Effect;
use crate::model::page::NOTIFY;
use crate::platform::{DeliverError, Platform, Request};
use futures::FutureExt;
use futures::future::BoxFuture;
use mail::{Mail, Server};
use page::Page;
use pagerduty::PagerDuty;
use std::collections::BTreeMap;
use std::sync::Arc;
use webhook::Webhook;

/// A notifier cannot be set up: which one, and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NotifyError(String);

/// Every configured notifier that is no chat.
pub struct Notifiers {
    ways: BTreeMap<String, Way>,
    clock: Clock,
}

/// How one is spoken to.
enum Way {
    Mail(Mail),
    PagerDuty(PagerDuty),
    Webhook(Webhook),
}

impl Notifiers {
    /// Those of the configuration. Connects to nothing.
    ///
    /// # Errors
    /// The certificate authority of `[smtp]` cannot be read, or there is no TLS.
    pub fn new(config: &Config, clock: &Clock) -> Result<Self, NotifyError> {
        let client = |timeout| http::Client::new(timeout, clock.clone());
        let server = config.smtp.as_ref().map(Server::new).transpose()?.map(Arc::new);
        let mut ways = BTreeMap::new();
        for (name, notifier) in &config.notify.0 {
            let way = match notifier {
                Notifier::Chat { .. } => continue,
                Notifier::Email { to } => {
                    let no_server = || NotifyError(format!("notify.{name} sends e-mail, and there is no [smtp]"));
                    Way::Mail(Mail::new(server.clone().ok_or_else(no_server)?, to)?)
                }
                Notifier::PagerDuty { routing_key, url, timeout } => Way::PagerDuty(PagerDuty::new(
                    client(*timeout)?,
                    url.clone(),
                    routing_key.clone(),
                    config.server.public_url.clone(),
                )),
                Notifier::Webhook { url, secret, timeout } => {
                    Way::Webhook(Webhook::new(client(*timeout)?, url.clone(), secret.clone()))
                }
            };
            ways.insert(name.clone(), way);
        }
        Ok(Self { ways, clock: clock.clone() })
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ways.is_empty()
    }

    /// Looks whether a notifier could be reached now, without paging anybody; says what was found.
    ///
    /// # Errors
    /// It cannot be reached: the sentence says why.
    pub async fn probe(&self, name: &str) -> Result<String, String> {
        let answer = match self.ways.get(name) {
            Some(Way::Mail(mail)) => mail.probe().await,
            Some(Way::PagerDuty(pagerduty)) => pagerduty.probe().await,
            Some(Way::Webhook(webhook)) => webhook.probe().await,
            None => return Err(unknown(name)),
        };
        answer.map_err(|error| error.to_string())
    }

    async fn page(&self, request: Request<'_>) -> Result<Option<String>, DeliverError> {
        let Effect::Page { notifier, .. } = request.effect else {
            let reason = format!("a notifier takes pages only, and this is a {}", request.effect.kind());
            return Err(DeliverError::Never { reason });
        };
        let Some(page) = Page::of(request, self.clock.now_ms()) else {
            return Err(DeliverError::Never { reason: "it is no page".to_owned() });
        };
        let said = match self.ways.get(notifier) {
            Some(Way::Mail(mail)) => mail.send(&page).await?,
            Some(Way::PagerDuty(pagerduty)) => pagerduty.send(&page).await?,
            Some(Way::Webhook(webhook)) => webhook.send(&page).await?,
            None => return Err(DeliverError::Never { reason: unknown(notifier) }),
        };
        Ok(Some(said))
    }
}

fn unknown(name: &str) -> String {
    format!("no notifier `{name}` is configured any more: add [notify.{name}]")
}

impl Platform for Notifiers {
    fn name(&self) -> &str {
        NOTIFY
    }

    fn deliver<'a>(&'a self, request: Request<'a>) -> BoxFuture<'a, Result<Option<String>, DeliverError>> {
        self.page(request).boxed()
    }
}
