//! Tests now and then whether a chat platform takes what is said: it is asked something by the way on which messages go out. That it
//! is heard is tested by its own line all the time.

use crate::config::limits::{LINK_TEST_EVERY, LINK_TEST_TIME};
use crate::platform::Inbound;
use crate::telemetry::Way;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

/// Tests until `stop`; a platform that is to be called deaf soon is tested as often.
pub(super) async fn run(inbound: Arc<dyn Inbound>, deaf_after: Duration, stop: CancellationToken) {
    let every = deaf_after.min(LINK_TEST_EVERY);
    let mut wait = every;
    loop {
        tokio::select! {
            () = sleep(wait) => {}
            () = stop.cancelled() => return,
        }
        let Some(test) = inbound.test() else { return };
        let asked = Instant::now();
        let late = || Err(format!("no answer within {} s", LINK_TEST_TIME.as_secs()));
        match timeout(LINK_TEST_TIME, test).await.unwrap_or_else(|_| late()) {
            Ok(()) => {
                inbound.link().answered(Way::Api, asked.elapsed());
                wait = every;
            }
            Err(reason) => {
                inbound.link().is_mute(&reason);
                // So that one lost answer is put right before anybody hears of it.
                wait = every / 4;
            }
        }
    }
}
