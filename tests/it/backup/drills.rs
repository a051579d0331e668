//! Drills: a good copy is proven, each thing that can go wrong is told from the others, and nothing is left behind.

use super::{Keys, PLUGIN, copied, ended, names_below, piped, psql, run, setup, store_of, unpacked};
use crate::support::bot::{PEOPLE, Setup, TestBot, from_file};
use crate::support::database::TestDatabase;
use crate::support::eventually;
use crate::support::postgres::{Cluster, fresh_database};
use crate::support::process::Home;
use drillbell::artifacts::Key;
use drillbell::clock::Clock;
use drillbell::model::job::JobState;
use ed25519_dalek::{Signature, Verifier, VerifyingKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::process::Command;
use tokio::io::AsyncReadExt;

const SHOP: &str = r#"
create table people (id int primary key, name text not null unique);
insert into people values (1, 'Ada'), (2, 'Béla');
create table orders (id int primary key, person int references people, at timestamptz default '2026-01-01 12:00Z', note text);
insert into orders select n, 1 + n % 2, '2026-01-01 12:00Z', 'note ' || n from generate_series(1, 2000) n;
create table django_migrations (id int, app text, name text);
insert into django_migrations values (9, 'shop', '0009_old'), (10, 'shop', '0010_new');
select lo_from_bytea(0, 'a large object'::bytea);
"#;

/// A shop that is drilled on the very server it is on.
pub(super) fn config(url: &str, drill: &str) -> String {
    let server = url.rsplit_once('/').unwrap().0;
    format!(
        "[targets.shop]\nkind = \"postgres\"\nurl = {url:?}\n[targets.shop.drill]\ninto = \"{server}/postgres\"\n{drill}\n"
    )
}

/// Runs a drill to its end; its result.
pub(super) async fn drilled(bot: &TestBot, target: &str) -> Value {
    let (state, outcome, result) = run(bot, "drill", json!({"target": target})).await;
    assert_eq!(state, JobState::Done, "{outcome}");
    result
}

pub(super) fn went<'a>(result: &'a Value, status: &str) -> Vec<&'a str> {
    let checks = result["checks"].as_array().unwrap().iter();
    checks.filter(|check| check["status"] == status).map(|check| check["name"].as_str().unwrap()).collect()
}

pub(super) fn said(result: &Value) -> (&str, &str) {
    (result["status"].as_str().unwrap(), result["cause"].as_str().unwrap_or("none"))
}

pub(super) async fn known(bot: &TestBot, object: &str) -> String {
    bot.app.store().copy(object).await.unwrap().unwrap().verdict.as_str().to_owned()
}

/// How many databases there are of this name.
fn databases(url: &str, name: &str) -> String {
    psql(url, &format!("select count(*) from pg_database where datname like '{name}'"))
}

