//! One look at one thing, by its kind. What it finds is a word or a number; what that means is the judge's business. An address that
//! is silent fails only where that is what was asked; everywhere else nothing is known then.

mod http;
mod promql;
mod redis;
mod sql;
mod tcp;
mod tls;

use super::{Standing, measure};
use crate::clock::{Clock, rfc3339};
use crate::config::limits::{PROBE_BEAT_AHEAD_MS, PROBE_DETAIL_CHARS};
use crate::config::metrics::MetricsSource;
use crate::config::probes::{Look, Measure, Probe, Probes, RedisRead};
use crate::ops::http::{Client, SystemResolver};
use crate::store::{Store, StoreError};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// What a look says.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// It is well.
    Pass,
    /// It is not.
    Fail,
    /// A number, for a threshold to be held against.
    Number(f64),
    /// Nothing.
    Unknown,
}

/// What a look found.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What it says.
    pub said: Said,
    /// How long it took, where that is an answer's time.
    pub took: Option<Duration>,
    /// What there is to say of it.
    pub detail: String,
    /// What a later look needs of it, as JSON.
    pub sample: String,
    /// Somebody answered, or was waited for: a connection that is refused at once is no fast answer.
    answered: bool,
}

impl Finding {
    fn new(said: Said, detail: impl Into<String>) -> Self {
        Self { said, took: None, detail: detail.into(), sample: String::new(), answered: true }
    }

    /// Nobody could be asked, and that was the question.
    fn unreached(why: impl Into<String>) -> Self {
        Self { answered: false, ..Self::new(Said::Fail, why) }
    }

    fn unknown(why: impl Into<String>) -> Self {
        Self::new(Said::Unknown, why)
    }

    /// A number, unless it is none that means anything.
    fn number(number: Result<f64, String>) -> Self {
        match number {
            Ok(number) if number.is_finite() => Self::new(Said::Number(number), ""),
            Ok(_) => Self::unknown("the answer is not a finite number"),
            Err(why) => Self::unknown(why),
        }
    }
}

/// Looks.
#[derive(Clone)]
pub struct Looker {
    store: Store,
    probes: Arc<Probes>,
    metrics: Arc<MetricsSource>,
    http: Client,
}

impl Looker {
    /// One that asks over the network as any program of this machine.
    pub fn new(store: Store, probes: Arc<Probes>, metrics: MetricsSource, clock: Clock) -> Self {
        let http = Client::new(Arc::new(SystemResolver), clock);
        Self { store, probes, metrics: Arc::new(metrics), http }
    }

    /// Looks once, at what stood `before` so.
    ///
    /// # Errors
    /// The bot's own database does not answer.
    pub async fn look(&self, probe: &Probe, before: &Standing, now_ms: i64) -> Result<Finding, StoreError> {
        let began = Instant::now();
        let window_ms = millis(probe.window.unwrap_or_default());
        let mut finding = match &probe.look {
            Look::Heartbeat { grace, .. } => return self.beats(probe, *grace, before, now_ms).await,
            Look::Results { of, measure } => return self.results(of, *measure, window_ms, now_ms).await,
            look => match tokio::time::timeout(probe.timeout, self.ask(look, probe, now_ms)).await {
                Ok(finding) => finding,
                Err(_) => {
                    let limit = crate::config::show_duration(probe.timeout);
                    let said = if probe.look.is_about_reach() { Said::Fail } else { Said::Unknown };
                    Finding::new(said, format!("no answer within {limit}"))
                }
            },
        };
        // How long it took to learn nothing is not how long an answer takes.
        if finding.said != Said::Unknown && finding.answered {
            finding.took = Some(began.elapsed());
        }
        if matches!(probe.look, Look::Redis { read: RedisRead::HitRatio, .. }) {
            finding = self.ratio(probe, finding, window_ms, now_ms).await?;
        }
        finding.detail = clean(&finding.detail);
        Ok(finding)
    }

