//! What a killed bot leaves behind: uploads, halves of copies, files beside databases, what drills restored. It goes with the next run
//! of its job, or once that job has ended without one; what another bot or an unknown job may own stays.

use super::restored::{FREE, sqlite3};
use super::stores::noise;
use super::{Keys, PLUGIN, bucket, checks, ended, names_below, psql, run, setup, start, store_of, verdict};
use crate::support::bot::{PEOPLE, Setup, TestBot, from_file};
use crate::support::buckets::{S3Server, quick};
use crate::support::database::TestDatabase;
use crate::support::faults::{Asked, Fault, Proxy};
use crate::support::postgres::Cluster;
use crate::support::process::Home;
use crate::support::{eventually, job_that};
use drillbell::artifacts::{Key, PutOptions};
use drillbell::clock::{Clock, rfc3339};
use drillbell::jobs::FAILED;
use drillbell::model::job::{Job, JobState};
use serde_json::json;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A copy of a job that no bot here ever ran.
const ANOTHERS: &str = "backups/media/20260101T000000Z-0badcafe.tar.zst";

/// A bucket behind a proxy that keeps what comes after the first part of an upload waiting for as long as it is told to.
struct Slow {
    server: S3Server,
    proxy: Proxy,
    holds: Arc<AtomicBool>,
}

impl Slow {
    async fn start() -> Self {
        let (server, holds) = (S3Server::moto().await, Arc::new(AtomicBool::new(true)));
        // moto says of every upload that it was begun in 2010, when nobody could be working on it any more.
        let today: &'static str = Box::leak(rfc3339(Clock::system().now_ms()).into_boxed_str());
        let held = holds.clone();
        let proxy = Proxy::start(&server.endpoint, move |asked| match asked {
            _ if asked.target.contains("uploads") => Fault::Replace("2010-11-10T20:48:33.000Z", today),
            _ if is_second(asked) && held.load(Ordering::SeqCst) => Fault::Hold,
            _ => Fault::None,
        })
        .await;
        Self { server, proxy, holds }
    }

    /// The sections for a bot that copies a folder into it.
    fn sections(&self, keys: &Keys, folder: &Path) -> String {
        let place = format!("s3://{}", self.server.bucket);
        let store = bucket(&self.server, &self.proxy.endpoint, keys.folder.path());
        // Where the artifacts of the tests' own are too.
        let store = store.replace(&place, &format!("{place}/the/prefix"));
        let plugin = from_file(PLUGIN);
        format!("[artifacts]\n{store}[targets.media]\nkind = \"files\"\npath = {folder:?}\n{plugin}\n{PEOPLE}")
    }

    /// Kills a bot in the middle of the upload of a copy.
    async fn killed(&self, home: &Home, options: &str) {
        let process = home.start(&[]).await;
        let command = format!(
            "/misbehave job backup --spec '{}' {options} doomed",
            json!({"target": "media", "reason": "manual"})
        );
        let held = async || (self.proxy.count(is_second) > 0).then_some(());
        tokio::select! {
            answer = process.command("doomed", &command) => panic!("the job ended: {answer:?}"),
            () = eventually("the second part is on its way", held) => {}
        }
        process.kill();
        self.holds.store(false, Ordering::SeqCst);
        assert_eq!(self.server.open_uploads().await, 1, "it is as a kill leaves it");
    }
}

fn is_second(asked: &Asked) -> bool {
    asked.is_part() && asked.target.contains("partNumber=2")
}

/// The next bot on the same data.
async fn next(database: &TestDatabase, home: &Home, sections: &str) -> TestBot {
    let (config, folder) = (sections.to_owned(), home.folder.clone());
    TestBot::start(database, Setup { config, folder, clock: Clock::system(), ..Setup::default() }).await
}

