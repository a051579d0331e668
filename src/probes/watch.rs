//! The round: what is due is looked at, by one replica at a time, each on its own. What was found is kept with how the probe then stands;
//! a turn becomes an alert after it is kept, and before anything else is looked at under that name.

use super::judge::{self, LevelStanding, Rules, Standing, Verdict};
use super::looks::{Finding, Looker, Said};
use super::{Measured, millis, tell};
use crate::clock::Clock;
use crate::config::metrics::MetricsSource;
use crate::config::probes::{Level, Probe, Probes};
use crate::hooks::{Hooks, Turned};
use crate::store::{ProbeRow, Store, StoreError};
use crate::telemetry::Metrics;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How often it is asked what is due.
const ROUND: Duration = Duration::from_millis(200);
/// The lease that makes one replica the one that looks.
const DUTY: &str = "probes";
/// How soon the lease is asked for again, by whoever has it and by whoever does not: a fraction of what it lasts.
const AGAIN: Duration = Duration::from_secs(1);
/// The first looks after a start are spread over this time at most, milliseconds.
const SPREAD_MS: i64 = 3_000;
/// How long until a look that came to nothing is tried again, milliseconds.
const WAIT_MS: i64 = 1_000;
/// Looks that come early by up to a tenth of their time, so that those of many probes drift apart.
const JITTER: i64 = 10;
/// Looks further apart than this many times their distance are not in a row.
const GAP_LOOKS: i64 = 3;

/// Looks at everything, again and again.
pub struct Watch {
    eye: Eye,
    due: BTreeMap<String, i64>,
    /// What the clock said when it was last asked what is due.
    asked_ms: i64,
    under_way: JoinSet<i64>,
    /// Which look is of which probe.
    names: HashMap<Id, String>,
    /// When the lease was last taken, and not before when it is asked for again.
    held: Option<Instant>,
    ask_again: Instant,
}

/// What one look needs.
#[derive(Clone)]
struct Eye {
    store: Store,
    hooks: Arc<Hooks>,
    clock: Clock,
    probes: Arc<Probes>,
    looker: Looker,
    metrics: Metrics,
}

/// Why a look came to nothing; it is tried again.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("its alert could not be told: {0:?}")]
    Untold(Turned),
}

impl Watch {
    /// For the configured probes.
    pub fn new(
        store: Store,
        hooks: Arc<Hooks>,
        clock: Clock,
        probes: Arc<Probes>,
        source: MetricsSource,
        metrics: Metrics,
    ) -> Self {
        let looker = Looker::new(store.clone(), probes.clone(), source, clock.clone());
        let now_ms = clock.now_ms();
        let first = |probe: &Probe| now_ms + spread(&probe.name, 0, millis(probe.looks_every()).min(SPREAD_MS));
        let due = probes.0.iter().map(|(name, probe)| (name.clone(), first(probe))).collect();
        let eye = Eye { store, hooks, clock, probes, looker, metrics };
        Self {
            eye,
            due,
            asked_ms: now_ms,
            under_way: JoinSet::new(),
            names: HashMap::new(),
            held: None,
            ask_again: Instant::now(),
        }
    }

