//! The way in for heartbeats: who shows a heartbeat's token has beaten, and that is durable before they are told so.

use crate::config::probes::{Look, Probes};
use crate::hooks::{Shown, Turned};
use crate::store::Store;
use std::sync::Arc;

/// The way in.
#[derive(Clone)]
pub struct Beats {
    store: Store,
    probes: Arc<Probes>,
}

impl Beats {
    /// For the configured heartbeats.
    pub fn new(store: Store, probes: Arc<Probes>) -> Self {
        Self { store, probes }
    }

    /// What is configured, heartbeats and all others.
    pub fn probes(&self) -> &Probes {
        &self.probes
    }

    /// Takes a beat.
    ///
    /// # Errors
    /// There is no such heartbeat, the sender does not show its token, or the database does not answer.
    pub async fn beat(&self, name: &str, shown: &Shown) -> Result<(), Turned> {
        let probe = self.probes.get(name).ok_or(Turned::Unknown)?;
        let Look::Heartbeat { token, .. } = &probe.look else { return Err(Turned::Unknown) };
        if !shown.has(token) {
            return Err(Turned::Stranger("the token is missing or another".to_owned()));
        }
        Ok(self.store.beat(name, self.store.now_ms()).await?)
    }
}
