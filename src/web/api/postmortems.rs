//! What was published about incidents, and what is still to be done of it.

use super::incidents::named;
use super::paging;
use crate::config::limits::PAGE_ROWS_MAX;
use crate::model::document::Document;
use crate::model::facts::{Facts, Task};
use crate::web::asked::Asked;
use crate::web::error::Problem;
use crate::web::route::Route;
use crate::web::state::{Web, WebState};
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::routing::get;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The routes.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/postmortems", get(list))
            .says("Published postmortems, those published last first, and what is open of them")
            .query::<PostmortemsAsked>()
            .answers::<Postmortems>(200, "The newest revision of each, and the open action items of all of them."),
        Route::get("/api/v1/postmortems/{id}", get(one))
            .says("A published postmortem")
            .path_parameter("id", "The incident: `INC-7`, or `7`.")
            .query::<RevisionAsked>()
            .answers::<Postmortem>(200, "It as Markdown, with its other revisions."),
    ]
}

/// How many.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct PostmortemsAsked {
    /// Rows at most, 1 to 200; 50 if not given.
    pub(in crate::web) limit: Option<u32>,
}

/// Which revision.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct RevisionAsked {
    /// A revision's number; the newest if not given.
    pub(in crate::web) revision: Option<i64>,
}

/// Published postmortems.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::web) struct Postmortems {
    /// The newest revision of each, those published last first.
    pub(in crate::web) postmortems: Vec<PostmortemLine>,
    /// What is to be done and is not, what was due first before all others.
    pub(in crate::web) action_items: Vec<ActionItem>,
}

/// A revision.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(in crate::web) struct PostmortemLine {
    /// The incident.
    pub(in crate::web) incident: String,
    /// What it was called when this was published.
    pub(in crate::web) title: String,
    /// Counts from 1.
    pub(in crate::web) revision: i64,
    /// Who published it.
    pub(in crate::web) by: String,
    /// When, milliseconds since the epoch.
    pub(in crate::web) published_ms: i64,
    /// Whether it is in the artifact store, too.
    pub(in crate::web) stored: bool,
}

/// Something that is to be done.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::web) struct ActionItem {
    /// The incident.
    pub(in crate::web) incident: String,
    /// Its number within the incident.
    pub(in crate::web) number: u32,
    /// What.
    pub(in crate::web) text: String,
    /// Whose it is.
    pub(in crate::web) owner: Option<String>,
    /// Until when, milliseconds since the epoch.
    pub(in crate::web) due_ms: Option<i64>,
    /// That moment is over.
    pub(in crate::web) overdue: bool,
}

/// A published postmortem.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::web) struct Postmortem {
    /// The revision that was asked for.
    pub(in crate::web) postmortem: PostmortemLine,
    /// Its text.
    pub(in crate::web) markdown: String,
    /// All revisions, the newest first.
    pub(in crate::web) revisions: Vec<PostmortemLine>,
}

impl From<Document> for PostmortemLine {
    fn from(document: Document) -> Self {
        Self {
            incident: document.incident.to_string(),
            title: document.title,
            revision: document.revision,
            by: document.author.to_string(),
            published_ms: document.at_ms,
            stored: document.stored_ms.is_some(),
        }
    }
}

/// Those that were asked for.
pub(in crate::web) async fn postmortems(web: &WebState, asked: &PostmortemsAsked) -> Result<Postmortems, Problem> {
    let documents = web.store.documents(paging::limit(asked.limit)?).await?;
    let now_ms = web.clock.now_ms();
    let mut items = Vec::new();
    for document in &documents {
        let Some(incident) = web.store.incident(&document.incident).await? else { continue };
        items.extend(open_items(&incident.facts).map(|task| ActionItem {
            incident: incident.id.to_string(),
            number: task.number,
            text: task.text.clone(),
            owner: task.owner.as_ref().map(ToString::to_string),
            due_ms: task.due_ms,
            overdue: task.due_ms.is_some_and(|due_ms| due_ms < now_ms),
        }));
    }
    items.sort_by_key(|item| item.due_ms.unwrap_or(i64::MAX));
    Ok(Postmortems { postmortems: documents.into_iter().map(PostmortemLine::from).collect(), action_items: items })
}

/// What an incident leaves to be done.
fn open_items(facts: &Facts) -> impl Iterator<Item = &Task> {
    facts.tasks.iter().filter(|task| task.done.is_none())
}

/// One of them.
pub(in crate::web) async fn postmortem(
    web: &WebState,
    id: Result<Path<String>, PathRejection>,
    asked: &RevisionAsked,
) -> Result<Postmortem, Problem> {
    let incident = named(web, id).await?;
    let revisions = web.store.document_revisions(&incident.id, PAGE_ROWS_MAX).await?;
    let none = || {
        let id = &incident.id;
        Problem::not_found(format!("No postmortem of {id} is published. To begin one: /postmortem draft {id}"))
    };
    let newest = revisions.first().ok_or_else(none)?.revision;
    let document = web.store.document(&incident.id, asked.revision.unwrap_or(newest)).await?;
    let other = || Problem::not_found(format!("There is no such revision; the newest is {newest}."));
    let mut document = document.ok_or_else(other)?;
    let markdown = std::mem::take(&mut document.markdown);
    let revisions = revisions.into_iter().map(PostmortemLine::from).collect();
    Ok(Postmortem { postmortem: document.into(), markdown, revisions })
}

async fn list(State(web): State<Web>, Asked(asked): Asked<PostmortemsAsked>) -> Result<Json<Postmortems>, Problem> {
    postmortems(&web, &asked).await.map(Json)
}

async fn one(
    State(web): State<Web>,
    id: Result<Path<String>, PathRejection>,
    Asked(asked): Asked<RevisionAsked>,
) -> Result<Json<Postmortem>, Problem> {
    postmortem(&web, id, &asked).await.map(Json)
}
