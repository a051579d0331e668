//! The HTTP surface: health, the JSON API, the console's stream and the pages. Each file brings its own routes, documented
//! where they are made; this one puts them together. Platforms that need HTTP bring a router of their own; the web knows
//! neither them nor plugins.

mod access;
mod api;
mod asked;
mod attempts;
mod auth;
mod charts;
mod commands;
mod complete;
mod error;
mod guard;
mod health;
mod hooks;
mod login;
mod openapi;
mod pages;
mod route;
mod serve;
mod state;
mod status;
mod stream;

pub use api::plugins::{PluginHealth, PluginLine, Plugins, RequestLine};
pub use api::runbooks::{LastRun, LastRuns, newest};
pub use error::{PROBLEM_JSON, Problem};
pub use serve::{Pace, serve, serve_at};
pub use state::{ApiToken, Candidate, CheckResult, CheckStatus, Complete, Completion, Readiness, WebState};

use attempts::Attempts;
use axum::Router;
use axum::middleware::from_fn_with_state;
use route::{Access, Route};
use state::{House, Web};
use std::sync::Arc;

/// Every route there is.
fn routes() -> Vec<Route> {
    [
        health::routes(),
        hooks::routes(),
        commands::routes(),
        stream::routes(),
        charts::routes(),
        complete::routes(),
        api::routes(),
        openapi::routes(),
        login::routes(),
        pages::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The router of everything above. Call it inside the runtime: it follows the trail for the pages until `stop`.
pub fn router(state: WebState) -> Router {
    let attempts = Attempts::new(state.clock.clone());
    let ticks = api::changes::watch(state.store.clone(), state.stop.clone());
    let web: Web = Arc::new(House { state, attempts, ticks });
    let table = routes().into_iter().fold(Router::new(), |table, route| {
        let handler = match route.access {
            Access::Everybody => route.handler,
            Access::Caller => route.handler.route_layer(from_fn_with_state(web.clone(), access::caller)),
            Access::Page => route.handler.route_layer(from_fn_with_state(web.clone(), access::page)),
        };
        table.route(route.path, handler)
    });
    table
        .merge(status::routes(web.board.as_ref()))
        .fallback(async || Problem::not_found("There is nothing here."))
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .layer(from_fn_with_state(web.clone(), guard::guard))
        .with_state(web)
}
