//! Charts of the console's messages as pictures, for whoever may read the message.

use super::asked::Asked;
use super::auth::Caller;
use super::error::Problem;
use super::route::Route;
use super::state::Web;
use crate::chart::{Theme, svg};
use crate::model::chart::Chart;
use crate::model::ids::MessageRef;
use crate::model::view::Block;
use crate::store::CONSOLE;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use schemars::JsonSchema;
use serde::Deserialize;

/// The route.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/charts/{message}/{block}", get(chart))
            .says("A chart of a console message, as a picture")
            .path_parameter("message", "The message.")
            .path_parameter("block", "Which of its blocks, from 0.")
            .query::<ChartAsked>()
            .gives(200, "The chart.", "image/svg+xml"),
    ]
}

/// How it is drawn.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ChartAsked {
    /// On what ground; light if not given.
    theme: Option<Ground>,
}

/// On what ground.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Ground {
    Light,
    Dark,
}

impl Ground {
    /// The theme for it; light if nobody said.
    pub(super) fn theme(asked: Option<Self>) -> Theme {
        match asked {
            None | Some(Self::Light) => Theme::Light,
            Some(Self::Dark) => Theme::Dark,
        }
    }
}

/// `GET /api/v1/charts/{message}/{block}`: the chart that is this block, from 0, of this message.
async fn chart(
    State(web): State<Web>,
    caller: Caller,
    Asked(query): Asked<ChartAsked>,
    path: Result<Path<(String, usize)>, PathRejection>,
) -> Result<Response, Problem> {
    let theme = Ground::theme(query.theme);
    let unknown = || Problem::not_found("There is no such chart, or it is not for you.");
    let Ok(Path((message, block))) = path else { return Err(unknown()) };
    let message = web.store.message(&MessageRef::new(message)).await?.ok_or_else(unknown)?;
    // What stands on another platform is read there, by whoever that platform lets in; what belongs to an incident, on its page.
    let readable = (message.conversation.platform() == CONSOLE || message.incident.is_some())
        && message.private_to.as_ref().is_none_or(|only| *only == caller.person.id);
    let Some(Block::Chart(chart)) = message.view.blocks.get(block).filter(|_| readable) else { return Err(unknown()) };
    drawn((**chart).clone(), theme).await.ok_or_else(unknown)
}

/// A chart as a picture; `None` if it cannot be drawn, which is our mistake and in the log.
pub(super) async fn drawn(chart: Chart, theme: Theme) -> Option<Response> {
    // Drawing takes milliseconds of pure work.
    match tokio::task::spawn_blocking(move || svg(&chart, theme)).await {
        Ok(Ok(picture)) => Some(([(CONTENT_TYPE, "image/svg+xml")], picture).into_response()),
        Ok(Err(error)) => {
            tracing::error!(error = %error, "a chart cannot be drawn");
            None
        }
        Err(error) => {
            tracing::error!(error = %error, "drawing a chart broke");
            None
        }
    }
}