async fn doomed(bot: &TestBot) -> Job {
    job_that(bot, "doomed", "ends", |job| job.state.has_ended()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_a_kill_cut_off_is_gone_with_the_next_run_of_its_job() {
    let (slow, keys, folder) = (Slow::start().await, Keys::new(), tempfile::tempdir().unwrap());
    std::fs::write(folder.path().join("x"), noise(24_000_000)).unwrap();
    let (database, sections) = (TestDatabase::sqlite(), slow.sections(&keys, folder.path()));
    let home = Home::of(&database, &sections);
    slow.killed(&home, "--lost repeat --attempts 2").await;
    let bot = next(&database, &home, &sections).await;
    let job = doomed(&bot).await;
    assert_eq!((job.state, job.attempts), (JobState::Done, 2), "{:?}", job.result);
    assert_eq!(slow.server.open_uploads().await, 0);
    let copy = bot.app.store().copies(Some("media"), 9, None).await.unwrap().remove(0);
    let (said, result) = verdict(&bot, &copy.object).await;
    assert_eq!((&*said, checks(&result, Some(false))), ("verified", vec![]), "{result}");
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_goes_when_its_job_is_given_up_and_that_of_another_bot_stays() {
    let (slow, keys, folder) = (Slow::start().await, Keys::new(), tempfile::tempdir().unwrap());
    std::fs::write(folder.path().join("x"), noise(24_000_000)).unwrap();
    let (database, sections) = (TestDatabase::sqlite(), slow.sections(&keys, folder.path()));
    let home = Home::of(&database, &sections);
    slow.killed(&home, "--lost repeat --attempts 1").await;
    // In the middle of an upload of its own.
    let elsewhere = slow.server.artifacts_at(&slow.proxy.endpoint, quick(), Clock::system());
    slow.holds.store(true, Ordering::SeqCst);
    let another = Key::new(ANOTHERS).unwrap();
    let (theirs, bytes) = (elsewhere.clone(), noise(3 * slow.server.part));
    let key = another.clone();
    let upload = tokio::spawn(async move { theirs.put(&key, &mut &bytes[..], &PutOptions::default()).await });
    let begun = async || elsewhere.begun("backups/").await.unwrap();
    eventually("both are under way", async || (begun().await.len() == 2).then_some(())).await;
    let bot = next(&database, &home, &sections).await;
    assert_eq!(doomed(&bot).await.state, JobState::Failed);
    eventually("the dead one is gone", async || (begun().await.len() < 2).then_some(())).await;
    assert_eq!(begun().await, [another]);
    slow.holds.store(false, Ordering::SeqCst);
    bot.finish().await;
    upload.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_copy_goes_once_its_job_has_ended_and_nobody_elses_does() {
    let (folder, database) = (tempfile::tempdir().unwrap(), TestDatabase::sqlite());
    let root = folder.path().join("not-yet");
    let data = Setup::default().folder;
    let with = || {
        let sections = format!("[targets.media]\nkind = \"files\"\npath = {root:?}\n");
        Setup { folder: data.clone(), ..setup(&sections) }
    };
    let bot = TestBot::start(&database, with()).await;
    let spec = json!({"target": "media", "reason": "manual"});
    let failed = start(&bot, "backup", &spec, "--attempts 1").await;
    assert_eq!(ended(&bot, &failed).await.state, JobState::Failed);
    let waits = start(&bot, "backup", &spec, "--attempts 2").await;
    let is_ready = |job: &Job| (job.state, job.attempts) == (JobState::Ready, 1);
    eventually("a job waits for its second run", async || bot.app.store().job(&waits).await.unwrap().filter(is_ready))
        .await;

    let half = |day: u32, job: &str| format!("backups/media/2026010{day}T000000Z-{}.tar.zst", &job[job.len() - 8..]);
    let unknown = "00000000-0000-7000-8000-00000badcafe";
    let stay = [
        (half(1, &failed), None),
        (half(2, &failed), Some(waits.as_str())),
        (half(3, unknown), Some(unknown)),
        (half(4, &waits), Some(waits.as_str())),
        (half(5, &failed), Some(failed.as_str())),
    ];
    // The last by its name, so that the others have been looked at when it is gone.
    let goes = (half(9, &failed), Some(failed.as_str()));
    let put = async |name: &str, note: Option<&str>| {
        let metadata = note.map(|note| ("job".to_owned(), note.to_owned())).into_iter().collect();
        let options = PutOptions { metadata, ..PutOptions::default() };
        bot.app.artifacts().put(&Key::new(name).unwrap(), &mut &b"half"[..], &options).await.unwrap();
    };
    for (name, note) in stay.iter().chain([&goes]) {
        put(name, *note).await;
    }
    put(&format!("{}.manifest.json", stay[4].0), None).await;
    bot.finish().await;

    let bot = TestBot::start(&database, with()).await;
    let is_there = |name: &str| store_of(&bot).join(name).exists();
    eventually("the half is gone", async || (!is_there(&goes.0)).then_some(())).await;
    for (name, note) in &stay {
        assert!(is_there(name), "{name}, {note:?}");
    }
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_restore_wrote_beside_a_database_goes_when_nobody_wants_it_run_again() {
    let folder = tempfile::tempdir().unwrap();
    let (file, another) = (folder.path().join("shop.db"), folder.path().join(".shop.db.drillbell-0badcafe"));
    sqlite3(&file, "create table orders (n int); insert into orders values (1), (2)");
    std::fs::write(&another, "another bot's").unwrap();
    let (database, plugin) = (TestDatabase::sqlite(), from_file(PLUGIN));
    let sections = format!("{FREE}[targets.shop]\nkind = \"sqlite\"\npath = {file:?}\n{plugin}\n{PEOPLE}");
    let home = Home::of(&database, &sections);
    let bot = next(&database, &home, &sections).await;
    let (_, _, copy) = run(&bot, "backup", json!({"target": "shop", "reason": "manual"})).await;
    bot.finish().await;

    // Somebody is in it, so that it cannot be replaced yet.
    let mut holder = Command::new("sqlite3").arg(&file).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(holder.stdin.as_mut().unwrap(), b"begin exclusive; select 'held';\n").unwrap();
    let mut said = [0; 5];
    std::io::Read::read_exact(holder.stdout.as_mut().unwrap(), &mut said).unwrap();
    let beside = || {
        let names =
            names_below(folder.path()).into_iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned());
        names.filter(|name| name.starts_with(".shop.db.drillbell-") && !name.contains("0badcafe")).collect::<Vec<_>>()
    };
    let process = home.start(&[]).await;
    let spec = json!({"object": copy["object"], "target": "shop", "clean": true, "safety": false});
    let command = format!("/misbehave job restore --spec '{spec}' --lost ask doomed");
    tokio::select! {
        answer = process.command("doomed", &command) => panic!("the job ended: {answer:?}"),
        () = eventually("the copy lies beside the database", async || (!beside().is_empty()).then_some(())) => {}
    }
    process.kill();
    drop(holder.stdin.take());
    holder.wait().unwrap();

    let bot = next(&database, &home, &sections).await;
    let job = job_that(&bot, "doomed", "waits for people", |job| job.state == JobState::Lost).await;
    assert!(!beside().is_empty(), "it may be run again");
    bot.clicks("ana", job.card.as_ref().unwrap(), FAILED).await;
    assert_eq!(doomed(&bot).await.state, JobState::Failed);
    eventually("nothing is left beside the database", async || beside().is_empty().then_some(())).await;
    assert!(another.exists(), "it may be somebody's");
    assert_eq!(sqlite3(&file, "select count(*) from orders"), "2");
    bot.finish().await;
}

/// Kills two bots, each in the middle of a drill of the same job, and looks for what the third one clears away. `left` are the names
/// of what drills have restored; the drill itself never ends.
async fn killed_in_each_run(target: &str, data_of: impl Fn(&Path) -> Vec<String>) {
    let (database, plugin) = (TestDatabase::sqlite(), from_file(PLUGIN));
    let sections = format!("{target}\n{plugin}\n{PEOPLE}");
    let home = Home::of(&database, &sections);
    let data = home.folder.path().join("data");
    let left = || data_of(&data);
    let bot = next(&database, &home, &sections).await;
    let (state, said, _) = run(&bot, "backup", json!({"target": "shop", "reason": "manual"})).await;
    assert_eq!(state, JobState::Done, "{said}");
    bot.finish().await;
    let command =
        format!("/misbehave job drill --spec '{}' --lost repeat --attempts 2 doomed", json!({"target": "shop"}));
    let process = home.start(&[]).await;
    tokio::select! {
        answer = process.command("doomed", &command) => panic!("the job ended: {answer:?}"),
        () = eventually("a drill is under way", async || (!left().is_empty()).then_some(())) => {}
    }
    let first = left();
    // Names say the second at which they were made.
    let second = || Clock::system().now_ms() / 1000;
    let then = second();
    eventually("another second", async || (second() != then).then_some(())).await;
    process.kill();
    let process = home.start(&[]).await;
    eventually("the second run is under way", async || Some(left()).filter(|now| !now.is_empty() && *now != first))
        .await;
    process.kill();
    assert!(!left().is_empty(), "it is as a kill leaves it");
    let bot = next(&database, &home, &sections).await;
    let job = doomed(&bot).await;
    assert_eq!((job.state, job.attempts), (JobState::Failed, 2), "{:?}", job.result);
    eventually("nothing of the drill is left", async || left().is_empty().then_some(())).await;
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_folder_of_a_drill_that_was_killed_in_each_run_goes_with_its_job() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.db");
    sqlite3(&file, "create table orders (n int)");
    let endless = "with recursive r (n) as (select 1 union all select n + 1 from r) select count(*) < 0 from r";
    let target =
        format!("[targets.shop]\nkind = \"sqlite\"\npath = {file:?}\n[targets.shop.drill]\nchecks = [{endless:?}]");
    killed_in_each_run(&target, |data| {
        let scratch = names_below(data).into_iter().map(|path| path.display().to_string());
        scratch.filter(|name| name.contains("drillbell_drill_")).collect()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_of_a_drill_that_was_killed_in_each_run_goes_with_its_job() {
    let cluster = Cluster::start(false);
    let (url, into) = (cluster.create(), cluster.create());
    psql(&url, "create table orders (n int)");
    let another = "drillbell_drill_20990101t000000z_0badcafe";
    psql(&into, &format!("create database {another}"));
    let target = format!(
        "[targets.shop]\nkind = \"postgres\"\nurl = {url:?}\n[targets.shop.drill]\ninto = {into:?}\nchecks = [\"select pg_sleep(3600) is null\"]"
    );
    let scratch = format!(
        "select datname from pg_database where datname like 'drillbell\\_drill\\_%' and datname <> '{another}'"
    );
    killed_in_each_run(&target, |_| {
        let names = psql(&into, &scratch);
        names.lines().map(str::to_owned).collect()
    })
    .await;
    let there = format!("select count(*) from pg_database where datname = '{another}'");
    assert_eq!(psql(&into, &there), "1", "it may be another bot's");
}
