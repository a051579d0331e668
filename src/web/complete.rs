//! What may come next on a line that somebody is typing.

use super::asked::{self, Asked};
use super::auth::Caller;
use super::error::Problem;
use super::route::Route;
use super::state::{Completion, Web};
use crate::config::limits::{COMMAND_BYTES, SUGGEST_TIME};
use axum::Json;
use axum::extract::State;
use axum::routing::get;
use schemars::JsonSchema;
use serde::Deserialize;

/// The route.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/complete", get(complete))
            .says("What may come next on a line")
            .query::<CompleteAsked>()
            .answers::<Completion>(200, "Candidates; none is an answer too.")
            .problems(&[403]),
    ]
}

/// The line up to the cursor, and where it is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CompleteAsked {
    /// The line up to the cursor.
    line: String,
    /// A console channel, with or without its `#`; by default `#incidents`, or the first.
    channel: Option<String>,
    /// In whose name: a console login. For the local token only.
    #[serde(rename = "as")]
    user: Option<String>,
}

/// What does not come in time is of no use to the person typing, so that the answer is empty then.
async fn complete(
    State(web): State<Web>,
    caller: Caller,
    Asked(CompleteAsked { line, channel, user }): Asked<CompleteAsked>,
) -> Result<Json<Completion>, Problem> {
    let channel = asked::channel(&web, channel.as_deref()).await?;
    let person = caller.acting(&web, user.as_deref())?;
    let start = line.len();
    let nothing = || Completion { start, candidates: Vec::new() };
    if start > COMMAND_BYTES {
        return Ok(Json(nothing()));
    }
    // The catalogue gives the plugin that time; the rest is for the way.
    let answer = tokio::time::timeout(SUGGEST_TIME * 2, (web.completion)(line, channel, person)).await;
    Ok(Json(answer.unwrap_or_else(|_| nothing())))
}
