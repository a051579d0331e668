//! Charts of the console's messages as pictures, for whoever may read the message.

use super::asked::Asked;
use super::auth::Caller;
use super::error::Problem;
use super::state::Web;
use crate::chart::{Theme, svg};
use crate::model::ids::MessageRef;
use crate::model::view::Block;
use crate::store::CONSOLE;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

/// On what ground.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChartAsked {
    theme: Option<String>,
}

/// `GET /api/v1/charts/{message}/{block}`: the chart that is this block, from 0, of this message.
pub(super) async fn chart(
    State(web): State<Web>,
    caller: Caller,
    Asked(query): Asked<ChartAsked>,
    path: Result<Path<(String, usize)>, PathRejection>,
) -> Result<Response, Problem> {
    let theme = match query.theme.as_deref() {
        None | Some("light") => Theme::Light,
        Some("dark") => Theme::Dark,
        Some(_) => return Err(Problem::unfit("theme", "`theme` is `light` or `dark`.")),
    };
    let unknown = || Problem::not_found("There is no such chart, or it is not for you.");
    let Ok(Path((message, block))) = path else { return Err(unknown()) };
    let message = web.store.message(&MessageRef::new(message)).await?.ok_or_else(unknown)?;
    // What stands on another platform is read there, by whoever that platform lets in.
    let readable = message.conversation.platform() == CONSOLE
        && message.private_to.as_ref().is_none_or(|only| *only == caller.person.id);
    let Some(Block::Chart(chart)) = message.view.blocks.get(block).filter(|_| readable) else { return Err(unknown()) };
    // Drawing takes milliseconds of pure work.
    let chart = chart.clone();
    let drawn = tokio::task::spawn_blocking(move || svg(&chart, theme)).await;
    match drawn {
        Ok(Ok(picture)) => Ok(([(CONTENT_TYPE, "image/svg+xml")], picture).into_response()),
        Ok(Err(error)) => {
            tracing::error!(error = %error, "a chart cannot be drawn");
            Err(unknown())
        }
        Err(error) => {
            tracing::error!(error = %error, "drawing a chart broke");
            Err(unknown())
        }
    }
}
