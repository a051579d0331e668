//! What a game day does not do: what cannot be, what two want at once, and whatever is production's.

use super::super::{refused, run};
use super::{begun, book, bot, ends, game, kept, passed};
use crate::RestoreDrill;
use drillbell_sdk::testing::{FakeBot, click};
use drillbell_sdk::{Error, MessageRef};
use serde_json::json;

#[test]
fn what_cannot_be_is_refused_and_says_why() {
    let mut empty = FakeBot::new();
    let mut book_of_none = book();
    book_of_none["gamedays"] = json!({});
    empty.with_runbook(book_of_none, &[]);
    let mut many = bot();
    let mut book_of_two = book();
    book_of_two["gamedays"]["stage"] = json!("the staging shop");
    many.with_runbook(book_of_two, &[]);
    let mut bot = begun();
    let start = || game("start").arg("text", "db-down ticket=A-17");
    let mut told = vec![
        refused(&mut empty, start()),
        refused(&mut many, start()),
        refused(&mut many, start().arg("on", "prod")),
        refused(&mut bot, game("start")),
        refused(&mut bot, game("start").arg("text", "db-down")),
        refused(&mut bot, start().incident("INC-7")),
        refused(&mut bot, game("skip")),
        refused(&mut bot, game("run").arg("step", "2")),
        refused(&mut bot, game("run").arg("game", "G-9")),
        refused(&mut bot, game("run").at("console:#elsewhere")),
    ];
    run(&mut bot, game("run"));
    told.push(refused(&mut bot, game("done")));
    insta::assert_snapshot!(told.join("\n"), @r#"
    There is no place to practise at: the operator configures one as [gamedays.NAME].
    Where? Say it with --on: practice, stage.
    There is no [gamedays.prod]; there is practice, stage.
    Which runbook? `/drill gameday start RUNBOOK --on PLACE`; `/runbook list` names them.
    db-down needs
    - ticket: the provider's ticket
    Say `/drill gameday start db-down ticket=…`.
    INC-7 is open, and nobody practises beside it: what is done here would stand on its timeline. A game day that goes on rests, or is ended with `/drill gameday end`.
    Say why: it stands in the report.
    G-1 is at step 1, "It answers", not at 2: nothing was done.
    There is no game day `G-9`. `/drill gameday list` names those there are.
    No game day runs here. Begin one with `/drill gameday start RUNBOOK --on PLACE`, or name one with --game.
    "It answers" goes on: wait for its end, or end the game day.
    "#);
}

#[test]
fn of_two_on_one_button_one_is_told_so_and_the_step_is_done_once() {
    let mut bot = begun();
    let card: MessageRef = serde_json::from_value(kept(&bot, 1)["card"].clone()).expect("a card");
    bot.action::<RestoreDrill>(click("game-run", "G-1 1").card(&card)).expect("the first is heard");
    let second = bot.action::<RestoreDrill>(click("game-run", "G-1 1").card(&card).by("bo", "Bo"));
    assert!(matches!(&second, Err(Error::User(why)) if why.contains("Somebody was quicker")), "{second:?}");
    assert_eq!(bot.jobs.len(), 1);
    // What ends after the game day has ended changes nothing.
    run(&mut bot, game("end").arg("text", "lunch"));
    let before = kept(&bot, 1);
    assert_eq!((&before["steps"][0]["state"], &before["early"]), (&json!("unknown"), &json!("lunch (Ana)")));
    bot.jobs[0].1.state = "running".to_owned();
    ends(&mut bot, "done", &passed());
    assert_eq!(kept(&bot, 1), before);
}

#[test]
fn without_its_only_grant_nothing_is_done_in_another_way() {
    let mut bot = begun();
    bot.deny("jobs:exercise");
    run(&mut bot, game("run"));
    assert_eq!(kept(&bot, 1)["steps"][0]["state"], "unknown");
    assert!(bot.jobs.is_empty());
}

/// What a game day could do harm with is not even asked for: the operator cannot grant it.
#[test]
fn nothing_of_production_can_be_granted_to_it() {
    let manifest = include_str!("../../../plugin.toml");
    let asked: Vec<&str> = manifest.lines().filter_map(|line| line.strip_prefix("grant = ")).collect();
    for never in [
        "steps",
        "http",
        "command",
        "sql",
        "secret",
        "promql",
        "page",
        "escalation",
        "status",
        "incidents",
        "\"jobs:backup",
        "\"jobs:restore",
        "\"jobs:rollback",
        "\"jobs:*",
    ] {
        assert!(!asked.iter().any(|grant| grant.contains(never)), "{never}: {asked:?}");
    }
}
