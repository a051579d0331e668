//! How drills went, and how each target stands by them.

use super::paging::{self, Page};
use crate::config::limits::COPIES_LISTED;
use crate::model::chart::{Chart, Mark, Number, Series, Threshold, Unit};
use crate::model::copy::CopyVerdict;
use crate::model::drill::{Drill, DrillCheck, DrillStage};
use crate::model::target::TargetSeen;
use crate::web::asked::Asked;
use crate::web::charts::{Ground, drawn};
use crate::web::error::Problem;
use crate::web::route::Route;
use crate::web::state::{Web, WebState};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Drills that one chart shows: of monthly ones, years.
const DRAWN: i64 = 100;

/// The routes.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/drills", get(list))
            .says("How drills went, newest first")
            .query::<DrillsAsked>()
            .answers::<Page<DrillLine>>(200, "A page of them."),
        Route::get("/api/v1/drills/targets", get(standing))
            .says("How each target stands: last proven, measured time to restore, data at risk now")
            .answers::<Targets>(200, "The configured targets."),
        Route::get("/api/v1/drills/chart", get(chart))
            .says("How long restores of a target took over time, as a picture")
            .query::<TrendAsked>()
            .gives(200, "The chart.", "image/svg+xml")
            .problems(&[404]),
    ]
}

/// Which drills.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct DrillsAsked {
    /// Only those of this target.
    pub(in crate::web) target: Option<String>,
    /// Where to go on: `next` of an earlier page.
    pub(in crate::web) cursor: Option<String>,
    /// Rows of the page, 1 to 200; 50 if not given.
    pub(in crate::web) limit: Option<u32>,
}

/// Which chart.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TrendAsked {
    /// The target.
    target: String,
    /// On what ground; light if not given.
    theme: Option<Ground>,
}

/// A drill.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::web) struct DrillLine {
    /// Of what.
    pub(in crate::web) target: String,
    /// The job.
    pub(in crate::web) job: String,
    /// When it ended, milliseconds since the epoch.
    pub(in crate::web) ended_ms: i64,
    /// `pass`, `fail` or `unknown`; how its job ended if that did not finish: `failed`, `cancelled`, `denied`, `expired`.
    pub(in crate::web) status: String,
    /// What is to blame: `backup`, `environment` or `check`; null if nothing is.
    pub(in crate::web) cause: Option<String>,
    /// The sentence that says most; may be empty.
    pub(in crate::web) sentence: String,
    /// The copy; null when none was restored.
    pub(in crate::web) object: Option<String>,
    /// What people type for it; empty for an object that something else named.
    pub(in crate::web) short: String,
    /// The moment whose state the copy holds, milliseconds since the epoch.
    pub(in crate::web) taken_ms: Option<i64>,
    /// From its start until the last check, milliseconds: the measured time to restore, if it passed.
    pub(in crate::web) rto_ms: Option<i64>,
    /// How old the copy was, milliseconds.
    pub(in crate::web) age_ms: Option<i64>,
    /// How long each stage took.
    pub(in crate::web) stages: Vec<DrillStage>,
    /// What was checked.
    pub(in crate::web) checks: Vec<DrillCheck>,
    /// The object with the signed evidence.
    pub(in crate::web) evidence: Option<String>,
}

/// How the targets stand.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::web) struct Targets {
    /// Each of them, by its name.
    pub(in crate::web) targets: Vec<TargetLine>,
}

/// How a target stands.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::web) struct TargetLine {
    /// Its name.
    pub(in crate::web) target: String,
    /// `postgres`, `sqlite` or `files`.
    pub(in crate::web) kind: String,
    /// Whom to ask about it, or empty.
    pub(in crate::web) owner: String,
    /// When drills begin by themselves; null when only somebody's word begins one.
    pub(in crate::web) schedule: Option<String>,
    /// How much may be lost at most, milliseconds.
    pub(in crate::web) rpo_ms: Option<i64>,
    /// How long a restore may take, milliseconds.
    pub(in crate::web) rto_ms: Option<i64>,
    /// When a drill of it last passed, milliseconds since the epoch.
    pub(in crate::web) proven_ms: Option<i64>,
    /// How long restoring took then, milliseconds.
    pub(in crate::web) measured_ms: Option<i64>,
    /// What would be lost now: the age of the newest copy that is not known to be broken, milliseconds; null when there is none.
    pub(in crate::web) at_risk_ms: Option<i64>,
}

impl From<Drill> for DrillLine {
    fn from(drill: Drill) -> Self {
        let short = drill.object.as_deref().and_then(crate::model::copy::short_of).unwrap_or_default().to_owned();
        let Drill { job, target, object, taken_ms, ended_ms, status, cause, sentence, .. } = drill;
        let Drill { rto_ms, age_ms, stages, checks, evidence, .. } = drill;
        Self {
            target,
            job,
            ended_ms,
            status,
            cause,
            sentence,
            object,
            short,
            taken_ms,
            rto_ms,
            age_ms,
            stages,
            checks,
            evidence,
        }
    }
}

