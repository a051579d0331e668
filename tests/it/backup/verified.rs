//! Each kind of damage to a copy is found, told from the others, and noted in the catalogue.

use super::{Keys, bucket, checks, copied, setup, store_of, verdict};
use crate::support::bot::{Setup, TestBot};
use crate::support::buckets::S3Server;
use crate::support::database::TestDatabase;
use drillbell::artifacts::Key;
use drillbell::clock::Clock;

fn media(keys: &Keys, folder: &std::path::Path) -> String {
    format!(
        "{}[targets.media]\nkind = \"files\"\npath = {folder:?}\nbackup.schedule = \"0 * * * *\"\nbackup.min_size = \"1KB\"",
        keys.section()
    )
}

/// What cannot be compressed, so that there is something to damage.
fn noise(length: u32) -> Vec<u8> {
    (0..length).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_damage_is_found_and_told_from_the_others() {
    let (keys, folder, database) = (Keys::new(), tempfile::tempdir().unwrap(), TestDatabase::sqlite());
    std::fs::write(folder.path().join("noise"), noise(60_000)).unwrap();
    let first = setup(&media(&keys, folder.path()));
    let (data, clock) = (first.folder.clone(), first.clock.clone());
    let bot = TestBot::start(&database, first).await;
    let object = copied(&bot, "media").await["object"].as_str().unwrap().to_owned();
    let file = store_of(&bot).join(&object);
    let whole = std::fs::read(&file).unwrap();

    let (said, result) = verdict(&bot, &object).await;
    assert_eq!((&*said, checks(&result, Some(false))), ("verified", vec![]), "{result}");
    let made = [
        "exists",
        "manifest",
        "size",
        "stored_sha256",
        "decrypt",
        "unpack",
        "plain_size",
        "plain_sha256",
        "format",
        "contents",
        "min_size",
        "max_age",
    ];
    assert_eq!(checks(&result, Some(true)), made);

    let mut flipped = whole.clone();
    *flipped.last_mut().unwrap() ^= 1;
    std::fs::write(&file, &flipped).unwrap();
    let (said, result) = verdict(&bot, &object).await;
    assert_eq!((&*said, checks(&result, Some(false))), ("broken", vec!["stored_sha256", "unpack"]));
    assert!(result["sentence"].as_str().unwrap().contains("some were changed"), "{result}");
    assert_eq!(bot.app.store().copy(&object).await.unwrap().unwrap().verdict.as_str(), "broken");

    std::fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    let (said, result) = verdict(&bot, &object).await;
    assert_eq!((&*said, checks(&result, Some(false))[0]), ("broken", "size"));
    assert!(result["sentence"].as_str().unwrap().starts_with("It is cut off"), "{result}");

    std::fs::write(&file, b"-- PostgreSQL database dump").unwrap();
    let (_, result) = verdict(&bot, &object).await;
    assert!(checks(&result, Some(false)).contains(&"decrypt"), "an open copy of what was encrypted: {result}");

    std::fs::write(&file, &whole).unwrap();
    clock.advance(3 * 3_600_000);
    let (said, result) = verdict(&bot, &object).await;
    assert_eq!((&*said, checks(&result, Some(false))), ("verified", vec!["max_age"]), "too old is not broken");

    std::fs::remove_file(&file).unwrap();
    let (said, result) = verdict(&bot, &object).await;
    assert_eq!((&*said, checks(&result, Some(false))), ("broken", vec!["exists"]));

    // Another machine's key.
    std::fs::write(&file, &whole).unwrap();
    bot.finish().await;
    let other = Keys::new();
    let again =
        Setup { folder: data.clone(), clock: Clock::manual(clock.now_ms()), ..setup(&media(&other, folder.path())) };
    let bot = TestBot::start(&database, again).await;
    let (said, result) = verdict(&bot, &object).await;
    assert_eq!((&*said, checks(&result, Some(false))[0]), ("unknown", "decrypt"), "{result}");
    assert!(result["sentence"].as_str().unwrap().contains("none of this machine's keys"), "{result}");

    // Without a manifest nobody knows what it should be.
    std::fs::remove_file(store_of(&bot).join(format!("{object}.manifest.json"))).unwrap();
    assert_eq!(verdict(&bot, &object).await.0, "unknown");
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_in_a_bucket_is_made_verified_and_missed() {
    let (server, keys, folder) = (S3Server::s3s().await, Keys::new(), tempfile::tempdir().unwrap());
    std::fs::write(folder.path().join("x"), noise(3_000_000)).unwrap();
    let bucket = bucket(&server, &server.endpoint, keys.folder.path());
    let sections = media(&keys, folder.path()).replace("[targets.media]", &format!("{bucket}[targets.media]"));
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&sections)).await;
    let object = copied(&bot, "media").await["object"].as_str().unwrap().to_owned();
    let (said, result) = verdict(&bot, &object).await;
    assert_eq!((&*said, checks(&result, Some(false))), ("verified", vec![]), "{result}");
    let key = Key::new(&object).unwrap();
    bot.app.artifacts().delete(&key).await.unwrap();
    let (said, result) = verdict(&bot, &object).await;
    assert_eq!((&*said, checks(&result, Some(false))), ("broken", vec!["exists"]));
    bot.finish().await;
}
