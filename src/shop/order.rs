//! What the shop can be told: break, heal, restart, stop, start. Each is written into its folder and waited for.

use super::folder::{Fault, Running, Shop};
use super::release::{BAD, GOOD, V3};
use std::io;
use std::time::Duration;

/// How often a condition is looked at again.
const LOOK: Duration = Duration::from_millis(20);
/// How long a process may take to end or to be there.
const PATIENCE: Duration = Duration::from_secs(20);

impl Shop {
    /// Makes something wrong with it.
    ///
    /// # Errors
    /// Its folder cannot be written, or its process does not do as it is told; the sentence says what.
    pub async fn break_it(&self, fault: Fault) -> Result<(), String> {
        match fault {
            Fault::Release => {
                self.written(self.put(BAD, V3).and_then(|()| self.switch(BAD)))?;
                self.restart().await.map(drop)
            }
            Fault::Errors | Fault::Slow => self.written(self.set_trouble(Some(fault))),
            Fault::Down => self.stop().await,
        }
    }

    /// Mends all that is wrong with it.
    ///
    /// # Errors
    /// As [`Shop::break_it`].
    pub async fn heal(&self) -> Result<Running, String> {
        self.written(self.set_trouble(None))?;
        if self.has_bad_release() {
            self.written(self.switch(GOOD))?;
        }
        let version = self.written(self.release())?.version;
        match self.running() {
            Some(running) if self.is_wanted() && running.version == version => Ok(running),
            _ => self.restart().await,
        }
    }

    /// Ends the process, so that its keeper starts it with the release that the link names now; starts it if it stood still.
    ///
    /// # Errors
    /// No other process is there in time.
    pub async fn restart(&self) -> Result<Running, String> {
        self.written(self.want(true))?;
        let old = self.running();
        if let Some(old) = &old {
            old.end();
        }
        let there = until(|| self.running().filter(|new| Some(new) != old.as_ref())).await;
        there.ok_or_else(|| format!("the shop did not come up within {} s; does the demo run?", PATIENCE.as_secs()))
    }

    /// Starts it if it stands still.
    ///
    /// # Errors
    /// It is not there in time.
    pub async fn start(&self) -> Result<Running, String> {
        match self.running() {
            Some(running) if self.is_wanted() => Ok(running),
            _ => self.restart().await,
        }
    }

    /// Lets it stand still until it is started again, by the next demo too.
    ///
    /// # Errors
    /// It does not end in time.
    pub async fn stop(&self) -> Result<(), String> {
        self.written(self.want(false))?;
        if let Some(running) = self.running() {
            running.end();
        }
        let gone = until(|| self.running().is_none().then_some(())).await;
        gone.ok_or_else(|| format!("the shop did not end within {} s", PATIENCE.as_secs()))
    }

    fn written<T>(&self, did: io::Result<T>) -> Result<T, String> {
        did.map_err(|error| format!("{} cannot be read or written: {error}", self.folder().display()))
    }
}

/// Looks until there is something to be found, or patience is over.
async fn until<T>(find: impl Fn() -> Option<T>) -> Option<T> {
    let looking = async {
        loop {
            if let Some(found) = find() {
                return found;
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.ok()
}
