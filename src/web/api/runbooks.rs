//! The runbooks there are: whose each is, whether it can be started, and how it went last.

use crate::clock::rfc3339;
use crate::runbook::{Shelved, Step};
use crate::store::StoreError;
use crate::web::error::Problem;
use crate::web::route::Route;
use crate::web::state::{Web, WebState};
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::routing::get;
use futures::future::BoxFuture;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Characters of what a plugin says of a run.
const SAID: usize = 200;

/// How runbooks went last, by their names.
pub type LastRuns = Arc<dyn Fn() -> BoxFuture<'static, Result<BTreeMap<String, LastRun>, StoreError>> + Send + Sync>;

/// The routes.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/runbooks", get(list))
            .says("The runbooks there are, by name")
            .answers::<Runbooks>(200, "All of them, with whether each can be started and how it went last."),
        Route::get("/api/v1/runbooks/{name}", get(one))
            .says("A runbook and its steps")
            .path_parameter("name", "Its name, such as `db-down`.")
            .answers::<RunbookWhole>(200, "It."),
    ]
}

/// Runbooks, by name.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::web) struct Runbooks {
    /// The runbooks.
    pub(in crate::web) runbooks: Vec<RunbookLine>,
}

/// A runbook in a list.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::web) struct RunbookLine {
    /// What is typed after `/runbook start`.
    pub(in crate::web) name: String,
    /// What people call it.
    pub(in crate::web) title: String,
    /// Who keeps it true.
    pub(in crate::web) owner: String,
    /// When it is to be read again, `2027-03-01`.
    pub(in crate::web) review: String,
    /// That day has passed.
    pub(in crate::web) overdue: bool,
    /// The worst that a step of it does: `read-only`, `change` or `dangerous`.
    pub(in crate::web) risk: String,
    /// How many steps it has.
    pub(in crate::web) steps: usize,
    /// How long it should take, milliseconds.
    pub(in crate::web) takes_ms: u64,
    /// When it starts by itself: five fields, and the time zone.
    pub(in crate::web) schedule: Option<String>,
    /// Why it cannot be started; empty if it can.
    pub(in crate::web) unready: Vec<String>,
    /// How it went last, if it ever ran.
    pub(in crate::web) last: Option<LastRun>,
}

/// How a runbook went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LastRun {
    /// `R-3`.
    pub run: String,
    /// When it began, milliseconds since the epoch.
    pub began_ms: i64,
    /// When it ended.
    pub ended_ms: i64,
    /// `3 passed, 1 failed`.
    pub outcome: String,
    /// No step failed, and of none it is unknown how it is.
    pub well: bool,
}

/// What plugins say of how runbooks went, each a runbook's name and what was kept of it; of several the one that began last. What no
/// plugin should have said is as if it had not.
pub fn newest<'a>(kept: impl IntoIterator<Item = (&'a str, &'a str)>) -> BTreeMap<String, LastRun> {
    let mut all: BTreeMap<String, LastRun> = BTreeMap::new();
    for (name, text) in kept {
        let Ok(mut run) = serde_json::from_str::<LastRun>(text) else { continue };
        for said in [&mut run.run, &mut run.outcome] {
            *said = said.chars().filter(|c| !c.is_control()).take(SAID).collect();
        }
        if all.get(name).is_none_or(|known| known.began_ms < run.began_ms) {
            all.insert(name.to_owned(), run);
        }
    }
    all
}

/// A runbook and its steps.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::web) struct RunbookWhole {
    /// As in the list.
    #[serde(flatten)]
    pub(in crate::web) line: RunbookLine,
    /// What it is for.
    pub(in crate::web) about: String,
    /// Where it is from: `bundled`, or the file's name.
    pub(in crate::web) from: String,
    /// The IDs that it answers.
    pub(in crate::web) requirements: Vec<String>,
    /// Its steps, in order.
    pub(in crate::web) all: Vec<StepLine>,
}

