//! Commands and clicks by API: offered like any other delivery, answered when everything under them has ended.

use super::asked::{self, Asked};
use super::auth::Caller;
use super::error::Problem;
use super::route::Route;
use super::state::{Web, WebState};
use crate::commands::{CommandAnswer, Offered};
use crate::config::limits::ANSWER_WAIT;
use crate::model::event::{ActionReceived, CommandReceived, Event};
use crate::model::ids::{ConversationId, DeliveryId, MessageRef};
use crate::model::view::Control;
use crate::store::{CONSOLE, StoreError};
use axum::Json;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// How often a followed delivery is looked at.
const ASK: Duration = Duration::from_millis(250);

/// The routes.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post("/api/v1/commands", post(command))
            .says("Run a command")
            .once()
            .query::<Patience>()
            .body::<CommandAsked>()
            .answers::<Answered>(200, "The command and all that came of it has ended.")
            .answers::<Running>(202, "It still goes on; ask again at `follow`."),
        Route::get("/api/v1/commands/{*delivery}", get(follow))
            .says("The answer to what was sent before")
            .path_parameter("delivery", "The `delivery` of an earlier answer, percent-encoded.")
            .query::<Patience>()
            .answers::<Answered>(200, "It has ended.")
            .answers::<Running>(202, "It still goes on."),
        Route::post("/api/v1/actions", post(action))
            .says("Click a button, or submit its form")
            .once()
            .query::<Patience>()
            .body::<ActionAsked>()
            .answers::<Answered>(200, "The click and all that came of it has ended.")
            .answers::<Running>(202, "It still goes on; ask again at `follow`."),
    ]
}

/// A command.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "an object with `text` and, where wanted, `channel` and `as`")]
struct CommandAsked {
    /// The whole line, with its slash.
    #[schemars(length(min = 1))]
    text: String,
    /// A console channel, with or without its `#`; by default `#incidents`, or the first.
    channel: Option<String>,
    /// In whose name: a console login. For the local token only.
    #[serde(rename = "as")]
    user: Option<String>,
}

/// A click, or a form submitted.
#[derive(Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "an object with `message`, `action` and, where wanted, `fields`, `value` and `as`"
)]
struct ActionAsked {
    /// The message whose button it is.
    #[schemars(length(min = 1))]
    message: String,
    /// The button's `action`.
    #[schemars(length(min = 1))]
    action: String,
    /// What was entered in the form that the button opens, by the fields' names.
    #[serde(default)]
    fields: BTreeMap<String, String>,
    /// What was chosen, for a select.
    value: Option<String>,
    /// In whose name: a console login. For the local token only.
    #[serde(rename = "as")]
    user: Option<String>,
}

/// How long to wait for the end.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Patience {
    /// Seconds to wait for the end, at most 300; when not given, 30 for what is sent and none for what is asked again.
    wait: Option<u64>,
}

/// The answer, with the name to ask for it again.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Answer")]
pub(super) struct Answered {
    /// What to ask for it again by.
    delivery: DeliveryId,
    #[serde(flatten)]
    answer: CommandAnswer,
}

/// Something that still goes on.
#[derive(Serialize, JsonSchema)]
pub(super) struct Running {
    /// Always `running`.
    status: &'static str,
    /// What to ask for it again by.
    delivery: DeliveryId,
    /// Where to ask.
    follow: String,
}

async fn command(
    State(web): State<Web>,
    caller: Caller,
    Asked(patience): Asked<Patience>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let patience = asked::wait(patience.wait, ANSWER_WAIT)?;
    let delivery = caller.delivery(&asked::idempotency_key(&headers)?);
    let CommandAsked { text, channel, user } = asked::json(body).await?;
    asked::typed("text", &text)?;
    let channel = asked::open_channel(&web, channel.as_deref()).await?;
    let by = caller.acting(&web, user.as_deref())?;
    let event = CommandReceived { text, by, asserted_by: caller.asserted_by() };
    carry_out(&web, delivery, channel, Event::CommandReceived(event), patience).await
}

