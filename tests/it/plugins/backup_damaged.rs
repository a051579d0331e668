//! A shop whose database is garbage, had back by what people type, click and approve; with and without a safety copy.

use super::backup::{BACKUPS, HOUR_MS, SHOP, execute, settled, setup};
use crate::alerts::standing;
use crate::support::bot::{TestBot, with_bot_of};
use crate::support::eventually;
use drillbell::model::ids::MessageRef;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The shop's service can be stopped and started, and nothing else of it is configured.
const TARGET: &str = "[targets.shop]\nkind = \"sqlite\"\npath = \"FOLDER/shop.db\"\nservice = \"shop\"\n\
                      [services.shop]\nstop = \"stop-shop\"\nstart = \"start-shop\"\n\
                      [commands.stop-shop]\nargv = [\"touch\", \"FOLDER/stopped\"]\n\
                      [commands.start-shop]\nargv = [\"touch\", \"FOLDER/started\"]\n";

const GARBAGE: &[u8] = b"there was a database here";

/// What is in the folder that was put aside.
fn kept(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.to_string_lossy().contains("shop.db.damaged-")).collect()
}

/// Plans a restore, clicks its button and has Ben agree; what the plan said, and the card that asked Ben.
async fn restores(bot: &TestBot, command: &str) -> (String, String) {
    let store = bot.app.store();
    let plan = bot.ana(command).await;
    let card: MessageRef = plan.messages.last().expect("a plan").message.clone();
    bot.clicks("ana", &card, "restore").await;
    let approval = eventually("somebody is asked", async || store.open_approvals(2).await.unwrap().pop()).await;
    let asked = store.message(&approval.card).await.unwrap().expect("a card").view.to_plain();
    bot.types("ben", "console:#ops", &format!("/drillbell approve {}", approval.id)).await;
    settled(bot).await;
    (plan.text, asked)
}

#[test]
fn a_database_that_is_garbage_is_had_back_by_what_people_type() {
    with_bot_of(
        || setup(TARGET),
        async |bot: Arc<TestBot>| {
            let folder = bot.app.config().server.data_dir.parent().unwrap().to_owned();
            let (file, url) =
                (folder.join("shop.db"), format!("sqlite://{}?mode=rwc", folder.join("shop.db").display()));
            execute(&url, SHOP).await;
            settled(&bot).await;
            bot.ana("/backup run shop").await;
            settled(&bot).await;
            let told = standing(&bot, "console:#incidents").await;
            let done = told.iter().find(|text| text.contains("shop is backed up")).expect("it is told");
            let copy = bot.app.store().copies(Some("shop"), 1, None).await.unwrap().remove(0);
            let sum = bot.ana(&format!("/backup show {}", copy.short().unwrap())).await.data.unwrap()["manifest"]
                ["stored_sha256"]
                .as_str()
                .unwrap()
                .to_owned();
            assert!(done.contains(&copy.object) && done.contains(&sum[..16]), "S4-02, S4-08: {done}");
            let is_whole = || std::fs::read(&file).unwrap().starts_with(b"SQLite format 3");

            std::fs::write(&file, GARBAGE).unwrap();
            let command = format!("/backup restore {} --into shop --clean", copy.short().unwrap());
            let (plan, _) = restores(&bot, &command).await;
            assert!(
                plan.contains("by `stop` of [services.shop]") && plan.contains("[services.shop] has no `migrate`"),
                "{plan}"
            );
            assert!(!plan.contains("by `migrate` of"), "{plan}");
            assert!(is_whole() && folder.join("stopped").exists() && folder.join("started").exists());
            let all = kept(&folder);
            assert_eq!(all.len(), 1, "{all:?}");
            assert_eq!(std::fs::read(&all[0]).unwrap(), GARBAGE);
            let told = standing(&bot, BACKUPS).await;
            let name = all[0].file_name().unwrap().to_string_lossy().into_owned();
            assert!(told.iter().any(|text| text.contains("shop is restored from") && text.contains(&name)), "{told:?}");

            // The same without a safety copy: said beforehand, and nothing is kept.
            std::fs::write(&file, GARBAGE).unwrap();
            let (plan, asked) = restores(&bot, &format!("{command} --no-safety")).await;
            assert!(plan.contains("what is in shop now is gone for good once this begins"), "{plan}");
            assert!(asked.contains("without a safety copy"), "whoever approves reads it: {asked}");
            assert!(is_whole());
            assert_eq!(kept(&folder), all);

            // What is well is copied first, and that copy is nobody's newest.
            bot.clock.advance(HOUR_MS);
            restores(&bot, &command).await;
            let copies = bot.app.store().copies(Some("shop"), 10, None).await.unwrap();
            assert!(copies.len() == 2 && copies[0].is_safety(), "{copies:?}");
            let again = bot.ana("/backup restore --before 2099-01-01T00:00Z --into shop --clean").await;
            assert_eq!(again.data.unwrap()["copy"]["object"], copy.object);
            let status = bot.ana("/backup status shop").await.data.unwrap();
            assert_eq!(status["targets"][0]["standing"]["newest"]["object"], copy.object);
            let listed = bot.ana("/backup list shop").await;
            assert!(listed.text.contains("safety copy"), "{}", listed.text);
        },
    );
}
