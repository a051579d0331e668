//! One incident turns out to be part of another.

use super::{CLIMB, declare, declared, later, refused, run, with_incident, with_ladders, with_page};
use crate::SevDeclare;
use drillbell_sdk::Status;
use drillbell_sdk::testing::{FakeBot, click, command};

fn merged() -> FakeBot {
    let mut bot = with_incident();
    declare(&mut bot, "sev2", "payments fail");
    later(&mut bot, 4);
    run(&mut bot, command("sev merge").arg("id", "INC-2").arg("into", "INC-1"));
    bot
}

#[test]
fn the_merged_one_ends_points_to_the_other_and_keeps_its_timeline() {
    let mut bot = merged();
    insta::assert_snapshot!(bot.changes(), @r"
    reply m3
    INC-2 is merged into INC-1 (checkout is down). Go on there.
    ~ Merged by Ana. What happened in INC-2 stays: /sev timeline INC-2

    edit m2
    - INC-2 · sev2 · payments fail (warning)
    - No update yet.
    - Status: investigating
    + INC-2 · sev2 · payments fail (good)
    + Status: resolved
    - Roles: nobody is commander, communications, scribe
    - Acknowledge by: 2026-03-01T10:17:00.000Z
    - Decide by: 2026-03-01T10:12:00.000Z
    - Roll back by: 2026-03-01T10:32:00.000Z
    - Next update by: 2026-03-01T11:02:00.000Z
    - ~ Left at 10:02 UTC: 15 min to acknowledge, 10 min to decide, 30 min to roll back, 1 h to the next update.
    - ~ Order: 1 restore the service (now), 2 find the cause, 3 prevent it.
    - ~ Next: press Acknowledge, so that everybody knows that somebody is on it.
    - [Acknowledge] ack INC-2, primary
    - [Claim commander] claim-commander INC-2
    - [Claim communications] claim-communications INC-2
    - [Claim scribe] claim-scribe INC-2
    - [Update] update INC-2 opens (Update INC-2: text!, status)
    - [Identified] identified INC-2
    - [Monitoring] monitoring INC-2
    - [Resolve] resolve INC-2, danger, once
    + Resolved: 2026-03-01T10:06:00.000Z
    + Lasted: 4 min
    + Merged into: INC-1
    + Last: 10:02 UTC ana declared: sev2: payments fail
    + 10:06 UTC ana merged: merged into INC-1: checkout is down
    + ~ Next: go on in INC-1: /sev show INC-1

    edit m1
    - ~ Left at 10:02 UTC: 5 min to acknowledge, 10 min to decide, 15 min to roll back, 30 min to the next update.
    + ~ Left at 10:06 UTC: 1 min to acknowledge, 6 min to decide, 11 min to roll back, 26 min to the next update.
    + Last: 10:02 UTC ana declared: sev1: checkout is down
    + 10:06 UTC ana merged: took in INC-2: payments fail
    ");
    let lines: Vec<_> = bot.entries.iter().map(|(id, e)| format!("{id} {}: {}", e.kind, e.text)).collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    INC-1 declared: sev1: checkout is down
    INC-2 declared: sev2: payments fail
    INC-1 merged: took in INC-2: payments fail
    INC-2 merged: merged into INC-1: checkout is down
    ");
    assert!(bot.timers.keys().all(|name| !name.contains("INC-2")), "{:?}", bot.timers);
    run(&mut bot, command("sev merge").arg("id", "INC-2").arg("into", "INC-1"));
    insta::assert_snapshot!(bot.changes(), @r"
    reply m4
    INC-2 is already merged into INC-1. Nothing changed.
    ");
}

#[test]
fn whatever_is_asked_of_a_merged_one_says_where_to_go() {
    let mut bot = merged();
    bot.said.clear();
    for command in [
        command("sev update").arg("text", "hm"),
        command("sev level").arg("level", "sev1"),
        command("sev note").arg("text", "hm"),
        command("sev ack"),
        command("sev role").arg("role", "scribe"),
        command("sev role").arg("role", "scribe").arg("person", "ben"),
        command("sev task").arg("action", "add").arg("text", "hm"),
        command("sev reopen"),
        command("sev merge").arg("id", "INC-2").arg("into", "INC-3"),
    ] {
        declare(&mut bot, "sev3", "a third");
        let says = refused(&mut bot, command.incident("INC-2"));
        assert_eq!(says, "INC-2 was merged into INC-1; go on there: add --incident INC-1");
    }
    assert!(bot.action::<SevDeclare>(click("monitoring", "INC-2")).is_err());
    assert!(bot.said.is_empty());
    run(&mut bot, command("sev show").arg("id", "INC-2"));
    assert!(bot.transcript().contains("Merged into: INC-1"));
    run(&mut bot, command("sev timeline").arg("id", "INC-2"));
}

#[test]
fn what_cannot_be_merged_is_refused_in_a_sentence() {
    let mut bot = with_incident();
    declare(&mut bot, "sev2", "payments fail");
    let merge = |id: &str, into: &str| command("sev merge").arg("id", id).arg("into", into);
    insta::assert_snapshot!(refused(&mut bot, merge("INC-1", "INC-1")), @"INC-1 cannot be merged into itself; name another: --into INC-…");
    insta::assert_snapshot!(refused(&mut bot, merge("INC-1", "INC-9")), @"There is no INC-9.");
    run(&mut bot, command("sev resolve").incident("INC-2"));
    insta::assert_snapshot!(refused(&mut bot, merge("INC-1", "INC-2")), @"INC-2 is resolved; reopen it first: /sev reopen INC-2");
    run(&mut bot, merge("INC-2", "INC-1"));
    insta::assert_snapshot!(refused(&mut bot, merge("INC-1", "INC-2")), @"INC-2 was merged into INC-1; go on there: add --incident INC-1");
}

#[test]
fn whoever_was_paged_about_the_merged_one_reads_where_it_goes_on() {
    let mut bot = with_page(declared(with_ladders(), "sev1"));
    bot.digest = Some("console:#news".into());
    declare(&mut bot, "sev3", "the cache is cold");
    bot.public.insert("INC-1".into(), Status::Monitoring);
    bot.transcript();
    run(&mut bot, command("sev merge").arg("id", "INC-1").arg("into", "INC-2"));
    let said = bot.transcript();
    let (told, rest) = said.split_once("\n\nedit").expect("the cards follow");
    let digest = rest.split_once("\n\npost").expect("the incidents' channel hears of it").1;
    insta::assert_snapshot!(told, @r"
    reply m5
    INC-1 is merged into INC-2 (the cache is cold). Go on there.
    ~ Merged by Ana. What happened in INC-1 stays: /sev timeline INC-1
    ~ INC-1 was sev1, INC-2 is sev3. If it is as bad as that: /sev level sev1 --incident INC-2
    ~ The public page still shows INC-1: /sev resolve --incident INC-1 proposes its end.
    ");
    insta::assert_snapshot!(digest, @r"
     m6 to console:#news
    INC-1 · sev1 · checkout is down (neutral)
    INC-1 is merged into INC-2 (the cache is cold). Go on there.
    ~ Merged by Ana. What happened in INC-1 stays: /sev timeline INC-1
    ~ INC-1 was sev1, INC-2 is sev3. If it is as bad as that: /sev level sev1 --incident INC-2
    ~ The public page still shows INC-1: /sev resolve --incident INC-1 proposes its end.

    page ana resolve INC-1
    INC-1 · sev1 · checkout is down (info)
    Part of INC-2 (the cache is cold, sev3) now, which goes on.
    ");
    assert!(!bot.timers.contains_key(CLIMB) && bot.kv.is_empty());
}

#[test]
fn resolving_a_merged_one_says_where_it_went_and_proposes_the_end_of_what_is_public() {
    let mut bot = with_page(merged());
    bot.said.clear();
    run(&mut bot, command("sev resolve").incident("INC-2"));
    insta::assert_snapshot!(bot.changes(), @r"
    reply m4
    INC-2 was merged into INC-1; it goes on there. Nothing changed.
    ");
    assert!(bot.public_updates.is_empty());
    bot.public.insert("INC-2".into(), Status::Investigating);
    run(&mut bot, command("sev resolve").incident("INC-2"));
    insta::assert_snapshot!(bot.changes(), @r"
    reply m5
    INC-2 was merged into INC-1; it goes on there. Nothing changed.
    ~ The public page still shows it open: A-P0000001 waits for somebody else's approval.
    ");
    assert_eq!(bot.public_updates.len(), 1);
}
