//! The copies that there are, and what is known of each.

use super::paging;
use crate::model::copy::{BackupCopy, CopyVerdict};
use crate::web::asked::Asked;
use crate::web::error::Problem;
use crate::web::route::Route;
use crate::web::state::{Web, WebState};
use axum::Json;
use axum::extract::State;
use axum::routing::get;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The routes.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/backups", get(list))
            .says("The copies of targets, newest first")
            .query::<CopiesAsked>()
            .answers::<Copies>(200, "Those that are in the artifact store, as far as the catalogue knows."),
    ]
}

/// Which copies.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct CopiesAsked {
    /// Only those of this target.
    pub(in crate::web) target: Option<String>,
    /// Only those taken before this moment, milliseconds since the epoch.
    pub(in crate::web) before_ms: Option<i64>,
    /// Rows at most, 1 to 200; 50 if not given.
    pub(in crate::web) limit: Option<u32>,
}

/// Copies, newest first.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::web) struct Copies {
    /// The copies.
    pub(in crate::web) copies: Vec<CopyLine>,
    /// Whether there are older ones, too.
    pub(in crate::web) more: bool,
}

/// A copy.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::web) struct CopyLine {
    /// The object's name in the artifact store.
    pub(in crate::web) object: String,
    /// What people type for it; empty for an object that something else named.
    pub(in crate::web) short: String,
    /// The target it is a copy of.
    pub(in crate::web) target: String,
    /// `postgres`, `sqlite` or `files`.
    pub(in crate::web) kind: String,
    /// The moment whose state it holds, milliseconds since the epoch.
    pub(in crate::web) taken_ms: i64,
    /// Bytes of the object.
    pub(in crate::web) stored_bytes: i64,
    /// `unverified`, `verified`, `proven`, `broken` or `unknown`.
    pub(in crate::web) verdict: &'static str,
    /// What was found by whoever looked last, in one sentence; may be empty.
    pub(in crate::web) detail: String,
    /// When it was last found whole.
    pub(in crate::web) verified_ms: Option<i64>,
    /// When a restore of it last passed every check.
    pub(in crate::web) proven_ms: Option<i64>,
    /// Why somebody wants it kept, if somebody does.
    pub(in crate::web) pinned: Option<String>,
}

impl From<BackupCopy> for CopyLine {
    fn from(copy: BackupCopy) -> Self {
        Self {
            short: copy.short().unwrap_or_default().to_owned(),
            object: copy.object,
            target: copy.target,
            kind: copy.kind,
            taken_ms: copy.taken_ms,
            stored_bytes: copy.stored_bytes,
            verdict: copy.verdict.as_str(),
            detail: copy.verdict_detail,
            verified_ms: copy.verified_ms,
            proven_ms: copy.proven_ms,
            pinned: copy.pinned.map(|pin| pin.reason),
        }
    }
}

impl CopyLine {
    /// The colour of its verdict: `ok`, `degraded` or `failed`.
    pub(in crate::web) fn colour(&self) -> &'static str {
        match CopyVerdict::parse(self.verdict) {
            Some(CopyVerdict::Verified | CopyVerdict::Proven) => "ok",
            Some(CopyVerdict::Broken) => "failed",
            Some(CopyVerdict::Unverified | CopyVerdict::Unknown) | None => "degraded",
        }
    }
}

/// The copies that were asked for.
pub(in crate::web) async fn copies(web: &WebState, asked: &CopiesAsked) -> Result<Copies, Problem> {
    let limit = paging::limit(asked.limit)?;
    let target = paging::plain("target", asked.target.as_deref())?;
    let target = Some(target.as_str()).filter(|target| !target.is_empty());
    // One more than is shown tells whether there are more.
    let rows = web.store.copies(target, u32::try_from(limit + 1).unwrap_or(u32::MAX), asked.before_ms).await?;
    let shown = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > shown;
    Ok(Copies { copies: rows.into_iter().take(shown).map(CopyLine::from).collect(), more })
}

async fn list(State(web): State<Web>, Asked(asked): Asked<CopiesAsked>) -> Result<Json<Copies>, Problem> {
    copies(&web, &asked).await.map(Json)
}
