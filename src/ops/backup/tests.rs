//! Dumps packed and looked into again: what is whole is found whole, and each kind of damage is told from the others.

use super::contents::Contents;
use super::format::Format;
use super::inspect::{Inspected, Stopped, inspect};
use super::*;
use age::x25519::Identity;
use std::io::Write;
use std::path::Path;
use tokio::io::AsyncReadExt;
use tokio_util::sync::CancellationToken;

/// Writes its bytes, then ends as it is told to.
struct Given(Vec<u8>, Result<(), DumpError>);

impl Dump for Given {
    fn write(self: Box<Self>, out: &mut Tap) -> Result<Contents, DumpError> {
        out.write_all(&self.0).map_err(|error| DumpError::failed(error.to_string()))?;
        self.1.map(|()| Contents::default())
    }
}

async fn packed(dump: impl Dump + 'static, to: &[String]) -> (Result<Vec<u8>, String>, Result<pack::Plain, DumpError>) {
    let mut packing = pack(Box::new(dump), to.to_vec(), Meter::default());
    let mut bytes = Vec::new();
    let read = packing.source.read_to_end(&mut bytes).await.map(|_| bytes).map_err(|error| error.to_string());
    (read, packing.outcome().await)
}

async fn found(bytes: &[u8], keys: &[&Identity]) -> Inspected {
    let keys = keys.iter().map(|key| (*key).clone()).collect::<Vec<_>>();
    inspect(bytes, keys.into(), true, Meter::default()).await
}

/// Bytes that cannot be compressed, always the same.
fn noise(length: usize) -> Vec<u8> {
    use sha2::{Digest, Sha256};
    (0_u64..).flat_map(|n| Sha256::digest(n.to_be_bytes())).take(length).collect()
}

/// A folder with a bit of everything.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir_all(at("a/cache")).unwrap();
    std::fs::write(at("a/one.txt"), "one").unwrap();
    std::fs::write(at("a/cache/x"), "left out").unwrap();
    std::fs::write(at("z".repeat(180).as_str()), vec![7; 300_000]).unwrap();
    std::os::unix::fs::symlink("/nowhere", at("link")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    folder
}

fn files(root: &Path) -> files::Files {
    let exclude = vec!["**/cache".to_owned()];
    files::Files { root: root.to_owned(), exclude, hashing: true, cancel: CancellationToken::new() }
}

#[tokio::test]
async fn a_folder_is_the_same_each_time_and_is_found_again_as_it_was() {
    let (folder, key) = (folder(), Identity::generate());
    let to = [key.to_public().to_string()];
    let (bytes, plain) = packed(files(folder.path()), &to).await;
    let (bytes, plain) = (bytes.unwrap(), plain.unwrap());
    let count = plain.contents.files.clone().unwrap();
    assert_eq!((count.files, count.folders, count.links, count.bytes), (2, 1, 1, 300_003));
    assert_eq!(plain.contents.notes, ["1 are sockets, pipes or devices and were left out: socket"]);
    let again = packed(files(folder.path()), &to).await.1.unwrap();
    assert_eq!(again.sha256, plain.sha256, "the same files are the same dump");
    let found = found(&bytes, &[&Identity::generate(), &key]).await;
    let unpacked = found.plain.unwrap();
    assert_eq!((unpacked.format, unpacked.bytes, &unpacked.sha256), (Format::Tar, plain.bytes, &plain.sha256));
    assert_eq!(unpacked.contents.unwrap().files, Some(count));
    assert!(found.encrypted && found.unread.is_none() && found.stored_bytes == bytes.len() as u64);
}

