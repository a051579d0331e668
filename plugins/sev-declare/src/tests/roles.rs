//! Taking it up, taking roles, handing them over.

use super::{answered, card_of, data, later, refused, run, with_incident};
use crate::SevDeclare;
use drillbell_sdk::Error;
use drillbell_sdk::testing::{FakeBot, click, command};

fn first(bot: &mut FakeBot) -> String {
    let said = bot.said[0].to_string();
    bot.said.clear();
    said
}

#[test]
fn whoever_acknowledges_first_has_it_and_the_card_says_who() {
    let mut bot = with_incident();
    later(&mut bot, 3);
    run(&mut bot, command("sev ack").by("ben", "Ben"));
    insta::assert_snapshot!(bot.changes(), @r"
    reply m2
    Ben has INC-1.
    ~ Acknowledged: nobody else is paged. What now: the card says it.

    edit m1
    - Acknowledge by: 2026-03-01T10:07:00.000Z
    + Acknowledged: by ben after 3 min, in time
    - ~ Left at 10:02 UTC: 5 min to acknowledge, 10 min to decide, 15 min to roll back, 30 min to the next update.
    + ~ Left at 10:05 UTC: 7 min to decide, 12 min to roll back, 27 min to the next update.
    + Last: 10:02 UTC ana declared: sev1: checkout is down
    + 10:05 UTC ben acknowledged: taken up after 3 min
    - ~ Next: press Acknowledge, so that everybody knows that somebody is on it.
    - [Acknowledge] ack INC-1, primary
    - [Claim commander] claim-commander INC-1
    + ~ Next: somebody leads: press Claim commander.
    + [Claim commander] claim-commander INC-1, primary
    ");
    later(&mut bot, 1);
    bot.action::<SevDeclare>(click("acknowledge", "INC-1")).expect("an answer");
    insta::assert_snapshot!(bot.changes(), @r"
    reply m3
    INC-1 is already acknowledged: by ben at 10:05 UTC. Nothing changed.
    ");
    answered(&mut bot, "INC-1", false);
    assert_eq!(bot.entries.iter().filter(|(_, entry)| entry.kind == "acknowledged").count(), 1);
}

#[test]
fn after_a_reopening_it_is_to_be_acknowledged_anew() {
    let mut bot = with_incident();
    run(&mut bot, command("sev ack"));
    run(&mut bot, command("sev resolve"));
    run(&mut bot, command("sev reopen").arg("id", "INC-1"));
    bot.said.clear();
    run(&mut bot, command("sev ack").by("ben", "Ben"));
    assert!(first(&mut bot).contains("Ben has INC-1."));
    let mut bot = with_incident();
    run(&mut bot, command("sev resolve"));
    insta::assert_snapshot!(refused(&mut bot, command("sev ack").incident("INC-1")), @"INC-1 is resolved; reopen it first: /sev reopen INC-1");
}

#[test]
fn a_role_is_claimed_handed_over_and_given_up() {
    let mut bot = with_incident();
    let mut told = Vec::new();
    for (by, name, button) in [("ana", "Ana", true), ("ana", "Ana", false)] {
        if button {
            bot.action::<SevDeclare>(click("claim-commander", "INC-1").by(by, name)).expect("an answer");
        } else {
            run(&mut bot, command("sev role").arg("role", "commander").by(by, name));
        }
        told.push(first(&mut bot));
    }
    let role = || command("sev role").arg("role", "commander");
    run(&mut bot, role().arg("person", "ben").arg("note", "the rollback is at step 3"));
    told.push(first(&mut bot));
    run(&mut bot, role().arg("person", "cleo").by("cleo", "Cleo"));
    told.push(first(&mut bot));
    run(&mut bot, role().flag("release").arg("note", "off to sleep").by("cleo", "Cleo"));
    told.push(first(&mut bot));
    run(&mut bot, role().flag("release"));
    told.push(first(&mut bot));
    insta::assert_snapshot!(told.join("\n\n"), @r"
    reply m2
    Ana is commander of INC-1 now.
    ~ To hand it over: /sev role commander @SOMEBODY --note WHAT THEY SHOULD KNOW

    reply m3
    Ana is already commander of INC-1, since 10:02 UTC. Nothing changed.

    reply m4
    ben is commander of INC-1 now (was ana): the rollback is at step 3
    ~ Handed over by Ana. What now: ben goes on; the card says with what.

    reply m5
    cleo is commander of INC-1 now (was ben).
    ~ Taken over by Cleo. What now: cleo goes on; the card says with what.

    reply m6
    Nobody is commander of INC-1 now: off to sleep
    ~ Given up by Cleo. Who takes it? /sev role commander

    reply m7
    Nobody is commander of INC-1. Nothing changed.
    ");
    let lines: Vec<_> = bot.entries.iter().filter(|(_, entry)| entry.kind == "role").map(|(_, e)| &*e.text).collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    commander: ana
    commander: ana → ben: the rollback is at step 3
    commander: ben → cleo
    commander: cleo → nobody: off to sleep
    ");
}

#[test]
fn a_role_that_somebody_has_is_not_taken_by_a_claim() {
    let mut bot = with_incident();
    run(&mut bot, command("sev role").arg("role", "commander"));
    bot.said.clear();
    let late = bot.action::<SevDeclare>(click("claim-commander", "INC-1").by("ben", "Ben"));
    assert!(matches!(&late, Err(Error::User(_))), "{late:?}");
    insta::assert_snapshot!(late.expect_err("refused"), @"ana is commander of INC-1, since 2026-03-01 10:02 UTC. To take over, name yourself: /sev role commander @YOU --note WHY");
    assert_eq!(bot.facts[&"INC-1".into()].roles.len(), 1);
    assert!(bot.said.is_empty());
}

#[test]
fn what_is_no_role_or_makes_no_sense_is_refused_in_a_sentence() {
    let mut bot = with_incident();
    let role = |role: &str| command("sev role").arg("role", role);
    insta::assert_snapshot!(refused(&mut bot, role("king")), @"There is no role of that name; choose commander, communications, scribe.");
    insta::assert_snapshot!(refused(&mut bot, role("scribe").arg("person", "ben").flag("release")), @"Either hand it over (/sev role scribe @SOMEBODY) or give it up (--release).");
    bot.settings.insert("roles".into(), serde_json::json!(["liaison", "scribe"]));
    run(&mut bot, role("Liaison"));
    assert!(first(&mut bot).contains("Ana is liaison of INC-1 now."));
}

#[test]
fn tasks_are_added_done_and_listed() {
    let mut bot = with_incident();
    let task = |action: &str, text: &str| command("sev task").arg("action", action).arg("text", text);
    let mut told = Vec::new();
    run(&mut bot, command("sev task").arg("action", "list"));
    told.push(first(&mut bot));
    run(&mut bot, task("add", "restart  the\nworkers").arg("owner", "ben").arg("due", "2026-03-01T10:32:00.000Z"));
    told.push(first(&mut bot));
    run(&mut bot, task("add", "tell support"));
    told.push(first(&mut bot));
    later(&mut bot, 45);
    run(&mut bot, task("list", ""));
    told.push(first(&mut bot));
    run(&mut bot, task("done", "#1").by("ben", "Ben"));
    told.push(first(&mut bot));
    run(&mut bot, task("done", "1"));
    told.push(first(&mut bot));
    insta::assert_snapshot!(told.join("\n\n"), @r"
    reply m2
    INC-1 has no tasks.
    ~ To add one: /sev task add TEXT

    reply m3
    Task 1 restart the workers (ben, due at 10:32 UTC)
    ~ Added to INC-1 by Ana. When it is done: /sev task done 1

    reply m4
    Task 2 tell support
    ~ Added to INC-1 by Ana. When it is done: /sev task done 2

    reply m5
    Tasks of INC-1 · checkout is down (neutral)
    1 restart the workers (ben, overdue by 15 min)
    2 tell support
    ~ When one is done: /sev task done NUMBER

    reply m6
    Task 1 is done: restart the workers
    ~ Done by Ben. One task is open: /sev task list

    reply m7
    Task 1 is already done: by ben at 10:47 UTC. Nothing changed.
    ");
    insta::assert_snapshot!(refused(&mut bot, task("done", "seven")), @"Which task? Its number: /sev task done 2. The list: /sev task list");
    insta::assert_snapshot!(refused(&mut bot, task("done", "7")), @"INC-1 has no task 7; /sev task list shows them.");
    insta::assert_snapshot!(refused(&mut bot, task("add", " ")), @"What is to be done? /sev task add TEXT [--owner @SOMEBODY] [--due +30m]");
    run(&mut bot, task("add", "buy a bigger disk"));
    let card = bot.message(&card_of(&bot, 1)).expect("posted").to_string();
    assert!(card.contains("Open tasks: 2 tell support\n3 buy a bigger disk\n"), "{card}");
    run(&mut bot, task("list", ""));
    assert!(data(&bot).contains("\"due_at\": \"2026-03-01T10:32:00.000Z\""));
}

#[test]
fn a_card_shows_the_first_open_tasks_and_counts_the_rest() {
    let mut bot = with_incident();
    for number in 1..=8 {
        run(&mut bot, command("sev task").arg("action", "add").arg("text", &format!("thing {number}")));
    }
    let card = bot.message(&card_of(&bot, 1)).expect("posted").to_string();
    assert!(card.contains("5 thing 5\nand 3 more: /sev task list"), "{card}");
}

#[test]
fn a_role_that_somebody_has_is_not_handed_to_them_once_more() {
    let mut bot = with_incident();
    let to_ben = || command("sev role").arg("role", "scribe").arg("person", "ben");
    run(&mut bot, to_ben());
    bot.said.clear();
    run(&mut bot, to_ben());
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m3
    ben is already scribe of INC-1, since 10:02 UTC. Nothing changed.
    ");
}
