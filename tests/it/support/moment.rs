//! The moment at which a program is killed: while a platform has carried out the n-th thing it was asked, and not answered yet. And what
//! has to stand there in the end, whichever moment it was.

use super::eventually;
use super::process::{Home, Process};
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

/// What stands on a platform in the end.
#[derive(Debug)]
pub struct Picture {
    /// What everybody sees, line by line without the moments.
    public: Vec<String>,
    /// What one person alone was told, without repeats.
    private: Vec<String>,
    /// How often the most frequent of that was told.
    times: usize,
}

impl Picture {
    /// Of what everybody sees, and of all that one person was told.
    pub fn of(public: Vec<String>, mut private: Vec<String>) -> Self {
        let times = private.iter().map(|one| private.iter().filter(|other| *other == one).count()).max().unwrap_or(0);
        private.sort();
        private.dedup();
        Self { public, private, times }
    }
}

/// Tells a story undisturbed, then with the program killed at every `step`-th moment from `first`: in the end the same stands there. The
/// story says how much the platform was asked to do, and what stands there.
pub fn killed_at_each(story: impl AsyncFn(usize) -> (usize, Picture), first: usize, step: usize) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let (all, undisturbed) = story(0).await;
        assert!(all >= 8 && undisturbed.times == 1, "{all} things are done: {undisturbed:#?}");
        for at in (first..=all).step_by(step) {
            let (_, seen) = story(at).await;
            assert_eq!(seen.public, undisturbed.public, "killed at {at} of {all}");
            assert_eq!(seen.private, undisturbed.private, "killed at {at} of {all}");
            assert!(seen.times <= 2, "killed at {at} of {all}: {seen:#?}");
        }
    });
}

/// Until the program is quiet, killed and started again if the moment comes before. `heard` waits until the platform's line to it is up,
/// or is gone.
pub async fn goes_on(home: &Home, process: Process, moment: &Moment, heard: impl AsyncFn(bool)) -> Process {
    let had_come = moment.has_come();
    if had_come || !moment.or_quiet(&process).await {
        quiet(&process).await;
        return process;
    }
    process.kill();
    heard(false).await;
    let process = home.start(&[]).await;
    heard(true).await;
    quiet(&process).await;
    process
}

async fn quiet(process: &Process) {
    assert!(!Moment::new(0).or_quiet(process).await);
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
