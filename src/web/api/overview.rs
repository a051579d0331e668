//! How things stand at a glance: what is open, how the bot and its links are, what has not got through.

use crate::model::incident::Incident;
use crate::web::error::Problem;
use crate::web::health;
use crate::web::route::Route;
use crate::web::state::{CheckResult, Web, WebState};
use axum::Json;
use axum::extract::State;
use axum::routing::get;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// Open incidents that are shown; who has more has another problem.
const MOST_OPEN: i64 = 50;
/// Deliveries given up that are shown.
const MOST_DEAD: i64 = 20;
/// Deliveries given up longer ago than this are history.
const RECENT_MS: i64 = 24 * 3_600_000;

/// The routes.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/overview", get(overview))
            .says("How things stand: what is open, links, deliveries")
            .answers::<Overview>(200, "Now."),
    ]
}

/// How things stand.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::web) struct Overview {
    /// The bot's version.
    pub(in crate::web) version: &'static str,
    /// When this was looked at, milliseconds since the epoch.
    pub(in crate::web) at_ms: i64,
    /// Incidents that are not resolved, newest first; the newest 50.
    pub(in crate::web) open: Vec<Incident>,
    /// How the database, the plugins and the links are, by name.
    pub(in crate::web) checks: BTreeMap<String, CheckResult>,
    /// Events that are being handled or wait to be.
    pub(in crate::web) events_in_hand: i64,
    /// What waits to be delivered, by platform.
    pub(in crate::web) waiting: Vec<Waiting>,
    /// What was given up within a day; the newest 20.
    pub(in crate::web) given_up: Vec<GivenUp>,
}

/// Deliveries that wait for a platform.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::web) struct Waiting {
    /// `slack`, `discord`, …
    pub(in crate::web) platform: String,
    /// How many.
    pub(in crate::web) count: i64,
    /// Since when the oldest waits, milliseconds since the epoch.
    pub(in crate::web) oldest_ms: i64,
}

/// A delivery that was given up.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::web) struct GivenUp {
    /// Where it was to go.
    pub(in crate::web) conversation: String,
    /// Why it could not.
    pub(in crate::web) reason: String,
}

/// Looks.
pub(in crate::web) async fn look(web: &WebState) -> Result<Overview, Problem> {
    let at_ms = web.clock.now_ms();
    let waiting = web.store.outbox_backlog().await?;
    let given_up = web.store.dead_deliveries(at_ms - RECENT_MS, MOST_DEAD).await?;
    Ok(Overview {
        version: web.version,
        at_ms,
        open: web.store.incidents(true, MOST_OPEN).await?,
        checks: health::checks(web).await,
        events_in_hand: web.store.open_events().await?,
        waiting: waiting
            .into_iter()
            .map(|(platform, count, oldest_ms)| Waiting { platform, count, oldest_ms })
            .collect(),
        given_up: given_up
            .into_iter()
            .map(|(conversation, reason)| GivenUp { conversation: conversation.into_string(), reason })
            .collect(),
    })
}

async fn overview(State(web): State<Web>) -> Result<Json<Overview>, Problem> {
    look(&web).await.map(Json)
}
