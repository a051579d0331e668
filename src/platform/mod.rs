//! What the outbox asks of a chat platform: deliver one effect. A platform renders views in its own way, keeps to its own
//! limits, and knows neither plugins nor the store. The console is not one of these: its messages live in the database and
//! are delivered by the commit itself.

pub mod choice;
pub mod console;
pub mod discord;
pub mod door;
pub mod finding;
pub mod http;
mod pace;
pub mod slack;
pub mod socket;
pub mod spoken;

use crate::model::effect::Effect;
use crate::model::ids::PersonId;
use crate::model::route::Route;
use crate::telemetry::Link;
use door::Door;
use futures::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// A chat platform's outbound side.
pub trait Platform: Send + Sync {
    /// The word before the colon of its conversations: `slack`.
    fn name(&self) -> &str;

    /// Does one thing. For a post the platform's own id of the message is returned, if it has one; for an opening its own name
    /// of the conversation, without the platform and its colon. An opening that comes again (the same `id`) must find the
    /// conversation that the first one made. A name that is taken gets something at its end.
    fn deliver<'a>(&'a self, request: Request<'a>) -> BoxFuture<'a, Result<Option<String>, DeliverError>>;
}

/// A chat platform's inbound side. What it hears goes through the [`Door`], and nowhere else.
pub trait Inbound: Send + Sync {
    /// The line it hears by.
    fn link(&self) -> &Link;

    /// Hears until `stop`. Ends before only if the platform refuses us for good; the line then says so.
    fn run(self: Arc<Self>, door: Door, stop: CancellationToken) -> BoxFuture<'static, ()>;

    /// Asks the platform something by the way on which messages go out, changing nothing there: whether it takes what is said.
    /// `None` if there is nothing to ask.
    fn test(&self) -> Option<BoxFuture<'_, Result<(), String>>> {
        None
    }

    /// Whether a person is in a group that the platform keeps (a user group, a role), as far as is known now.
    fn in_group(&self, group: &str, person: &PersonId) -> bool {
        let _ = (group, person);
        false
    }

    /// What the platform calls by HTTP, if it does: whole paths, checked by the platform's own signature.
    fn routes(self: Arc<Self>, door: Door) -> Option<axum::Router> {
        drop(door);
        None
    }
}

/// Both sides of a chat platform.
pub struct Chat {
    /// What is said.
    pub platform: Arc<dyn Platform>,
    /// What is heard.
    pub inbound: Arc<dyn Inbound>,
}

/// One thing to deliver.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The outbox row's id: the same when the same thing is tried again, so a platform that can may recognise it.
    pub id: &'a str,
    /// What to do.
    pub effect: &'a Effect,
    /// The platform's own id of the message: for edits, reactions and pins, and for threads of the one that they are under.
    pub native: Option<&'a str>,
    /// The way back to whoever typed or clicked, for what answers them; none if they did neither, or it has expired.
    pub route: Option<&'a Route>,
    /// It may have been done before: a try of it failed, or another process had it in hand. A platform that can look does so.
    pub again: bool,
}

/// Why it was not delivered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeliverError {
    /// A rate limit, a 5xx, no network: try again, not before `after` if it is given.
    #[error("{reason}")]
    Later {
        /// What the platform said, without secrets.
        reason: String,
        /// What the platform asked for (`Retry-After`).
        after: Option<Duration>,
    },
    /// It will never work: the channel is gone, the message too old.
    #[error("{reason}")]
    Never {
        /// What the platform said, without secrets.
        reason: String,
    },
}
