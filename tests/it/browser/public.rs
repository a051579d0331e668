//! The public status page in a browser that nobody signed in with: how it looks, whether everybody can read it, and that it
//! asks nothing of anybody.

use super::Bell;
use super::accessible::{axe, serious};
use crate::support::browser::{Browser, turn};
use crate::support::database::TestDatabase;
use crate::support::public::{components, maintenance, publish, update};
use drillbell::clock::Clock;
use drillbell::model::incident::Status;
use drillbell::status::ComponentState::{MajorOutage, Operational, PartialOutage};
use drillbell::store::Store;
use serde_json::json;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
const PAGE: &str = "[status]\ntitle = \"Shop status\"\ndescription = \"How the shop and its API are doing.\"\n\
                    [status.components.checkout]\ntitle = \"Checkout\"\ngroup = \"Shop\"\ndescription = \"Carts and payments\"\n\
                    [status.components.search]\ntitle = \"Search\"\ngroup = \"Shop\"\n\
                    [status.components.api]\ntitle = \"Public API\"\n";
/// What somebody might try.
const HOSTILE: &str = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>";

/// A database on which a good deal was published in the last days.
async fn full() -> TestDatabase {
    let database = TestDatabase::sqlite();
    let now_ms = Clock::system().now_ms();
    let clock = Clock::manual(now_ms - 40 * DAY);
    let (store, closing) = Store::open(&database.url, 2, clock.clone()).await.unwrap();
    let until = |at_ms: i64| clock.advance(at_ms - clock.now_ms());
    let all = ["checkout", "search", "api"].map(|name| (name, Operational));
    publish(&store, "p1", [components(&all)]).await;
    until(now_ms - 12 * DAY);
    publish(
        &store,
        "p2",
        [update(1, Status::Investigating, "Search finds nothing", "We look into it.", &[("search", MajorOutage)])],
    )
    .await;
    until(now_ms - 12 * DAY + 2 * HOUR);
    publish(
        &store,
        "p3",
        [update(
            1,
            Status::Resolved,
            "Search finds nothing",
            "A full disk; it is larger now.",
            &[("search", Operational)],
        )],
    )
    .await;
    until(now_ms - 3 * DAY);
    publish(&store, "p4", [update(2, Status::Resolved, HOSTILE, &format!("It is over. {HOSTILE}"), &[])]).await;
    publish(&store, "p5", [maintenance("db", now_ms + 2 * DAY, now_ms + 2 * DAY + 2 * HOUR)]).await;
    until(now_ms - HOUR);
    let words = "Some payments fail.\nWe have found the cause and are at work on it.";
    publish(
        &store,
        "p6",
        [update(3, Status::Investigating, "Payments fail", "We look into it.", &[("checkout", PartialOutage)])],
    )
    .await;
    until(now_ms - HOUR / 2);
    publish(&store, "p7", [update(3, Status::Identified, "Payments fail", words, &[])]).await;
    drop(store);
    closing.wait().await;
    database
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_reads_the_public_page_wide_and_narrow_in_light_and_dark_and_axe_agrees() {
    let _turn = turn().await;
    let axe = axe();
    let mut found = Vec::new();
    for (name, database) in [("empty", TestDatabase::sqlite()), ("full", full().await)] {
        let bell = Bell::ring_on(database, PAGE).await;
        let anybody = Browser::start().await;
        for (width, height) in [(1200, 860), (360, 740)] {
            anybody.sized(width, height).await;
            for scheme in ["light", "dark"] {
                anybody.scheme(scheme).await;
                anybody.open(&format!("{}/status", bell.address())).await;
                anybody.reads("Shop status").await;
                let wide = anybody.run("return document.documentElement.scrollWidth <= innerWidth").await;
                assert_eq!(wide, json!(true), "nothing hangs over the edge at {width}");
                anybody.whole_picture(&format!("status-{name}-{scheme}-{width}")).await;
                let lines = serious(&anybody, &axe).await;
                found.extend(lines.into_iter().map(|line| format!("{name} at {width} in {scheme}: {line}")));
            }
        }
        anybody.closed().await;
        bell.end().await;
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_public_page_runs_nothing_loads_nothing_and_keeps_hostile_words_as_words() {
    let _turn = turn().await;
    let bell = Bell::ring_on(full().await, PAGE).await;
    let anybody = Browser::start().await;
    anybody.open(&format!("{}/status", bell.address())).await;
    anybody.reads("<img src=x onerror=").await;
    let seen = anybody
        .run(
            "return [document.title, document.scripts.length, document.images.length, document.cookie,
               performance.getEntriesByType('resource').filter((it) => !it.name.startsWith('data:')).length,
               document.querySelectorAll('form, button, input').length]",
        )
        .await;
    assert_eq!(seen, json!(["Shop status: Partial System Outage", 0, 0, "", 0, 0]));
    // Its links lead to what is there.
    for path in ["/status/history.atom", "/status/api/v2/summary.json"] {
        let there = anybody.run(&format!("return Boolean(document.querySelector('a[href=\"{path}\"]'))")).await;
        assert_eq!(there, json!(true), "{path}");
    }
    anybody.closed().await;
    bell.end().await;
}
