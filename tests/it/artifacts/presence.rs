//! What a bucket is set up to do beside keeping copies: on, off, or nobody may ask.

use crate::support::buckets::S3Server;
use drillbell::artifacts::Artifacts;
use drillbell::clock::Clock;
use drillbell::config::artifacts::Expected;
use drillbell::config::{Config, Env};
use std::path::Path;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const ALL: [Expected; 3] = [Expected::Versioning, Expected::Lifecycle, Expected::Replication];
const LIFECYCLE: &str = "<LifecycleConfiguration><Rule><Filter><Prefix></Prefix></Filter><Status>Enabled</Status>\
                         <Expiration><Days>30</Days></Expiration></Rule></LifecycleConfiguration>";
const REPLICATION: &str = "<ReplicationConfiguration><Role>arn:aws:iam::1:role/r</Role><Rule><Status>Enabled</Status>\
                           <Destination><Bucket>arn:aws:s3:::there</Bucket></Destination></Rule></ReplicationConfiguration>";

async fn seen(endpoint: &str) -> Vec<String> {
    let text = format!(
        "[artifacts]\nstore = \"s3://artifacts\"\n[artifacts.s3]\nendpoint = {endpoint:?}\nexpect = [\"versioning\", \"lifecycle\", \"replication\"]\n"
    );
    let keys = [("AWS_ACCESS_KEY_ID", "id-of-ours"), ("AWS_SECRET_ACCESS_KEY", "hunter2-hunter2")];
    let env: Env = keys.into_iter().collect();
    let config = Config::parse(&text, Path::new("/x/drillbell.toml"), &env).unwrap();
    assert_eq!(config.artifacts.s3.expect, ALL);
    let found = Artifacts::new(&config.artifacts, Clock::system()).presence(&config.artifacts.s3.expect).await;
    found
        .iter()
        .map(|found| format!("{} {}: {}", found.what.as_str(), found.verdict.as_str(), found.sentence))
        .collect()
}

/// A bucket that answers each question with this status and body.
async fn bucket(versioning: (u16, &str), lifecycle: (u16, &str), replication: (u16, &str)) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let answers = [("?versioning", versioning), ("?lifecycle", lifecycle), ("?replication", replication)]
        .map(|(question, (status, body))| (question, status, body.to_owned()));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.windows(4).any(|end| end == b"\r\n\r\n") && stream.read_buf(&mut head).await.unwrap_or(0) > 0 {}
            let line = String::from_utf8_lossy(&head).lines().next().unwrap_or_default().to_owned();
            let (_, status, body) = answers.iter().find(|(question, ..)| line.contains(question)).unwrap();
            let answer = format!(
                "HTTP/1.1 {status} x\r\ncontent-type: application/xml\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(answer.as_bytes()).await.ok();
        }
    });
    format!("http://{address}")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_bucket_does_is_told_from_what_it_does_not() {
    let on = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    let all = seen(&bucket((200, on), (200, LIFECYCLE), (200, REPLICATION)).await).await;
    insta::assert_snapshot!(all.join("\n"), @"
    versioning pass: versioning is on for s3://artifacts
    lifecycle pass: lifecycle is on for s3://artifacts
    replication pass: replication is on for s3://artifacts
    ");
    let [no_lifecycle, no_replication] = ["NoSuchLifecycleConfiguration", "ReplicationConfigurationNotFoundError"]
        .map(|code| format!("<Error><Code>{code}</Code><Message>none</Message></Error>"));
    let none =
        seen(&bucket((200, "<VersioningConfiguration/>"), (404, &no_lifecycle), (404, &no_replication)).await).await;
    insta::assert_snapshot!(none.join("\n"), @"
    versioning fail: versioning is off for s3://artifacts: what is overwritten or deleted there is gone
    lifecycle fail: no lifecycle rule is on for s3://artifacts: old versions and broken uploads stay for good
    replication fail: no replication rule is on for s3://artifacts: all copies are in one place
    ");
    // What is written down and switched off does nothing.
    let suspended = on.replace("Enabled", "Suspended");
    let [lifecycle, replication] = [LIFECYCLE, REPLICATION].map(|text| text.replace("Enabled", "Disabled"));
    let off = seen(&bucket((200, &suspended), (200, &lifecycle), (200, &replication)).await).await;
    assert!(off.iter().all(|line| line.contains(" fail: ")), "{off:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_asked_is_unknown_and_neither_good_nor_bad() {
    let denied = (403, "<Error><Code>AccessDenied</Code><Message>no</Message></Error>");
    let all = seen(&bucket(denied, denied, denied).await).await;
    assert!(all.iter().all(|line| line.contains(" unknown: ") && line.contains("AccessDenied")), "{all:?}");
    // This make of server knows none of these questions but the first.
    let server = S3Server::s3s().await;
    let all = seen(&server.endpoint).await;
    assert!(all[1].starts_with("lifecycle unknown") && all[2].starts_with("replication unknown"), "{all:?}");
    let folder = Config::parse("", Path::new("/x/drillbell.toml"), &Env::none()).unwrap();
    let found = Artifacts::new(&folder.artifacts, Clock::system()).presence(&ALL).await;
    assert!(
        found.iter().all(|found| found.verdict.as_str() == "unknown" && found.sentence.contains("no bucket")),
        "{found:?}"
    );
}
