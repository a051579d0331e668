//! `/postmortems`: what was published, and what is still to be done of it; `/postmortems/INC-7`: a document.

use super::{Frame, page, shown};
use crate::markdown::{self, Piece};
use crate::web::api::postmortems::{
    Postmortem, Postmortems, PostmortemsAsked, RevisionAsked, postmortem as one_of, postmortems as all_of,
};
use crate::web::asked::Asked;
use crate::web::auth::Caller;
use crate::web::error::Problem;
use crate::web::route::Route;
use crate::web::state::Web;
use askama::Template;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;

pub(super) fn list_route() -> Route {
    Route::page("/postmortems", get(postmortems), "Published postmortems and open action items")
        .query::<PostmortemsAsked>()
        .problems(&[500, 503])
}

pub(super) fn one_route() -> Route {
    Route::page("/postmortems/{id}", get(postmortem), "A published postmortem")
        .path_parameter("id", "The incident: `INC-7`, or `7`.")
        .query::<RevisionAsked>()
        .problems(&[500, 503])
}

#[derive(Template)]
#[template(path = "postmortems.html")]
struct PostmortemsPage {
    frame: Frame,
    list: Postmortems,
    /// It is not the first page.
    paged: bool,
}

#[derive(Template)]
#[template(path = "postmortem.html")]
struct PostmortemPage {
    frame: Frame,
    document: Postmortem,
    /// Of its text; nothing of it does anything.
    pieces: Vec<Piece>,
}

async fn postmortems(
    State(web): State<Web>,
    caller: Caller,
    Asked(asked): Asked<PostmortemsAsked>,
) -> Result<Response, Problem> {
    let list = all_of(&web, &asked).await?;
    let paged = asked.cursor.is_some() || asked.items.is_some();
    page(&PostmortemsPage { frame: Frame::of(&caller, "/incidents"), list, paged })
}

async fn postmortem(
    State(web): State<Web>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
    Asked(asked): Asked<RevisionAsked>,
) -> Result<Response, Problem> {
    let document = one_of(&web, id, &asked).await?;
    let pieces = markdown::pieces(&document.markdown);
    page(&PostmortemPage { frame: Frame::of(&caller, "/incidents"), document, pieces })
}
