//! Downloads through a proxy that breaks off, stands still and lies.

use crate::support::artifacts::{bytes, key, put, read};
use crate::support::buckets::{PART, S3Server, quick};
use crate::support::faults::{Asked, Fault, Proxy};
use drillbell::artifacts::{ArtifactError, Artifacts, Kind, Patience};
use drillbell::clock::Clock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::io::AsyncReadExt;

const SIZE: usize = 12 * PART + 11;

/// A server with one artifact, and the store behind a proxy with a plan for reads.
async fn stored(
    server: &S3Server,
    stall: Duration,
    plan: impl Fn(u32) -> Fault + Send + Sync + 'static,
) -> (Proxy, Artifacts, Vec<u8>) {
    let bytes = bytes(SIZE, 7);
    put(&server.artifacts(), "a", &bytes).await.unwrap();
    let reads = AtomicU32::new(0);
    let plan = move |asked: &Asked| {
        if asked.is_read() { plan(reads.fetch_add(1, Ordering::SeqCst)) } else { Fault::None }
    };
    let proxy = Proxy::start(&server.endpoint, plan).await;
    let patience = Patience { stall, ..quick() };
    let artifacts = server.artifacts_at(&proxy.endpoint, patience, Clock::system());
    (proxy, artifacts, bytes)
}

const LONG: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_download_that_breaks_off_is_taken_up_where_it_was() {
    for server in [S3Server::s3s().await, S3Server::moto().await] {
        let at = |n: u32| [PART, 1, 3 * PART + 17, 0, 2 * PART].get(n as usize).copied();
        let plan = move |n| at(n).map_or(Fault::None, Fault::Truncate);
        let (proxy, artifacts, bytes) = stored(&server, LONG, plan).await;
        assert!(read(&artifacts, "a").await.unwrap().1 == bytes);
        assert_eq!(proxy.count(Asked::is_read), 6, "five breaks, six requests");
    }
}

#[tokio::test]
async fn a_download_that_stands_still_is_cut_and_taken_up() {
    for server in [S3Server::s3s().await, S3Server::moto().await] {
        let plan = |n| if n < 2 { Fault::Stall(PART) } else { Fault::None };
        let (proxy, artifacts, bytes) = stored(&server, Duration::from_millis(200), plan).await;
        assert!(read(&artifacts, "a").await.unwrap().1 == bytes);
        assert_eq!(proxy.count(Asked::is_read), 3, "two stood still");
    }
}

#[tokio::test]
async fn a_download_that_always_stands_still_is_an_error_and_not_a_wait_for_ever() {
    for server in [S3Server::s3s().await, S3Server::moto().await] {
        for standing in [0, PART] {
            let plan = move |n| Fault::Stall(if n == 0 { standing } else { 0 });
            let (_, artifacts, _) = stored(&server, Duration::from_millis(200), plan).await;
            let error = read(&artifacts, "a").await.unwrap_err();
            assert_eq!(error.kind, Kind::Unavailable { retryable: true }, "{error}");
        }
    }
}

#[tokio::test]
async fn a_download_in_dribs_and_drabs_is_slow_and_whole() {
    for server in [S3Server::s3s().await, S3Server::moto().await] {
        let (proxy, artifacts, bytes) = stored(&server, LONG, |_| Fault::Dribble(PART / 3)).await;
        assert!(read(&artifacts, "a").await.unwrap().1 == bytes);
        assert_eq!(proxy.count(Asked::is_read), 1, "slow is not broken");
    }
}

#[tokio::test]
async fn a_download_that_is_forbidden_says_so_and_is_not_tried_again() {
    for server in [S3Server::s3s().await, S3Server::moto().await] {
        let (proxy, artifacts, _) = stored(&server, LONG, |_| Fault::Status(403, "AccessDenied")).await;
        let error = read(&artifacts, "a").await.unwrap_err();
        assert_eq!(error.kind, Kind::Denied, "{error}");
        assert!(error.to_string().starts_with("cannot read a in s3://"), "{error}");
        assert_eq!(proxy.count(Asked::is_read), 1, "asking again changes nothing");
        // In the middle, as when a key is withdrawn: what was read is not taken for all of it.
        let plan = |n| if n == 0 { Fault::Truncate(PART) } else { Fault::Status(403, "AccessDenied") };
        let (proxy, artifacts, _) = stored(&server, LONG, plan).await;
        assert_eq!(read(&artifacts, "a").await.unwrap_err().kind, Kind::Denied);
        assert_eq!(proxy.count(Asked::is_read), 2);
    }
}

