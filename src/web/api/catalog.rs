//! The commands that can be typed, as they were declared: what the console makes its forms of.

use crate::model::manifest::CommandSpec;
use crate::web::route::Route;
use crate::web::state::Web;
use axum::Json;
use axum::extract::State;
use axum::routing::get;
use schemars::JsonSchema;
use serde::Serialize;

/// The routes.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/catalog", get(list))
            .says("The commands that can be typed, with their arguments")
            .answers::<Catalog>(200, "By name."),
    ]
}

/// What can be typed.
#[derive(Debug, Serialize, JsonSchema)]
struct Catalog {
    /// The commands, by name. Arguments that name something configured have it among their `choices`.
    commands: Vec<CommandSpec>,
}

async fn list(State(web): State<Web>) -> Json<Catalog> {
    Json(Catalog { commands: (web.catalog)() })
}
