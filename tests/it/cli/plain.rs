//! What needs no bot.

use super::program::{call, program};
use std::io::Read;
use std::process::Stdio;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn version_and_help_are_results_and_no_arguments_are_a_mistake() {
    let folder = folder();
    let version = call(folder.path(), &["--version"]);
    assert_eq!((version.code, version.stdout.trim()), (0, concat!("drillbell ", env!("CARGO_PKG_VERSION"))));
    let help = call(folder.path(), &["--help"]);
    assert!(help.code == 0 && help.stdout.contains("Exit codes") && help.stderr.is_empty(), "{help:?}");
    let nothing = call(folder.path(), &[]);
    assert!(nothing.code == 2 && nothing.stdout.is_empty(), "{nothing:?}");
}

#[test]
fn completions_are_printed_for_every_shell() {
    let folder = folder();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = call(folder.path(), &["completions", shell]);
        assert!(script.code == 0 && script.stdout.contains("drillbell"), "{shell}: {script:?}");
    }
}

#[test]
fn a_reader_who_goes_away_is_no_failure() {
    let folder = folder();
    let mut child = program(folder.path())
        .args(["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Nobody will read: its first write already finds the pipe broken, or fills what nobody empties.
    drop(child.stdout.take());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""));
}

#[test]
fn without_a_configuration_every_verb_says_what_to_do() {
    let folder = folder();
    for args in [
        &["serve"] as &[_],
        &["run", "/sev list"],
        &["chat"],
        &["migrate"],
        &["audit", "verify"],
        &["audit", "export"],
        &["audit", "tail"],
        &["plugin", "list"],
        &["plugin", "inspect", "x"],
    ] {
        let called = call(folder.path(), args);
        assert_eq!(called.code, 1, "{args:?}: {called:?}");
        assert!(called.stdout.is_empty() && called.stderr.contains("`drillbell demo`"), "{args:?}: {called:?}");
        assert!(called.stderr.contains("drillbell.toml"), "{args:?}: {called:?}");
    }
    let checked = call(folder.path(), &["check"]);
    assert!(checked.code == 1 && checked.stdout.starts_with("fail     config"), "{checked:?}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "looking leaves nothing behind");
}

#[test]
fn every_problem_of_a_configuration_is_told_at_once() {
    let folder = folder();
    std::fs::write(folder.path().join("drillbell.toml"), "[server]\nlisten = \"here\"\ndata_dirr = \"x\"\n").unwrap();
    for verb in ["serve", "migrate", "chat"] {
        let called = call(folder.path(), &[verb]);
        assert_eq!(called.code, 1);
        for expected in ["2 problems", "drillbell.toml:2", "server.listen", "did you mean `data_dir`"] {
            assert!(called.stderr.contains(expected), "{verb}: {expected} is missing: {}", called.stderr);
        }
    }
    let checked = call(folder.path(), &["check", "--json"]).json();
    assert_eq!((&checked["status"], &checked["checks"][0]["status"]), (&"fail".into(), &"fail".into()));
}

#[test]
fn what_cannot_be_a_command_is_a_usage_error() {
    let folder = folder();
    std::fs::write(folder.path().join("drillbell.toml"), "").unwrap();
    for (args, expected) in [
        (&["run", "hello"] as &[_], "begins with a slash"),
        (&["run", ""], "begins with a slash"),
        (&["run", "--channel", "#nowhere", "/sev list"], "#incidents, #ops"),
        (&["run", "--as", "Ana Lima", "/sev list"], "a console login"),
        (&["audit", "tail", "-n", "0"], "0 is not in 1"),
    ] {
        let called = call(folder.path(), args);
        assert!(called.code == 2 && called.stderr.contains(expected), "{args:?}: {called:?}");
    }
    assert!(!folder.path().join("data").exists());
}

#[test]
fn a_level_nobody_knows_is_refused() {
    let folder = folder();
    let called = program(folder.path()).arg("check").env("DRILLBELL_LOG", "inof").output().unwrap();
    assert_eq!(called.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&called.stderr).contains("DRILLBELL_LOG"));
}

#[test]
fn a_file_that_is_no_plugin_is_not_inspected() {
    let folder = folder();
    std::fs::write(folder.path().join("x.wasm"), b"\0asm\x01\0\0\0").unwrap();
    let called = call(folder.path(), &["plugin", "inspect", "x.wasm"]);
    assert!(called.code == 1 && called.stderr.contains("wasm32-wasip2"), "{called:?}");
    let called = call(folder.path(), &["plugin", "inspect", "y.wasm"]);
    assert!(called.code == 1 && called.stderr.contains("cannot read y.wasm"), "{called:?}");
}
