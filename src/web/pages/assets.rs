//! The style sheet and the scripts, out of the binary: a short list of names, so that no path leads anywhere else.

use crate::web::error::Problem;
use crate::web::route::Route;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Name, media type, text.
const ASSETS: [(&str, &str, &str); 11] = [
    ("style.css", CSS, include_str!("../assets/style.css")),
    ("console.css", CSS, include_str!("../assets/console.css")),
    ("page.js", SCRIPT, include_str!("../assets/page.js")),
    ("say.js", SCRIPT, include_str!("../assets/say.js")),
    ("times.js", SCRIPT, include_str!("../assets/times.js")),
    ("cards.js", SCRIPT, include_str!("../assets/cards.js")),
    ("forms.js", SCRIPT, include_str!("../assets/forms.js")),
    ("prompt.js", SCRIPT, include_str!("../assets/prompt.js")),
    ("rooms.js", SCRIPT, include_str!("../assets/rooms.js")),
    ("stream.js", SCRIPT, include_str!("../assets/stream.js")),
    ("console.js", SCRIPT, include_str!("../assets/console.js")),
];

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/assets/{name}", get(asset))
            .open()
            .says("The pages' styles and scripts")
            .path_parameter("name", "The file's name.")
            .gives(200, "A style sheet, or a script.", "text/css")
            .problems(&[404]),
    ]
}

async fn asset(name: Result<Path<String>, PathRejection>) -> Result<Response, Problem> {
    let name = name.map(|Path(name)| name).unwrap_or_default();
    let found = ASSETS.iter().find(|(known, _, _)| *known == name);
    let (_, kind, text) = found.ok_or_else(|| Problem::not_found("There is nothing here."))?;
    // Asked for again each time, so that a page never runs with the script of another version.
    Ok(([(CONTENT_TYPE, *kind), (CACHE_CONTROL, "no-cache")], *text).into_response())
}
