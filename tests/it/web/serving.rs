//! Connections: stopping with requests in hand, clients that dawdle.

use crate::support::web::TestWeb;
use drillbell::web::{self, Pace};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// Nothing is measured by it: the tests wait for what happens when it is over.
const SHORT: Pace = Pace { headers: Duration::from_millis(100), drain: Duration::from_millis(100) };

#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_bot_says_of_a_command_in_hand_that_it_goes_on() {
    let mut web = TestWeb::start().await;
    let sending = tokio::spawn(web.post("/api/v1/commands", json!({"text": "/hold"})).send());
    web.seen.recv().await.unwrap();
    web.stop.cancel();
    let answer = sending.await.unwrap().unwrap();
    assert_eq!(answer.status(), 202);
    let delivery = answer.json::<Value>().await.unwrap()["delivery"].as_str().unwrap().to_owned();
    assert_eq!(web.store.open_under(&delivery.as_str().into()).await.unwrap(), 1, "it is durable");
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_on_the_line_is_turned_down_and_the_next_request_is_served() {
    let web = TestWeb::start().await;
    let address = web.address.trim_start_matches("http://").to_owned();
    let endless = format!("GET / HTTP/1.1\r\nx: {}\r\n", "y".repeat(100_000));
    for garbage in ["\0\0\0\0\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "nonsense\r\n\r\n", endless.as_str()] {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        let _ = stream.write_all(garbage.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    assert_eq!(web.client.get(web.url("/healthz")).send().await.unwrap().status(), 200);
    web.end().await;
}

#[tokio::test]
async fn a_client_that_never_ends_its_headers_is_let_go() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let serving = tokio::spawn(web::serve_at(SHORT, listener, axum::Router::new(), stop.clone()));
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    stop.cancel();
    serving.await.unwrap();
}

#[tokio::test]
async fn what_does_not_end_in_time_is_cut() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let (began, mut begun) = tokio::sync::mpsc::unbounded_channel();
    let never = axum::routing::get(async move || {
        let _ = began.send(());
        std::future::pending::<()>().await;
    });
    let router = axum::Router::new().route("/", never);
    let serving = tokio::spawn(web::serve_at(SHORT, listener, router, stop.clone()));
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    begun.recv().await.unwrap();
    stop.cancel();
    serving.await.unwrap();
    assert_eq!(stream.read(&mut [0; 1]).await.unwrap_or(0), 0);
}
