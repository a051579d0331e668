//! The pinned card of an incident that lives where it was declared: one pin for each, as long as it is open.

use super::{later, run, with_incident};
use crate::SevDeclare;
use drillbell_sdk::testing::{FakeBot, command};
use drillbell_sdk::{Declared, OnIncident};

const ROOM: &str = "slack:#incidents";

fn declare(bot: &mut FakeBot, title: &str) {
    run(bot, command("sev declare").arg("level", "sev2").arg("title", title).at(ROOM));
}

/// What was pinned and taken off since it was looked at last.
fn pins(bot: &mut FakeBot) -> Vec<String> {
    let said = std::mem::take(&mut bot.said);
    said.iter().map(ToString::to_string).filter(|line| line.contains(" pin ") || line.contains(" unpin ")).collect()
}

#[test]
fn a_card_is_pinned_where_others_live_until_its_incident_is_over() {
    let mut bot = FakeBot::new();
    declare(&mut bot, "checkout is down");
    declare(&mut bot, "search is slow");
    assert_eq!(pins(&mut bot), ["slack:#incidents pin m1", "slack:#incidents pin m2"], "each has its own");
    run(&mut bot, command("sev update").arg("text", "looking").incident("INC-1").at(ROOM));
    assert!(pins(&mut bot).is_empty(), "a card that is edited is pinned already");
    run(&mut bot, command("sev resolve").incident("INC-1").at(ROOM));
    assert_eq!(pins(&mut bot), ["slack:#incidents unpin m1"]);
    later(&mut bot, 1);
    run(&mut bot, command("sev note").arg("text", "what we learnt").incident("INC-1").at(ROOM));
    assert!(pins(&mut bot).is_empty(), "once is enough");
    run(&mut bot, command("sev reopen").arg("id", "INC-1").at(ROOM));
    let card = bot.incidents[0].card.clone().expect("a new one");
    assert_eq!(pins(&mut bot), ["slack:#incidents unpin m1".to_owned(), format!("slack:#incidents pin {card}")]);
    run(&mut bot, command("sev merge").arg("id", "INC-1").arg("into", "INC-2").at(ROOM));
    assert_eq!(pins(&mut bot), [format!("slack:#incidents unpin {card}")], "the one that goes on keeps its pin");
}

#[test]
fn the_card_of_an_incident_that_another_plugin_declared_is_pinned_too() {
    let mut bot = FakeBot::new();
    declare(&mut bot, "checkout is down");
    bot.incidents[0].card = None;
    pins(&mut bot);
    let declared = Declared { incident: "INC-1".into(), by: "alerts".into(), conversation: ROOM.into(), at_ms: 0 };
    SevDeclare::on_incident(&mut bot, declared).expect("it is taken up");
    let card = bot.incidents[0].card.clone().expect("it has one now");
    assert_eq!(pins(&mut bot), [format!("slack:#incidents pin {card}")]);
}

#[test]
fn in_the_place_of_another_incident_only_that_ones_card_is_pinned() {
    let mut bot = FakeBot::new();
    declare(&mut bot, "checkout is down");
    bot.incidents[0].conversation = "slack:#inc-1-checkout-is-down".into();
    pins(&mut bot);
    let second = |bot: &mut FakeBot, at: &str| {
        run(bot, command("sev declare").arg("level", "sev3").arg("title", "and the search").at(at));
    };
    second(&mut bot, "slack:#inc-1-checkout-is-down");
    run(&mut bot, command("sev resolve").incident("INC-2").at(ROOM));
    assert!(pins(&mut bot).is_empty(), "neither pinned nor taken off");
    second(&mut bot, "slack:#inc-9-of-nobody");
    assert_eq!(pins(&mut bot).len(), 1, "a name alone is nobody's place");
}

#[test]
fn without_pins_or_the_right_to_them_everything_else_is_as_it_is() {
    let mut bot = FakeBot::new();
    bot.deny("conversations");
    declare(&mut bot, "checkout is down");
    run(&mut bot, command("sev resolve").at(ROOM));
    assert!(pins(&mut bot).is_empty() && bot.log.is_empty(), "{:?}", bot.log);
    let mut bot = with_incident();
    run(&mut bot, command("sev resolve"));
    assert!(pins(&mut bot).is_empty(), "a channel of the console has none");
}
