//! Reactions to the console's messages. A pin is how people write a message into its incident's timeline.

use crate::config::limits::ANSWER_WAIT;
use crate::model::event::{Event, ReactionAdded};
use crate::model::ids::{DeliveryId, MessageRef};
use crate::store::CONSOLE;
use crate::web::asked;
use crate::web::auth::Caller;
use crate::web::commands::{Answered, Running, carry_out};
use crate::web::error::Problem;
use crate::web::route::Route;
use crate::web::state::Web;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use schemars::JsonSchema;
use serde::Deserialize;

/// Characters of a message that a reaction carries.
const TEXT: usize = 4000;

/// The routes.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post("/api/v1/reactions", post(react))
            .says("React to a message")
            .explains(
                "The same reaction to the same message counts once, whoever gives it. `pushpin` writes the message into the \
                 timeline of the incident that it belongs to.",
            )
            .body::<ReactionAsked>()
            .answers::<Answered>(200, "Whoever hears it has heard it.")
            .answers::<Running>(202, "It still goes on."),
    ]
}

/// A reaction.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "an object with `message`, `emoji` and, where wanted, `as`")]
struct ReactionAsked {
    /// The message.
    #[schemars(length(min = 1))]
    message: String,
    /// A short name such as `pushpin`.
    #[schemars(length(min = 1, max = 64))]
    emoji: String,
    /// In whose name: a console login. For the local token only.
    #[serde(rename = "as")]
    user: Option<String>,
}

async fn react(State(web): State<Web>, caller: Caller, body: Body) -> Result<Response, Problem> {
    let ReactionAsked { message, emoji, user } = asked::json(body).await?;
    asked::typed("message", &message)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+');
    if emoji.is_empty() || emoji.len() > 64 || !emoji.chars().all(plain) {
        return Err(Problem::unfit("emoji", "`emoji` is a short name such as `pushpin`."));
    }
    let by = caller.acting(&web, user.as_deref())?;
    // A private message is one person's; what is written into a timeline is everybody's.
    let seen = web.store.message(&MessageRef::new(message)).await?.filter(|row| row.private_to.is_none());
    let Some(row) = seen.filter(|row| row.conversation.platform() == CONSOLE) else {
        return Err(Problem::unfit("message", "There is no such message in the console, or not everybody sees it."));
    };
    if row.incident.is_none() {
        return Err(Problem::unfit("message", "This message belongs to no incident, so no timeline can keep it."));
    }
    let text: String = row.view.to_plain().chars().take(TEXT).collect();
    // One name for all who react so: a message is written down once.
    let delivery = DeliveryId::new(format!("console/reaction/{}/{emoji}", row.id));
    let event =
        Event::ReactionAdded(ReactionAdded { message: row.id, emoji, text, by, asserted_by: caller.asserted_by() });
    carry_out(&web, delivery, row.conversation, event, ANSWER_WAIT).await
}
