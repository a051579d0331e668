//! What people read when a platform took nothing for a while and then takes what had waited: once, that it comes late. It is no
//! row of the table: a crash in between loses no more than this sentence.

use crate::clock::rfc3339;
use crate::model::effect::Effect;
use crate::model::ids::{self, ConversationId, MessageRef};
use crate::model::view::{Tone, View};
use crate::platform::{DeliverError, Platform, Request};
use futures::FutureExt;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

/// A wait that is worth a sentence, milliseconds: below it nobody has wondered.
pub(super) const WORTH_MS: i64 = 60_000;

/// How often it is said at most: a platform that is back may still be short of breath.
const TRIES: usize = 3;
/// The longest wait between two tries; everything else in the conversation waits with it.
const PATIENCE: Duration = Duration::from_secs(5);
/// The wait where the platform asks for none.
const AGAIN: Duration = Duration::from_millis(500);

/// Says it to a conversation, if it is worth it. `waiting`: how many messages are still to come after the one that just came.
pub(super) async fn say(platform: &dyn Platform, to: &ConversationId, since_ms: i64, now_ms: i64, waiting: usize) {
    if now_ms - since_ms < WORTH_MS {
        return;
    }
    let id = ids::fresh();
    let message = MessageRef::new(id.clone());
    let view = words(since_ms, now_ms, waiting);
    let effect = Effect::PostMessage { message, to: to.clone(), view, private_to: None, reply: false };
    for number in 1..=TRIES {
        let request = Request { id: &id, effect: &effect, native: None, route: None, again: number > 1 };
        // A panic is a bug of ours, and must not take the conversation with it.
        match AssertUnwindSafe(platform.deliver(request)).catch_unwind().await {
            Ok(Ok(_)) => return,
            Ok(Err(DeliverError::Later { after, .. })) if number < TRIES => {
                tokio::time::sleep(after.unwrap_or_default().max(AGAIN).min(PATIENCE)).await;
            }
            Ok(Err(error)) => {
                return tracing::warn!(conversation = %to, error = %error, "cannot say that messages come late");
            }
            Err(_) => return tracing::error!(conversation = %to, "saying that messages come late panicked"),
        }
    }
}

fn words(since_ms: i64, now_ms: i64, waiting: usize) -> View {
    let hour = |at_ms: i64| rfc3339(at_ms).get(11..16).unwrap_or_default().to_owned();
    let which = match waiting {
        0 => "The message above comes late".to_owned(),
        1 => "The message above and the next one come late".to_owned(),
        n => format!("The message above and the next {n} come late"),
    };
    let text = format!("{which}: nothing could be delivered here from {} to {} UTC.", hour(since_ms), hour(now_ms));
    View::text(text).toned(Tone::Warning)
}
