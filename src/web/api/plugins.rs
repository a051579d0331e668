//! The plugins: whether they run, what they asked for, what they may.

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
        Route::get("/api/v1/plugins", get(list))
            .says("The plugins: state, requests, grants")
            .answers::<Plugins>(200, "All that are configured."),
    ]
}

/// The configured plugins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Plugins {
    /// By name.
    pub plugins: Vec<PluginLine>,
    /// Commands that two plugins claim, each a sentence for the operator.
    pub clashes: Vec<String>,
}

/// A plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PluginLine {
    /// Its configured name.
    pub name: String,
    /// `loaded`, `outdated` (an earlier version runs; the newest did not load) or `failed`.
    pub state: PluginHealth,
    /// Why it is not loaded as configured; null if it is.
    pub reason: Option<String>,
    /// Its version; null if its manifest could not be read.
    pub version: Option<String>,
    /// What it is, one line.
    pub summary: String,
    /// Where it comes from: `builtin:NAME` or `file:PATH`.
    pub origin: String,
    /// SHA-256 of its bytes, hex; empty if they could not be read.
    pub sha256: String,
    /// The slash commands it declares.
    pub commands: Vec<String>,
    /// The kinds of events it handles.
    pub handles: Vec<String>,
    /// What it asks to be allowed.
    pub requests: Vec<RequestLine>,
    /// What the operator granted.
    pub grants: Vec<String>,
    /// What it may do: asked for and granted.
    pub effective: Vec<String>,
}

/// Whether a plugin runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PluginHealth {
    /// It runs as configured.
    Loaded,
    /// It runs as it was before; its newest version did not load.
    Outdated,
    /// It does not run.
    Failed,
}

/// Something that a plugin asks to be allowed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RequestLine {
    /// The grant that would allow it.
    pub grant: String,
    /// Its author's reason.
    pub reason: String,
    /// Whether the operator granted all of it.
    pub granted: bool,
}

async fn list(State(web): State<Web>) -> Json<Plugins> {
    Json((web.plugins)())
}
