//! The card's buttons.

use super::{card_of, later, run, with_incident};
use crate::SevDeclare;
use drillbell_sdk::Error;
use drillbell_sdk::testing::{FakeBot, click, command};

fn press(bot: &mut FakeBot, button: &str) {
    bot.action::<SevDeclare>(click(button, "INC-1").by("bo", "Bo")).expect("the click succeeds");
}

#[test]
fn a_click_changes_the_status_and_the_card() {
    let mut bot = with_incident();
    press(&mut bot, "identified");
    insta::assert_snapshot!(bot.changes(), @r"
    reply m2
    INC-1 is now identified (was investigating).
    ~ Changed by Bo. What now: restore the service, then press Monitoring.

    edit m1
    - Status: investigating
    + Status: identified
    - Decide by: 2026-03-01T10:12:00.000Z
    + Decided: after 0 s, in time
    - ~ Left at 10:02 UTC: 5 min to acknowledge, 10 min to decide, 15 min to roll back, 30 min to the next update.
    + ~ Left at 10:02 UTC: 5 min to acknowledge, 15 min to roll back, 30 min to the next update.
    + Last: 10:02 UTC ana declared: sev1: checkout is down
    + 10:02 UTC bo status: investigating → identified
    - [Identified] identified INC-1
    ");
    press(&mut bot, "monitoring");
    insta::assert_snapshot!(bot.said[0], @r"
    reply m3
    INC-1 is now monitoring (was identified).
    ~ Changed by Bo. What now: see that it stays well, then press Resolve.
    ");
}

#[test]
fn a_second_click_tells_since_when_it_is_so() {
    let mut bot = with_incident();
    press(&mut bot, "identified");
    later(&mut bot, 2);
    bot.said.clear();
    press(&mut bot, "identified");
    insta::assert_snapshot!(bot.changes(), @r"
    reply m3
    INC-1 is already identified: done by bo at 10:02 UTC. Nothing changed.
    ");
}

#[test]
fn resolve_and_reopen_work_from_the_card() {
    let mut bot = with_incident();
    later(&mut bot, 7);
    press(&mut bot, "resolve");
    insta::assert_snapshot!(bot.said[0], @r"
    reply m2
    (good)
    INC-1 is resolved after 7 min.
    ~ Resolved by Bo. If that was too early: /sev reopen INC-1
    ");
    let first = card_of(&bot, 1);
    press(&mut bot, "reopen");
    assert_ne!(card_of(&bot, 1), first);
    assert!(bot.incidents[0].is_open());
}

#[test]
fn the_timeline_is_a_click_away() {
    let mut bot = with_incident();
    press(&mut bot, "timeline");
    insta::assert_snapshot!(bot.changes(), @r"
    reply m2
    Timeline of INC-1 · checkout is down (neutral)
    2026-03-01T10:02:00.000Z ana declared: sev1: checkout is down
    ~ From the beginning.
    ");
}

#[test]
fn a_click_on_a_resolved_incidents_old_button_is_refused_kindly() {
    let mut bot = with_incident();
    run(&mut bot, command("sev resolve"));
    let refused = bot.action::<SevDeclare>(click("monitoring", "INC-1"));
    insta::assert_snapshot!(refused.expect_err("refused"), @"INC-1 is resolved; reopen it first: /sev reopen INC-1");
}

#[test]
fn a_button_nobody_knows_is_the_plugins_trouble() {
    let mut bot = with_incident();
    assert!(matches!(bot.action::<SevDeclare>(click("explode", "INC-1")), Err(Error::Internal(_))));
    assert!(matches!(bot.action::<SevDeclare>(click("resolve", "")), Err(Error::Internal(_))));
    bot.action::<SevDeclare>(click("resolve", "").incident("INC-1")).expect("the host knows whose card it is");
}
