//! axe-core over every page, in light and dark, with data and without: nothing serious.

use super::{Bell, opens_the_form_of_declare};
use crate::support::browser::{Browser, turn};
use std::path::Path;

/// The script.
pub(super) fn axe() -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/axe/node_modules/axe-core/axe.min.js");
    std::fs::read_to_string(&script).expect("axe-core is there; `scripts/prepare.sh browser` fetches it")
}

/// What axe finds that is serious or critical, a line each.
pub(super) async fn serious(browser: &Browser, axe: &str) -> Vec<String> {
    browser.run(axe).await;
    let found = browser
        .run_until_told(
            "const done = arguments[0];
             axe.run(document, { resultTypes: ['violations'] }).then((found) => done(found.violations
               .filter((one) => ['serious', 'critical'].includes(one.impact))
               .flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.target} ${node.failureSummary}`))),
               (error) => done(['axe failed: ' + error]));",
        )
        .await;
    found.as_array().expect("a list").iter().map(|line| line.as_str().unwrap_or("?").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn axe_finds_nothing_serious_on_any_page_in_light_or_dark() {
    let _turn = turn().await;
    let axe = axe();
    let bell = Bell::ring().await;
    let ben = bell.browser("ben").await;
    let mut found = Vec::new();
    for filled in [false, true] {
        if filled {
            bell.types("ana", "/sev declare sev1 checkout is down");
            bell.types("ana", "/sev update we are looking");
            bell.types("ana", "/sev timeline");
        }
        for scheme in ["light", "dark"] {
            ben.scheme(scheme).await;
            for path in [
                "/",
                "/incidents",
                "/incidents/INC-1",
                "/console",
                "/backups",
                "/drills",
                "/postmortems",
                "/runbooks",
                "/runbooks/db-down",
                "/plugins",
                "/audit",
                "/account",
                "/login/none",
            ] {
                ben.open(&format!("{}{path}", bell.address())).await;
                if path == "/console" {
                    ben.sees("it is connected", "document.getElementById('line').textContent === ''").await;
                    if filled {
                        ben.reads("checkout is down").await;
                    }
                }
                found.extend(serious(&ben, &axe).await.into_iter().map(|line| format!("{path} in {scheme}: {line}")));
            }
            ben.open(&format!("{}/console", bell.address())).await;
            ben.clicks("#form").await;
            ben.finds("dialog[open]").await;
            found.extend(serious(&ben, &axe).await.into_iter().map(|line| format!("a form in {scheme}: {line}")));
            ben.open(&format!("{}/console", bell.address())).await;
            opens_the_form_of_declare(&ben).await;
            ben.finds("dialog select[name=level]").await.select_by_value("sev1").await.expect("it is offered");
            ben.presses("Run").await;
            ben.reads("title: Please fill").await;
            found.extend(
                serious(&ben, &axe).await.into_iter().map(|line| format!("a refused form in {scheme}: {line}")),
            );
        }
    }
    // What somebody sees who is not signed in, or whose link has been used.
    let stranger = Browser::start().await;
    let used = bell.link("ana");
    ben.open(&used).await;
    for scheme in ["light", "dark"] {
        stranger.scheme(scheme).await;
        for address in [format!("{}/incidents", bell.address()), used.clone()] {
            stranger.open(&address).await;
            found.extend(
                serious(&stranger, &axe).await.into_iter().map(|line| format!("{address} in {scheme}: {line}")),
            );
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    stranger.closed().await;
    ben.closed().await;
    bell.end().await;
}
