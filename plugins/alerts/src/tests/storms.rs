//! Too many at once.

use super::{Alerts, alert, ends, fires, hear, later, with};
use drillbell_sdk::testing::{FakeBot, Said, command};

/// How many messages were posted since the last look, and how many edited.
fn said(bot: &mut FakeBot) -> (usize, usize) {
    let said = std::mem::take(&mut bot.said);
    let posts = said.iter().filter(|said| matches!(said, Said::Post { .. })).count();
    let edits = said.iter().filter(|said| matches!(said, Said::Edit { .. })).count();
    (posts, edits)
}

fn name(n: usize) -> String {
    format!("group{n:03}")
}

#[test]
fn a_hundred_groups_are_eight_cards_and_one_summary_whose_counts_are_right() {
    let mut bot = FakeBot::new();
    for round in 0..20 {
        for n in 0..100 {
            fires(&mut bot, &name(n), &format!("web-{n}"));
        }
        if round == 0 {
            assert_eq!(said(&mut bot), (9, 0));
        }
    }
    assert_eq!(said(&mut bot), (0, 0), "counts wait");
    bot.fire_timer::<Alerts>("storm/console:#ops").expect("it is handled");
    insta::assert_snapshot!(bot.transcript(), @r"
    edit m9
    Alert storm: 92 groups (critical)
    Groups: 92 firing of 92
    Alerts: 1840
    Since: 2026-03-01T10:02:00.000Z
    group008 · Error rate above 5% · 20 times
    group009 · Error rate above 5% · 20 times
    group010 · Error rate above 5% · 20 times
    group011 · Error rate above 5% · 20 times
    group012 · Error rate above 5% · 20 times
    group013 · Error rate above 5% · 20 times
    group014 · Error rate above 5% · 20 times
    group015 · Error rate above 5% · 20 times
    group016 · Error rate above 5% · 20 times
    group017 · Error rate above 5% · 20 times
    … and 82 more: /alert list
    ~ More came at once than anybody reads: they are counted here. /alert show ID gives one its own card.
    ");
    for n in 0..100 {
        ends(&mut bot, &name(n), &format!("web-{n}"));
    }
    bot.fire_timer::<Alerts>("storm/console:#ops").expect("it is handled");
    let told = bot.transcript();
    assert!(told.contains("0 firing of 92"), "{told}");
}

#[test]
fn a_storm_is_over_when_nothing_new_came_and_then_there_are_cards_again() {
    let mut bot = FakeBot::new();
    for n in 0..12 {
        fires(&mut bot, &name(n), &format!("web-{n}"));
    }
    said(&mut bot);
    later(&mut bot, 601);
    bot.fire_timer::<Alerts>("storm/console:#ops").expect("it is handled");
    let told = bot.transcript();
    assert!(told.contains("Alert storm, over"), "{told}");
    fires(&mut bot, "newgroup", "web-99");
    assert_eq!(said(&mut bot), (1, 0));
}

#[test]
fn in_a_storm_auto_declare_declares_few_and_the_rest_join() {
    let mut bot = FakeBot::new();
    for n in 0..50 {
        let one = alert(&bot, &name(n), &format!("web-{n}"), "firing");
        hear(&mut bot, with(one, "declare", "true"));
    }
    assert_eq!(bot.incidents.len(), 1, "all are about one service");
}

#[test]
fn a_group_of_a_storm_gets_a_card_of_its_own_when_somebody_asks_for_it() {
    let mut bot = FakeBot::new();
    for n in 0..12 {
        fires(&mut bot, &name(n), &format!("web-{n}"));
    }
    said(&mut bot);
    bot.command::<Alerts>(command("alert show").arg("id", "group011")).expect("the command succeeds");
    said(&mut bot);
    ends(&mut bot, "group011", "web-11");
    assert_eq!(said(&mut bot), (0, 1), "its card is edited");
}
