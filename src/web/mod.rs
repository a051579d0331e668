//! The HTTP surface: health, the JSON API, the console's stream and a small page for it. This file is the route table;
//! `openapi` describes the same routes, and a test holds the two together. Platforms that need HTTP bring a router of their
//! own; the web knows neither them nor plugins.

mod asked;
mod attempts;
mod auth;
mod charts;
mod commands;
mod complete;
mod error;
mod guard;
mod health;
pub mod login;
mod openapi;
mod pages;
mod serve;
mod state;
mod stream;

pub use error::{PROBLEM_JSON, Problem};
pub use serve::{Pace, serve, serve_at};
pub use state::{ApiToken, Candidate, CheckResult, CheckStatus, Complete, Completion, Readiness, WebState};

use attempts::Attempts;
use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, get, post};
use state::{House, Web};
use std::sync::Arc;

/// A route as the table has it: method, path, handler.
type Route = (&'static str, &'static str, MethodRouter<Web>);

/// Every route there is.
fn routes() -> Vec<Route> {
    vec![
        ("get", "/healthz", get(health::healthz)),
        ("get", "/readyz", get(health::readyz)),
        ("get", "/metrics", get(health::metrics)),
        ("post", "/api/v1/commands", post(commands::command)),
        ("get", "/api/v1/commands/{*delivery}", get(commands::follow)),
        ("post", "/api/v1/actions", post(commands::action)),
        ("get", "/api/v1/console/stream", get(stream::console)),
        ("get", "/api/v1/charts/{message}/{block}", get(charts::chart)),
        ("get", "/api/v1/complete", get(complete::complete)),
        ("get", "/api/v1/whoami", get(login::whoami)),
        ("get", "/api/openapi.json", get(openapi::document)),
        ("get", "/login/{code}", get(login::login)),
        ("post", "/logout", post(login::logout)),
        ("get", "/", get(pages::root)),
        ("get", "/console", get(pages::console)),
        ("get", "/assets/console.js", get(pages::script)),
        ("get", "/assets/console.css", get(pages::style)),
    ]
}

/// The router of everything above.
pub fn router(state: WebState) -> Router {
    let attempts = Attempts::new(state.clock.clone());
    let web: Web = Arc::new(House { state, attempts });
    let table = routes().into_iter().fold(Router::new(), |table, (_, path, handler)| table.route(path, handler));
    table
        .fallback(async || Problem::not_found("There is nothing here."))
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .layer(from_fn_with_state(web.clone(), guard::guard))
        .with_state(web)
}
