//! Checksums and notes of the files of a folder, each in a small file of its own under `.drillbell/notes/`. They are written
//! before the artifact gets its name, so that for a moment they are about two files: which is which, the file itself tells.

use super::Key;
use super::files::{HOUSE, make_folder, remove_empty_parents, sync_folder};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{Metadata, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// No key has this in it, so that the notes of `a` and of `a/b` can lie side by side.
const SUFFIX: &str = "~";

/// What is noted about one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Note {
    /// Bytes of the file.
    pub size: u64,
    /// Its inode and when it was written (nanoseconds): which of two files of one size is meant.
    pub inode: u64,
    /// See `inode`.
    pub written_ns: i64,
    /// Lower-case hex.
    pub sha256: String,
    /// The caller's notes.
    pub metadata: BTreeMap<String, String>,
}

impl Note {
    fn is_of(&self, found: &Metadata) -> bool {
        (self.size, self.inode, self.written_ns) == (found.size(), found.ino(), written_ns(found))
    }
}

/// When a file was written, in nanoseconds since the epoch.
pub(super) fn written_ns(found: &Metadata) -> i64 {
    found.mtime().saturating_mul(1_000_000_000).saturating_add(found.mtime_nsec())
}

/// The note about this very file. In a folder that was copied elsewhere inodes and times are others; then the one note
/// about a file of this size is meant.
pub(super) fn of<'a>(notes: &'a [Note], found: &Metadata) -> Option<&'a Note> {
    let exact = notes.iter().find(|note| note.is_of(found));
    exact.or_else(|| {
        let mut fitting = notes.iter().filter(|note| note.size == found.size());
        fitting.next().filter(|_| fitting.next().is_none())
    })
}

/// Where the notes of a key lie.
fn path(root: &Path, key: &Key) -> PathBuf {
    folder(root).join(format!("{key}{SUFFIX}"))
}

/// Where all notes lie.
pub(super) fn folder(root: &Path) -> PathBuf {
    root.join(HOUSE).join("notes")
}

/// The artifact that a file of notes is about.
pub(super) fn artifact_of(root: &Path, notes: &Path) -> Option<PathBuf> {
    let name = notes.strip_prefix(folder(root)).ok()?.to_str()?;
    name.strip_suffix(SUFFIX).map(|key| root.join(key))
}

/// The notes of a key; none when there are none, or when what is there is not ours: an artifact is readable without.
pub(super) fn read(root: &Path, key: &Key) -> io::Result<Vec<Note>> {
    match std::fs::read(path(root, key)) {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes).unwrap_or_default()),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// Notes a file that is about to get its name, and keeps the note of the one that still has it. Under the lock.
pub(super) fn write(root: &Path, key: &Key, note: Note, current: Option<&Metadata>) -> io::Result<()> {
    let before = read(root, key)?;
    let kept = current.and_then(|found| of(&before, found)).cloned();
    let notes: Vec<Note> = std::iter::once(note).chain(kept).collect();
    let path = path(root, key);
    if let Some(parent) = path.parent() {
        make_folder(parent)?;
    }
    let temporary = path.with_file_name(format!(".{}.part", uuid::Uuid::now_v7()));
    let written = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
        file.write_all(&serde_json::to_vec(&notes)?)?;
        file.sync_all()?;
        std::fs::rename(&temporary, &path)?;
        sync_folder(&path)
    })();
    if written.is_err() {
        // It may not even have been made.
        let _ = std::fs::remove_file(&temporary);
    }
    written
}

/// Forgets the notes of a key. Under the lock.
pub(super) fn remove(root: &Path, key: &Key) -> io::Result<()> {
    let path = path(root, key);
    match std::fs::remove_file(&path) {
        Ok(()) => remove_empty_parents(&folder(root), &path),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
        Err(error) => return Err(error),
    }
    Ok(())
}
