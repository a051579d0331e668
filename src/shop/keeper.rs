//! Keeps the shop running while the demo does, as a service manager would: what ends is started again, unless it is meant to stand
//! still. Between the demo and the shop stands a guard, so that the shop never outlives the demo.

use super::folder::Shop;
use super::verb::SHOP;
use crate::ops::child::{Exit, Program, Supervisor, Unwatched};
use nix::sys::signal::Signal;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How often it is looked whether a shop that stands still is meant to run again.
const LOOK: Duration = Duration::from_millis(100);
/// How long a shop that failed is let be.
const PAUSE: Duration = Duration::from_secs(1);
/// Bytes of what it said last that are told.
const LAST_WORDS: usize = 300;
/// Longest run. Nobody's demo takes that long, and if one does, the shop is started again.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// Keeps the shop running until it is stopped.
pub struct Keeper {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Keeper {
    /// Starts the shop, and keeps it.
    pub fn start(shop: Shop, supervisor: Supervisor) -> Self {
        let stop = CancellationToken::new();
        let task = tokio::spawn(keep(shop, supervisor, stop.clone()));
        Self { stop, task }
    }

    /// Ends the shop.
    pub async fn stop(self) {
        self.stop.cancel();
        if self.task.await.is_err() {
            tracing::error!("the keeper of the demo's shop broke; the shop's guard ends it");
        }
    }
}

async fn keep(shop: Shop, supervisor: Supervisor, stop: CancellationToken) {
    // What went wrong is told once, however often it goes wrong.
    let mut told = String::new();
    while !stop.is_cancelled() {
        let pause = if shop.is_wanted() {
            let ended = supervisor.run(program(&shop), &Unwatched, &stop).await;
            // Asked to end before it could listen to that.
            let at_once = ended.exit == Exit::Signal(Signal::SIGTERM as i32);
            if ended.passed() || ended.cut.is_some() || at_once {
                continue;
            }
            let why = format!("the demo's shop {}: {}", ended.sentence(LONGEST), ended.output.last(LAST_WORDS).trim());
            if why != told {
                tracing::warn!("{why}; it is started again every second");
                told = why;
            }
            PAUSE
        } else {
            LOOK
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

fn program(shop: &Shop) -> Program {
    let folder = shop.folder().to_string_lossy().into_owned();
    // The guard is this program too, and so is what it calls itself.
    let argv = [Supervisor::own_program().to_string_lossy().into_owned(), SHOP.to_owned(), "serve".to_owned(), folder];
    Program {
        argv: argv.to_vec(),
        cwd: None,
        env: BTreeMap::new(),
        secrets: BTreeMap::new(),
        secret_files: BTreeMap::new(),
        secret_memory: BTreeMap::new(),
        stdin: None,
        time_limit: LONGEST,
        background: false,
        capture: false,
    }
}
