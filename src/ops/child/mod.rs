//! Programs, run so that they never outlive the bot unseen: between the bot and each program stands a guard process, which
//! ends the program and everything it started when the bot says so, or when the bot is gone, however it went.

mod guard;
mod message;
mod output;
mod supervise;
pub mod tree;

pub use guard::{GUARD, guard};
pub use message::Input;
pub use output::Kept;
pub use supervise::Supervisor;

use futures::FutureExt;
use futures::future::BoxFuture;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// A program to run.
#[derive(Clone, Debug)]
pub struct Program {
    /// The program and its arguments; there is no shell.
    pub argv: Vec<String>,
    /// The folder it runs in; the bot's own if there is none.
    pub cwd: Option<PathBuf>,
    /// Its whole environment, but for secrets.
    pub env: BTreeMap<String, String>,
    /// Variables that hold secrets.
    pub secrets: BTreeMap<String, SecretString>,
    /// Variables that hold the path of a file (mode 0600) with a secret in it; it is removed at the end.
    pub secret_files: BTreeMap<String, SecretString>,
    /// Variables that hold a path at which a secret is read that is in memory alone: for programs that keep what they inherit open.
    pub secret_memory: BTreeMap<String, SecretString>,
    /// What it reads; nothing if there is none.
    pub stdin: Option<Input>,
    /// How long it may run.
    pub time_limit: Duration,
    /// What it leaves running may go on after its end.
    pub background: bool,
    /// Keep its raw standard output too, for a value to be captured from it.
    pub capture: bool,
}

/// How a program's run came out.
#[derive(Debug)]
pub struct Ended {
    /// How it ended.
    pub exit: Exit,
    /// Who ended it, if it did not end by itself.
    pub cut: Option<Cut>,
    /// What it said, without secrets: both its streams as they came.
    pub output: Kept,
    /// Its raw standard output, as far as it is kept; empty unless it was asked for. May hold secrets.
    pub stdout: SecretString,
    /// It wrote more than is kept of its standard output.
    pub stdout_cut: bool,
    /// How many processes it left behind, which were ended with it.
    pub left: u32,
}

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// With this number.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// It was never started; why.
    NotStarted(String),
    /// Its guard was killed: nobody knows.
    Unknown,
}

/// Who ended a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Its time was over.
    TimedOut,
    /// Somebody cancelled it, or the bot is stopping.
    Cancelled,
}

impl Ended {
    /// It ended by itself, with zero.
    pub fn passed(&self) -> bool {
        self.cut.is_none() && self.exit == Exit::Code(0)
    }

    /// How it ended, as the end of a sentence: "exited with 1".
    pub fn sentence(&self, time_limit: Duration) -> String {
        match (self.cut, &self.exit) {
            (Some(Cut::TimedOut), _) => {
                format!("was ended: it took longer than {}", crate::config::show_duration(time_limit))
            }
            (Some(Cut::Cancelled), _) => "was cancelled".to_owned(),
            (None, Exit::Code(code)) => format!("exited with {code}"),
            (None, Exit::Signal(signal)) => format!("was killed by signal {signal}"),
            (None, Exit::NotStarted(why)) => format!("could not be started: {why}"),
            (None, Exit::Unknown) => "lost its guard process; how it ended is not known".to_owned(),
        }
    }
}

/// Who follows a run.
pub trait Watch: Send + Sync {
    /// The guard is there and nothing has been started yet: what is written down here is found again after a crash. An error
    /// keeps the program from being started.
    fn started(&self, process: Process) -> BoxFuture<'_, Result<(), String>>;

    /// A line of output, without secrets, control characters and its end.
    fn line(&self, line: &str);
}

/// Nobody follows it: nothing has to be found after a crash, since its guard ends it, and what it says is for the log at most.
pub struct Unwatched;

impl Watch for Unwatched {
    fn started(&self, _: Process) -> BoxFuture<'_, Result<(), String>> {
        async { Ok(()) }.boxed()
    }

    fn line(&self, line: &str) {
        tracing::debug!("{line}");
    }
}

/// A process that cannot be mistaken for a later one with the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its number, which is also that of its session and process group.
    pub pid: i32,
    /// When it began, in clock ticks since the machine's start (field 22 of `/proc/PID/stat`).
    pub start_time: u64,
}
