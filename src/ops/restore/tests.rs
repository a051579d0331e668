//! Copies opened and unpacked: what is whole comes out as it was, what is not breaks off, and no path leaves its folder.

use super::scratch::{Jobs, is_left, name};
use super::*;
use crate::ops::backup::contents::Contents;
use crate::ops::backup::format::Format;
use crate::ops::backup::{Dump, DumpError, Keys, Meter, Tap, pack};
use age::x25519::Identity;
use sha2::{Digest, Sha256};
use std::io::Write;
use std::path::{Path, PathBuf};
use tokio::io::AsyncReadExt;
use tokio_util::sync::CancellationToken;

/// Writes its bytes.
struct Given(Vec<u8>);

impl Dump for Given {
    fn write(self: Box<Self>, out: &mut Tap) -> Result<Contents, DumpError> {
        out.write_all(&self.0).map_err(|error| DumpError::failed(error.to_string()))?;
        Ok(Contents::default())
    }
}

async fn packed(dump: Vec<u8>, to: &[String]) -> (Vec<u8>, Expected) {
    let mut packing = pack(Box::new(Given(dump)), to.to_vec(), Meter::default());
    let mut stored = Vec::new();
    packing.source.read_to_end(&mut stored).await.unwrap();
    let plain_sha256 = packing.outcome().await.unwrap().sha256;
    let stored_sha256 = hex::encode(Sha256::digest(&stored));
    (stored, Expected { stored_sha256, plain_sha256, encrypted: !to.is_empty() })
}

/// What comes out: the dump, if it ends, and how it came out.
async fn opened(stored: &[u8], keys: &[&Identity], expected: &Expected) -> (Option<Vec<u8>>, Result<(), RestoreError>) {
    let keys = keys.iter().map(|key| (*key).clone()).collect::<Vec<_>>().into();
    let stored = std::io::Cursor::new(stored.to_vec());
    let opening = open(stored, keys, Some(expected.clone()), Meter::default(), CancellationToken::new()).await;
    let mut opened = match opening {
        Ok(opened) => opened,
        Err(error) => return (None, Err(error)),
    };
    let mut dump = Vec::new();
    let read = opened.dump.read_to_end(&mut dump).await;
    (read.ok().map(|_| dump), opened.outcome.whole().await)
}

/// Bytes that cannot be compressed, always the same.
fn noise(length: usize) -> Vec<u8> {
    (0_u64..).flat_map(|n| Sha256::digest(n.to_be_bytes())).take(length).collect()
}

#[tokio::test]
async fn a_dump_ends_only_if_it_is_the_one_that_was_made() {
    let (key, other) = (Identity::generate(), Identity::generate());
    let dump = noise(700_000);
    let (stored, expected) = packed(dump.clone(), &[key.to_public().to_string()]).await;
    assert_eq!(opened(&stored, &[&other, &key], &expected).await, (Some(dump.clone()), Ok(())));
    for at in [stored.len() - 1, stored.len() / 2] {
        let mut flipped = stored.clone();
        flipped[at] ^= 1;
        let (ended, whole) = opened(&flipped, &[&key], &expected).await;
        assert_eq!((ended, whole.unwrap_err().cause), (None, Cause::Backup), "{at}");
    }
    let (ended, whole) = opened(&stored[..stored.len() / 2], &[&key], &expected).await;
    assert_eq!((ended, whole.unwrap_err().cause), (None, Cause::Backup));
    for keys in [vec![], vec![&other]] {
        let (ended, whole) = opened(&stored, &keys, &expected).await;
        assert_eq!((ended, whole.unwrap_err().cause), (None, Cause::Environment), "a key says nothing of the copy");
    }
    // All is well with it, but it is another one.
    let (another, _) = packed(noise(10), &[key.to_public().to_string()]).await;
    let (ended, whole) = opened(&another, &[&key], &expected).await;
    assert_eq!((ended, whole.unwrap_err().cause), (None, Cause::Backup));
    let (bare, _) = packed(dump, &[]).await;
    let (_, whole) = opened(&bare, &[&key], &expected).await;
    assert!(whole.is_err(), "an open copy of what was encrypted");
}

#[tokio::test]
async fn a_store_that_breaks_off_says_nothing_about_the_copy() {
    let (stored, expected) = packed(noise(700_000), &[]).await;
    let half = std::io::Cursor::new(stored[..stored.len() / 2].to_vec());
    let broken = half.chain(Cut);
    let opened =
        open(broken, Keys::default(), Some(expected), Meter::default(), CancellationToken::new()).await.unwrap();
    let (mut dump, mut bytes) = (opened.dump, Vec::new());
    assert!(dump.read_to_end(&mut bytes).await.is_err());
    let error = opened.outcome.whole().await.unwrap_err();
    assert_eq!((error.cause, error.sentence.contains("the line is cut")), (Cause::Environment, true), "{error:?}");
}

