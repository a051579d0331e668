//! The wall-clock deadline of one call: it runs on while the guest sleeps in a host function, and stands still while the
//! call waits for its turn behind other calls, which is not its fault.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// When a call must end.
#[derive(Debug)]
pub struct Deadline(Mutex<State>);

#[derive(Debug)]
struct State {
    ends: Instant,
    /// Since when it stands still.
    paused: Option<Instant>,
}

/// A deadline stands still as long as this lives.
pub struct Pause<'a>(&'a Deadline);

impl Deadline {
    /// A deadline that runs from now on.
    pub fn after(limit: Duration) -> Self {
        Self(Mutex::new(State { ends: Instant::now() + limit, paused: None }))
    }

    /// Time left, zero once it has passed. While it stands still, the same answer again and again.
    pub fn left(&self) -> Duration {
        let state = self.state();
        state.ends.saturating_duration_since(state.paused.unwrap_or_else(Instant::now))
    }

    /// Stops the clock until the answer is dropped.
    pub fn pause(&self) -> Pause<'_> {
        self.state().paused.get_or_insert_with(Instant::now);
        Pause(self)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pause<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        if let Some(since) = state.paused.take() {
            state.ends += since.elapsed();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_passes() {
        assert_eq!(Deadline::after(Duration::ZERO).left(), Duration::ZERO);
        assert!(Deadline::after(Duration::from_secs(60)).left() > Duration::from_secs(1));
    }

    #[test]
    fn a_paused_deadline_stands_still_and_runs_again_afterwards() {
        let deadline = Deadline::after(Duration::from_secs(60));
        let pause = deadline.pause();
        let (first, second) = (deadline.left(), deadline.left());
        assert_eq!(first, second);
        drop(pause);
        assert!(deadline.left() <= first);
        assert!(deadline.state().paused.is_none());
    }
}
