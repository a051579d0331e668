//! Roles, acknowledgement, tasks and merging through the whole bot: races, the incidents' channel, the API and the page.

use crate::support::bot::{HERE, SEV, Setup, TestBot, with_bot_of};
use crate::support::script::{SameOnBoth, told};
use drillbell::commands::CommandAnswer;
use drillbell::model::ids::{IncidentId, MessageRef};
use drillbell::model::incident::Incident;
use drillbell::store::OutcomeStatus;

async fn incident(bot: &TestBot, number: i64) -> Incident {
    bot.app.store().incident(&IncidentId::numbered(number)).await.unwrap().unwrap()
}

async fn card(bot: &TestBot) -> MessageRef {
    incident(bot, 1).await.card.unwrap()
}

/// One of two has it, the other reads who.
fn one_of(answers: [CommandAnswer; 2], holder: &str) -> String {
    let [one, other] = answers;
    let (won, lost) = if one.status == OutcomeStatus::Ok { (one, other) } else { (other, one) };
    assert_eq!((won.status, lost.status), (OutcomeStatus::Ok, OutcomeStatus::Refused), "{won:?} {lost:?}");
    assert!(lost.text.starts_with(&format!("{holder} is commander of INC-1, since ")), "{}", lost.text);
    lost.text
}

#[test]
fn of_two_who_claim_a_role_in_the_same_millisecond_one_has_it_and_the_other_is_told() {
    with_bot_of(
        || Setup::of(SEV),
        async |bot| {
            bot.ana("/sev declare sev1 checkout is down").await;
            for _ in 0..5 {
                let card = card(&bot).await;
                let claims = (bot.clicks("ana", &card, "claim-commander"), bot.clicks("ben", &card, "claim-commander"));
                let (ana, ben) = tokio::join!(claims.0, claims.1);
                let facts = incident(&bot, 1).await.facts;
                assert_eq!(facts.roles.len(), 1, "{facts:?}");
                one_of([ana, ben], facts.roles[0].person.as_str());
                let typed = (bot.ana("/sev role scribe"), bot.types("ben", HERE, "/sev role scribe"));
                let (ana, ben) = tokio::join!(typed.0, typed.1);
                let won = [&ana, &ben].into_iter().filter(|answer| answer.status == OutcomeStatus::Ok).count();
                assert_eq!(won, 1, "{ana:?} {ben:?}");
                for role in ["commander", "scribe"] {
                    bot.ana(&format!("/sev role {role} --release")).await;
                }
            }
            let store = bot.app.store();
            let lines = store.timeline(&IncidentId::numbered(1), 100).await.unwrap();
            assert_eq!(lines.iter().filter(|line| line.kind == "role").count(), 20, "ten taken, ten given up");
        },
    );
}

#[test]
fn two_merged_into_each_other_at_once_do_not_both_vanish() {
    with_bot_of(
        || Setup::of(SEV),
        async |bot| {
            for round in 0..3 {
                let (one, other) = (2 * round + 1, 2 * round + 2);
                bot.ana("/sev declare sev1 checkout is down").await;
                bot.ana("/sev declare sev2 payments fail").await;
                let there = format!("/sev merge INC-{one} --into INC-{other}");
                let back = format!("/sev merge INC-{other} --into INC-{one}");
                let (there, back) = tokio::join!(bot.ana(&there), bot.types("ben", "console:#ops", &back));
                let won = [&there, &back].into_iter().filter(|answer| answer.status == OutcomeStatus::Ok).count();
                assert_eq!(won, 1, "{there:?} {back:?}");
                let merged = [incident(&bot, one).await, incident(&bot, other).await];
                assert_eq!(merged.iter().filter(|incident| incident.facts.merged_into.is_some()).count(), 1);
                bot.ana(&format!("/sev resolve --incident INC-{one}")).await;
                bot.ana(&format!("/sev resolve --incident INC-{other}")).await;
            }
        },
    );
}

#[test]
fn of_two_who_acknowledge_at_once_one_has_it() {
    with_bot_of(
        || Setup::of(SEV),
        async |bot| {
            bot.ana("/sev declare sev1 checkout is down").await;
            let (ana, ben) = tokio::join!(bot.ana("/sev ack"), bot.types("ben", HERE, "/sev ack"));
            let changed = [&ana, &ben].map(|answer| answer.data.as_ref().unwrap()["changed"] == true);
            assert!(changed[0] ^ changed[1], "{ana:?} {ben:?}");
        },
    );
}

