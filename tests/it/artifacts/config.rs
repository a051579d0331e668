//! What is configured reaches the bucket, and the doctor's look at the store.

use crate::support::artifacts::{bytes, key};
use crate::support::buckets::{PART, S3Server, quick};
use crate::support::faults::{Fault, Proxy};
use drillbell::artifacts::{Artifacts, Bucket, Kind, Patience, PutOptions};
use drillbell::clock::Clock;
use drillbell::config::artifacts::ArtifactPlace;
use drillbell::config::{Config, Env};
use std::path::Path;

#[tokio::test]
async fn encryption_storage_class_and_notes_are_asked_of_the_bucket() {
    let server = S3Server::moto().await;
    let more = "storage_class = \"STANDARD_IA\"\nsse = \"aws:kms\"\nkms_key = \"alias/ours\"";
    let config = server.config(&server.endpoint, more);
    let ArtifactPlace::Bucket { bucket, prefix } = &config.artifacts.place else { panic!("a bucket") };
    let patience = Patience { part_bytes: PART as u64, unhinted_part_bytes: PART as u64, ..quick() };
    let artifacts = Artifacts::in_bucket(Bucket::new(bucket, prefix, &config.artifacts.s3, patience, Clock::system()));
    for (name, size) in [("small", 10), ("large", 3 * PART)] {
        let metadata = [("target".to_owned(), "main".to_owned())].into_iter().collect();
        let options = PutOptions { metadata, size_hint: None, media: None };
        artifacts.put(&key(name), &mut bytes(size, 1).as_slice(), &options).await.unwrap();
        let headers = server.headers(name).await;
        let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(header("x-amz-storage-class").as_deref(), Some("STANDARD_IA"));
        assert_eq!(header("x-amz-server-side-encryption").as_deref(), Some("aws:kms"));
        assert_eq!(header("x-amz-server-side-encryption-aws-kms-key-id").as_deref(), Some("alias/ours"));
        assert_eq!(header("x-amz-meta-target").as_deref(), Some("main"));
        assert!(header("x-amz-meta-drillbell-put").is_some());
    }
}

#[tokio::test]
async fn a_wrong_key_is_denied_without_being_repeated_and_nothing_is_tried_twice() {
    let server = S3Server::s3s().await;
    let proxy = Proxy::start(&server.endpoint, |_| Fault::None).await;
    let text =
        format!("[artifacts]\nstore = \"s3://{}\"\n[artifacts.s3]\nendpoint = {:?}", server.bucket, proxy.endpoint);
    let env: Env = [("AWS_ACCESS_KEY_ID", "id-of-ours"), ("AWS_SECRET_ACCESS_KEY", "swordfish")].into_iter().collect();
    let config = Config::parse(&text, Path::new("drillbell.toml"), &env).unwrap();
    let artifacts = Artifacts::new(&config.artifacts, Clock::system());
    let error = artifacts.put(&key("a"), &mut &b"x"[..], &PutOptions::default()).await.unwrap_err();
    assert_eq!((error.kind, proxy.count(|_| true)), (Kind::Denied, 1), "{error}");
    assert!(!format!("{error} {error:?} {config:?} {artifacts:?}").contains("swordfish"));
    assert!(artifacts.probe().await.is_err());
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_told_apart_from_an_artifact_that_is_not() {
    let mut server = S3Server::moto().await;
    assert_eq!(server.artifacts().head(&key("a")).await.unwrap_err().kind, Kind::NotFound);
    server.bucket = "nobody-made-this".to_owned();
    let error = server.artifacts().put(&key("a"), &mut &b"x"[..], &PutOptions::default()).await.unwrap_err();
    insta::assert_snapshot!(error, @"cannot store a in s3://nobody-made-this/the/prefix: there is no such bucket; make it, or correct artifacts.store");
}
