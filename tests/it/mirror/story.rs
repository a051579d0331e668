//! An incident from its declaration to its end, handled from both sides.

use super::*;
use drillbell::model::incident::Status;

#[test]
fn what_is_declared_on_one_platform_is_shown_and_handled_on_both() {
    on_each(async |database| {
        let both = Both::start(database, BOTH).await;
        let (slack, discord) = (&both.slack, &both.discord);
        let ana = slack.ana();
        ana.types("#incidents", "/sev declare sev1 checkout is down").await;
        let here = ana.reads("#incidents", "checkout is down").await;
        let there = discord.finds(BEN, INCIDENTS, "checkout is down").await;
        assert!(there.controls.iter().any(|control| control.contains("Acknowledge")), "{there:#?}");

        // Each card works, and each shows what happened on the other.
        discord.clicks(BEN, &there.id, "Acknowledge").await;
        both.slack_shows(&here, "press Claim commander").await;
        both.discord_shows(INCIDENTS, &there.id, "press Claim commander").await;
        ana.clicks(&here, "Claim commander").await;
        both.discord_shows(INCIDENTS, &there.id, "ana is commander").await;

        // Words are said on each, once, with where they come from.
        ana.types("#incidents", "/sev update traffic is moved --status identified").await;
        let told = discord.finds(BEN, INCIDENTS, "Update by Ana").await;
        assert!(told.text.contains("From Slack."), "{told:#?}");
        // Nobody has to name the incident that the channel shows.
        discord.uses(BEN, INCIDENTS, "sev resolve", &[("text", "the cache is warm")]).await;
        let over = ana.reads("#incidents", "is resolved after").await;
        assert!(rules::words(&over.body["blocks"]).join("\n").contains("From Discord."));
        both.slack_shows(&here, "Status: resolved").await;
        both.discord_shows(INCIDENTS, &there.id, "Status: resolved").await;
        both.settled().await;
        for words in ["Update by Ana", "is resolved after"] {
            assert_eq!(both.on_slack("#incidents", words).len(), 1, "{words}: {:#?}", ana.sees("#incidents"));
            assert_eq!(both.on_discord(INCIDENTS, words).len(), 1, "{words}: {:#?}", discord.sees(ANA, INCIDENTS));
        }
        let cards = discord.sees(ANA, INCIDENTS).into_iter().filter(|shown| !shown.controls.is_empty());
        assert_eq!(cards.count(), 1, "one card there");

        let by = |lines: &[TimelineLine], kind: &str| {
            let line = lines.iter().find(|line| line.entry.kind == kind).expect(kind).clone();
            (line.entry.author.to_string(), line.platform().map(str::to_owned))
        };
        let lines = both.lines().await;
        assert_eq!(by(&lines, "declared"), ("ana".to_owned(), Some("slack".to_owned())));
        assert_eq!(by(&lines, "acknowledged"), ("ben".to_owned(), Some("discord".to_owned())));
        both.end().await;
    });
}

#[test]
fn what_two_people_press_on_two_platforms_at_once_counts_once() {
    on_each(async |database| {
        let both = Both::start(database, BOTH).await;
        let (slack, discord) = (&both.slack, &both.discord);
        discord.uses(ANA, INCIDENTS, "sev declare", &[("level", "sev2"), ("title", "search is slow")]).await;
        // The card, and not the line that tells of it.
        let there = discord.finds(ANA, INCIDENTS, "press Acknowledge").await;
        let here = slack.ben().reads("#incidents", "press Acknowledge").await;
        for (label, kind) in [("Acknowledge", "acknowledged"), ("Claim commander", "role"), ("Resolve", "status")] {
            let ben = slack.ben();
            tokio::join!(ben.clicks(&here, label), discord.clicks(ANA, &there.id, label));
            both.settled().await;
            assert_eq!(both.lines_of(kind).await, 1, "{label}: {:#?}", both.lines().await);
        }
        let incident = both.bot.app.store().incident(&IncidentId::numbered(1)).await.unwrap().unwrap();
        assert_eq!(incident.status, Status::Resolved);
        both.slack_shows(&here, "Status: resolved").await;
        both.discord_shows(INCIDENTS, &there.id, "Status: resolved").await;
        both.end().await;
    });
}

#[test]
fn where_a_channel_shows_two_incidents_the_command_has_to_name_one() {
    on_sqlite(async |database| {
        let both = Both::start(database, BOTH).await;
        let discord = &both.discord;
        both.slack.ana().types("#incidents", "/sev declare sev1 checkout is down").await;
        discord.finds(BEN, INCIDENTS, "checkout is down").await;
        discord.uses(BEN, INCIDENTS, "sev declare", &[("level", "sev2"), ("title", "search is slow")]).await;
        both.slack.ana().reads("#incidents", "search is slow").await;
        // One was declared here and one elsewhere, which nobody can see from their cards.
        discord.uses(BEN, INCIDENTS, "sev note", &[("text", "the index is old")]).await;
        discord.finds(BEN, INCIDENTS, "Which incident?").await;
        both.slack.ana().types("#incidents", "/sev note --incident INC-2 the index is old").await;
        both.slack.ana().reads("#incidents", "Noted in the timeline by Ana").await;
        discord.finds(BEN, INCIDENTS, "Noted in the timeline by Ana").await;
        assert_eq!(both.lines_of("note").await, 0, "nothing was noted in the other one");
        both.settled().await;
        both.end().await;
    });
}

#[test]
fn the_console_is_one_of_them_and_a_form_filled_in_there_reaches_the_others() {
    on_sqlite(async |database| {
        let three = BOTH.replace("[\"discord:#incidents\"]", "[\"discord:#incidents\", \"console:#incidents\"]");
        let both = Both::start(database, &three).await;
        both.bot.types("ana", "console:#incidents", "/sev declare sev1 login fails").await;
        let here = both.slack.ben().reads("#incidents", "press Acknowledge").await;
        let there = both.discord.finds(BEN, INCIDENTS, "press Acknowledge").await;
        let values = [("What is so now?", "the key has expired")];
        both.discord.fills(BEN, &there.id, "Update", &values).await;
        both.slack_shows(&here, "the key has expired").await;
        eventually("the console says it", async || {
            let (room, reader) = ("console:#incidents".into(), "ana".into());
            let items = both.bot.app.store().stream_after(0, Some(&room), &reader, 100).await.unwrap();
            items.iter().any(|item| item.payload.to_string().contains("From Discord.")).then_some(())
        })
        .await;
        both.settled().await;
        assert_eq!(both.on_slack("#incidents", "Update by Ben").len(), 1);
        both.end().await;
    });
}

#[test]
fn nothing_goes_to_another_platform_unless_the_configuration_says_so() {
    on_sqlite(async |database| {
        let both =
            Both::start(database, "[channels]\nincidents = \"slack:#incidents\"\nops = \"discord:#ops\"\n").await;
        let ana = both.slack.ana();
        ana.types("#incidents", "/sev declare sev1 checkout is down").await;
        let card = ana.reads("#incidents", "checkout is down").await;
        ana.clicks(&card, "Resolve").await;
        both.slack_shows(&card, "Status: resolved").await;
        both.settled().await;
        assert_eq!(both.discord.sees(ANA, INCIDENTS), []);
        assert!(ana.sees("#incidents").iter().all(|text| !text.contains("checkpoint")));
        both.end().await;
    });
}
