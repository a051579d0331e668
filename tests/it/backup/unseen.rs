//! A random marker in a row and a random password in an address, with the shipped program: while copies are made, read back, drilled on
//! a server of the operator's and restored, neither is in any process list, in any file below the data and temporary folders, in the log
//! or in the exported trail. What a drill makes a place of its own for holds the data, of course, until it is dropped.

use super::locked::Locked;
use super::{Keys, PLUGIN, names_below, psql};
use crate::cli::program::call;
use crate::support::bot::{PEOPLE, from_file};
use crate::support::database::TestDatabase;
use crate::support::postgres::fresh_database;
use crate::support::process::{Home, Process};
use drillbell::model::ids::fresh;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

fn holds(bytes: &[u8], word: &str) -> bool {
    memchr::memmem::find(bytes, word.as_bytes()).is_some()
}

/// Looks at everything that anybody on the machine could see, again and again.
struct Onlooker {
    stop: Arc<AtomicBool>,
    looks: Arc<AtomicUsize>,
    /// Tools that it saw at work: what it looks for would have been theirs to give away.
    tools: Arc<Mutex<BTreeSet<String>>>,
    thread: JoinHandle<BTreeSet<String>>,
}

impl Onlooker {
    fn begin(words: [String; 2], folders: [PathBuf; 2]) -> Self {
        let (stop, looks): (Arc<AtomicBool>, Arc<AtomicUsize>) = Default::default();
        let tools: Arc<Mutex<BTreeSet<String>>> = Arc::default();
        let (told, counted, seen_tools) = (stop.clone(), looks.clone(), tools.clone());
        let thread = std::thread::spawn(move || {
            let mut seen = BTreeSet::new();
            while !told.load(Ordering::SeqCst) {
                for entry in std::fs::read_dir("/proc").unwrap().flatten() {
                    for part in ["cmdline", "environ", "comm"] {
                        let bytes = std::fs::read(entry.path().join(part)).unwrap_or_default();
                        if words.iter().any(|word| holds(&bytes, word)) {
                            seen.insert(format!("{part}: {}", String::from_utf8_lossy(&bytes)));
                        }
                        if part == "comm" && bytes.starts_with(b"pg_") {
                            seen_tools.lock().unwrap().insert(String::from_utf8_lossy(&bytes).trim().to_owned());
                        }
                    }
                }
                for path in folders.iter().flat_map(|folder| names_below(folder)) {
                    let is_file = std::fs::symlink_metadata(&path).is_ok_and(|found| found.is_file());
                    let bytes = if is_file { std::fs::read(&path).unwrap_or_default() } else { Vec::new() };
                    if words.iter().any(|word| holds(&bytes, word)) {
                        seen.insert(path.display().to_string());
                    }
                }
                counted.fetch_add(1, Ordering::SeqCst);
            }
            seen
        });
        Self { stop, looks, tools, thread }
    }

    /// What it saw, how often it looked, and the tools it saw at work.
    fn ends(self) -> (BTreeSet<String>, usize, BTreeSet<String>) {
        self.stop.store(true, Ordering::SeqCst);
        let seen = self.thread.join().unwrap();
        (seen, self.looks.load(Ordering::SeqCst), self.tools.lock().unwrap().clone())
    }
}

/// Runs a job to its end, which is as it should be.
async fn runs(process: &Process, kind: &str, spec: &Value, status: &str) {
    let command = format!("/misbehave job {kind} --spec '{spec}' --attempts 1 of-{kind}");
    let answer = process.command(&fresh(), &command).await.expect("an answer");
    assert_eq!(answer["status"], status, "{kind} {spec}: {answer}");
}

