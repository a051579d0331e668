//! The console's channels: those of the configuration, and those that were opened for incidents.

use super::paging;
use crate::model::conversation::{Opened, Shape};
use crate::model::ids::{ConversationId, IncidentId, MessageRef, PersonId};
use crate::model::view::View;
use crate::store::CONSOLE;
use crate::web::asked::{self, Asked};
use crate::web::auth::Caller;
use crate::web::error::Problem;
use crate::web::route::Route;
use crate::web::state::{Web, WebState};
use axum::Json;
use axum::extract::State;
use axum::routing::get;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Opened channels in one list; whoever needs an older one finds it by its incident.
const LISTED: i64 = 50;

/// The routes.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/conversations", get(list))
            .says("The console's channels, those of incidents too")
            .query::<ListAsked>()
            .answers::<Channels>(200, "The configured ones first, then the newest."),
    ]
}

/// Which channels.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListAsked {
    /// Only this one, with what is pinned to it; with or without its `#`.
    channel: Option<String>,
}

/// Channels.
#[derive(Debug, Serialize, JsonSchema)]
struct Channels {
    /// The configured ones first, then the newest, archived ones last.
    items: Vec<Channel>,
}

/// A channel of the console.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::web) struct Channel {
    /// With its `#`.
    pub(in crate::web) name: String,
    /// `channel` or `thread` for one that was opened for an incident; null for a configured one.
    pub(in crate::web) shape: Option<Shape>,
    /// Where it was asked for.
    pub(in crate::web) near: Option<ConversationId>,
    /// The incident that lives there.
    pub(in crate::web) incident: Option<IncidentId>,
    /// What stands at its head.
    pub(in crate::web) topic: String,
    /// Nobody types there any more.
    pub(in crate::web) archived: bool,
    /// Whether whoever asks was invited.
    pub(in crate::web) invited: bool,
    /// What is pinned to it; only when it was asked for by name.
    pub(in crate::web) pinned: Option<Pinned>,
}

/// A pinned message.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::web) struct Pinned {
    /// Its reference.
    message: MessageRef,
    /// What it shows now.
    view: View,
}

/// The channels that somebody sees; none while the console is off.
pub(in crate::web) async fn channels(web: &WebState, caller: &Caller) -> Result<Vec<Channel>, Problem> {
    if web.channels.is_empty() {
        return Ok(Vec::new());
    }
    let plain = |name: &String| Channel {
        name: name.clone(),
        shape: None,
        near: None,
        incident: None,
        topic: String::new(),
        archived: false,
        invited: false,
        pinned: None,
    };
    let mut all: Vec<_> = web.channels.iter().map(plain).collect();
    let opened = web.store.conversations(CONSOLE, &caller.person.id, LISTED).await?;
    all.extend(opened.into_iter().map(|opened| of(opened, &caller.person.id)));
    Ok(all)
}

/// One that was opened, as `reader` sees it.
fn of(opened: Opened, reader: &PersonId) -> Channel {
    Channel {
        name: opened.id.local().to_owned(),
        shape: Some(opened.shape),
        near: Some(opened.near),
        incident: opened.incident,
        topic: opened.topic,
        archived: opened.archived,
        invited: opened.invited.contains(reader),
        pinned: None,
    }
}

async fn list(
    State(web): State<Web>,
    caller: Caller,
    Asked(asked): Asked<ListAsked>,
) -> Result<Json<Channels>, Problem> {
    let Some(wanted) = asked.channel else { return Ok(Json(Channels { items: channels(&web, &caller).await? })) };
    let wanted = asked::channel(&web, Some(&paging::plain("channel", Some(&wanted))?)).await?;
    let mut items = channels(&web, &caller).await?;
    items.retain(|channel| channel.name == wanted.local());
    let Some(opened) = web.store.conversation(&wanted).await? else { return Ok(Json(Channels { items })) };
    let pinned = match &opened.pinned {
        Some(message) => web.store.message(message).await?.filter(|row| row.private_to.is_none()),
        None => None,
    };
    let pinned = pinned.map(|row| Pinned { message: row.id, view: row.view });
    let one = Channel { pinned, ..of(opened, &caller.person.id) };
    Ok(Json(Channels { items: vec![one] }))
}
