//! A minute in which Slack answers nothing but 5xx, and limits on every third call: all of it arrives afterwards, in order and once,
//! and what is urgent comes first.

use super::{There, on_sqlite};
use crate::support::bot::Setup;
use crate::support::eventually;
use crate::support::slack::{Fault, Slack};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A notifier that is the channel where everything else is said too.
const ROOM: &str = "[notify.room]\nkind = \"chat\"\nto = \"slack:#ops\"\n";
/// What is said there meanwhile.
const SAID: usize = 6;
/// Nothing has happened to the messages yet; then they fail; after one more failure all of it is over.
const FAILS: usize = 0;
const LAST: usize = 1;
const OVER: usize = 2;

#[test]
fn after_a_minute_of_5xx_pages_come_first_and_the_rest_in_order_and_once_though_every_third_call_is_limited() {
    on_sqlite(async |database| {
        let setup = Setup { config: ROOM.to_owned(), ..Setup::default() };
        let there = There::with(database, Slack::start().await, "socket", setup).await;
        let (slack, ana, store) = (&there.slack, there.slack.ana(), there.bot.app.store());
        let phase = Arc::new(AtomicUsize::new(FAILS));
        slack.state().decides = Some({
            let phase = phase.clone();
            let mut calls = 0;
            Box::new(move |method, arguments| {
                calls += 1;
                let is_page = arguments.to_string().contains("paged about");
                match phase.load(Ordering::SeqCst) {
                    OVER if calls % 3 == 0 && method.starts_with("chat.") => Some(Fault::Limited(0)),
                    OVER => None,
                    // The outage ends just after something ordinary failed once more: whoever comes first then was not lucky.
                    LAST if method == "chat.postMessage" && !is_page => {
                        phase.store(OVER, Ordering::SeqCst);
                        Some(Fault::Status(502))
                    }
                    _ => Some(Fault::Status(503)),
                }
            })
        });
        for n in 0..SAID {
            ana.types("#ops", &format!("/misbehave echo number-{n}.")).await;
        }
        ana.types("#ops", "/misbehave ask-page room INC-1").await;
        eventually("the page was tried twice in vain", async || {
            let pages = store.open_pages(0, 10).await.unwrap();
            pages.iter().any(|page| page.attempts >= 2).then_some(())
        })
        .await;
        there.bot.clock.advance(61_000);
        phase.store(LAST, Ordering::SeqCst);
        let ben = slack.ben();
        let all = |seen: &[String]| (0..SAID).all(|n| seen.iter().any(|text| text.contains(&format!("number-{n}."))));
        let seen = eventually("all of it is said", async || {
            let seen = ben.sees("#ops");
            let told = seen.iter().any(|text| text.contains("outcome")) || seen.len() >= SAID + 3;
            (all(&seen) && told && store.outbox_backlog().await.unwrap().is_empty()).then_some(seen)
        })
        .await;
        let told: Vec<String> = seen.iter().map(|text| short(text)).collect();
        insta::assert_snapshot!(told.join("\n"), @"");
        there.end().await;
    });
}

/// Its first line.
fn short(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}
