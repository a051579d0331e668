//! The way in for alerts and deploy records: who may send, what of it can be taken, and that it is durable before anybody is
//! told so. Reads no HTTP and calls no plugin; `web` hands requests over, `intake` keeps what comes of them.

mod deliveries;
mod guard;

pub use guard::Shown;

use crate::alert::route::Routing;
use crate::alert::{self, Input, Parsed, Reject, sns};
use crate::clock::Clock;
use crate::config::alerts::Source;
use crate::config::limits::alerts::{HOOKS_IN_FLIGHT, HOOKS_UNKNOWN};
use crate::config::probes::SOURCE as OWN;
use crate::intake::{Admission, Intake};
use crate::model::event::Event;
use crate::model::ids::{ConversationId, DeliveryId};
use crate::store::StoreError;
use futures::future::BoxFuture;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Semaphore, SemaphorePermit};
use url::Url;

/// Gets what lies at an address of Amazon's, without following it elsewhere. The error is a sentence without its end.
pub type Fetch = Arc<dyn Fn(Url) -> BoxFuture<'static, Result<Vec<u8>, String>> + Send + Sync>;

/// Certificates that are remembered; Amazon has one a region at a time.
const CERTIFICATES: usize = 32;

/// The way in.
pub struct Hooks {
    routing: Arc<Routing>,
    intake: Intake,
    clock: Clock,
    fetch: Fetch,
    places: Semaphore,
    /// For those who show who they are only with the body: strangers may fill these, and no others.
    unknown: Semaphore,
    /// The keys of certificates, by where those lie.
    keys: Mutex<HashMap<Url, Arc<Vec<u8>>>>,
    deployments: ConversationId,
}

/// Why nothing was taken.
#[derive(Debug)]
pub enum Turned {
    /// There is no such source.
    Unknown,
    /// The sender did not show what it must, or the signature does not hold; the reason is for the log.
    Stranger(String),
    /// Too much is in hand or waits; try again.
    Busy,
    /// Nothing in it can be taken: each reject says why.
    Unfit(Vec<Reject>),
    /// The database does not answer; try again.
    Store(StoreError),
    /// A confirmation could not be sent; the sender tries again.
    Upstream(String),
    /// The configuration has no place for one of its alerts, of this fingerprint. That is ours to mend.
    Nowhere(String),
}

/// What was taken; all of it is durable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// The fingerprints of the alerts, in the sender's order.
    pub accepted: Vec<String>,
    /// What was not, and why.
    pub rejects: Vec<Reject>,
    /// It had been taken before, and was not taken again.
    pub duplicate: bool,
    /// A subscription was confirmed by it.
    pub confirmed: bool,
}

impl From<StoreError> for Turned {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Hooks {
    /// A way in for the configured sources. Deploy records belong to the conversation `deployments`.
    pub fn new(routing: Arc<Routing>, intake: Intake, clock: Clock, fetch: Fetch, deployments: ConversationId) -> Self {
        let (places, unknown) = (Semaphore::new(HOOKS_IN_FLIGHT), Semaphore::new(HOOKS_UNKNOWN));
        Self { routing, intake, clock, fetch, places, unknown, keys: Mutex::default(), deployments }
    }

    /// A place among what is in hand, for a sender who has shown who it is. It is taken before the body is read, so that the
    /// memory is bounded.
    ///
    /// # Errors
    /// There is none.
    pub fn enter(&self) -> Result<SemaphorePermit<'_>, Turned> {
        self.places.try_acquire().map_err(|_| Turned::Busy)
    }

