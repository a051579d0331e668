//! What nobody may see of a backup: the password in no argument, variable, file or log; the data in no file.

use super::locked::Locked;
use super::{Keys, copied, ended, names_below, psql, setup, start};
use crate::support::bot::TestBot;
use crate::support::database::TestDatabase;
use crate::support::postgres::fresh_database;
use drillbell::model::job::JobState;
use serde_json::json;
use std::path::Path;

const PASSWORD: &str = "hunter2-of-the-shop";
const MARKER: &str = "marker-7f3a9c-of-a-row";

fn holds(path: &Path, text: &str) -> bool {
    std::fs::read(path).unwrap_or_default().windows(text.len()).any(|window| window == text.as_bytes())
}

/// The arguments and variables of every process but this one and those of the test itself.
fn processes() -> Vec<(String, String)> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let read = |name: &str| {
            String::from_utf8_lossy(&std::fs::read(entry.path().join(name)).unwrap_or_default()).into_owned()
        };
        all.push((read("cmdline"), read("environ")));
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_password_nor_data_is_seen_while_a_copy_is_made() {
    let (source, keys) = (fresh_database(), Keys::new());
    psql(&source, &format!("create table t (x text); insert into t values ('{MARKER}')"));
    let with_password = source.replace("drillbell@", &format!("drillbell:{PASSWORD}@"));
    let config = format!("{}[targets.shop]\nkind = \"postgres\"\nurl = {with_password:?}\n", keys.section());
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&config)).await;
    // pg_dump waits for the lock, so that there is time to look at it.
    let mut locked = Locked::of(source, "t").await;
    let id = start(&bot, "backup", &json!({"target": "shop", "reason": "manual"}), "--attempts 1").await;
    locked.waited_for().await;
    let dumps: Vec<_> =
        processes().into_iter().filter(|(argv, _)| argv.contains("pg_dump") && argv.contains("--compress=0")).collect();
    assert!(!dumps.is_empty());
    for (argv, environ) in processes() {
        assert!(!argv.contains(PASSWORD) && !environ.contains(PASSWORD), "{argv}");
    }
    let data = bot.app.config().server.data_dir.clone();
    let secret: Vec<_> = names_below(&data).into_iter().filter(|path| holds(path, PASSWORD)).collect();
    assert!(secret.is_empty(), "{secret:?}");
    locked.free();
    assert_eq!(ended(&bot, &id).await.state, JobState::Done);
    let folder = bot.app.config().file.parent().unwrap().to_owned();
    for path in names_below(&folder) {
        assert!(!holds(&path, PASSWORD) && !holds(&path, MARKER), "{}", path.display());
    }
    assert!(!serde_json::to_string(&bot.trail().await).unwrap().contains(PASSWORD));
    copied(&bot, "shop").await;
    bot.finish().await;
}
