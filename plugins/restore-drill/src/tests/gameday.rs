//! Game days: what people read, what becomes of one when two are at it, and that nothing but exercises is ever asked for.

use super::{refused, run};
use crate::RestoreDrill;
use drillbell_sdk::testing::{FakeBot, click, command};
use drillbell_sdk::{Error, HostError, MessageRef};
use serde_json::{Value, json};
use std::time::Duration;

fn book() -> Value {
    json!({
        "name": "db-down", "title": "Database down", "owner": "platform", "review": "2027-03-01", "risk": "dangerous",
        "about": "The application cannot reach its database.", "takes_ms": 600_000, "digest": "d1",
        "inputs": {"ticket": {"about": "the provider's ticket"}},
        "gamedays": {"practice": "the practice shop"},
        "steps": [
            {"name": "It answers", "section": "Symptoms", "text": "Look first.", "kind": "http", "risk": "read-only", "takes_ms": 5_000, "go_on": true,
             "does": {"http": {"url": "https://shop.example/readyz"}, "capture": {"name": "state", "json": "/s"}}},
            {"name": "Start it again", "section": "Mitigation", "kind": "command", "risk": "dangerous", "takes_ms": 120_000,
             "does": {"command": "restart-db", "args": {"name": "{state}"}}, "places": ["state"]},
            {"name": "A copy", "section": "Mitigation", "kind": "backup", "risk": "change", "takes_ms": 60_000,
             "does": {"do": "take", "target": "shop"}},
            {"name": "People know", "section": "Post-incident actions", "kind": "chat", "risk": "read-only", "takes_ms": 60_000,
             "does": {"say": "It is back, see {ticket}.", "channel": "ops"}, "places": ["ticket"]},
        ],
    })
}

fn bot() -> FakeBot {
    let mut bot = FakeBot::new();
    bot.with_runbook(book(), &[]);
    bot.channels.insert("ops".to_owned(), "console:#ops".into());
    bot
}

fn game(what: &str) -> drillbell_sdk::testing::CommandBuilder {
    command("drill gameday").arg("what", what)
}

fn begun() -> FakeBot {
    let mut bot = bot();
    run(&mut bot, game("start").arg("text", "db-down ticket=A-17"));
    bot
}

fn kept(bot: &FakeBot, id: u64) -> Value {
    serde_json::from_str(&bot.kv[&format!("game/{id:08}")]).expect("it is kept")
}

fn ends(bot: &mut FakeBot, status: &str, detail: &Value) {
    let id = bot.jobs.last().expect("a job").1.id.clone();
    bot.end_job::<RestoreDrill>(&id, status, &detail.to_string()).expect("it is handled");
}

fn passed() -> Value {
    json!({"steps": [{"status": "pass", "sentence": "was answered with 200."}], "captured": {"state": "main"}})
}

/// The host does not do the last job: it was production's.
fn withheld(bot: &mut FakeBot) {
    ends(bot, "failed", &json!({"error": "it was withheld: nothing stands in for the copies of `shop`"}));
}

#[test]
fn an_exercise_from_its_start_to_its_report() {
    let mut bot = begun();
    bot.advance(Duration::from_secs(3));
    run(&mut bot, game("run"));
    assert_eq!(bot.jobs[0].0.title, "EXERCISE G-1 db-down: It answers");
    insta::assert_snapshot!(bot.jobs[0].0.spec, @"");
    bot.advance(Duration::from_secs(4));
    ends(&mut bot, "done", &passed());
    run(&mut bot, game("run"));
    assert!(bot.jobs[1].0.spec.contains(r#""name":"main""#), "what was captured is given: {}", bot.jobs[1].0.spec);
    bot.advance(Duration::from_secs(150));
    let failed = json!({"steps": [{"status": "fail", "sentence": "exited with 1"}]});
    ends(&mut bot, "failed", &json!({"error": "step 1", "detail": failed}));
    assert_eq!(kept(&bot, 1)["steps"][1]["state"], "fail");
    run(&mut bot, game("done").arg("text", "started by hand"));
    run(&mut bot, game("run"));
    insta::assert_snapshot!(bot.jobs[2].0.spec, @"");
    withheld(&mut bot);
    assert_eq!(kept(&bot, 1)["steps"][2]["state"], "withheld");
    run(&mut bot, game("run"));
    let told = bot.changes();
    assert!(!told.contains("to console:#ops"), "what is said for others is said to nobody else: {told}");
    assert!(bot.jobs.iter().all(|(job, _)| job.kind == "exercise"), "nothing else is ever asked for");
    insta::assert_snapshot!(told, @"");
}

#[test]
fn the_next_one_is_held_against_those_before_and_all_are_listed() {
    let mut bot = begun();
    for seconds in [1, 30, 2, 1] {
        bot.advance(Duration::from_secs(seconds));
        run(&mut bot, game("done").arg("text", "by hand"));
    }
    run(&mut bot, game("start").arg("text", "db-down ticket=A-18").arg("on", "practice"));
    for _ in 0..4 {
        bot.advance(Duration::from_secs(90));
        run(&mut bot, game("skip").arg("text", "no time"));
    }
    run(&mut bot, game("start").arg("text", "db-down ticket=A-19"));
    run(&mut bot, game("end").arg("text", "lunch"));
    bot.transcript();
    run(&mut bot, game("report").arg("text", "G-2"));
    let data = bot.data.clone().expect("the report has data");
    assert_eq!((&data["exercise"], &data["steps"][1]["took_ms"]), (&json!(true), &json!(90_000)));
    run(&mut bot, game("list"));
    assert_eq!(bot.data.as_ref().map(|data| data["games"].as_array().map(Vec::len)), Some(Some(3)));
    insta::assert_snapshot!(bot.changes(), @"");
}

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
    insta::assert_snapshot!(told.join("\n"), @"");
}

#[test]
fn of_two_on_one_button_one_is_told_so_and_the_step_is_done_once() {
    let mut bot = begun();
    let card: MessageRef = serde_json::from_value(kept(&bot, 1)["card"].clone()).expect("a card");
    bot.action::<RestoreDrill>(click("game-run", "G-1 1").card(&card)).expect("the first is heard");
    let second = bot.action::<RestoreDrill>(click("game-run", "G-1 1").card(&card).by("bo", "Bo"));
    assert!(matches!(&second, Err(Error::User(why)) if why.contains("Somebody was quicker")), "{second:?}");
    assert_eq!(bot.jobs.len(), 1);
    ends(&mut bot, "done", &passed());
    // The same end told once more changes nothing.
    let before = kept(&bot, 1);
    let id = bot.jobs[0].1.id.clone();
    bot.end_job::<RestoreDrill>(&id, "done", &passed().to_string()).expect("it is heard");
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
    let manifest = include_str!("../../plugin.toml");
    let asked: Vec<&str> = manifest.lines().filter_map(|line| line.strip_prefix("grant = ")).collect();
    for never in ["steps", "http", "command", "sql", "secret", "promql", "page", "escalation", "status", "incidents", "\"jobs:backup", "\"jobs:restore", "\"jobs:rollback", "\"jobs:*"] {
        assert!(!asked.iter().any(|grant| grant.contains(never)), "{never}: {asked:?}");
    }
}
