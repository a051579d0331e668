//! The two bots as processes, each told where its Slack is: the shipped program, and one on `@slack/bolt`.

use super::pings::Pings;
use drillbell_fakes::eventually;
use drillbell_fakes::slack::{APP_TOKEN, BOT_TOKEN};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// One that runs; it ends with this.
pub struct Bot {
    child: Child,
}

/// Megabytes that a bot holds.
#[derive(Clone, Copy, Default)]
pub struct Memory {
    /// All of it.
    pub resident_mb: f64,
    /// What of it is no file's.
    pub own_mb: f64,
}

/// What there is to say if something needed is not there.
pub fn missing() -> Option<String> {
    let node = Command::new("node").arg("--version").stdout(Stdio::null()).status();
    if !node.is_ok_and(|status| status.success()) {
        return Some("there is no node; `scripts/prepare.sh bolt` installs it".to_owned());
    }
    let modules = modules();
    (!modules.is_dir()).then(|| format!("{} is not there; run `scripts/prepare.sh bolt`", modules.display()))
}

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn modules() -> PathBuf {
    here("target/bolt/node_modules")
}

/// The plugin that the program runs, built as those that are shipped.
fn plugin() -> PathBuf {
    let target = here("plugins/target");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "--release", "--locked", "--target", "wasm32-wasip2", "--manifest-path"]);
    cargo.arg(here("benches/ping/Cargo.toml")).arg("--target-dir").arg(&target);
    assert!(cargo.status().is_ok_and(|status| status.success()), "the plugin of this bench builds");
    target.join("wasm32-wasip2/release/ping.wasm")
}

impl Bot {
    /// The shipped program, as it is at its second start: at the first it compiles the plugin.
    pub async fn house(folder: &Path, pings: &Pings) -> Self {
        let config = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\ndata_dir = \"data\"\n[database]\nurl = \"sqlite:house.db\"\n{}\
             [plugins.ping]\nsource = \"file:{}\"\ngrants = [\"kv\"]\n",
            pings.slack.config(folder, "socket"),
            plugin().display()
        );
        std::fs::write(folder.join("drillbell.toml"), config).expect("the configuration is written");
        let start = async || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_drillbell"));
            command.args(["serve", "--config", "drillbell.toml"]).current_dir(folder);
            let bot = Self::of(command, &folder.join("house.log"));
            pings.slack.connected().await;
            bot
        };
        let mut first = start().await;
        let id = nix::unistd::Pid::from_raw(i32::try_from(first.child.id()).expect("a process's number"));
        nix::sys::signal::kill(id, nix::sys::signal::Signal::SIGTERM).expect("it can be told to stop");
        first.child.wait().expect("it stops");
        let gone = async || (pings.slack.state().open_sockets() == 0).then_some(());
        eventually("the first one has left", gone).await;
        start().await
    }

    /// The other one.
    pub async fn bolt(folder: &Path, pings: &Pings) -> Self {
        let about =
            json!({"api_url": pings.slack.api_url(), "bot_token": BOT_TOKEN, "app_token": APP_TOKEN}).to_string();
        let mut command = Command::new("node");
        command.arg(here("benches/bolt/bolt.cjs")).arg(about).arg(folder.join("bolt.db"));
        command.env("NODE_PATH", modules()).env("NODE_ENV", "production");
        let bot = Self::of(command, &folder.join("bolt.log"));
        pings.slack.connected().await;
        bot
    }

    /// Starts a program; what it says goes into a file.
    fn of(mut command: Command, log: &Path) -> Self {
        let file = std::fs::File::create(log).expect("a file");
        command.stdin(Stdio::piped()).stdout(file.try_clone().expect("a file")).stderr(file);
        let child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Self { child }
    }

    /// What it holds now.
    pub fn memory(&self) -> Memory {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let megabytes = |name: &str| {
            let found = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            let kilobytes = found.and_then(|text| text.trim().trim_end_matches(" kB").parse::<f64>().ok());
            kilobytes.map_or(f64::NAN, |kilobytes| kilobytes / 1024.0)
        };
        Memory { resident_mb: megabytes("VmRSS"), own_mb: megabytes("RssAnon") }
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
