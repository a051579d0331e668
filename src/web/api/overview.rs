//! How things stand at a glance: what is open, what is being done, how the bot and its links are, what has not got through.

use crate::incident::clocks;
use crate::model::incident::Incident;
use crate::model::job::{Job, Progress};
use crate::probes::{self, Shown};
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
/// Jobs that are shown.
const MOST_JOBS: i64 = 20;
/// Deliveries given up longer ago than this are history.
const RECENT_MS: i64 = 24 * 3_600_000;

/// The routes.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/overview", get(overview))
            .says("How things stand: what is open, jobs, links, deliveries")
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
    /// What is expected of whoever handles them and has not been done yet, and by when; the soonest first.
    pub(in crate::web) clocks: Vec<ClockLine>,
    /// Jobs that have not ended, at most 20: first those that somebody has to decide about, then those that run.
    pub(in crate::web) jobs: Vec<JobLine>,
    /// How the database, the plugins and the links are, by name.
    pub(in crate::web) checks: BTreeMap<String, CheckResult>,
    /// What the bot measures by itself, by name.
    pub(in crate::web) probes: Vec<ProbeLine>,
    /// Events that are being handled or wait to be.
    pub(in crate::web) events_in_hand: i64,
    /// What waits to be delivered, by platform.
    pub(in crate::web) waiting: Vec<Waiting>,
    /// What was given up within a day; the newest 20.
    pub(in crate::web) given_up: Vec<GivenUp>,
}

/// A clock that runs.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::web) struct ClockLine {
    /// The incident.
    pub(in crate::web) incident: String,
    /// What is expected: `acknowledge`, `decide`, `roll back` or `next update`.
    pub(in crate::web) what: &'static str,
    /// By when, milliseconds since the epoch; it may be past.
    pub(in crate::web) due_ms: i64,
}

/// A job that has not ended.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::web) struct JobLine {
    /// Its id.
    pub(in crate::web) id: String,
    /// What it is for, one line.
    pub(in crate::web) title: String,
    /// Its kind, such as `steps`.
    pub(in crate::web) kind: String,
    /// Whose it is.
    pub(in crate::web) plugin: String,
    /// `held` (it waits for an approval), `ready`, `running`, or `lost` (its process died, and people are asked).
    pub(in crate::web) state: &'static str,
    /// Which machine and process runs or ran it.
    pub(in crate::web) place: Option<String>,
    /// The incident it belongs to.
    pub(in crate::web) incident: Option<String>,
    /// When it began, or was asked for while it has not; milliseconds since the epoch.
    pub(in crate::web) since_ms: i64,
    /// What it does now, a few words; may be empty.
    pub(in crate::web) stage: String,
    /// How much of it is done.
    pub(in crate::web) done: u64,
    /// Out of; 0 is unknown.
    pub(in crate::web) total: u64,
}

impl JobLine {
    fn of(job: Job) -> Self {
        let progress = job.progress.as_deref().and_then(|text| serde_json::from_str::<Progress>(text).ok());
        let Progress { stage, done, total, .. } = progress.unwrap_or_default();
        Self {
            id: job.id,
            title: job.title,
            kind: job.kind,
            plugin: job.plugin.to_string(),
            state: job.state.as_str(),
            place: job.place,
            incident: job.incident.map(|id| id.to_string()),
            since_ms: job.started_ms.unwrap_or(job.created_ms),
            stage,
            done,
            total,
        }
    }
}

/// A probe as it stands.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::web) struct ProbeLine {
    /// Its name.
    pub(in crate::web) name: String,
    /// `pass`, `fail` or `unknown`.
    pub(in crate::web) state: &'static str,
    /// The same in words, with what was found.
    pub(in crate::web) said: String,
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
    /// What `/drillbell status --retry` takes.
    pub(in crate::web) id: String,
    /// The same in short.
    pub(in crate::web) short: String,
    /// Where it was to go.
    pub(in crate::web) conversation: String,
    /// Why it could not.
    pub(in crate::web) reason: String,
    /// Whether it can still be sent: nothing newer was said in its place.
    pub(in crate::web) can_be_sent: bool,
}

/// Looks.
pub(in crate::web) async fn look(web: &WebState) -> Result<Overview, Problem> {
    let at_ms = web.clock.now_ms();
    let waiting = web.store.outbox_backlog().await?;
    let given_up = web.store.dead_deliveries(at_ms - RECENT_MS, MOST_DEAD).await?;
    let probes = probes::shown(&web.store, web.beats.probes(), at_ms).await?;
    let line = |probe: &Shown| ProbeLine {
        name: probe.name.clone(),
        state: probe.state.as_str(),
        said: probe.in_words(at_ms),
    };
    let open = web.store.incidents(true, MOST_OPEN).await?;
    let mut clocks: Vec<ClockLine> = open.iter().flat_map(|incident| clock_lines(web, incident)).collect();
    clocks.sort_by_key(|clock| clock.due_ms);
    Ok(Overview {
        version: web.version,
        at_ms,
        open,
        clocks,
        jobs: web.store.unfinished_jobs(MOST_JOBS).await?.into_iter().map(JobLine::of).collect(),
        checks: health::checks(web).await,
        probes: probes.iter().map(line).collect(),
        events_in_hand: web.store.open_events().await?,
        waiting: waiting
            .into_iter()
            .map(|(platform, count, oldest_ms)| Waiting { platform, count, oldest_ms })
            .collect(),
        given_up: given_up
            .into_iter()
            .map(|dead| GivenUp {
                short: dead.short().to_owned(),
                id: dead.id,
                conversation: dead.conversation.into_string(),
                reason: dead.reason,
                can_be_sent: dead.can_go_again,
            })
            .collect(),
    })
}

fn clock_lines(web: &WebState, incident: &Incident) -> Vec<ClockLine> {
    let running = clocks::running(incident, web.severities.clocks(&incident.severity));
    let line = |clock: clocks::Running| ClockLine {
        incident: incident.id.to_string(),
        what: clock.what,
        due_ms: clock.due_ms,
    };
    running.into_iter().map(line).collect()
}

async fn overview(State(web): State<Web>) -> Result<Json<Overview>, Problem> {
    look(&web).await.map(Json)
}
