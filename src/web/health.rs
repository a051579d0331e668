//! For machines that watch the bot: alive, ready, metrics. Open to everybody, and says nothing that is not for everybody.

use super::state::{CheckResult, CheckStatus, Web};
use crate::config::limits::CHECK_TIME;
use crate::telemetry::metrics::CONTENT_TYPE as METRICS_TYPE;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// `GET /healthz`: while the process lives.
pub(super) async fn healthz() -> &'static str {
    "ok"
}

/// `GET /readyz`.
pub(super) async fn readyz(State(web): State<Web>) -> Response {
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
    let ready = checks.values().all(|check| check.status != CheckStatus::Failed);
    let (code, status) = if ready { (StatusCode::OK, "ready") } else { (StatusCode::SERVICE_UNAVAILABLE, "not_ready") };
    (code, Json(json!({"status": status, "checks": checks}))).into_response()
}

/// `GET /metrics`.
pub(super) async fn metrics(State(web): State<Web>) -> Response {
    ([(CONTENT_TYPE, METRICS_TYPE)], web.metrics.render()).into_response()
}
