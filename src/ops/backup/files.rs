//! A folder as a tar archive: everything that was there when it was listed, in the order of its names, links as links. What changes
//! while it is read is noted, since files have no snapshots.

use super::archive::Sum;
use super::contents::{Contents, FileCount};
use super::tap::Tap;
use super::{Dump, DumpError};
use crate::config::limits::{BACKUP_FILES_MAX, BACKUP_NAMED_MAX};
use glob::{MatchOptions, Pattern};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use tar::{Builder, EntryType, Header};
use tokio_util::sync::CancellationToken;

/// `*` and `?` stay within a name; a name that begins with a dot is a name like any other.
const MATCHING: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: false };

/// What the folders begin with in which a restore has files wait for their place; no copy has them.
pub const STAGING: &str = ".drillbell-restore-";

/// What of a folder is in no copy of it: what its patterns match, with all that is below, and what restores left there.
pub struct LeftOut(Vec<Pattern>);

impl LeftOut {
    /// Of these patterns; one that is none matches nothing, the configuration refuses it.
    pub fn of(patterns: &[String]) -> Self {
        Self(patterns.iter().filter_map(|text| Pattern::new(text).ok()).collect())
    }

    /// Whether a path within the folder is left out by its own name.
    pub fn has(&self, path: &Path) -> bool {
        is_staging(path) || self.0.iter().any(|pattern| pattern.matches_path_with(path, MATCHING))
    }

    /// Whether it is left out by its own name or by that of a folder on the way to it.
    pub fn has_within(&self, path: &Path) -> bool {
        path.ancestors().any(|path| !path.as_os_str().is_empty() && self.has(path))
    }
}

/// Whether a path within the folder is one in which a restore has files wait.
fn is_staging(path: &Path) -> bool {
    path.components().count() == 1 && path.as_os_str().as_bytes().starts_with(STAGING.as_bytes())
}

/// A folder to copy.
pub struct Files {
    /// Which.
    pub root: PathBuf,
    /// Patterns of paths within it that are left out, with all that is below.
    pub exclude: Vec<String>,
    /// Take a checksum of the contents too.
    pub hashing: bool,
    /// Ends it.
    pub cancel: CancellationToken,
}

/// What is counted of a tar archive, when it is written and when it is read: the same for the same entries.
#[derive(Default)]
pub(super) struct Tally {
    count: FileCount,
    sum: Option<Sum>,
}

/// What was noticed besides, by kind: how many, and the first names.
#[derive(Default)]
struct Noticed(BTreeMap<&'static str, (usize, Vec<String>)>);

impl Tally {
    pub(super) fn new(hashing: bool) -> Self {
        Self { count: FileCount::default(), sum: hashing.then(Sum::default) }
    }

    pub(super) fn folder(&mut self, path: &Path) {
        self.count.folders += 1;
        self.add(b'd', path, &[]);
    }

    pub(super) fn link(&mut self, path: &Path, to: &Path) {
        self.count.links += 1;
        self.add(b'l', path, to.as_os_str().as_bytes());
    }

    /// A file whose content has this hash.
    pub(super) fn file(&mut self, path: &Path, bytes: u64, hash: &[u8]) {
        self.count.files += 1;
        self.count.bytes += bytes;
        self.add(b'f', path, hash);
    }

    fn add(&mut self, kind: u8, path: &Path, what: &[u8]) {
        let path = path.as_os_str().as_bytes();
        let path = path.strip_suffix(b"/").unwrap_or(path);
        if let Some(sum) = &mut self.sum {
            let hash = Sha256::new().chain_update([kind]).chain_update(path).chain_update([0]).chain_update(what);
            sum.add(&hash.finalize().into());
        }
    }

    pub(super) fn finish(self) -> FileCount {
        FileCount { checksum: self.sum.map(|sum| sum.to_string()), ..self.count }
    }
}

impl Noticed {
    fn note(&mut self, what: &'static str, path: &Path) {
        let (count, names) = self.0.entry(what).or_default();
        *count += 1;
        if names.len() < BACKUP_NAMED_MAX {
            let name = path.to_string_lossy();
            names.push(name.chars().map(|c| if c.is_control() { '?' } else { c }).take(200).collect());
        }
    }

    fn sentences(self) -> Vec<String> {
        let sentence = |(what, (count, names)): (&str, (usize, Vec<String>))| {
            let more = if count > names.len() { ", …" } else { "" };
            format!("{count} {what}: {}{more}", names.join(", "))
        };
        self.0.into_iter().map(sentence).collect()
    }
}

impl Files {
    /// Everything below the folder, sorted, without what is left out.
    fn list(&self) -> Result<Vec<(PathBuf, Metadata)>, DumpError> {
        let left_out = LeftOut::of(&self.exclude);
        let mut all = Vec::new();
        let mut folders = vec![PathBuf::new()];
        while let Some(folder) = folders.pop() {
            let entries = match std::fs::read_dir(self.root.join(&folder)) {
                Ok(entries) => entries,
                // It went while we looked; what is not there any more is not copied.
                Err(error) if error.kind() == io::ErrorKind::NotFound && !folder.as_os_str().is_empty() => continue,
                Err(error) => return Err(self.cannot("list", &folder, &error)),
            };
            for entry in entries {
                let path = folder.join(entry.map_err(|error| self.cannot("list", &folder, &error))?.file_name());
                if left_out.has(&path) {
                    continue;
                }
                let meta = match std::fs::symlink_metadata(self.root.join(&path)) {
                    Ok(meta) => meta,
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    Err(error) => return Err(self.cannot("look at", &path, &error)),
                };
                if meta.is_dir() {
                    folders.push(path.clone());
                }
                all.push((path, meta));
                if all.len() > BACKUP_FILES_MAX {
                    let root = self.root.display();
                    return Err(DumpError::failed(format!(
                        "{root} holds more than {BACKUP_FILES_MAX} files: divide it into several targets"
                    )));
                }
            }
            if self.cancel.is_cancelled() {
                return Err(DumpError::retry("it was cancelled"));
            }
        }
        all.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(all)
    }

    fn cannot(&self, doing: &str, path: &Path, error: &io::Error) -> DumpError {
        let whole = self.root.join(path);
        DumpError::retry(format!("cannot {doing} {}: {error}", whole.display()))
    }

    fn entry(
        &self,
        tar: &mut Builder<&mut Tap>,
        path: &Path,
        listed: &Metadata,
        into: (&mut Tally, &mut Noticed),
    ) -> Result<(), DumpError> {
        let (tally, noticed) = into;
        let whole = self.root.join(path);
        let mut header = Header::new_gnu();
        header.set_metadata(listed);
        if listed.is_dir() {
            header.set_size(0);
            tar.append_data(&mut header, path, io::empty()).map_err(|error| self.cannot("copy", path, &error))?;
            tally.folder(path);
        } else if listed.is_symlink() {
            let Ok(to) = std::fs::read_link(&whole) else {
                noticed.note("were gone before they were read", path);
                return Ok(());
            };
            header.set_size(0);
            append_link(tar, &mut header, path, &to).map_err(|error| self.cannot("copy", path, &error))?;
            tally.link(path, &to);
        } else if listed.is_file() {
            let flags = nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK;
            let mut file = match OpenOptions::new().read(true).custom_flags(flags).open(&whole) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    noticed.note("were gone before they were read", path);
                    return Ok(());
                }
                Err(error) => return Err(self.cannot("read", path, &error)),
            };
            let meta = file.metadata().map_err(|error| self.cannot("read", path, &error))?;
            header.set_metadata(&meta);
            header.set_entry_type(EntryType::Regular);
            let mut content = Exactly::new(&mut file, meta.len());
            tar.append_data(&mut header, path, &mut content).map_err(|error| self.cannot("copy", path, &error))?;
            tally.file(path, meta.len(), &content.hash.finalize());
            let short = content.short;
            let after = file.metadata().map_err(|error| self.cannot("read", path, &error))?;
            if short
                || (after.len(), after.mtime(), after.mtime_nsec()) != (meta.len(), meta.mtime(), meta.mtime_nsec())
            {
                noticed.note("changed while they were read", path);
            }
        } else {
            noticed.note("are sockets, pipes or devices and were left out", path);
        }
        Ok(())
    }
}

