//! What jobs have left whose process died is cleared away once they have ended: at each start, as soon as one has ended that nobody was
//! running, and now and then. What there is to clear away each kind knows itself.

use super::worker::Shared;
use std::sync::Arc;
use std::time::Duration;

/// How often leftovers are looked for when nobody says that there are some: they take room and are in nobody's way.
const CLEAR: Duration = Duration::from_secs(6 * 3600);

/// Never ends by itself. Cut off, it leaves what is left to the next one; two that clear away at once do no harm.
pub(super) async fn run(shared: Arc<Shared>) {
    let mut tick = tokio::time::interval(CLEAR);
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            () = shared.given_up.notified() => {}
        }
        for kind in shared.kinds.all() {
            for what in kind.clear().await {
                tracing::info!(kind = kind.name(), "cleared away {what}, which a job that has ended had left");
            }
        }
    }
}
