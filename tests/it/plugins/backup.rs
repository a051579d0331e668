//! Backups from end to end: real SQLite and PostgreSQL targets and a folder, taken by schedule and by hand, read back, broken, kept and
//! cleared away.

use crate::alerts::standing;
use crate::support::bot::{BACKUP, PEOPLE, Setup, TestBot, with_bot_of, with_database};
use crate::support::{eventually, postgres};
use drillbell::model::copy::{BackupCopy, CopyVerdict};
use drillbell::model::ids::MessageRef;
use serde_json::Value;
use sqlx::AnyPool;
use std::path::PathBuf;
use std::sync::Arc;

pub(super) const HOUR_MS: i64 = 3_600_000;
pub(super) const BACKUPS: &str = "console:#backups";

/// A bot with these targets; what they name lies in the folder.
pub(super) fn setup(targets: &str) -> Setup {
    let setup = Setup::default();
    let folder = setup.folder.path().to_owned();
    let targets = targets.replace("FOLDER", &folder.display().to_string());
    let config = format!(
        "[artifacts]\nstore = \"dir:{}\"\n[channels]\nops = \"console:#ops\"\nbackups = \"{BACKUPS}\"\n\
         [chat.console]\nchannels = [\"#incidents\", \"#ops\", \"#backups\"]\n{targets}\n{BACKUP}\n{PEOPLE}",
        folder.join("artifacts").display()
    );
    Setup { config, ..setup }
}

