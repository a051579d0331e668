//! The program, called as a shell would.

use crate::support::process::env_clear;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// What a call came to.
#[derive(Debug)]
pub(crate) struct Called {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Called {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        Self {
            code: output.status.code().expect("it was not killed"),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

impl Called {
    /// Its stdout as one JSON object.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// The program in a folder, with an environment of its own.
pub(crate) fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_drillbell"));
    env_clear(&mut command).current_dir(folder).env("USER", "ana").stdin(Stdio::null());
    command
}

/// Calls it and waits for its end.
pub(crate) fn call(folder: &Path, args: &[&str]) -> Called {
    program(folder).args(args).output().expect("start the program").into()
}

/// Calls it with something on stdin.
pub(crate) fn call_with(folder: &Path, args: &[&str], input: &[u8]) -> Called {
    let mut child = program(folder)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("start the program");
    child.stdin.take().expect("a pipe").write_all(input).expect("write to it");
    child.wait_with_output().expect("it ends").into()
}
