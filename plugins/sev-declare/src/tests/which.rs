//! Which incident is meant, and what to type where nobody can know.

use super::{declare, refused, run, with_incident};
use drillbell_sdk::testing::{FakeBot, command};

#[test]
fn with_none_open_the_question_says_what_to_type() {
    let mut bot = FakeBot::new();
    insta::assert_snapshot!(refused(&mut bot, command("sev update").arg("text", "x")), @"No incident is open. To open one, type /sev declare LEVEL TITLE; to name an earlier one, add --incident INC-1.");
    insta::assert_snapshot!(refused(&mut bot, command("sev resolve")), @"No incident is open. To open one, type /sev declare LEVEL TITLE; to name an earlier one, add --incident INC-1.");
    insta::assert_snapshot!(refused(&mut bot, command("sev show")), @"No incident is open. To see an earlier one, type /sev show INC-1; /sev list --all names them.");
    insta::assert_snapshot!(refused(&mut bot, command("sev timeline")), @"No incident is open. To see an earlier one, type /sev timeline INC-1; /sev list --all names them.");
    insta::assert_snapshot!(refused(&mut bot, command("sev reopen")), @"No incident was resolved lately, so there is none to reopen. /sev list --all shows them all.");
}

#[test]
fn with_several_open_the_question_names_them() {
    let mut bot = with_incident();
    declare(&mut bot, "sev2", "search is slow");
    insta::assert_snapshot!(refused(&mut bot, command("sev resolve")), @"Which incident? Open now: INC-2 (search is slow), INC-1 (checkout is down). Add, for example, --incident INC-2.");
    insta::assert_snapshot!(refused(&mut bot, command("sev show")), @"Which incident? Open now: INC-2 (search is slow), INC-1 (checkout is down). Type, for example, /sev show INC-2.");
}

#[test]
fn reopen_names_the_one_resolved_last() {
    let mut bot = with_incident();
    run(&mut bot, command("sev resolve"));
    insta::assert_snapshot!(refused(&mut bot, command("sev reopen")), @"Which incident? The last one resolved was INC-1 (checkout is down). To reopen it, type /sev reopen INC-1.");
}

#[test]
fn an_unknown_incident_is_said_to_be_unknown() {
    let mut bot = with_incident();
    insta::assert_snapshot!(refused(&mut bot, command("sev show").arg("id", "INC-99")), @"There is no INC-99.");
    insta::assert_snapshot!(refused(&mut bot, command("sev resolve").incident("INC-99")), @"There is no INC-99.");
}

#[test]
fn a_named_incident_goes_before_the_one_the_host_found() {
    let mut bot = with_incident();
    declare(&mut bot, "sev2", "search is slow");
    run(&mut bot, command("sev show").arg("id", "INC-2").incident("INC-1"));
    assert!(bot.transcript().contains("INC-2 · sev2 · search is slow"));
}