impl Dump for Files {
    fn write(self: Box<Self>, out: &mut Tap) -> Result<Contents, DumpError> {
        let all = self.list()?;
        let (mut tally, mut noticed) = (Tally::new(self.hashing), Noticed::default());
        let mut tar = Builder::new(&mut *out);
        for (path, meta) in &all {
            if self.cancel.is_cancelled() {
                return Err(DumpError::retry("it was cancelled"));
            }
            self.entry(&mut tar, path, meta, (&mut tally, &mut noticed))?;
        }
        let finished = tar.into_inner().and_then(|out| out.flush());
        finished.map_err(|error| DumpError::retry(format!("the copy could not be handed on: {error}")))?;
        Ok(Contents { files: Some(tally.finish()), notes: noticed.sentences(), ..Contents::default() })
    }
}

/// Appends a link with its target as it is: the crate's own way makes `a/b` of `a//b` and of `./a/b`.
fn append_link(tar: &mut Builder<&mut Tap>, header: &mut Header, path: &Path, to: &Path) -> io::Result<()> {
    const LONG_LINK: &[u8] = b"././@LongLink";
    let to = to.as_os_str().as_bytes();
    if header.set_link_name_literal(to).is_err() {
        // Too long for the header: as GNU has it, in an entry of its own before it.
        let mut long = Header::new_gnu();
        long.as_old_mut().name[..LONG_LINK.len()].copy_from_slice(LONG_LINK);
        long.set_entry_type(EntryType::GNULongLink);
        long.set_mode(0o644);
        long.set_size(to.len() as u64 + 1);
        long.set_cksum();
        tar.append(&long, to.chain(&[0_u8][..]))?;
    }
    tar.append_data(header, path, io::empty())
}

/// A file's content as long as it was when it was opened: no more, and filled up with zeros if it has shrunk.
struct Exactly<'a> {
    file: &'a mut File,
    left: u64,
    hash: Sha256,
    short: bool,
}

impl<'a> Exactly<'a> {
    fn new(file: &'a mut File, length: u64) -> Self {
        Self { file, left: length, hash: Sha256::new(), short: false }
    }
}

impl Read for Exactly<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buf.len());
        let mut length = if self.short { 0 } else { self.file.read(&mut buf[..most])? };
        if length == 0 && most > 0 {
            self.short = true;
            buf[..most].fill(0);
            length = most;
        }
        self.left -= length as u64;
        self.hash.update(&buf[..length]);
        Ok(length)
    }
}
