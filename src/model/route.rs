//! The way back to whoever typed or clicked, where a platform gives a short-lived one.

use std::fmt;

/// A way back: Slack's `response_url`, a Discord interaction's token. A secret, so that it shows itself nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct Route {
    /// What the platform needs to use it.
    pub value: String,
    /// From then on the platform refuses it, milliseconds since the epoch.
    pub expires_ms: i64,
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Route(until {})", crate::clock::rfc3339(self.expires_ms))
    }
}
