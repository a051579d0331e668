//! How drills went, in a browser: readable wide and narrow, in light and dark, with the trend as a picture.

use super::Bell;
use super::accessible::{axe, serious};
use crate::support::browser::turn;
use crate::support::database::TestDatabase;
use crate::support::drills::{drilled, failed, passed};
use drillbell::clock::Clock;
use drillbell::model::job::JobState;
use drillbell::store::Store;
use serde_json::json;

const DAY: i64 = 86_400_000;
const COPY: &str = "backups/shop/20260101T000000Z-0badcafe.dump.zst";
const TARGETS: &str = "[targets.shop]\nkind = \"sqlite\"\npath = \"shop.db\"\nowner = \"the shop team\"\nrto = \"2m\"\nrpo = \"1h\"\n\
                       [targets.shop.drill]\nschedule = \"0 5 1 * *\"\n[targets.media]\nkind = \"files\"\npath = \"media\"\n";

/// A database with half a year of monthly drills.
async fn half_a_year() -> TestDatabase {
    let database = TestDatabase::sqlite();
    let clock = Clock::manual(Clock::system().now_ms() - 180 * DAY);
    let (store, closing) = Store::open(&database.url, 2, clock.clone()).await.unwrap();
    for (n, rto_ms) in [61_100, 75_250, 0, 90_300, 130_400, 100_700].into_iter().enumerate() {
        clock.advance(28 * DAY);
        let said = match rto_ms {
            0 => failed("backup", "public.orders has 49 rows instead of 50."),
            rto_ms => passed(rto_ms, COPY),
        };
        drilled(&store, &format!("d{n}"), "shop", JobState::Done, &said).await;
    }
    drop(store);
    closing.wait().await;
    database
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_year_of_drills_is_readable_by_everybody_on_every_screen() {
    let _turn = turn().await;
    let axe = axe();
    let bell = Bell::ring_on(half_a_year().await, TARGETS).await;
    let ben = bell.browser("ben").await;
    let mut found = Vec::new();
    for (width, height) in [(1200, 860), (360, 740)] {
        ben.sized(width, height).await;
        for scheme in ["light", "dark"] {
            ben.scheme(scheme).await;
            ben.open(&format!("{}/drills", bell.address())).await;
            ben.reads("public.orders has 49 rows instead of 50").await;
            ben.run("document.querySelector('img.chart').scrollIntoView()").await;
            let drawn = "(() => { const it = document.querySelector('img.chart'); return it.complete && it.naturalWidth > 0; })()";
            ben.sees("the trend is drawn", drawn).await;
            let wide = ben.run("return document.documentElement.scrollWidth <= innerWidth").await;
            assert_eq!(wide, json!(true), "nothing hangs over the edge at {width}");
            let lines = serious(&ben, &axe).await;
            found.extend(lines.into_iter().map(|line| format!("at {width} in {scheme}: {line}")));
            ben.whole_picture(&format!("drills-{scheme}-{width}")).await;
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    ben.closed().await;
    bell.end().await;
}
