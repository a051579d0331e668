//! How the line to a chat platform is, as `readyz`, the metrics and `/drillbell status` tell it.

use super::trip::{Trip, Trips, Way};
use crate::clock::Clock;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How a line is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// It has not been up yet.
    Connecting,
    /// It is up.
    Up {
        /// Since when, milliseconds since the epoch.
        since_ms: i64,
    },
    /// It was lost, and is tried again.
    Down {
        /// Since when.
        since_ms: i64,
        /// Why, without secrets.
        reason: String,
    },
    /// Another process of this bot has it, and hears for all.
    Elsewhere,
    /// The platform does not want us: no use in trying before somebody changes something.
    Refused {
        /// Since when.
        since_ms: i64,
        /// What the platform said, and what to do.
        reason: String,
    },
}

/// The line to one platform. Clones are the same line.
#[derive(Clone, Debug)]
pub struct Link {
    platform: &'static str,
    clock: Clock,
    state: Arc<watch::Sender<LinkState>>,
    trips: Arc<watch::Sender<Trips>>,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// It hears, but what is said there does not arrive; else it hears nothing.
    pub mute: bool,
    /// Since when, milliseconds since the epoch; none if it has been so since the start.
    pub since_ms: Option<i64>,
    /// Why, without secrets.
    pub reason: String,
}

impl Link {
    /// A line that is not up yet.
    pub fn new(platform: &'static str, clock: Clock) -> Self {
        let (state, trips) = (watch::Sender::new(LinkState::Connecting), watch::Sender::default());
        Self { platform, clock, state: Arc::new(state), trips: Arc::new(trips) }
    }

    /// Which platform it leads to.
    pub fn platform(&self) -> &'static str {
        self.platform
    }

    /// How it is.
    pub fn state(&self) -> LinkState {
        self.state.borrow().clone()
    }

    /// Tells every change.
    pub fn watch(&self) -> watch::Receiver<LinkState> {
        self.state.subscribe()
    }

    /// The last round trips.
    pub fn trips(&self) -> Trips {
        self.trips.borrow().clone()
    }

    /// Tells every round trip.
    pub fn watch_trips(&self) -> watch::Receiver<Trips> {
        self.trips.subscribe()
    }

    /// What is wrong with it, if anything is.
    pub fn trouble(&self) -> Option<Trouble> {
        let lost = |since_ms, reason: &str| Some(Trouble { mute: false, since_ms, reason: reason.to_owned() });
        match &*self.state.borrow() {
            LinkState::Connecting => lost(None, "it has not been up since the start"),
            LinkState::Down { since_ms, reason } | LinkState::Refused { since_ms, reason } => {
                lost(Some(*since_ms), reason)
            }
            LinkState::Up { .. } | LinkState::Elsewhere => {
                let mute = self.trips.borrow().mute.clone();
                mute.map(|(since_ms, reason)| Trouble { mute: true, since_ms: Some(since_ms), reason })
            }
        }
    }

    /// How it is, in words: `up since 2026-03-01T10:02:00.000Z, its socket answers in 12 ms, its API answers in 35 ms`.
    pub fn in_words(&self) -> String {
        let (state, trips) = (self.state.borrow().in_words(), self.trips.borrow().in_words());
        if trips.is_empty() { state } else { format!("{state}, {trips}") }
    }

    /// A round trip was answered.
    pub fn answered(&self, way: Way, took: Duration) {
        let trip = Trip { at_ms: self.clock.now_ms(), took };
        let mut news = false;
        self.trips.send_modify(|trips| {
            let was_mute = trips.mute.is_some();
            trips.answered(way, trip);
            news = was_mute && trips.mute.is_none();
        });
        if news {
            tracing::info!(platform = self.platform, "the platform takes again what is said");
        }
    }

    /// The platform does not take what is said.
    pub fn is_mute(&self, why: &str) {
        let (now_ms, mut news) = (self.clock.now_ms(), false);
        self.trips.send_modify(|trips| news = trips.failed(now_ms, why));
        if news {
            tracing::warn!(platform = self.platform, error = why, "the platform does not take what is said");
        }
    }

    /// It is up; one that was up stays up since then.
    pub fn is_up(&self) {
        let since_ms = self.clock.now_ms();
        let changed = self.state.send_if_modified(|state| {
            let changes = !matches!(state, LinkState::Up { .. });
            if changes {
                *state = LinkState::Up { since_ms };
            }
            changes
        });
        if changed {
            tracing::info!(platform = self.platform, "the line is up");
        }
    }

    /// It was lost. One that was lost before stays so since then, and wakes nobody; the reason is the newest.
    pub fn is_down(&self, why: &str) {
        self.is_lost(why, false);
    }

    /// The platform does not want us. Lost since it was lost first.
    pub fn is_refused(&self, why: &str) {
        self.is_lost(why, true);
    }

    /// Another process has it.
    pub fn is_elsewhere(&self) {
        self.state.send_if_modified(|state| std::mem::replace(state, LinkState::Elsewhere) != LinkState::Elsewhere);
    }

    fn is_lost(&self, why: &str, refused: bool) {
        let now_ms = self.clock.now_ms();
        let mut news = false;
        self.state.send_if_modified(|state| {
            let (since_ms, was_lost) = match state {
                LinkState::Down { since_ms, .. } | LinkState::Refused { since_ms, .. } => (*since_ms, true),
                _ => (now_ms, false),
            };
            let reason = why.to_owned();
            let new = match refused {
                true => LinkState::Refused { since_ms, reason },
                false => LinkState::Down { since_ms, reason },
            };
            news = *state != new;
            *state = new;
            news && !was_lost
        });
        match (news, refused) {
            (true, true) => tracing::error!(
                platform = self.platform,
                error = why,
                "the platform refuses us; somebody must change something"
            ),
            (true, false) => tracing::warn!(platform = self.platform, error = why, "the line is down"),
            (false, _) => {}
        }
    }
}

impl LinkState {
    /// Whether it is up, here.
    pub fn is_up(&self) -> bool {
        matches!(self, Self::Up { .. })
    }

    /// Whether nothing is wrong with it.
    pub fn is_well(&self) -> bool {
        matches!(self, Self::Up { .. } | Self::Elsewhere)
    }

    /// In words: `up since 2026-03-01T10:02:00.000Z`, `down since …: it answered 502`.
    pub fn in_words(&self) -> String {
        let since = |since_ms: &i64| crate::clock::rfc3339(*since_ms);
        match self {
            Self::Connecting => "connecting".to_owned(),
            Self::Elsewhere => "another process of this bot has it".to_owned(),
            Self::Up { since_ms } => format!("up since {}", since(since_ms)),
            Self::Down { since_ms, reason } => format!("down since {}: {reason}", since(since_ms)),
            Self::Refused { since_ms, reason } => format!("refused since {}: {reason}", since(since_ms)),
        }
    }
}
