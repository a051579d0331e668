//! A store that fails under a copy: a bucket that errs, forbids and loses connections, a disk that is full, bytes that turn over. The
//! verdict is clear, nothing half looks whole or is left lying about, the channel hears of it, and the next run works.

use super::{Keys, bucket, checks, copied, names_below, run, setup, store_of, verdict};
use crate::support::bot::{BACKUP, PEOPLE, TestBot};
use crate::support::buckets::S3Server;
use crate::support::database::TestDatabase;
use crate::support::faults::{Asked, Fault, Proxy};
use crate::support::process::Home;
use drillbell::clock::Clock;
use drillbell::model::job::JobState;
use drillbell::store::Store;
use serde_json::json;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

/// Good enough to be unpredictable, and the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most
    }
}

/// What cannot be compressed.
pub(super) fn noise(length: usize) -> Vec<u8> {
    let mut dice = Dice(1);
    std::iter::repeat_with(|| u8::try_from(dice.below(256)).unwrap()).take(length).collect()
}

fn media(folder: &Path) -> String {
    format!("[targets.media]\nkind = \"files\"\npath = {folder:?}\n")
}

/// What becomes of a request.
type Decide = fn(&Asked) -> Fault;

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_errs_forbids_or_breaks_off_leaves_nothing_and_the_next_copy_is_made() {
    let (server, keys, folder) = (S3Server::moto().await, Keys::new(), tempfile::tempdir().unwrap());
    // Several parts.
    std::fs::write(folder.path().join("x"), noise(24_000_000)).unwrap();
    let plan: Arc<Mutex<Decide>> = Arc::new(Mutex::new(|_| Fault::None));
    let now = plan.clone();
    let proxy = Proxy::start(&server.endpoint, move |asked| now.lock().unwrap()(asked)).await;
    let store = bucket(&server, &proxy.endpoint, keys.folder.path());
    let sections = format!("[artifacts]\n{store}{}", media(folder.path()));
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&sections)).await;
    let spec = || json!({"target": "media", "reason": "manual"});
    let fails: [(Decide, &str); 3] = [
        (|asked| if asked.is_part() { Fault::Status(403, "AccessDenied") } else { Fault::None }, "AccessDenied"),
        (|asked| if asked.is_part() { Fault::Status(500, "InternalError") } else { Fault::None }, "InternalError"),
        (|asked| if asked.is_assembly() { Fault::Status(403, "AccessDenied") } else { Fault::None }, "AccessDenied"),
    ];
    for (fault, word) in fails {
        *plan.lock().unwrap() = fault;
        let (state, said, _) = run(&bot, "backup", spec()).await;
        assert_eq!(state, JobState::Failed, "{word}: {said}");
        assert!(said.contains("cannot store backups/media/") && said.contains(word), "{word}: {said}");
        assert_eq!(server.open_uploads().await, 0, "{word}: its parts are taken back");
        assert_eq!(bot.app.store().copies(None, 9, None).await.unwrap().len(), 0, "{word}: no copy is claimed");
        let left: Vec<_> = futures::StreamExt::collect(bot.app.artifacts().list("backups/")).await;
        assert!(left.is_empty(), "{word}: {left:?}");
    }
    // What only happens now and then costs time and no copy.
    *plan.lock().unwrap() = |asked| match asked.n % 4 {
        1 => Fault::Status(500, "InternalError"),
        3 if asked.is_part() => Fault::DropAnswer,
        _ => Fault::None,
    };
    let object = copied(&bot, "media").await["object"].as_str().unwrap().to_owned();
    assert!(proxy.count(Asked::is_part) > 3, "it was sent in parts");
    *plan.lock().unwrap() = |_| Fault::None;
    let (said, result) = verdict(&bot, &object).await;
    assert_eq!((&*said, checks(&result, Some(false))), ("verified", vec![]), "{result}");
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wherever_a_bit_turns_over_it_is_found() {
    let (folder, keys) = (tempfile::tempdir().unwrap(), Keys::new());
    std::fs::write(folder.path().join("noise"), noise(40_000)).unwrap();
    std::fs::write(folder.path().join("text"), "the same again and again\n".repeat(4_000)).unwrap();
    for encrypted in [true, false] {
        let keys = if encrypted { keys.section() } else { String::new() };
        let database = TestDatabase::sqlite();
        let bot = TestBot::start(&database, setup(&(keys + &media(folder.path())))).await;
        let object = copied(&bot, "media").await["object"].as_str().unwrap().to_owned();
        let file = store_of(&bot).join(&object);
        let whole = std::fs::read(&file).unwrap();
        let mut dice = Dice(0x5eed);
        for _ in 0..12 {
            let (at, bit) = (dice.below(whole.len()), dice.below(8));
            let mut flipped = whole.clone();
            flipped[at] ^= 1 << bit;
            std::fs::write(&file, flipped).unwrap();
            let (said, result) = verdict(&bot, &object).await;
            assert_eq!(said, "broken", "bit {bit} of byte {at} of {}: {result}", whole.len());
            assert!(checks(&result, Some(false)).contains(&"stored_sha256"), "{result}");
        }
        std::fs::write(&file, &whole).unwrap();
        assert_eq!(verdict(&bot, &object).await.0, "verified", "nothing of that was the copy's own");
        bot.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_loudly_leaves_nothing_and_the_next_copy_is_made() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("noise"), noise(16_000_000)).unwrap();
    let database = TestDatabase::sqlite();
    let sections = format!(
        "[channels]\nops = \"console:#ops\"\nbackups = \"console:#backups\"\n\
         [chat.console]\nchannels = [\"#incidents\", \"#ops\", \"#backups\"]\n{}owner = \"the media team\"\n{BACKUP}\n{PEOPLE}",
        media(folder.path())
    );
    let home = Home::of(&database, &sections);
    // In blocks of 512 bytes; without the signal it is an error like a full disk's.
    let mut small = Command::new("sh");
    small.args(["-c", "trap '' XFSZ; ulimit -f 20000; exec \"$0\" serve --config \"$1\""]);
    small.arg(env!("CARGO_BIN_EXE_drillbell")).arg(&home.config).env("DRILLBELL_LOG", "error");
    let process = home.start_as(small).await;
    let answer = process.command("one", "/backup run media").await.expect("an answer");
    assert_eq!(answer["status"], "failed", "{answer}");
    assert!(process.end(false).await.success());
    let store = home.folder.path().join("data/artifacts");
    let left: Vec<_> = names_below(&store).into_iter().filter(|path| !path.ends_with(".lock")).collect();
    assert!(left.iter().all(|path| !path.to_string_lossy().contains("media")), "{left:?}");
    let (opened, closing) = Store::open(&database.url, 2, Clock::system()).await.unwrap();
    let said = opened.stream_after(0, Some(&"console:#backups".into()), &"ana".into(), 1_000).await.unwrap();
    let told: String = said.iter().map(|item| item.payload.to_string()).collect();
    assert!(told.contains("The backup of media failed") && told.contains("the media team"), "{told}");
    assert!(told.contains("free some room"), "what to do: {told}");
    assert!(opened.copies(None, 9, None).await.unwrap().is_empty());
    drop(opened);
    closing.wait().await;

    let process = home.start(&[]).await;
    let answer = process.command("two", "/backup run media").await.expect("an answer");
    assert_eq!(answer["status"], "ok", "{answer}");
    let answer = process.command("three", "/backup verify media").await.expect("an answer");
    assert!(answer["status"] == "ok" && answer.to_string().contains("is whole"), "{answer}");
    assert!(process.end(false).await.success());
}
