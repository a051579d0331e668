//! What is backed up, and the copies there are. Taking, checking and deleting copies are jobs; this is for knowing and keeping.

use crate::error::{HostResult, Result, internal, user};
use crate::ids::Conversation;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A configured target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Target {
    /// The name of `[targets.NAME]`.
    pub name: String,
    /// `postgres`, `sqlite` or `files`.
    pub kind: String,
    /// The service that writes to it, or empty.
    pub service: String,
    /// Whom to ask about it, or empty.
    pub owner: String,
    /// How much may be lost at most, milliseconds.
    pub rpo_ms: Option<u64>,
    /// How long a restore may take, milliseconds.
    pub rto_ms: Option<u64>,
    /// What the operator wants done about it, as JSON; the keys are told in `wit/deps/backups`. See [`Target::policy`].
    #[serde(skip)]
    pub policy: String,
}

impl Target {
    /// The policy as a type that names the keys it needs. A policy that does not read is the operator's to hear of.
    pub fn policy<T: DeserializeOwned>(&self) -> Result<T> {
        let wrong = |error| internal(format!("the policy of the target {} reads wrong: {error}", self.name));
        serde_json::from_str(&self.policy).map_err(wrong)
    }
}

/// Somebody wants a copy kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pinned {
    /// The person's id.
    pub by: String,
    /// Since when, milliseconds since the epoch.
    pub at_ms: u64,
    /// Why.
    pub reason: String,
}

/// A copy that lies in the artifact store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct BackupCopy {
    /// The object's name.
    pub object: String,
    /// What people type for it; empty for an object that somebody else named.
    pub short: String,
    /// The target it is a copy of; it may be configured no longer.
    pub target: String,
    /// `postgres`, `sqlite` or `files`.
    pub kind: String,
    /// The moment whose state it holds, milliseconds since the epoch.
    pub taken_ms: u64,
    /// Bytes of the object.
    pub stored_bytes: u64,
    /// Bytes before compression and encryption.
    pub plain_bytes: u64,
    /// `unverified`, `verified`, `proven`, `broken` or `unknown`.
    pub verdict: String,
    /// When that was found.
    pub checked_ms: Option<u64>,
    /// What was found, in one sentence; may be empty.
    pub detail: String,
    /// When it was last found whole.
    pub verified_ms: Option<u64>,
    /// When a restore of it last passed every check.
    pub proven_ms: Option<u64>,
    /// Whether it is to be kept.
    pub pinned: Option<Pinned>,
}

impl BackupCopy {
    /// What people call it: the short name, or the object's if it has none.
    pub fn name(&self) -> &str {
        if self.short.is_empty() { &self.object } else { &self.short }
    }

    /// Whether it was taken of what was there before a restore or a rollback: its name says so. What that holds is what somebody wanted
    /// to be rid of, so that it is restored when it is named and is nobody's newest copy.
    pub fn is_safety(&self) -> bool {
        let name = self.object.rsplit('/').next().unwrap_or_default();
        !self.short.is_empty() && self.object.starts_with("backups/") && name.split('.').nth(1) == Some("safety")
    }
}

/// What the bot knows of targets and copies; a part of every [`Bot`](crate::Bot). All of it needs the grant `backups`.
pub trait Backups {
    /// The configured targets, by name.
    fn targets(&mut self) -> HostResult<Vec<Target>>;

    /// Where backups are told of; `None` when no channel is configured. Posting there needs the grant `post` for it.
    fn backups_channel(&mut self) -> HostResult<Option<Conversation>>;

    /// The copies that are there, of one target or of all, newest first, from before a moment; at most `limit` (the host's cap is 500).
    /// A glance: not checked when the call commits, and without pins that it set.
    fn copies(&mut self, target: Option<&str>, limit: u32, before_ms: Option<u64>) -> HostResult<Vec<BackupCopy>>;

    /// The copies that a person may mean: the one of that object, or those with that short name, newest first. A glance.
    fn copies_named(&mut self, name: &str) -> HostResult<Vec<BackupCopy>>;

    /// The manifest of a copy as JSON text; `NotFound` when the catalogue does not know it.
    fn manifest(&mut self, object: &str) -> HostResult<String>;

    /// Keeps a copy until it is unpinned, for a reason of one line. `NotFound` when it is not there, `Invalid` when it is pinned.
    fn pin_copy(&mut self, object: &str, reason: &str) -> HostResult;

    /// Takes the pin away; `Invalid` when it has none.
    fn unpin_copy(&mut self, object: &str) -> HostResult;

    /// The target of that name, if it is configured.
    fn find_target(&mut self, name: &str) -> Result<Option<Target>> {
        Ok(self.targets()?.into_iter().find(|target| target.name == name))
    }

    /// The newest copy of a target that is no safety copy. A glance.
    fn newest_copy(&mut self, target: &str) -> HostResult<Option<BackupCopy>> {
        const LOOKED_AT: u32 = 50;
        Ok(self.copies(Some(target), LOOKED_AT, None)?.into_iter().find(|copy| !copy.is_safety()))
    }

    /// The target of that name, or all of them; whoever named another reads which there are.
    fn meant_targets(&mut self, name: Option<&str>) -> Result<Vec<Target>> {
        match name {
            Some(name) => Ok(vec![self.need_target(name)?]),
            None => Ok(self.targets()?),
        }
    }

    /// The target of that name; whoever named another reads which there are.
    fn need_target(&mut self, name: &str) -> Result<Target> {
        let targets = self.targets()?;
        let names: Vec<_> = targets.iter().map(|target| target.name.clone()).collect();
        let known = match names.as_slice() {
            [] => "no [targets.NAME] is configured".to_owned(),
            names => format!("there are: {}", names.join(", ")),
        };
        let found = targets.into_iter().find(|target| target.name == name);
        found.ok_or_else(|| user(format!("`{name}` is no target; {known}.")))
    }

    /// The one copy, of a target or of any, that a name means; whoever named none or several reads what to type instead.
    fn need_copy(&mut self, name: &str, of: Option<&str>) -> Result<BackupCopy> {
        let mut found = self.copies_named(name)?;
        found.retain(|copy| of.is_none_or(|of| copy.target == of));
        let (whose, list) = match of {
            Some(of) => (format!(" of {of}"), format!("/backup list {of}")),
            None => (String::new(), "/backup list".to_owned()),
        };
        match found.len() {
            0 => Err(user(format!("There is no copy `{name}`{whose}. `{list}` shows those there are."))),
            1 => Ok(found.remove(0)),
            _ => {
                let names: Vec<_> = found.iter().map(|copy| copy.object.as_str()).collect();
                Err(user(format!("More than one copy is called `{name}`. Say which: {}.", names.join(", "))))
            }
        }
    }
}
