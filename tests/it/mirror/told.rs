//! What is told elsewhere and what is not: in an incident's own channel things are said once on each platform, whatever the platform
//! calls it; what is said to one person, or in a room that has nothing to do with the incident, stays there.

use super::*;
use crate::support::bot::NO_CLOCKS;
use crate::support::kinds::ScriptedKind;

/// A private channel, which the configuration does not name.
const SECRET: &str = "C0000000099";
/// Jobs that the test runs, which nobody has to approve.
const JOBS: &str = "[plugins.misbehaving]\nsource = \"builtin:misbehaving\"\ngrants = [\"kv\", \"post:*\", \"jobs:*\"]\n\
                    [[policy]]\njob = \"scripted\"\napprovals = 0\n";

/// How often it is said in Slack's and in Discord's channel.
fn said(both: &Both, here: &str, there: &str, words: &str) -> [usize; 2] {
    [both.on_slack(here, words).len(), both.on_discord(there, words).len()]
}

#[test]
fn what_is_typed_in_an_incidents_own_channel_is_said_there_once_and_once_in_its_copy() {
    on_sqlite(async |database| {
        let place = format!("{BOTH}[severities.sev1]\n{NO_CLOCKS}\nplace = \"channel\"\n");
        let both = Both::start(database, &place).await;
        let (slack, discord, ana) = (&both.slack, &both.discord, both.slack.ana());
        ana.types("#incidents", "/sev declare sev1 checkout is down").await;
        let there = eventually("a channel on Discord", async || discord.opened(0).into_iter().next()).await.id;
        discord.finds(ANA, &there, "INC-1 · sev1").await;
        both.settled().await;
        let here = slack.state().id_of("#inc-1-checkout-is-down");
        // Slack tells the channel's own id, by which the house does not know it.
        ana.types(&here, "/sev ack").await;
        ana.reads(&here, "Ana has INC-1.").await;
        discord.finds(ANA, &there, "Ana has INC-1.").await;
        discord.uses(BEN, &there, "sev role", &[("role", "commander")]).await;
        ana.reads(&here, "Ben is commander of INC-1 now.").await;
        both.settled().await;
        for words in ["Ana has INC-1.", "Ben is commander of INC-1 now."] {
            assert_eq!(said(&both, &here, &there, words), [1, 1], "{words}");
            assert_eq!(said(&both, "#incidents", INCIDENTS, words), [0, 0], "{words}");
        }
        let lines = both.lines().await;
        let ack = lines.iter().find(|line| line.entry.kind == "acknowledged").unwrap();
        assert_eq!(ack.platform(), Some("slack"));
        both.end().await;
    });
}

#[test]
fn what_is_said_to_one_person_is_not_told_elsewhere_though_it_changes_the_incident() {
    on_sqlite(async |database| {
        let both = Both::start(database, BOTH).await;
        let (discord, ana) = (&both.discord, both.slack.ana());
        ana.types("#incidents", "/sev declare sev1 checkout is down").await;
        let card = discord.finds(BEN, INCIDENTS, "INC-1 · sev1").await;
        let direct = ana.direct();
        ana.types(&direct, "/sev role commander").await;
        ana.reads(&direct, "Ana is commander of INC-1 now.").await;
        // The card shows it on both; the words are hers.
        both.discord_shows(INCIDENTS, &card.id, "ana is commander").await;
        both.settled().await;
        assert_eq!(said(&both, "#incidents", INCIDENTS, "Ana is commander of INC-1 now."), [0, 0]);
        // Said where everybody reads, it is told.
        ana.types("#incidents", "/sev role scribe").await;
        discord.finds(BEN, INCIDENTS, "Ana is scribe of INC-1 now.").await;
        both.end().await;
    });
}

#[test]
fn what_changes_nothing_is_not_told_from_a_room_that_has_nothing_to_do_with_the_incident() {
    on_sqlite(async |database| {
        let kind = ScriptedKind::new();
        let both =
            Both::with(database, &format!("{BOTH}{JOBS}"), Setup { kinds: vec![kind], ..Setup::default() }).await;
        let (slack, discord, ana) = (&both.slack, &both.discord, both.slack.ana());
        slack.state().add_channel(SECRET, "secret", &[BOT, "U00000000ANA"]);
        ana.types("#incidents", "/sev declare sev1 checkout is down").await;
        discord.finds(BEN, INCIDENTS, "INC-1 · sev1").await;
        // A note, and what came of a job that belongs to the only open incident.
        for room in [SECRET, "#incidents"] {
            let job = format!("/misbehave job scripted --spec '{{\"echo\":\"say it in slack:{room}\"}}' copy the shop");
            ana.types(room, "/sev note the cache was cold").await;
            ana.reads(room, "Noted in the timeline by Ana").await;
            ana.types(room, &job).await;
            ana.reads(room, "a job of scripted has ended: done").await;
            both.settled().await;
            // From the channel where incidents are told it is news, and comes once.
            let told = usize::from(room != SECRET);
            for words in ["Noted in the timeline", "a job of scripted has ended"] {
                assert_eq!(said(&both, "#incidents", INCIDENTS, words), [told, told], "{words}, from {room}");
            }
        }
        assert_eq!(both.on_slack(SECRET, "a job of scripted has ended").len(), 1, "nor does it come back");
        both.end().await;
    });
}
