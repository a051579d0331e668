//! Messages to remote platforms, by a platform that does as the test says: in order, once, with patience, or given up and
//! said so.

mod edits;
mod giving_up;
mod late;
mod order;
mod places;
mod replicas;
mod restart;
mod unheld;

use crate::support::bot::{MISBEHAVING, SEV, Setup, TestBot, with_bot_of};
use crate::support::platform::Scripted;
use std::sync::Arc;

/// Where people talk on the scripted platform.
const OPS: &str = "slack:#ops";

/// A bot with both plugins on a platform `slack`.
fn with_slack<F: Future<Output = ()>>(test: impl Fn(Arc<TestBot>, Arc<Scripted>) -> F) {
    // Each engine gets a platform of its own, made with the setup and used by the test that follows it.
    let current = std::sync::Mutex::new(Scripted::new("slack"));
    let setup = || {
        let slack = Scripted::new("slack");
        *current.lock().unwrap() = slack.clone();
        // Cards are not pinned here, which would be one thing more to deliver.
        let sev = SEV.replace(", \"conversations\"", "");
        Setup::of(&format!("{sev}\n{MISBEHAVING}")).on(slack)
    };
    with_bot_of(setup, |bot| {
        let slack = current.lock().unwrap().clone();
        test(bot, slack)
    });
}

/// Sends `/misbehave echo` with each word and waits until all are handled, not until they are delivered.
async fn says(bot: &TestBot, conversation: &str, words: &[&str]) {
    for word in words {
        let id = bot.sends("ana", conversation, &format!("/misbehave echo {word} {conversation}")).await;
        bot.handled(&id).await;
    }
}

/// What `says` makes a platform show.
fn shown(conversation: &str, words: &[&str]) -> Vec<String> {
    words.iter().map(|word| format!("post first={word}\nsecond={conversation}\ndefaulted=7")).collect()
}
