//! The shipped program as a process of its own: started, asked over HTTP, killed.

use super::bot::{PEOPLE, SEV};
use super::database::TestDatabase;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// How long something may take that should come at once, on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// The variable that names libraries which every program loads first.
const PRELOAD: &str = "LD_PRELOAD";
/// How often a condition is looked at again.
const LOOK: Duration = Duration::from_millis(5);

/// Where a program keeps its data, for several runs one after another.
pub struct Home {
    /// The folder with configuration and data.
    pub folder: Arc<tempfile::TempDir>,
    /// Its configuration.
    pub config: PathBuf,
}

/// A running `drillbell serve`.
pub struct Process {
    child: Child,
    client: reqwest::Client,
    url: String,
    token: String,
}

impl Home {
    /// A home with `sev-declare` on the given database.
    pub fn new(database: &TestDatabase) -> Self {
        Self::of(database, &format!("{SEV}\n{PEOPLE}"))
    }

    /// A home with these sections, on the given database.
    pub fn of(database: &TestDatabase, sections: &str) -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a folder"));
        let home = Self { config: folder.path().join("drillbell.toml"), folder };
        home.configure(&database.url, sections);
        super::warm::lend(&home.folder.path().join("data"));
        home
    }

    /// Its configuration is from now on the database of that address and these sections.
    pub fn configure(&self, url: &str, sections: &str) {
        let head = "[server]\nlisten = \"127.0.0.1:0\"\ndata_dir = \"data\"\n[database]";
        std::fs::write(&self.config, format!("{head}\nurl = {url:?}\n{sections}")).expect("write the configuration");
    }

    fn token_file(&self) -> PathBuf {
        self.folder.path().join("data/api.json")
    }

    /// Starts the program so that it is killed at the `point`-th thing it does, from now on, that anybody else could observe.
    pub async fn start_to_be_killed(&self, point: u32) -> Process {
        self.start_to_be_killed_with(point, &[]).await
    }

    /// The same; `env` is added to its environment.
    pub async fn start_to_be_killed_with(&self, point: u32, env: &[(&str, &str)]) -> Process {
        let (shim, armed) = (preloads(&kill_shim()), self.armed());
        let _ = std::fs::remove_file(&armed);
        let point = point.to_string();
        let armed_path = armed.to_str().expect("a path");
        let kill = [("LD_PRELOAD", shim.as_str()), ("KILL_AT", point.as_str()), ("KILL_ARMED", armed_path)];
        let process = self.start(&[&kill[..], env].concat()).await;
        std::fs::write(&armed, "").expect("write into the folder");
        process
    }

    /// From now on the program may do as much as it likes, such as stop.
    pub fn disarm(&self) {
        let _ = std::fs::remove_file(self.armed());
    }

    fn armed(&self) -> PathBuf {
        self.folder.path().join("armed")
    }

    /// Starts the program and waits until it is ready. `env` is added to its environment.
    pub async fn start(&self, env: &[(&str, &str)]) -> Process {
        let mut command = Command::new(env!("CARGO_BIN_EXE_drillbell"));
        command.args(["serve", "--config"]).arg(&self.config);
        command.env("DRILLBELL_LOG", "warn").envs(env.iter().copied());
        self.start_as(command).await
    }

    /// Starts it by a command of the test's own and waits until it is ready.
    pub async fn start_as(&self, mut command: Command) -> Process {
        // A file that a killed run left would be taken for this one's.
        let _ = std::fs::remove_file(self.token_file());
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("start the program");
        let client = client();
        let begun = Instant::now();
        loop {
            if let Some((url, token)) = read_token(&self.token_file())
                && is_ready(&client, &url).await
            {
                return Process { child, client, url, token };
            }
            assert!(child.try_wait().expect("look at it").is_none(), "the program ended before it was ready");
            assert!(begun.elapsed() < PATIENCE, "the program is not ready");
            tokio::time::sleep(LOOK).await;
        }
    }
}

fn read_token(path: &Path) -> Option<(String, String)> {
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).ok()?).ok()?;
    Some((file["url"].as_str()?.to_owned(), file["token"].as_str()?.to_owned()))
}

fn client() -> reqwest::Client {
    // Fails only if one is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().timeout(PATIENCE).build().expect("a client")
}

async fn is_ready(client: &reqwest::Client, url: &str) -> bool {
    let answer = client.get(format!("{url}/readyz")).send().await;
    answer.is_ok_and(|answer| answer.status().is_success())
}

impl Process {
    /// Sends a command under a delivery id; `None` if the program died before it answered.
    pub async fn command(&self, key: &str, text: &str) -> Option<Value> {
        let answer = self
            .client
            .post(format!("{}/api/v1/commands", self.url))
            .bearer_auth(&self.token)
            .header("Idempotency-Key", key)
            .json(&json!({"text": text, "channel": "#incidents"}))
            .send()
            .await
            .ok()?;
        let status = answer.status();
        let body: Value = answer.json().await.ok()?;
        assert!(status.is_success(), "{status}: {body}");
        Some(body)
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: nix::sys::signal::Signal) {
        let pid = nix::unistd::Pid::from_raw(i32::try_from(self.child.id()).expect("a pid"));
        nix::sys::signal::kill(pid, signal).expect("signal it");
    }

    /// Where it is, `http://127.0.0.1:8787`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its local token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Kills it as a power cut would.
    pub fn kill(mut self) {
        self.child.kill().expect("kill it");
        self.child.wait().expect("it ends");
    }

    /// Waits for it to end, or asks it to after a moment in which it did not die by itself; how it ended.
    pub async fn end(mut self, dying: bool) -> ExitStatus {
        if !dying {
            let pid = nix::unistd::Pid::from_raw(i32::try_from(self.child.id()).expect("a pid"));
            nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).expect("ask it to end");
        }
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("look at it") {
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "the program does not end");
            tokio::time::sleep(LOOK).await;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A test that failed leaves nothing running.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The library that kills a process at its n-th observable act, built once from `tests/shim/kill_at.c`.
pub fn kill_shim() -> Arc<PathBuf> {
    static SHIM: OnceLock<Arc<PathBuf>> = OnceLock::new();
    SHIM.get_or_init(|| Arc::new(shim("kill_at"))).clone()
}

/// `LD_PRELOAD` with this library before those that hold for the whole suite.
pub fn preloads(library: &Path) -> String {
    let all = std::env::var(PRELOAD).unwrap_or_default();
    format!("{} {all}", library.display()).trim().to_owned()
}

/// An environment of its own for a program, in which what keeps the whole suite on this machine still holds.
pub fn env_clear(command: &mut Command) -> &mut Command {
    let kept = [PRELOAD, "LOOPBACK_STRAYS"].map(|name| (name, std::env::var_os(name)));
    command.env_clear().envs(kept.into_iter().filter_map(|(name, value)| Some((name, value?))))
}

/// A library of `tests/shim/`, built for `LD_PRELOAD`.
pub fn shim(name: &str) -> PathBuf {
    let folder = tempfile::Builder::new().prefix("drillbell-shim-").tempdir().expect("a folder").keep();
    let library = folder.join(format!("{name}.so"));
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/shim/{name}.c"));
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .arg(&library)
        .arg(source)
        .arg("-ldl")
        .status()
        .expect("run cc, which linking Rust needs as well");
    assert!(built.success(), "the shim does not build");
    library
}
