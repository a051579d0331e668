//! `/drills`: how each target stands by its drills, how long restores took over time, and how each drill went.

use super::{Frame, page, shown};
use crate::model::chart::Chart;
use crate::web::api::drills::{DrillLine, DrillsAsked, Targets, page as page_of, targets, trend};
use crate::web::api::paging::Page;
use crate::web::asked::Asked;
use crate::web::auth::Caller;
use crate::web::error::Problem;
use crate::web::route::Route;
use crate::web::state::Web;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;

/// Charts on one page; of more targets one asks for one.
const CHARTS: usize = 6;

pub(super) fn route() -> Route {
    Route::page("/drills", get(drills), "How drills went").query::<DrillsAsked>().problems(&[500, 503])
}

/// A chart to be drawn.
struct Trend {
    target: String,
    chart: Chart,
}

#[derive(Template)]
#[template(path = "drills.html")]
struct DrillsPage {
    frame: Frame,
    standing: Targets,
    trends: Vec<Trend>,
    list: Page<DrillLine>,
    target: String,
}

async fn drills(State(web): State<Web>, caller: Caller, Asked(asked): Asked<DrillsAsked>) -> Result<Response, Problem> {
    let list = page_of(&web, &asked).await?;
    let target = asked.target.unwrap_or_default();
    let mut standing = targets(&web).await?;
    standing.targets.retain(|line| target.is_empty() || line.target == target);
    let mut names: Vec<_> = standing.targets.iter().map(|line| line.target.clone()).collect();
    if names.is_empty() && !target.is_empty() {
        // It is configured no longer; how its drills went is known all the same.
        names.push(target.clone());
    }
    let mut trends = Vec::new();
    for name in names.into_iter().take(CHARTS) {
        if let Some(chart) = trend(&web, &name).await? {
            trends.push(Trend { target: name, chart });
        }
    }
    page(&DrillsPage { frame: Frame::of(&caller, "/drills"), standing, trends, list, target })
}