    /// The same for a notification that [`Hooks::admits`] let pass. One that only its signature vouches for has few places of
    /// its own: that it does not hold is known when the body is read, and until then anybody could take all of them.
    ///
    /// # Errors
    /// There is none.
    pub fn enter_by(&self, name: &str) -> Result<SemaphorePermit<'_>, Turned> {
        match self.routing.source(name).is_some_and(|source| source.token.is_none()) {
            true => self.unknown.try_acquire().map_err(|_| Turned::Busy),
            false => self.enter(),
        }
    }

    /// Whether a sender may send to a source, as far as that can be told without the body.
    ///
    /// # Errors
    /// It may not, or there is no such source.
    pub fn admits(&self, name: &str, shown: &Shown) -> Result<(), Turned> {
        guard::token(self.source(name)?, shown)
    }

    /// A source that somebody outside may send as.
    fn source(&self, name: &str) -> Result<&Source, Turned> {
        self.routing.source(name).filter(|_| name != OWN).ok_or(Turned::Unknown)
    }

    /// Takes a notification.
    ///
    /// # Errors
    /// Nothing was taken; see there.
    pub async fn receive(&self, name: &str, shown: &Shown, body: &[u8]) -> Result<Taken, Turned> {
        let source = self.source(name)?;
        guard::token(source, shown)?;
        guard::signature(source, shown, body)?;
        let mut confirmed = false;
        if source.kind == "cloudwatch-sns" {
            confirmed = self.look_at_envelope(source, body).await?;
        }
        let parsed = alert::parse(&source.kind, Input { bytes: body, map: &source.map });
        let parsed = parsed.map_err(|reject| Turned::Unfit(vec![reject]))?;
        if parsed.alerts.is_empty() {
            return match parsed.rejects.is_empty() {
                // About nothing that is an alert: a confirmation, a test, a comment.
                true => Ok(Taken { confirmed, ..Taken::default() }),
                false => Err(Turned::Unfit(parsed.rejects)),
            };
        }
        self.take(name, shown, body, parsed).await
    }

    async fn take(&self, name: &str, shown: &Shown, body: &[u8], parsed: Parsed) -> Result<Taken, Turned> {
        let now_ms = self.clock.now_ms();
        let key = deliveries::key(shown.key.as_deref(), &parsed, body, now_ms);
        let Parsed { alerts, rejects, name: _ } = parsed;
        let accepted = alerts.iter().map(|alert| alert.fingerprint.clone()).collect();
        let offers = deliveries::of(&self.routing, name, &key, alerts, now_ms)?;
        let duplicate = self.offer(offers).await?;
        Ok(Taken { accepted, rejects, duplicate, confirmed: false })
    }

    /// Takes an alert of the bot's own, under the name of the turn that it tells. Whether it had been taken before.
    ///
    /// # Errors
    /// It was not taken; see there.
    pub async fn own(&self, key: &str, alert: alert::Alert) -> Result<bool, Turned> {
        let offers = deliveries::of(&self.routing, OWN, key, vec![alert], self.clock.now_ms())?;
        self.offer(offers).await
    }

    /// Makes all of it durable. Whether all of it had been taken before.
    async fn offer(&self, offers: Vec<(DeliveryId, ConversationId, Event)>) -> Result<bool, Turned> {
        let admissions = self.intake.offer_all(offers).await?;
        if admissions.contains(&Admission::Busy) {
            return Err(Turned::Busy);
        }
        Ok(!admissions.is_empty() && admissions.iter().all(|one| matches!(one, Admission::Duplicate(_))))
    }

    /// Takes a deploy record under a delivery id that names who sent it; whether they may was asked before. Whether it had
    /// been taken before.
    ///
    /// # Errors
    /// Nothing was taken; see there.
    pub async fn deployed(&self, service: &str, id: DeliveryId, body: &[u8]) -> Result<bool, Turned> {
        let deploy = alert::deploy::parse(service, body, self.clock.now_ms());
        let deploy = deploy.map_err(|reject| Turned::Unfit(vec![reject]))?;
        self.offer(vec![(id, self.deployments.clone(), Event::DeployRecorded(deploy))]).await
    }

    /// Checks an SNS envelope's topic and signature, and confirms a subscription. Whether it did.
    async fn look_at_envelope(&self, source: &Source, body: &[u8]) -> Result<bool, Turned> {
        let envelope = sns::Envelope::read(body).map_err(|reject| Turned::Unfit(vec![reject]))?;
        if source.topic.as_deref() != Some(envelope.topic.as_str()) {
            return Err(Turned::Stranger("it is of another topic than the configured one".to_owned()));
        }
        let address = sns::certificate_address(&envelope).map_err(Turned::Stranger)?;
        let key = self.key(address).await?;
        sns::verify(&envelope, &key).map_err(Turned::Stranger)?;
        if envelope.kind != "SubscriptionConfirmation" {
            return Ok(false);
        }
        let Some(subscribe) = envelope.subscribe else {
            return Err(Turned::Unfit(vec![Reject::whole("SubscribeURL", "an address of Amazon's was expected")]));
        };
        (self.fetch)(subscribe).await.map_err(Turned::Upstream)?;
        tracing::info!(topic = %envelope.topic, "confirmed a subscription");
        Ok(true)
    }

    /// The key of the certificate that lies at an address of Amazon's. A page in its place is Amazon's trouble and not the sender's,
    /// who tries again.
    async fn key(&self, address: Url) -> Result<Arc<Vec<u8>>, Turned> {
        let known = self.keys.lock().unwrap_or_else(PoisonError::into_inner).get(&address).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let certificate = (self.fetch)(address.clone()).await.map_err(Turned::Upstream)?;
        let key = Arc::new(sns::key_of(&certificate).map_err(Turned::Upstream)?);
        let mut all = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= CERTIFICATES {
            all.clear();
        }
        all.insert(address, key.clone());
        Ok(key)
    }
}
