//! The thread that moves the engine's epoch on, so that a guest that never calls the host is interrupted all the same.
//! It rests while nothing runs, and ends when the engine is gone.

use crate::config::limits::EPOCH_TICK;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, Thread};
use std::time::Duration;
use wasmtime::{Engine, EngineWeak};

/// Ticks without a call before the thread rests: a pause between commands must not cost each of them a wake-up.
const IDLE_TICKS: u32 = 100;
/// How often a resting thread looks whether the engine is still there.
const REST: Duration = Duration::from_secs(1);

/// The ticker's handle.
pub(super) struct Ticker {
    state: Arc<State>,
    thread: Thread,
}

#[derive(Default)]
struct State {
    calls: AtomicUsize,
    resting: AtomicBool,
}

/// While this lives, the epoch moves on.
pub(super) struct Ticking(Arc<State>);

impl Ticker {
    /// Starts the thread.
    pub(super) fn start(engine: &Engine) -> io::Result<Self> {
        let state = Arc::new(State::default());
        let (engine, shared) = (engine.weak(), Arc::clone(&state));
        let thread = thread::Builder::new().name("guest-ticker".into()).spawn(move || run(&engine, &shared))?;
        Ok(Self { state, thread: thread.thread().clone() })
    }

    /// A call begins.
    pub(super) fn tick(&self) -> Ticking {
        self.state.calls.fetch_add(1, Ordering::SeqCst);
        if self.state.resting.load(Ordering::SeqCst) {
            self.thread.unpark();
        }
        Ticking(Arc::clone(&self.state))
    }
}

impl Drop for Ticking {
    fn drop(&mut self) {
        self.0.calls.fetch_sub(1, Ordering::SeqCst);
    }
}

fn run(engine: &EngineWeak, state: &State) {
    let mut idle_ticks = 0;
    while let Some(engine) = engine.upgrade() {
        engine.increment_epoch();
        drop(engine);
        idle_ticks = if state.calls.load(Ordering::SeqCst) == 0 { idle_ticks + 1 } else { 0 };
        if idle_ticks < IDLE_TICKS {
            thread::sleep(EPOCH_TICK);
            continue;
        }
        state.resting.store(true, Ordering::SeqCst);
        // A call that began before this store saw no rest to end, so look again.
        if state.calls.load(Ordering::SeqCst) == 0 {
            thread::park_timeout(REST);
        }
        state.resting.store(false, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thread_ends_with_the_engine() {
        let engine = Engine::default();
        let ticker = Ticker::start(&engine).unwrap();
        let state = Arc::downgrade(&ticker.state);
        drop((ticker.tick(), ticker, engine));
        while state.strong_count() > 0 {
            thread::yield_now();
        }
    }
}
