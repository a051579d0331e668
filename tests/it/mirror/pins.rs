//! An incident that lives where it was declared: its card is pinned on each platform as long as it is open, and no longer.

use super::{BOTH, Both, on_sqlite};
use crate::support::discord::INCIDENTS;
use crate::support::eventually;

impl Both {
    /// The messages pinned in `#incidents` of Slack, and how many are on Discord.
    fn pinned(&self) -> (Vec<String>, usize) {
        let state = self.slack.state();
        let room = state.channels.values().find(|one| one.name == "incidents").expect("the channel");
        (room.pins.clone(), self.discord.pins(INCIDENTS))
    }

    async fn has_pins(&self, what: &str, count: usize) {
        eventually(what, async || {
            let (slack, discord) = self.pinned();
            (slack.len() == count && discord == count).then_some(())
        })
        .await;
    }
}

#[test]
fn the_card_is_pinned_where_it_was_declared_and_where_it_is_shown_until_it_is_over() {
    on_sqlite(async |database| {
        let both = Both::start(database, BOTH).await;
        let (ana, ben) = (both.slack.ana(), both.slack.ben());
        ana.types("#incidents", "/sev declare sev1 checkout is down").await;
        let card = ana.reads("#incidents", "checkout is down").await;
        both.has_pins("the card is pinned on both", 1).await;
        assert_eq!(both.pinned().0, std::slice::from_ref(&card.ts));
        ben.types("#incidents", "/sev declare sev2 search is slow").await;
        both.has_pins("each incident has its own", 2).await;
        ana.types("#incidents", "/sev resolve --incident INC-1 it was dns").await;
        both.has_pins("what is over gives its pin up", 1).await;
        assert_ne!(both.pinned().0, std::slice::from_ref(&card.ts), "the other stays");
        ana.types("#incidents", "/sev reopen INC-1").await;
        both.has_pins("what is open again is pinned again", 2).await;
        assert!(!both.pinned().0.contains(&card.ts), "by its new card");
        both.settled().await;
        both.end().await;
    });
}

#[test]
fn what_is_declared_on_the_console_which_has_no_pins_is_pinned_where_it_is_shown() {
    on_sqlite(async |database| {
        let rooms = "[channels]\nincidents = \"console:#incidents\"\n\
                     incidents_elsewhere = [\"slack:#incidents\", \"discord:#incidents\"]\n";
        let both = Both::start(database, rooms).await;
        both.bot.types("ana", "console:#incidents", "/sev declare sev1 checkout is down").await;
        both.has_pins("the copies are pinned", 1).await;
        let store = both.bot.app.store();
        let seen = store.stream_after(0, None, &"ana".into(), 100).await.unwrap();
        assert!(seen.iter().all(|item| item.kind != "pinned"), "{seen:?}");
        both.bot.types("ana", "console:#incidents", "/sev resolve it was dns").await;
        both.has_pins("and are not any more", 0).await;
        both.settled().await;
        both.end().await;
    });
}
