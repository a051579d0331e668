//! Where an incident lives: what is asked for, in which order, and what happens without the right to it.

use super::{later, run};
use crate::SevDeclare;
use drillbell_sdk::testing::{FakeBot, command, person};
use drillbell_sdk::{Bot, Contact, Declared, Home, OnIncident, OnReaction, Place, Reaction};
use std::time::Duration;

fn bot(place: Place) -> FakeBot {
    let mut bot = FakeBot::new();
    let home = Home { place, invite: vec![String::from("responder")], archive_after: Duration::from_secs(3600) };
    bot.homes.insert(String::from("sev1"), home);
    bot
}

fn declare(bot: &mut FakeBot) {
    run(bot, command("sev declare").arg("level", "sev1").arg("title", "checkout is down"));
}

#[test]
fn a_channel_is_opened_filled_and_told_of() {
    let mut bot = bot(Place::Channel);
    declare(&mut bot);
    insta::assert_snapshot!(bot.transcript(), @r"
    console:#inc-1-checkout-is-down open near console:#incidents

    console:#inc-1-checkout-is-down invite responder

    console:#inc-1-checkout-is-down topic: sev1 · investigating · checkout is down

    post m1 to console:#inc-1-checkout-is-down
    INC-1 · sev1 · checkout is down (critical)
    No update yet.
    Status: investigating
    Severity: sev1 (Critical, P0): down, data leak or payments broken
    Declared by: ana
    Declared: 2026-03-01T10:02:00.000Z
    Roles: nobody is commander, communications, scribe
    Acknowledge by: 2026-03-01T10:07:00.000Z
    Decide by: 2026-03-01T10:12:00.000Z
    Roll back by: 2026-03-01T10:17:00.000Z
    Next update by: 2026-03-01T10:32:00.000Z
    ~ Left at 10:02 UTC: 5 min to acknowledge, 10 min to decide, 15 min to roll back, 30 min to the next update.
    ~ Order: 1 restore the service (now), 2 find the cause, 3 prevent it.
    ~ Next: press Acknowledge, so that everybody knows that somebody is on it.
    [Acknowledge] ack INC-1, primary
    [Claim commander] claim-commander INC-1
    [Claim communications] claim-communications INC-1
    [Claim scribe] claim-scribe INC-1
    [Update] update INC-1 opens (Update INC-1: text!, status)
    [Identified] identified INC-1
    [Monitoring] monitoring INC-1
    [Resolve] resolve INC-1, danger, once
    [Show timeline] timeline INC-1

    console:#inc-1-checkout-is-down pin m1

    reply m2
    INC-1 · sev1 · checkout is down (critical)
    It is worked on in #inc-1-checkout-is-down; its card is there.
    ");
    assert_eq!(bot.entries[1].1.text, "lives in #inc-1-checkout-is-down; invited: responder");
    assert_eq!(bot.incidents[0].conversation, "console:#inc-1-checkout-is-down");
    assert_eq!(bot.incidents[0].card.as_ref().map(|card| card.as_str()), Some("m1"));
}

#[test]
fn a_thread_is_under_the_answer() {
    let mut bot = bot(Place::Thread);
    declare(&mut bot);
    let said = bot.transcript();
    assert!(said.contains("console:#inc-1-checkout-is-down open under m1"), "{said}");
}

#[test]
fn its_head_follows_and_it_is_archived_some_time_after_the_end() {
    let mut bot = bot(Place::Channel);
    declare(&mut bot);
    bot.said.clear();
    run(&mut bot, command("sev update").arg("text", "found it").arg("status", "identified"));
    assert!(bot.transcript().contains("topic: sev1 · identified · checkout is down"));
    run(&mut bot, command("sev resolve"));
    assert_eq!(bot.timers["place/INC-1"].0, bot.now_ms + 3_600_000);
    later(&mut bot, 60);
    bot.said.clear();
    bot.fire_timer::<SevDeclare>("place/INC-1").expect("it archives");
    assert!(bot.transcript().contains("archive"));
    run(&mut bot, command("sev reopen").arg("id", "INC-1"));
    let said = bot.transcript();
    assert!(said.contains("unarchive") && said.contains("pin m"), "{said}");
    assert!(said.find("unarchive") < said.find("post m"), "nothing is posted into what is archived: {said}");
    assert!(!bot.timers.contains_key("place/INC-1"));
}

#[test]
fn an_incident_that_is_open_again_is_not_archived() {
    let mut bot = bot(Place::Channel);
    declare(&mut bot);
    run(&mut bot, command("sev resolve"));
    let timer = bot.timers["place/INC-1"].clone();
    run(&mut bot, command("sev reopen").arg("id", "INC-1"));
    bot.timers.insert(String::from("place/INC-1"), timer);
    bot.said.clear();
    bot.fire_timer::<SevDeclare>("place/INC-1").expect("it looks");
    assert_eq!(bot.transcript(), "");
}

#[test]
fn without_the_right_to_it_an_incident_is_declared_where_somebody_declared_it() {
    let mut bot = bot(Place::Channel);
    bot.deny("conversations");
    declare(&mut bot);
    assert_eq!(bot.incidents[0].conversation, "console:#incidents");
    assert!(bot.transcript().starts_with("reply m1\nINC-1 · sev1 · checkout is down (critical)"));
    assert!(bot.log[0].1.contains("stays where it was declared"), "{:?}", bot.log);
}

#[test]
fn without_the_right_to_a_thread_what_was_to_tell_of_it_becomes_the_card() {
    let mut bot = bot(Place::Thread);
    bot.deny("conversations");
    declare(&mut bot);
    let said = bot.transcript();
    assert_eq!(said.matches("INC-1 · sev1").count(), 2, "{said}");
    assert!(said.contains("edit m1\nINC-1 · sev1 · checkout is down (critical)\nNo update yet."), "{said}");
    assert_eq!(bot.incidents[0].card.as_ref().map(|card| card.as_str()), Some("m1"));
    assert_eq!(bot.incidents[0].conversation, "console:#incidents");
}

#[test]
fn what_is_learnt_after_the_archiving_still_reaches_the_place() {
    let mut bot = bot(Place::Channel);
    declare(&mut bot);
    run(&mut bot, command("sev resolve"));
    later(&mut bot, 60);
    bot.fire_timer::<SevDeclare>("place/INC-1").expect("it archives");
    bot.said.clear();
    run(&mut bot, command("sev note").incident("INC-1").arg("text", "the cause was dns"));
    let said = bot.transcript();
    assert!(said.contains("unarchive"), "{said}");
    assert!(bot.timers.contains_key("place/INC-1"), "it is archived again: {:?}", bot.timers);
}

#[test]
fn a_pin_writes_the_message_down_and_other_reactions_do_not() {
    let mut bot = super::with_incident();
    let reaction = |emoji: &str, text: &str| Reaction {
        message: "m1".into(),
        emoji: emoji.to_owned(),
        text: text.to_owned(),
        by: person("ben", "Ben"),
        conversation: "console:#incidents".into(),
        incident: Some("INC-1".into()),
        at_ms: 0,
    };
    for (emoji, text) in [("eyes", "x"), ("pushpin", " the cause is dns "), ("📌", ""), ("pushpin", &"x".repeat(5_000))]
    {
        bot.run(|bot| SevDeclare::on_reaction(bot, reaction(emoji, text))).expect("it is handled");
    }
    let texts: Vec<_> = bot.entries.iter().filter(|(_, e)| e.kind == "pinned").map(|(_, e)| e.text.clone()).collect();
    assert_eq!(texts[..2], ["the cause is dns", "(a message without text)"]);
    assert_eq!(texts[2].chars().count(), 1_001);
}

#[test]
fn whoever_is_paged_is_invited_and_reads_where_it_is_worked_on() {
    let mut bot = bot(Place::Channel);
    let (ben, eve) = (Contact::new("ben", "Ben (on call: primary)"), Contact::new("eve", "Eve"));
    bot.with_ladder("sev1", "default", &[(0, &[ben]), (60_000, &[eve])]);
    declare(&mut bot);
    let said = bot.transcript();
    let (opened, invited) = (said.find(" open near"), said.find("console:#inc-1-checkout-is-down invite @ben"));
    assert!(opened.is_some() && opened < invited, "{said}");
    assert!(said.contains("Worked on in: #inc-1-checkout-is-down") && !said.contains("@eve"), "{said}");
    later(&mut bot, 1);
    bot.said.clear();
    bot.fire_timer::<SevDeclare>("escalation:INC-1").expect("it climbs");
    let said = bot.transcript();
    assert!(said.contains("console:#inc-1-checkout-is-down invite @eve"), "{said}");
}

#[test]
fn where_a_merged_incident_lived_people_read_where_it_goes_on_and_it_is_archived() {
    let mut bot = bot(Place::Channel);
    declare(&mut bot);
    run(&mut bot, command("sev declare").arg("level", "sev1").arg("title", "refunds fail"));
    bot.said.clear();
    run(&mut bot, command("sev merge").arg("id", "INC-2").arg("into", "INC-1"));
    let said = bot.transcript();
    assert!(said.contains(" to console:#inc-2-refunds-fail\nINC-2 is merged into INC-1"), "{said}");
    assert!(said.contains("INC-1 is worked on in #inc-1-checkout-is-down."), "{said}");
    assert!(said.contains("console:#inc-2-refunds-fail topic: sev1 · resolved · refunds fail"), "{said}");
    assert_eq!(bot.timers["place/INC-2"].0, bot.now_ms + 3_600_000);
    assert!(!bot.timers.contains_key("place/INC-1"));
}

#[test]
fn a_merge_that_was_typed_where_the_ended_one_lived_is_told_there_once() {
    let mut bot = bot(Place::Channel);
    declare(&mut bot);
    run(&mut bot, command("sev declare").arg("level", "sev1").arg("title", "refunds fail"));
    bot.said.clear();
    run(
        &mut bot,
        command("sev merge")
            .arg("id", "INC-2")
            .arg("into", "INC-1")
            .incident("INC-2")
            .at("console:#inc-2-refunds-fail"),
    );
    let said = bot.transcript();
    assert_eq!(said.matches("INC-2 is merged into INC-1").count(), 1, "{said}");
}

#[test]
fn what_only_says_that_somebody_looked_is_not_among_a_cards_last_events() {
    let mut bot = super::with_incident();
    for (kind, text) in [("command", "/sev show INC-1"), ("click", "pressed Show timeline")] {
        bot.note(&"INC-1".into(), kind, text).expect("it is written");
    }
    bot.said.clear();
    run(&mut bot, command("sev note").arg("text", "two replicas are gone"));
    let said = bot.transcript();
    assert!(said.contains("two replicas are gone") && !said.contains("pressed Show timeline"), "{said}");
}

#[test]
fn an_incident_that_another_plugin_declares_gets_its_card_and_is_told_of_in_the_channel_of_incidents() {
    let mut bot = FakeBot::new();
    bot.digest = Some("console:#all-incidents".into());
    bot.run(|bot| {
        bot.declare("checkout is down", "sev1", &"console:#ops".into(), None).map(|_| ()).map_err(Into::into)
    })
    .expect("declared");
    let declared = Declared {
        incident: "INC-1".into(),
        by: "alerts".to_owned(),
        conversation: "console:#ops".into(),
        at_ms: bot.now_ms,
    };
    bot.run(|bot| SevDeclare::on_incident(bot, declared)).expect("it is taken up");
    insta::assert_snapshot!(bot.transcript(), @r"
    post m1 to console:#ops
    INC-1 · sev1 · checkout is down (critical)
    No update yet.
    Status: investigating
    Severity: sev1 (Critical, P0): down, data leak or payments broken
    Declared by: plugin:test
    Declared: 2026-03-01T10:02:00.000Z
    Roles: nobody is commander, communications, scribe
    Acknowledge by: 2026-03-01T10:07:00.000Z
    Decide by: 2026-03-01T10:12:00.000Z
    Roll back by: 2026-03-01T10:17:00.000Z
    Next update by: 2026-03-01T10:32:00.000Z
    ~ Left at 10:02 UTC: 5 min to acknowledge, 10 min to decide, 15 min to roll back, 30 min to the next update.
    ~ Order: 1 restore the service (now), 2 find the cause, 3 prevent it.
    ~ Next: press Acknowledge, so that everybody knows that somebody is on it.
    [Acknowledge] ack INC-1, primary
    [Claim commander] claim-commander INC-1
    [Claim communications] claim-communications INC-1
    [Claim scribe] claim-scribe INC-1
    [Update] update INC-1 opens (Update INC-1: text!, status)
    [Identified] identified INC-1
    [Monitoring] monitoring INC-1
    [Resolve] resolve INC-1, danger, once
    [Show timeline] timeline INC-1

    post m2 to console:#all-incidents
    INC-1 · sev1 · checkout is down (critical)
    Declared by plugin:test.
    ~ Who has it? /sev ack INC-1. How it stands: /sev show INC-1
    ");
}
