//! `drillbell demo`: from nothing to a console, and again on the same data.

use super::program::{call, program};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

/// A running demo and the link it printed.
pub(super) struct Demo {
    pub(super) child: Child,
    link: String,
}

impl Demo {
    pub(super) fn start(folder: &Path, args: &[&str]) -> Self {
        Self::start_with(folder, args, &[])
    }

    pub(super) fn start_with(folder: &Path, args: &[&str], env: &[(&str, &str)]) -> Self {
        let mut child = program(folder)
            .envs(env.iter().copied())
            .args(["demo", "--data", "here", "--listen", "127.0.0.1:0"])
            .args(args)
            .env("DRILLBELL_LOG", "error")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let link = line.trim().strip_prefix("console: ").unwrap_or_else(|| panic!("{line:?}")).to_owned();
        Self { child, link }
    }

    pub(super) fn stop(mut self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), signal).unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(0), "{signal}");
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // A test that failed leaves nothing running.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The statuses of following a link twice.
fn follow_twice(link: &str) -> (u16, u16) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let get = async || client.get(link).send().await.unwrap().status().as_u16();
        (get().await, get().await)
    })
}

#[test]
fn the_demo_starts_from_nothing_welcomes_once_and_goes_on_with_its_data() {
    let folder = tempfile::tempdir().unwrap();
    let run = |text: &str| call(folder.path(), &["run", "--config", "here/drillbell.toml", "--json", text]);

    let demo = Demo::start(folder.path(), &[]);
    assert_eq!(follow_twice(&demo.link), (303, 403), "the link signs in once");
    assert_eq!(run("/sev declare sev1 checkout is down").json()["incident"], "INC-1");
    let config = folder.path().join("here/drillbell.toml");
    std::fs::write(&config, std::fs::read_to_string(&config).unwrap() + "\n[people.cleo]\nconsole = \"cleo\"\n")
        .unwrap();
    demo.stop(Signal::SIGINT);
    assert!(!folder.path().join("here/api.json").exists());

    let demo = Demo::start(folder.path(), &[]);
    assert_eq!(run("/sev show INC-1").json()["incident"], "INC-1", "the same data");
    assert!(std::fs::read_to_string(&config).unwrap().contains("cleo"), "the file is its owner's");
    demo.stop(Signal::SIGTERM);

    let trail = call(folder.path(), &["audit", "export", "--config", "here/drillbell.toml"]);
    assert_eq!(trail.stdout.matches("\"demo/welcome\"").count(), 1);
    let verified = call(folder.path(), &["audit", "verify", "--config", "here/drillbell.toml"]);
    assert_eq!(verified.code, 0, "{verified:?}");
}

#[test]
fn where_there_is_a_screen_the_console_opens_with_a_link_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let opener = folder.path().join("xdg-open");
    std::fs::write(&opener, "#!/bin/sh\necho \"$1\" >> opened.part && mv opened.part opened\n").unwrap();
    std::fs::set_permissions(&opener, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    let env = [("PATH", path.as_str()), ("DISPLAY", ":0")];
    let opened = folder.path().join("opened");

    let demo = Demo::start_with(folder.path(), &["--no-open"], &env);
    demo.stop(Signal::SIGTERM);
    let demo = Demo::start_with(folder.path(), &[], &[("PATH", path.as_str())]);
    demo.stop(Signal::SIGTERM);
    assert!(!opened.exists(), "neither without a screen nor against the person's will");

    let demo = Demo::start_with(folder.path(), &[], &env);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let link = runtime
        .block_on(crate::support::eventually("the page is opened", async || std::fs::read_to_string(&opened).ok()));
    assert_ne!(link.trim(), demo.link, "the printed link is still good");
    assert_eq!((follow_twice(link.trim()), follow_twice(&demo.link)), ((303, 403), (303, 403)));
    demo.stop(Signal::SIGTERM);
}

#[test]
fn a_demo_without_a_scenario_says_nothing_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    Demo::start(folder.path(), &["--no-scenario"]).stop(Signal::SIGTERM);
    let trail = call(folder.path(), &["audit", "export", "--config", "here/drillbell.toml"]);
    assert!(trail.code == 0 && !trail.stdout.contains("demo/welcome"), "{trail:?}");
}

#[test]
fn two_demos_on_one_folder_are_one_too_many() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(folder.path(), &[]);
    let second = call(folder.path(), &["demo", "--data", "here", "--listen", "127.0.0.1:0"]);
    assert!(second.code == 1 && second.stderr.contains("drillbell chat --config"), "{second:?}");
    demo.stop(Signal::SIGTERM);
}

#[test]
fn in_the_demo_a_copy_is_made_proven_and_asked_back_and_a_runbook_runs() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(folder.path(), &["--no-scenario"]);
    let run = |text: &str| call(folder.path(), &["run", "--config", "here/drillbell.toml", "--json", text]).json();
    for (text, expected) in [
        ("/backup run shop", "is backed up"),
        ("/backup verify shop", "is whole"),
        ("/drill run shop", "is proven by"),
        ("/backup restore --before 2099-01-01T00:00Z --into shop --clean", "take a safety copy of shop"),
        ("/runbook show shop-looks-wrong", "There are orders"),
        ("/runbook start shop-looks-wrong", "The shop looks wrong"),
    ] {
        let answer = run(text);
        assert!(answer["status"] == "ok" && answer.to_string().contains(expected), "{text}: {answer}");
    }
    // What is found out to be no good is no success, whoever asked for it.
    damage(&folder.path().join("here/artifacts/backups/shop"));
    let answer = run("/backup verify shop");
    assert!(answer["status"] == "failed" && answer.to_string().contains("is broken"), "{answer}");
    assert_eq!(run("/backup run shop")["status"], "ok");
    damage(&folder.path().join("here/artifacts/backups/shop"));
    let drilled = call(folder.path(), &["run", "--config", "here/drillbell.toml", "/drill run shop"]);
    assert!(drilled.code == 1 && drilled.stdout.contains("is of no use"), "{drilled:?}");
    demo.stop(Signal::SIGTERM);
}

/// Changes a bit of every copy in a folder.
pub(super) fn damage(copies: &Path) {
    let files = std::fs::read_dir(copies).unwrap().map(|entry| entry.unwrap().path());
    for file in files.filter(|file| file.extension().is_some_and(|extension| extension == "zst")) {
        let mut bytes = std::fs::read(&file).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&file, bytes).unwrap();
    }
}