async fn action(
    State(web): State<Web>,
    caller: Caller,
    Asked(patience): Asked<Patience>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let patience = asked::wait(patience.wait, ANSWER_WAIT)?;
    let delivery = caller.delivery(&asked::idempotency_key(&headers)?);
    let ActionAsked { message, action, fields, value, user } = asked::json(body).await?;
    asked::typed("message", &message)?;
    asked::typed("action", &action)?;
    let fields = asked::fields(fields)?;
    if let Some(value) = &value {
        asked::typed("value", value)?;
    }
    let by = caller.acting(&web, user.as_deref())?;
    let seen = web.store.message(&MessageRef::new(message)).await?;
    // What somebody may not see is, to them, not there.
    let seen = seen.filter(|row| row.private_to.as_ref().is_none_or(|only| *only == by.id));
    let Some(row) = seen.filter(|row| row.conversation.platform() == CONSOLE) else {
        return Err(Problem::unfit("message", "There is no such message in the console, or it is not for you."));
    };
    // What a button or form carries comes from our own copy; only a choice is the sender's, and is checked when it is handled.
    let value = match row.view.control(&action) {
        Some(Control::Button(button)) => button.value.clone(),
        Some(Control::Form(form)) => form.value.clone(),
        Some(Control::Select(_)) | None => value.unwrap_or_default(),
    };
    let asserted_by = caller.asserted_by();
    let event = ActionReceived { card: row.id, action, value, fields, by, asserted_by };
    carry_out(&web, delivery, row.conversation, Event::ActionReceived(event), patience).await
}

/// The answer to something offered before, by the same caller.
async fn follow(
    State(web): State<Web>,
    caller: Caller,
    Asked(patience): Asked<Patience>,
    delivery: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let patience = asked::wait(patience.wait, Duration::ZERO)?;
    let unknown = || Problem::not_found("No such delivery of yours is known. It may be too old to be remembered.");
    let Ok(Path(delivery)) = delivery else { return Err(unknown()) };
    if !delivery.starts_with(&caller.namespace()) || !delivery.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(unknown());
    }
    let delivery = DeliveryId::new(delivery);
    let deadline = tokio::time::Instant::now() + patience;
    loop {
        let found = look(&web, &delivery).await?.ok_or_else(unknown)?;
        let now = tokio::time::Instant::now();
        if found.status() != StatusCode::ACCEPTED || now >= deadline || web.stop.is_cancelled() {
            return Ok(found);
        }
        tokio::select! {
            () = tokio::time::sleep_until(deadline.min(now + ASK)) => {}
            () = web.stop.cancelled() => {}
        }
    }
}

pub(super) async fn carry_out(
    web: &WebState,
    delivery: DeliveryId,
    conversation: ConversationId,
    event: Event,
    patience: Duration,
) -> Result<Response, Problem> {
    let ended = tokio::select! {
        ended = web.commands.carry_out(delivery.clone(), conversation, event, patience) => ended?,
        // "Running" may be said only of what is durable, and that is not known here.
        () = web.stop.cancelled() => {
            web.commands.stored(&delivery).await;
            return look(web, &delivery).await?.ok_or_else(|| StoreError::Closing.into());
        }
    };
    match ended {
        Ok(Some(answer)) => Ok(answered(delivery, answer)),
        Ok(None) | Err(Offered::Taken) => Ok(running(&delivery)),
        Err(Offered::Busy) => Err(Problem::busy()),
    }
}

/// How a delivery stands: ended, running, or (`None`) not known.
async fn look(web: &WebState, delivery: &DeliveryId) -> Result<Option<Response>, Problem> {
    // Before the answer, so that one which ends in between is not taken for unknown.
    let open = web.store.open_under(delivery).await? > 0;
    Ok(match web.commands.answer(delivery).await? {
        Some(answer) => Some(answered(delivery.clone(), answer)),
        None => open.then(|| running(delivery)),
    })
}

fn answered(delivery: DeliveryId, answer: CommandAnswer) -> Response {
    Json(Answered { delivery, answer }).into_response()
}

/// 202: it goes on; where to ask for its end.
fn running(delivery: &DeliveryId) -> Response {
    let segment: String = url::form_urlencoded::byte_serialize(delivery.as_str().as_bytes()).collect();
    let follow = format!("/api/v1/commands/{segment}");
    let body = Json(Running { status: "running", delivery: delivery.clone(), follow: follow.clone() });
    (StatusCode::ACCEPTED, [(LOCATION, follow)], body).into_response()
}
