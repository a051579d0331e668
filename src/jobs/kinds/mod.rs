//! The house's own kinds of jobs.

mod assess;
mod backup;
mod maintenance;
mod rollback;
mod silence;
mod steps;

pub use backup::copy_kinds;
pub use silence::SilenceKind;
pub use steps::StepsKind;

use super::{Kind, Rights};
use crate::clock::Clock;
use crate::config::Config;
use crate::ops::child::Supervisor;
use crate::ops::http::{Client, SystemResolver};
use crate::ops::steps::Runner;
use crate::scrub::Scrub;
use std::sync::Arc;

/// `steps`, `http` and `silence`, with what the configuration gives them.
pub fn own_kinds(
    config: &Config,
    supervisor: Supervisor,
    clock: Clock,
    scrub: Scrub,
    rights: &Rights,
) -> [Arc<dyn Kind>; 3] {
    let silence = SilenceKind::new(config.alerts.clone(), clock.clone());
    let runner = Runner {
        commands: Arc::new(config.commands.clone()),
        databases: Arc::new(config.databases.clone()),
        secrets: Arc::new(config.secrets.clone()),
        supervisor,
        http: Client::new(Arc::new(SystemResolver), clock.clone()),
        scrub,
        clock,
    };
    let steps = StepsKind::steps(runner.clone(), rights.clone());
    let http = StepsKind::http(runner, rights.clone());
    [Arc::new(steps), Arc::new(http), Arc::new(silence)]
}
