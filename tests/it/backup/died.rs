//! What goes wrong in the middle: a database that dies, a store that fails, somebody who cancels, a bot that is killed. Nothing half
//! is left that looks whole, nobody is left running, it is said why, and the next run works.

use super::locked::Locked;
use super::{PLUGIN, copied, copies_of, ended, names_below, psql, run, setup, start};
use crate::support::bot::{PEOPLE, Setup, TestBot, from_file};
use crate::support::database::TestDatabase;
use crate::support::eventually;
use crate::support::postgres::fresh_database;
use crate::support::process::Home;
use drillbell::clock::Clock;
use drillbell::model::job::{Job, JobState};
use serde_json::{Value, json};

fn config(url: &str) -> String {
    format!("[targets.shop]\nkind = \"postgres\"\nurl = {url:?}\n")
}

fn outcome(job: &Job) -> String {
    let result: Value = serde_json::from_str(job.result.as_deref().unwrap_or_default()).unwrap_or_default();
    result["outcome"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dump_that_is_cut_off_leaves_nothing_and_the_next_one_works() {
    let mut locked = Locked::halfway().await;
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&config(&locked.url))).await;
    let spec = json!({"target": "shop", "reason": "manual"});

    // The server ends the session.
    let id = start(&bot, "backup", &spec, "--attempts 1").await;
    locked.waited_for().await;
    psql(
        &locked.url,
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'drillbell-backup'",
    );
    let job = ended(&bot, &id).await;
    let said = outcome(&job);
    assert_eq!(job.state, JobState::Failed);
    assert!(said.contains("pg_dump of drillbell@127.0.0.1") && said.contains("terminating connection"), "{said}");
    assert_eq!(copies_of(&bot, "shop"), [""; 0]);

    // Somebody cancels.
    let id = start(&bot, "backup", &spec, "--attempts 1").await;
    locked.waited_for().await;
    bot.ana(&format!("/misbehave cancel-job {id}")).await;
    assert_eq!(ended(&bot, &id).await.state, JobState::Cancelled);
    locked.left_alone().await;
    assert_eq!(copies_of(&bot, "shop"), [""; 0]);

    locked.free();
    assert_eq!(copied(&bot, "shop").await["rows"], 5000);
    let run_folders: Vec<_> = names_below(&bot.app.config().server.data_dir)
        .into_iter()
        .filter(|path| path.ends_with("PGPASSFILE"))
        .collect();
    assert!(run_folders.is_empty(), "{run_folders:?}");
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_fails_and_a_server_that_is_not_there_are_said_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let (url, file) = (fresh_database(), folder.path().join("file"));
    std::fs::write(&file, "in the way").unwrap();
    psql(&url, "create table a as select n, md5(n::text) from generate_series(1, 100000) n");
    let sections = format!("[artifacts]\nstore = \"dir:{}/x\"\n{}", file.display(), config(&url));
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&sections)).await;
    let (state, said, _) = run(&bot, "backup", json!({"target": "shop", "reason": "manual"})).await;
    assert_eq!(state, JobState::Failed);
    assert!(said.contains("cannot store backups/shop/"), "{said}");
    let any = "select count(*) from pg_stat_activity where datname = current_database() and application_name = 'drillbell-backup'";
    eventually("no session is left", async || (psql(&url, any) == "0").then_some(())).await;
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dump_that_says_nothing_ends_at_once_when_its_copy_cannot_be_stored() {
    let (folder, locked) = (tempfile::tempdir().unwrap(), Locked::halfway().await);
    let file = folder.path().join("file");
    std::fs::write(&file, "in the way").unwrap();
    let sections = format!("[artifacts]\nstore = \"dir:{}/x\"\n{}", file.display(), config(&locked.url));
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&sections)).await;
    let (state, said, _) = run(&bot, "backup", json!({"target": "shop", "reason": "manual"})).await;
    assert!(state == JobState::Failed && said.contains("cannot store backups/shop/"), "{said}");
    // The table is locked still: it was not by writing that the dump heard of it.
    locked.left_alone().await;
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_does_not_answer_for_a_moment_costs_no_copy() {
    let mut locked = Locked::halfway().await;
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&config(&locked.url))).await;
    let id = start(&bot, "backup", &json!({"target": "shop", "reason": "manual"}), "--attempts 1").await;
    locked.waited_for().await;
    // Nobody can be asked whose a job is; all else can.
    database.execute("alter table jobs rename to jobs_elsewhere").await;
    locked.free();
    eventually("the copy is whole", async || (copies_of(&bot, "shop").len() == 2).then_some(())).await;
    database.execute("alter table jobs_elsewhere rename to jobs").await;
    let job = ended(&bot, &id).await;
    assert_eq!(job.state, JobState::Done, "{}", outcome(&job));
    assert_eq!(copies_of(&bot, "shop").len(), 2, "a copy and its manifest");
    assert_eq!(bot.app.store().copies(Some("shop"), 9, None).await.unwrap().len(), 1);
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_is_not_there_is_said_and_leaves_nothing() {
    let sections = "[targets.gone]\nkind = \"postgres\"\nurl = \"postgres://nobody@127.0.0.1:1/x\"\n\
         [targets.none]\nkind = \"sqlite\"\npath = \"/nowhere/shop.db\"\n[targets.bare]\nkind = \"files\"\npath = \"/nowhere\"\n";
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(sections)).await;
    let words = [
        ("gone", "psql on nobody@127.0.0.1:1/x exited with 2: psql: error: connection to server"),
        ("none", "cannot open /nowhere/shop.db"),
        ("bare", "cannot list /nowhere"),
    ];
    for (target, words) in words {
        let (state, said, _) = run(&bot, "backup", json!({"target": target, "reason": "manual"})).await;
        assert_eq!(state, JobState::Failed);
        assert!(said.contains(words), "{said}");
        assert_eq!(copies_of(&bot, target), [""; 0]);
    }
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_is_killed_leaves_nobody_and_nothing_and_the_next_one_makes_the_copy() {
    let mut locked = Locked::halfway().await;
    let database = TestDatabase::sqlite();
    let plugin = from_file(PLUGIN);
    let sections =
        format!("{}\n{plugin}\n{PEOPLE}", config(&locked.url.replace("drillbell@", "drillbell:hunter2-of-the-shop@")));
    let home = Home::of(&database, &sections);
    let process = home.start(&[]).await;
    let spec = json!({"target": "shop", "reason": "scheduled"});
    let command = format!("/misbehave job backup --spec '{spec}' --lost repeat of-backup");
    tokio::select! {
        answer = process.command("doomed", &command) => panic!("the job ended: {answer:?}"),
        () = locked.waited_for() => {}
    }
    process.kill();
    locked.left_alone().await;
    let folder = home.folder.path().join("data");
    eventually("the password's file is gone", async || {
        names_below(&folder).iter().all(|path| !path.ends_with("PGPASSFILE")).then_some(())
    })
    .await;
    locked.free();
    let setup = Setup { config: sections, folder: home.folder, clock: Clock::system(), ..Setup::default() };
    let bot = TestBot::start(&database, setup).await;
    let jobs = bot.app.store().jobs_of(&"misbehaving".into(), false, 10).await.unwrap();
    let job = ended(&bot, &jobs[0].id).await;
    assert_eq!((job.state, job.attempts), (JobState::Done, 2), "{}", outcome(&job));
    // What the dead one had begun to write is gone too, hidden as it was.
    let there = copies_of(&bot, "shop");
    assert_eq!(there.len(), 2, "one copy and its manifest: {there:?}");
    bot.finish().await;
}
