//! A bot in a runtime of its own, which can be cut off at any moment as a power cut would, or frozen as by SIGSTOP.

use super::setup;
use crate::support::bot::{Setup, TestBot};
use crate::support::database::TestDatabase;
use crate::support::kinds::ScriptedKind;
use drillbell::clock::Clock;
use std::sync::{Arc, mpsc};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// A bot that may come to a sudden end.
pub struct Doomed {
    runtime: Runtime,
    bot: Option<TestBot>,
    folder: Arc<tempfile::TempDir>,
    clock: Clock,
}

impl Doomed {
    /// Starts one.
    pub fn start(database: &TestDatabase, setup: Setup) -> Self {
        // One thread, so that whatever blocks it freezes the whole bot.
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (folder, clock) = (setup.folder.clone(), setup.clock.clone());
        let bot = runtime.block_on(TestBot::start(database, setup));
        Self { runtime, bot: Some(bot), folder, clock }
    }

    pub fn bot(&self) -> &TestBot {
        self.bot.as_ref().expect("it lives")
    }

    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// Does something with the bot.
    pub fn run<T>(&self, with: impl AsyncFnOnce(&TestBot) -> T) -> T {
        self.runtime.block_on(with(self.bot()))
    }

    /// What the next bot on the same data is started with.
    pub fn setup(&self, kind: &Arc<ScriptedKind>) -> Setup {
        Setup { folder: self.folder.clone(), clock: self.clock.clone(), ..setup(kind) }
    }

    /// Cuts it off: nothing is finished, nothing is said.
    pub fn cut(mut self) {
        {
            let _inside = self.runtime.enter();
            drop(self.bot.take());
        }
        self.runtime.shutdown_timeout(Duration::from_secs(10));
    }

    /// Stops it as an operator would.
    pub fn stop(mut self) {
        let bot = self.bot.take().expect("it lives");
        self.runtime.block_on(bot.app.stop());
    }

    /// Stops it, and checks that nothing is left and the trail is whole.
    pub fn finish(mut self) {
        let bot = self.bot.take().expect("it lives");
        self.runtime.block_on(bot.finish());
    }

    /// Freezes it: no heart beats and no clock ticks in it until it is thawed.
    pub fn freeze(&self) -> Frozen {
        let (thaw, thawed) = mpsc::channel::<()>();
        let (frozen, is_frozen) = mpsc::channel();
        self.runtime.spawn(async move {
            frozen.send(()).expect("the test waits");
            // Deliberately blocks the runtime's only thread.
            let _ = thawed.recv();
        });
        is_frozen.recv().expect("it freezes");
        Frozen(thaw)
    }
}

/// A bot that stands still until this is dropped.
pub struct Frozen(#[expect(dead_code, reason = "dropping it is what thaws")] mpsc::Sender<()>);
