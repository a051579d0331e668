//! How the line to a chat platform is, as `readyz`, the metrics and `/drillbell status` tell it.

use crate::clock::Clock;
use std::sync::Arc;
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
}

impl Link {
    /// A line that is not up yet.
    pub fn new(platform: &'static str, clock: Clock) -> Self {
        Self { platform, clock, state: Arc::new(watch::Sender::new(LinkState::Connecting)) }
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
