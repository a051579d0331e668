//! The shipped program, backing up and drilling: what people would type, timed, and what it holds meanwhile.

use super::s3::KEYS;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long it may take to be ready.
const READY: Duration = Duration::from_secs(120);

/// A running bot with a home of its own.
pub struct Bot {
    serving: Serving,
    config: PathBuf,
    _folder: tempfile::TempDir,
}

/// What one bot is told.
pub struct Told<'a> {
    /// The database to back up.
    pub url: &'a str,
    /// Where its copies go.
    pub endpoint: &'a str,
    /// What the copies' names begin with.
    pub prefix: &'a str,
    /// `age1…`, and the file with the private half.
    pub keys: (&'a str, &'a Path),
    /// Hash the rows.
    pub checksums: bool,
}

impl Bot {
    /// Starts one and waits until it is ready: for the second time, since the first start compiles the plugins for all later ones.
    pub fn start(told: &Told<'_>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let config = folder.path().join("drillbell.toml");
        let Told { url, endpoint, prefix, keys: (public, private), checksums } = told;
        let server = url.rsplit_once('/').expect("a database's name").0;
        let text = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\ndata_dir = \"data\"\n[database]\nurl = \"sqlite:bot.db\"\n[people.ana]\nconsole = \"ana\"\n\
             [artifacts]\nstore = \"s3://artifacts/{prefix}\"\nencrypt_to = [{public:?}]\nidentity = {{ file = {private:?} }}\n\
             [artifacts.s3]\nendpoint = {endpoint:?}\n[targets.shop]\nkind = \"postgres\"\nurl = {url:?}\n\
             [targets.shop.backup]\nchecksums = {checksums}\n[targets.shop.drill]\ninto = \"{server}/postgres\"\n\
             [plugins.backup]\nsource = \"builtin:backup\"\n\
             grants = [\"backups\", \"jobs:backup\", \"schedules\", \"timers\", \"kv\", \"post:console:*\"]\n\
             [plugins.restore-drill]\nsource = \"builtin:restore-drill\"\n\
             grants = [\"backups\", \"jobs:drill\", \"schedules\", \"timers\", \"kv\", \"post:console:*\"]\n"
        );
        std::fs::write(&config, text).expect("a configuration");
        drop(Serving::begin(&config));
        Self { serving: Serving::begin(&config), config, _folder: folder }
    }

    /// Its number.
    pub fn pid(&self) -> u32 {
        self.serving.0.id()
    }

    /// Runs a command until everything it began has ended.
    pub fn run(&self, command: &str) {
        let output = Command::new(env!("CARGO_BIN_EXE_drillbell"))
            .args(["run", "--json", "--as", "ana", "--config"])
            .arg(&self.config)
            .arg(command)
            .envs(KEYS)
            .output()
            .expect("the program starts");
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stdout));
    }

    /// The most that it held at any time, in megabytes; programs it ran are not in it.
    pub fn peak_mb(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.serving.0.id())).expect("the process");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its peak");
        line.trim().trim_end_matches(" kB").parse::<f64>().expect("a number") / 1024.0
    }
}

/// A running program, asked to end when it is dropped.
struct Serving(Child);

impl Serving {
    fn begin(config: &Path) -> Self {
        let ready = config.with_file_name("data/api.json");
        let mut child = Command::new(env!("CARGO_BIN_EXE_drillbell"))
            .args(["serve", "--config"])
            .arg(config)
            .envs(KEYS)
            .env("DRILLBELL_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("the program starts");
        let began = Instant::now();
        while !ready.exists() {
            assert!(child.try_wait().expect("a look").is_none() && began.elapsed() < READY, "the bot is not ready");
            std::thread::park_timeout(Duration::from_millis(20));
        }
        Self(child)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let pid = nix::unistd::Pid::from_raw(i32::try_from(self.0.id()).expect("a process number"));
        let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM);
        let _ = self.0.wait();
    }
}

/// The newest copy below a prefix of the bucket's folder, as its own name.
pub fn newest(bucket: &Path, prefix: &str) -> String {
    let folder = bucket.join(prefix).join("backups/shop");
    let names = std::fs::read_dir(folder).expect("copies").map(|entry| entry.expect("a file").file_name());
    let names = names.map(|name| name.to_string_lossy().into_owned());
    let name = names.filter(|name| name.ends_with(".age")).max().expect("a copy");
    format!("backups/shop/{name}")
}

/// How long the last drill's restore took by its evidence, seconds.
pub fn restored(bucket: &Path, prefix: &str) -> f64 {
    let folder = bucket.join(prefix).join("drills/shop");
    let files = std::fs::read_dir(folder).expect("evidence").map(|entry| entry.expect("a file").path());
    let file = files.filter(|file| file.extension().is_some_and(|end| end == "json")).max().expect("evidence");
    let evidence: Value = serde_json::from_slice(&std::fs::read(file).expect("a file")).expect("JSON");
    let drill = &evidence["evidence"]["drill"];
    assert_eq!(drill["status"], "pass", "{drill}");
    let stages = drill["stages"].as_array().expect("stages").iter();
    let took = stages.filter(|stage| stage["name"] == "fetch+restore").find_map(|stage| stage["took_ms"].as_f64());
    took.expect("it was measured") / 1e3
}
