//! `[services.NAME.rollback]`: the ways back that there are, what people are asked before and after, and when a deploy is welcome.

use crate::config::alerts::Mute;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// `[services.NAME.rollback]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Rollback {
    /// The names of all strategies, the preferred one first.
    pub order: Vec<String>,
    /// What only people can say that speaks for going back.
    pub asks: Vec<String>,
    /// What speaks against it.
    pub against: Vec<String>,
    /// What people try afterwards.
    pub checklist: Vec<String>,
    /// What is asked of the service afterwards.
    pub smoke: Vec<Smoke>,
    /// For how long the criteria are watched after a deploy.
    pub watch: Duration,
    /// When deploys are welcome, in UTC; none means always.
    pub deploy_windows: Vec<Mute>,
    /// Checks of the pipeline that must have passed before a deploy, by the names that it calls them.
    pub ci: Vec<String>,
    /// Feature flags that are switched off first, and on again when that is safe.
    pub undo_flags: Vec<Flag>,
    /// `[services.NAME.rollback.strategies.NAME]`.
    pub strategies: BTreeMap<String, Strategy>,
}

/// A request whose answer shows that the service does its work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Smoke {
    /// Where.
    pub url: String,
    /// What its status must be.
    pub status: u16,
    /// What its body must hold.
    pub contains: Option<String>,
    /// The handle of a secret that is shown as a bearer token.
    pub secret: Option<String>,
    /// What is posted, as JSON; without it the address is only read.
    pub post: Option<String>,
    /// Where the answer holds a token, as a JSON pointer: the requests after it show that one.
    pub token: Option<String>,
}

/// Commands that switch a feature off and on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// Off.
    pub off: String,
    /// On again.
    pub on: String,
}

/// One way back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strategy {
    /// The section's name.
    pub name: String,
    /// What it does.
    pub does: Does,
    /// How long it takes, as far as anybody knows beforehand.
    pub takes: Duration,
    /// How much can go wrong.
    pub risk: Risk,
    /// Commands that are run when the old version is there, before health is asked.
    pub after: Vec<String>,
    /// Variables handed on to its programs from the bot's own environment.
    pub env: BTreeMap<String, String>,
}

/// What a strategy does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Does {
    /// The commits in between are reverted and pushed.
    Git {
        /// The working checkout, resolved.
        repo: PathBuf,
        /// Where it is pushed to.
        remote: String,
        /// The branch that is deployed.
        branch: String,
    },
    /// A symbolic link is set to another folder.
    Release {
        /// The link, resolved.
        link: PathBuf,
        /// The folder with one folder a version, resolved.
        releases: PathBuf,
    },
    /// Another image is run.
    Container(Container),
    /// The schema is taken back, then the code.
    Migration {
        /// Saves what would be lost.
        preserve: String,
        /// Takes the schema back.
        migrate_down: String,
        /// Brings what was saved in again.
        reimport: Option<String>,
        /// The strategy for the code.
        code: String,
    },
    /// A copy is restored as a whole, then the code.
    Restore {
        /// What is restored.
        target: String,
        /// The strategy for the code.
        code: Option<String>,
    },
}

/// Who runs a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Container {
    /// Docker Compose: a variable in a file of variables names the tag.
    Compose {
        /// The compose file, resolved.
        file: PathBuf,
        /// The file with the variable, resolved. Default: `.env` beside it.
        env_file: PathBuf,
        /// The service in the compose file.
        service: String,
        /// The variable.
        variable: String,
    },
    /// Kubernetes: a deployment's image is set.
    Kubectl {
        /// The deployment.
        service: String,
        /// Its container. Default: called as the deployment.
        container: String,
        /// The image, without its tag.
        image: String,
        /// The namespace. Default: that of the current context.
        namespace: Option<String>,
    },
}

/// How much can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the meaning")]
pub enum Risk {
    Low,
    Medium,
    High,
}

impl Risk {
    /// The words in the file.
    pub const WORDS: [&'static str; 3] = ["low", "medium", "high"];

    /// The word in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

impl Does {
    /// The words in the file.
    pub const KINDS: [&'static str; 5] = ["git", "release", "container", "migration", "restore"];

    /// The word in the file.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Git { .. } => "git",
            Self::Release { .. } => "release",
            Self::Container(_) => "container",
            Self::Migration { .. } => "migration",
            Self::Restore { .. } => "restore",
        }
    }

    /// It changes code and leaves all data and schemas as they are.
    pub fn is_code(&self) -> bool {
        matches!(self, Self::Git { .. } | Self::Release { .. } | Self::Container(_))
    }

    /// The strategy that changes the code beside it.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Migration { code, .. } => Some(code),
            Self::Restore { code, .. } => code.as_deref(),
            Self::Git { .. } | Self::Release { .. } | Self::Container(_) => None,
        }
    }
}
