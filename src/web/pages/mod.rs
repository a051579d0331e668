//! The pages for people: one file a page, each with a template of its own in `templates/`. To add one: its file, its template,
//! and its line below. Templates escape whatever they show; scripts and styles come from `assets`, never from a template.

mod account;
mod assets;
mod audit;
mod backups;
mod console;
mod drills;
mod incident;
mod incidents;
mod overview;
mod plain;
mod plugins;
mod postmortems;
mod runbooks;
mod shown;

pub(super) use plain::{go_on, link_used, problem, signed_out};

use super::auth::Caller;
use super::error::{HTML, Problem};
use super::route::Route;
use askama::Template;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

/// All pages and what they are made of.
pub(super) fn routes() -> Vec<Route> {
    let mut routes = vec![
        overview::route(),
        incidents::route(),
        incident::route(),
        console::route(),
        backups::route(),
        drills::route(),
        plugins::route(),
        postmortems::list_route(),
        postmortems::one_route(),
        audit::route(),
        account::route(),
    ];
    routes.extend(runbooks::routes());
    routes.extend(assets::routes());
    routes
}

/// What stands around every page for somebody who is signed in.
struct Frame {
    /// Who is reading.
    person: String,
    /// The path of the menu's entry that this page belongs to.
    here: &'static str,
}

impl Frame {
    fn of(caller: &Caller, here: &'static str) -> Self {
        Self { person: caller.person.name.clone(), here }
    }

    /// The menu: paths and names.
    fn menu(&self) -> [(&'static str, &'static str); 8] {
        [
            ("/", "Overview"),
            ("/incidents", "Incidents"),
            ("/console", "Console"),
            ("/backups", "Backups"),
            ("/drills", "Drills"),
            ("/runbooks", "Runbooks"),
            ("/plugins", "Plugins"),
            ("/audit", "Audit"),
        ]
    }
}

/// A template as an answer.
fn render(status: StatusCode, template: &impl Template) -> Result<Response, Problem> {
    let html = template.render().map_err(|error| Problem::internal(format!("a template does not render: {error}")))?;
    Ok((status, [(CONTENT_TYPE, HTML)], html).into_response())
}

/// The page.
fn page(template: &impl Template) -> Result<Response, Problem> {
    render(StatusCode::OK, template)
}
