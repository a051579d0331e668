//! The moment at which a program is killed: while a platform has carried out the n-th thing it was asked, and not answered yet.

use super::eventually;
use super::process::Process;
use drillbell::model::ids::fresh;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// One moment.
#[derive(Default)]
pub struct Moment {
    at: usize,
    armed: AtomicBool,
    asked: AtomicUsize,
    reached: AtomicBool,
}

impl Moment {
    /// The n-th from 1; 0 never comes.
    pub fn new(at: usize) -> Arc<Self> {
        Arc::new(Self { at, ..Self::default() })
    }

    /// From now on it is counted.
    pub fn arm(&self) {
        self.armed.store(true, Ordering::SeqCst);
    }

    /// The platform is asked to change something: whether this is the moment.
    pub fn is_now(&self) -> bool {
        let is = self.armed.load(Ordering::SeqCst) && self.asked.fetch_add(1, Ordering::SeqCst) + 1 == self.at;
        if is {
            self.reached.store(true, Ordering::SeqCst);
        }
        is
    }

    /// Whether it has come.
    pub fn has_come(&self) -> bool {
        self.reached.load(Ordering::SeqCst)
    }

    /// What was asked so far.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// Waits until the program has nothing more to do or deliver, or until the moment; `true` if that is what came.
    pub async fn or_quiet(&self, process: &Process) -> bool {
        eventually("it is quiet", async || {
            if self.has_come() {
                return Some(true);
            }
            let status = process.command(&fresh(), "/drillbell status").await.expect("the program lives");
            // This very question is one of the events in hand.
            let data = &status["data"];
            let quiet = data["outbox"].as_array().is_some_and(Vec::is_empty) && data["events_in_hand"] == 1;
            quiet.then(|| self.has_come())
        })
        .await
    }
}