    /// Runs until `stop`, then gives the duty up. Looks that are under way are given up with it.
    pub async fn run(mut self, stop: CancellationToken) {
        if self.due.is_empty() {
            return stop.cancelled().await;
        }
        let mut tick = tokio::time::interval(ROUND);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                _ = tick.tick() => {}
                Some(ended) = self.under_way.join_next_with_id() => {
                    self.ended(ended);
                    continue;
                }
            }
            match self.round().await {
                Ok(()) => {}
                Err(StoreError::Closing) => return,
                Err(error) => tracing::warn!(error = %error, "cannot look after the probes; trying again"),
            }
        }
        self.under_way.shutdown().await;
        if let Err(error) = self.eye.store.release(DUTY).await {
            tracing::debug!(error = %error, "the probes' lease was left to run out");
        }
    }

    fn ended(&mut self, ended: Result<(Id, i64), JoinError>) {
        let (id, next_ms) = match ended {
            Ok(ended) => ended,
            // A look that panicked is a bug, and the next one may go well.
            Err(error) => {
                tracing::error!(error = %error, "a look at a probe did not end well");
                (error.id(), self.eye.clock.now_ms() + WAIT_MS)
            }
        };
        if let Some(name) = self.names.remove(&id) {
            self.due.insert(name, next_ms);
        }
    }

    /// Whether this replica is the one that looks.
    async fn is_ours(&mut self) -> Result<bool, StoreError> {
        if self.held.is_some_and(|held| held.elapsed() < AGAIN) {
            return Ok(true);
        }
        let ours = self.eye.store.lease(DUTY).await?.is_some();
        self.held = ours.then(Instant::now);
        if !ours {
            // Another replica looks: what it finds is for it to tell, in its metrics too.
            self.eye.metrics.forget_probes();
            self.ask_again = Instant::now() + AGAIN;
        }
        Ok(ours)
    }

    async fn round(&mut self) -> Result<(), StoreError> {
        let now_ms = self.eye.clock.now_ms();
        // A clock that is set back takes with it what is due by it: nothing waits until it is as late again.
        let back_ms = (self.asked_ms - now_ms).max(0);
        self.due.values_mut().for_each(|at_ms| *at_ms -= back_ms);
        self.asked_ms = now_ms;
        let due = self.due.iter().filter(|(_, at_ms)| **at_ms <= now_ms);
        let mut due: Vec<(i64, String)> = due.map(|(name, at_ms)| (*at_ms, name.clone())).collect();
        if (due.is_empty() && self.under_way.is_empty()) || Instant::now() < self.ask_again {
            return Ok(());
        }
        if !self.is_ours().await? {
            return Ok(());
        }
        // Whoever has waited longest is served first. All at once: a look that hangs must not make another one late.
        due.sort_unstable();
        for (_, name) in due {
            let Some(probe) = self.eye.probes.get(&name).cloned() else { continue };
            self.due.remove(&name);
            let eye = self.eye.clone();
            let look = self.under_way.spawn(async move {
                match eye.look(&probe).await {
                    Ok(next_ms) => next_ms,
                    Err(error) => {
                        tracing::warn!(probe = %probe.name, error = %error, "a probe must wait");
                        eye.clock.now_ms() + WAIT_MS
                    }
                }
            });
            self.names.insert(look.id(), name);
        }
        Ok(())
    }
}

/// A number below `within` that is the same for the same name and time on every replica.
fn spread(name: &str, salt: i64, within: i64) -> i64 {
    let digest = Sha256::new().chain_update(name).chain_update(salt.to_le_bytes()).finalize();
    let number = i64::from(u32::from_le_bytes([digest[0], digest[1], digest[2], digest[3]]));
    number % within.max(1)
}

/// When a probe that was looked at then is due again.
fn after(probe: &Probe, at_ms: i64) -> i64 {
    let every_ms = millis(probe.looks_every());
    at_ms + every_ms - spread(&probe.name, at_ms, every_ms / JITTER)
}

