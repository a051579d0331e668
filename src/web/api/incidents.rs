//! Incidents and their timelines.

use super::paging::{self, Page};
use crate::config::limits::EXPORT_LINES;
use crate::incident::export;
use crate::model::ids::IncidentId;
use crate::model::incident::{Incident, LastLines, TimelineLine};
use crate::store::LineFilter;
use crate::web::asked::Asked;
use crate::web::error::Problem;
use crate::web::route::Route;
use crate::web::state::{Web, WebState};
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The routes.
pub(super) fn routes() -> Vec<Route> {
    let id = ("id", "`INC-7`, or `7`.");
    vec![
        Route::get("/api/v1/incidents", get(list))
            .says("Incidents, newest first")
            .query::<ListAsked>()
            .answers::<Page<Incident>>(200, "A page of them."),
        Route::get("/api/v1/incidents/{id}", get(one))
            .says("An incident as it stands")
            .path_parameter(id.0, id.1)
            .answers::<Incident>(200, "It."),
        Route::get("/api/v1/incidents/{id}/timeline", get(timeline))
            .says("What happened in an incident, newest first")
            .path_parameter(id.0, id.1)
            .explains(
                "With `format`, or an `Accept` of `text/markdown`, the whole timeline as a document, oldest line first: at most \
                 10,000 lines, without a filter.",
            )
            .query::<TimelineAsked>()
            .header(
                "Accept",
                "`text/markdown` for a document to read.",
                serde_json::json!({"type": "string"}),
            )
            .answers::<TimelineAnswered>(200, "A page of its lines, or the whole of it as a document.")
            .gives(200, "A page of its lines, or the whole of it as a document.", "text/markdown"),
    ]
}

/// Which incidents.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct ListAsked {
    /// `true` for those that are not resolved; all otherwise.
    #[serde(default)]
    pub(in crate::web) open: bool,
    /// Where to go on: `next` of an earlier page.
    pub(in crate::web) cursor: Option<String>,
    /// Rows of the page, 1 to 200; 50 if not given.
    pub(in crate::web) limit: Option<u32>,
}

/// What a timeline is answered as.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "TimelineAnswer")]
enum TimelineAnswered {
    /// Without `format`.
    Page(Page<TimelineLine>),
    /// With `format=json`.
    Document(TimelineDocument),
}

/// A whole timeline.
#[derive(Serialize, JsonSchema)]
struct TimelineDocument {
    /// Its lines, oldest first.
    #[schemars(with = "Vec<serde_json::Map<String, serde_json::Value>>")]
    entries: serde_json::Value,
    /// The incident as it stands.
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    incident: serde_json::Value,
    /// How many were left out.
    left_out: u64,
}

/// Which lines of a timeline.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct TimelineAsked {
    /// Only lines of this kind: `note`, `status`, `update`, …
    pub(in crate::web) kind: Option<String>,
    /// Only lines by this person or plugin.
    pub(in crate::web) author: Option<String>,
    /// Only lines with this in their text; the case of ASCII letters does not matter.
    pub(in crate::web) text: Option<String>,
    /// Where to go on: `next` of an earlier page.
    pub(in crate::web) cursor: Option<String>,
    /// Rows of the page, 1 to 200; 50 if not given.
    pub(in crate::web) limit: Option<u32>,
    /// The whole timeline as a document: `md` to be read, `json` to be processed.
    pub(in crate::web) format: Option<Format>,
}

/// What a document is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(in crate::web) enum Format {
    /// Markdown.
    Md,
    /// JSON.
    Json,
}

/// A page of incidents.
pub(in crate::web) async fn page(web: &WebState, asked: &ListAsked) -> Result<Page<Incident>, Problem> {
    let limit = paging::limit(asked.limit)?;
    let before = paging::before(asked.cursor.as_deref())?;
    let rows = web.store.incidents_before(asked.open, before, limit + 1).await?;
    Ok(Page::of(rows, limit, |incident| incident.id.number().to_string()))
}

/// The incident of a path.
pub(in crate::web) async fn named(
    web: &WebState,
    id: Result<Path<String>, PathRejection>,
) -> Result<Incident, Problem> {
    let id = id.ok().and_then(|Path(id)| IncidentId::parse(&id));
    let id = id.ok_or_else(|| Problem::not_found("There is no such incident. They are called INC-1, INC-2, …"))?;
    let found = web.store.incident(&id).await?;
    found.ok_or_else(|| Problem::not_found(format!("There is no {id}. The list of incidents shows which there are.")))
}

/// A page of a timeline.
pub(in crate::web) async fn lines(
    web: &WebState,
    incident: &IncidentId,
    asked: &TimelineAsked,
) -> Result<Page<TimelineLine>, Problem> {
    let limit = paging::limit(asked.limit)?;
    let filter = LineFilter {
        kind: paging::plain("kind", asked.kind.as_deref())?,
        author: paging::plain("author", asked.author.as_deref())?,
        text: paging::plain("text", asked.text.as_deref())?,
    };
    let before = paging::plain("cursor", asked.cursor.as_deref())?;
    let rows = web.store.timeline_before(incident, &filter, &before, limit + 1).await?;
    Ok(Page::of(rows, limit, |line| line.entry.id.clone()))
}

async fn list(State(web): State<Web>, Asked(asked): Asked<ListAsked>) -> Result<Json<Page<Incident>>, Problem> {
    page(&web, &asked).await.map(Json)
}

async fn one(State(web): State<Web>, id: Result<Path<String>, PathRejection>) -> Result<Json<Incident>, Problem> {
    named(&web, id).await.map(Json)
}

async fn timeline(
    State(web): State<Web>,
    id: Result<Path<String>, PathRejection>,
    Asked(asked): Asked<TimelineAsked>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let incident = named(&web, id).await?;
    let Some(format) = asked.format.or_else(|| wants_markdown(&headers).then_some(Format::Md)) else {
        return lines(&web, &incident.id, &asked).await.map(|page| Json(TimelineAnswered::Page(page)).into_response());
    };
    let LastLines { lines, earlier } = web.store.last_lines(&incident.id, EXPORT_LINES).await?;
    let named = |ending: &str| format!("inline; filename=\"{}.{ending}\"", incident.id);
    if format == Format::Md {
        let document = export::markdown(&incident, (&lines, earlier), usize::MAX);
        let kind = "text/markdown; charset=utf-8";
        return Ok(([(CONTENT_TYPE, kind), (CONTENT_DISPOSITION, named("md").as_str())], document).into_response());
    }
    let mut whole = export::value(&incident, &lines, earlier);
    let (entries, about) = (whole["entries"].take(), whole["incident"].take());
    let left_out = whole["left_out"].as_u64().unwrap_or_default();
    let whole = TimelineAnswered::Document(TimelineDocument { entries, incident: about, left_out });
    Ok(([(CONTENT_DISPOSITION, named("json"))], Json(whole)).into_response())
}

/// Whether a caller asks for Markdown before anything else.
fn wants_markdown(headers: &HeaderMap) -> bool {
    let first = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).and_then(|accept| accept.split(',').next());
    first.is_some_and(|first| first.split(';').next().is_some_and(|kind| kind.trim() == "text/markdown"))
}
