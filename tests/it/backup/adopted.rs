//! Copies that something else made: found below a prefix, told by their content, read back, drilled and restored; no more is claimed of
//! them than can be known.

use super::drills::{config, known, said, went};
use super::{copied, piped, psql, run, setup, store_of, verdict};
use crate::support::bot::TestBot;
use crate::support::database::TestDatabase;
use crate::support::postgres::fresh_database;
use drillbell::model::job::JobState;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

const SHOP: &str = "create table people (id int primary key, name text not null unique); insert into people values (1, 'Ada'), (2, 'Ben');
create table orders (id int primary key, person int references people, note text);
insert into orders select n, 1 + n % 2, 'note ' || n from generate_series(1, 3000) n";
const ORDERS: &str = "select md5(string_agg(o::text, ',' order by id)) from orders o";

fn dump(url: &str, format: &str) -> Vec<u8> {
    piped(Command::new("pg_dump").args([format, "-d", url]), b"")
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    piped(Command::new("gzip").args(["-9", "-c"]), bytes)
}

fn openssl(bytes: &[u8], pass: &str, options: &[&str]) -> Vec<u8> {
    let pass = format!("pass:{pass}");
    let mut command = Command::new("openssl");
    command.args(["enc", "-aes-256-cbc", "-salt", "-pass", &pass]).args(options).stderr(std::process::Stdio::null());
    piped(&mut command, bytes)
}

