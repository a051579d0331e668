//! Where a severity gives an incident a channel or thread of its own, it has one on each platform, and they go together.

use super::*;
use crate::support::bot::NO_CLOCKS;

fn sections(place: &str) -> String {
    format!(
        "{BOTH}[severities.sev1]\n{NO_CLOCKS}\nplace = \"{place}\"\ninvite = [\"responder\"]\n[roles.responder]\nmembers = [\"ben\"]\n"
    )
}

#[test]
fn an_incidents_own_channel_is_there_on_both_and_what_is_said_in_one_is_said_in_the_other() {
    on_sqlite(async |database| {
        let both = Both::start(database, &sections("channel")).await;
        let (slack, discord, ana) = (&both.slack, &both.discord, both.slack.ana());
        ana.types("#incidents", "/sev declare sev1 checkout is down").await;
        let here = eventually("a channel on Slack", async || {
            let state = slack.state();
            let mut all = state.channels.iter();
            all.find(|(_, one)| one.name == "inc-1-checkout-is-down").map(|(id, _)| id.clone())
        })
        .await;
        let there = eventually("a channel on Discord", async || discord.opened(0).into_iter().next()).await.id;
        let card = ana.reads(&here, "checkout is down").await;
        let copy = discord.finds(ANA, &there, "INC-1 · sev1").await;
        eventually("both cards are pinned, and Ben is in", async || {
            let state = slack.state();
            let pinned = state.channels[&here].pins == [card.ts.clone()];
            (pinned && state.channels[&here].members.contains("U00000000BEN") && discord.opened(0)[0].pins == 1)
                .then_some(())
        })
        .await;
        // What is typed there is about the incident, and stands here too.
        discord.uses(BEN, &there, "sev update", &[("text", "half of it serves again")]).await;
        ana.reads(&here, "half of it serves again").await;
        both.slack_shows(&card, "half of it serves again").await;
        ana.types("#inc-1-checkout-is-down", "/sev resolve all of it serves again").await;
        discord.finds(ANA, &there, "is resolved after").await;
        both.discord_shows(&there, &copy.id, "Status: resolved").await;
        both.settled().await;
        assert_eq!(both.on_discord(&there, "is resolved after").len(), 1);
        assert_eq!(both.on_discord(INCIDENTS, "is resolved after").len(), 1, "the news of it");
        assert_eq!(discord.opened(0).len(), 1);
        both.end().await;
    });
}

#[test]
fn an_incidents_own_thread_is_under_what_tells_of_it_on_both() {
    on_sqlite(async |database| {
        let both = Both::start(database, &sections("thread")).await;
        let (slack, discord) = (&both.slack, &both.discord);
        discord.uses(BEN, INCIDENTS, "sev declare", &[("level", "sev1"), ("title", "mail is stuck")]).await;
        let there = eventually("a thread on Discord", async || discord.opened(11).into_iter().next()).await.id;
        discord.finds(BEN, &there, "INC-1 · sev1").await;
        let card = eventually("a card in a thread on Slack", async || {
            let state = slack.state();
            let mut all = state.messages.iter().filter(|one| one.thread.is_some());
            all.find(|one| rules::words(&one.body["blocks"]).join("\n").contains("mail is stuck")).cloned()
        })
        .await;
        slack.ana().clicks(&card, "Acknowledge").await;
        eventually("it is acknowledged on Discord", async || {
            let shown = discord.sees(BEN, &there);
            shown.iter().any(|one| one.text.contains("press Claim commander")).then_some(())
        })
        .await;
        both.settled().await;
        both.end().await;
    });
}