/// Puts other bytes in a copy's place and lets the manifest vouch for them, as if they had been stored. What it says of the contents stays.
pub(super) fn replaced(bot: &TestBot, object: &str, plain: &[u8]) {
    let stored = piped(Command::new("zstd").args(["-c", "-q"]), plain);
    let path = store_of(bot).join(object);
    let beside = store_of(bot).join(format!("{object}.manifest.json"));
    let mut manifest: Value = serde_json::from_slice(&std::fs::read(&beside).unwrap()).unwrap();
    manifest["stored_bytes"] = json!(stored.len());
    manifest["stored_sha256"] = json!(hex::encode(Sha256::digest(&stored)));
    manifest["plain_bytes"] = json!(plain.len());
    manifest["plain_sha256"] = json!(hex::encode(Sha256::digest(plain)));
    std::fs::write(&path, stored).unwrap();
    std::fs::write(&beside, manifest.to_string()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_copy_is_proven_and_the_evidence_is_signed() {
    let (source, keys) = (fresh_database(), Keys::new());
    psql(&source, SHOP);
    // Whatever zone a server has, the same rows have the same sums.
    psql(&source, &format!("alter database {} set timezone = 'Asia/Tokyo'", source.rsplit_once('/').unwrap().1));
    let drill = "checks = [\"select count(*) = 2000 from orders\", \"select true\"]";
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&(keys.section() + &config(&source, drill)))).await;
    let object = copied(&bot, "shop").await["object"].as_str().unwrap().to_owned();
    let result = drilled(&bot, "shop").await;
    assert_eq!(said(&result), ("pass", "none"), "{result}");
    assert_eq!(result["object"], object.as_str());
    let made = ["restore", "migrations", "counts", "checksums", "constraints", "query 1", "query 2"];
    assert_eq!(went(&result, "pass"), made, "{result}");
    let table = json!({"name": "public.orders", "rows": 2000, "expected": 2000, "status": "pass"});
    assert!(result["tables"].as_array().unwrap().contains(&table), "{result}");
    assert_eq!(known(&bot, &object).await, "proven");
    let scratch = result["scratch"].as_str().unwrap();
    assert!(scratch.starts_with("drillbell_drill_20260101t000000z_"), "{scratch}");
    assert_eq!((databases(&source, scratch), &result["dropped"]), ("0".to_owned(), &json!(true)));
    let stages: Vec<_> =
        result["stages"].as_array().unwrap().iter().map(|stage| stage["name"].as_str().unwrap()).collect();
    assert_eq!(stages, ["fetch+restore", "check", "drop"]);
    assert!(result["rto_ms"].as_u64().unwrap() > 0 && result["age_ms"] == 0, "{result}");
    let measured = bot.app.store().drilled().await.unwrap();
    let of: Vec<_> = measured.iter().map(|drill| (drill.target.as_str(), Some(drill.rto_ms))).collect();
    assert_eq!(of, [("shop", result["rto_ms"].as_u64())], "what it measured is known for as long as the job is");

    let (_, mut reader) =
        bot.app.artifacts().get(&Key::new(result["evidence"].as_str().unwrap()).unwrap()).await.unwrap();
    let mut text = String::new();
    reader.read_to_string(&mut text).await.unwrap();
    let evidence: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(evidence["evidence"]["drill"]["status"], "pass");
    let bytes = |key: &str| hex::decode(evidence[key].as_str().unwrap()).unwrap();
    let key = VerifyingKey::from_bytes(&bytes("public_key").try_into().unwrap()).unwrap();
    let signature = Signature::from_slice(&bytes("signature")).unwrap();
    let signed = |evidence: &Value| {
        format!("drillbell drill evidence 1\n{}", drillbell::model::canonical::text(evidence)).into_bytes()
    };
    assert!(key.verify(&signed(&evidence["evidence"]), &signature).is_ok());
    let mut other = evidence["evidence"].clone();
    other["drill"]["status"] = json!("fail");
    assert!(key.verify(&signed(&other), &signature).is_err());
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_changed_inside_a_valid_dump_is_found_and_its_table_named() {
    let (source, changed) = (fresh_database(), fresh_database());
    psql(&source, SHOP);
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&config(&source, ""))).await;
    let object = copied(&bot, "shop").await["object"].as_str().unwrap().to_owned();
    let dump = unpacked(&bot, &object, None);
    piped(Command::new("pg_restore").args(["--no-owner", "--exit-on-error", "-d", &changed]), &dump);
    psql(&changed, "update orders set note = 'note 8' where id = 7");
    let dump = piped(Command::new("pg_dump").args(["-Fc", "-Z0", "-d", &changed]), b"");
    replaced(&bot, &object, &dump);
    let result = drilled(&bot, "shop").await;
    assert_eq!(said(&result), ("fail", "backup"));
    assert_eq!(went(&result, "fail"), ["checksums"], "the rows are as many as they were: {result}");
    assert!(result["sentence"].as_str().unwrap().contains("public.orders has other contents"), "{result}");
    assert_eq!((known(&bot, &object).await, &result["dropped"]), ("broken".to_owned(), &json!(true)));

    // Neither is it taken again unless it is named.
    let (state, outcome, _) = run(&bot, "drill", json!({"target": "shop"})).await;
    assert_eq!((state, outcome.contains("no copy of shop")), (JobState::Failed, true), "{outcome}");
    psql(&changed, "delete from orders where id = 7; update orders set note = 'note 8' where id = 8");
    let dump = piped(Command::new("pg_dump").args(["-Fc", "-Z0", "-d", &changed]), b"");
    replaced(&bot, &object, &dump);
    let (_, _, result) = run(&bot, "drill", json!({"target": "shop", "object": object})).await;
    assert_eq!(went(&result, "fail"), ["counts"], "rows that are missing are not blamed twice");
    assert!(result["sentence"].as_str().unwrap().contains("public.orders has 1999 rows instead of 2000"), "{result}");
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_inside_decides_which_tool_restores_it_and_never_its_name() {
    let source = fresh_database();
    psql(&source, SHOP);
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&config(&source, ""))).await;
    let object = copied(&bot, "shop").await["object"].as_str().unwrap().to_owned();
    assert!(object.ends_with(".dump.zst"), "{object}");
    let text = piped(Command::new("pg_dump").args(["-Fp", "-d", &source]), b"");
    replaced(&bot, &object, &text);
    let result = drilled(&bot, "shop").await;
    assert_eq!(said(&result), ("pass", "none"), "SQL as text, by psql: {result}");
    let broken = String::from_utf8(text).unwrap().replace("CREATE TABLE public.orders", "CREATE TABEL public.orders");
    replaced(&bot, &object, broken.as_bytes());
    let result = drilled(&bot, "shop").await;
    assert_eq!((said(&result), went(&result, "fail")), (("fail", "backup"), vec!["restore"]), "{result}");
    replaced(&bot, &object, &[0; 1024]);
    let (_, _, result) = run(&bot, "drill", json!({"target": "shop", "object": object})).await;
    assert_eq!(said(&result), ("fail", "backup"));
    assert!(result["sentence"].as_str().unwrap().contains("a tar archive, which is no dump of PostgreSQL"), "{result}");
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_the_copys_fault_is_told_as_such_and_leaves_its_verdict() {
    let source = fresh_database();
    psql(&source, "create table a as select 1 as n");
    let drill = "checks = [\"select n = 2 from a\", \"select no_such_column from a\", \"select n, n from a\"]";
    let elsewhere = format!(
        "[targets.gone]\nkind = \"postgres\"\nurl = {source:?}\n[targets.gone.drill]\ninto = \"postgres://nobody@127.0.0.1:1/x\"\n\
         [targets.deaf]\nkind = \"postgres\"\nurl = {source:?}\n[targets.deaf.drill]\ninto = {source:?}\nsmoke = [\"http://127.0.0.1:1/x\"]\n"
    );
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&(config(&source, drill) + &elsewhere))).await;
    for (target, cause, words, failed) in [
        ("shop", "check", "Query 1: It answered with f instead of true", vec!["query 1", "query 2", "query 3"]),
        ("gone", "environment", "127.0.0.1:1", vec!["restore"]),
        ("deaf", "environment", "address http://127.0.0.1:1/x got no answer", vec!["smoke 1"]),
    ] {
        let object = copied(&bot, target).await["object"].as_str().unwrap().to_owned();
        let result = drilled(&bot, target).await;
        assert_eq!((said(&result), went(&result, "fail")), (("fail", cause), failed), "{result}");
        assert!(result["sentence"].as_str().unwrap().contains(words), "{result}");
        assert_eq!((known(&bot, &object).await, &result["dropped"]), ("unverified".to_owned(), &json!(true)));
    }
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_with_another_key_says_so_and_breaks_nothing() {
    let (source, keys, other) = (fresh_database(), Keys::new(), Keys::new());
    psql(&source, "create table a as select 1 as n");
    let first = setup(&(keys.section() + &config(&source, "")));
    let (folder, database) = (first.folder.clone(), TestDatabase::sqlite());
    let bot = TestBot::start(&database, first).await;
    let object = copied(&bot, "shop").await["object"].as_str().unwrap().to_owned();
    bot.finish().await;
    let second = Setup { folder, ..setup(&(other.section() + &config(&source, ""))) };
    let bot = TestBot::start(&database, second).await;
    let result = drilled(&bot, "shop").await;
    assert_eq!(said(&result), ("fail", "environment"), "{result}");
    assert!(result["sentence"].as_str().unwrap().contains("none of this machine's keys"), "{result}");
    assert_eq!(known(&bot, &object).await, "unverified");
    assert_eq!(databases(&source, result["scratch"].as_str().unwrap()), "0");
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_and_a_folder_are_drilled_and_damage_to_them_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let (file, media, into) = (folder.path().join("shop.db"), folder.path().join("media"), folder.path().join("into"));
    let sql = "create table people (id integer primary key); create table orders (n integer references people, note text); \
               insert into people values (1); insert into orders values (1, 'a'), (1, 'b')";
    assert!(Command::new("sqlite3").arg(&file).arg(sql).status().unwrap().success());
    std::fs::create_dir_all(media.join("a")).unwrap();
    std::fs::write(media.join("a/one"), vec![7; 5000]).unwrap();
    std::os::unix::fs::symlink("/nowhere", media.join("link")).unwrap();
    let sections = format!(
        "[targets.shop]\nkind = \"sqlite\"\npath = {file:?}\n[targets.shop.drill]\nchecks = [\"select count(*) = 2 from orders\"]\n\
         [targets.media]\nkind = \"files\"\npath = {media:?}\n[targets.media.drill]\ninto = {into:?}\n"
    );
    let database = TestDatabase::sqlite();
    let bot = TestBot::start(&database, setup(&sections)).await;
    for (target, made) in [
        ("shop", vec!["restore", "counts", "checksums", "constraints", "query 1"]),
        ("media", vec!["restore", "counts", "checksums"]),
    ] {
        let object = copied(&bot, target).await["object"].as_str().unwrap().to_owned();
        let result = drilled(&bot, target).await;
        assert_eq!((said(&result), went(&result, "pass")), (("pass", "none"), made), "{result}");
        assert_eq!(known(&bot, &object).await, "proven");

        let path = store_of(&bot).join(&object);
        let whole = std::fs::read(&path).unwrap();
        let mut flipped = whole.clone();
        flipped[whole.len() / 2] ^= 1;
        std::fs::write(&path, flipped).unwrap();
        let result = drilled(&bot, target).await;
        assert_eq!((said(&result), went(&result, "fail")), (("fail", "backup"), vec!["restore"]), "{result}");
        assert_eq!((known(&bot, &object).await, &result["dropped"]), ("broken".to_owned(), &json!(true)));
    }
    let data = bot.app.config().server.data_dir.clone();
    let left: Vec<_> = [names_below(&data), names_below(&into)].concat();
    let left: Vec<_> = left.iter().filter(|path| path.to_string_lossy().contains("drillbell_drill")).collect();
    assert!(left.is_empty() && names_below(&into).is_empty(), "{left:?}");
    bot.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drill_that_is_killed_leaves_no_database_once_the_next_one_has_run() {
    // A server of its own: by the real clock, what other tests make there now was left long ago.
    let source = Cluster::start(false).create();
    let role = format!("block_{}", source.rsplit_once('/').unwrap().1);
    psql(&source, &format!("create table a as select 1 as n; create role {role}"));
    let drill = format!(
        "checks = [\"select count(*) >= 0 from (select pg_sleep(600) from pg_roles where rolname = '{role}') x\"]"
    );
    let database = TestDatabase::sqlite();
    let sections = format!("{}\n{}\n{PEOPLE}", config(&source, &drill), from_file(PLUGIN));
    let home = Home::of(&database, &sections);
    let process = home.start(&[]).await;
    let of = |kind: &str, spec: Value| format!("/misbehave job {kind} --spec '{spec}' --lost repeat of-{kind}");
    process.command("copy", &of("backup", json!({"target": "shop", "reason": "manual"}))).await;
    let asleep = format!(
        "select datname from pg_stat_activity where datname like 'drillbell\\_drill\\_%' and query like '%{role}%' limit 1"
    );
    let sleeping = async || {
        eventually("the drill sleeps", async || Some(psql(&source, &asleep)).filter(|name| !name.is_empty())).await
    };
    let command = of("drill", json!({"target": "shop"}));
    let scratch = tokio::select! {
        answer = process.command("doomed", &command) => panic!("the job ended: {answer:?}"),
        name = sleeping() => name,
    };
    process.kill();
    assert_eq!(databases(&source, &scratch), "1");
    psql(&source, &format!("drop role {role}"));
    let setup = Setup { config: sections, folder: home.folder, clock: Clock::system(), ..Setup::default() };
    let bot = TestBot::start(&database, setup).await;
    let jobs = bot.app.store().jobs_of(&"misbehaving".into(), false, 10).await.unwrap();
    let job = jobs.iter().find(|job| job.kind == "drill").unwrap();
    let job = ended(&bot, &job.id).await;
    assert_eq!((job.state, job.attempts), (JobState::Done, 2), "{:?}", job.result);
    let short = drillbell::model::job::short(&job.id);
    assert_eq!(databases(&source, &format!("drillbell\\_drill\\_%{short}")), "0");
    bot.finish().await;
}
