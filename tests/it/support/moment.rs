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

/// Lines of a message as they are in every run: none that tells how long something took, and no number but those in names (`INC-1`).
pub fn lasting<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let lasts = |line: &&str| !["after ", "Left at", "<t:"].iter().any(|word| line.contains(word)) && !line.is_empty();
    let lines: Vec<_> = lines.filter(lasts).filter(|line| !line.split(' ').any(is_moment)).map(plain).collect();
    lines.join(" / ")
}

/// `2026-03-01T10:02:00.000Z`
fn is_moment(word: &str) -> bool {
    word.len() > 18 && word.ends_with('Z') && word.starts_with("20")
}

fn plain(line: &str) -> String {
    let (mut out, mut run, mut named) = (String::new(), String::new(), false);
    for c in line.chars().chain([' ']) {
        if c.is_ascii_digit() {
            run.push(c);
            continue;
        }
        // What is long is an id, wherever it stands.
        out.push_str(if run.is_empty() || (named && run.len() < 8) { &run } else { "#" });
        run.clear();
        named = c.is_alphabetic() || c == '-';
        out.push(c);
    }
    out.trim_end().to_owned()
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
