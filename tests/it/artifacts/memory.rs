//! How much of an upload is in memory: what the source has given minus what the store has taken.

use crate::support::artifacts::key;
use crate::support::buckets::{S3Server, quick};
use drillbell::artifacts::{Patience, PutOptions};
use drillbell::clock::Clock;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};

const MIB: u64 = 1024 * 1024;

/// Yields zeros, and notes the most that was given but not yet taken.
struct Metered {
    left: u64,
    given: u64,
    taken: Arc<AtomicU64>,
    most: u64,
}

impl AsyncRead for Metered {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        let now = self.left.min(buf.remaining() as u64);
        buf.put_slice(&vec![0; usize::try_from(now).unwrap()]);
        self.left -= now;
        self.given += now;
        self.most = self.most.max(self.given - self.taken.load(Ordering::SeqCst));
        Poll::Ready(Ok(()))
    }
}

/// A server's body that counts: what has gone through it has been taken.
async fn counting(upstream: &str, taken: Arc<AtomicU64>) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let upstream = upstream.trim_start_matches("http://").to_owned();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = tokio::net::TcpStream::connect(&upstream).await.unwrap();
            let (mut from_client, mut to_client) = client.into_split();
            let (mut from_server, mut to_server) = server.into_split();
            let taken = taken.clone();
            tokio::spawn(async move {
                let mut buffer = vec![0; 64 * 1024];
                while let Ok(n @ 1..) = from_client.read(&mut buffer).await {
                    taken.fetch_add(n as u64, Ordering::SeqCst);
                    if tokio::io::AsyncWriteExt::write_all(&mut to_server, &buffer[..n]).await.is_err() {
                        return;
                    }
                }
            });
            tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
        }
    });
    endpoint
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_megabytes_go_up_and_down_through_a_few() {
    let server = S3Server::s3s().await;
    let taken = Arc::new(AtomicU64::new(0));
    let endpoint = counting(&server.endpoint, taken.clone()).await;
    // The server needs its time to put all of it together.
    let patience = Patience { in_flight_bytes: 10 * MIB, answer: Duration::from_secs(300), ..quick() };
    let artifacts = server.artifacts_at(&endpoint, patience, Clock::system());
    let mut source = Metered { left: 200 * MIB, given: 0, taken, most: 0 };
    let options = PutOptions { size_hint: Some(200 * MIB), ..PutOptions::default() };
    let stored = artifacts.put(&key("a"), &mut source, &options).await.unwrap();
    assert_eq!(stored.size, 200 * MIB);
    // Two parts on their way, one being filled.
    assert!(source.most <= 16 * MIB, "{} MiB were held", source.most / MIB);

    let (meta, mut reader) = artifacts.get_verified(&key("a")).await.unwrap();
    let (mut buffer, mut seen) = (vec![0; 64 * 1024], 0);
    while let n @ 1.. = reader.read(&mut buffer).await.unwrap() {
        seen += n as u64;
    }
    assert_eq!((meta.size, seen), (200 * MIB, 200 * MIB));
}
