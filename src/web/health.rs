//! For machines that watch the bot: alive, ready, metrics. Open to everybody, and says nothing that is not for everybody.

use super::route::Route;
use super::state::{CheckResult, CheckStatus, Web, WebState};
use crate::config::limits::CHECK_TIME;
use crate::telemetry::metrics::CONTENT_TYPE as METRICS_TYPE;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// The routes.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/healthz", get(healthz)).open().says("Alive").gives(
            200,
            "`ok`, while the process lives.",
            "text/plain",
        ),
        Route::get("/readyz", get(readyz))
            .open()
            .says("Ready to work")
            .answers::<Ready>(200, "Ready.")
            .answers::<Ready>(503, "Not ready, and why."),
        Route::get("/metrics", get(metrics)).open().says("Metrics for Prometheus").gives(
            200,
            "The text format, version 0.0.4.",
            "text/plain",
        ),
    ]
}

/// Whether the bot is ready.
#[derive(Serialize, JsonSchema)]
struct Ready {
    /// `ready` or `not_ready`.
    status: &'static str,
    /// What was looked at, by name.
    checks: BTreeMap<String, CheckResult>,
}

async fn healthz() -> &'static str {
    "ok"
}

/// The database and whatever else must be well.
pub(super) async fn checks(web: &WebState) -> BTreeMap<String, CheckResult> {
    let late = || CheckResult::failed(format!("no answer within {} s", CHECK_TIME.as_secs()));
    let (database, others) = tokio::join!(
        tokio::time::timeout(CHECK_TIME, web.store.ping()),
        tokio::time::timeout(CHECK_TIME, web.readiness.checks()),
    );
    let database = match database {
        Ok(Ok(())) => CheckResult::ok(),
        Ok(Err(error)) => {
            tracing::warn!(error = %error, "not ready: the database does not answer");
            CheckResult::failed("it answers with an error; see the log")
        }
        Err(_) => late(),
    };
    let mut checks = others.unwrap_or_else(|_| [("bot".to_owned(), late())].into());
    checks.insert("database".to_owned(), database);
    if web.stop.is_cancelled() {
        checks.insert("shutdown".to_owned(), CheckResult::failed("the bot is shutting down"));
    }
    checks
}

async fn readyz(State(web): State<Web>) -> Response {
    let checks = checks(&web).await;
    let ready = checks.values().all(|check| check.status != CheckStatus::Failed);
    let (code, status) = if ready { (StatusCode::OK, "ready") } else { (StatusCode::SERVICE_UNAVAILABLE, "not_ready") };
    (code, Json(Ready { status, checks })).into_response()
}

async fn metrics(State(web): State<Web>) -> Response {
    // What waits is counted when somebody asks; a database that does not answer leaves the last count.
    if let Ok(Ok(backlog)) = tokio::time::timeout(CHECK_TIME, web.store.outbox_backlog()).await {
        web.metrics.pending(backlog.iter().map(|(platform, count, _)| (platform.as_str(), *count)));
    }
    ([(CONTENT_TYPE, METRICS_TYPE)], web.metrics.render()).into_response()
}
