//! What becomes of copies that are to go: the last hope stays, nothing that is there is lost, and nothing that is gone comes back.

use super::{Keys, bucket, copied, copies_of, ended, run, setup, start, store_of, verdict};
use crate::support::bot::TestBot;
use crate::support::buckets::S3Server;
use crate::support::database::TestDatabase;
use crate::support::eventually;
use crate::support::faults::{Fault, Proxy};
use drillbell::artifacts::{Key, PutOptions};
use drillbell::model::job::JobState;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::{Arc, Mutex};

fn media(folder: &Path) -> String {
    format!("[targets.media]\nkind = \"files\"\npath = {folder:?}\n")
}

/// Makes so many copies, an hour apart; their names, the oldest first.
async fn some(bot: &TestBot, count: usize) -> Vec<String> {
    let mut objects = Vec::new();
    for _ in 0..count {
        bot.clock.advance(3_600_000);
        objects.push(copied(bot, "media").await["object"].as_str().unwrap().to_owned());
    }
    objects
}

async fn prune(bot: &TestBot, objects: &[&String]) -> (JobState, String, Value) {
    run(bot, "backup-prune", json!({"target": "media", "objects": objects})).await
}

/// Whether the catalogue has it as there.
async fn is_known(bot: &TestBot, object: &str) -> bool {
    bot.app.store().copy(object).await.unwrap().unwrap().gone_ms.is_none()
}

#[tokio::test(flavor = "multi_thread")]
async fn as_long_as_all_copies_are_broken_none_is_removed() {
    let (folder, database) = (tempfile::tempdir().unwrap(), TestDatabase::sqlite());
    std::fs::write(folder.path().join("x"), "x").unwrap();
    let bot = TestBot::start(&database, setup(&media(folder.path()))).await;
    let objects = some(&bot, 3).await;
    for object in &objects {
        let file = store_of(&bot).join(object);
        let mut bytes = std::fs::read(&file).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        std::fs::write(&file, bytes).unwrap();
        assert_eq!(verdict(&bot, object).await.0, "broken");
    }
    let all: Vec<&String> = objects.iter().collect();
    let (state, _, result) = prune(&bot, &all).await;
    assert_eq!((state, &result["deleted"]), (JobState::Done, &json!([])), "{result}");
    let why = result["refused"][0]["why"].as_str().unwrap();
    assert!(why.contains("one of them may yet be of use"), "{why}");
    // One that an earlier run noted as gone, and did not come to remove, is such a hope too.
    assert!(bot.app.store().copy_gone(objects[1].clone(), 1).await.unwrap());
    prune(&bot, &all).await;
    assert!(is_known(&bot, &objects[1]).await);
    assert_eq!(copies_of(&bot, "media").len(), 6);

    // With a copy that nobody knows anything bad of, the others may go.
    let better = some(&bot, 1).await.remove(0);
    let (_, _, result) = prune(&bot, &[&objects[0], &better]).await;
    assert_eq!(result["deleted"], json!([objects[0]]), "{result}");
    // One that is not in the store protects none that is.
    assert_eq!(verdict(&bot, &better).await.0, "verified");
    let newest = some(&bot, 1).await.remove(0);
    std::fs::remove_file(store_of(&bot).join(&better)).unwrap();
    let (_, _, result) = prune(&bot, &[&newest]).await;
    assert_eq!(result["refused"][0]["object"], json!(newest), "{result}");
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_refuses_to_remove_loses_no_copy_and_brings_none_back() {
    let (server, keys, folder) = (S3Server::s3s().await, Keys::new(), tempfile::tempdir().unwrap());
    std::fs::write(folder.path().join("x"), "x").unwrap();
    // What is not removed when it is asked for: names that end so.
    let refused = Arc::new(Mutex::new("none"));
    let refuses = refused.clone();
    let proxy = Proxy::start(&server.endpoint, move |asked| {
        let refused = *refuses.lock().unwrap();
        match asked.method == "DELETE" && asked.target.split('?').next().is_some_and(|path| path.ends_with(refused)) {
            true => Fault::Status(403, "AccessDenied"),
            false => Fault::None,
        }
    })
    .await;
    let bucket = bucket(&server, &proxy.endpoint, keys.folder.path());
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&format!("{}{bucket}{}", keys.section(), media(folder.path())))).await;
    let objects = some(&bot, 3).await;
    let there = async |object: &str| bot.app.artifacts().head(&Key::new(object).unwrap()).await.is_ok();

    *refused.lock().unwrap() = ".age";
    // The second was noted as gone by a run that got no further.
    assert!(bot.app.store().copy_gone(objects[1].clone(), 1).await.unwrap());
    let (state, said, result) = prune(&bot, &[&objects[0], &objects[1]]).await;
    assert_eq!((state, result["failed"].as_array().unwrap().len()), (JobState::Failed, 2), "{said} {result}");
    for object in &objects {
        assert!(is_known(&bot, object).await && there(object).await, "{object} is there and in the catalogue");
    }

    *refused.lock().unwrap() = ".manifest.json";
    let (state, _, result) = prune(&bot, &[&objects[0]]).await;
    assert_eq!((state, result["failed"].as_array().unwrap().len()), (JobState::Failed, 1), "{result}");
    assert!(!is_known(&bot, &objects[0]).await && !there(&objects[0]).await, "gone, and nobody says otherwise");

    *refused.lock().unwrap() = "none";
    let (state, _, result) = prune(&bot, &[&objects[0], &objects[1]]).await;
    assert_eq!((state, &result["deleted"]), (JobState::Done, &json!(objects[..2])), "{result}");
    assert!(!there(&format!("{}.manifest.json", objects[0])).await, "what was left of it is gone too");
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_removes_what_its_first_left_and_nothing_of_another_job() {
    let (folder, database) = (tempfile::tempdir().unwrap(), TestDatabase::sqlite());
    let root = folder.path().join("not-yet");
    let bot = TestBot::start(&database, setup(&media(&root))).await;
    let id = start(&bot, "backup", &json!({"target": "media", "reason": "manual"}), "--attempts 2").await;
    let waits = async || {
        bot.app.store().job(&id).await.unwrap().filter(|job| (job.state, job.attempts) == (JobState::Ready, 1))
    };
    eventually("the first run has failed", waits).await;

    // All with the digits of this job: left by its first run; nobody's; another job's; one with a manifest that cannot be read.
    let names = [1, 2, 3, 4].map(|n| format!("backups/media/2026010{n}T000000Z-{}.tar.zst", &id[id.len() - 8..]));
    for (name, note) in names.iter().zip([Some(id.as_str()), None, Some("another"), Some(id.as_str())]) {
        let metadata = note.map(|note| ("job".to_owned(), note.to_owned())).into_iter().collect();
        let options = PutOptions { metadata, ..PutOptions::default() };
        bot.app.artifacts().put(&Key::new(name).unwrap(), &mut &b"half"[..], &options).await.unwrap();
    }
    let manifest = Key::new(&format!("{}.manifest.json", names[3])).unwrap();
    bot.app.artifacts().put(&manifest, &mut &b"{}"[..], &PutOptions::default()).await.unwrap();

    std::fs::create_dir(&root).unwrap();
    bot.clock.advance(5_000);
    assert_eq!(ended(&bot, &id).await.state, JobState::Done);
    let left = names.map(|name| store_of(&bot).join(name).exists());
    assert_eq!(left, [false, true, true, true]);
    assert_eq!(copies_of(&bot, "media").len(), 3 + 1 + 2);
    bot.finish().await;
}
