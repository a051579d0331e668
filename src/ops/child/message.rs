//! What the bot and a guard tell each other, one JSON object a line, over a socket that nobody else holds.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// From the bot to the guard.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Order {
    /// The first line: run this.
    Start(Box<Start>),
    /// End it, and kill it after so many milliseconds.
    End { grace_ms: u64 },
}

/// What to run. Holds secrets: never logged.
#[derive(Serialize, Deserialize)]
pub(super) struct Start {
    pub argv: Vec<String>,
    pub cwd: Option<PathBuf>,
    pub env: BTreeMap<String, String>,
    /// Contents of files to make, by the variable that is to hold the path.
    pub files: BTreeMap<String, String>,
    /// The same of what is to be in memory alone.
    pub memory: BTreeMap<String, String>,
    /// The folder in which to make them.
    pub scratch: PathBuf,
    pub stdin: Option<Input>,
    pub background: bool,
    /// How long what the program left behind has to end, milliseconds.
    pub grace_ms: u64,
}

/// What a program reads.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// These bytes.
    Bytes(Vec<u8>),
    /// What is written into this named pipe, whose other end is open already. Its name is removed once it is open.
    Pipe(PathBuf),
}

/// From the guard to the bot.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Report {
    /// It could not be started.
    Failed { why: String },
    /// It ended; one of both numbers is there.
    Ended { code: Option<i32>, signal: Option<i32>, left: u32 },
}
