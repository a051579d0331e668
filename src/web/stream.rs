//! The console's stream as server-sent events: what the page and `drillbell chat` read. Every line carries its sequence
//! number, so that whoever was cut off goes on after the last one seen, missing and repeating nothing.

use super::asked::{self, Asked};
use super::auth::Caller;
use super::error::Problem;
use super::route::Route;
use super::state::Web;
use crate::config::limits::{STREAM_LAST, STREAM_LAST_MAX, STREAM_PAGE};
use crate::model::ids::{ConversationId, PersonId};
use crate::store::{Engine, StoreError, StreamItem};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures::{Stream, StreamExt, stream};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::watch;

/// How often the table is looked at when other replicas may have written to it.
const ASK: Duration = Duration::from_millis(500);
/// The same when there can be no other process.
const ASK_ALONE: Duration = Duration::from_secs(5);
/// How often a session is checked again, milliseconds; one that was ended sees no more.
const SESSION_CHECK_MS: i64 = 15_000;
/// How often a comment shows that the line is alive; below what proxies allow for silence.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// After how long a browser connects again.
const RETRY: Duration = Duration::from_secs(1);
/// How often the database may fail in a row before the reader is sent away to connect again.
const FAILURES: u32 = 20;

/// The route.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/console/stream", get(console))
            .says("Follow a console channel")
            .explains(
                "Server-sent events without a name, each a `StreamItem` with its `seq` as id. The first event has an id and no \
                 data: where the stream begins.",
            )
            .query::<StreamAsked>()
            .header(
                "Last-Event-ID",
                "Go on after this line; what browsers send by themselves.",
                serde_json::json!({"type": "integer"}),
            )
            .gives(200, "The stream.", "text/event-stream")
            .problems(&[403]),
    ]
}

/// Where to begin, and for whom.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StreamAsked {
    /// A console channel, with or without its `#`; by default `#incidents`, or the first.
    channel: Option<String>,
    /// Lines of the past to begin with; 50 if not given, at most 1000.
    last: Option<u32>,
    /// Begin after the line of this number instead.
    after: Option<i64>,
    /// For whose eyes: a console login. For the local token only.
    #[serde(rename = "as")]
    user: Option<String>,
}

async fn console(
    State(web): State<Web>,
    caller: Caller,
    Asked(query): Asked<StreamAsked>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let conversation = asked::channel(&web, query.channel.as_deref()).await?;
    let reader = caller.acting(&web, query.user.as_deref())?.id;
    let last = query.last.map_or(STREAM_LAST, i64::from);
    if last > STREAM_LAST_MAX {
        return Err(Problem::unfit("last", format!("`last` is a number of lines, at most {STREAM_LAST_MAX}.")));
    }
    // Before the first read, so that nothing committed after it goes unnoticed.
    let changes = web.store.stream_changes();
    let seen = match headers.get("last-event-id") {
        Some(id) => {
            let id = id.to_str().ok().and_then(|id| id.parse().ok());
            Some(id.ok_or_else(|| Problem::malformed("`Last-Event-ID` is the number of the last line seen."))?)
        }
        None => query.after,
    };
    let seq = match seen {
        Some(seq) => seq,
        None => web.store.stream_start(&conversation, last).await?,
    };
    let checked_ms = web.clock.now_ms();
    let page = VecDeque::new();
    let reader = Reader { web, conversation, reader, caller, seq, page, changes, checked_ms, failures: 0 };
    // An id without data: a browser keeps it to resume from, and no listener is called.
    let begin = Event::default().id(seq.to_string()).retry(RETRY).comment("the stream begins after this line");
    let events = stream::once(async move { Ok::<_, Infallible>(begin) }).chain(reader.events());
    let mut response = Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response();
    let headers = response.headers_mut();
    headers.insert(axum::http::header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Proxies that collect answers would hold ours for ever.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}

/// Somebody reading.
struct Reader {
    web: Web,
    conversation: ConversationId,
    reader: PersonId,
    caller: Caller,
    seq: i64,
    page: VecDeque<StreamItem>,
    changes: watch::Receiver<i64>,
    checked_ms: i64,
    failures: u32,
}

impl Reader {
    fn events(self) -> impl Stream<Item = Result<Event, Infallible>> {
        stream::unfold(self, |mut reader| async move {
            let item = reader.next().await?;
            let event = Event::default().id(item.seq.to_string());
            // The only text in it that could fail is not there: keys are strings, numbers finite.
            let event = event.json_data(&item).ok()?;
            Some((Ok(event), reader))
        })
    }

    /// The next line; `None` ends the stream.
    async fn next(&mut self) -> Option<StreamItem> {
        loop {
            if let Some(item) = self.page.pop_front() {
                self.seq = item.seq;
                return Some(item);
            }
            if self.web.stop.is_cancelled() || !self.may_go_on().await {
                return None;
            }
            self.changes.mark_unchanged();
            match self.read().await {
                Ok(page) => {
                    self.failures = 0;
                    self.page = page.into();
                }
                Err(StoreError::Closing) => return None,
                Err(error) => {
                    self.failures += 1;
                    if self.failures > FAILURES {
                        return None;
                    }
                    if self.failures == 1 {
                        tracing::warn!(error = %error, "the console stream cannot be read; trying again");
                    }
                    self.pause(ASK).await;
                    continue;
                }
            }
            if self.page.is_empty() {
                self.wait().await;
            }
        }
    }

    async fn read(&self) -> Result<Vec<StreamItem>, StoreError> {
        self.web.store.stream_after(self.seq, Some(&self.conversation), &self.reader, STREAM_PAGE).await
    }

    /// Until there may be more.
    async fn wait(&mut self) {
        let ask = if self.web.store.engine() == Engine::Postgres { ASK } else { ASK_ALONE };
        tokio::select! {
            changed = self.changes.changed() => if changed.is_err() {
                self.web.stop.cancelled().await;
            },
            () = tokio::time::sleep(ask) => {}
            () = self.web.stop.cancelled() => {}
        }
    }

    async fn pause(&self, pause: Duration) {
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = self.web.stop.cancelled() => {}
        }
    }

    /// Whether the session or token that opened the stream still lasts.
    async fn may_go_on(&mut self) -> bool {
        let now_ms = self.web.clock.now_ms();
        if now_ms - self.checked_ms < SESSION_CHECK_MS {
            return true;
        }
        self.checked_ms = now_ms;
        self.caller.lasts(&self.web).await
    }
}