#[test]
fn the_incidents_channel_hears_of_what_happens_elsewhere_and_only_of_news() {
    let seen = SameOnBoth::default();
    let config = format!("[channels]\nincidents = \"console:#incidents\"\n{SEV}");
    with_bot_of(
        || Setup::of(&config),
        async |bot| {
            let mut all = Vec::new();
            for line in [
                "/sev declare sev2 search is slow",
                "/sev note looking",
                "/sev ack",
                "/sev update a bad index --status identified",
                "/sev level sev3 --reason \"one customer\"",
                "/sev resolve rebuilt the index",
            ] {
                let answer = bot.types("ben", "console:#search", line).await;
                let there = answer.messages.iter().filter(|post| post.conversation.as_str() == HERE);
                all.extend(there.map(|post| format!("> {line}\n{}", post.text)));
            }
            seen.saw(all.join("\n\n"));
            let here = bot.ana("/sev declare sev1 checkout is down").await;
            assert_eq!(here.messages.len(), 1, "what happens there is not told there twice: {here:?}");
        },
    );
    insta::assert_snapshot!(seen.text(), @r#"
    > /sev declare sev2 search is slow
    INC-1 · sev2 · search is slow
    Declared by Ben.
    Who has it? /sev ack INC-1. How it stands: /sev show INC-1

    > /sev update a bad index --status identified
    INC-1 · sev2 · search is slow
    INC-1: a bad index
    Update by Ben. Now identified (was investigating).
    What now: restore the service, then press Monitoring.
    Next update by: 2026-01-01T01:00:00.000Z

    > /sev level sev3 --reason "one customer"
    INC-1 · sev3 · search is slow
    INC-1 is now sev3 (was sev2): one customer
    Changed by Ben. What now: the card says it, with the clocks of sev3.

    > /sev resolve rebuilt the index
    INC-1 · sev3 · search is slow
    INC-1 is resolved after 0 s: rebuilt the index
    Resolved by Ben. If that was too early: /sev reopen INC-1
    "#);
}

#[test]
fn hostile_words_in_roles_tasks_and_notes_are_refused_or_shown_as_words() {
    let seen = SameOnBoth::default();
    with_bot_of(
        || Setup::of(SEV),
        async |bot| {
            bot.ana("/sev declare sev1 checkout is down").await;
            let mut all = Vec::new();
            for line in [
                "/sev role \"<!channel>\"",
                "/sev role commander @nobody-at-all",
                "/sev role commander @ben --note \"<@U123> *you* `have` it\"",
                "/sev task add <script>alert(1)</script> @everyone --due +30m",
                "/sev task done '; drop table incidents; --",
                "/sev task explode",
                "/sev merge INC-1",
                "/sev stats --since soon",
            ] {
                all.push(told(line, &bot.ana(line).await));
            }
            seen.saw(all.join("\n\n"));
            let facts = incident(&bot, 1).await.facts;
            assert_eq!(facts.tasks[0].text, "<script>alert(1)</script> @everyone");
        },
    );
    insta::assert_snapshot!(seen.text(), @r#"
    > /sev role "<!channel>"
    [refused]
    (console:#incidents, only for you)
    There is no role of that name; choose commander, communications, scribe.

    > /sev role commander @nobody-at-all
    (console:#incidents)
    console:nobody-at-all is commander of INC-1 now.
    Handed over by Ana. What now: console:nobody-at-all goes on; the card says with what.

    > /sev role commander @ben --note "<@U123> *you* `have` it"
    (console:#incidents)
    ben is commander of INC-1 now (was console:nobody-at-all): <@U123> *you* `have` it
    Handed over by Ana. What now: ben goes on; the card says with what.

    > /sev task add <script>alert(1)</script> @everyone --due +30m
    (console:#incidents)
    Task 1 <script>alert(1)</script> @everyone (due at 00:30 UTC)
    Added to INC-1 by Ana. When it is done: /sev task done 1

    > /sev task done '; drop table incidents; --
    [refused]
    (console:#incidents, only for you)
    Which task? Its number: /sev task done 2. The list: /sev task list

    > /sev task explode
    [refused]
    (console:#incidents, only for you)
    ACTION 'explode' is not a choice here; choose add, done or list.
    /sev task add|done|list [TEXT…] [--owner @WHO] [--due TIME]

    > /sev merge INC-1
    [refused]
    (console:#incidents, only for you)
    --into is missing.
    /sev merge ID --into INC-N

    > /sev stats --since soon
    [refused]
    (console:#incidents, only for you)
    --since 'soon' is not a duration; write one like 90s, 15m, 1h30m or 1d.
    /sev stats [--since DURATION]
    "#);
}
