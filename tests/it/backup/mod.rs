//! Copies of real databases and folders, made by the whole bot, read back by tools that never heard of it.

mod adopted;
mod archiving;
mod cluster;
mod commanded;
mod damaged;
mod died;
mod drills;
mod each;
mod encodings;
mod globals;
mod judged;
mod kept;
mod left;
mod locked;
mod moments;
mod postgres;
mod quiet;
mod removed;
mod replaced;
pub(crate) mod restored;
mod restricted;
mod sqlite;
mod stages;
mod stores;
mod strangers;
mod tools;
mod unseen;
mod verified;

use crate::support::bot::{Setup, TestBot};
use crate::support::buckets::S3Server;
use crate::support::eventually;
use crate::support::postgres::psql;
use age::secrecy::ExposeSecret;
use age::x25519::Identity;
use drillbell::model::job::{Job, JobState};
use serde_json::{Value, json};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The test guest with the right to jobs.
const PLUGIN: &str = "[plugins.misbehaving]\nsource = \"builtin:misbehaving\"\ngrants = [\"kv\", \"jobs:*\"]\n\
                      [channels]\nops = \"console:#ops\"\n";

/// A pair of keys, the private one in a file.
struct Keys {
    identity: Identity,
    folder: tempfile::TempDir,
}

impl Keys {
    fn new() -> Self {
        let (identity, folder) = (Identity::generate(), tempfile::tempdir().unwrap());
        std::fs::write(folder.path().join("key.txt"), identity.to_string().expose_secret()).unwrap();
        Self { identity, folder }
    }

    /// `[artifacts]` that encrypts to them, and opens with them.
    fn section(&self) -> String {
        let (public, file) = (self.identity.to_public(), self.folder.path().join("key.txt"));
        format!("[artifacts]\nencrypt_to = [\"{public}\"]\nidentity = {{ file = {file:?} }}\n")
    }
}

/// A bot with these sections besides.
fn setup(sections: &str) -> Setup {
    Setup::of(&format!("{sections}\n{PLUGIN}"))
}

/// Starts a job of a kind; its id.
async fn start(bot: &TestBot, kind: &str, spec: &Value, options: &str) -> String {
    let command = format!("/misbehave job {kind} --spec '{spec}' {options} of-{kind}");
    let sent = bot.sends("ana", "console:#incidents", &command).await;
    let answer = bot.handled(&sent).await;
    answer.data.as_ref().and_then(Value::as_str).unwrap_or_else(|| panic!("no job: {answer:?}")).to_owned()
}

/// Waits until a job has ended.
async fn ended(bot: &TestBot, id: &str) -> Job {
    eventually(&format!("the job {id} ends"), async || {
        let job = bot.app.store().job(id).await.unwrap()?;
        job.state.has_ended().then_some(job)
    })
    .await
}

/// Runs a job to its end, once; how it ended, what is said of that, and its result.
async fn run(bot: &TestBot, kind: &str, spec: Value) -> (JobState, String, Value) {
    let id = start(bot, kind, &spec, "--attempts 1").await;
    let job = ended(bot, &id).await;
    let result: Value = serde_json::from_str(&job.result.unwrap_or_default()).unwrap_or_default();
    (job.state, result["outcome"].as_str().unwrap_or_default().to_owned(), result["result"].clone())
}

/// Makes a copy that succeeds; its result.
async fn copied(bot: &TestBot, target: &str) -> Value {
    let (state, outcome, result) = run(bot, "backup", json!({"target": target, "reason": "manual"})).await;
    assert_eq!(state, JobState::Done, "{outcome}");
    result
}

/// Verifies a copy; its verdict, and each check's name with how it went.
async fn verdict(bot: &TestBot, object: &str) -> (String, Value) {
    let (state, outcome, result) = run(bot, "backup-verify", json!({"object": object})).await;
    assert_eq!(state, JobState::Done, "{outcome}");
    (result["verdict"].as_str().unwrap().to_owned(), result)
}

/// The names of the checks that went so.
fn checks(result: &Value, ok: Option<bool>) -> Vec<&str> {
    let checks = result["checks"].as_array().unwrap().iter();
    checks.filter(|check| check["ok"].as_bool() == ok).map(|check| check["name"].as_str().unwrap()).collect()
}

/// `store` and `[artifacts.s3]` for a bucket behind an address; its secrets go to files in a folder.
fn bucket(server: &S3Server, endpoint: &str, folder: &Path) -> String {
    let file = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        format!("{{ file = {path:?} }}")
    };
    let (id, secret) = (file("id", "id-of-ours"), file("secret", "hunter2-hunter2"));
    format!(
        "store = \"s3://{}\"\n[artifacts.s3]\nendpoint = {endpoint:?}\naccess_key = {id}\nsecret_key = {secret}\n",
        server.bucket
    )
}

/// Where the artifacts of a bot are: the default folder beside its configuration.
fn store_of(bot: &TestBot) -> PathBuf {
    bot.app.config().file.parent().unwrap().join("data/artifacts")
}

/// The names of everything below a folder.
fn names_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.path() {
            path if path.is_dir() => found.extend(names_below(&path)),
            path => found.push(path),
        }
    }
    found.sort();
    found
}

/// What lies in the store of the copies of a target, by the ends of the names.
fn copies_of(bot: &TestBot, target: &str) -> Vec<String> {
    let names = names_below(&store_of(bot).join("backups").join(target));
    names.iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect()
}

/// The dump within a copy, as a stranger gets it: by `age` and `zstd` and nothing of ours.
fn unpacked(bot: &TestBot, object: &str, key: Option<&Identity>) -> Vec<u8> {
    let stored = std::fs::read(store_of(bot).join(object)).unwrap();
    let packed = match key {
        None => stored,
        Some(key) => {
            let mut packed = Vec::new();
            let opened = age::Decryptor::new(&stored[..]).unwrap();
            opened.decrypt(std::iter::once(key as &dyn age::Identity)).unwrap().read_to_end(&mut packed).unwrap();
            packed
        }
    };
    piped(Command::new("zstd").args(["-d", "-c", "-q"]), &packed)
}

/// What a program makes of some bytes.
fn piped(command: &mut Command, bytes: &[u8]) -> Vec<u8> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut stdin, bytes) = (child.stdin.take().unwrap(), bytes.to_vec());
    let writer = std::thread::spawn(move || std::io::Write::write_all(&mut stdin, &bytes));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "{command:?}");
    output.stdout
}