/// Puts objects into the store behind the bot's back.
fn put(bot: &TestBot, objects: &[(&str, Vec<u8>)]) {
    for (name, bytes) in objects {
        let path = store_of(bot).join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}

/// `[targets.NAME.adopt]` with a passphrase from a file.
fn adopts(target: &str, prefix: &str, pass: &Path, more: &str) -> String {
    format!("[targets.{target}.adopt]\nprefix = {prefix:?}\npassphrase = {{ file = {pass:?} }}\n{more}\n")
}

async fn adopted(bot: &TestBot, target: &str) -> Value {
    let (state, outcome, result) = run(bot, "backup-adopt", json!({"target": target})).await;
    assert_eq!(state, JobState::Done, "{outcome}");
    result
}

/// Asks for a job that is not even begun; why not.
async fn refused(bot: &TestBot, kind: &str, spec: Value) -> String {
    bot.ana(&format!("/misbehave job {kind} --spec '{spec}' of-{kind}")).await.text
}

async fn drilled(bot: &TestBot, target: &str, object: &str) -> Value {
    let (state, outcome, result) = run(bot, "drill", json!({"target": target, "object": object})).await;
    assert_eq!(state, JobState::Done, "{outcome}");
    result
}

#[tokio::test(flavor = "multi_thread")]
async fn dumps_of_every_form_are_listed_read_back_drilled_and_restored() {
    let (source, elsewhere) = (fresh_database(), fresh_database());
    psql(&source, SHOP);
    let folder = tempfile::tempdir().unwrap();
    let pass = folder.path().join("pass");
    std::fs::write(&pass, "hunter2 of old\n").unwrap();
    let sections = config(&source, "checks = [\"select count(*) = 3000 from orders\"]")
        + &adopts("shop", "old/shop/", &pass, "iterations = 1000")
        + &format!(
            "[targets.copy]\nkind = \"postgres\"\nurl = {elsewhere:?}\n[[policy]]\njob = \"restore\"\napprovals = 0\n"
        );
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&sections)).await;
    let (text, custom, tar) = (dump(&source, "-Fp"), dump(&source, "-Fc"), dump(&source, "-Ft"));
    let enc = |bytes: &[u8]| openssl(bytes, "hunter2 of old", &["-pbkdf2", "-iter", "1000"]);
    put(
        &bot,
        &[
            // Names that say nothing, or what is not so.
            ("old/shop/a_20251201_100000.dump", text.clone()),
            ("old/shop/b_20251202_100000.sql.gz", gzip(&text)),
            ("old/shop/c_20251203.tar", custom.clone()),
            ("old/shop/d-2025-12-04.gz", gzip(&custom)),
            ("old/shop/e-2025-12-05.sql", tar.clone()),
            ("old/shop/deep/f-2025-12-06.sql.gz.enc", enc(&gzip(&text))),
            ("old/shop/g-2025-12-07.enc", enc(&custom)),
            ("old/shop/readme.txt", b"these are our dumps".to_vec()),
            ("old/shop/x-2025-12-08.enc", openssl(&text, "another", &["-pbkdf2", "-iter", "1000"])),
            ("old/shop/y-2025-12-08.tar", piped(Command::new("tar").args(["-cf", "-", "-T", "/dev/null"]), b"")),
            ("old/shopping.sql", text.clone()),
        ],
    );
    let result = adopted(&bot, "shop").await;
    assert_eq!(
        (&result["entered"], &result["known"], &result["more"]),
        (&json!(7), &json!(0), &json!(false)),
        "{result}"
    );
    let told = |copy: &Value| {
        let text = |key: &str| copy[key].as_str().unwrap().trim_start_matches("old/shop/").to_owned();
        let moment = chrono::DateTime::from_timestamp_millis(copy["taken_ms"].as_i64().unwrap()).unwrap();
        let encrypted = if copy["encrypted"] == true { " encrypted" } else { "" };
        format!(
            "{} {} {}{encrypted} {}",
            text("object"),
            text("format"),
            text("compression"),
            moment.format("%d %H:%M")
        )
    };
    let copies: Vec<String> = result["copies"].as_array().unwrap().iter().map(told).collect();
    insta::assert_snapshot!(copies.join("\n"), @"
    a_20251201_100000.dump sql none 01 10:00
    b_20251202_100000.sql.gz sql gzip 02 10:00
    c_20251203.tar pg_custom none 03 00:00
    d-2025-12-04.gz pg_custom gzip 04 00:00
    deep/f-2025-12-06.sql.gz.enc sql gzip encrypted 06 00:00
    e-2025-12-05.sql pg_tar none 05 00:00
    g-2025-12-07.enc pg_custom none encrypted 07 00:00
    ");
    let not: Vec<String> = result["refused"].as_array().unwrap().iter().map(|one| one["why"].to_string()).collect();
    insta::assert_snapshot!(not.join("\n"), @r#"
    "it is something unknown, from which nothing of the kind postgres is restored"
    "nothing known comes out: the passphrase is another one, or `digest` and `iterations` are"
    "it is a tar archive, from which nothing of the kind postgres is restored"
    "#);
    let again = adopted(&bot, "shop").await;
    assert_eq!((&again["entered"], &again["known"]), (&json!(0), &json!(7)), "{again}");

    for copy in result["copies"].as_array().unwrap() {
        let object = copy["object"].as_str().unwrap();
        let (said_of_it, checks) = verdict(&bot, object).await;
        assert_eq!(said_of_it, "verified", "{checks}");
        let sentence = checks["sentence"].as_str().unwrap();
        assert!(
            sentence.starts_with("It was read to its end") && sentence.contains("Something else made it"),
            "{sentence}"
        );
        let result = drilled(&bot, "shop", object).await;
        assert_eq!((said(&result), went(&result, "unknown")), (("pass", "none"), vec!["counts"]), "{result}");
        assert_eq!(went(&result, "pass"), ["restore", "constraints", "query 1"], "{result}");
        assert_eq!(known(&bot, object).await, "proven");
        let spec = json!({"object": object, "target": "copy", "safety": false});
        let (state, outcome, result) = run(&bot, "restore", spec).await;
        assert_eq!(state, JobState::Done, "{object}: {outcome}");
        let counts = result["stages"].as_array().unwrap().iter().find(|stage| stage["name"] == "counts").unwrap();
        assert_eq!(counts["status"], "skipped", "{result}");
        assert_eq!(psql(&elsewhere, ORDERS), psql(&source, ORDERS));
        psql(&elsewhere, "drop table orders, people");
    }
    // What something else keeps is not ours to delete.
    let object = "old/shop/a_20251201_100000.dump";
    let refusal = refused(&bot, "backup-prune", json!({"target": "shop", "objects": [object]})).await;
    assert!(refusal.contains("is no copy of shop"), "{refusal}");
    // SQL as text cannot be restored over what is there, which is said before anybody is stopped.
    psql(&elsewhere, SHOP);
    let spec = json!({"object": object, "target": "copy", "safety": false, "clean": true});
    let (state, outcome, result) = run(&bot, "restore", spec).await;
    assert_eq!((state, outcome.contains("into an empty database only")), (JobState::Failed, true), "{outcome}");
    assert_eq!(result["stages"].as_array().unwrap().last().unwrap()["name"], "check", "{result}");
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_broken_is_told_from_a_key_that_does_not_fit_and_nothing_else_is_claimed() {
    let source = fresh_database();
    psql(&source, SHOP);
    let folder = tempfile::tempdir().unwrap();
    let pass = folder.path().join("pass");
    std::fs::write(&pass, "hunter2 of old").unwrap();
    let sections = config(&source, "") + &adopts("shop", "old/shop/", &pass, "digest = \"sha512\"\niterations = 0");
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&sections)).await;
    let (text, custom) = (dump(&source, "-Fp"), dump(&source, "-Fc"));
    let packed = gzip(&text);
    let sealed = openssl(&packed, "hunter2 of old", &["-md", "sha512"]);
    let mut flipped = packed.clone();
    let crc = flipped.len() - 6;
    flipped[crc] ^= 1;
    put(
        &bot,
        &[
            ("old/shop/crc.sql.gz", flipped),
            ("old/shop/cut.sql.gz", packed[..packed.len() / 2].to_vec()),
            ("old/shop/cut.sql", text[..text.len() / 2].to_vec()),
            ("old/shop/cut.dump", custom[..custom.len() - 100].to_vec()),
            ("old/shop/cut.enc", sealed[..sealed.len() / 32 * 16].to_vec()),
            ("old/shop/odd.enc", sealed[..sealed.len() - 3].to_vec()),
            ("old/shop/whole.enc", sealed),
        ],
    );
    let result = adopted(&bot, "shop").await;
    assert_eq!(result["entered"], 7, "a beginning says nothing about the end: {result}");
    for (name, check) in [
        ("crc.sql.gz", "unpack"),
        ("cut.sql.gz", "unpack"),
        ("cut.sql", "contents"),
        ("cut.dump", "contents"),
        ("cut.enc", "unpack"),
        ("odd.enc", "unpack"),
    ] {
        let (said, result) = verdict(&bot, &format!("old/shop/{name}")).await;
        assert_eq!((said.as_str(), super::checks(&result, Some(false))), ("broken", vec![check]), "{name}: {result}");
    }
    // Nothing to compare with, and nothing that was asked: it was restored, and that is all.
    let result = drilled(&bot, "shop", "old/shop/whole.enc").await;
    assert_eq!((said(&result), went(&result, "unknown")), (("unknown", "none"), vec!["counts"]), "{result}");
    assert_eq!(known(&bot, "old/shop/whole.enc").await, "unverified");
    let result = drilled(&bot, "shop", "old/shop/cut.sql.gz").await;
    assert_eq!((said(&result), went(&result, "fail")), (("fail", "backup"), vec!["restore"]), "{result}");

    // Another passphrase opens nothing, and says nothing about the copy.
    let sealed = openssl(&text, "another", &["-md", "sha512"]);
    put(&bot, &[("old/shop/whole.enc", sealed)]);
    let (said_of_it, result) = verdict(&bot, "old/shop/whole.enc").await;
    assert_eq!((said_of_it.as_str(), super::checks(&result, Some(false))), ("unknown", vec!["decrypt"]), "{result}");
    let result = drilled(&bot, "shop", "old/shop/whole.enc").await;
    assert_eq!((said(&result), went(&result, "fail")), (("fail", "environment"), vec!["restore"]), "{result}");
    assert!(result["sentence"].as_str().unwrap().contains("the passphrase is another one"), "{result}");
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_and_sqlite_databases_are_adopted_too_and_whoever_says_nothing_adopts_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (file, media, pass) = (folder.path().join("shop.db"), folder.path().join("media"), folder.path().join("pass"));
    std::fs::write(&pass, "hunter2").unwrap();
    assert!(
        Command::new("sqlite3")
            .arg(&file)
            .arg("create table a (n); insert into a values (1)")
            .status()
            .unwrap()
            .success()
    );
    std::fs::create_dir_all(media.join("a")).unwrap();
    std::fs::write(media.join("a/one"), "one").unwrap();
    let sections = format!(
        "[targets.shop]\nkind = \"sqlite\"\npath = {file:?}\n[targets.shop.drill]\nchecks = [\"select count(*) = 1 from a\"]\n\
         [targets.media]\nkind = \"files\"\npath = {media:?}\n[targets.bare]\nkind = \"files\"\npath = {media:?}\n"
    );
    let sections = sections + &adopts("shop", "old/db/", &pass, "") + &adopts("media", "old/media/", &pass, "");
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&sections)).await;
    let tar = piped(Command::new("tar").arg("-C").arg(&media).args(["-czf", "-", "."]), b"");
    put(&bot, &[("old/db/shop.gz", gzip(&std::fs::read(&file).unwrap())), ("old/media/m.tgz", tar)]);
    for (target, object, verdict_of_drill) in
        [("shop", "old/db/shop.gz", "pass"), ("media", "old/media/m.tgz", "unknown")]
    {
        assert_eq!(adopted(&bot, target).await["entered"], 1);
        assert_eq!(verdict(&bot, object).await.0, "verified");
        let result = drilled(&bot, target, object).await;
        assert_eq!(said(&result), (verdict_of_drill, "none"), "{result}");
    }
    let refusal = refused(&bot, "backup-adopt", json!({"target": "bare"})).await;
    assert!(refusal.contains("[targets.bare.adopt]"), "{refusal}");
    // A copy of ours beside them is compared with its manifest as ever.
    let ours = copied(&bot, "shop").await["object"].as_str().unwrap().to_owned();
    assert!(
        verdict(&bot, &ours).await.1["sentence"]
            .as_str()
            .unwrap()
            .starts_with("It was read back and is as it was stored")
    );
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_openssl_made_without_salt_is_adopted_where_that_is_said_and_hinted_at_elsewhere() {
    let source = fresh_database();
    psql(&source, SHOP);
    let (folder, databases) = (tempfile::tempdir().unwrap(), [TestDatabase::sqlite(), TestDatabase::sqlite()]);
    let pass = folder.path().join("pass");
    std::fs::write(&pass, "hunter2 of old").unwrap();
    let check = config(&source, "checks = [\"select count(*) = 3000 from orders\"]");
    let more = "iterations = 1000";
    let dump = gzip(&dump(&source, "-Fp"));
    let bare = ["-pbkdf2", "-iter", "1000", "-nosalt"];
    let sealed = openssl(&dump, "hunter2 of old", &bare);
    let noise: Vec<u8> = (0..4096_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 11) as u8).collect();
    let objects = [
        ("old/shop/a-2025-12-01.enc", sealed.clone()),
        ("old/shop/b-2025-12-02.enc", openssl(&dump, "hunter2 of old", &bare[..3])),
        ("old/shop/c-2025-12-03.sql.gz", dump.clone()),
        ("old/shop/d-noise", noise),
        ("old/shop/e-another.enc", openssl(&dump, "another", &bare)),
    ];
    let whys = |result: &Value| -> String {
        let refused = result["refused"].as_array().unwrap().iter();
        refused.map(|one| one["why"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join("\n")
    };

    // Nothing says that anything is without salt: what has no sign of what it is, is nothing, and what to say is said.
    let bot = TestBot::start(&databases[0], setup(&(check.clone() + &adopts("shop", "old/shop/", &pass, more)))).await;
    put(&bot, &objects);
    let result = adopted(&bot, "shop").await;
    assert_eq!(result["entered"], 2, "{result}");
    let hint = "it is something unknown, from which nothing of the kind postgres is restored; if `openssl enc -nosalt` made it, say \
                `salt = false` where its passphrase is";
    assert_eq!(whys(&result), [hint; 3].join("\n"));
    bot.finish().await;

    let more = format!("{more}\nsalt = false");
    let bot = TestBot::start(&databases[1], setup(&(check + &adopts("shop", "old/shop/", &pass, &more)))).await;
    put(&bot, &objects);
    let result = adopted(&bot, "shop").await;
    assert_eq!(result["entered"], 3, "with salt, without, and neither: {result}");
    let none =
        "it begins like nothing that is known, and nothing known comes out of it with the passphrase and without salt";
    assert_eq!(whys(&result), [none; 2].join("\n"));
    let object = objects[0].0;
    assert_eq!(
        result["copies"][0],
        json!({"object": object, "format": "sql", "compression": "gzip", "encrypted": true,
        "taken_ms": 1_764_547_200_000_i64, "by_name": true})
    );
    for (object, _) in &objects[..3] {
        assert_eq!(verdict(&bot, object).await.0, "verified", "{object}");
    }
    let result = drilled(&bot, "shop", object).await;
    assert_eq!((said(&result), went(&result, "fail").len()), (("pass", "none"), 0), "{result}");
    put(&bot, &[(object, sealed[..sealed.len() / 32 * 16].to_vec())]);
    assert_eq!(verdict(&bot, object).await.0, "broken", "it begins well and breaks off");
    bot.finish().await;
}
