//! The shipped program, killed at the writes and flushes that anybody else could observe while it runs a job with three
//! programs, one of which leaves a daemon behind. Each time another bot takes the job up: it ends once, by its rule.
//! There are some two hundred such points; `KILL_AT_EVERY_POINT=1` takes each, without it each test takes every twelfth.

use super::shipped::{Doomed, Traces, ask, ended_once};
use super::{card_says, is_in};
use crate::support::bot::{HERE, Setup, TestBot};
use crate::support::database::TestDatabase;
use crate::support::eventually;
use crate::support::process::Home;
use drillbell::clock::Clock;
use drillbell::jobs::{AGAIN, DONE};
use drillbell::model::job::{Job, JobState};
use serde_json::{Value, json};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;

/// Fewer points than this would mean that the shim sees nothing of the job.
const FEWEST_POINTS: u32 = 60;
/// More would mean that the program never comes to rest.
const MOST_POINTS: u32 = 900;
/// How far apart the points of one test are; the tests take different ones.
const STRIDE: usize = 12;
/// The step in the middle, which leaves a daemon behind.
const MIDDLE: &str = r#"
[commands.middle]
argv = ["sh", "-c", "cd FOLDER; echo two >> marks; (setsid sh -c 'echo $$ >> pids; exec sleep 600' &); echo $$ >> pids"]
on_lost = "repeat"
"#;

fn steps() -> Value {
    json!({"steps": [
        {"command": "note", "args": {"word": "one"}}, {"command": "middle"}, {"command": "note", "args": {"word": "three"}}
    ]})
}

/// One program after another, each killed a point later than the one before, and a bot after each.
struct Round {
    home: Home,
    setup: Box<dyn Fn() -> Setup>,
    lost: &'static str,
    /// Which database, for whoever reads how many points there were.
    engine: String,
}

impl Round {
    fn new(database: &TestDatabase, lost: &'static str) -> Self {
        let engine = database.url.split(':').next().unwrap_or_default().to_owned();
        let doomed = Doomed::new(database);
        let folder = doomed.home.folder.path().to_str().unwrap().to_owned();
        // Of what may be repeated nobody needs to be asked; where it is looked, there shall be something to see.
        let middle = if lost == "verify" { MIDDLE.replace("on_lost = \"repeat\"", "") } else { MIDDLE.to_owned() };
        let sections = format!("{}\n{}", doomed.sections, middle.replace("FOLDER", &folder));
        let Doomed { home, sections, .. } = doomed.rewritten(sections);
        let folder = home.folder.clone();
        let setup = move || Setup {
            config: sections.clone(),
            folder: folder.clone(),
            clock: Clock::system(),
            ..Setup::default()
        };
        Self { home, setup: Box::new(setup), lost, engine }
    }

    fn folder(&self) -> &Path {
        self.home.folder.path()
    }

    /// Kills the program at a point of the job of that number; false when it came through.
    async fn kill_at(&self, point: u32) -> bool {
        for left in ["marks", "pids"] {
            let _ = std::fs::remove_file(self.folder().join(left));
        }
        let process = self.home.start_to_be_killed(point).await;
        let answer = process.command(&key(point), &self.command(point)).await;
        self.home.disarm();
        let status = process.end(answer.is_none()).await;
        let killed = status.signal() == Some(9);
        assert!(killed || (answer.is_some() && status.success()), "{status}");
        killed
    }

    fn command(&self, point: u32) -> String {
        ask(&title(point), &steps(), self.lost)
    }

    /// Another bot takes up what the killed one left; whether the job was done to its end, and whether its card said how far it was
    /// when it was taken over.
    async fn take_up(&self, database: &TestDatabase, point: u32, button: &str) -> (bool, bool) {
        let traces = Traces::of(self.folder());
        let bot = TestBot::start(database, (self.setup)()).await;
        // The sender knows nothing and sends again, as senders do.
        let (delivery, command) = (format!("api/local/{}", key(point)), self.command(point));
        let sent = bot.delivers(&delivery, "ana", HERE, &command);
        let look = async {
            eventually("the job stands still", async || {
                let jobs = bot.app.store().jobs_of(&"misbehaving".into(), false, 1000).await.unwrap();
                jobs.into_iter()
                    .find(|job| job.title == title(point) && matches!(job.state, JobState::Lost | JobState::Done))
            })
            .await
        };
        let (_, job) = tokio::join!(sent, look);
        let asked = job.state == JobState::Lost;
        if asked {
            let text = card_says(&bot, &title(point), "died or lost touch").await;
            let looked = text.contains("The step middle was running, and whether it was done is not known.");
            assert_eq!(looked, self.lost == "verify", "{text}");
            assert_ne!(self.lost, "repeat", "nobody has to say so");
            if let Some((done, total)) = numbers(&bot, &job).await.last() {
                let heard = format!("The last that was heard of it: steps, {done} of {total}.");
                assert!(text.contains(&heard), "{heard} {text}");
            }
            assert!(traces.living().is_empty(), "nobody runs while it waits");
            let seen = traces.marks();
            assert!(!looked || !seen.contains(&"three".to_owned()), "it waits before the step in doubt: {seen:?}");
            bot.clicks("ana", job.card.as_ref().unwrap(), button).await;
            is_in(&bot, &title(point), JobState::Done).await;
            assert!(button == AGAIN || traces.marks() == seen, "nothing happens after that");
        }
        let job = ended_once(&bot, &traces, &title(point), JobState::Done).await;
        let whole = !asked || button == AGAIN;
        let numbers = numbers(&bot, &job).await;
        counted(&numbers, &traces.marks());
        bot.finish().await;
        (whole, job.attempts > 1 && !numbers.is_empty())
    }
}

