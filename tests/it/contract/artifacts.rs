//! What every artifact store must do: in a folder, in s3s-fs, in moto.

use crate::support::artifacts::{bytes, folder, key, put, read};
use crate::support::buckets::{PART, S3Server};
use drillbell::artifacts::{Artifacts, Key, Kind, PutOptions};
use futures::{StreamExt, TryStreamExt};
use sha2::{Digest, Sha256};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};

/// Runs a test on each of the three; with the bytes of a part.
async fn everywhere(test: impl AsyncFn(Artifacts, usize)) {
    let (_guard, in_folder) = folder();
    test(in_folder, PART).await;
    for server in [S3Server::s3s().await, S3Server::moto().await] {
        test(server.artifacts(), server.part).await;
    }
}

async fn names(artifacts: &Artifacts, prefix: &str) -> Vec<String> {
    let listed: Vec<_> = artifacts.list(prefix).try_collect().await.unwrap();
    listed.into_iter().map(|item| item.key.to_string()).collect()
}

/// A source that fails after its bytes.
struct Failing<'a>(&'a [u8]);

impl AsyncRead for Failing<'_> {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        if self.0.is_empty() {
            return Poll::Ready(Err(std::io::Error::other("pg_dump ended with 1")));
        }
        let (now, later) = self.0.split_at(self.0.len().min(buf.remaining()));
        buf.put_slice(now);
        self.0 = later;
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn what_is_put_comes_back_byte_for_byte_with_its_checksum_and_notes() {
    everywhere(async |artifacts, part| {
        for (n, size) in [0, 1, part - 1, part, part + 1, 3 * part, 3 * part + 7].into_iter().enumerate() {
            let (name, bytes) = (format!("backups/main/{n}.dump"), bytes(size, n as u8));
            let metadata = [("server-version".to_owned(), "16.4 (Debian)".to_owned())].into_iter().collect();
            let options = PutOptions { metadata, size_hint: Some(size as u64), media: Some("text/plain") };
            let stored = artifacts.put(&key(&name), &mut bytes.as_slice(), &options).await.unwrap();
            let sha256 = hex::encode(Sha256::digest(&bytes));
            assert_eq!((stored.size, &stored.sha256), (size as u64, &sha256), "{name}");
            let head = artifacts.head(&key(&name)).await.unwrap();
            assert_eq!(
                (head.size, head.sha256.as_ref(), &head.metadata),
                (size as u64, Some(&sha256), &options.metadata)
            );
            assert!(head.modified_ms > 1_700_000_000_000, "{}", head.modified_ms);
            let (meta, back) = read(&artifacts, &name).await.unwrap();
            assert!(back == bytes && meta == head, "{name} in {}", artifacts.shown());
            let (_, mut reader) = artifacts.get(&key(&name)).await.unwrap();
            let mut unverified = Vec::new();
            reader.read_to_end(&mut unverified).await.unwrap();
            assert!(unverified == bytes);
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_put_again_replaces_the_former_with_its_checksum() {
    everywhere(async |artifacts, part| {
        for (n, size) in [3 * part, 5, 2 * part, 3 * part, 0].into_iter().enumerate() {
            let bytes = bytes(size, n as u8);
            put(&artifacts, "a/same", &bytes).await.unwrap();
            let (meta, back) = read(&artifacts, "a/same").await.unwrap();
            assert!(back == bytes && meta.size == size as u64);
        }
        assert_eq!(names(&artifacts, "").await, ["a/same"], "nothing else shows");
    })
    .await;
}

#[tokio::test]
async fn a_list_has_what_begins_with_the_prefix_in_the_order_of_bytes() {
    everywhere(async |artifacts, _| {
        assert_eq!(names(&artifacts, "").await, [""; 0]);
        let all = ["a-b", "a/1", "a/2/x", "a/2/y", "a0", "b/1"];
        for name in all.iter().rev() {
            put(&artifacts, name, b"x").await.unwrap();
        }
        assert_eq!(names(&artifacts, "").await, all);
        assert_eq!(names(&artifacts, "a").await, all[..5]);
        assert_eq!(names(&artifacts, "a/").await, all[1..4]);
        assert_eq!(names(&artifacts, "a/2").await, all[2..4]);
        assert_eq!(names(&artifacts, "a/2/x").await, ["a/2/x"]);
        assert_eq!(names(&artifacts, "nothing/here").await, [""; 0]);
        for wrong in ["../", "/", "a//b", ".drillbell"] {
            let said = artifacts.list(wrong).next().await.expect("an error").unwrap_err();
            assert_eq!(said.kind, Kind::Key, "{wrong}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_list_goes_on_over_many_pages() {
    let artifacts = S3Server::moto().await.artifacts();
    let all: Vec<String> = (0..1005).map(|n| format!("many/{n:04}")).collect();
    let puts = all.iter().map(|name| put(&artifacts, name, b"x"));
    futures::stream::iter(puts).buffer_unordered(16).try_collect::<Vec<_>>().await.unwrap();
    assert_eq!(names(&artifacts, "many/").await, all);
    let keys: Vec<Key> = all.iter().map(|name| key(name)).collect();
    artifacts.delete_many(&keys).await.unwrap();
    assert_eq!(names(&artifacts, "").await, [""; 0]);
}

#[tokio::test]
async fn what_is_deleted_is_gone_and_may_be_gone_before() {
    everywhere(async |artifacts, part| {
        for name in ["a/one", "a/two", "a/two/below", "b"] {
            // On a file system a name cannot be a folder as well; a bucket does not mind.
            let put = put(&artifacts, name, &bytes(2 * part, 1)).await;
            assert!(put.is_ok() || name == "a/two/below", "{put:?}");
        }
        artifacts.delete(&key("a/two")).await.unwrap();
        artifacts.delete(&key("a/two")).await.unwrap();
        let missing = read(&artifacts, "a/two").await.unwrap_err();
        assert_eq!(missing.kind, Kind::NotFound);
        assert_eq!(artifacts.head(&key("a/two")).await.unwrap_err().kind, Kind::NotFound);
        artifacts.delete_many(&["a/one", "never/was", "a/two/below"].map(key)).await.unwrap();
        assert_eq!(names(&artifacts, "").await, ["b"]);
        assert!(read(&artifacts, "b").await.is_ok(), "another's checksum stays");
    })
    .await;
}

#[tokio::test]
async fn a_source_that_fails_leaves_what_was_there_and_no_parts() {
    let servers = [S3Server::s3s().await, S3Server::moto().await];
    let (_guard, in_folder) = folder();
    let mut all: Vec<_> = servers.iter().map(|server| (server.artifacts(), server.part)).collect();
    all.push((in_folder, PART));
    for (artifacts, part) in &all {
        let before = bytes(100, 1);
        put(artifacts, "a/old", &before).await.unwrap();
        for size in [0, 10, *part, 2 * part + 3] {
            for name in ["a/old", "a/new"] {
                let bytes = bytes(size, 2);
                let failed = artifacts.put(&key(name), &mut Failing(&bytes), &PutOptions::default()).await.unwrap_err();
                assert_eq!(failed.kind, Kind::Source);
                assert!(failed.to_string().contains("pg_dump ended with 1"), "{failed}");
            }
        }
        assert!(read(artifacts, "a/old").await.unwrap().1 == before);
        assert_eq!(names(artifacts, "").await, ["a/old"]);
    }
    for server in &servers {
        assert_eq!(server.open_uploads().await, 0);
    }
}

#[tokio::test]
async fn a_probe_writes_reads_and_deletes_and_leaves_nothing() {
    everywhere(async |artifacts, _| {
        put(&artifacts, "a", b"x").await.unwrap();
        artifacts.probe().await.unwrap();
        assert_eq!(names(&artifacts, "").await, ["a"]);
    })
    .await;
}

#[tokio::test]
async fn two_writers_of_one_name_leave_one_whole_artifact() {
    // s3s-fs keeps notes and bytes apart, each for the last writer.
    let (_guard, in_folder) = folder();
    for artifacts in [in_folder, S3Server::moto().await.artifacts()] {
        let (ones, twos) = (bytes(2 * PART, 1), bytes(PART + 5, 2));
        for _ in 0..5 {
            let (one, two) = tokio::join!(put(&artifacts, "a/same", &ones), put(&artifacts, "a/same", &twos));
            one.unwrap();
            two.unwrap();
            // The checksums of both are kept, each for its own.
            let (_, back) = read(&artifacts, "a/same").await.unwrap();
            assert!(back == ones || back == twos);
        }
    }
}
