//! `/incidents/INC-7`: who has it, its tasks, its card as its plugin keeps it, and its timeline.

use super::{Frame, page, shown};
use crate::model::chart::Chart;
use crate::model::ids::{IncidentId, MessageRef};
use crate::model::incident::{Incident, TimelineLine};
use crate::model::view::{Block, View};
use crate::store::{CONSOLE, MessageRow};
use crate::web::api::incidents::{TimelineAsked, lines, named};
use crate::web::api::paging::Page;
use crate::web::asked::Asked;
use crate::web::auth::Caller;
use crate::web::error::Problem;
use crate::web::route::Route;
use crate::web::state::{Web, WebState};
use askama::Template;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;

/// Messages with charts that are shown.
const MOST_PICTURES: i64 = 12;

pub(super) fn route() -> Route {
    Route::page("/incidents/{id}", get(incident), "An incident: its card and its timeline")
        .path_parameter("id", "`INC-7`, or `7`.")
        .query::<TimelineAsked>()
        .problems(&[500, 503])
}

/// A card as it stands somewhere.
struct Card {
    /// What its buttons are clicked by; none where they can only be clicked in its own chat.
    message: Option<String>,
    view: View,
}

#[derive(Template)]
#[template(path = "incident.html")]
struct IncidentPage {
    frame: Frame,
    incident: Incident,
    card: Option<Card>,
    timeline: Page<TimelineLine>,
    /// Where each line's source can be looked at, in the same order.
    sources: Vec<Option<String>>,
    kinds: Vec<String>,
    authors: Vec<String>,
    asked: TimelineAsked,
    /// Charts that belong to it, newest first.
    pictures: Vec<Picture>,
    /// A document about it was published.
    has_postmortem: bool,
    now_ms: i64,
}

/// A chart of a message.
struct Picture {
    /// Its address, without the theme.
    address: String,
    title: String,
    /// The same in words, for whoever does not see it.
    words: String,
}

impl IncidentPage {
    fn is_filtered(&self) -> bool {
        [&self.asked.kind, &self.asked.author, &self.asked.text].into_iter().flatten().any(|text| !text.is_empty())
    }

    fn is_kind(&self, kind: &str) -> bool {
        self.asked.kind.as_deref() == Some(kind)
    }

    fn is_author(&self, author: &str) -> bool {
        self.asked.author.as_deref() == Some(author)
    }

    /// The lines with their sources' addresses.
    fn lines(&self) -> impl Iterator<Item = (&TimelineLine, Option<&String>)> {
        self.timeline.items.iter().zip(self.sources.iter().map(Option::as_ref))
    }

    /// The address of the next page of the timeline.
    fn next(&self, cursor: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in [("kind", &self.asked.kind), ("author", &self.asked.author), ("text", &self.asked.text)] {
            if let Some(value) = value.as_deref().filter(|value| !value.is_empty()) {
                query.append_pair(name, value);
            }
        }
        query.append_pair("cursor", cursor);
        format!("/incidents/{}?{}", self.incident.id, query.finish())
    }
}

async fn incident(
    State(web): State<Web>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
    Asked(asked): Asked<TimelineAsked>,
) -> Result<Response, Problem> {
    let incident = named(&web, id).await?;
    let timeline = lines(&web, &incident.id, &asked).await?;
    let sources = sources(&web, &timeline.items, &caller).await?;
    let (kinds, authors) = web.store.timeline_words(&incident.id).await?;
    let card = card(&web, &incident, &caller).await?;
    let pictures = pictures(&web, &incident.id, &caller).await?;
    let has_postmortem = !web.store.document_revisions(&incident.id, 1).await?.is_empty();
    let now_ms = web.clock.now_ms();
    page(&IncidentPage {
        frame: Frame::of(&caller, "/incidents"),
        incident,
        card,
        timeline,
        sources,
        kinds,
        authors,
        asked,
        pictures,
        has_postmortem,
        now_ms,
    })
}

/// Where the lines' sources can be looked at: a message in the console or, where the line says so, on a chat platform; the audit
/// record of a delivery. What is somewhere else, or not for the reader's eyes, has no address.
async fn sources(web: &WebState, lines: &[TimelineLine], caller: &Caller) -> Result<Vec<Option<String>>, Problem> {
    let mut all = Vec::with_capacity(lines.len());
    for line in lines {
        let found = match line.source.as_deref().and_then(|source| source.split_once(':')) {
            Some(("delivery", delivery)) => {
                let mut query = url::form_urlencoded::Serializer::new(String::new());
                Some(format!("/audit?{}", query.append_pair("delivery", delivery).finish()))
            }
            // Only the host writes sources.
            Some(("https", _)) => line.source.clone(),
            Some(("message", message)) => {
                let row = web.store.message(&MessageRef::new(message)).await?;
                let seen = |only: &crate::model::ids::PersonId| *only == caller.person.id;
                let row = row.filter(|row| row.conversation.platform() == CONSOLE);
                row.filter(|row| row.private_to.as_ref().is_none_or(seen)).map(|row| {
                    let mut query = url::form_urlencoded::Serializer::new(String::new());
                    let query = query.append_pair("channel", row.conversation.local()).finish();
                    format!("/console?{query}#m-{}", row.id)
                })
            }
            _ => None,
        };
        all.push(found);
    }
    Ok(all)
}

/// The incident's card, unless it is somebody else's private message.
async fn card(web: &WebState, incident: &Incident, caller: &Caller) -> Result<Option<Card>, Problem> {
    let Some(message) = &incident.card else { return Ok(None) };
    let row = web.store.message(message).await?;
    let row = row.filter(|row| row.private_to.as_ref().is_none_or(|only| *only == caller.person.id));
    Ok(row.map(|row| {
        let here = row.conversation.platform() == CONSOLE;
        Card { message: here.then(|| row.id.to_string()), view: row.view }
    }))
}

/// The newest charts among the incident's messages, but not those of somebody else's private ones.
async fn pictures(web: &WebState, incident: &IncidentId, caller: &Caller) -> Result<Vec<Picture>, Problem> {
    let rows = web.store.pictured(incident, MOST_PICTURES).await?;
    let rows = rows.iter().filter(|row| row.private_to.as_ref().is_none_or(|only| *only == caller.person.id));
    let of = |row: &MessageRow| {
        let charts = row.view.blocks.iter().enumerate().filter_map(|(at, block)| match block {
            Block::Chart(chart) => Some((at, chart.as_ref())),
            _ => None,
        });
        let picture = |(at, chart): (usize, &Chart)| Picture {
            address: format!("/api/v1/charts/{}/{at}", row.id),
            title: chart.title.clone(),
            words: chart.to_string(),
        };
        charts.map(picture).collect::<Vec<_>>()
    };
    Ok(rows.flat_map(of).collect())
}