#[tokio::test]
async fn a_download_that_never_gets_on_is_an_error_and_not_a_short_success() {
    for server in [S3Server::s3s().await, S3Server::moto().await] {
        let faults = [Fault::Truncate(0), Fault::Truncate(100), Fault::Status(500, "InternalError"), Fault::DropAnswer];
        for fault in faults {
            let plan = move |n| if n == 0 { Fault::Truncate(PART) } else { fault };
            let (_, artifacts, _) = stored(&server, LONG, plan).await;
            let (_, mut reader) = artifacts.get(&key("a")).await.unwrap();
            let mut seen = Vec::new();
            let error = reader.read_to_end(&mut seen).await.expect_err("an error");
            let error = ArtifactError::of(&error).expect("one of ours");
            assert_eq!(error.kind, Kind::Unavailable { retryable: true }, "{error}");
            assert!(seen.len() < SIZE && reader.read(&mut [0]).await.is_err(), "it stays an error");
        }
    }
}

#[tokio::test]
async fn a_download_is_not_pieced_together_from_two_objects() {
    for server in [S3Server::s3s().await, S3Server::moto().await] {
        let (_, artifacts, first) =
            stored(&server, LONG, |n| if n == 0 { Fault::Truncate(PART) } else { Fault::None }).await;
        let (_, mut reader) = artifacts.get(&key("a")).await.unwrap();
        let mut begin = vec![0; PART / 2];
        reader.read_exact(&mut begin).await.unwrap();
        assert!(begin == first[..PART / 2]);
        put(&server.artifacts(), "a", &bytes(SIZE, 9)).await.unwrap();
        let error = reader.read_to_end(&mut Vec::new()).await.expect_err("another object");
        let error = ArtifactError::of(&error).expect("one of ours");
        assert!(error.kind == Kind::Corrupt && error.to_string().contains("replaced"), "{error}");
    }
}

#[tokio::test]
async fn a_resumed_piece_under_another_etag_is_refused() {
    for server in [S3Server::s3s().await, S3Server::moto().await] {
        let plan = |n| if n == 0 { Fault::Truncate(PART) } else { Fault::WrongETag };
        let (_, artifacts, _) = stored(&server, LONG, plan).await;
        assert_eq!(read(&artifacts, "a").await.unwrap_err().kind, Kind::Corrupt);
    }
}

#[tokio::test]
async fn bytes_that_rotted_in_the_store_are_found_by_their_checksum() {
    for server in [S3Server::s3s().await, S3Server::moto().await] {
        let artifacts = server.artifacts();
        for (name, size) in [("small", 100), ("large", server.part + 9)] {
            put(&artifacts, name, &bytes(size, 1)).await.unwrap();
            let mut rotten = bytes(size, 1);
            rotten[size / 2] ^= 1;
            server.rots(name, &rotten).await;
            let error = read(&artifacts, name).await.unwrap_err();
            assert!(error.kind == Kind::Corrupt && error.to_string().contains("SHA-256"), "{error}");
        }
        server.rots("foreign", b"from elsewhere").await;
        let error = read(&artifacts, "foreign").await.unwrap_err();
        let said = error.to_string().replace(&server.bucket, "BUCKET");
        insta::allow_duplicates! {
            insta::assert_snapshot!(said, @"cannot read foreign in s3://BUCKET/the/prefix: no checksum was kept beside it, so that it cannot be verified; do not rely on it, take another copy");
        }
        let (meta, mut reader) = artifacts.get(&key("foreign")).await.unwrap();
        let mut text = String::new();
        reader.read_to_string(&mut text).await.unwrap();
        assert_eq!((text.as_str(), meta.sha256), ("from elsewhere", None));
    }
}
