//! Where only the programs are, a drill makes a server of its own, and nothing of it stays.

use super::drills::{drilled, known, said, went};
use super::{PLUGIN, copied, ended, psql, setup};
use crate::support::bot::{PEOPLE, Setup, TestBot, from_file};
use crate::support::database::TestDatabase;
use crate::support::eventually;
use crate::support::postgres::fresh_database;
use crate::support::process::Home;
use drillbell::clock::Clock;
use drillbell::model::job::JobState;
use serde_json::json;
use std::path::{Path, PathBuf};

/// A shop whose drills have no server to restore to.
fn bare(source: &str, checks: &str) -> String {
    format!("[targets.shop]\nkind = \"postgres\"\nurl = {source:?}\n[targets.shop.drill]\nchecks = [{checks:?}]\n")
}

/// The folders of drills' own servers that are there for a job, wherever they may lie.
fn folders(data: &Path, job: &str) -> Vec<PathBuf> {
    let below = |folder: PathBuf| std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let bots =
        below(std::env::temp_dir()).filter(|path| path.to_string_lossy().contains("/drillbell-")).flat_map(below);
    let all = bots.chain(below(data.join("scratch"))).chain(below(data.to_owned()));
    all.filter(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        name.starts_with("drillbell_drill_") && name.ends_with(job)
    })
    .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drill_without_a_server_makes_its_own_and_takes_it_away() {
    let source = fresh_database();
    psql(&source, "create table a (n int primary key); insert into a select generate_series(1, 500)");
    let sections = bare(&source, "select count(*) = 500 and current_setting('listen_addresses') = '' from a");
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&sections)).await;
    let object = copied(&bot, "shop").await["object"].as_str().unwrap().to_owned();
    let result = drilled(&bot, "shop").await;
    assert_eq!((said(&result), &result["dropped"]), (("pass", "none"), &json!(true)), "{result}");
    assert_eq!(went(&result, "pass"), ["restore", "counts", "checksums", "constraints", "query 1"]);
    assert_eq!(known(&bot, &object).await, "proven");
    let scratch = result["scratch"].as_str().unwrap();
    let job = scratch.rsplit('_').next().unwrap();
    assert_eq!(folders(&bot.app.config().server.data_dir, job), Vec::<PathBuf>::new());
    assert_eq!(psql(&source, &format!("select count(*) from pg_database where datname = '{scratch}'")), "0");
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_of_a_bot_that_was_killed_ends_with_it_and_its_folder_goes_with_the_next_drill() {
    let source = fresh_database();
    psql(&source, "create table a as select 1 as n");
    let database = TestDatabase::sqlite();
    let home = Home::new(&database);
    let flag = home.folder.path().join("go-on");
    // As long as the file is not there, the drill sleeps within its own server.
    let sleeps = format!(
        "select case when (pg_stat_file('{}', true)).size is null then (select count(*) > 0 from pg_sleep(600)) else true end",
        flag.display()
    );
    let sections = format!("{}\n{}\n{PEOPLE}", bare(&source, &sleeps), from_file(PLUGIN));
    home.configure(&database.url, &sections);
    let data = home.folder.path().join("data");
    let process = home.start(&[]).await;
    let of =
        |kind: &str, spec: serde_json::Value| format!("/misbehave job {kind} --spec '{spec}' --lost repeat of-{kind}");
    process.command("copy", &of("backup", json!({"target": "shop", "reason": "manual"}))).await;
    let command = of("drill", json!({"target": "shop"}));
    let there = async || {
        eventually("the drill's own server runs", async || {
            let all = folders(&data, "").into_iter().filter(|folder| folder.join("data/postmaster.pid").exists());
            let mut ours = all.filter(|folder| {
                let asked =
                    "select count(*) from pg_stat_activity where query like '%go-on%' and pid <> pg_backend_pid()";
                let said = std::process::Command::new("psql")
                    .args(["-XAtq", "-U", "drillbell", "-d", "postgres", "-h"])
                    .arg(folder)
                    .args(["-c", asked])
                    .output();
                said.is_ok_and(|said| said.stdout.starts_with(b"1"))
            });
            ours.next_back()
        })
        .await
    };
    let folder = tokio::select! {
        answer = process.command("doomed", &command) => panic!("the job ended: {answer:?}"),
        folder = there() => folder,
    };
    let pid = std::fs::read_to_string(folder.join("data/postmaster.pid")).unwrap();
    let pid = pid.lines().next().unwrap().trim().to_owned();
    process.kill();
    eventually("the server ends with the bot", async || (!Path::new("/proc").join(&pid).exists()).then_some(())).await;
    std::fs::write(&flag, "go on").unwrap();
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(home.folder.path(), open).unwrap();
    let setup = Setup { config: sections, folder: home.folder, clock: Clock::system(), ..Setup::default() };
    let bot = TestBot::start(&database, setup).await;
    let jobs = bot.app.store().jobs_of(&"misbehaving".into(), false, 10).await.unwrap();
    let job = jobs.iter().find(|job| job.kind == "drill").unwrap();
    let job = ended(&bot, &job.id).await;
    assert_eq!((job.state, job.attempts), (JobState::Done, 2), "{:?}", job.result);
    assert!(!folder.exists(), "what the dead run left is gone");
    assert_eq!(folders(&data, drillbell::model::job::short(&job.id)), Vec::<PathBuf>::new());
    bot.finish().await;
}