pub(super) async fn execute(url: &str, statements: &[&'static str]) {
    sqlx::any::install_default_drivers();
    let pool = AnyPool::connect(url).await.unwrap();
    for statement in statements {
        sqlx::query(*statement).execute(&pool).await.unwrap();
    }
    pool.close().await;
}

/// A shop's database with two tables.
pub(super) const SHOP: &[&str] = &[
    "create table orders (id integer primary key, what text not null)",
    "create table users (id integer primary key, name text not null)",
    "insert into orders (id, what) values (1, 'a kite'), (2, 'a drum'), (3, 'string')",
    "insert into users (id, name) values (1, 'Ana')",
];

/// Waits until nothing is left to do.
pub(super) async fn settled(bot: &TestBot) {
    let store = bot.app.store();
    eventually("everything is done", async || {
        // Work goes from one table into the next while they are looked at; each such step is on record.
        let on_record = store.audit_head().await.unwrap();
        let due = store.schedules_to_look_at(store.now_ms()).await.unwrap();
        let waits =
            due.iter().any(|row| row.running.is_some() || row.next_ms.is_some_and(|next| next <= store.now_ms()));
        // The daily work is one turn after the other, each by a timer.
        let turns = !store.due_timers(store.now_ms(), 1).await.unwrap().is_empty();
        let jobs = store.unfinished_jobs(10).await.unwrap();
        // What is tried again later is tried again now.
        if let Some(wait) = jobs.iter().map(|job| job.due_ms - store.now_ms()).max().filter(|wait| *wait > 0) {
            bot.clock.advance(wait);
        }
        let rests = store.open_events().await.unwrap() == 0 && jobs.is_empty() && !waits && !turns;
        (rests && store.audit_head().await.unwrap() == on_record).then_some(())
    })
    .await;
}

async fn copies(bot: &TestBot, target: &str) -> Vec<BackupCopy> {
    bot.app.store().copies(Some(target), 100, None).await.unwrap()
}

async fn newest(bot: &TestBot, target: &str) -> BackupCopy {
    copies(bot, target).await.into_iter().next().expect("a copy")
}

fn file_of(setup_folder: &std::path::Path, copy: &BackupCopy) -> PathBuf {
    setup_folder.join("artifacts").join(&copy.object)
}

#[test]
fn a_new_configuration_wakes_the_plugin_once_and_its_schedules_are_set_without_anybody_typing() {
    const TARGET: &str =
        "[targets.shop]\nkind = \"files\"\npath = \"FOLDER/media\"\n[targets.shop.backup]\nschedule = \"0 * * * *\"";
    with_database(async |database| {
        let woken = async |bot: &TestBot| {
            settled(bot).await;
            let trail = bot.trail().await;
            let starts =
                |record: &&Value| record["delivery"].as_str().is_some_and(|id| id.starts_with("start/backup/"));
            let names: Vec<_> = bot
                .app
                .store()
                .schedules(Some(&"backup".into()))
                .await
                .unwrap()
                .into_iter()
                .map(|row| row.name)
                .collect();
            (trail.iter().filter(starts).count(), names)
        };
        let first = setup(TARGET);
        let (folder, clock) = (first.folder.clone(), first.clock.clone());
        let config = first.config.clone();
        let again = |config: String| Setup { config, folder: folder.clone(), clock: clock.clone(), ..Setup::default() };
        let bot = TestBot::start(database, first).await;
        let all = ["backup/shop", "retention", "verify", "verify-old"].map(str::to_owned).to_vec();
        assert_eq!(woken(&bot).await, (1, all.clone()));
        bot.finish().await;
        let bot = TestBot::start(database, again(config.clone())).await;
        assert_eq!(woken(&bot).await, (1, all.clone()), "a restart that changed nothing is silent");
        bot.finish().await;
        let other = config.replace("[targets.shop.backup]\nschedule = \"0 * * * *\"", "");
        let bot = TestBot::start(database, again(other)).await;
        let (times, names) = woken(&bot).await;
        assert_eq!((times, names), (2, ["retention", "verify", "verify-old"].map(str::to_owned).to_vec()));
        bot.finish().await;
        // What was taken back is a change like any other.
        clock.advance(1_000);
        let bot = TestBot::start(database, again(config)).await;
        assert_eq!(woken(&bot).await, (3, all));
        bot.finish().await;
    });
}

#[test]
fn copies_are_taken_every_hour_read_back_and_told_in_one_message() {
    const TARGETS: &str = "[targets.shop]\nkind = \"sqlite\"\npath = \"FOLDER/shop.db\"\nrpo = \"1h\"\nowner = \"the shop team\"\n\
                           [targets.shop.backup]\nschedule = \"0 * * * *\"\n\
                           [targets.media]\nkind = \"files\"\npath = \"FOLDER/media\"";
    with_bot_of(
        || {
            let setup = setup(TARGETS);
            std::fs::create_dir(setup.folder.path().join("media")).unwrap();
            std::fs::write(setup.folder.path().join("media/kite.jpg"), [7; 5_000]).unwrap();
            setup
        },
        async |bot: Arc<TestBot>| {
            let folder = bot.app.config().server.data_dir.parent().unwrap().to_owned();
            execute(&format!("sqlite://{}?mode=rwc", folder.join("shop.db").display()), SHOP).await;
            settled(&bot).await;
            for _ in 0..2 {
                bot.clock.advance(HOUR_MS);
                settled(&bot).await;
            }
            assert_eq!(copies(&bot, "shop").await.len(), 2);
            let told = standing(&bot, BACKUPS).await;
            assert_eq!(told.len(), 1, "{told:?}");
            assert!(
                told[0].contains("backed up 2 times today") && told[0].contains("At risk now: 0 s of the 1 h allowed"),
                "{}",
                told[0]
            );
            // 04:00: read back by itself.
            for _ in 0..2 {
                bot.clock.advance(HOUR_MS);
                settled(&bot).await;
            }
            let copy = newest(&bot, "shop").await;
            let verified: Vec<_> =
                copies(&bot, "shop").await.into_iter().filter(|one| one.verified_ms.is_some()).collect();
            assert_eq!(verified.len(), 1, "{verified:?}");
            assert_eq!(verified[0].verdict, CopyVerdict::Verified);

            let ran = bot.ana("/backup run media").await;
            assert!(ran.text.contains("Backing up media"), "{}", ran.text);
            settled(&bot).await;
            let here = standing(&bot, "console:#incidents").await;
            assert!(
                here.iter().any(|text| text.contains("media is backed up") && text.contains("1 files")),
                "{here:?}"
            );
            let short = copy.short().expect("a short name").to_owned();
            let shown = bot.ana(&format!("/backup show {short}")).await;
            assert_eq!(shown.data.unwrap()["copy"]["object"], copy.object);
            let plan = bot.ana(&format!("/backup restore {short} --into shop --tables orders")).await;
            assert!(plan.text.contains("restore only orders into shop"), "{}", plan.text);
            assert_eq!(plan.data.unwrap()["copy"]["object"], copy.object);
            let plan = bot.ana(&format!("/backup restore {short} --into shop --tables ordrs")).await;
            assert!(plan.text.contains("it has: orders, users"), "{}", plan.text);
            let pinned = bot.ana(&format!("/backup pin {short} before the sale")).await;
            assert!(pinned.text.contains("stays until somebody unpins it"), "{}", pinned.text);
            assert!(bot.ana(&format!("/backup pin {short} me too")).await.text.contains("pinned already, by ana"));
            let status = bot.ana("/backup status shop").await;
            assert!(status.text.contains("Last verified"), "{}", status.text);
            assert_eq!(status.data.unwrap()["targets"][0]["standing"]["copies"], 4);
            assert!(bot.ana("/backup run stop").await.text.contains("shop"), "did you mean");
        },
    );
}

#[test]
fn a_copy_that_was_changed_is_found_and_told_and_holds_retention_back() {
    const TARGET: &str = "[targets.shop]\nkind = \"files\"\npath = \"FOLDER/media\"\n[targets.shop.backup.keep]\nhourly = 1\n\
                          daily = 0\nweekly = 0";
    with_bot_of(
        || {
            let setup = setup(TARGET);
            std::fs::create_dir(setup.folder.path().join("media")).unwrap();
            std::fs::write(setup.folder.path().join("media/kite.jpg"), [7; 5_000]).unwrap();
            setup
        },
        async |bot: Arc<TestBot>| {
            let folder = bot.app.config().server.data_dir.parent().unwrap().to_owned();
            for _ in 0..3 {
                bot.ana("/backup run shop").await;
                settled(&bot).await;
                bot.clock.advance(HOUR_MS);
                settled(&bot).await;
            }
            let unseen = bot.ana("/backup prune shop").await;
            assert!(unseen.text.contains("no copy is known to be whole"), "{}", unseen.text);
            bot.ana("/backup verify").await;
            settled(&bot).await;
            let copy = newest(&bot, "shop").await;
            assert_eq!(copy.verdict, CopyVerdict::Verified, "{}", copy.verdict_detail);

            // Two go, one stays; the plan is applied by its button.
            let plan = bot.ana("/backup prune shop").await;
            let card: MessageRef = plan.messages.last().expect("a plan").message.clone();
            bot.clicks("ana", &card, "prune").await;
            settled(&bot).await;
            let left: Vec<_> = copies(&bot, "shop").await.into_iter().map(|copy| copy.object).collect();
            assert_eq!(left, std::slice::from_ref(&copy.object));
            assert!(file_of(&folder, &copy).is_file());
            assert_eq!(
                std::fs::read_dir(folder.join("artifacts/backups/shop")).unwrap().count(),
                2,
                "the copy and its manifest"
            );

            // Somebody flips a bit.
            let path = file_of(&folder, &copy);
            let mut bytes = std::fs::read(&path).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            std::fs::write(&path, bytes).unwrap();
            bot.ana("/backup verify shop").await;
            settled(&bot).await;
            assert_eq!(newest(&bot, "shop").await.verdict, CopyVerdict::Broken);
            let told = standing(&bot, BACKUPS).await.join("\n\n");
            assert!(told.contains("of shop is broken") && told.contains("Nothing is deleted today"), "{told}");

            // It is deleted from under us, and the catalogue is made anew.
            bot.ana("/backup run shop").await;
            settled(&bot).await;
            let plan = bot.ana("/backup prune shop").await;
            assert!(!plan.text.contains("Delete"), "{}", plan.text);
            bot.ana("/backup rebuild shop").await;
            settled(&bot).await;
            let here = standing(&bot, "console:#incidents").await.join("\n\n");
            assert!(here.contains("The catalogue is made anew: 2 copies entered"), "{here}");
            assert_eq!(copies(&bot, "shop").await[1].verdict, CopyVerdict::Broken, "verdicts stay");
        },
    );
}

#[test]
fn a_postgres_database_is_backed_up_and_one_that_is_gone_is_told_loudly_with_what_to_do() {
    with_bot_of(
        || {
            let url = postgres::fresh_database();
            setup(&format!(
                "[targets.shop]\nkind = \"postgres\"\nurl = \"{url}\"\nowner = \"the shop team\"\nrpo = \"1h\""
            ))
        },
        async |bot: Arc<TestBot>| {
            let drillbell::config::targets::TargetPlace::Postgres { url, .. } =
                &bot.app.config().targets.get("shop").unwrap().place
            else {
                panic!("a database")
            };
            let url = secrecy::ExposeSecret::expose_secret(&url.url).to_owned();
            execute(&url, SHOP).await;
            bot.ana("/backup run shop").await;
            settled(&bot).await;
            let copy = newest(&bot, "shop").await;
            let shown = bot.ana(&format!("/backup show {}", copy.short().unwrap())).await;
            assert!(shown.text.contains("3  public.orders"), "{}", shown.text);
            bot.ana("/backup verify shop").await;
            settled(&bot).await;
            assert_eq!(newest(&bot, "shop").await.verdict, CopyVerdict::Verified);

            let (server, name) = url.rsplit_once('/').unwrap();
            let name = name.split('?').next().unwrap();
            let drop = Box::leak(format!("drop database \"{name}\" with (force)").into_boxed_str());
            execute(&format!("{server}/postgres"), &[drop]).await;
            // It is tried again after a while, so that nobody waits for its end.
            let sent = bot.sends("ana", "console:#incidents", "/backup run shop").await;
            bot.handled(&sent).await;
            settled(&bot).await;
            let told = standing(&bot, BACKUPS).await.join("\n\n");
            assert!(told.contains("The backup of shop failed") && told.contains("Owner: the shop team"), "{told}");
            assert!(told.contains(copy.short().unwrap()) && told.contains("/backup run shop"), "{told}");
            assert_eq!(copies(&bot, "shop").await.len(), 1, "nothing half is left");
        },
    );
}
