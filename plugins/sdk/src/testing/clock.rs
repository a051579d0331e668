//! Time for a test: it stands still until the test moves it, and timers fire when the test says so.

use super::FakeBot;
use crate::error::Result;
use crate::events::Timer;
use crate::handlers::OnTimer;
use std::time::Duration;

impl FakeBot {
    /// Moves the clock on. Nothing fires: as if the bot were down.
    pub fn advance(&mut self, by: Duration) {
        self.now_ms += u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
    }

    /// Takes the named timer and runs it as due now; a panic if it is not set.
    pub fn fire_timer<P: OnTimer>(&mut self, name: &str) -> Result {
        let (due_ms, payload) = self.timers.get(name).cloned().unwrap_or_else(|| panic!("no timer `{name}` is set"));
        let late_ms = self.now_ms.saturating_sub(due_ms);
        let timer = Timer { name: name.to_owned(), payload, due_ms, late_ms };
        self.run(|bot| {
            bot.timers.remove(name);
            P::on_timer(bot, timer)
        })
    }

    /// Moves the clock on to when the named timer is due, and runs it; one that is overdue is run now. A panic if it is not set.
    pub fn when_due<P: OnTimer>(&mut self, name: &str) -> Result {
        if let Some((due_ms, _)) = self.timers.get(name) {
            self.now_ms = self.now_ms.max(*due_ms);
        }
        self.fire_timer::<P>(name)
    }

    /// Lets so many milliseconds pass, with the timers that come due meanwhile, those that they set included: each at its own
    /// moment, the earliest first. A panic if one of them fails.
    pub fn pass<P: OnTimer>(&mut self, ms: u64) {
        let until_ms = self.now_ms + ms;
        loop {
            let next = self.timers.iter().map(|(name, (due_ms, _))| (*due_ms, name.clone())).min();
            let Some((_, name)) = next.filter(|(due_ms, _)| *due_ms <= until_ms) else { break };
            self.when_due::<P>(&name).unwrap_or_else(|error| panic!("the timer `{name}` fails: {error:?}"));
        }
        self.now_ms = until_ms;
    }
}
