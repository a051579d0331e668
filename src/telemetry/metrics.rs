//! Counters and histograms of one bot, built once and handed on. Names begin with `drillbell_` and end in their unit;
//! labels hold only what configuration bounds (plugins, platforms) or the program itself (outcomes).

mod links;

use crate::model::blame::Blame;
use crate::model::ids::PluginId;
use links::Links;
use prometheus_client::encoding::{EncodeLabelSet, text::encode};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The media type of what `Metrics::render` gives.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What intake answered to a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intake {
    /// Written to the inbox.
    Accepted,
    /// It was there already.
    Duplicate,
    /// The backlog was full.
    Busy,
}

impl Intake {
    fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Duplicate => "duplicate",
            Self::Busy => "busy",
        }
    }
}

/// How a delivery on a platform ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It is there.
    Delivered,
    /// It failed, and is tried again.
    Retried,
    /// It was given up.
    Failed,
}

impl Delivery {
    fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Retried => "retried",
            Self::Failed => "failed",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByAnswer {
    answer: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByPlugin {
    plugin: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByOutcome {
    plugin: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByJob {
    kind: String,
    outcome: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByKind {
    kind: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByState {
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByPlatform {
    platform: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByProbe {
    probe: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByProbeState {
    probe: String,
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByEnd {
    platform: String,
    outcome: &'static str,
}

/// The metrics of one bot; clones are the same metrics.
#[derive(Clone, Debug)]
pub struct Metrics(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    registry: Registry,
    inbox: Family<ByAnswer, Counter>,
    commands: Family<ByOutcome, Counter>,
    call_seconds: Family<ByPlugin, Histogram>,
    denied: Family<ByPlugin, Counter>,
    conflicts: Family<ByPlugin, Counter>,
    commits: Counter,
    commit_seconds: Histogram,
    batch_size: Histogram,
    deliveries: Family<ByEnd, Counter>,
    pending: Family<ByPlatform, Gauge>,
    /// Those that have ever been told of: their series stay, at zero.
    platforms: Mutex<BTreeSet<String>>,
    links: Links,
    in_flight: Gauge,
    jobs_running: Gauge,
    jobs_waiting: Family<ByState, Gauge>,
    jobs_ended: Family<ByJob, Counter>,
    job_seconds: Family<ByKind, Histogram>,
    probe_states: Family<ByProbeState, Gauge>,
    probe_values: Family<ByProbe, Gauge<f64, AtomicU64>>,
    probe_seconds: Family<ByProbe, Histogram>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// All at zero.
    pub fn new() -> Self {
        // 50 µs to 13 s: a warm call is far below a millisecond, the deadline is seconds.
        let call_seconds: fn() -> Histogram = || Histogram::new(exponential_buckets(0.000_05, 4.0, 10));
        // A tenth of a second to 7 hours: from one HTTP request to the restore of a large database.
        let job_seconds: fn() -> Histogram = || Histogram::new(exponential_buckets(0.1, 4.0, 10));
        let mut inner = Inner {
            registry: Registry::with_prefix("drillbell"),
            inbox: Family::default(),
            commands: Family::default(),
            call_seconds: Family::new_with_constructor(call_seconds),
            denied: Family::default(),
            conflicts: Family::default(),
            commits: Counter::default(),
            // 100 µs (no fsync) to 6.5 s (a disk in trouble).
            commit_seconds: Histogram::new(exponential_buckets(0.000_1, 4.0, 9)),
            batch_size: Histogram::new(exponential_buckets(1.0, 2.0, 10)),
            deliveries: Family::default(),
            pending: Family::default(),
            platforms: Mutex::default(),
            links: Links::default(),
            in_flight: Gauge::default(),
            jobs_running: Gauge::default(),
            jobs_waiting: Family::default(),
            jobs_ended: Family::default(),
            job_seconds: Family::new_with_constructor(job_seconds),
            probe_states: Family::default(),
            probe_values: Family::default(),
            // A millisecond to a minute.
            probe_seconds: Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.001, 4.0, 9))),
        };
        inner.register();
        // A series that appears with its first event cannot be alerted on: its increase is missed.
        for answer in [Intake::Accepted, Intake::Duplicate, Intake::Busy] {
            let _ = inner.inbox.get_or_create(&ByAnswer { answer: answer.as_str() });
        }
        Self(Arc::new(inner))
    }

    /// Intake answered a delivery.
    pub fn took_in(&self, answer: Intake) {
        self.0.inbox.get_or_create(&ByAnswer { answer: answer.as_str() }).inc();
    }

    /// A plugin's call ended, well or badly; a call that runs again counts again.
    pub fn called(&self, plugin: &PluginId, took: Duration) {
        let plugin = plugin.as_str().to_owned();
        self.0.call_seconds.get_or_create(&ByPlugin { plugin }).observe(took.as_secs_f64());
    }

    /// A command was answered for good, well (`None`) or with somebody to blame: by a plugin, or by the host under the name `drillbell`.
    pub fn answered(&self, plugin: &str, blame: Option<Blame>) {
        let outcome = blame.map_or("ok", Blame::as_str);
        self.0.commands.get_or_create(&ByOutcome { plugin: plugin.to_owned(), outcome }).inc();
    }

    /// A request of a plugin was refused for want of a grant.
    pub fn denied(&self, plugin: &PluginId) {
        self.0.denied.get_or_create(&ByPlugin { plugin: plugin.as_str().to_owned() }).inc();
    }

    /// A call lost against another at the commit and runs again.
    pub fn conflicted(&self, plugin: &PluginId) {
        self.0.conflicts.get_or_create(&ByPlugin { plugin: plugin.as_str().to_owned() }).inc();
    }

    /// One database transaction committed so many calls.
    pub fn committed(&self, calls: usize, took: Duration) {
        self.0.commits.inc();
        self.0.commit_seconds.observe(took.as_secs_f64());
        self.0.batch_size.observe(u32::try_from(calls).map_or(f64::INFINITY, f64::from));
    }

    /// A delivery on a platform ended.
    pub fn delivered(&self, platform: &str, outcome: Delivery) {
        self.0.deliveries.get_or_create(&ByEnd { platform: platform.to_owned(), outcome: outcome.as_str() }).inc();
    }

    /// So many deliveries wait for each platform, and none for those that were named before and are not now.
    pub fn pending<'a>(&self, backlog: impl IntoIterator<Item = (&'a str, i64)>) {
        let backlog: BTreeMap<&str, i64> = backlog.into_iter().collect();
        let mut platforms = self.0.platforms.lock().unwrap_or_else(PoisonError::into_inner);
        platforms.extend(backlog.keys().map(|platform| (*platform).to_owned()));
        for platform in &*platforms {
            let count = backlog.get(platform.as_str()).copied().unwrap_or(0);
            self.0.pending.get_or_create(&ByPlatform { platform: platform.clone() }).set(count);
        }
    }

    /// A command is being worked on until the guard is dropped.
    pub fn in_flight(&self) -> InFlight {
        self.0.in_flight.inc();
        InFlight(self.clone())
    }

    /// So many jobs run in this process.
    pub fn jobs_running(&self, count: usize) {
        self.0.jobs_running.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// So many jobs are `held`, `ready` or `lost`, in all processes together.
    pub fn jobs_waiting(&self, state: &'static str, count: i64) {
        self.0.jobs_waiting.get_or_create(&ByState { state }).set(count);
    }

    /// A job of this kind ended, or (`again`) one of its runs did.
    pub fn job_ended(&self, kind: &str, outcome: &str) {
        let of = ByJob { kind: kind.to_owned(), outcome: outcome.to_owned() };
        self.0.jobs_ended.get_or_create(&of).inc();
    }

    /// A job of this kind took so long from its first run's beginning to its end.
    pub fn job_took(&self, kind: &str, took: Duration) {
        self.0.job_seconds.get_or_create(&ByKind { kind: kind.to_owned() }).observe(took.as_secs_f64());
    }

    /// A probe was looked at: how it stands, the number that was found, and how long the answer took.
    pub fn probed(&self, probe: &str, state: &'static str, value: Option<f64>, took: Option<Duration>) {
        let probe = probe.to_owned();
        for word in ["pass", "fail", "unknown"] {
            let of = ByProbeState { probe: probe.clone(), state: word };
            self.0.probe_states.get_or_create(&of).set(i64::from(word == state));
        }
        let of = ByProbe { probe };
        match value {
            Some(value) => drop(self.0.probe_values.get_or_create(&of).set(value)),
            // What is not known any more is not told.
            None => drop(self.0.probe_values.remove(&of)),
        }
        if let Some(took) = took {
            self.0.probe_seconds.get_or_create(&of).observe(took.as_secs_f64());
        }
    }

    /// Another replica looks at the probes, and tells of them.
    pub fn forget_probes(&self) {
        self.0.probe_states.clear();
        self.0.probe_values.clear();
    }

    /// The text that Prometheus and everything that imitates it can scrape, of type `CONTENT_TYPE`.
    pub fn render(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.0.registry).expect("writing into a String cannot fail");
        plain(&text)
    }
}

/// OpenMetrics as the older plain text, which every scraper reads: there a counter's `HELP` and `TYPE` carry the name of its
/// samples, `_total` included, and units and the end have no line.
fn plain(open_metrics: &str) -> String {
    let mut plain = String::with_capacity(open_metrics.len());
    let mut lines = open_metrics.lines().peekable();
    while let Some(line) = lines.next() {
        let Some((name, help)) = line.strip_prefix("# HELP ").and_then(|rest| rest.split_once(' ')) else {
            if !line.starts_with("# UNIT ") && line != "# EOF" {
                plain.push_str(line);
                plain.push('\n');
            }
            continue;
        };
        let kind = lines.next_if(|next| next.starts_with("# TYPE ")).and_then(|next| next.rsplit(' ').next());
        let (name, kind) = match kind.unwrap_or("untyped") {
            "counter" => (format!("{name}_total"), "counter"),
            "info" => (format!("{name}_info"), "gauge"),
            other => (name.to_owned(), other),
        };
        plain.push_str(&format!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
    }
    plain
}

impl Inner {
    /// The registry adds `_total` to counters and the unit to the others.
    fn register(&mut self) {
        let Self { registry, inbox, commands, call_seconds, denied, conflicts, .. } = self;
        registry.register("build", "The running version", Info::new([("version", env!("CARGO_PKG_VERSION"))]));
        registry.register("inbox_deliveries", "Deliveries by what intake answered", inbox.clone());
        registry.register(
            "commands",
            "Commands, clicks and other events that were handled, by plugin and outcome (ok, or who is to blame)",
            commands.clone(),
        );
        let help = "Wall time of a plugin call, host calls included";
        registry.register_with_unit("call_duration", help, Unit::Seconds, call_seconds.clone());
        registry.register("denied_requests", "Requests of plugins refused for want of a grant", denied.clone());
        registry.register(
            "conflict_reruns",
            "Calls run again because another changed what they read",
            conflicts.clone(),
        );
        let Self { registry, commits, commit_seconds, batch_size, .. } = self;
        registry.register("commits", "Database transactions of the commit lane", commits.clone());
        let help = "Wall time of one transaction of the commit lane";
        registry.register_with_unit("commit_duration", help, Unit::Seconds, commit_seconds.clone());
        registry.register("commit_batch_size", "Calls committed in one transaction", batch_size.clone());
        let Self { registry, deliveries, pending, links, in_flight, .. } = self;
        registry.register("outbox_deliveries", "Deliveries to platforms, by how they ended", deliveries.clone());
        links.register(registry);
        registry.register("outbox_pending", "Deliveries that wait, by platform", pending.clone());
        registry.register("commands_in_flight", "Commands being worked on", in_flight.clone());
        let Self { registry, jobs_running, jobs_waiting, jobs_ended, job_seconds, .. } = self;
        registry.register("jobs_running", "Jobs that run in this process", jobs_running.clone());
        registry.register("jobs_waiting", "Jobs that wait, by state, in all processes", jobs_waiting.clone());
        registry.register("jobs_ended", "Jobs ended, and runs to be repeated, by kind and outcome", jobs_ended.clone());
        let help = "Time of a job from its first run's beginning to its end";
        registry.register_with_unit("job_duration", help, Unit::Seconds, job_seconds.clone());
        let Self { registry, probe_states, probe_values, probe_seconds, .. } = self;
        registry.register("probe_state", "1 for how a probe stands: pass, fail or unknown", probe_states.clone());
        registry.register("probe_value", "The number that a probe last found, in its own unit", probe_values.clone());
        let help = "Time that what a probe asks took to answer";
        registry.register_with_unit("probe_duration", help, Unit::Seconds, probe_seconds.clone());
    }
}

/// Counts one command in flight while it lives.
#[derive(Debug)]
pub struct InFlight(Metrics);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.0.in_flight.dec();
    }
}

#[cfg(test)]
mod tests;
