//! One acknowledgement is for all of it: whatever is paged before or after, and however the severity goes.

use super::{climb, declared, pages, run, with_ladders};
use crate::SevDeclare;
use drillbell_sdk::testing::{FakeBot, click, command};
use drillbell_sdk::{Action, Args, Conversation, Error};

/// Somebody replies, in words, where that is.
fn reply(bot: &mut FakeBot, who: &str, conversation: &str) -> Result<(), Error> {
    let mut action: Action = click("ack", "INC-1").by(who, who).into();
    action.fields = [("said", "ack, looking")].into_iter().collect::<Args>();
    action.conversation = Conversation::from(conversation);
    if conversation == "slack:#oncall" {
        // A page, which is no card.
        action.card = "a page".into();
    }
    bot.action::<SevDeclare>(action)
}

#[test]
fn a_ladder_that_begins_after_somebody_took_it_up_pages_nobody() {
    let mut bot = declared(with_ladders(), "sev4");
    run(&mut bot, command("sev ack").by("ben", "Ben"));
    run(&mut bot, command("sev level").arg("level", "sev1"));
    assert_eq!(pages(&mut bot), [""; 0]);
    assert!(bot.timers.keys().all(|name| !name.starts_with("escalation")), "{:?}", bot.timers);
}

#[test]
fn somebody_paged_by_hand_afterwards_is_told_once_that_it_is_looked_after() {
    let mut bot = declared(with_ladders(), "sev1");
    run(&mut bot, command("sev ack"));
    assert_eq!(pages(&mut bot), ["Trigger ana", "Acknowledge ana"]);
    run(&mut bot, command("sev page").arg("who", "ben"));
    assert_eq!(pages(&mut bot), ["Trigger ben"]);
    bot.action::<SevDeclare>(click("ack", "INC-1").by("ben", "Ben")).expect("a click");
    assert_eq!(pages(&mut bot), ["Acknowledge ben"], "Ana knows already");
    bot.action::<SevDeclare>(click("ack", "INC-1").by("ben", "Ben")).expect("a click");
    assert_eq!(pages(&mut bot), [""; 0]);
    run(&mut bot, command("sev page").arg("who", "ana"));
    run(&mut bot, command("sev ack"));
    assert_eq!(pages(&mut bot), ["Trigger ana", "Acknowledge ana"], "who is paged again is told again");
    run(&mut bot, command("sev resolve"));
    assert_eq!(pages(&mut bot), ["Resolve ana", "Resolve ben"]);
}

#[test]
fn the_button_of_cards_posted_before_still_acknowledges() {
    let mut bot = declared(with_ladders(), "sev1");
    pages(&mut bot);
    bot.action::<SevDeclare>(click("acknowledge", "INC-1").by("ben", "Ben")).expect("a click");
    assert_eq!(pages(&mut bot), ["Acknowledge ana"]);
}

#[test]
fn what_changes_nothing_pages_nobody() {
    let mut bot = declared(with_ladders(), "sev1");
    pages(&mut bot);
    // Ana was replaced meanwhile: a change would page whoever is on the first level now.
    bot.ladders.get_mut("default").expect("configured").1[0] = vec![drillbell_sdk::Contact::new("zoe", "Zoe")];
    run(&mut bot, command("sev level").arg("level", "sev1"));
    run(&mut bot, command("sev reopen").incident("INC-1"));
    let said = bot.transcript();
    assert!(!said.contains("page "), "{said}");
    assert_eq!(said.matches("Nothing changed.").count(), 2, "{said}");
}

#[test]
fn a_ladder_that_is_climbed_again_after_it_was_left_pages_again() {
    let mut bot = declared(with_ladders(), "sev1");
    assert_eq!(pages(&mut bot), ["Trigger ana"]);
    run(&mut bot, command("sev level").arg("level", "sev4"));
    assert_eq!(pages(&mut bot), [""; 0]);
    run(&mut bot, command("sev level").arg("level", "sev1"));
    assert_eq!(pages(&mut bot), ["Trigger ana"]);
    climb(&mut bot, 10);
    assert_eq!(pages(&mut bot), ["Trigger ben"]);
    run(&mut bot, command("sev resolve"));
    assert_eq!(pages(&mut bot), ["Resolve ana", "Resolve ben"]);
}

#[test]
fn a_reply_counts_from_those_who_were_asked_and_tells_others_why_not() {
    let mut bot = declared(with_ladders(), "sev1");
    pages(&mut bot);
    let Err(Error::User(why)) = reply(&mut bot, "carla", "console:#incidents") else { panic!("nobody asked her") };
    insta::assert_snapshot!(why, @"Nothing changed: INC-1 asked ana, and a reply counts from them alone. To take it up all the same press Acknowledge or type /sev ack INC-1.");
    assert_eq!(pages(&mut bot), [""; 0], "and it goes on");
    let elsewhere = reply(&mut bot, "carla", "discord:#incidents");
    assert!(matches!(elsewhere, Err(Error::User(_))), "a copy of the card asks her no more than the card does");
    reply(&mut bot, "ana", "console:#incidents").expect("she was paged");
    let said = bot.transcript();
    assert!(said.contains("ana has INC-1.") && said.contains("page ana acknowledge INC-1"), "{said}");
    // Now it is so, and whoever comes late is told who was first.
    reply(&mut bot, "carla", "console:#incidents").expect("an answer");
    assert!(bot.transcript().contains("INC-1 is already acknowledged: by ana"));
}

#[test]
fn a_reply_where_a_page_went_counts_from_whoever_reads_it_and_so_does_any_if_nobody_was_asked() {
    let mut bot = declared(with_ladders(), "sev1");
    reply(&mut bot, "zoe", "slack:#oncall").expect("the page was there");
    assert!(bot.transcript().contains("zoe has INC-1."));
    for without in ["kv", "escalation"] {
        let mut bot = with_ladders();
        bot.deny(without);
        let mut bot = declared(bot, "sev1");
        bot.transcript();
        reply(&mut bot, "zoe", "console:#incidents").expect("nobody in particular was asked");
        assert!(bot.transcript().contains("zoe has INC-1."), "without {without}");
    }
}

#[test]
fn who_takes_it_up_elsewhere_is_named_where_the_incident_lives_and_once_where_it_is_the_same() {
    let mut bot = declared(with_ladders(), "sev1");
    let said = |bot: &mut drillbell_sdk::testing::FakeBot| bot.transcript().matches("Ben has INC-1.").count();
    run(&mut bot, command("sev ack").by("ben", "Ben").at("slack:@ben"));
    assert_eq!(said(&mut bot), 2, "Ben reads it, and everybody who works on it");
    let mut bot = declared(with_ladders(), "sev1");
    run(&mut bot, command("sev ack").by("ben", "Ben"));
    assert_eq!(said(&mut bot), 1);
}
