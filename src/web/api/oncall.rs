//! Who is on call, as a calendar that calendar programs understand.

use crate::escalation::calendar;
use crate::web::error::Problem;
use crate::web::route::Route;
use crate::web::state::Web;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// The routes.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/oncall.ics", get(all)).says("Who is on call in all rotations, as iCalendar").gives(
            200,
            "From now on, half a year ahead.",
            "text/calendar",
        ),
        Route::get("/api/v1/oncall/{rotation}", get(one))
            .says("Who is on call in one rotation, as iCalendar")
            .path_parameter("rotation", "A rotation's name, with or without `.ics` after it.")
            .gives(200, "From now on, half a year ahead.", "text/calendar"),
    ]
}

async fn all(State(web): State<Web>) -> Result<Response, Problem> {
    answer(&web, None)
}

async fn one(State(web): State<Web>, path: Result<Path<String>, PathRejection>) -> Result<Response, Problem> {
    let Ok(Path(name)) = path else { return Err(unknown()) };
    answer(&web, Some(name.strip_suffix(".ics").unwrap_or(&name)))
}

fn answer(web: &Web, rotation: Option<&str>) -> Result<Response, Problem> {
    let text = calendar(&web.roster, rotation, web.clock.now_ms()).ok_or_else(unknown)?;
    Ok(([(CONTENT_TYPE, "text/calendar; charset=utf-8")], text).into_response())
}

fn unknown() -> Problem {
    Problem::not_found("There is no such rotation. Those of [rotations] in the configuration can be asked for.")
}
