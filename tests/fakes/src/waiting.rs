//! Waiting for a condition, never for a time.

use std::time::Duration;
use tokio::time::Instant;

/// How long a test waits for something that should come at once.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// How often a condition is looked at again.
const LOOK: Duration = Duration::from_millis(5);

/// Looks until there is something to see; panics with `what` should have come if it never does.
#[track_caller]
pub fn eventually<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> impl Future<Output = T> {
    within(PATIENCE, what, look)
}

/// The same for something that may take longer by itself.
#[track_caller]
pub fn within<T>(patience: Duration, what: &str, look: impl AsyncFn() -> Option<T>) -> impl Future<Output = T> {
    let called_from = std::panic::Location::caller();
    let deadline = Instant::now() + patience;
    async move {
        loop {
            if let Some(seen) = look().await {
                return seen;
            }
            assert!(Instant::now() < deadline, "{called_from}: it never came to this: {what}");
            tokio::time::sleep(LOOK).await;
        }
    }
}