/// What is in the store for a target: the copies, not what is beside them.
fn copies(store: &Path, target: &str) -> Vec<String> {
    let names = names_below(&store.join("backups").join(target));
    let objects = names.iter().map(|path| path.strip_prefix(store).unwrap().to_string_lossy().into_owned());
    objects.filter(|name| !name.ends_with(".json")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_a_row_nor_a_password_shows_anywhere_from_the_copy_to_the_restore() {
    let (marker, password) = (format!("marker-{}", fresh()), format!("pw-{}", fresh()));
    let (source, elsewhere, keys) = (fresh_database(), fresh_database(), Keys::new());
    psql(
        &source,
        &format!(
            "create table t (id int primary key, x text); insert into t select n, '{marker}' from generate_series(1, 500) n"
        ),
    );
    let database = TestDatabase::sqlite();
    let home = Home::of(&database, "");
    let root = home.folder.path().to_owned();
    let (data, temporary, log) = (root.join("data"), root.join("tmp"), root.join("log"));
    std::fs::create_dir_all(&temporary).unwrap();
    let shop = root.join("shop.db");
    let insert = format!("create table t (id integer primary key, x text); insert into t values (1, '{marker}')");
    assert!(Command::new("sqlite3").arg(&shop).arg(insert).status().unwrap().success());
    // Addresses are secrets in files of the operator's.
    let url = |name: &str, url: &str| {
        let path = root.join(name);
        std::fs::write(&path, url.replace("drillbell@", &format!("drillbell:{password}@"))).unwrap();
        format!("{{ file = {path:?} }}")
    };
    let (from, to) = (url("from", &source), url("to", &elsewhere));
    let nobody = url("nobody", "postgres://drillbell@127.0.0.1:1/x");
    let sections = format!(
        "{}[[policy]]\njob = \"restore\"\napprovals = 0\n[targets.shop]\nkind = \"postgres\"\nurl = {from}\n\
         [targets.shop.drill]\ninto = {to}\n[targets.copy]\nkind = \"postgres\"\nurl = {to}\n[targets.gone]\nkind = \"postgres\"\nurl = {nobody}\n\
         [targets.file]\nkind = \"sqlite\"\npath = {shop:?}\n{}\n{PEOPLE}",
        keys.section(),
        from_file(PLUGIN)
    );
    home.configure(&database.url, &sections);
    let mut command = Command::new(env!("CARGO_BIN_EXE_drillbell"));
    command.args(["serve", "--config"]).arg(&home.config).env("DRILLBELL_LOG", "debug").env("TMPDIR", &temporary);
    command.stderr(Stdio::from(std::fs::File::create(&log).unwrap()));
    let process = home.start_as(command).await;

    let onlooker = Onlooker::begin([marker.clone(), password.clone()], [data.clone(), temporary.clone()]);
    // pg_dump waits for the lock, so that there is time to look at it.
    let mut locked = Locked::of(source.clone(), "t").await;
    let backup = json!({"target": "shop", "reason": "manual"});
    let looked = async {
        locked.waited_for().await;
        let before = onlooker.looks.load(Ordering::SeqCst);
        let again = async || (onlooker.looks.load(Ordering::SeqCst) > before + 1).then_some(());
        crate::support::eventually("it was looked at while it waited", again).await;
        locked.free();
    };
    tokio::join!(runs(&process, "backup", &backup, "ok"), looked);
    runs(&process, "backup", &json!({"target": "file", "reason": "manual"}), "ok").await;
    runs(&process, "backup", &json!({"target": "gone", "reason": "manual"}), "failed").await;
    let store = data.join("artifacts");
    let (shops, files) = (copies(&store, "shop"), copies(&store, "file"));
    assert_eq!((shops.len(), files.len()), (1, 1));
    for object in [&shops[0], &files[0]] {
        runs(&process, "backup-verify", &json!({"object": object}), "ok").await;
    }
    runs(&process, "drill", &json!({"target": "shop", "object": shops[0]}), "ok").await;
    runs(&process, "restore", &json!({"object": shops[0], "target": "copy", "safety": false}), "ok").await;
    runs(&process, "restore", &json!({"object": files[0], "target": "file", "clean": true}), "ok").await;
    let (seen, looks, tools) = onlooker.ends();
    assert!(process.end(false).await.success());
    // Only now may anybody write the marker into an argument.
    assert_eq!(psql(&elsewhere, &format!("select count(*) from t where x = '{marker}'")), "500", "it came back");

    assert_eq!(seen, BTreeSet::new(), "in {looks} looks");
    assert!(looks > 5 && tools.contains("pg_dump"), "{looks} looks, {tools:?}");
    let trail = call(&root, &["audit", "export"]);
    assert!(trail.code == 0 && trail.stdout.contains("backup"), "{trail:?}");
    let log = std::fs::read(&log).unwrap();
    assert!(holds(&log, "of-backup") || log.len() > 1000, "something was logged");
    let bot = std::fs::read(database.url.trim_start_matches("sqlite:")).unwrap();
    for word in [&marker, &password] {
        assert!(!holds(trail.stdout.as_bytes(), word), "the exported trail has it");
        assert!(!holds(&log, word), "the log has it: {}", String::from_utf8_lossy(&log));
        assert!(!holds(&bot, word), "the bot's own database has it");
    }
}
