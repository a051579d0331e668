//! `[commands.NAME]`: the programs that may be run, each as a list of arguments with typed places in it. There is no shell:
//! what a place is filled with is one argument, or part of one, whatever it contains.

mod argv;
mod kind;
mod names;
mod read;

pub use argv::Piece;
pub use kind::{BadValue, Kind};
pub(in crate::config) use read::read_env;

use super::secrets::Secrets;
use super::section::Section;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// Where programs are looked for when the bot itself was started without a `PATH`.
const USUAL_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// Default of `timeout`.
pub const TIMEOUT: Duration = Duration::from_secs(60);

/// `[commands]`: everything that may be run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Commands {
    /// By name.
    pub all: BTreeMap<String, Command>,
    /// The `PATH` that programs are looked for in, and see.
    pub path: String,
}

/// `[commands.NAME]`.
#[derive(Clone, PartialEq, Eq)]
pub struct Command {
    /// The section's name.
    pub name: String,
    /// The program and its arguments. Required.
    pub argv: Vec<Piece>,
    /// What the places in `argv` may be filled with.
    pub args: BTreeMap<String, Arg>,
    /// The folder it runs in, resolved. Default: the bot's own.
    pub cwd: Option<PathBuf>,
    /// Variables handed on from the bot's own environment. Default: none but `PATH`.
    pub env: BTreeMap<String, String>,
    /// Variables and the handles of `[secrets]` that they hold.
    pub secrets: BTreeMap<String, String>,
    /// Variables that hold the path of a file (mode 0600, removed afterwards) with a secret in it.
    pub secret_files: BTreeMap<String, String>,
    /// How long it may run. Default 60 s.
    pub timeout: Duration,
    /// What `each = "hosts"` of a step goes through.
    pub hosts: Vec<String>,
    /// The command that takes back what this one did.
    pub undo: Option<String>,
    /// It changes production, so that it is announced first. Default `true`.
    pub changes: bool,
    /// What to do when the bot died while it ran. Default `ask`, and `repeat` where nothing is changed.
    pub on_lost: OnLost,
    /// What it leaves running may go on after its end. Default `false`.
    pub background: bool,
}

/// What may stand in one place of `argv`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arg {
    /// Its grammar.
    pub kind: Kind,
    /// What stands there when nothing is given.
    pub default: Option<String>,
}

/// What to do with a command that was running when the bot died.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnLost {
    /// Run it again.
    Repeat,
    /// Stop, and ask a person.
    Ask,
}

impl OnLost {
    /// The word in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Repeat => "repeat",
            Self::Ask => "ask",
        }
    }
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A variable that is handed on may hold a secret.
        let env: Vec<_> = self.env.keys().collect();
        f.debug_struct("Command").field("name", &self.name).field("argv", &self.argv).field("env", &env).finish()
    }
}

impl Commands {
    pub(super) fn read(section: &Section<'_>, secrets: &Secrets) -> Self {
        let path = section.cx.env.get("PATH").ok().filter(|path| !path.is_empty()).unwrap_or(USUAL_PATH).to_owned();
        let all: BTreeMap<String, Command> = section
            .named()
            .filter_map(|(entry, command)| Some((entry.key.clone(), read::command(section, entry, command, secrets)?)))
            .collect();
        read::check_undo(section, &all);
        Self { all, path }
    }

    /// A command by its name.
    pub fn get(&self, name: &str) -> Option<&Command> {
        self.all.get(name)
    }
}
