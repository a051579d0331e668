//! Uploads through a proxy that refuses, breaks off and lies.

use crate::support::artifacts::{bytes, key, put, read};
use crate::support::buckets::{PART, S3Server, quick};
use crate::support::eventually;
use crate::support::faults::{Asked, Fault, Proxy};
use drillbell::artifacts::{Artifacts, Kind, Patience, PutOptions};
use drillbell::clock::{Clock, rfc3339};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// A store behind a proxy with a plan.
async fn behind(server: &S3Server, plan: impl Fn(&Asked) -> Fault + Send + Sync + 'static) -> (Proxy, Artifacts) {
    let proxy = Proxy::start(&server.endpoint, plan).await;
    let artifacts = server.artifacts_at(&proxy.endpoint, quick(), Clock::system());
    (proxy, artifacts)
}

/// The first `times` requests that fit are hit.
fn first(times: u32, fits: fn(&Asked) -> bool, fault: Fault) -> impl Fn(&Asked) -> Fault + Send + Sync {
    let seen = AtomicU32::new(0);
    move |asked| if fits(asked) && seen.fetch_add(1, Ordering::SeqCst) < times { fault } else { Fault::None }
}

#[tokio::test]
async fn what_fails_now_and_then_is_tried_again_and_comes_out_whole() {
    for server in [S3Server::s3s().await, S3Server::moto().await] {
        let faults = [
            Fault::Status(500, "InternalError"),
            Fault::Status(503, "SlowDown"),
            Fault::DropRequest,
            Fault::DropAnswer,
        ];
        for fault in faults {
            for fits in [Asked::is_part, |asked: &Asked| asked.method == "PUT", |asked: &Asked| asked.n > 2] {
                let (proxy, artifacts) = behind(&server, first(3, fits, fault)).await;
                for (name, size) in [("large", 2 * server.part + 9), ("small", 100)] {
                    let bytes = bytes(size, 3);
                    put(&artifacts, name, &bytes).await.unwrap_or_else(|error| panic!("{fault:?}: {error}"));
                    assert!(read(&server.artifacts(), name).await.unwrap().1 == bytes, "{fault:?}");
                }
                assert!(proxy.log.lock().unwrap().iter().any(|(_, done)| *done == fault), "the fault was met");
            }
        }
        assert_eq!(server.open_uploads().await, 0);
    }
}

#[tokio::test]
async fn what_keeps_failing_ends_in_a_clear_failure_and_leaves_nothing() {
    for server in [S3Server::s3s().await, S3Server::moto().await] {
        let clean = server.artifacts();
        put(&clean, "a/old", b"old").await.unwrap();
        let cases = [
            (Fault::Status(500, "InternalError"), Kind::Unavailable { retryable: true }),
            (Fault::Status(503, "SlowDown"), Kind::Unavailable { retryable: true }),
            (Fault::Status(403, "AccessDenied"), Kind::Denied),
            (Fault::Status(507, "XMinioStorageFull"), Kind::Full),
            (Fault::DropRequest, Kind::Unavailable { retryable: true }),
        ];
        for (fault, kind) in cases {
            for fits in [Asked::is_part, Asked::is_assembly, |asked: &Asked| asked.method == "PUT"] {
                let (proxy, artifacts) = behind(&server, first(u32::MAX, fits, fault)).await;
                let failed = put(&artifacts, "a/old", &bytes(2 * server.part, 1)).await.unwrap_err();
                assert_eq!(failed.kind, kind, "{failed}");
                assert!(failed.to_string().starts_with("cannot "), "{failed}");
                let tries = proxy.log.lock().unwrap().iter().filter(|(_, done)| *done == fault).count();
                assert!(tries <= 4 * 5, "bounded: {tries}");
                assert!(read(&clean, "a/old").await.unwrap().1 == b"old", "{fault:?}");
            }
        }
        assert_eq!(server.open_uploads().await, 0);
    }
}

#[tokio::test]
async fn an_assembly_whose_answer_is_lost_is_recognised_as_done() {
    for server in [S3Server::s3s().await, S3Server::moto().await] {
        let (_, artifacts) = behind(&server, first(u32::MAX, Asked::is_assembly, Fault::DropAnswer)).await;
        let bytes = bytes(2 * server.part, 1);
        put(&artifacts, "a", &bytes).await.unwrap();
        assert!(read(&server.artifacts(), "a").await.unwrap().1 == bytes);
    }
}