impl Eye {
    /// Looks, unless somebody has just looked; when it is due again.
    async fn look(&self, probe: &Probe) -> Result<i64, Trouble> {
        let now_ms = self.clock.now_ms();
        let last = self.store.last_look(&probe.name).await?;
        let mut before = last.as_ref().map(|row| Standing::read(&row.standing)).unwrap_or_default();
        // What is known of a second threshold outlives its being taken out: the names of its turns must not begin anew.
        let levels = before.levels.len().max(probe.levels().count());
        before.levels.resize(levels, LevelStanding::default());
        if before.began_ms == 0 {
            before.began_ms = now_ms;
        }
        let rules = rules(probe);
        if let Some(row) = &last {
            // A process may have died between keeping and telling.
            self.tell(probe, row.clone(), &mut before).await?;
            let next_ms = after(probe, row.at_ms);
            if row.at_ms <= now_ms && next_ms > now_ms {
                return Ok(next_ms);
            }
        }
        let last_ms = last.map(|row| row.at_ms);
        let ahead = last_ms.is_some_and(|last_ms| last_ms - now_ms > rules.gap_ms);
        if ahead || last_ms.is_none_or(|last_ms| now_ms - last_ms > rules.gap_ms) {
            before.lapse(now_ms);
        }
        let finding = self.looker.look(probe, &before, now_ms).await?;
        // A clock that was set back a little must not put this look before the last one; further back, the future is forgotten.
        let at_ms = last_ms.filter(|_| !ahead).map_or(now_ms, |last_ms| now_ms.max(last_ms + 1));
        let mut standing = before.clone();
        for (level, kept) in probe.levels().zip(&mut standing.levels) {
            *kept = judge::next(rules, kept, verdict(level, &finding.said), at_ms);
        }
        let outcome = verdict(&probe.level, &finding.said);
        let Finding { said, took, detail, sample, .. } = finding;
        let row = ProbeRow {
            probe: probe.name.clone(),
            at_ms,
            outcome: outcome.as_str().to_owned(),
            value: if let Said::Number(value) = said { Some(value) } else { None },
            took_ms: took.map(millis),
            detail,
            sample,
            standing: standing.written(),
        };
        self.store.keep_probe(row.clone()).await?;
        if ahead {
            self.store.forget_looks_after(&probe.name, at_ms).await?;
        }
        let state = standing.levels.first().map_or(Verdict::Unknown, |level| level.state);
        self.metrics.probed(&probe.name, state.as_str(), row.value, took);
        self.tell(probe, row, &mut standing).await?;
        let ended_ms = self.clock.now_ms();
        Ok(after(probe, now_ms.min(ended_ms)).max(ended_ms))
    }

    /// Tells every turn that is kept and not told, and keeps that it is.
    async fn tell(&self, probe: &Probe, row: ProbeRow, standing: &mut Standing) -> Result<(), Trouble> {
        let found = Measured { value: row.value, detail: row.detail.clone() };
        let mut told = false;
        for place in 0..standing.levels.len() {
            let (began_ms, level) = (standing.began_ms, standing.levels[place].clone());
            let Some(configured) = tell::level_of(probe, place).filter(|_| !level.told) else { continue };
            let alert = tell::alert(probe, place, configured, &level, &found);
            let key = tell::key(probe, place, began_ms, level.seq);
            self.hooks.own(&key, alert).await.map_err(Trouble::Untold)?;
            let (firing, seq) = (level.firing, level.seq);
            tracing::info!(probe = %probe.name, firing, seq, "a probe has turned");
            standing.levels[place].told = true;
            told = true;
        }
        if told {
            self.store.keep_probe(ProbeRow { standing: standing.written(), ..row }).await?;
        }
        Ok(())
    }
}

fn rules(probe: &Probe) -> Rules {
    Rules {
        fail_after: probe.fail_after,
        pass_after: probe.pass_after,
        lasting_ms: millis(probe.lasting()),
        gap_ms: millis(probe.looks_every()).saturating_mul(GAP_LOOKS) + millis(probe.timeout),
    }
}

/// What a look says to one threshold.
fn verdict(level: &Level, said: &Said) -> Verdict {
    match (said, &level.threshold) {
        (Said::Pass, _) => Verdict::Pass,
        (Said::Fail, _) => Verdict::Fail,
        (Said::Number(number), Some(threshold)) if number.is_finite() => match threshold.is_beyond(*number) {
            true => Verdict::Fail,
            false => Verdict::Pass,
        },
        _ => Verdict::Unknown,
    }
}
