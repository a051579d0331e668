//! Ladders: who is paged when, who is not paged again, and what everybody reads.

use super::{CLIMB, climb, declared, pages, refused, run, with_ladders};
use crate::SevDeclare;
use drillbell_sdk::Contact;
use drillbell_sdk::testing::{FakeBot, click, command};

#[test]
fn the_first_level_is_paged_with_the_declaration_and_everybody_reads_what_comes_next() {
    let mut bot = declared(with_ladders(), "sev1");
    let said = bot.transcript();
    let after_card = said.split_once("\n\npage ").expect("a page").1;
    insta::assert_snapshot!(after_card, @r"
    ana trigger INC-1
    INC-1 · sev1 · checkout is down (critical)
    Status: investigating
    Declared by: ana
    Declared: 2026-03-01T10:02:00.000Z
    ~ You are level 1. Take it up with Acknowledge, `/sev ack INC-1` or a reply `ack` in chat; until then it goes on.
    [Acknowledge] ack INC-1, primary

    post m2 to console:#incidents
    (info)
    INC-1: paged Ana (on call: primary).
    ~ If nobody acknowledges, level 2 is paged in 10 min.
    [Acknowledge] ack INC-1, primary
    ");
    let line = &bot.entries.last().expect("a line").1;
    assert_eq!(
        (line.kind.as_str(), line.text.as_str()),
        ("escalation", "Level 1 of default: paged Ana (on call: primary).")
    );
}

#[test]
fn nobody_acknowledging_climbs_to_the_end_where_it_is_said_loudly() {
    let mut bot = declared(with_ladders(), "sev1");
    pages(&mut bot);
    climb(&mut bot, 10);
    insta::assert_snapshot!(bot.transcript(), @r"
    page ben trigger INC-1
    INC-1 · sev1 · checkout is down (critical)
    Status: investigating
    Declared by: ana
    Declared: 2026-03-01T10:02:00.000Z
    ~ You are level 2. Take it up with Acknowledge, `/sev ack INC-1` or a reply `ack` in chat; until then it goes on.
    [Acknowledge] ack INC-1, primary

    post m3 to console:#incidents
    (warning)
    INC-1: nobody has acknowledged for 10 min. Level 2 is paged: Ben.
    ~ If nobody acknowledges, level 3 is paged in 20 min.
    [Acknowledge] ack INC-1, primary
    ");
    climb(&mut bot, 20);
    assert_eq!(pages(&mut bot), ["Trigger room"]);
    climb(&mut bot, 5);
    insta::assert_snapshot!(bot.transcript(), @r"
    post m5 to console:#incidents
    (critical)
    INC-1: everybody on the ladder was paged, and nobody has acknowledged.
    ~ Somebody look at it now. `/sev page NAME --incident INC-1` pages somebody by hand.
    [Acknowledge] ack INC-1, primary

    post m6 to console:#ops
    (critical)
    INC-1: everybody on the ladder was paged, and nobody has acknowledged.
    ~ Somebody look at it now. `/sev page NAME --incident INC-1` pages somebody by hand.
    ");
    assert!(!bot.timers.contains_key(CLIMB), "that is said once");
}

#[test]
fn whoever_acknowledges_first_stops_it_and_those_paged_are_told() {
    let mut bot = declared(with_ladders(), "sev1");
    pages(&mut bot);
    bot.action::<SevDeclare>(click("ack", "INC-1").by("ben", "Ben")).expect("a click");
    let said = bot.transcript();
    let (told, card) = said.split_once("\n\nedit").expect("the card follows");
    insta::assert_snapshot!(told, @r"
    page ana acknowledge INC-1
    INC-1 · sev1 · checkout is down (info)
    Ben has taken it up. Nobody else will be paged.

    reply m3
    Ben has INC-1.
    ~ Acknowledged: nobody else is paged. What now: the card says it.
    ");
    assert!(card.contains("Acknowledged: by ben after 0 s, in time"), "{card}");
    assert!(!bot.timers.contains_key(CLIMB));
    run(&mut bot, command("sev ack"));
    insta::assert_snapshot!(bot.transcript(), @"
    reply m4
    INC-1 is already acknowledged: by ben at 10:02 UTC. Nothing changed.
    ");
    run(&mut bot, command("sev level").arg("level", "sev2"));
    assert_eq!(pages(&mut bot), [""; 0], "what is looked after stays quiet");
    run(&mut bot, command("sev resolve"));
    assert_eq!(pages(&mut bot), ["Resolve ana"]);
    assert!(bot.kv.is_empty() && !bot.timers.contains_key(CLIMB));
}

#[test]
fn a_timer_that_fires_after_somebody_acknowledged_pages_nobody() {
    let mut bot = declared(with_ladders(), "sev1");
    let (due_ms, payload) = bot.timers[CLIMB].clone();
    run(&mut bot, command("sev ack"));
    pages(&mut bot);
    bot.timers.insert(CLIMB.to_owned(), (due_ms, payload));
    climb(&mut bot, 10);
    assert_eq!(pages(&mut bot), [""; 0]);
}

#[test]
fn another_severity_begins_its_ladder_without_paging_anybody_twice() {
    let mut bot = declared(with_ladders(), "sev2");
    assert_eq!(pages(&mut bot), ["Trigger ben"]);
    run(&mut bot, command("sev level").arg("level", "sev1"));
    assert_eq!(pages(&mut bot), ["Trigger ana"]);
    climb(&mut bot, 10);
    assert_eq!(pages(&mut bot), [""; 0], "Ben was paged before");
    climb(&mut bot, 20);
    assert_eq!(pages(&mut bot), ["Trigger room"]);
    run(&mut bot, command("sev level").arg("level", "sev4"));
    assert!(bot.timers.is_empty(), "sev4 climbs nothing");
    run(&mut bot, command("sev resolve"));
    assert_eq!(pages(&mut bot), ["Resolve ana", "Resolve ben", "Resolve room"]);
    run(&mut bot, command("sev reopen").incident("INC-1"));
    assert_eq!(pages(&mut bot), [""; 0]);
}

#[test]
fn a_level_where_nobody_can_be_paged_is_said_loudly_and_the_next_is_paged_at_once() {
    let away = Contact::new("ana", "Ana").left_out("only in business hours, Mon-Fri 09:00-17:00 UTC");
    let mut bot = FakeBot::new();
    let (ben, room) = (Contact::new("ben", "Ben"), Contact::new("room", "room"));
    bot.with_ladder("sev1", "default", &[(0, &[away]), (600_000, &[ben]), (900_000, &[room])]);
    let mut bot = declared(bot, "sev1");
    let said = bot.transcript();
    let after_card = said.split_once("\n\npost ").expect("a post").1;
    insta::assert_snapshot!(after_card, @r"
    m2 to console:#incidents
    (critical)
    INC-1: nobody of level 1 can be paged now. Left out: Ana (only in business hours, Mon-Fri 09:00-17:00 UTC). Level 2 is next, at once.
    [Acknowledge] ack INC-1, primary

    post m3 to console:#ops
    (critical)
    INC-1: nobody of level 1 can be paged now. Left out: Ana (only in business hours, Mon-Fri 09:00-17:00 UTC). Level 2 is next, at once.

    page ben trigger INC-1
    INC-1 · sev1 · checkout is down (critical)
    Status: investigating
    Declared by: ana
    Declared: 2026-03-01T10:02:00.000Z
    ~ You are level 2. Take it up with Acknowledge, `/sev ack INC-1` or a reply `ack` in chat; until then it goes on.
    [Acknowledge] ack INC-1, primary

    post m4 to console:#incidents
    (warning)
    INC-1: level 2 is paged at once: Ben.
    ~ If nobody acknowledges, level 3 is paged in 5 min.
    [Acknowledge] ack INC-1, primary
    ");
    climb(&mut bot, 5);
    assert_eq!(pages(&mut bot), ["Trigger room"]);
}

#[test]
fn somebody_is_paged_by_hand_whatever_the_hour() {
    let away = Contact::new("ana", "Ana").left_out("only in business hours, Mon-Fri 09:00-17:00 UTC");
    let mut bot = FakeBot::new();
    bot.with_ladder("sev1", "default", &[(0, &[Contact::new("ben", "Ben"), away])]);
    let mut bot = declared(bot, "sev1");
    pages(&mut bot);
    run(&mut bot, command("sev page").arg("who", "ana").arg("text", "the database is gone").by("ben", "Ben"));
    insta::assert_snapshot!(bot.transcript(), @r"
    page ana trigger INC-1
    INC-1 · sev1 · checkout is down (critical)
    Ben asks for you. the database is gone
    Status: investigating
    Declared by: ana
    Declared: 2026-03-01T10:02:00.000Z
    ~ Take it up with Acknowledge, `/sev ack INC-1` or a reply `ack` in chat; until then it goes on.
    [Acknowledge] ack INC-1, primary

    reply m3
    INC-1: paged Ana.
    ~ Ana would have been left out (only in business hours, Mon-Fri 09:00-17:00 UTC), and was paged all the same.
    [Acknowledge] ack INC-1, primary
    ");
    run(&mut bot, command("sev page"));
    assert_eq!(pages(&mut bot), ["Trigger ben"], "the level again, without those who are left out");
    run(&mut bot, command("sev page").arg("who", "L1"));
    assert_eq!(pages(&mut bot), ["Trigger ben"]);
    let data = bot.data.clone().expect("data");
    assert_eq!((&data["paged"], &data["left_out"]), (&serde_json::json!(["ben"]), &serde_json::json!(["ana"])));
    insta::assert_snapshot!(refused(&mut bot, command("sev page").arg("who", "L4")), @"The ladder default has no level 4; its last one is 1.");
    insta::assert_snapshot!(refused(&mut bot, command("sev page").arg("who", "zoe")), @"nobody is called `zoe`. A level is `L2`; without a name the level that was reached is paged again.");
    run(&mut bot, command("sev ack"));
    assert_eq!(pages(&mut bot), ["Acknowledge ana", "Acknowledge ben"]);
}

#[test]
fn without_the_grants_an_incident_is_declared_all_the_same() {
    for grant in ["escalation", "kv", "timers"] {
        let mut bot = with_ladders();
        bot.deny(grant);
        let mut bot = declared(bot, "sev1");
        assert_eq!(bot.incidents.len(), 1, "{grant}");
        assert!(!bot.log.is_empty(), "the operator is told of {grant}");
        let said = bot.said.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        let reads = said.matches("INC-1: nobody further is paged by itself.").count();
        // Without `escalation` the plugin cannot say it either; without the others it is said at home and to the operators.
        assert_eq!(reads, if grant == "escalation" { 0 } else { 2 }, "{grant}: {said}");
        let paged = pages(&mut bot);
        assert_eq!(paged.len(), usize::from(grant == "timers"), "{grant}: {paged:?}");
    }
}

#[test]
fn what_goes_wrong_with_paging_keeps_nobody_from_declaring() {
    let mut bot = with_ladders();
    bot.ladder_of.insert(String::from("sev3"), String::from("gone"));
    let mut bot = declared(bot, "sev3");
    assert_eq!(bot.incidents.len(), 1);
    let said = bot.transcript();
    assert!(said.contains("its ladder `gone` is not configured any more"), "{said}");
}

#[test]
fn a_ladder_that_was_taken_out_of_the_configuration_is_said_loudly() {
    let mut bot = declared(with_ladders(), "sev1");
    pages(&mut bot);
    bot.ladders.clear();
    climb(&mut bot, 10);
    let said = bot.transcript();
    assert!(
        said.contains("its ladder `default` is not configured any more") && said.contains("console:#ops"),
        "{said}"
    );
    assert!(!bot.timers.contains_key(CLIMB));
}
