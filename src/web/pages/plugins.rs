//! `/plugins`: what runs, what it asked for, what it may.

use super::{Frame, page};
use crate::web::api::plugins::{PluginHealth, PluginLine, Plugins};
use crate::web::auth::Caller;
use crate::web::error::Problem;
use crate::web::route::Route;
use crate::web::state::Web;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;

pub(super) fn route() -> Route {
    Route::page("/plugins", get(plugins), "The plugins and what they may").problems(&[500, 503])
}

#[derive(Template)]
#[template(path = "plugins.html")]
struct PluginsPage {
    frame: Frame,
    all: Plugins,
}

impl PluginsPage {
    /// The word for how a plugin is, which is its class too.
    fn health(&self, plugin: &PluginLine) -> &'static str {
        match plugin.state {
            PluginHealth::Loaded => "ok",
            PluginHealth::Outdated => "degraded",
            PluginHealth::Failed => "failed",
        }
    }
}

async fn plugins(State(web): State<Web>, caller: Caller) -> Result<Response, Problem> {
    page(&PluginsPage { frame: Frame::of(&caller, "/plugins"), all: (web.plugins)() })
}
