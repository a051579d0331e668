//! Roles that a copy names and the server it is drilled on need not know. Owners and privileges are left out of a drill; a policy for a
//! role, and a user mapping of one, cannot be made without it. On a server of the drill's own such roles are made; on another one nobody
//! makes roles for a drill, and what is for them is left out and said.

use super::open::Opened;
use super::postgres::Database;
use super::put::Whose;
use super::{RestoreError, script};
use crate::config::limits::{OUTLINE_BYTES, OUTLINE_BYTES_MAX};
use crate::model::ids;
use crate::ops::backup::archive::Outline;
use std::collections::BTreeSet;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// Roles that one sentence names.
const NAMED: usize = 5;

/// What is left out of a restore: a list of the numbers of everything else, in a folder that is gone with it.
pub(super) struct LeftOut {
    folder: PathBuf,
    sentence: String,
}

impl LeftOut {
    /// The list.
    pub(super) fn list(&self) -> PathBuf {
        self.folder.join("list")
    }

    /// What was left out, and why.
    pub(super) fn sentence(&self) -> &str {
        &self.sentence
    }

    fn write(scratch: &Path, list: &str, sentence: String) -> io::Result<Self> {
        let left = Self { folder: scratch.join(format!("run-{}", ids::fresh())), sentence };
        DirBuilder::new().mode(0o700).recursive(true).create(&left.folder)?;
        std::fs::write(left.list(), list)?;
        Ok(left)
    }
}

impl Drop for LeftOut {
    fn drop(&mut self) {
        // What cannot be removed now is removed by the bot's next start.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Database {
    /// Makes the roles without which an archive cannot be restored, or says what is to be left out.
    pub(super) async fn strangers(&self, opened: &mut Opened, server: Whose) -> Result<Option<LeftOut>, RestoreError> {
        let Some(outline) = outline(opened).await else { return Ok(None) };
        let roles: BTreeSet<&str> = outline.named.iter().flat_map(|(_, roles)| roles).map(String::as_str).collect();
        let roles: Vec<&str> = roles.into_iter().collect();
        if roles.is_empty() {
            return Ok(None);
        }
        let missing = self.sql(script::missing_roles(&roles)).await?.lines;
        let missing = missing.iter().filter_map(|nth| roles.get(nth.parse::<usize>().ok()?).copied());
        let missing: BTreeSet<&str> = missing.collect();
        if missing.is_empty() {
            return Ok(None);
        }
        if server == Whose::Ours {
            return self.sql(script::create_roles(&missing)).await.map(|_| None);
        }
        let is_left = |roles: &[String]| roles.iter().any(|role| missing.contains(role.as_str()));
        let left: BTreeSet<i64> = outline.named.iter().filter(|(_, roles)| is_left(roles)).map(|(id, _)| *id).collect();
        let list = outline.entries.iter().filter(|id| !left.contains(id)).map(|id| format!("{id};\n"));
        let more = if missing.len() > NAMED { ", …" } else { "" };
        let named = missing.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
        let sentence = format!(
            "{} policies and user mappings were left out, since they are for roles that this server does not have: {named}{more}.",
            left.len()
        );
        let written = LeftOut::write(&self.scratch, &list.collect::<String>(), sentence);
        let failed =
            |error| RestoreError::environment(format!("cannot write into {}: {error}", self.scratch.display()));
        written.map(Some).map_err(failed)
    }
}

/// The contents of an archive, if they are not longer than anybody's and can be read.
async fn outline(opened: &mut Opened) -> Option<Outline> {
    let mut bytes = OUTLINE_BYTES;
    loop {
        let ahead = opened.dump.ahead(bytes).await;
        if let Some(outline) = Outline::read(ahead).ok()? {
            return Some(outline);
        }
        if ahead.len() < bytes || bytes >= OUTLINE_BYTES_MAX {
            return None;
        }
        bytes *= 2;
    }
}
