//! The way in for alerts and deploy records, put together.

use super::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::config::limits::alerts::{FETCH_BYTES, FETCH_TIME};
use crate::dispatch::{Demo, House};
use crate::hooks::{Fetch, Hooks};
use crate::model::ids::ConversationId;
use crate::probes::{Beats, Watch};
use crate::shop::Shop;
use futures::{FutureExt, StreamExt};
use reqwest::redirect::Policy;
use std::sync::Arc;
use url::Url;

impl App {
    /// The way in for heartbeats.
    pub fn beats(&self) -> Beats {
        Beats::new(self.store().clone(), self.house().about.probes.clone())
    }

    /// The way in for alerts and deploy records.
    pub fn hooks(&self) -> Arc<Hooks> {
        let (house, fetch) = (self.house(), self.fetch.clone());
        let (routing, intake) = (house.routing.clone(), house.intake.clone());
        Arc::new(Hooks::new(routing, intake, self.clock().clone(), fetch, deployments(self.config())))
    }
}

/// What looks at the configured probes. Its alerts come in as anybody's do.
pub(super) fn watch(config: &Config, house: &House, clock: &Clock) -> Watch {
    let (routing, intake) = (house.routing.clone(), house.intake.clone());
    // It fetches nothing: what is its own needs no certificate of Amazon's.
    let hooks = Hooks::new(routing, intake, clock.clone(), fetch(), deployments(config));
    let (store, probes, metrics) = (house.store.clone(), house.about.probes.clone(), house.metrics.clone());
    Watch::new(store, Arc::new(hooks), clock.clone(), probes, config.metrics.clone(), metrics)
}

/// The demo's shop, in the demo.
pub(super) fn demo(config: &Config) -> Option<Demo> {
    config.demo.then(|| Demo {
        shop: Shop::beside(&config.file),
        deployments: deployments(config),
        alerts: config.channels.alerts.clone(),
        probes: config.probes.0.values().filter(|probe| probe.service.as_deref() == Some(Demo::SERVICE)).count(),
    })
}

/// Where deploy records belong: `[channels] deployments`, else where the operators are, else the first channel there is.
fn deployments(config: &Config) -> ConversationId {
    let channels = &config.channels;
    let first = config.console.channels.first().filter(|_| config.console.enabled);
    let console = || first.map(|name| ConversationId::new(format!("console:{name}")));
    let known = channels.deployments.clone().or_else(|| channels.ops.clone()).or_else(console);
    known.unwrap_or_else(|| ConversationId::from("nowhere:deploys"))
}

/// Gets what lies at an address: no redirect, no proxy of the environment's, bounded in time and size.
pub(super) fn fetch() -> Fetch {
    Arc::new(|url| get(url).boxed())
}

async fn get(url: Url) -> Result<Vec<u8>, String> {
    let host = url.host_str().unwrap_or_default().to_owned();
    let client = reqwest::Client::builder().redirect(Policy::none()).no_proxy().timeout(FETCH_TIME).build();
    let client = client.map_err(|_| "no HTTP client can be made".to_owned())?;
    let answer = client.get(url).send().await.map_err(|_| format!("{host} does not answer"))?;
    if !answer.status().is_success() {
        return Err(format!("{host} answers with status {}", answer.status().as_u16()));
    }
    let mut bytes = Vec::new();
    let mut stream = answer.bytes_stream();
    while let Some(chunk) = stream.next().await {
        bytes.extend_from_slice(&chunk.map_err(|_| format!("{host} broke off"))?);
        if bytes.len() > FETCH_BYTES {
            return Err(format!("{host} sends more than was expected"));
        }
    }
    Ok(bytes)
}