#[tokio::test]
async fn a_part_acknowledged_under_another_etag_is_not_assembled() {
    // s3s-fs does not look at the ETags of the parts that it assembles: what it then has is whole.
    let server = S3Server::s3s().await;
    let (_, artifacts) = behind(&server, first(1, Asked::is_part, Fault::WrongETag)).await;
    let whole = bytes(2 * server.part, 1);
    put(&artifacts, "a", &whole).await.unwrap();
    assert!(read(&server.artifacts(), "a").await.unwrap().1 == whole);
    let server = S3Server::moto().await;
    let (proxy, artifacts) = behind(&server, first(1, Asked::is_part, Fault::WrongETag)).await;
    let failed = put(&artifacts, "a", &bytes(3 * PART, 1)).await.unwrap_err();
    assert_eq!(failed.kind, Kind::Refused, "{failed}");
    assert_eq!(server.artifacts().head(&key("a")).await.unwrap_err().kind, Kind::NotFound);
    assert_eq!((server.open_uploads().await, proxy.count(Asked::is_abort)), (0, 1));
}

#[tokio::test]
async fn a_store_that_stands_still_is_given_up_in_time() {
    for server in [S3Server::s3s().await, S3Server::moto().await] {
        let proxy = Proxy::start(&server.endpoint, |asked| match asked.is_assembly() {
            true => Fault::Stall(0),
            false => Fault::None,
        })
        .await;
        let patience = Patience { answer: Duration::from_secs(5), attempts: 2, ..quick() };
        let artifacts = server.artifacts_at(&proxy.endpoint, patience, Clock::system());
        let bytes = bytes(3 * server.part, 1);
        // It was done, although nobody said so.
        put(&artifacts, "a", &bytes).await.unwrap();
        assert!(read(&server.artifacts(), "a").await.unwrap().1 == bytes);
        let nowhere = server.artifacts_at("http://127.0.0.1:1", quick(), Clock::system());
        let failed = put(&nowhere, "a", &bytes).await.unwrap_err();
        assert_eq!(failed.kind, Kind::Unavailable { retryable: true });
        assert!(failed.to_string().contains("refused"), "{failed}");
    }
}

#[tokio::test]
async fn an_upload_that_nobody_waits_for_any_more_takes_its_parts_back() {
    for server in [S3Server::s3s().await, S3Server::moto().await] {
        let artifacts = server.artifacts();
        let (mut pipe, mut source) = tokio::io::duplex(PART);
        let upload = tokio::spawn(async move { artifacts.put(&key("a"), &mut source, &PutOptions::default()).await });
        tokio::io::AsyncWriteExt::write_all(&mut pipe, &bytes(3 * server.part, 1)).await.unwrap();
        eventually("an upload has begun", async || (server.open_uploads().await > 0).then_some(())).await;
        upload.abort();
        eventually("its parts are gone", async || (server.open_uploads().await == 0).then_some(())).await;
        assert_eq!(server.artifacts().head(&key("a")).await.unwrap_err().kind, Kind::NotFound);
    }
}

#[tokio::test]
async fn what_a_killed_process_left_is_swept_when_nobody_can_be_working_on_it() {
    // s3s-fs cannot say which uploads were begun.
    let server = S3Server::moto().await;
    let clock = Clock::manual(Clock::system().now_ms());
    // moto says of every upload that it was begun in 2010.
    let begun: &'static str = Box::leak(rfc3339(clock.now_ms()).into_boxed_str());
    let said = Fault::Replace("2010-11-10T20:48:33.000Z", begun);
    let today = Proxy::start(&server.endpoint, move |asked| match asked.target.contains("uploads") {
        true => said,
        false => Fault::None,
    })
    .await;
    let artifacts = server.artifacts_at(&today.endpoint, quick(), clock.clone());
    // As a kill would: the parts are there, and nobody can take them back.
    let (proxy, doomed) = behind(&server, |asked| match asked.is_assembly() || asked.method == "DELETE" {
        true => Fault::DropRequest,
        false => Fault::None,
    })
    .await;
    put(&doomed, "a/dead", &bytes(3 * PART, 1)).await.unwrap_err();
    put(&artifacts, "a/alive", &bytes(3 * PART, 2)).await.unwrap();
    assert_eq!((server.open_uploads().await, proxy.count(Asked::is_abort) > 0), (1, true));
    assert_eq!(artifacts.sweep().await.unwrap(), 0, "it may still be running");
    clock.advance(50 * 3_600_000);
    assert_eq!(artifacts.sweep().await.unwrap(), 2, "the parts, and the checksum");
    assert_eq!((server.open_uploads().await, artifacts.sweep().await.unwrap()), (0, 0));
    assert!(read(&artifacts, "a/alive").await.is_ok());
}

