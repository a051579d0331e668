//! The shipped program, killed at the writes and flushes that anybody else could observe while it makes a copy, drills it or restores it.
//! Each time another bot takes the job up: it ends, nobody and nothing is left, and nothing half looks whole. On either engine, from
//! another point on each. `KILL_AT_EVERY_POINT=1` takes every point from the first on; without it each test takes every thirtieth.

use super::{PLUGIN, names_below, psql};
use crate::support::bot::{HERE, PEOPLE, Setup, TestBot, from_file};
use crate::support::database::TestDatabase;
use crate::support::postgres::Cluster;
use crate::support::process::Home;
use crate::support::{eventually, job_that};
use drillbell::clock::Clock;
use drillbell::jobs::AGAIN;
use drillbell::model::copy::CopyVerdict;
use drillbell::model::ids::fresh;
use drillbell::model::job::{Job, JobState};
use serde_json::{Value, json};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};

/// Fewer would mean that the shim sees nothing of the job.
const FEWEST_POINTS: u32 = 30;
/// More would mean that the program never comes to rest.
const MOST_POINTS: u32 = 1_500;
/// How far apart the points of one engine are; the other's lie between them.
const STRIDE: usize = 30;
/// Where the first of each engine is.
const FIRSTS: [u32; 2] = [1, 16];
/// As many copies as one question is answered with; there are no more points.
const ALL: u32 = 500;
const SHOP: &str = "create table orders (id int primary key, note text); \
                    insert into orders select n, 'note ' || n from generate_series(1, 2000) n";
/// Nobody of ours is connected to any database.
const NOBODY: &str =
    "select count(*) from pg_stat_activity where application_name like 'drillbell%' and pid <> pg_backend_pid()";

/// A server of its own, a shop on it, and where that may be restored to. By the real clock, what other tests make on the shared server
/// was left long ago.
struct Round {
    home: Home,
    database: TestDatabase,
    sections: String,
    source: String,
    copy: String,
    /// The first point at which it is killed.
    first: u32,
}

impl Round {
    fn new(database: TestDatabase, first: u32) -> Self {
        let cluster = Cluster::start(false);
        let (source, copy) = (cluster.create(), cluster.create());
        psql(&source, SHOP);
        let sections = format!(
            "[[policy]]\njob = \"restore\"\napprovals = 0\n[targets.shop]\nkind = \"postgres\"\nurl = {source:?}\n\
             [targets.copy]\nkind = \"postgres\"\nurl = {copy:?}\n{}\n{PEOPLE}",
            from_file(PLUGIN)
        );
        let home = Home::of(&database, &sections);
        Self { home, database, sections, source, copy, first }
    }

    fn store(&self) -> PathBuf {
        self.home.folder.path().join("data/artifacts")
    }

    /// The next bot on the same data.
    async fn next(&self) -> TestBot {
        let (config, folder) = (self.sections.clone(), self.home.folder.clone());
        TestBot::start(&self.database, Setup { config, folder, clock: Clock::system(), ..Setup::default() }).await
    }

    /// A copy that nobody disturbs; its object.
    async fn copied(&self) -> String {
        let bot = self.next().await;
        let job = ended(&bot, &ask("backup", "whole", &json!({"target": "shop", "reason": "manual"}))).await;
        assert_eq!(job.state, JobState::Done, "{:?}", job.result);
        let object = bot.app.store().copies(Some("shop"), 1, None).await.unwrap().remove(0).object;
        bot.finish().await;
        object
    }

    /// Kills the program at each of its points in turn, looks at what the dead one left, has another bot take the job up, and looks again.
    async fn at_every_point(&self, kind: &str, spec: &Value, dead: impl Fn(), look: impl AsyncFn(&TestBot, &Job)) {
        let every = std::env::var("KILL_AT_EVERY_POINT").ok();
        let (first, stride) = every.map_or((self.first, STRIDE), |from| (from.parse().unwrap_or(1), 1));
        for point in (first..).step_by(stride) {
            assert!(point < MOST_POINTS, "the program never comes to rest");
            let (key, title) = (format!("point-{point}"), format!("{kind}-{point}"));
            let command = ask(kind, &title, spec);
            let process = self.home.start_to_be_killed(point).await;
            let answer = process.command(&key, &command).await;
            self.home.disarm();
            let status = process.end(answer.is_none()).await;
            let killed = status.signal() == Some(9);
            assert!(killed || (answer.is_some() && status.success()), "{status}");
            let nobody = async || (psql(&self.source, NOBODY) == "0").then_some(());
            eventually(&format!("nobody is left of what was killed at {point}"), nobody).await;
            dead();

            let bot = self.next().await;
            // The sender knows nothing and sends again, as senders do.
            let delivery = format!("api/local/{key}");
            let sent = bot.delivers(&delivery, "ana", HERE, &command);
            let taken_up = async {
                let stands = |job: &Job| job.state.has_ended() || job.state == JobState::Lost;
                let job = job_that(&bot, &title, "ends or waits for people", stands).await;
                if job.state == JobState::Lost {
                    bot.clicks("ana", job.card.as_ref().unwrap(), AGAIN).await;
                }
                job_that(&bot, &title, "ends", |job| job.state.has_ended()).await
            };
            let (_, job) = tokio::join!(sent, taken_up);
            assert_eq!(job.state, JobState::Done, "killed at {point}: {:?}", job.result);
            eventually("nobody is left", nobody).await;
            bot.app.artifacts().sweep().await.unwrap();
            self.nothing_is_left();
            look(&bot, &job).await;
            bot.finish().await;
            if !killed {
                assert!(point > FEWEST_POINTS, "only {point} points: the shim sees nothing");
                let engine = self.database.url.split(':').next().unwrap_or_default();
                println!("{kind} on {engine}: {point} points");
                return;
            }
        }
    }

