//! `/`: how things stand at a glance.

use super::{Frame, page, shown};
use crate::web::api::overview::{ClockLine, JobLine, Overview, ProbeLine, look};
use crate::web::api::plugins::{PluginHealth, PluginLine};
use crate::web::auth::Caller;
use crate::web::error::Problem;
use crate::web::route::Route;
use crate::web::state::{CheckResult, CheckStatus, Web};
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;

pub(super) fn route() -> Route {
    Route::page("/", get(overview), "How things stand").problems(&[500, 503])
}

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage {
    frame: Frame,
    now: Overview,
    /// Plugins that do not run as configured.
    lame: Vec<PluginLine>,
}

impl OverviewPage {
    /// The word for how a check came out, which is its class too.
    fn health(&self, check: &CheckResult) -> &'static str {
        match check.status {
            CheckStatus::Ok => "ok",
            CheckStatus::Degraded => "degraded",
            CheckStatus::Failed => "failed",
        }
    }

    /// How much a job wants to be looked at, as a check's class.
    fn weight(&self, job: &JobLine) -> &'static str {
        match job.state {
            "lost" => "failed",
            "held" => "degraded",
            _ => "ok",
        }
    }

    /// How a probe stands, as a check's class.
    fn standing(&self, probe: &ProbeLine) -> &'static str {
        match probe.state {
            "pass" => "ok",
            "fail" => "failed",
            _ => "degraded",
        }
    }

    /// The clocks of one incident.
    fn clocks(&self, incident: &str) -> Vec<&ClockLine> {
        self.now.clocks.iter().filter(|clock| clock.incident == incident).collect()
    }

    fn is_late(&self, clock: &&ClockLine) -> bool {
        clock.due_ms < self.now.at_ms
    }

    fn calm(&self) -> bool {
        let well = self.now.checks.values().all(|check| check.status == CheckStatus::Ok);
        well && self.now.given_up.is_empty() && self.lame.is_empty()
    }
}

async fn overview(State(web): State<Web>, caller: Caller) -> Result<Response, Problem> {
    let lame = (web.plugins)().plugins.into_iter().filter(|plugin| plugin.state != PluginHealth::Loaded).collect();
    page(&OverviewPage { frame: Frame::of(&caller, "/"), now: look(&web).await?, lame })
}
