//! The shipped program, killed between and within the stages of a rollback, at the writes and flushes that anybody else could observe.
//! Another bot brings it to its end. `KILL_AT_EVERY_POINT=1` takes every point, without it each test takes a few of them.

use super::cut::Way;
use super::cut_data::{copy_is_in_place, full, schema, schema_is_back};
use super::cut_off::composed;
use super::git::Repo;
use super::{Shop, command, says, spec};
use crate::support::bot::{HERE, TestBot};
use crate::support::database::TestDatabase;
use crate::support::eventually;
use crate::support::process::Home;
use drillbell::jobs::AGAIN;
use drillbell::model::job::JobState;
use serde_json::{Value, json};
use std::os::unix::process::ExitStatusExt;

/// More would mean that the program never comes to rest.
const MOST_POINTS: u32 = 900;
/// How far apart the points of a test are, and of one that takes longer.
const STRIDE: usize = 45;
const WIDE: usize = 90;

/// Kills at one point; whether the program came that far, whether somebody was asked, and how the job ended.
async fn killed_at(point: u32, database: &TestDatabase, home: &Home, way: &Way) -> (bool, bool, Value) {
    let process = home.start_to_be_killed_with(point, &[("PATH", way.path().as_str())]).await;
    let asked = command(&way.spec, "back");
    let answer = process.command("doomed", &asked).await;
    home.disarm();
    let killed = process.end(answer.is_none()).await.signal() == Some(9);
    let bot = TestBot::start(database, way.setup(home)).await;
    // The sender knows nothing and sends again, as senders do.
    let sent = bot.delivers("api/local/doomed", "ana", HERE, &asked);
    let stands = eventually("the job stands still", async || {
        let jobs = bot.app.store().jobs_of(&"misbehaving".into(), false, 10).await.unwrap();
        jobs.into_iter().find(|job| job.title == "back" && (job.state == JobState::Lost || job.state.has_ended()))
    });
    let (_, job) = tokio::join!(sent, stands);
    let lost = job.state == JobState::Lost;
    if lost {
        bot.clicks("ana", &job.card.unwrap(), AGAIN).await;
    }
    let job = eventually("it is done", async || {
        let jobs = bot.app.store().jobs_of(&"misbehaving".into(), false, 10).await.unwrap();
        jobs.into_iter().find(|job| job.title == "back" && job.state.has_ended())
    })
    .await;
    assert_eq!(job.state, JobState::Done, "point {point}: {:?}", job.result);
    assert_eq!(way.shop.get().as_deref(), Some("1.0"), "point {point}");
    bot.finish().await;
    (killed, lost, serde_json::from_str(&job.result.unwrap()).unwrap())
}

/// The same on a database of its own.
async fn killed(point: u32, way: &Way) -> (bool, bool, Value) {
    let database = TestDatabase::sqlite();
    let home = Home::of(&database, &way.config());
    killed_at(point, &database, &home, way).await
}

/// Each program has run once, but for one at most: the one that was running, which somebody was asked about unless twice is as once.
fn ran_once(way: &Way, point: u32, lost: bool) {
    let ran = way.ran();
    let again: Vec<_> = ran.iter().filter(|(_, begun, ended)| (*begun, *ended) != (1, 1)).collect();
    let repeatable = |word: &str| ["pull", "pg_dump"].contains(&word);
    assert!(again.len() <= 1, "point {point}: {ran:?}");
    for (word, begun, ended) in again {
        assert!(*begun == 2 && (1..=2).contains(ended), "point {point}: {ran:?}");
        assert_eq!(repeatable(word), !lost, "point {point}: {word} was done again: {ran:?}");
    }
}

/// At every so-manieth point, on things of its own each time.
async fn each(first: u32, stride: usize, run: impl AsyncFn(u32) -> bool) {
    let (first, stride) = if std::env::var_os("KILL_AT_EVERY_POINT").is_some() { (1, 1) } else { (first, stride) };
    for point in (first..).step_by(stride) {
        assert!(point < MOST_POINTS, "the program never comes to rest");
        if !run(point).await {
            assert!(point > first, "it was never killed");
            println!("{point} points");
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_the_stages_of_a_release_no_finished_one_is_done_again() {
    each(11, STRIDE, async |point| {
        let shop = Shop::released().await;
        let dir = shop.dir().to_owned();
        let sections = shop.sections(&format!(
            "[services.shop.rollback.strategies.release]\nkind = \"release\"\nlink = \"{dir}/current\"\n\
             releases = \"{dir}/releases\"\nafter = [\"mark\"]"
        ));
        let way = Way { shop, sections, spec: spec("release", json!({})), once: &[] };
        let (killed, lost, _) = killed(point, &way).await;
        let marks = way.shop.marks();
        let whole = ["stop", "stop", "start", "1.0"];
        match lost {
            false => assert_eq!(marks, whole, "point {point}: nothing was in doubt"),
            // The stage in doubt, one of the three, may have been done before: it is done once more, and nothing else is.
            true => {
                let twice =
                    [&["stop", "stop", "stop", "start", "1.0"][..], &["stop", "stop", "start", "stop", "start", "1.0"]];
                let cut = [&["stop", "stop", "stop", "start", "1.0"][..], &["stop", "stop", "start", "1.0", "1.0"]];
                let known = twice.iter().chain(&cut).any(|known| marks == *known) || marks == whole;
                assert!(known, "point {point}: {marks:?}");
            }
        }
        killed
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_the_stages_of_a_revert_each_commit_is_reverted_and_pushed_once() {
    each(29, STRIDE, async |point| {
        let Repo { shop, sections } = Repo::new().await;
        let way = Way { shop, sections, spec: spec("git", json!({})), once: &[] };
        let (killed, ..) = killed(point, &way).await;
        let there = |args: &[&str]| says(&way.shop.path("remote.git"), "git", args);
        assert_eq!(there(&["rev-parse", "main^{tree}"]), there(&["rev-parse", "1.0^{tree}"]), "point {point}");
        assert_eq!(there(&["rev-list", "--count", "2.0..main"]), "4", "point {point}");
        killed
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_the_stages_of_a_container_no_program_runs_twice_unasked() {
    each(17, STRIDE, async |point| {
        let way = composed().await;
        let (killed, lost, _) = killed(point, &way).await;
        ran_once(&way, point, lost);
        assert_eq!(std::fs::read_to_string(way.shop.path(".env")).unwrap(), "SHOP_TAG=1.0\n", "point {point}");
        killed
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_the_stages_of_a_migration_the_schema_goes_back_once_and_no_row_is_lost() {
    each(37, WIDE, async |point| {
        let (way, url) = schema().await;
        let (killed, lost, result) = killed(point, &way).await;
        ran_once(&way, point, lost);
        schema_is_back(&way, &url, &result, &format!("point {point}"));
        killed
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_the_stages_of_a_restore_the_copy_is_in_place_and_no_program_runs_twice_unasked() {
    each(53, WIDE, async |point| {
        let database = TestDatabase::sqlite();
        let (way, url, home) = full(&database).await;
        let (killed, lost, _) = killed_at(point, &database, &home, &way).await;
        ran_once(&way, point, lost);
        copy_is_in_place(&url, &format!("point {point}"));
        killed
    })
    .await;
}
