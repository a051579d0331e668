//! Where the files of a folder of artifacts lie, how they are opened, made durable and removed.

use super::notes;
use super::{ArtifactError, Folder, Key, Kind, Meta};
use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// What lies in the folder and is no artifact.
pub(super) const HOUSE: &str = ".drillbell";

impl Folder {
    /// The file of a key. A link on the way to it is refused, since it may lead anywhere.
    pub(super) fn path(&self, key: &Key) -> Result<PathBuf, ArtifactError> {
        let mut path = self.root.to_path_buf();
        for part in key.parts() {
            if path != *self.root && path.is_symlink() {
                let why = format!("{} is a link, and links are not followed", path.display());
                return Err(ArtifactError::new(Kind::Refused, "use", &self.what(key), why));
            }
            path.push(part);
        }
        Ok(path)
    }

    /// The open file of an artifact, and what is known about it.
    pub(super) fn open_file(&self, key: &Key) -> Result<(File, Meta), ArtifactError> {
        let failed = |error: io::Error| ArtifactError::from_os("read", &self.what(key), &error);
        let missing = || ArtifactError::new(Kind::NotFound, "read", &self.what(key), "it is not there");
        let path = self.path(key)?;
        let flags = nix::fcntl::OFlag::O_NOFOLLOW | nix::fcntl::OFlag::O_NONBLOCK;
        let opened = OpenOptions::new().read(true).custom_flags(flags.bits()).open(path);
        let file = opened.map_err(|error| match error.kind() {
            // A name below a file.
            io::ErrorKind::NotADirectory => missing(),
            _ => failed(error),
        })?;
        let found = file.metadata().map_err(failed)?;
        if !found.is_file() {
            return Err(missing());
        }
        let notes = notes::read(&self.root, key).map_err(failed)?;
        let note = notes::of(&notes, &found);
        let meta = Meta {
            key: key.clone(),
            size: found.size(),
            modified_ms: modified_ms(&found),
            sha256: note.map(|note| note.sha256.clone()),
            metadata: note.map(|note| note.metadata.clone()).unwrap_or_default(),
        };
        Ok((file, meta))
    }

    /// Removes an artifact with its notes, and the folders that are then empty.
    pub(super) fn remove(&self, key: &Key) -> Result<(), ArtifactError> {
        let failed = |error: io::Error| ArtifactError::from_os("delete", &self.what(key), &error);
        let path = self.path(key)?;
        if !self.root.is_dir() {
            return Ok(());
        }
        let _lock = lock(&self.root).map_err(failed)?;
        match std::fs::remove_file(&path) {
            Ok(()) => sync_folder(&path).map_err(failed)?,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
            // A folder of further artifacts: there is none of this name.
            Err(_) if path.is_dir() => return Ok(()),
            Err(error) => return Err(failed(error)),
        }
        notes::remove(&self.root, key).map_err(failed)?;
        remove_empty_parents(&self.root, &path);
        Ok(())
    }
}

/// Milliseconds since the epoch at which a file was last written.
pub(super) fn modified_ms(found: &Metadata) -> i64 {
    let since = found.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Makes a folder and those above it, readable by us alone; each is on the disk before anything is put into it.
pub(super) fn make_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        make_folder(parent)?;
    }
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => sync_folder(path),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(error) => Err(error),
    }
}

/// Makes the name of a file durable: its folder is flushed.
pub(super) fn sync_folder(file: &Path) -> io::Result<()> {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

/// Takes folders away from below upwards as long as they are empty; the root stays.
pub(super) fn remove_empty_parents(root: &Path, file: &Path) {
    let mut folder = file.parent();
    while let Some(path) = folder.filter(|path| *path != root && path.starts_with(root)) {
        // Not empty, most likely: then those above are not either.
        if std::fs::remove_dir(path).is_err() {
            return;
        }
        folder = path.parent();
    }
}

/// The lock under which names and notes change together, in this process and in others; held while the file lives.
pub(super) fn lock(root: &Path) -> io::Result<File> {
    let house = root.join(HOUSE);
    make_folder(&house)?;
    let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(house.join("lock"))?;
    file.lock()?;
    Ok(file)
}
