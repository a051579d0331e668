//! A tick whenever something happened: what the pages refresh themselves by. It says that, never what; who may see what is
//! asked anew with every refresh. One look at the database serves all who wait.

use crate::store::{Engine, Store};
use crate::web::auth::Caller;
use crate::web::route::Route;
use crate::web::state::Web;
use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderName, HeaderValue};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures::stream;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// How often the trail's end is looked at where other replicas may have moved it.
const LOOK: Duration = Duration::from_secs(1);
/// The same when there can be no other process; what this one commits to the console is heard of at once.
const LOOK_ALONE: Duration = Duration::from_secs(2);
/// Least time between two ticks: a page that refreshes faster than this helps nobody and costs everybody.
const BREATH: Duration = Duration::from_millis(500);
/// How often a comment shows that the line is alive, and a session is checked again.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The routes.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/changes", get(changes))
            .says("Hear that something happened")
            .explains("Server-sent events without a name; the data is a number that grows with the audit trail.")
            .gives(200, "The stream.", "text/event-stream"),
    ]
}

/// Follows the trail's end for as long as anybody waits for it.
pub(in crate::web) fn watch(store: Store, stop: CancellationToken) -> watch::Sender<i64> {
    let (ticks, _) = watch::channel(0);
    let sender = ticks.clone();
    tokio::spawn(async move {
        let mut console = store.stream_changes();
        let look = if store.engine() == Engine::Postgres { LOOK } else { LOOK_ALONE };
        while !stop.is_cancelled() {
            if sender.receiver_count() > 0
                && let Ok((seq, _)) = store.audit_head().await
            {
                sender.send_if_modified(|known| std::mem::replace(known, seq) != seq);
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(BREATH) => {}
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(look) => {}
                heard = console.changed() => if heard.is_err() { return },
            }
        }
    });
    ticks
}

async fn changes(State(web): State<Web>, caller: Caller) -> Response {
    let heard = web.ticks.subscribe();
    let events = stream::unfold((web, caller, heard), |(web, caller, mut heard)| async move {
        loop {
            tokio::select! {
                changed = heard.changed() => if changed.is_err() { return None },
                () = web.stop.cancelled() => return None,
                () = tokio::time::sleep(KEEP_ALIVE) => match caller.lasts(&web).await {
                    true => continue,
                    false => return None,
                },
            }
            if !caller.lasts(&web).await {
                return None;
            }
            let seq = *heard.borrow_and_update();
            return Some((Ok::<_, Infallible>(Event::default().data(seq.to_string())), (web, caller, heard)));
        }
    });
    let mut response = Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response
}
