//! Reminders: updates that are due, nobody leading, clocks that run out; and silence when it is over.

use super::{card_of, declare, fire, later, run, with_incident};
use crate::SevDeclare;
use drillbell_sdk::testing::{FakeBot, Said, click, command};
use drillbell_sdk::{Action, Args, Error, MessageRef, Status};

/// The names of the timers that are set and in how many minutes each is due.
fn timers(bot: &FakeBot) -> String {
    let due = |at_ms: u64| at_ms.saturating_sub(bot.now_ms) / 60_000;
    bot.timers.iter().map(|(name, (at_ms, _))| format!("{name} in {}", due(*at_ms))).collect::<Vec<_>>().join(", ")
}

fn asked(bot: &mut FakeBot) -> MessageRef {
    later(bot, 30);
    bot.said.clear();
    fire(bot, "update INC-1");
    bot.said[0].message().expect("the question").clone()
}

fn submit(card: &MessageRef, text: &str, status: &str) -> Action {
    let mut action: Action = click("update", "INC-1").by("bo", "Bo").card(card).into();
    action.fields = [("text", text), ("status", status)].into_iter().collect::<Args>();
    action
}

#[test]
fn when_an_update_is_due_people_are_asked_for_it() {
    let mut bot = with_incident();
    assert_eq!(timers(&bot), "clock INC-1 in 5, nudge INC-1 in 5, update INC-1 in 30");
    later(&mut bot, 30);
    fire(&mut bot, "update INC-1");
    insta::assert_snapshot!(bot.said[0], @r"
    post m2 to console:#incidents
    INC-1: an update is due (warning)
    Whoever knows, what is so now? People expect to hear of checkout is down since 10:32 UTC.
    [Update] update INC-1, primary opens (Update INC-1: text!, status)
    [Snooze 10 min] snooze INC-1, once
    [Skip this one] skip INC-1, once
    ");
    let card = bot.message(&card_of(&bot, 1)).expect("posted").to_string();
    assert!(card.contains("Next update by: 2026-03-01T10:32:00.000Z"), "{card}");
    assert_eq!(bot.timers["update INC-1"].0, bot.now_ms + 30 * 60_000, "it asks again");
}

#[test]
fn the_answer_feeds_the_card_and_the_incidents_channel_and_settles_the_question() {
    let mut bot = with_incident();
    bot.digest = Some("console:#all-incidents".into());
    let question = asked(&mut bot);
    bot.said.clear();
    bot.action::<SevDeclare>(submit(&question, "rolled back, looks better", "monitoring")).expect("an answer");
    let told: Vec<_> = bot.said.iter().filter(|said| said.message() != bot.incidents[0].card.as_ref()).collect();
    insta::assert_snapshot!(told.iter().map(|said| said.to_string()).collect::<Vec<_>>().join("\n\n"), @r"
    reply m3
    INC-1: rolled back, looks better
    ~ Update by Bo. Now monitoring (was investigating).
    ~ What now: see that it stays well, then press Resolve.
    Next update by: 2026-03-01T11:02:00.000Z

    post m4 to console:#all-incidents
    INC-1 · sev1 · checkout is down (neutral)
    INC-1: rolled back, looks better
    ~ Update by Bo. Now monitoring (was investigating).
    ~ What now: see that it stays well, then press Resolve.
    Next update by: 2026-03-01T11:02:00.000Z

    edit m2
    An update was due.
    ~ Answered by Bo.
    ");
    assert_eq!(bot.incidents[0].latest, "rolled back, looks better");
    let edits =
        bot.said.iter().filter(|said| matches!(said, Said::Edit { message, .. } if *message == card_of(&bot, 1)));
    assert_eq!(edits.count(), 1, "the card is edited once");
    assert_eq!(bot.timers["update INC-1"].0, bot.now_ms + 30 * 60_000);
}

#[test]
fn the_form_on_the_card_is_not_taken_for_a_question() {
    let mut bot = with_incident();
    let card = card_of(&bot, 1);
    bot.action::<SevDeclare>(submit(&card, "it is the gateway", "same")).expect("an answer");
    assert!(bot.message(&card).expect("posted").to_string().contains("it is the gateway"));
}

#[test]
fn an_update_can_be_put_off_or_skipped() {
    let mut bot = with_incident();
    let question = asked(&mut bot);
    bot.said.clear();
    bot.action::<SevDeclare>(click("snooze", "INC-1").card(&question)).expect("an answer");
    insta::assert_snapshot!(bot.said[..2].iter().map(|said| said.to_string()).collect::<Vec<_>>().join("\n\n"), @r"
    edit m2
    An update was due.
    ~ Put off by Ana until 10:42 UTC.

    reply m3
    INC-1: the next update is due at 10:42 UTC.
    ~ Put off by Ana. Until then nobody is asked; whoever knows more says so: /sev update TEXT
    ");
    assert!(timers(&bot).contains("update INC-1 in 10"), "{}", timers(&bot));
    let question = {
        later(&mut bot, 10);
        bot.said.clear();
        fire(&mut bot, "update INC-1");
        bot.said[0].message().expect("the question").clone()
    };
    bot.action::<SevDeclare>(click("skip", "INC-1").card(&question)).expect("an answer");
    assert!(timers(&bot).contains("update INC-1 in 30"), "{}", timers(&bot));
    let lines = bot.entries.iter().filter(|(_, entry)| entry.kind == "update-due").count();
    assert_eq!(lines, 2, "both are on the timeline");
}

#[test]
fn a_question_that_was_answered_meanwhile_is_not_asked() {
    let mut bot = with_incident();
    later(&mut bot, 29);
    run(&mut bot, command("sev update").arg("text", "on it"));
    later(&mut bot, 1);
    bot.said.clear();
    // It was on its way already when the update was given.
    bot.timers.insert(String::from("update INC-1"), (bot.now_ms, String::new()));
    fire(&mut bot, "update INC-1");
    assert_eq!(bot.transcript(), "");
}

#[test]
fn nobody_leading_is_said_once_and_only_while_it_is_so() {
    let mut bot = with_incident();
    later(&mut bot, 5);
    fire(&mut bot, "nudge INC-1");
    insta::assert_snapshot!(bot.changes(), @r"
    post m2 to console:#incidents
    INC-1: nobody leads (warning)
    checkout is down has been open for 5 min and has no commander. Who leads?
    ~ Press Claim commander, or name somebody: /sev role commander @SOMEBODY --incident INC-1
    [Claim commander] claim-commander INC-1, primary
    ");
    run(&mut bot, command("sev note").arg("text", "hm"));
    assert!(!bot.timers.contains_key("nudge INC-1"));
    let mut bot = with_incident();
    run(&mut bot, command("sev role").arg("role", "commander"));
    assert!(!bot.timers.contains_key("nudge INC-1"));
    bot.settings.insert("nudge_minutes".into(), 0.into());
    declare(&mut bot, "sev1", "another");
    assert!(!bot.timers.contains_key("nudge INC-2"), "0 is never");
}

#[test]
fn a_clock_that_runs_out_shows_on_the_card_by_itself() {
    let mut bot = with_incident();
    later(&mut bot, 5);
    bot.now_ms += 1_000;
    fire(&mut bot, "clock INC-1");
    insta::assert_snapshot!(bot.changes(), @r"
    edit m1
    - Acknowledge by: 2026-03-01T10:07:00.000Z
    + Acknowledge by: missed, it was due at 10:07 UTC: nobody has it yet
    - ~ Left at 10:02 UTC: 5 min to acknowledge, 10 min to decide, 15 min to roll back, 30 min to the next update.
    + ~ Left at 10:07 UTC: 4 min to decide, 9 min to roll back, 24 min to the next update.
    + Last: 10:02 UTC ana declared: sev1: checkout is down
    ");
    assert!(timers(&bot).contains("clock INC-1 in 5"), "the next is to decide: {}", timers(&bot));
    later(&mut bot, 4);
    run(&mut bot, command("sev ack"));
    let card = bot.message(&card_of(&bot, 1)).expect("posted").to_string();
    assert!(card.contains("Acknowledged: by ana after 9 min, 4 min late"), "{card}");
}

#[test]
fn after_the_end_nothing_rings() {
    let mut bot = with_incident();
    run(&mut bot, command("sev resolve"));
    assert_eq!(timers(&bot), "");
    bot.said.clear();
    for name in ["update INC-1", "nudge INC-1", "clock INC-1"] {
        // They were on their way already.
        bot.timers.insert(name.to_owned(), (bot.now_ms, String::new()));
        fire(&mut bot, name);
    }
    assert_eq!(bot.transcript(), "");
    run(&mut bot, command("sev reopen").arg("id", "INC-1"));
    assert_eq!(timers(&bot), "clock INC-1 in 5, nudge INC-1 in 5, update INC-1 in 30");
}

#[test]
fn without_the_grants_everything_works_but_the_reminders() {
    let mut bot = FakeBot::new();
    bot.deny("timers");
    declare(&mut bot, "sev1", "checkout is down");
    assert!(bot.timers.is_empty() && bot.log[0].1.starts_with("no reminders"), "{:?}", bot.log);
    let mut bot = with_incident();
    bot.deny("post:console:#incidents");
    later(&mut bot, 30);
    fire(&mut bot, "update INC-1");
    assert!(bot.log[0].1.starts_with("nobody is asked for an update"), "{:?}", bot.log);
}

#[test]
fn a_severity_change_sets_the_rhythm_anew_and_none_stops_it() {
    let mut bot = with_incident();
    run(&mut bot, command("sev level").arg("level", "sev3"));
    assert!(timers(&bot).contains("update INC-1 in 240"), "{}", timers(&bot));
    run(&mut bot, command("sev level").arg("level", "sev4"));
    assert_eq!(timers(&bot), "nudge INC-1 in 5");
}

#[test]
fn a_timer_that_is_not_ours_is_the_operators_trouble() {
    let mut bot = with_incident();
    for name in ["update", "explode INC-1"] {
        bot.timers.insert(name.to_owned(), (bot.now_ms, String::new()));
        assert!(matches!(bot.fire_timer::<SevDeclare>(name), Err(Error::Internal(_))), "{name}");
    }
}

#[test]
fn where_the_public_reads_of_it_the_answer_feeds_the_status_page_as_well() {
    let mut bot = super::with_page(with_incident());
    let question = asked(&mut bot);
    assert!(!bot.message(&question).expect("posted").to_string().contains("public"), "nothing is public yet");
    bot.public.insert(bot.incidents[0].id.clone(), Status::Investigating);
    let question = asked(&mut bot);
    let shown = bot.message(&question).expect("posted").to_string();
    assert!(shown.contains("[Update] update INC-1, primary opens (Update INC-1: text!, status, public)"), "{shown}");
    bot.said.clear();
    let answer = |public: &str| {
        let mut action = submit(&question, "A disk is full; we replace it.", "identified");
        let fields = [("text", "A disk is full; we replace it."), ("status", "identified"), ("public", public)];
        action.fields = fields.into_iter().collect::<Args>();
        action
    };
    bot.action::<SevDeclare>(answer("no")).expect("an answer");
    assert!(bot.public_updates.is_empty(), "only among us");
    bot.action::<SevDeclare>(answer("propose")).expect("an answer");
    let [update] = bot.public_updates.as_slice() else { panic!("{:?}", bot.public_updates) };
    assert_eq!((update.text.as_str(), update.status), ("A disk is full; we replace it.", Status::Identified));
    let said = bot.transcript();
    assert!(said.contains("Not public yet: A-P0000001 waits for somebody else's approval."), "{said}");
}
