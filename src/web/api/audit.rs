//! The end of the audit trail, record by record as it was written. Verifying it is `drillbell audit verify`'s business.

use super::paging::{self, Page};
use crate::audit::SealedRecord;
use crate::web::asked::Asked;
use crate::web::error::Problem;
use crate::web::route::Route;
use crate::web::state::{Web, WebState};
use axum::Json;
use axum::extract::State;
use axum::routing::get;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The routes.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/audit", get(list))
            .says("The audit trail, newest first")
            .query::<AuditAsked>()
            .answers::<Page<AuditLine>>(200, "A page of it."),
    ]
}

/// Which records.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct AuditAsked {
    /// Only the records of this delivery.
    pub(in crate::web) delivery: Option<String>,
    /// Where to go on: `next` of an earlier page.
    pub(in crate::web) cursor: Option<String>,
    /// Rows of the page, 1 to 200; 50 if not given.
    pub(in crate::web) limit: Option<u32>,
}

/// A record of the trail.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::web) struct AuditLine {
    /// Its number, from 1, without gaps.
    pub(in crate::web) seq: i64,
    /// SHA-256 over the hash before it and its text, hex.
    pub(in crate::web) hash: String,
    /// The record: `at`, `kind`, and where they apply `actor`, `plugin`, `conversation`, `incident`, `delivery`, `outcome`,
    /// `detail`.
    pub(in crate::web) record: Map<String, Value>,
}

impl From<SealedRecord> for AuditLine {
    fn from(sealed: SealedRecord) -> Self {
        // One that cannot be read was tampered with; it is shown as it is, under a name no real record has.
        let record = serde_json::from_str(&sealed.record)
            .unwrap_or_else(|_| Map::from_iter([("unreadable".to_owned(), Value::from(sealed.record.clone()))]));
        Self { seq: sealed.seq, hash: sealed.hash, record }
    }
}

/// A page of the trail.
pub(in crate::web) async fn page(web: &WebState, asked: &AuditAsked) -> Result<Page<AuditLine>, Problem> {
    let limit = paging::limit(asked.limit)?;
    let before = paging::before(asked.cursor.as_deref())?;
    let rows = match paging::plain("delivery", asked.delivery.as_deref())?.as_str() {
        "" => web.store.audit_before(before, limit + 1).await?,
        delivery => web.store.audit_of(delivery, before, limit + 1).await?,
    };
    Ok(Page::of(rows.into_iter().map(AuditLine::from).collect(), limit, |line| line.seq.to_string()))
}

async fn list(State(web): State<Web>, Asked(asked): Asked<AuditAsked>) -> Result<Json<Page<AuditLine>>, Problem> {
    page(&web, &asked).await.map(Json)
}