/// How far the card of a job said it was, each time it was shown.
async fn numbers(bot: &TestBot, job: &Job) -> Vec<(u64, u64)> {
    let card = job.card.as_ref().unwrap();
    let stream = bot.app.store().stream_after(0, None, &"ana".into(), 100_000).await.unwrap();
    let shown = stream.iter().filter(|item| item.message == *card);
    let blocks = shown.flat_map(|item| item.payload["blocks"].as_array().cloned().unwrap_or_default());
    let bars = blocks.filter(|block| block["type"] == "progress");
    bars.map(|bar| (bar["done"].as_u64().unwrap(), bar["total"].as_u64().unwrap())).collect()
}

/// Whoever took the job over counts on from what had been done: out of three, never back, never more than was done.
fn counted(numbers: &[(u64, u64)], marks: &[String]) {
    assert!(numbers.iter().all(|(_, total)| *total == 3), "{numbers:?}");
    assert!(numbers.is_sorted(), "never back: {numbers:?}");
    let mut done = marks.to_vec();
    done.dedup();
    let most = numbers.iter().map(|(done, _)| *done).max().unwrap_or(0);
    assert!(most <= u64::try_from(done.len()).unwrap(), "{most} said, {marks:?} done");
}

fn key(point: u32) -> String {
    format!("point-{point}")
}

fn title(point: u32) -> String {
    format!("job-{point}")
}

/// What was done, in order, at most one step of it twice, since it was cut off once.
fn in_order(marks: &[String], whole: bool) {
    let mut steps = marks.to_vec();
    steps.dedup();
    let all = ["one", "two", "three"];
    assert!(all.starts_with(&steps.iter().map(String::as_str).collect::<Vec<_>>()), "{marks:?}");
    assert!(!whole || steps.len() == all.len(), "{marks:?}");
    assert!(marks.len() <= steps.len() + 1, "one cut, one repetition at most: {marks:?}");
}

async fn killed_at_every_point(database: &TestDatabase, lost: &'static str, first: u32) {
    let round = Round::new(database, lost);
    let (first, stride) = if std::env::var_os("KILL_AT_EVERY_POINT").is_some() { (1, 1) } else { (first, STRIDE) };
    // Half of the time somebody says that it was done after all.
    let buttons = [AGAIN, DONE].into_iter().cycle();
    let mut shown = 0;
    for (point, button) in (first..).step_by(stride).zip(buttons) {
        assert!(point < MOST_POINTS, "the program never comes to rest");
        if !round.kill_at(point).await {
            assert!(point > FEWEST_POINTS, "only {point} points: the shim sees nothing");
            assert!(shown > 0, "no card said how far its job was when it was taken over");
            println!("{lost} on {}: {point} points, {shown} taken over with numbers", round.engine);
            return;
        }
        let (whole, numbers) = round.take_up(database, point, button).await;
        shown += u32::from(numbers);
        in_order(&Traces::of(round.folder()).marks(), whole);
    }
}

#[test]
fn killed_at_every_point_a_job_that_may_be_repeated_ends_once() {
    with_each(async |database, first| killed_at_every_point(&database, "repeat", first).await, [1, 2]);
}

#[test]
fn killed_at_every_point_a_job_that_asks_ends_once() {
    with_each(async |database, first| killed_at_every_point(&database, "ask", first).await, [5, 6]);
}

#[test]
fn killed_at_every_point_a_job_that_is_looked_at_ends_once() {
    with_each(async |database, first| killed_at_every_point(&database, "verify", first).await, [9, 10]);
}

/// Runs a test on both engines, from another point on each.
fn with_each(test: impl AsyncFn(TestDatabase, u32), firsts: [u32; 2]) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for (database, first) in TestDatabase::both().into_iter().zip(firsts) {
        runtime.block_on(test(database, first));
    }
}
