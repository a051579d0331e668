//! What was published about incidents, and what is still to be done of it.

use super::incidents::named;
use super::paging::{self, Page};
use crate::config::limits::PAGE_ROWS_MAX;
use crate::model::document::Document;
use crate::model::facts::{Facts, Task};
use crate::model::incident::Incident;
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
            .answers::<Postmortems>(
                200,
                "A page of the newest revision of each, and one of the open action items of all of them.",
            ),
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
    /// What an earlier page gave as `next`.
    pub(in crate::web) cursor: Option<String>,
    /// What an earlier page gave as `next_items`.
    pub(in crate::web) items: Option<String>,
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
    /// What to give as `cursor` for the next page of them; null when this is the last.
    pub(in crate::web) next: Option<String>,
    /// What is to be done and is not, of all that were ever published; what was due first before all others.
    pub(in crate::web) action_items: Vec<ActionItem>,
    /// What to give as `items` for the next page of them; null when this is the last.
    pub(in crate::web) next_items: Option<String>,
    /// How many of them there are.
    pub(in crate::web) open: usize,
    /// How many of these are overdue.
    pub(in crate::web) overdue: usize,
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
    let limit = paging::limit(asked.limit)?;
    let before = match paging::plain("cursor", asked.cursor.as_deref())? {
        cursor if cursor.is_empty() => None,
        cursor => {
            let (at_ms, job) = cursor.split_once('~').ok_or_else(|| not_ours("cursor", "next"))?;
            Some((at_ms.parse().map_err(|_| not_ours("cursor", "next"))?, job.to_owned()))
        }
    };
    let before = before.as_ref().map(|(at_ms, job): &(i64, String)| (*at_ms, job.as_str()));
    let documents = web.store.documents(before, limit + 1).await?;
    let documents = Page::of(documents, limit, |document| format!("{}~{}", document.at_ms, document.job));
    let now_ms = web.clock.now_ms();
    let after = match paging::plain("items", asked.items.as_deref())? {
        cursor if cursor.is_empty() => None,
        cursor => Some(Place::read(&cursor).ok_or_else(|| not_ours("items", "next_items"))?),
    };
    let mut items = Vec::new();
    for incident in web.store.documented_to_do().await? {
        let place = |task: &Task| Place(task.due_ms.unwrap_or(i64::MAX), incident.id.number(), task.number);
        items.extend(open_items(&incident.facts).map(|task| (place(task), item_of(&incident, task, now_ms))));
    }
    items.sort_by_key(|(place, _)| *place);
    let (open, overdue) = (items.len(), items.iter().filter(|(_, item)| item.overdue).count());
    items.retain(|(place, _)| after.is_none_or(|after| *place > after));
    let page = Page::of(items, limit, |(place, _)| place.to_string());
    Ok(Postmortems {
        postmortems: documents.items.into_iter().map(PostmortemLine::from).collect(),
        next: documents.next,
        action_items: page.items.into_iter().map(|(_, item)| item).collect(),
        next_items: page.next,
        open,
        overdue,
    })
}

/// Where an action item stands among all: by when it is due, its incident and its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place(i64, i64, u32);

impl Place {
    fn read(cursor: &str) -> Option<Self> {
        let mut parts = cursor.splitn(3, '~');
        let (due_ms, incident, number) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self(due_ms.parse().ok()?, incident.parse().ok()?, number.parse().ok()?))
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}~{}~{}", self.0, self.1, self.2)
    }
}

fn item_of(incident: &Incident, task: &Task, now_ms: i64) -> ActionItem {
    ActionItem {
        incident: incident.id.to_string(),
        number: task.number,
        text: task.text.clone(),
        owner: task.owner.as_ref().map(ToString::to_string),
        due_ms: task.due_ms,
        overdue: task.due_ms.is_some_and(|due_ms| due_ms < now_ms),
    }
}

fn not_ours(key: &'static str, given_as: &str) -> Problem {
    Problem::unfit(key, format!("`{key}` is what an earlier page gave as `{given_as}`."))
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