/// A step.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::web) struct StepLine {
    /// Its name.
    pub(in crate::web) name: String,
    /// The heading that it stands below.
    pub(in crate::web) section: String,
    /// Its prose.
    pub(in crate::web) text: String,
    /// `http`, `sql`, …
    pub(in crate::web) kind: String,
    /// `read-only`, `change` or `dangerous`.
    pub(in crate::web) risk: String,
    /// What it does, as JSON.
    pub(in crate::web) does: String,
}

impl RunbookLine {
    fn of(shelved: &Shelved, last: Option<LastRun>, today: &str) -> Self {
        let runbook = &shelved.runbook;
        let zone = runbook.zone.clone().unwrap_or_default();
        Self {
            name: runbook.name.clone(),
            title: runbook.title.clone(),
            owner: runbook.owner.clone(),
            review: runbook.review.clone(),
            overdue: !runbook.review.is_empty() && runbook.review.as_str() < today,
            risk: runbook.risk.as_str().to_owned(),
            steps: runbook.steps.len(),
            takes_ms: runbook.takes_ms,
            schedule: runbook.schedule.as_ref().map(|expression| format!("{expression} {zone}")),
            unready: shelved.unready.clone(),
            last,
        }
    }
}

impl StepLine {
    fn of(step: &Step) -> Self {
        Self {
            name: step.name.clone(),
            section: step.section.clone(),
            text: step.text.clone(),
            kind: step.kind.as_str().to_owned(),
            risk: step.risk.as_str().to_owned(),
            does: serde_json::to_string_pretty(&step.does).unwrap_or_default(),
        }
    }
}

fn today(web: &WebState) -> String {
    rfc3339(web.clock.now_ms()).chars().take(10).collect()
}

/// All runbooks.
pub(in crate::web) async fn runbooks(web: &WebState) -> Result<Runbooks, Problem> {
    let (mut last, today) = ((web.last_runs)().await?, today(web));
    let line = |shelved: &Shelved| RunbookLine::of(shelved, last.remove(&shelved.runbook.name), &today);
    Ok(Runbooks { runbooks: web.library.0.values().map(line).collect() })
}

/// One of them.
pub(in crate::web) async fn runbook(web: &WebState, name: &str) -> Result<RunbookWhole, Problem> {
    let Some(shelved) = web.library.0.get(name) else {
        return Err(Problem::not_found("There is no such runbook."));
    };
    let last = (web.last_runs)().await?.remove(name);
    // The folder is the operator's business.
    let from = shelved.from.rsplit('/').next().unwrap_or_default().to_owned();
    Ok(RunbookWhole {
        line: RunbookLine::of(shelved, last, &today(web)),
        about: shelved.runbook.about.clone(),
        from,
        requirements: shelved.runbook.requirements.clone(),
        all: shelved.runbook.steps.iter().map(StepLine::of).collect(),
    })
}

async fn list(State(web): State<Web>) -> Result<Json<Runbooks>, Problem> {
    runbooks(&web).await.map(Json)
}

async fn one(State(web): State<Web>, name: Result<Path<String>, PathRejection>) -> Result<Json<RunbookWhole>, Problem> {
    let name = name.map(|Path(name)| name).unwrap_or_default();
    runbook(&web, &name).await.map(Json)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn of_what_several_plugins_say_the_newest_counts_and_nonsense_does_not() {
        let said = |run: &str, began_ms: i64, outcome: &str| {
            json!({ "run": run, "began_ms": began_ms, "ended_ms": began_ms + 1, "outcome": outcome, "well": true })
                .to_string()
        };
        let (old, new, long) =
            (said("R-3", 5, "1 passed"), said("X-1", 7, "2 passed"), said("R-1", 1, &"a\n".repeat(999)));
        let kept = [("db-down", old.as_str()), ("db-down", &new), ("db-down", &old), ("odd", "{}"), ("long", &long)];
        let all = newest(kept);
        assert_eq!(all.keys().collect::<Vec<_>>(), ["db-down", "long"]);
        assert_eq!((all["db-down"].run.as_str(), all["long"].outcome.len()), ("X-1", SAID));
    }
}
