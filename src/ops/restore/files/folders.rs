//! Folders as an archive has them: mode, time and owner, set once what is in them is there.

use nix::unistd::geteuid;
use std::fs::{File, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// What a mode is of the bits that tell the kind too.
const MODE: u32 = 0o7777;

/// A folder, and how it is to be.
pub(super) struct Folder {
    path: PathBuf,
    mode: u32,
    modified: Option<SystemTime>,
    owner: (u32, u32),
}

impl Folder {
    /// As an archive has it.
    pub(super) fn of(path: PathBuf, header: &tar::Header) -> io::Result<Self> {
        let id = |id: u64| u32::try_from(id).map_err(io::Error::other);
        Ok(Self {
            path,
            mode: header.mode()? & MODE,
            modified: SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(header.mtime()?)),
            owner: (id(header.uid()?)?, id(header.gid()?)?),
        })
    }

    /// As another one is.
    pub(super) fn like(path: PathBuf, other: &Metadata) -> Self {
        let owner = (other.uid(), other.gid());
        Self { path, mode: other.mode() & MODE, modified: other.modified().ok(), owner }
    }

    /// Which.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes it so; only root gives folders away.
    pub(super) fn set(&self) -> io::Result<()> {
        if geteuid().is_root() {
            let (user, group) = self.owner;
            chown(&self.path, Some(user), Some(group))?;
        }
        if let Some(modified) = self.modified {
            File::open(&self.path)?.set_modified(modified)?;
        }
        std::fs::set_permissions(&self.path, Permissions::from_mode(self.mode))
    }
}
