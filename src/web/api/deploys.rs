//! The deploys on record, and recording one.

use super::paging::{self, Page};
use crate::config::limits::deploys::DEPLOY_BODY_BYTES;
use crate::model::deploy::{Deploy, DeployPlace};
use crate::web::asked::{self, Asked};
use crate::web::auth::Caller;
use crate::web::error::Problem;
use crate::web::hooks::{DeployAsked, Deployed, record};
use crate::web::route::Route;
use crate::web::state::{Web, WebState};
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The routes.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/deploys", get(list))
            .says("The deploys on record, newest first")
            .query::<DeploysAsked>()
            .answers::<Page<DeployLine>>(200, "A page of them."),
        Route::post("/api/v1/deploys", post(deployed))
            .says("Record a deploy")
            .explains("As `POST /hooks/deploys/{service}`, with the service in the body.")
            .once()
            .body::<NamedDeploy>()
            .answers::<Deployed>(202, "It is recorded.")
            .problems(&[413, 503]),
    ]
}

/// Which deploys.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct DeploysAsked {
    /// Only those of this service.
    pub(in crate::web) service: Option<String>,
    /// Where to go on: `next` of an earlier page.
    pub(in crate::web) cursor: Option<String>,
    /// Rows of the page, 1 to 200; 50 if not given.
    pub(in crate::web) limit: Option<u32>,
}

/// A deploy to be recorded.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "it describes what `alert::deploy` reads")]
struct NamedDeploy {
    /// What was deployed.
    service: String,
    #[serde(flatten)]
    record: DeployAsked,
}

/// A deploy.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::web) struct DeployLine {
    /// The service; it may be configured no longer.
    pub(in crate::web) service: String,
    /// The version now.
    pub(in crate::web) version: String,
    /// The version before, or empty.
    pub(in crate::web) previous: String,
    /// The commit, or empty.
    pub(in crate::web) commit: String,
    /// What was said of the schema: `none`, `expand` or `contract`.
    pub(in crate::web) schema: String,
    /// Why that cannot be so, or empty.
    pub(in crate::web) disagrees: String,
    /// The migrations it brought.
    pub(in crate::web) migrations: Vec<MigrationLine>,
    /// Who or what deployed, or empty.
    pub(in crate::web) by: String,
    /// When, milliseconds since the epoch.
    pub(in crate::web) at_ms: i64,
    /// When it was heard of.
    pub(in crate::web) recorded_ms: i64,
    /// A rollback has recorded itself: `previous` is what it left.
    pub(in crate::web) rollback: bool,
}

/// A migration.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::web) struct MigrationLine {
    /// Its name.
    pub(in crate::web) name: String,
    /// `safe`, `risky` or `unknown`.
    pub(in crate::web) risk: &'static str,
    /// Why it is not safe.
    pub(in crate::web) findings: Vec<String>,
}

impl From<Deploy> for DeployLine {
    fn from(deploy: Deploy) -> Self {
        let Deploy { recorded_ms, record, .. } = deploy;
        let migrations = record.migrations.into_iter().map(|one| MigrationLine {
            name: one.name,
            risk: one.risk.as_str(),
            findings: one.findings,
        });
        Self {
            migrations: migrations.collect(),
            service: record.service,
            version: record.version,
            previous: record.previous,
            commit: record.commit,
            schema: record.schema,
            disagrees: record.disagrees,
            by: record.by,
            at_ms: record.at_ms,
            recorded_ms,
            rollback: record.rollback,
        }
    }
}

/// A page of deploys.
pub(in crate::web) async fn page(web: &WebState, asked: &DeploysAsked) -> Result<Page<DeployLine>, Problem> {
    let limit = paging::limit(asked.limit)?;
    let service = paging::plain("service", asked.service.as_deref())?;
    let service = Some(service.as_str()).filter(|service| !service.is_empty());
    let not_ours = || Problem::unfit("cursor", "`cursor` is what an earlier page gave as `next`.");
    let cursor = asked.cursor.as_deref().filter(|cursor| !cursor.is_empty());
    let after = match cursor.map(DeployPlace::parse) {
        None => None,
        Some(Some(place)) if !place.delivery.contains('\0') => Some(place),
        Some(_) => return Err(not_ours()),
    };
    let rows = web.store.deploys(service, limit + 1, after.as_ref()).await?;
    let Page { items, next } = Page::of(rows, limit, |deploy| deploy.place().to_string());
    Ok(Page { items: items.into_iter().map(DeployLine::from).collect(), next })
}

async fn list(State(web): State<Web>, Asked(asked): Asked<DeploysAsked>) -> Result<Json<Page<DeployLine>>, Problem> {
    page(&web, &asked).await.map(Json)
}

async fn deployed(
    State(web): State<Web>,
    caller: Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Deployed>), Problem> {
    let _place = web.hooks.enter()?;
    let bytes = asked::whole(body, DEPLOY_BODY_BYTES).await?;
    let unfit =
        || Problem::unfit("service", "`service` does not fit: the body is an object that names what was deployed.");
    let mut whole: Value = serde_json::from_slice(&bytes).map_err(|_| unfit())?;
    let service = whole.as_object_mut().and_then(|object| object.remove("service"));
    let service = service.as_ref().and_then(Value::as_str).ok_or_else(unfit)?;
    record(&web, &caller, service, &headers, whole.to_string().as_bytes()).await
}