#[tokio::test]
async fn a_link_is_kept_to_the_letter() {
    let (folder, restored) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let targets = ["a//b", "./a/b", "../x/./y/", "/a//b/", ".", "a b\\c", &"y".repeat(100), &"./z//".repeat(60)];
    for (n, to) in targets.iter().enumerate() {
        std::os::unix::fs::symlink(to, folder.path().join(format!("{n}{}", "n".repeat(n * 20)))).unwrap();
    }
    let (bytes, plain) = packed(files(folder.path()), &[]).await;
    let (bytes, plain) = (bytes.unwrap(), plain.unwrap());
    let found = found(&bytes, &[]).await.plain.unwrap().contents.unwrap();
    assert_eq!((found.files.as_ref().unwrap().links, &found.files), (8, &plain.contents.files));
    // A stranger unpacks it.
    let file = restored.path().join("media.tar");
    std::fs::write(&file, zstd::decode_all(&bytes[..]).unwrap()).unwrap();
    let tar = std::process::Command::new("tar").arg("-xf").arg(&file).arg("-C").arg(restored.path()).status().unwrap();
    assert!(tar.success());
    for (n, to) in targets.iter().enumerate() {
        let link = restored.path().join(format!("{n}{}", "n".repeat(n * 20)));
        assert_eq!(std::fs::read_link(link).unwrap().to_str(), Some(*to));
    }
}

#[tokio::test]
async fn each_kind_of_damage_is_told_from_the_others() {
    let key = Identity::generate();
    let dump = || Given([b"PGDMP not really".to_vec(), noise(300_000)].concat(), Ok(()));
    let sealed = packed(dump(), &[key.to_public().to_string()]).await.0.unwrap();
    let open = packed(dump(), &[]).await.0.unwrap();
    assert_eq!(found(&sealed, &[]).await.stopped, Some(Stopped::NoKey));
    assert_eq!(found(&sealed, &[&Identity::generate()]).await.stopped, Some(Stopped::WrongKey));
    assert!(found(&open, &[]).await.plain.unwrap().contents.is_err(), "it only begins like an archive");
    for (bytes, keys) in [(&sealed, vec![&key]), (&open, vec![])] {
        let whole = found(bytes, &keys).await;
        assert_eq!((&whole.stopped, whole.plain.unwrap().format), (&None, Format::PgCustom));
        let cut = &bytes[..bytes.len() - 1];
        assert!(matches!(found(cut, &keys).await.stopped, Some(Stopped::Packing(_))));
        for at in [bytes.len() - 2, bytes.len() / 2] {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1;
            let found = found(&flipped, &keys).await;
            assert!(matches!(found.stopped, Some(Stopped::Packing(_))), "{at}: {found:?}");
            assert_ne!(found.stored_sha256, whole.stored_sha256);
            assert_eq!(found.stored_bytes, bytes.len() as u64, "read to its end all the same");
        }
    }
}

#[tokio::test]
async fn a_dump_that_fails_is_an_error_to_whoever_stores_it() {
    let failed = DumpError::retry("the database died");
    let (read, outcome) = packed(Given(vec![1; 3_000_000], Err(failed.clone())), &[]).await;
    assert_eq!(read.unwrap_err(), "the stream broke off");
    assert_eq!(outcome.unwrap_err(), failed);
}

#[tokio::test]
async fn a_dump_that_nobody_takes_ends() {
    let packing = pack(Box::new(Given(vec![1; 30_000_000], Ok(()))), Vec::new(), Meter::default());
    assert!(packing.outcome().await.is_err());
}

#[tokio::test]
async fn a_store_that_breaks_off_says_nothing_about_the_copy() {
    let open = packed(Given(vec![1; 3_000_000], Ok(())), &[]).await.0.unwrap();
    let broken = cut_off(&open[..open.len() / 2]);
    let found = inspect(broken, Keys::default(), true, Meter::default()).await;
    assert_eq!((found.unread.as_deref(), found.stopped), (Some("the line is cut"), None));
}

/// Yields these bytes, then an error.
fn cut_off(bytes: &[u8]) -> impl tokio::io::AsyncRead + Unpin + Send + '_ {
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
    bytes.chain(Cut)
}
