//! The shipped program, killed between and within the stages of a rollback, at the writes and flushes that anybody else could observe.
//! Another bot brings it to its end. `KILL_AT_EVERY_POINT=1` takes every point, without it each test takes a few of them.

use super::git::Repo;
use super::{PLUGIN, Shop, command, says, spec};
use crate::support::bot::{HERE, PEOPLE, Setup, TestBot, from_file};
use crate::support::database::TestDatabase;
use crate::support::eventually;
use crate::support::process::Home;
use drillbell::clock::Clock;
use drillbell::jobs::AGAIN;
use drillbell::model::job::JobState;
use serde_json::{Value, json};
use std::os::unix::process::ExitStatusExt;

/// More would mean that the program never comes to rest.
const MOST_POINTS: u32 = 900;
/// How far apart the points of a test are.
const STRIDE: usize = 45;

/// Kills at one point; whether the program came that far, and whether somebody was asked.
async fn killed_at(point: u32, shop: &Shop, sections: &str, spec: &Value) -> (bool, bool) {
    let database = TestDatabase::sqlite();
    let sections = format!("{}{PEOPLE}", sections.replace(PLUGIN, &from_file(PLUGIN)));
    let home = Home::of(&database, &sections);
    let process = home.start_to_be_killed(point).await;
    let asked = command(spec, "back");
    let answer = process.command("doomed", &asked).await;
    home.disarm();
    let killed = process.end(answer.is_none()).await.signal() == Some(9);
    let setup = Setup { config: sections, folder: home.folder.clone(), clock: Clock::system(), ..Setup::default() };
    let bot = TestBot::start(&database, setup).await;
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
    assert_eq!(shop.get().as_deref(), Some("1.0"), "point {point}");
    bot.finish().await;
    (killed, lost)
}

/// At every so-manieth point, on things of its own each time.
async fn each(first: u32, run: impl AsyncFn(u32) -> bool) {
    let (first, stride) = if std::env::var_os("KILL_AT_EVERY_POINT").is_some() { (1, 1) } else { (first, STRIDE) };
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
    each(11, async |point| {
        let shop = Shop::released().await;
        let dir = shop.dir().to_owned();
        let sections = shop.sections(&format!(
            "[services.shop.rollback.strategies.release]\nkind = \"release\"\nlink = \"{dir}/current\"\n\
             releases = \"{dir}/releases\"\nafter = [\"mark\"]"
        ));
        let (killed, lost) = killed_at(point, &shop, &sections, &spec("release", json!({}))).await;
        let marks = shop.marks();
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
    each(29, async |point| {
        let Repo { shop, sections } = Repo::new().await;
        let (killed, _) = killed_at(point, &shop, &sections, &spec("git", json!({}))).await;
        let there = |args: &[&str]| says(&shop.path("remote.git"), "git", args);
        assert_eq!(there(&["rev-parse", "main^{tree}"]), there(&["rev-parse", "1.0^{tree}"]), "point {point}");
        assert_eq!(there(&["rev-list", "--count", "2.0..main"]), "4", "point {point}");
        killed
    })
    .await;
}
