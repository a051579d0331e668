//! `POST /hooks/NAME` and `POST /hooks/deploys/SERVICE`: what monitoring systems and pipelines send. The answer comes when what
//! was taken is durable.

use super::asked;
use super::auth::Caller;
use super::error::Problem;
use super::route::Route;
use super::state::Web;
use crate::alert::Reject;
use crate::config::limits::alerts::{HOOK_BODY_BYTES, REJECTS_NAMED};
use crate::config::limits::deploys::DEPLOY_BODY_BYTES;
use crate::hooks::{Shown, Turned};
use axum::Json;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use schemars::JsonSchema;
use serde::Serialize;
use url::form_urlencoded;

/// What tells a sender how to identify itself.
const CHALLENGE: &str = "Bearer realm=\"drillbell alerts\"";

/// The routes.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post("/hooks/{name}", post(receive))
            .open()
            .says("Send alerts")
            .explains(
                "For monitoring systems. The body is what the source's `kind` sends. The source's token is shown as \
                 `Authorization: Bearer`, as the password of basic authentication, or as `?token=`; PagerDuty and Sentry may \
                 sign instead. Everything under `accepted` is durable when the answer comes.",
            )
            .path_parameter("name", "The source: `NAME` of `[alerts.NAME]`.")
            .once()
            .answers::<Taken>(202, "What was accepted, and what was not.")
            .problems(&[400, 401, 404, 408, 413, 422, 500, 502, 503]),
        Route::post("/hooks/beats/{name}", post(beaten))
            .open()
            .says("Beat")
            .explains(
                "For whatever must happen regularly: a probe with a `token` fails when this is not called in time. The token is \
                 shown as for alerts; a body is not read.",
            )
            .path_parameter("name", "The heartbeat: `NAME` of `[probes.NAME]`.")
            .answers::<Beaten>(202, "It is noted.")
            .problems(&[401, 404, 503]),
        Route::post("/hooks/deploys/{service}", post(deployed))
            .says("Record a deploy")
            .explains("For pipelines, by an API token.")
            .path_parameter("service", "What was deployed.")
            .once()
            .body::<DeployAsked>()
            .answers::<Deployed>(202, "It is recorded.")
            .problems(&[413, 503]),
    ]
}

/// What was taken of a notification.
#[derive(Debug, Serialize, JsonSchema)]
struct Taken {
    /// The fingerprints of the alerts that are durable now.
    accepted: Vec<String>,
    /// What could not be taken; the first hundred.
    rejected: Vec<Rejected>,
    /// How many could not be taken.
    rejects: usize,
    /// The same notification had been taken before, and was not taken again.
    duplicate: bool,
    /// It confirmed a subscription.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    confirmed: bool,
}

/// A beat that was noted.
#[derive(Debug, Serialize, JsonSchema)]
struct Beaten {
    /// The heartbeat.
    probe: String,
}

/// An alert that could not be taken.
#[derive(Debug, Serialize, JsonSchema)]
struct Rejected {
    /// Its place in the notification, from 0.
    index: usize,
    /// The field that does not fit.
    field: String,
    /// What is wrong with it.
    reason: String,
}

/// A deploy record.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "it describes what `alert::deploy` reads")]
pub(super) struct DeployAsked {
    /// The version now.
    version: String,
    /// The version before.
    previous: Option<String>,
    /// The commit.
    commit: Option<String>,
    /// Whether it changed the database's schema, and in which way: `none`, `expand` or `contract`.
    #[schemars(regex(pattern = r"^(none|expand|contract)$"))]
    schema: Option<String>,
    /// The migrations it brought; those whose statements are shown are looked at, and the statements are not kept.
    migrations: Option<Vec<MigrationAsked>>,
    /// Who or what deployed.
    by: Option<String>,
    /// When, RFC 3339; now if not given.
    at: Option<String>,
}

/// A migration.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "it describes what `alert::deploy` reads")]
#[serde(untagged)]
enum MigrationAsked {
    /// Its name.
    Name(String),
    /// Its name and its statements.
    Shown {
        /// Its name.
        name: String,
        /// Its statements.
        sql: Option<String>,
    },
}

/// A recorded deploy.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Deployed {
    /// The service.
    service: String,
    /// The same record had been taken before, and was not taken again.
    duplicate: bool,
}

impl From<Turned> for Problem {
    fn from(turned: Turned) -> Self {
        match turned {
            Turned::Unknown => Self::not_found("No alerts come in by this name: there is no such [alerts.NAME]."),
            Turned::Stranger(_) => {
                Self::unauthorized("Show the source's token, or sign the body with its secret.", CHALLENGE)
            }
            Turned::Busy => Self::busy(),
            Turned::Unfit(rejects) => unfit(&rejects),
            Turned::Store(error) => error.into(),
            Turned::Nowhere(fingerprint) => {
                Self::internal(format!("no route and no channel takes the alert {fingerprint}"))
            }
            Turned::Upstream(reason) => {
                Self::upstream(format!("What the sender names could not be looked at: {reason}."))
            }
        }
    }
}

