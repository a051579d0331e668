//! `/runbooks`: those there are, whether each can be started, and how it went last; and one of them with its steps.

use super::{Frame, page, shown};
use crate::web::api::runbooks::{RunbookWhole, Runbooks, runbook, runbooks};
use crate::web::auth::Caller;
use crate::web::error::Problem;
use crate::web::route::Route;
use crate::web::state::Web;
use askama::Template;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;

pub(super) fn routes() -> [Route; 2] {
    [
        Route::page("/runbooks", get(list), "The runbooks there are").problems(&[500, 503]),
        Route::page("/runbooks/{name}", get(one), "A runbook and its steps")
            .path_parameter("name", "Its name, such as `db-down`.")
            .problems(&[404, 500, 503]),
    ]
}

#[derive(Template)]
#[template(path = "runbooks.html")]
struct RunbooksPage {
    frame: Frame,
    list: Runbooks,
}

#[derive(Template)]
#[template(path = "runbook.html")]
struct RunbookPage {
    frame: Frame,
    one: RunbookWhole,
}

async fn list(State(web): State<Web>, caller: Caller) -> Result<Response, Problem> {
    let list = runbooks(&web).await?;
    page(&RunbooksPage { frame: Frame::of(&caller, "/runbooks"), list })
}

async fn one(
    State(web): State<Web>,
    caller: Caller,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let name = name.map(|Path(name)| name).unwrap_or_default();
    let one = runbook(&web, &name).await?;
    page(&RunbookPage { frame: Frame::of(&caller, "/runbooks"), one })
}
