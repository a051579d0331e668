//! `[severities.NAME] status_page`: whose updates go onto the public page by themselves, when somebody asks, or never.

use super::{card_of, declare, fire, later, run, with_page};
use crate::SevDeclare;
use drillbell_sdk::testing::{FakeBot, click, command};
use drillbell_sdk::{Args, Declared, OnIncident, PublicRule, Status};

/// A bot with a page, where incidents of sev1 go onto it by themselves and those of sev4 never.
fn proposing() -> FakeBot {
    let mut bot = with_page(FakeBot::new());
    bot.public_rules.insert("sev1".into(), PublicRule::Propose);
    bot.public_rules.insert("sev4".into(), PublicRule::Never);
    bot
}

fn texts(bot: &FakeBot) -> Vec<&str> {
    bot.public_updates.iter().map(|update| update.text.as_str()).collect()
}

#[test]
fn the_first_words_are_proposed_with_the_declaration_and_give_nothing_away() {
    let mut bot = proposing();
    declare(&mut bot, "sev1", "checkout is down");
    let [first] = bot.public_updates.as_slice() else { panic!("{:?}", bot.public_updates) };
    assert_eq!((first.text.as_str(), first.status), ("We are looking into a problem.", Status::Investigating));
    declare(&mut bot, "sev2", "search is slow");
    declare(&mut bot, "sev4", "a typo");
    assert_eq!(bot.public_updates.len(), 1, "of the others nobody asked for it");
}

#[test]
fn the_answer_of_a_prompt_feeds_card_channel_and_page_at_once() {
    let mut bot = proposing();
    bot.digest = Some("console:#all-incidents".into());
    declare(&mut bot, "sev1", "checkout is down");
    let card = card_of(&bot, 1);
    let form = "[Update] update INC-1 opens (Update INC-1: text!, status, public)";
    assert!(bot.message(&card).expect("posted").to_string().contains(form), "the card's own form asks as well");
    later(&mut bot, 30);
    bot.said.clear();
    fire(&mut bot, "update INC-1");
    let question = bot.said[0].message().expect("the question").clone();
    bot.said.clear();
    let mut answer: drillbell_sdk::Action = click("update", "INC-1").by("bo", "Bo").card(&question).into();
    let fields = [("text", "A disk is full; we replace it."), ("status", "identified"), ("public", "propose")];
    answer.fields = fields.into_iter().collect::<Args>();
    bot.action::<SevDeclare>(answer).expect("an answer");
    assert_eq!(texts(&bot), ["We are looking into a problem.", "A disk is full; we replace it."]);
    assert_eq!(bot.public_updates[1].status, Status::Identified);
    let told = bot.transcript();
    assert!(told.contains("to console:#all-incidents"), "the channel of incidents: {told}");
    assert!(told.contains("Not public yet: A-P0000002 waits for somebody else's approval."), "{told}");
    assert!(bot.message(&card).expect("posted").to_string().contains("A disk is full; we replace it."));
}

#[test]
fn a_typed_update_is_proposed_unless_it_is_only_for_us() {
    let mut bot = proposing();
    declare(&mut bot, "sev1", "checkout is down");
    run(&mut bot, command("sev update").arg("text", "A disk is full."));
    run(&mut bot, command("sev update").arg("text", "db-7 of customer X").flag("internal"));
    assert_eq!(texts(&bot), ["We are looking into a problem.", "A disk is full."]);
    let both = command("sev update").arg("text", "x").flag("internal").arg("public", "true");
    assert_eq!(super::refused(&mut bot, both), "Either --public or --internal.");
}

#[test]
fn an_answer_to_a_form_that_did_not_ask_is_only_for_here() {
    let mut bot = proposing();
    declare(&mut bot, "sev1", "checkout is down");
    let mut action: drillbell_sdk::Action = click("update", "INC-1").card(&card_of(&bot, 1)).into();
    action.fields = [("text", "A disk is full."), ("status", "same")].into_iter().collect::<Args>();
    bot.action::<SevDeclare>(action).expect("an answer");
    assert_eq!(texts(&bot), ["We are looking into a problem."]);
    assert_eq!(bot.incidents[0].latest, "A disk is full.");
}

#[test]
fn what_cannot_be_proposed_is_said_all_the_same() {
    let mut bot = proposing();
    bot.deny("status");
    declare(&mut bot, "sev1", "checkout is down");
    run(&mut bot, command("sev update").arg("text", "A disk is full."));
    assert!(bot.public_updates.is_empty());
    assert_eq!(bot.incidents[0].latest, "A disk is full.");
    assert!(bot.transcript().contains("Not proposed for the public page: "), "{}", bot.transcript());
}

#[test]
fn an_update_of_who_may_not_propose_is_kept_and_says_why_the_public_does_not_read_it() {
    let mut bot = proposing();
    declare(&mut bot, "sev1", "checkout is down");
    bot.public_refusal = Some("Words for the public page are for the role commander.".to_owned());
    let mut action: drillbell_sdk::Action = click("update", "INC-1").by("bo", "Bo").card(&card_of(&bot, 1)).into();
    let fields = [("text", "A disk is full."), ("status", "identified"), ("public", "propose")];
    action.fields = fields.into_iter().collect::<Args>();
    bot.action::<SevDeclare>(action).expect("the update is taken");
    assert_eq!((bot.incidents[0].latest.as_str(), bot.incidents[0].status), ("A disk is full.", Status::Identified));
    assert_eq!(texts(&bot), ["We are looking into a problem."]);
    let told = bot.transcript();
    assert!(told.contains("Not proposed for the public page: Words for the public page are for the role"), "{told}");
    let asked = super::refused(&mut bot, command("sev update").arg("text", "x").arg("public", "true"));
    assert_eq!(asked, "Words for the public page are for the role commander.", "whoever asks for it is refused");
    bot.public.insert("INC-1".into(), Status::Identified);
    run(&mut bot, command("sev resolve"));
    assert_eq!(bot.incidents[0].status, Status::Resolved);
    let told = bot.transcript();
    assert!(told.contains("The public page still shows it open: Words for the public page are for the role"), "{told}");
}

#[test]
fn what_another_plugin_declares_gets_its_first_words_or_goes_on_without() {
    for refusal in [None, Some("Nobody may.".to_owned())] {
        let mut bot = proposing();
        bot.public_refusal = refusal.clone();
        declare(&mut bot, "sev1", "checkout is down");
        (bot.incidents[0].card, bot.public_updates) = (None, Vec::new());
        let here = bot.incidents[0].conversation.clone();
        let declared = Declared { incident: "INC-1".into(), by: "alerts".into(), conversation: here, at_ms: 0 };
        bot.run(|bot| SevDeclare::on_incident(bot, declared)).expect("it is taken up");
        assert!(bot.incidents[0].card.is_some());
        let words: &[&str] = if refusal.is_none() { &["We are looking into a problem."] } else { &[] };
        assert_eq!(texts(&bot), words);
        let said = bot.log.iter().any(|(_, line)| line.contains("is not proposed for the public page: Nobody may."));
        assert_eq!(said, refusal.is_some(), "{:?}", bot.log);
    }
}

#[test]
fn a_severity_that_never_goes_there_asks_nobody_and_refuses_whoever_asks() {
    let mut bot = proposing();
    declare(&mut bot, "sev4", "a typo");
    let card = bot.message(&card_of(&bot, 1)).expect("posted").to_string();
    assert!(!card.contains("public"), "{card}");
    let refused = super::refused(&mut bot, command("sev update").arg("text", "x").arg("public", "true"));
    assert!(refused.contains("do not go onto the public page"), "{refused}");
}
