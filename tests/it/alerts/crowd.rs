//! Too many at once, and strangers among them: what they are told, and whom they cannot shut out.

use super::http::{batch, home, hook};
use super::{TOKEN, alert};
use crate::support::database::TestDatabase;
use crate::support::process::Process;
use reqwest::Client;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// As many as may be in hand of those whom only a signature vouches for.
const STRANGERS: usize = 16;

/// Somebody who begins to send and never ends; the bot has begun to read.
async fn lingers(process: &Process) -> TcpStream {
    let address = process.url().trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(&address).await.expect("connect");
    let head = format!(
        "POST /hooks/pager HTTP/1.1\r\nhost: {address}\r\ncontent-length: 1000\r\nexpect: 100-continue\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.expect("send");
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 100");
    stream
}

#[test]
fn strangers_who_linger_take_their_own_few_places_and_nobody_elses() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let database = TestDatabase::sqlite();
        let home = home(&database);
        let process = home.start(&[]).await;
        let client = Client::new();
        let mut strangers = Vec::new();
        for _ in 0..STRANGERS {
            strangers.push(lingers(&process).await);
        }
        let busy = hook(&process, &client, "pager").body("{}").send().await.unwrap();
        assert_eq!(busy.status(), 503);
        assert!(busy.headers().contains_key("retry-after"));
        let body = batch(vec![alert("A", "web-1", "firing", "critical")]);
        let known = hook(&process, &client, "prom").bearer_auth(TOKEN).body(body).send().await.unwrap();
        assert_eq!(known.status(), 202, "who shows a token is let in");
        drop(strangers);
        assert!(process.end(false).await.success());
    });
}
