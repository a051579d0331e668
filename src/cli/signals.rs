//! Being asked to stop: Ctrl-C, or SIGTERM from a supervisor. Asked twice, the program goes at once; what was acknowledged is
//! safe either way.

use super::failure::{DETACHED, Failure};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Both signals, caught from the moment this is made.
pub struct Stop {
    interrupt: Signal,
    terminate: Signal,
}

impl Stop {
    /// From now on neither signal ends the program by itself.
    ///
    /// # Errors
    /// The system does not let us listen.
    pub fn listen() -> Result<Self, Failure> {
        let catch = |kind| signal(kind).map_err(|error| Failure::new(format!("cannot listen for signals: {error}")));
        Ok(Self { interrupt: catch(SignalKind::interrupt())?, terminate: catch(SignalKind::terminate())? })
    }

    /// Waits for the first of either; says whether it was Ctrl-C.
    pub async fn asked(&mut self) -> bool {
        tokio::select! {
            _ = self.interrupt.recv() => true,
            _ = self.terminate.recv() => false,
        }
    }

    /// From now on the next signal ends the program at once: somebody is tired of waiting for a clean end.
    pub fn insist(mut self) {
        tokio::spawn(async move {
            self.asked().await;
            std::process::exit(i32::from(DETACHED));
        });
    }
}
