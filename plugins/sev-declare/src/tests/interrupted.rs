//! Climbs that something came between: an outage, a shorter ladder, a grant that was taken away, a key that does not read.

use super::{CLIMB, climb, declared, fire, pages, run, with_ladders};
use drillbell_sdk::testing::{FakeBot, command};

/// What everybody read of the climb since the last look.
fn told(bot: &mut FakeBot) -> String {
    let said = bot.transcript();
    let about =
        |line: &&str| line.starts_with("INC-1: ") || line.starts_with("~ If nobody") || line.starts_with("~ Nobody");
    said.lines().filter(about).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_last_level_is_paged_again_as_often_as_configured() {
    let mut bot = with_ladders();
    bot.with_repeat("default", 3, 2, 300_000);
    let mut bot = declared(bot, "sev1");
    climb(&mut bot, 10);
    climb(&mut bot, 20);
    bot.said.clear();
    climb(&mut bot, 5);
    insta::assert_snapshot!(told(&mut bot), @r"
    INC-1: nobody has acknowledged for 35 min. Paged again: room.
    ~ If nobody acknowledges, they are paged again in 5 min.
    ");
    climb(&mut bot, 5);
    assert_eq!(pages(&mut bot), ["Trigger room"]);
    climb(&mut bot, 5);
    insta::assert_snapshot!(told(&mut bot), @r"
    INC-1: everybody on the ladder was paged, and nobody has acknowledged.
    INC-1: everybody on the ladder was paged, and nobody has acknowledged.
    ");
    assert!(!bot.timers.contains_key(CLIMB));
}

#[test]
fn after_an_outage_each_level_that_was_missed_is_paged_once() {
    let mut bot = with_ladders();
    bot.with_repeat("default", 1, 5, 60_000);
    bot.with_repeat("default", 3, 3, 300_000);
    let mut bot = declared(bot, "sev1");
    assert_eq!(pages(&mut bot), ["Trigger ana"]);
    climb(&mut bot, 120);
    assert_eq!(pages(&mut bot), ["Trigger ana", "Trigger ben", "Trigger room"]);
    assert!(bot.timers.contains_key(CLIMB), "whoever was paged only now has their time");
    climb(&mut bot, 5);
    insta::assert_snapshot!(told(&mut bot), @r"
    INC-1: everybody on the ladder was paged, and nobody has acknowledged.
    INC-1: everybody on the ladder was paged, and nobody has acknowledged.
    ");
}

#[test]
fn a_level_whose_first_time_was_missed_does_not_page_those_again_who_know() {
    let mut bot = with_ladders();
    bot.with_repeat("default", 2, 2, 60_000);
    let mut bot = declared(bot, "sev2");
    assert_eq!(pages(&mut bot), ["Trigger ben"]);
    run(&mut bot, command("sev level").arg("level", "sev1"));
    assert_eq!(pages(&mut bot), ["Trigger ana"]);
    climb(&mut bot, 15);
    assert_eq!(pages(&mut bot), [""; 0], "Ben was paged before, on the other ladder");
}

#[test]
fn a_ladder_that_was_shortened_meanwhile_still_says_that_it_is_at_its_end() {
    let mut bot = declared(with_ladders(), "sev1");
    climb(&mut bot, 10);
    bot.said.clear();
    bot.ladders.get_mut("default").expect("configured").0.truncate(1);
    climb(&mut bot, 20);
    insta::assert_snapshot!(told(&mut bot), @r"
    INC-1: everybody on the ladder was paged, and nobody has acknowledged.
    INC-1: everybody on the ladder was paged, and nobody has acknowledged.
    ");
}

#[test]
fn a_grant_that_was_taken_away_and_given_back_loses_no_level() {
    for grant in ["escalation", "kv"] {
        let mut bot = declared(with_ladders(), "sev1");
        pages(&mut bot);
        bot.deny(grant);
        climb(&mut bot, 10);
        assert_eq!(pages(&mut bot), [""; 0], "{grant}");
        let due_ms = bot.timers[CLIMB].0;
        assert_eq!(due_ms, bot.now_ms + 5 * 60_000, "{grant}: it is tried again");
        bot.denied.clear();
        climb(&mut bot, 5);
        assert_eq!(pages(&mut bot), ["Trigger ben"], "{grant}");
    }
}

#[test]
fn a_climb_that_does_not_read_begins_anew_and_is_not_in_the_way_of_the_end() {
    let mut bot = declared(with_ladders(), "sev1");
    pages(&mut bot);
    bot.kv.insert(CLIMB.into(), "{".into());
    climb(&mut bot, 10);
    assert_eq!(pages(&mut bot), ["Trigger ana"], "rather twice than never");
    climb(&mut bot, 10);
    assert_eq!(pages(&mut bot), ["Trigger ben"]);
    bot.kv.insert(CLIMB.into(), "[]".into());
    run(&mut bot, command("sev ack"));
    assert!(!bot.timers.contains_key(CLIMB));
    run(&mut bot, command("sev resolve"));
    assert!(bot.kv.is_empty() && !bot.timers.contains_key(CLIMB), "{:?}", bot.kv);
    assert!(bot.log.iter().any(|(_, line)| line.contains("reads wrong")), "{:?}", bot.log);
}

#[test]
fn a_climb_that_an_earlier_version_wrote_goes_on() {
    let mut bot = declared(with_ladders(), "sev1");
    pages(&mut bot);
    let at_ms = bot.now_ms;
    let old =
        format!(r#"{{"ladder":"default","begun_ms":{at_ms},"started_ms":{at_ms},"next":1,"level":1,"paged":["ana"]}}"#);
    bot.kv.insert(CLIMB.into(), old);
    climb(&mut bot, 10);
    assert_eq!(pages(&mut bot), ["Trigger ben"]);
}

#[test]
fn what_cannot_be_told_or_noted_undoes_no_page() {
    let mut bot = declared(with_ladders(), "sev1");
    pages(&mut bot);
    bot.deny("incidents:write");
    climb(&mut bot, 10);
    assert_eq!(pages(&mut bot), ["Trigger ben"]);
    assert!(bot.log.iter().any(|(_, line)| line.starts_with("the timeline of INC-1 lacks a step")), "{:?}", bot.log);
    bot.denied.clear();
    fire(&mut bot, CLIMB);
    assert_eq!(pages(&mut bot), [""; 0], "once is enough");
}

#[test]
fn without_a_memory_people_are_paged_by_hand_all_the_same() {
    let mut bot = with_ladders();
    bot.deny("kv");
    let mut bot = declared(bot, "sev1");
    insta::assert_snapshot!(told(&mut bot), @r"
    INC-1: nobody further is paged by itself.
    INC-1: nobody further is paged by itself.
    ");
    run(&mut bot, command("sev page").arg("who", "ben"));
    assert_eq!(pages(&mut bot), ["Trigger ben"]);
}
