//! What a bucket is set up to do beside keeping copies: on, off, or nobody may ask.

use crate::support::buckets::S3Server;
use drillbell::artifacts::Artifacts;
use drillbell::clock::Clock;
use drillbell::config::artifacts::Expected;
use drillbell::config::{Config, Env};
use std::path::Path;

const ALL: [Expected; 3] = [Expected::Versioning, Expected::Lifecycle, Expected::Replication];

async fn seen(server: &S3Server) -> Vec<String> {
    let text = format!(
        "[artifacts]\nstore = \"s3://{}\"\n[artifacts.s3]\nendpoint = {:?}\nexpect = [\"versioning\", \"lifecycle\", \"replication\"]\n",
        server.bucket, server.endpoint
    );
    let env: Env =
        [("AWS_ACCESS_KEY_ID", "id-of-ours"), ("AWS_SECRET_ACCESS_KEY", "hunter2-hunter2")].into_iter().collect();
    let config = Config::parse(&text, Path::new("/x/drillbell.toml"), &env).unwrap();
    assert_eq!(config.artifacts.s3.expect, ALL);
    let found = Artifacts::new(&config.artifacts, Clock::system()).presence(&config.artifacts.s3.expect).await;
    found.iter().map(|found| format!("{} {}", found.what.as_str(), found.verdict.as_str())).collect()
}

/// Sets a bucket up, as its owner does.
async fn put(server: &S3Server, what: &str, body: &str) {
    let url = format!("{}/{}?{what}", server.endpoint, server.bucket);
    let answer = reqwest::Client::new().put(url).body(body.to_owned()).send().await.unwrap();
    assert!(answer.status().is_success(), "{what}: {}", answer.text().await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_bucket_does_is_told_from_what_it_does_not() {
    let server = S3Server::moto().await;
    assert_eq!(seen(&server).await, ["versioning fail", "lifecycle fail", "replication fail"]);
    put(&server, "versioning", "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>").await;
    let rule = "<Rule><ID>a</ID><Filter><Prefix></Prefix></Filter><Status>STATUS</Status><Expiration><Days>30</Days></Expiration></Rule>";
    let lifecycle =
        |status: &str| format!("<LifecycleConfiguration>{}</LifecycleConfiguration>", rule.replace("STATUS", status));
    put(&server, "lifecycle", &lifecycle("Disabled")).await;
    assert_eq!(seen(&server).await, ["versioning pass", "lifecycle fail", "replication fail"]);
    put(&server, "lifecycle", &lifecycle("Enabled")).await;
    assert_eq!(seen(&server).await, ["versioning pass", "lifecycle pass", "replication fail"]);
    put(&server, "versioning", "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>").await;
    assert_eq!(seen(&server).await[0], "versioning fail");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_asked_is_unknown_and_neither_good_nor_bad() {
    // This make of server knows none of these questions.
    let server = S3Server::s3s().await;
    let seen = seen(&server).await;
    assert_eq!(seen[1..], ["lifecycle unknown", "replication unknown"], "{seen:?}");
    let folder = Config::parse("", Path::new("/x/drillbell.toml"), &Env::none()).unwrap();
    let found = Artifacts::new(&folder.artifacts, Clock::system()).presence(&ALL).await;
    assert!(
        found.iter().all(|found| found.verdict.as_str() == "unknown" && found.sentence.contains("no bucket")),
        "{found:?}"
    );
}