    /// Looks once, now, for somebody who asks: at what stood as the last look of the watch left it.
    ///
    /// # Errors
    /// The bot's own database does not answer.
    pub async fn look_now(&self, probe: &Probe, now_ms: i64) -> Result<Finding, StoreError> {
        let last = self.store.last_looks(&[&probe.name]).await?;
        let before = last.first().map(|row| Standing::read(&row.standing)).unwrap_or_default();
        self.look(probe, &before, now_ms).await
    }

    async fn ask(&self, look: &Look, probe: &Probe, now_ms: i64) -> Finding {
        match look {
            Look::Http { url, expect } => http::look(&self.http, url, expect, probe.timeout).await,
            Look::Tcp(url) => tcp::look(url).await,
            Look::Tls(url) => tls::look(url, now_ms / 1000).await,
            Look::Sql { url, query } => sql::look(url, query, probe.timeout).await,
            Look::Redis { url, read } => redis::look(url, read).await,
            Look::Promql(expr) => promql::look(&self.http, &self.metrics, expr, probe).await,
            Look::Heartbeat { .. } | Look::Results { .. } => Finding::unknown("it asks nobody"),
        }
    }

    async fn beats(
        &self,
        probe: &Probe,
        grace: Duration,
        before: &Standing,
        now_ms: i64,
    ) -> Result<Finding, StoreError> {
        let last_ms = self.store.last_beat(&probe.name).await?;
        if last_ms.is_some_and(|last_ms| last_ms - now_ms > PROBE_BEAT_AHEAD_MS) {
            return Ok(Finding::unknown("the last beat lies ahead: the clock was set back"));
        }
        // One that never beat is late from when it was first expected, and until then not known.
        let silent_ms = now_ms - last_ms.unwrap_or(before.began_ms);
        let silent = crate::config::show_duration(Duration::from_secs(u64::try_from(silent_ms / 1000).unwrap_or(0)));
        let patience_ms = millis(probe.every) + millis(grace);
        let late = silent_ms > patience_ms;
        // Who beat while nobody was there to take it beats again in good time.
        if late && now_ms - before.listening_since_ms <= patience_ms {
            let since = rfc3339(before.listening_since_ms);
            return Ok(Finding::unknown(format!(
                "the last beat was {silent} ago, but nobody could hear it before {since}"
            )));
        }
        Ok(match (late, last_ms) {
            (true, Some(_)) => Finding::new(Said::Fail, format!("the last beat was {silent} ago")),
            (true, None) => Finding::new(Said::Fail, format!("it never beat, and has been expected for {silent}")),
            (false, Some(_)) => Finding::new(Said::Pass, ""),
            (false, None) => Finding::unknown("it has not beaten yet"),
        })
    }

    async fn results(&self, of: &str, what: Measure, window_ms: i64, now_ms: i64) -> Result<Finding, StoreError> {
        let Some(other) = self.probes.get(of) else { return Ok(Finding::unknown("there is no such probe")) };
        let looks = self.store.looks_since(of, now_ms - window_ms).await?;
        let every_ms = millis(other.every);
        Ok(Finding::number(match what {
            Measure::P95 => measure::p95(&looks, window_ms, every_ms),
            Measure::ErrorRate => measure::error_rate(&looks, window_ms, every_ms),
        }))
    }

    /// Two counters, with those that were read within the window.
    async fn ratio(&self, probe: &Probe, found: Finding, window_ms: i64, now_ms: i64) -> Result<Finding, StoreError> {
        let Ok(now) = serde_json::from_str::<[f64; 2]>(&found.sample) else { return Ok(found) };
        let looks = self.store.looks_since(&probe.name, now_ms - window_ms).await?;
        let kept = looks.iter().filter_map(|look| serde_json::from_str(&look.sample).ok());
        let samples: Vec<[f64; 2]> = kept.chain([now]).collect();
        let number = measure::ratio(&samples, window_ms, millis(probe.every));
        Ok(Finding { took: found.took, sample: found.sample, ..Finding::number(number) })
    }
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// What a stranger's server said, fit to be shown: one line, and no more of it than helps.
fn clean(text: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let mut clean: String = text.chars().take(PROBE_DETAIL_CHARS).map(plain).collect();
    if text.chars().nth(PROBE_DETAIL_CHARS).is_some() {
        clean.push('…');
    }
    clean
}
