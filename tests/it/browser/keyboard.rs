//! Everything by keyboard alone, and on a phone.

use super::Bell;
use crate::support::browser::turn;
use serde_json::json;

const ESCAPE: &str = "\u{e00c}";
const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";
const CONTROL: &str = "\u{e009}";
const NO_MODIFIER: &str = "\u{e000}";

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_is_declared_and_resolved_by_keyboard_alone() {
    let _turn = turn().await;
    let bell = Bell::ring().await;
    let ben = bell.browser("ben").await;
    let focus = "document.activeElement";
    ben.sees("one may type at once", &format!("{focus}.id === 'text'")).await;
    ben.types("/se").await;
    ben.sees("there are suggestions", "!document.getElementById('next').hidden").await;
    ben.types(TAB).await;
    ben.sees("the first one is taken", "document.getElementById('text').value === '/sev '").await;
    ben.types(&format!("declare sev1 by keyboard{ENTER}")).await;
    ben.reads("INC-1 · sev1 · by keyboard").await;

    // Escape leaves the line; k goes to the newest message, Tab to its buttons.
    ben.sees("the line is empty", "document.getElementById('text').value === ''").await;
    ben.types(ESCAPE).await;
    if ben.run(&format!("return {focus}.id")).await == json!("text") {
        ben.types(ESCAPE).await;
    }
    ben.sees("the messages have the focus", &format!("{focus}.id === 'log'")).await;
    ben.types("k").await;
    ben.sees("the newest message has it", &format!("{focus}.tagName === 'ARTICLE'")).await;
    // Add to the timeline, Acknowledge, three roles, Update, Identified, Monitoring, Resolve.
    for _ in 0..9 {
        ben.types(TAB).await;
    }
    ben.sees("Resolve has it", &format!("{focus}.textContent === 'Resolve'")).await;
    let ring = ben.run(&format!("return getComputedStyle({focus}).outlineStyle")).await;
    assert_eq!(ring, "solid", "one sees where one is");
    ben.types(ENTER).await;
    ben.reads("INC-1 is resolved").await;

    ben.run("document.getElementById('log').focus()").await;
    ben.types("?").await;
    ben.sees(
        "the keys are listed",
        "document.querySelector('dialog[open]')?.innerText.includes('next and previous message')",
    )
    .await;
    ben.types(ESCAPE).await;
    ben.sees("Escape closes", "!document.querySelector('dialog')").await;
    ben.sees("and gives the focus back", &format!("{focus}.id === 'log'")).await;
    ben.types("/").await;
    ben.sees("the slash begins a command", "document.getElementById('text').value === '/'").await;
    ben.types(&format!("sev note {CONTROL}.{NO_MODIFIER}")).await;
    ben.sees("a form of what was begun", "document.querySelector('dialog')?.innerText.includes('/sev note')").await;
    ben.types(&format!("written in a form{TAB}")).await;
    ben.run("document.querySelector('dialog .primary').focus()").await;
    ben.types(ENTER).await;
    ben.reads("written in a form").await;
    ben.closed().await;
    bell.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_scrolls_sideways_on_a_phone() {
    let _turn = turn().await;
    let bell = Bell::ring().await;
    let long = "w".repeat(90);
    bell.types("ana", &format!("/sev declare sev1 {long} checkout is down for everybody who pays with a card"));
    bell.types("ana", &format!("/sev note https://example.org/{long}?{long}"));
    let ben = bell.browser("ben").await;
    ben.sized(360, 740).await;
    for path in [
        "/",
        "/incidents",
        "/incidents/INC-1",
        "/console",
        "/backups",
        "/drills",
        "/runbooks",
        "/plugins",
        "/audit",
        "/account",
    ] {
        ben.open(&format!("{}{path}", bell.address())).await;
        let wide = ben.run("return [document.documentElement.scrollWidth, innerWidth]").await;
        assert!(wide[0].as_i64() <= Some(360), "{path}: {wide}");
    }
    ben.open(&format!("{}/console", bell.address())).await;
    ben.reads("checkout is down").await;
    ben.sees(
        "the line to type in is on the screen",
        "document.getElementById('text').getBoundingClientRect().bottom <= innerHeight",
    )
    .await;
    ben.closed().await;
    bell.end().await;
}