#[tokio::test]
async fn what_is_known_to_be_dead_is_abandoned_at_once_and_nothing_else() {
    let server = S3Server::moto().await;
    let artifacts = server.artifacts();
    let (_, doomed) = behind(&server, |asked| match asked.is_assembly() || asked.method == "DELETE" {
        true => Fault::DropRequest,
        false => Fault::None,
    })
    .await;
    for name in ["a/dead", "a/alive", "b/dead"] {
        put(&doomed, name, &bytes(3 * PART, 1)).await.unwrap_err();
    }
    assert_eq!(artifacts.begun("a/").await.unwrap(), [key("a/alive"), key("a/dead")]);
    assert_eq!(artifacts.abandon("a/", &|key| key.as_str().ends_with("dead")).await.unwrap(), 2, "parts and checksum");
    assert_eq!(artifacts.begun("").await.unwrap(), [key("a/alive"), key("b/dead")]);
    put(&artifacts, "a/whole", &bytes(3 * PART, 2)).await.unwrap();
    assert_eq!(artifacts.abandon("", &|_| true).await.unwrap(), 4);
    assert!(read(&artifacts, "a/whole").await.is_ok(), "its checksum is in use");
    // s3s-fs cannot say which uploads were begun, and says so.
    let cannot = S3Server::s3s().await.artifacts().abandon("a/", &|_| true).await.unwrap_err();
    assert!(cannot.to_string().starts_with("cannot list the uploads of "), "{cannot}");
}

#[tokio::test]
async fn whatever_happens_at_random_there_is_never_half_an_artifact() {
    let server = S3Server::moto().await;
    let clean = server.artifacts();
    let (mut stored, mut failed) = (0, 0);
    for seed in 0..60_u32 {
        let (_, artifacts) = behind(&server, move |asked| {
            let dice = (seed * 977 + asked.n * 131).wrapping_mul(2_654_435_761) >> 16;
            match dice % 10 {
                0 => Fault::Status(500, "InternalError"),
                1 => Fault::Status(503, "SlowDown"),
                2 => Fault::DropRequest,
                3 => Fault::DropAnswer,
                4 if seed % 3 == 0 => Fault::Status(403, "AccessDenied"),
                5 => Fault::Truncate((dice % 97) as usize),
                _ => Fault::None,
            }
        })
        .await;
        let name = format!("random/{}", seed % 7);
        let before = read(&clean, &name).await.ok().map(|(_, bytes)| bytes);
        let now = bytes(seed as usize % 5 * PART + 100, seed as u8);
        let put = put(&artifacts, &name, &now).await;
        let after = read(&clean, &name).await.map(|(_, bytes)| bytes);
        match (&put, after) {
            (Ok(_), Ok(after)) => assert!(after == now, "seed {seed}: stored, but not that"),
            (Err(_), Ok(after)) => assert!(after == now || Some(after) == before, "seed {seed}: neither old nor new"),
            (Err(_), Err(after)) => assert!(after.kind == Kind::NotFound && before.is_none(), "seed {seed}: {after}"),
            (Ok(_), Err(after)) => panic!("seed {seed}: stored, and {after}"),
        }
        *(if put.is_ok() { &mut stored } else { &mut failed }) += 1;
    }
    assert!(stored > 5 && failed > 5, "{stored} stored, {failed} failed: both are to be seen");
}