impl DrillLine {
    /// The colour of its verdict: `ok`, `degraded` or `failed`.
    pub(in crate::web) fn colour(&self) -> &'static str {
        match (self.status.as_str(), self.cause.as_deref()) {
            ("pass", _) => "ok",
            ("fail", Some("backup" | "check")) => "failed",
            _ => "degraded",
        }
    }

    /// The checks that did not pass.
    pub(in crate::web) fn not_passed(&self) -> impl Iterator<Item = &DrillCheck> {
        self.checks.iter().filter(|check| check.status != "pass")
    }
}

/// A page of drills.
pub(in crate::web) async fn page(web: &WebState, asked: &DrillsAsked) -> Result<Page<DrillLine>, Problem> {
    let limit = paging::limit(asked.limit)?;
    let target = paging::plain("target", asked.target.as_deref())?;
    let target = Some(target.as_str()).filter(|target| !target.is_empty());
    let cursor = asked.cursor.as_deref().filter(|cursor| !cursor.is_empty());
    let after = match cursor.map(place) {
        None => None,
        Some(Some(place)) => Some(place),
        Some(None) => return Err(Problem::unfit("cursor", "`cursor` is what an earlier page gave as `next`.")),
    };
    let rows = web.store.drills(target, limit + 1, after).await?;
    let Page { items, next } = Page::of(rows, limit, |drill| format!("{}-{}", drill.ended_ms, drill.job));
    Ok(Page { items: items.into_iter().map(DrillLine::from).collect(), next })
}

/// A place in the list, as a page gave it.
fn place(cursor: &str) -> Option<(i64, &str)> {
    let (ended_ms, job) = cursor.split_once('-')?;
    let plain = !job.is_empty() && job.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    Some((ended_ms.parse().ok()?, job)).filter(|_| plain && job.len() <= 64)
}

/// How the targets stand now.
pub(in crate::web) async fn targets(web: &WebState) -> Result<Targets, Problem> {
    let last: BTreeMap<_, _> =
        web.store.drilled().await?.into_iter().map(|drilled| (drilled.target.clone(), drilled)).collect();
    let now_ms = web.clock.now_ms();
    let mut lines = Vec::new();
    for target in web.targets.iter() {
        let TargetSeen { name, kind, owner, rpo_ms, rto_ms, policy, .. } = target;
        // The newest are looked at; where all of them are broken, what is at risk is not known any better.
        let copies = web.store.copies(Some(name), COPIES_LISTED, None).await?;
        let newest = copies.iter().find(|copy| copy.verdict != CopyVerdict::Broken && !copy.is_safety());
        let passed = last.get(name);
        lines.push(TargetLine {
            target: name.clone(),
            kind: kind.clone(),
            owner: owner.clone(),
            schedule: policy["drill"]["schedule"].as_str().map(str::to_owned),
            rpo_ms: rpo_ms.and_then(millis),
            rto_ms: rto_ms.and_then(millis),
            proven_ms: passed.map(|drilled| drilled.at_ms),
            measured_ms: passed.and_then(|drilled| millis(drilled.rto_ms)),
            at_risk_ms: newest.map(|copy| now_ms.saturating_sub(copy.taken_ms).max(0)),
        });
    }
    Ok(Targets { targets: lines })
}

/// A span that is longer than time itself is none.
fn millis(ms: u64) -> Option<i64> {
    i64::try_from(ms).ok()
}

/// How long restores of a target took over time; `None` while there are not two to draw a line between.
pub(in crate::web) async fn trend(web: &WebState, target: &str) -> Result<Option<Chart>, Problem> {
    let mut drills = web.store.drills(Some(target), DRAWN, None).await?;
    if drills.iter().filter(|drill| drill.measured_ms().is_some()).count() < 2 {
        return Ok(None);
    }
    drills.reverse();
    #[expect(clippy::cast_precision_loss, reason = "a chart needs no milliseconds of centuries")]
    let number = |ms: i64| Number::new(ms as f64);
    let points = drills.iter().map(|drill| (drill.ended_ms, drill.measured_ms().and_then(number))).collect();
    let allowed = web.targets.iter().find(|seen| seen.name == target).and_then(|seen| seen.rto_ms);
    let allowed = allowed.and_then(millis).and_then(number);
    let failed = drills.iter().filter(|drill| !drill.passed());
    Ok(Some(Chart {
        title: format!("{target}: time to restore"),
        unit: Unit::Milliseconds,
        series: vec![Series { name: "measured".to_owned(), points }],
        thresholds: allowed.map(|value| Threshold { label: "allowed".to_owned(), value }).into_iter().collect(),
        marks: failed.map(|drill| Mark { at_ms: drill.ended_ms, label: drill.status.clone() }).collect(),
        ..Chart::default()
    }))
}

async fn list(State(web): State<Web>, Asked(asked): Asked<DrillsAsked>) -> Result<Json<Page<DrillLine>>, Problem> {
    page(&web, &asked).await.map(Json)
}

async fn standing(State(web): State<Web>) -> Result<Json<Targets>, Problem> {
    targets(&web).await.map(Json)
}

async fn chart(State(web): State<Web>, Asked(asked): Asked<TrendAsked>) -> Result<Response, Problem> {
    let target = paging::plain("target", Some(&asked.target))?;
    let unknown = || Problem::not_found("There is no such chart: it takes two drills that passed.");
    let chart = trend(&web, &target).await?.ok_or_else(unknown)?;
    drawn(chart, Ground::theme(asked.theme)).await.ok_or_else(unknown)
}
