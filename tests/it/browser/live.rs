//! What changes by itself: pages that follow, and a stream that outlives its line.

use super::Bell;
use crate::support::browser::{Browser, turn};
use crate::support::proxy::Proxy;

#[tokio::test(flavor = "multi_thread")]
async fn the_overview_and_an_incident_follow_what_happens() {
    let _turn = turn().await;
    let bell = Bell::ring().await;
    let (ben, ana) = (bell.browser("ben").await, bell.browser("ana").await);
    ben.open(&format!("{}/", bell.address())).await;
    ben.reads("No incident is open").await;
    bell.types("ana", "/sev declare sev1 checkout is down");
    ben.reads("INC-1 · checkout is down").await;
    ana.open(&format!("{}/incidents/INC-1", bell.address())).await;
    ana.presses("Resolve").await;
    ana.reads("→ resolved").await;
    ben.reads("No incident is open").await;
    bell.types("ben", "/sev note it was the cache --incident INC-1");
    ana.reads("it was the cache").await;
    for browser in [ben, ana] {
        browser.closed().await;
    }
    bell.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_breaks_is_told_and_resumed_missing_and_repeating_nothing() {
    let _turn = turn().await;
    let bell = Bell::ring().await;
    let proxy = Proxy::to(bell.address()).await;
    let ben = Browser::start().await;
    ben.open(&bell.link("ben").replace(bell.address(), &proxy.address)).await;
    ben.sees("the console is connected", "document.getElementById('line')?.textContent === ''").await;
    bell.types("ana", "/sev declare sev1 first");
    ben.reads("INC-1 · sev1 · first").await;
    proxy.cut();
    ben.reads("The line to the bot is down").await;
    bell.types("ana", "/sev declare sev2 second");
    bell.types("ana", "/sev declare sev3 third");
    proxy.mend();
    ben.reads("INC-3 · sev3 · third").await;
    ben.sees("the banner is gone", "document.getElementById('line').textContent === ''").await;
    let titles =
        ben.run("return [...document.querySelectorAll('.card h2')].map((h) => h.textContent).join('; ')").await;
    assert_eq!(titles, "INC-1 · sev1 · first; INC-2 · sev2 · second; INC-3 · sev3 · third");
    ben.closed().await;
    bell.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ended_elsewhere_is_told_at_the_next_thing_done() {
    let _turn = turn().await;
    let bell = Bell::ring().await;
    let (here, there) = (bell.browser("ben").await, bell.browser("ben").await);
    there.open(&format!("{}/account", bell.address())).await;
    there
        .run("[...document.querySelectorAll('li')].find((li) => !li.innerText.includes('this one')).querySelector('button').click()")
        .await;
    there.sees("one session is left", "document.querySelectorAll('main li').length === 1").await;
    here.types("/sev list\n").await;
    here.reads("Not signed in").await;
    for browser in [here, there] {
        browser.closed().await;
    }
    bell.end().await;
}
