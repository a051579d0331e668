//! Ladders climbed by the whole bot: who is paged when, that nobody is paged twice or for nothing, and what everybody reads.

mod climbing;
mod contacts;
mod hostile;
mod killed;
mod oncall;

use crate::support::bot::{SEV_TIMED, Setup, TestBot};
use crate::support::eventually;
use crate::support::receiver::Receiver;
use std::collections::BTreeSet;
use std::sync::Arc;

/// `[notify.NAME]` at a receiver.
fn hook(name: &str, receiver: &Arc<Receiver>) -> String {
    let url = receiver.url();
    format!("[notify.{name}]\nkind = \"webhook\"\nurl = \"{url}\"\nsecret.file = \"hook\"\ntimeout = \"1s\"\n")
}

/// sev1 goes to `first` at once and to `second` after three seconds; Ben is paged in the console by hand only.
const LADDER: &str = r##"
[channels]
ops = "console:#ops"
[escalation.default]
severities = ["sev1"]
levels = [{ after = "0s", notify = ["first"] }, { after = "3s", notify = ["second"] }]
"##;

/// Who is paged first and second.
struct Levels {
    first: Arc<Receiver>,
    second: Arc<Receiver>,
}

impl Levels {
    async fn start() -> Self {
        Self { first: Receiver::start().await, second: Receiver::start().await }
    }

    /// The configuration with both and a ladder over them.
    fn config(&self) -> String {
        format!("{}{}{LADDER}", hook("first", &self.first), hook("second", &self.second))
    }

    fn setup(&self, more: &str) -> Setup {
        let setup = Setup::of(&format!("{SEV_TIMED}\n{}{more}", self.config()));
        std::fs::write(setup.folder.path().join("hook"), "the secret hook of this test").unwrap();
        setup
    }
}

/// What a receiver was sent: `trigger INC-1`.
fn heard(receiver: &Receiver) -> Vec<String> {
    let word = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let line = |body: serde_json::Value| format!("{} {}", word(&body["action"]), word(&body["key"]));
    // One whose answer was lost comes again under the same id.
    let mut seen = BTreeSet::new();
    let taken = receiver.taken().into_iter().filter(|taken| seen.insert(taken.headers["drillbell-delivery"].clone()));
    taken.map(|taken| line(taken.json())).collect::<Vec<_>>()
}

/// Waits until a receiver was sent so much.
async fn hears(receiver: &Receiver, count: usize) -> Vec<String> {
    eventually(&format!("{count} pages arrive"), async || {
        let heard = heard(receiver);
        (heard.len() >= count).then_some(heard)
    })
    .await
}

/// Moves the clock, and waits until whatever came due has been handled.
async fn pass(bot: &TestBot, seconds: i64) {
    bot.clock.advance(seconds * 1000);
    bot.timers_handled().await;
}
