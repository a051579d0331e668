//! One file on its way into the folder: written beside its place under a hidden name that is locked while its writer lives,
//! then renamed. Dropped before that, it is gone; killed before that, a sweep finds it without its lock.

use super::files::{lock, make_folder, sync_folder};
use super::notes::{self, Note, written_ns};
use super::{ArtifactError, Folder, Key, Kind};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::PathBuf;

/// How the hidden names end.
pub(super) const PART: &str = ".part";

/// One upload.
pub(super) struct Upload {
    folder: Folder,
    key: Key,
    path: PathBuf,
    temporary: PathBuf,
    /// Holds the lock.
    file: File,
    named: bool,
}

impl Upload {
    /// Opens the hidden file; a handle of it to write with.
    pub fn begin(folder: &Folder, key: Key) -> Result<(Self, File), ArtifactError> {
        let failed = |error: io::Error| ArtifactError::from_os("store", &folder.what(&key), &error);
        let path = folder.path(&key)?;
        if path.is_dir() {
            let why = "there are artifacts below this name, and a file cannot be a folder as well";
            return Err(ArtifactError::new(Kind::Refused, "store", &folder.what(&key), why));
        }
        let temporary = path.with_file_name(format!(".{}{PART}", uuid::Uuid::now_v7()));
        // So that no delete takes the folder away as empty, and no sweep the file before it is locked.
        make_folder(&folder.root).map_err(failed)?;
        let _lock = lock(&folder.root).map_err(failed)?;
        if let Some(parent) = temporary.parent() {
            make_folder(parent).map_err(failed)?;
        }
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary).map_err(failed)?;
        let upload = Self { folder: folder.clone(), path, temporary, file, named: false, key: key.clone() };
        upload.file.try_lock().map_err(|error| failed(error.into()))?;
        let writer = upload.file.try_clone().map_err(failed)?;
        Ok((upload, writer))
    }

    /// Gives the file, complete and on the disk, its name.
    pub fn commit(
        mut self,
        size: u64,
        sha256: String,
        metadata: BTreeMap<String, String>,
    ) -> Result<(), ArtifactError> {
        let what = self.folder.what(&self.key);
        let failed = |error: io::Error| ArtifactError::from_os("store", &what, &error);
        let root = self.folder.root.clone();
        let _lock = lock(&root).map_err(failed)?;
        let written = self.file.metadata().map_err(failed)?;
        if written.size() != size {
            let why = format!("the file has {} bytes after {size} were written", written.size());
            return Err(ArtifactError::new(Kind::Corrupt, "store", &what, why));
        }
        let note = Note { size, inode: written.ino(), written_ns: written_ns(&written), sha256, metadata };
        let current = std::fs::symlink_metadata(&self.path).ok();
        notes::write(&root, &self.key, note, current.as_ref()).map_err(failed)?;
        std::fs::rename(&self.temporary, &self.path).map_err(failed)?;
        self.named = true;
        sync_folder(&self.path).map_err(failed)
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if !self.named {
            // If even that fails, a sweep takes it away.
            let _ = std::fs::remove_file(&self.temporary);
        }
    }
}
