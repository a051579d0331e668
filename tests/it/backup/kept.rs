//! What no plugin can remove, and a catalogue that comes back from what lies in the store.

use super::{copied, copies_of, run, setup, store_of, verdict};
use crate::support::bot::{Setup, TestBot};
use crate::support::database::TestDatabase;
use drillbell::clock::Clock;
use drillbell::model::job::JobState;
use serde_json::{Value, json};

fn why(result: &Value, object: &str) -> String {
    let refused = result["refused"].as_array().unwrap().iter().find(|refused| refused["object"] == object);
    refused.map(|refused| refused["why"].as_str().unwrap().to_owned()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_best_copy_is_never_removed_and_a_lost_catalogue_comes_back() {
    let (folder, database) = (tempfile::tempdir().unwrap(), TestDatabase::sqlite());
    std::fs::write(folder.path().join("x"), "x").unwrap();
    let config = format!(
        "[targets.media]\nkind = \"files\"\npath = {:?}\n[targets.media2]\nkind = \"files\"\npath = \"x\"",
        folder.path()
    );
    let first = setup(&config);
    let (data, clock) = (first.folder.clone(), first.clock.clone());
    let bot = TestBot::start(&database, first).await;
    let mut objects = Vec::new();
    for _ in 0..4 {
        clock.advance(3_600_000);
        objects.push(copied(&bot, "media").await["object"].as_str().unwrap().to_owned());
    }
    assert_eq!(verdict(&bot, &objects[1]).await.0, "verified");
    let prune =
        async |objects: &[&String]| run(&bot, "backup-prune", json!({"target": "media", "objects": objects})).await;
    let (state, _, result) = prune(&[&objects[0], &objects[1]]).await;
    assert_eq!((state, &result["deleted"]), (JobState::Done, &json!([objects[0]])));
    assert!(why(&result, &objects[1]).contains("known to be good"), "{result}");
    assert_eq!(copies_of(&bot, "media").len(), 6, "three copies and their manifests");

    // Not a copy of this target: the plugin hears of it at once, and nothing is begun.
    for other in ["backups/media2/x.tar.zst", "runbooks/x", "backups/media/../x", "backups/media/x.manifest.json"] {
        let spec = json!({"target": "media", "objects": [other]});
        let answer = bot.ana(&format!("/misbehave job backup-prune --spec '{spec}' x")).await;
        assert!(answer.data.is_none(), "{other}: {answer:?}");
    }
    let unknown = "backups/media/20200101T000000Z-00000000.tar.zst".to_owned();
    assert!(why(&prune(&[&unknown]).await.2, &unknown).contains("not in the catalogue"));
    bot.finish().await;

    // Another database, the same store.
    let put = |name: &str| std::fs::write(data.path().join("data/artifacts/backups/media").join(name), "half").unwrap();
    // One without a manifest, one whose manifest says nothing, and a manifest without a copy; each name begins with another.
    put("20260101T050000Z-0badcafe.tar.zst");
    put("20260101T050000Z-0badcafe.tar.zst.age");
    put("20260101T050000Z-0badcafe.tar.zst.age.manifest.json");
    put("20260101T050000Z-0badcaff.tar.manifest.json");
    let again = Setup { folder: data, clock: Clock::manual(clock.now_ms()), ..setup(&config) };
    let fresh = TestDatabase::postgres();
    let bot = TestBot::start(&fresh, again).await;
    let (state, outcome, result) = run(&bot, "backup-rebuild", json!({})).await;
    assert_eq!(state, JobState::Done, "{outcome}");
    assert_eq!(
        (&result["entered"], &result["new"], &result["without_manifest"]["count"]),
        (&json!(3), &json!(3), &json!(1)),
        "{result}"
    );
    let name = |rest: &str| format!("backups/media/20260101T050000Z-{rest}");
    assert_eq!(result["without_manifest"]["first"], json!([name("0badcafe.tar.zst")]));
    assert_eq!(result["without_copy"]["first"], json!([name("0badcaff.tar.manifest.json")]));
    assert_eq!(result["unreadable"]["first"][0]["object"], name("0badcafe.tar.zst.age"));
    let known = bot.app.store().copies(Some("media"), 10, None).await.unwrap();
    let known: Vec<_> = known.iter().map(|copy| &copy.object).collect();
    assert_eq!(known, [&objects[3], &objects[2], &objects[1]]);
    // Nothing is verified any more, so the newest stays.
    let (_, _, result) = run(&bot, "backup-prune", json!({"target": "media", "objects": objects[1..]})).await;
    assert_eq!(result["deleted"], json!(objects[1..3]));
    assert!(why(&result, &objects[3]).contains("the newest there is"));
    assert!(store_of(&bot).join(&objects[3]).exists());
    // The checkpoints in the data folder are those of the lost database, and rightly do not agree with this one's trail.
    bot.app.stop().await;
}