struct Cut;

impl tokio::io::AsyncRead for Cut {
    fn poll_read(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        _: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::task::Poll::Ready(Err(std::io::Error::other("the line is cut")))
    }
}

/// An archive of these entries: files, and links where there is something to link to.
fn archive(entries: &[(&str, Option<&str>)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, link) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_size(if link.is_some() { 0 } else { 2 });
        header.set_entry_type(if link.is_some() { tar::EntryType::Symlink } else { tar::EntryType::Regular });
        // Past what the library itself would refuse to write.
        let name = header.as_old_mut();
        name.name[..path.len()].copy_from_slice(path.as_bytes());
        if let Some(link) = link {
            name.linkname[..link.len()].copy_from_slice(link.as_bytes());
        }
        header.set_cksum();
        tar.append(&header, if link.is_some() { &b""[..] } else { &b"hi"[..] }).unwrap();
    }
    tar.into_inner().unwrap()
}

async fn unpacked(archive: Vec<u8>, root: &Path) -> Result<u64, RestoreError> {
    let (stored, expected) = packed(archive, &[]).await;
    let stored = std::io::Cursor::new(stored);
    let opened = open(stored, Keys::default(), Some(expected), Meter::default(), CancellationToken::new()).await?;
    assert_eq!(opened.format, Format::Tar);
    let root = root.to_owned();
    let unpacking = tokio::task::spawn_blocking(move || {
        let staged = files::unpack(opened.format, opened.dump, &root, &[], &CancellationToken::new())?;
        staged.replace_all(&root, &crate::ops::backup::files::LeftOut::of(&[]))
    });
    let unpacked = unpacking.await.unwrap()?;
    opened.outcome.whole().await.map(|()| unpacked)
}

#[tokio::test]
async fn no_entry_of_an_archive_leaves_its_folder() {
    let home = tempfile::tempdir().unwrap();
    let (root, outside) = (home.path().join("root"), home.path().join("outside"));
    std::fs::create_dir_all(&outside).unwrap();
    std::fs::create_dir_all(&root).unwrap();
    let to = outside.to_string_lossy().into_owned();
    for hostile in [
        vec![("../outside/x", None)],
        vec![("a/../../outside/x", None)],
        vec![("/tmp/x", None)],
        vec![("a", Some(to.as_str())), ("a/x", None)],
        vec![("a", Some("../outside")), ("a/x", None)],
        vec![("a", Some("..")), ("a/outside/x", None)],
    ] {
        std::fs::write(root.join("there"), "before").unwrap();
        let error = unpacked(archive(&hostile), &root).await.unwrap_err();
        assert_eq!(error.cause, Cause::Backup, "{hostile:?}: {error:?}");
        assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 0, "{hostile:?}");
        let left: Vec<PathBuf> = std::fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(left, [root.join("there")], "what was there is there, and nothing else");
    }
    let good = archive(&[("a", None), ("b", Some("/nowhere/at/all"))]);
    assert_eq!(unpacked(good, &root).await, Ok(2));
    assert_eq!(std::fs::read_link(root.join("b")).unwrap(), Path::new("/nowhere/at/all"), "a link is a link");
    // Whoever wrote it padded it: that is a part of the copy too.
    let padded = [archive(&[("a", None)]), vec![0; 3 << 20]].concat();
    assert_eq!(unpacked(padded, &root).await, Ok(1));
}

#[test]
fn only_what_a_dead_run_left_is_taken_for_left() {
    const NOW_MS: i64 = 1_795_341_600_000;
    const HOUR_MS: i64 = 3_600_000;
    let jobs = Jobs {
        own: "0badcafe".to_owned(),
        running: ["0badbeef".to_owned()].into(),
        ended: ["0badfeed".to_owned()].into(),
    };
    let left = |hours: i64, job: &str| is_left(&name(NOW_MS - hours * HOUR_MS, job), NOW_MS, &jobs);
    assert!(left(1, "0badcafe"), "an earlier run of this job");
    assert!(left(1, "0badfeed"), "a job that has ended");
    assert!(!left(1, "0badbeef") && !left(100, "0badbeef"), "a job that runs");
    assert!(!left(1, "00000000"), "another bot's");
    assert!(left(25, "00000000"), "nobody's for a day");
    for other in ["drillbell_drill_", "drillbell_drill_x_0badcafe", "drillbell_drill_20261122t100000z_0badcaf", "shop"]
    {
        assert!(!is_left(other, NOW_MS, &jobs), "{other}");
    }
}

#[test]
fn a_path_stays_where_it_begins() {
    for good in ["a", "a/b", "./a", "a/./b"] {
        assert!(files::plain(Path::new(good)).is_ok(), "{good}");
    }
    for bad in ["", ".", "..", "a/..", "a/../../b", "/a"] {
        assert!(files::plain(Path::new(bad)).is_err(), "{bad}");
    }
}