    /// No file of a dead run, and no database of a drill.
    fn nothing_is_left(&self) {
        let data = self.home.folder.path().join("data");
        let names: Vec<_> = names_below(&data).into_iter().map(|path| path.display().to_string()).collect();
        let left: Vec<_> =
            names.iter().filter(|name| name.ends_with(".part") || name.contains("drillbell_drill")).collect();
        assert!(left.is_empty(), "{left:?}");
        let scratch = "select count(*) from pg_database where datname like 'drillbell\\_drill\\_%'";
        assert_eq!(psql(&self.source, scratch), "0", "a drill's database");
    }
}

/// The command that starts a job of a kind.
fn ask(kind: &str, title: &str, spec: &Value) -> String {
    format!("/misbehave job {kind} --spec '{spec}' --lost repeat {title}")
}

/// Types a command that starts a job, and waits for that job's end.
async fn ended(bot: &TestBot, command: &str) -> Job {
    let title = command.rsplit(' ').next().unwrap().to_owned();
    bot.sends("ana", HERE, command).await;
    job_that(bot, &title, "ends", |job| job.state.has_ended()).await
}

/// What lies in the store for the shop: copies, and what is beside each.
fn copies(store: &Path) -> (Vec<String>, Vec<String>) {
    let names = names_below(&store.join("backups/shop"));
    let names = names.iter().map(|path| path.strip_prefix(store).unwrap().to_string_lossy().into_owned());
    let (beside, copies): (Vec<String>, Vec<String>) = names.partition(|name| name.ends_with(".manifest.json"));
    (copies, beside.iter().map(|name| name.trim_end_matches(".manifest.json").to_owned()).collect())
}

/// Runs a test on either engine.
fn with_each(test: impl AsyncFn(Round)) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for (database, first) in TestDatabase::both().into_iter().zip(FIRSTS).rev() {
        runtime.block_on(test(Round::new(database, first)));
    }
}

#[test]
fn killed_at_every_stage_of_a_copy_nothing_half_looks_whole_and_the_copy_is_made() {
    with_each(copy);
}

#[test]
fn killed_at_every_stage_of_a_drill_no_database_is_left_and_the_copy_is_proven() {
    with_each(drill);
}

#[test]
fn killed_at_every_stage_of_a_restore_the_target_is_as_before_or_as_the_copy() {
    with_each(restore);
}

async fn copy(round: Round) {
    let spec = json!({"target": "shop", "reason": "manual"});
    round
        .at_every_point(
            "backup",
            &spec,
            || {},
            async |bot, _| {
                let (copies, beside) = copies(&round.store());
                assert_eq!(copies, beside, "each copy has its manifest, and no manifest is without its copy");
                let known = bot.app.store().copies(Some("shop"), ALL, None).await.unwrap();
                let mut objects: Vec<_> = known.iter().map(|copy| copy.object.clone()).collect();
                objects.sort();
                assert_eq!(objects, copies, "what is known is what is there");
                let newest = &known[0].object;
                let verify = ask("backup-verify", &format!("verify-{}", fresh()), &json!({"object": newest}));
                assert_eq!(ended(bot, &verify).await.state, JobState::Done);
                let newest = bot.app.store().copy(newest).await.unwrap().unwrap();
                assert_eq!(newest.verdict, CopyVerdict::Verified, "{}", newest.verdict_detail);
            },
        )
        .await;
}

async fn drill(round: Round) {
    let object = round.copied().await;
    let spec = json!({"target": "shop", "object": object});
    round
        .at_every_point(
            "drill",
            &spec,
            || {},
            async |bot, job| {
                let result: Value = serde_json::from_str(job.result.as_deref().unwrap()).unwrap();
                assert_eq!((&result["result"]["status"], &result["result"]["dropped"]), (&json!("pass"), &json!(true)));
                let copy = bot.app.store().copy(&object).await.unwrap().unwrap();
                assert_eq!(copy.verdict, CopyVerdict::Proven);
                let drills = bot.app.store().drills(Some("shop"), i64::from(ALL), None).await.unwrap();
                assert_eq!(drills.iter().filter(|drill| drill.job == job.id).count(), 1, "kept once");
            },
        )
        .await;
}

async fn restore(round: Round) {
    let object = round.copied().await;
    psql(&round.copy, "create table orders (id int primary key, note text); insert into orders values (1, 'before')");
    let sum = "select count(*) || ' ' || md5(string_agg(note, ',' order by id)) from orders";
    let (before, whole) = (psql(&round.copy, sum), psql(&round.source, sum));
    let spec = json!({"object": object, "target": "copy", "clean": true, "safety": false});
    let either = || {
        let now = psql(&round.copy, sum);
        assert!(now == before || now == whole, "half restored: {now}");
    };
    round
        .at_every_point("restore", &spec, either, async |_, _| {
            assert_eq!(psql(&round.copy, sum), whole);
            psql(&round.copy, "truncate orders; insert into orders values (1, 'before')");
            assert_eq!(psql(&round.copy, sum), before);
        })
        .await;
}
