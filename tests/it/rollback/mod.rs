//! Services that really run are rolled back by the whole bot: a process that serves what a link, a checkout or a database says. How it
//! went is asked of the process by HTTP, and of the files and databases by their own tools.

mod assessed;
mod between;
mod cluster;
mod code;
mod cut;
mod cut_data;
mod cut_off;
pub(crate) mod data;
mod git;
mod killed;
mod maintenance;
mod switched;

use crate::support::bot::{Setup, TestBot};
use crate::support::postgres::free_port;
use crate::support::{eventually, is_in, job_that};
use drillbell::model::job::JobState;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The test guest with the right to jobs, and nobody who has to agree.
const PLUGIN: &str = "[plugins.misbehaving]\nsource = \"builtin:misbehaving\"\ngrants = [\"kv\", \"jobs:*\"]\n\
                      [channels]\nops = \"console:#ops\"\n[[policy]]\njob = \"rollback\"\napprovals = 0\n";

/// Answers every request with one text.
const SERVER: &str = r#"use IO::Socket::INET; $SIG{PIPE} = 'IGNORE'; my ($port, $text) = @ARGV; my $s;
until ($s = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 50, ReuseAddr => 1)) {
  select undef, undef, undef, 0.02; }
while (1) { my $c = $s->accept or next; while (<$c>) { last if /^\r?\n$/ }
  print $c "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " . length($text) . "\r\n\r\n$text"; close $c; }"#;

/// Ends the server if it runs, and says so; then runs it with what the file says.
const START: &str = r#"cd "$1"; [ -f pid ] && kill "$(cat pid)" 2>/dev/null; rm -f pid; echo stop >> marks
[ "$2" = stop ] && exit 0; echo start >> marks
perl server.pl "$3" "$(sh -c "$2")" < /dev/null > /dev/null 2>&1 &
echo $! > pid"#;

/// A service that runs, and the folder that it lies in.
pub(crate) struct Shop {
    folder: tempfile::TempDir,
    port: u16,
    /// What says which version is served.
    version: String,
}

impl Shop {
    /// One whose version this line of a shell prints; `DIR` stands for the folder.
    fn new(version: &str) -> Self {
        let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
        std::fs::write(folder.path().join("server.pl"), SERVER).unwrap();
        std::fs::write(folder.path().join("start.sh"), START).unwrap();
        let version = version.replace("DIR", folder.path().to_str().unwrap());
        Self { folder, port, version }
    }

    /// Two releases behind a link, the second of which runs.
    async fn released() -> Self {
        let shop = Self::new("cat DIR/current/version");
        for version in ["1.0", "2.0"] {
            std::fs::create_dir_all(shop.path(&format!("releases/{version}"))).unwrap();
            std::fs::write(shop.path(&format!("releases/{version}/version")), version).unwrap();
        }
        std::os::unix::fs::symlink(shop.path("releases/2.0"), shop.path("current")).unwrap();
        assert_eq!(shop.start().await, "2.0");
        shop
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn dir(&self) -> &str {
        self.folder.path().to_str().unwrap()
    }

    /// The service's section and commands, and these keys of it.
    fn sections(&self, keys: &str) -> String {
        let (dir, port, version) = (self.dir(), self.port, &self.version);
        let start = format!("[\"sh\", \"{dir}/start.sh\", \"{dir}\", {version:?}, \"{port}\"]");
        format!(
            "{PLUGIN}[commands.start]\nargv = {start}\nbackground = true\n\
             [commands.stop]\nargv = [\"sh\", \"{dir}/start.sh\", \"{dir}\", \"stop\"]\n\
             [commands.mark]\nargv = [\"sh\", \"-c\", \"echo \\\"$1\\\" >> {dir}/marks\", \"--\", \"{{version}}\"]\n\
             args.version = {{ type = \"version\" }}\n\
             [services.shop]\nstop = \"stop\"\nstart = \"start\"\nhealth = \"http://127.0.0.1:{port}/\"\n{keys}\n"
        )
    }

    /// A bot that looks for its programs beside the service first.
    fn with_programs(&self, sections: &str) -> Setup {
        let path = format!("{}/bin:/usr/local/bin:/usr/bin:/bin", self.dir());
        Setup { path: Some(path), ..setup(sections) }
    }

    /// Starts it as it is, as somebody would by hand.
    async fn start(&self) -> String {
        let argv = ["start.sh", ".", &self.version, &self.port.to_string()].map(str::to_owned);
        assert!(Command::new("sh").args(argv).current_dir(self.folder.path()).status().unwrap().success());
        let first = eventually("the service answers", async || self.get()).await;
        std::fs::write(self.path("marks"), "").unwrap();
        first
    }

    /// What it answers now.
    pub(crate) fn get(&self) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.write_all(b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer.split_once("\r\n\r\n")?.1.to_owned())
    }

    /// What was run, in order.
    fn marks(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.path("marks")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        let pid = std::fs::read_to_string(self.path("pid")).ok().and_then(|pid| pid.trim().parse().ok());
        if let Some(pid) = pid {
            let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL);
        }
    }
}

/// A program beside the service, for bots that look there first.
fn program(shop: &Shop, name: &str, script: &str) {
    std::fs::create_dir_all(shop.path("bin")).unwrap();
    let file = shop.path("bin").join(name);
    std::fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn spec(strategy: &str, more: Value) -> Value {
    let mut spec = json!({"service": "shop", "strategy": strategy, "from": "2.0", "to": "1.0"});
    spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    spec
}

/// The command that starts a rollback under a title.
fn command(spec: &Value, title: &str) -> String {
    format!("/misbehave job rollback --spec '{spec}' --lost verify {title}")
}

/// Rolls back; how it ended, what is said of that, and the result.
async fn rolled_back(bot: &TestBot, spec: &Value) -> (JobState, String, Value) {
    let title = drillbell::model::ids::fresh();
    bot.sends("ana", "console:#incidents", &command(spec, &title)).await;
    let job = job_that(bot, &title, "has ended", |job| job.state.has_ended()).await;
    let result: Value = serde_json::from_str(&job.result.unwrap_or_default()).unwrap_or_default();
    (job.state, result["outcome"].as_str().unwrap_or_default().to_owned(), result["result"].clone())
}

async fn passes(bot: &TestBot, spec: &Value) -> Value {
    let (state, outcome, result) = rolled_back(bot, spec).await;
    assert_eq!((state, &result["status"]), (JobState::Done, &json!("pass")), "{outcome} {result}");
    result
}

async fn fails(bot: &TestBot, spec: &Value, words: &str) -> Value {
    let (state, outcome, result) = rolled_back(bot, spec).await;
    assert_eq!(state, JobState::Failed, "{outcome}");
    assert!(outcome.contains(words), "{outcome}");
    result
}

fn stages(result: &Value) -> Vec<String> {
    let stages = result["stages"].as_array().unwrap().iter();
    stages.map(|stage| format!("{} {}", stage["name"].as_str().unwrap(), stage["status"].as_str().unwrap())).collect()
}

/// What a program says in a folder.
fn says(folder: &Path, program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

fn setup(sections: &str) -> Setup {
    Setup::of(sections)
}
