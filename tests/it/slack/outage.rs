//! A minute in which Slack answers nothing but 5xx, and limits on every third call: all of it arrives afterwards, in order and once,
//! and what is urgent comes first.

use super::{There, on_sqlite};
use crate::support::bot::Setup;
use crate::support::eventually;
use crate::support::slack::{Fault, Slack, rules};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A notifier that is another channel than the one where everything else is said.
const ROOM: &str = "[notify.room]\nkind = \"chat\"\nto = \"slack:#incidents\"\n";
/// What is said meanwhile.
const SAID: usize = 6;
/// Everything fails; after one more failure of something ordinary all of it is over.
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
            let (phase, ops) = (phase.clone(), slack.state().id_of("#ops"));
            let mut calls = 0;
            Box::new(move |method, arguments| {
                calls += 1;
                match phase.load(Ordering::SeqCst) {
                    OVER if calls % 3 == 0 && method.starts_with("chat.") => Some(Fault::Limited(0)),
                    OVER => None,
                    // The outage ends just after something ordinary failed once more: whoever comes first then was not lucky.
                    LAST if arguments["channel"] == *ops => {
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
        eventually("the outage is over", async || (phase.load(Ordering::SeqCst) == OVER).then_some(())).await;
        let delivered = async || store.outbox_backlog().await.unwrap().is_empty().then_some(());
        eventually("all of it is said", delivered).await;
        // In the order in which Slack took it.
        let told = {
            let state = slack.state();
            let told = state.messages.iter().map(|one| {
                let words = rules::words(&one.body["blocks"]).join("\n");
                format!("{}: {}", state.channels[&one.channel].name, words.lines().next().unwrap_or_default())
            });
            told.collect::<Vec<_>>().join("\n")
        };
        insta::assert_snapshot!(told, @r"
        incidents: 🔴 paged about INC-1
        ops: first=number-0.
        ops: ⚠️ The message above and the next 6 come late: nothing could be delivered here from 00:00 to 00:01 UTC.
        ops: first=number-1.
        ops: first=number-2.
        ops: first=number-3.
        ops: first=number-4.
        ops: first=number-5.
        ops: page allowed
        ");
        there.end().await;
    });
}
