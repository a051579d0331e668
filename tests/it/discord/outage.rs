//! A minute in which Discord answers nothing but 5xx, and limits on every third call: all of it arrives afterwards, in order and once,
//! and what is urgent comes first.

use super::{World, on_threads, sections};
use crate::support::bot::Setup;
use crate::support::database::TestDatabase;
use crate::support::discord::{ANA, FakeDiscord, Mishap, OPS};
use crate::support::eventually;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A notifier that is another channel than the one where everything else is said.
const ROOM: &str = "[notify.room]\nkind = \"chat\"\nto = \"discord:#random\"\n";
/// The channel of that notifier.
const RANDOM: &str = "1100000000000000005";
/// What is said meanwhile.
const SAID: usize = 6;
/// Everything fails; after one more failure of something ordinary all of it is over.
const FAILS: usize = 0;
const LAST: usize = 1;
const OVER: usize = 2;

#[test]
fn after_a_minute_of_5xx_pages_come_first_and_the_rest_in_order_and_once_though_every_third_call_is_limited() {
    on_threads(async {
        let (database, discord) = (TestDatabase::sqlite(), FakeDiscord::start().await);
        let sections = sections().replace("\"post:*\"]\nlimits", "\"post:*\", \"page:*\"]\nlimits");
        let setup = Setup { config: sections + ROOM, ..Setup::default() };
        let world = World::of(&database, "gateway", &discord, setup).await;
        let (bot, store) = (&world.bot, world.bot.app.store());
        // Where the channels are is known when the outage begins.
        for to in ["discord:#ops", "discord:#random"] {
            bot.sends("ana", to, "/misbehave echo before").await;
        }
        discord.finds(ANA, OPS, "first=before").await;
        discord.finds(ANA, RANDOM, "first=before").await;
        let before = discord.journal().len();
        let phase = Arc::new(AtomicUsize::new(FAILS));
        discord.faults({
            let (phase, ops) = (phase.clone(), format!("channels/{OPS}/messages"));
            let mut calls = 0;
            move |_, path| {
                calls += 1;
                match phase.load(Ordering::SeqCst) {
                    OVER if calls % 3 == 0 => Some(Mishap::Limited(0.2, calls % 2 == 0)),
                    OVER => None,
                    // The outage ends just after something ordinary failed once more: whoever comes first then was not lucky.
                    LAST if path == ops => {
                        phase.store(OVER, Ordering::SeqCst);
                        Some(Mishap::Status(502))
                    }
                    _ => Some(Mishap::Status(503)),
                }
            }
        });
        for n in 0..SAID {
            // One after another, so that their order is known.
            let id = bot.sends("ana", "discord:#ops", &format!("/misbehave echo number-{n}")).await;
            bot.handled(&id).await;
        }
        bot.sends("ana", "console:#incidents", "/misbehave ask-page room INC-1").await;
        eventually("the page was tried twice in vain", async || {
            let pages = store.open_pages(0, 10).await.unwrap();
            pages.iter().any(|page| page.attempts >= 2).then_some(())
        })
        .await;
        bot.clock.advance(61_000);
        phase.store(LAST, Ordering::SeqCst);
        eventually("the outage is over", async || (phase.load(Ordering::SeqCst) == OVER).then_some(())).await;
        eventually("all of it is said", async || store.outbox_backlog().await.unwrap().is_empty().then_some(())).await;
        let first_line = |text: &str| text.lines().find(|line| !line.is_empty()).unwrap_or_default().to_owned();
        let told: Vec<_> = discord.sees(ANA, OPS).iter().map(|shown| first_line(&shown.text)).collect();
        let late = told.iter().filter(|line| line.contains("late")).count();
        let said: Vec<_> = told.iter().filter(|line| line.contains("number-")).collect();
        assert_eq!(said, (0..SAID).map(|n| format!("first=number-{n}")).collect::<Vec<_>>().iter().collect::<Vec<_>>());
        assert_eq!((told.len(), late), (SAID + 2, 1), "each once, and that they come late: {told:#?}");
        let pages: Vec<_> =
            discord.sees(ANA, RANDOM).into_iter().filter(|one| one.text.contains("paged about")).collect();
        assert_eq!(pages.len(), 1, "the page once: {pages:#?}");
        // Whatever was taken is in the journal in its order.
        let posts = [format!("channels/{RANDOM}/messages"), format!("channels/{OPS}/messages")];
        let taken =
            discord.journal().into_iter().skip(before).filter(|call| call.status == 200 && posts.contains(&call.path));
        let first = taken.map(|call| call.path).next();
        assert_eq!(first.as_ref(), Some(&posts[0]), "the page is first");
        world.finish().await;
    });
}