/// Nothing can be taken: the first reason, and how many more there are.
fn unfit(rejects: &[Reject]) -> Problem {
    let Some(first) = rejects.first() else { return Problem::unfit("", "There is nothing in it.") };
    let field = asked::clip(&first.field);
    let more = match rejects.len() {
        1 => String::new(),
        several => format!(" {} more alerts cannot be taken either.", several - 1),
    };
    if first.field == "body" {
        return Problem::unfit(&field, format!("The body does not fit: {}.{more}", asked::clip(&first.reason)));
    }
    Problem::unfit(&field, format!("`{field}` does not fit: {}.{more}", asked::clip(&first.reason)))
}

/// What a sender is told, and the operator of strangers: whose source they tried.
fn told(source: &str, turned: Turned) -> Problem {
    if let Turned::Stranger(reason) = &turned {
        tracing::warn!(source, reason, "a notification was turned away");
    }
    turned.into()
}

async fn receive(
    State(web): State<Web>,
    name: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Taken>), Problem> {
    let Ok(Path(name)) = name else { return Err(Turned::Unknown.into()) };
    let shown = shown(&headers, query.as_deref())?;
    // Before the body is read: a stranger costs no memory.
    web.hooks.admits(&name, &shown).map_err(|turned| told(&name, turned))?;
    let _place = web.hooks.enter_by(&name)?;
    let bytes = asked::whole(body, HOOK_BODY_BYTES).await?;
    let taken = web.hooks.receive(&name, &shown, &bytes).await.map_err(|turned| told(&name, turned))?;
    let rejects = taken.rejects.len();
    let rejected = taken.rejects.into_iter().take(REJECTS_NAMED).map(|reject| Rejected {
        index: reject.at,
        field: reject.field,
        reason: reject.reason,
    });
    let answer = Taken {
        accepted: taken.accepted,
        rejected: rejected.collect(),
        rejects,
        duplicate: taken.duplicate,
        confirmed: taken.confirmed,
    };
    Ok((StatusCode::ACCEPTED, Json(answer)))
}

async fn beaten(
    State(web): State<Web>,
    name: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<(StatusCode, Json<Beaten>), Problem> {
    const NONE: &str = "Nobody expects a beat by this name: there is no [probes.NAME] with a `token`.";
    let Ok(Path(probe)) = name else { return Err(Problem::not_found(NONE)) };
    let shown = shown(&headers, query.as_deref())?;
    web.beats.beat(&probe, &shown).await.map_err(|turned| match turned {
        Turned::Unknown => Problem::not_found(NONE),
        Turned::Stranger(reason) => {
            tracing::warn!(probe, reason, "a beat was turned away");
            Problem::unauthorized("Show the heartbeat's token.", CHALLENGE)
        }
        other => other.into(),
    })?;
    Ok((StatusCode::ACCEPTED, Json(Beaten { probe })))
}

async fn deployed(
    State(web): State<Web>,
    caller: Caller,
    service: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Deployed>), Problem> {
    let service = service.map(|Path(name)| name).unwrap_or_default();
    let _place = web.hooks.enter()?;
    let bytes = asked::whole(body, DEPLOY_BODY_BYTES).await?;
    record(&web, &caller, &service, &headers, &bytes).await
}

/// Records a deploy for whoever sent it.
pub(super) async fn record(
    web: &Web,
    caller: &Caller,
    service: &str,
    headers: &HeaderMap,
    bytes: &[u8],
) -> Result<(StatusCode, Json<Deployed>), Problem> {
    let key = asked::idempotency_key(headers)?;
    // Named as this caller's, so that inbox and audit trail say whose token it was.
    let id = caller.delivery(&format!("deploys/{service}/{key}"));
    let duplicate = web.hooks.deployed(service, id, bytes).await?;
    Ok((StatusCode::ACCEPTED, Json(Deployed { service: service.to_owned(), duplicate })))
}

/// What the sender shows of itself.
fn shown(headers: &HeaderMap, query: Option<&str>) -> Result<Shown, Problem> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let token = pairs.into_iter().find(|(name, _)| name == "token").map(|(_, value)| value.into_owned());
    let key = match headers.contains_key("idempotency-key") {
        true => Some(asked::idempotency_key(headers)?),
        false => None,
    };
    Ok(Shown {
        authorization: header(AUTHORIZATION.as_str()),
        token,
        signature: header("x-pagerduty-signature").or_else(|| header("sentry-hook-signature")),
        key,
    })
}
