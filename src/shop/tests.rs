//! The shop's folder and pages, without a process of its own.

use super::folder::{Fault, Shop};
use super::pages::{Serving, router};
use super::release::{BAD, GOOD, Release};
use axum::Router;
use proptest::prelude::*;
use std::future::IntoFuture;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

fn laid() -> (tempfile::TempDir, Shop) {
    let folder = tempfile::tempdir().unwrap();
    let shop = Shop::at(folder.path().to_owned());
    shop.lay().unwrap();
    (folder, shop)
}

#[test]
fn what_was_laid_or_changed_stays_as_it_is() {
    let (folder, shop) = laid();
    let port = shop.port().unwrap();
    assert_eq!((shop.release().unwrap().version.as_str(), shop.fault()), (GOOD, None));
    shop.switch("v1").unwrap();
    let file = folder.path().join("releases/v1/release.toml");
    std::fs::write(&file, std::fs::read_to_string(&file).unwrap().replace("= 20 ", "= 30 ")).unwrap();
    shop.lay().unwrap();
    let release = shop.release().unwrap();
    assert_eq!((release.version.as_str(), release.delay_ms, shop.port().unwrap()), ("v1", 30, port));
    assert_eq!(std::fs::read_link(folder.path().join("current")).unwrap().to_str(), Some("releases/v1"));
}

#[test]
fn a_release_that_cannot_be_read_is_no_good() {
    let (folder, shop) = laid();
    std::fs::write(folder.path().join("releases/v2/release.toml"), "version = 2").unwrap();
    assert_eq!(shop.fault(), Some(Fault::Release));
    std::fs::remove_dir_all(folder.path().join("releases/v2")).unwrap();
    assert_eq!(shop.fault(), Some(Fault::Release));
}

#[tokio::test]
async fn what_is_wrong_is_seen_on_its_pages_and_in_its_numbers() {
    let (_folder, shop) = laid();
    let release = shop.release().unwrap();
    let pages = router(Serving::new(shop.clone(), release.clone()));
    assert!(ask(&pages, "/").await.ends_with("The shop, release v2: kites, drums and spinning tops.\n"));
    for (path, status) in [("/healthz", "200"), ("/readyz", "200"), ("/nowhere", "404")] {
        assert!(ask(&pages, path).await.starts_with(&format!("HTTP/1.1 {status}")), "{path}");
    }
    shop.break_it(Fault::Errors).await.unwrap();
    assert_eq!(shop.fault(), Some(Fault::Errors));
    let answers = [ask(&pages, "/").await, ask(&pages, "/").await];
    assert_eq!(answers.iter().filter(|answer| answer.starts_with("HTTP/1.1 500")).count(), 1, "{answers:?}");
    let numbers = ask(&pages, "/metrics").await;
    for line in [
        "shop_info{version=\"v2\"} 1",
        "shop_requests_total{status=\"200\"} 2",
        "shop_requests_total{status=\"500\"} 1",
        "shop_request_duration_seconds_count 3",
    ] {
        assert!(numbers.contains(line), "{line}: {numbers}");
    }
    shop.break_it(Fault::Slow).await.unwrap();
    assert_eq!((shop.fault(), shop.behaviour(&release).delay_ms), (Some(Fault::Slow), 1500));
}

#[tokio::test]
async fn the_bad_release_fails_every_page_and_is_not_ready() {
    let (_folder, shop) = laid();
    let bad = Release::parse(super::release::V3).unwrap();
    assert!(bad.version == BAD && bad.is_bad());
    let pages = router(Serving::new(shop, bad));
    for (path, status) in [("/", "500"), ("/readyz", "503"), ("/healthz", "200")] {
        assert!(ask(&pages, path).await.starts_with(&format!("HTTP/1.1 {status}")), "{path}");
    }
}

/// The whole answer of a page.
async fn ask(pages: &Router, path: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(axum::serve(listener, pages.clone()).into_future());
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    serving.abort();
    answer
}

proptest! {
    #[test]
    fn of_a_hundred_pages_as_many_fail_as_the_release_says(errors in 0_u64..200, from in 0_u64..1_000_000) {
        let release = Release { version: "v".to_owned(), errors, delay_ms: 0, ready: true };
        let failed = (from..from + 100).filter(|number| release.fails(*number)).count();
        prop_assert_eq!(failed as u64, errors.min(100));
    }

    #[test]
    fn no_text_makes_a_release_panic(text in "\\PC{0,80}|((version|errors|ready) = (\"v\"|1|-1|true)\n){0,4}") {
        let _ = Release::parse(&text);
    }
}
