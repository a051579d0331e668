//! Commands and clicks by API: offered like any other delivery, answered when everything under them has ended.

use super::asked::{self, Asked};
use super::auth::Caller;
use super::error::Problem;
use super::state::{Web, WebState};
use crate::commands::{CommandAnswer, Offered};
use crate::config::limits::ANSWER_WAIT;
use crate::model::event::{ActionReceived, CommandReceived, Event};
use crate::model::ids::{ConversationId, DeliveryId, MessageRef};
use crate::store::{CONSOLE, StoreError};
use axum::Json;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;

/// How often a followed delivery is looked at.
const ASK: Duration = Duration::from_millis(250);

/// A command.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with `text` and, where wanted, `channel` and `as`")]
pub(super) struct CommandAsked {
    text: String,
    channel: Option<String>,
    #[serde(rename = "as")]
    user: Option<String>,
}

/// A click.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with `message`, `action` and, where wanted, `as`")]
pub(super) struct ActionAsked {
    message: String,
    action: String,
    #[serde(rename = "as")]
    user: Option<String>,
}

/// How long to wait for the end.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Patience {
    wait: Option<u64>,
}

/// The answer, with the name to ask for it again.
#[derive(Serialize)]
struct Answered {
    delivery: DeliveryId,
    #[serde(flatten)]
    answer: CommandAnswer,
}

/// `POST /api/v1/commands`.
pub(super) async fn command(
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
    let channel = asked::channel(&web, channel.as_deref())?;
    let by = caller.acting(&web, user.as_deref())?;
    let event = CommandReceived { text, by, asserted_by: caller.asserted_by() };
    carry_out(&web, delivery, channel, Event::CommandReceived(event), patience).await
}

/// `POST /api/v1/actions`.
pub(super) async fn action(
    State(web): State<Web>,
    caller: Caller,
    Asked(patience): Asked<Patience>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let patience = asked::wait(patience.wait, ANSWER_WAIT)?;
    let delivery = caller.delivery(&asked::idempotency_key(&headers)?);
    let ActionAsked { message, action, user } = asked::json(body).await?;
    asked::typed("message", &message)?;
    asked::typed("action", &action)?;
    let by = caller.acting(&web, user.as_deref())?;
    let seen = web.store.message(&MessageRef::new(message)).await?;
    // What somebody may not see is, to them, not there.
    let seen = seen.filter(|row| row.private_to.as_ref().is_none_or(|only| *only == by.id));
    let Some(row) = seen.filter(|row| row.conversation.platform() == CONSOLE) else {
        return Err(Problem::unfit("message", "There is no such message in the console, or it is not for you."));
    };
    let value = row.view.buttons().find(|button| button.action == action).map(|button| button.value.clone());
    let value = value.unwrap_or_default();
    let asserted_by = caller.asserted_by();
    let event = ActionReceived { card: row.id, action, value, fields: Vec::new(), by, asserted_by };
    carry_out(&web, delivery, row.conversation, Event::ActionReceived(event), patience).await
}

/// `GET /api/v1/commands/{delivery}`: the answer to something offered before, by the same caller.
pub(super) async fn follow(
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

async fn carry_out(
    web: &WebState,
    delivery: DeliveryId,
    conversation: ConversationId,
    event: Event,
    patience: Duration,
) -> Result<Response, Problem> {
    let ended = tokio::select! {
        ended = web.commands.carry_out(delivery.clone(), conversation, event, patience) => ended?,
        // "Running" may be said only of what is durable, and that is not known here.
        () = web.stop.cancelled() => return look(web, &delivery).await?.ok_or_else(|| StoreError::Closing.into()),
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
    let body = Json(json!({"status": "running", "delivery": delivery, "follow": follow}));
    (StatusCode::ACCEPTED, [(LOCATION, follow)], body).into_response()
}
