//! `/incidents`: all of them, newest first.

use super::{Frame, page, shown};
use crate::model::incident::Incident;
use crate::web::api::incidents::{ListAsked, page as page_of};
use crate::web::api::paging::Page;
use crate::web::asked::Asked;
use crate::web::auth::Caller;
use crate::web::error::Problem;
use crate::web::route::Route;
use crate::web::state::Web;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;

pub(super) fn route() -> Route {
    Route::page("/incidents", get(incidents), "All incidents").query::<ListAsked>().problems(&[500, 503])
}

#[derive(Template)]
#[template(path = "incidents.html")]
struct IncidentsPage {
    frame: Frame,
    list: Page<Incident>,
    open: bool,
    now_ms: i64,
}

async fn incidents(
    State(web): State<Web>,
    caller: Caller,
    Asked(asked): Asked<ListAsked>,
) -> Result<Response, Problem> {
    let list = page_of(&web, &asked).await?;
    let now_ms = web.clock.now_ms();
    page(&IncidentsPage { frame: Frame::of(&caller, "/incidents"), list, open: asked.open, now_ms })
}
