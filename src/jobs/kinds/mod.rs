//! The house's own kinds of jobs.

mod assess;
mod backup;
mod document;
mod evidence;
mod exercise;
mod maintenance;
mod notice;
mod rollback;
mod samples;
mod silence;
mod steps;
mod words;

pub use backup::copy_kinds;
pub use document::DocumentKind;
pub use evidence::EvidenceKind;
pub use exercise::ExerciseKind;
pub use samples::SamplesKind;
pub use silence::SilenceKind;
pub use steps::StepsKind;

use super::{Kind, Rights};
use crate::clock::Clock;
use crate::config::Config;
use crate::ops::child::Supervisor;
use crate::ops::http::{Client, SystemResolver};
use crate::ops::prometheus::range::Prometheus;
use crate::ops::steps::Runner;
use crate::scrub::Scrub;
use crate::store::Store;
use std::sync::Arc;

/// `steps`, `http`, `exercise`, `silence` and `samples`, with what the configuration gives them.
pub fn own_kinds(
    config: &Config,
    supervisor: Supervisor,
    clock: Clock,
    scrub: Scrub,
    rights: &Rights,
    store: &Store,
) -> [Arc<dyn Kind>; 5] {
    let silence = SilenceKind::new(config.alerts.clone(), clock.clone());
    let http = Client::new(Arc::new(SystemResolver), clock.clone());
    let prometheus = Prometheus::new(http.clone(), config.metrics.clone());
    let samples = SamplesKind::new(prometheus, config.probes.clone(), store.clone());
    let runner = Runner {
        commands: Arc::new(config.commands.clone()),
        databases: Arc::new(config.databases.clone()),
        metrics: Arc::new(config.metrics.clone()),
        secrets: Arc::new(config.secrets.clone()),
        supervisor,
        http,
        scrub,
        clock,
    };
    let exercise = ExerciseKind::new(config, &runner);
    let steps = StepsKind::steps(runner.clone(), rights.clone());
    let http = StepsKind::http(runner, rights.clone());
    [Arc::new(steps), Arc::new(http), Arc::new(exercise), Arc::new(silence), Arc::new(samples)]
}
