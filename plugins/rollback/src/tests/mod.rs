//! Every message of the plugin, as people read it, and what it asks of the host.

mod alarms;
mod checks;
mod hostile;
mod notices;
mod plans;
mod pure;
mod rest;
mod runs;
mod verifying;
mod watching;

use crate::Rollback;
use crate::memory::Case;
use drillbell_sdk::testing::{ActionBuilder, CommandBuilder, FakeBot, Said, command, person};
use drillbell_sdk::{ApprovalId, Bot, Deploy, Error, MessageRef, Migration, OnDeploy};
use serde_json::{Value, json};
use std::time::Duration;

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;
const DAY_MS: u64 = 24 * HOUR_MS;

/// A shop that can be rolled back by a release, a commit, its migrations or a copy.
fn shop() -> Value {
    let strategy = |name: &str, kind: &str, risk: &str, takes_ms: u64| {
        json!({ "name": name, "kind": kind, "risk": risk, "takes_ms": takes_ms, "code": "", "target": "",
                "stages": [format!("check: look whether {name} can be done"), "switch: point `current` at it", "restart: by restart-shop"] })
    };
    let mut schema = strategy("schema", "migration", "medium", 30 * MINUTE_MS);
    schema["code"] = json!("release");
    let mut full = strategy("full", "restore", "high", HOUR_MS);
    (full["code"], full["target"]) = (json!("release"), json!("shop-db"));
    json!({
        "name": "shop", "health": true, "restart": true, "maintenance": true, "read_only": false,
        "vendors": ["provider"], "targets": ["shop-db"],
        "criteria": [
            { "name": "errors", "probe": "shop-errors", "bound": "> 5 %", "unit": "percent", "window_ms": 300_000 },
            { "name": "p95", "probe": "shop-p95", "bound": "> 2 s", "unit": "seconds", "window_ms": 300_000 },
        ],
        "verify": [{ "name": "errors", "probe": "shop-errors", "bound": "< 1 %", "unit": "percent", "window_ms": 300_000 }],
        "rollback": {
            "asks": ["A critical feature is fully broken", "Data were lost"], "against": ["Only one tenant is affected"],
            "checklist": ["Log in and out", "Order something"], "smoke": 1, "watch_ms": 15 * MINUTE_MS, "deploy_windows": [],
            "strategies": [strategy("release", "release", "low", 5 * MINUTE_MS), strategy("git", "git", "low", 10 * MINUTE_MS), schema, full],
        },
    })
}

/// A bot whose shop went from v1 to v2 ten minutes ago, without a migration.
fn bot() -> FakeBot {
    let mut bot = FakeBot::new();
    bot.with_service(shop());
    bot.with_target("shop-db", "postgres", None, &json!({})).service = "shop".to_owned();
    let now = bot.now_ms;
    let copy = bot.with_copy("shop-db", "0badcafe", now - 50 * MINUTE_MS);
    (copy.verdict, copy.proven_ms) = ("proven".to_owned(), Some(now - 2 * DAY_MS));
    let v1 = bot.with_deploy("shop", "v1", now - 3 * DAY_MS);
    v1.commit = "a1a1a1a1a1".to_owned();
    v1.migrations = vec![migration("0041_add_tax", "safe")];
    v1.schema = "expand".to_owned();
    bot.with_deploy("shop", "v2", now - 10 * MINUTE_MS).commit = "b2b2b2b2b2".to_owned();
    bot.channels.insert("deployments".to_owned(), "console:#deployments".into());
    bot
}

fn migration(name: &str, risk: &str) -> Migration {
    let findings = if risk == "risky" { vec!["line 1 drops the column email of users".to_owned()] } else { Vec::new() };
    Migration { name: name.to_owned(), risk: risk.to_owned(), findings }
}

/// The same, but v2 brought a contract migration.
fn contracted() -> FakeBot {
    let mut bot = bot();
    let v2 = &mut bot.deploys[0];
    (v2.schema, v2.migrations) = ("contract".to_owned(), vec![migration("0042_drop_email", "risky")]);
    bot
}

/// A subcommand about the shop.
fn on(subcommand: &str) -> CommandBuilder {
    command(&format!("rollback {subcommand}")).arg("service", "shop")
}

fn run(bot: &mut FakeBot, command: CommandBuilder) {
    bot.command::<Rollback>(command).expect("the command succeeds");
    are_told_apart(bot);
}

fn refused(bot: &mut FakeBot, command: CommandBuilder) -> String {
    match bot.command::<Rollback>(command) {
        Err(Error::User(text)) => text,
        other => panic!("it is the user's mistake, not {other:?}"),
    }
}

fn clicks(click: ActionBuilder, bot: &mut FakeBot) {
    bot.action::<Rollback>(click).expect("the click counts");
    are_told_apart(bot);
}

fn click_refused(click: ActionBuilder, bot: &mut FakeBot) -> String {
    match bot.action::<Rollback>(click) {
        Err(Error::User(text)) => text,
        other => panic!("it is the user's mistake, not {other:?}"),
    }
}

/// The host tells a card's buttons apart by their names.
fn are_told_apart(bot: &FakeBot) {
    for view in bot.said.iter().filter_map(Said::view) {
        let mut names: Vec<_> = view
            .blocks
            .iter()
            .filter_map(|block| match block {
                drillbell_sdk::Block::Button(button) => Some(button.action.as_str()),
                _ => None,
            })
            .collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all, "{view}");
    }
}

/// The job of a kind that is under way ends.
fn ends(bot: &mut FakeBot, kind: &str, status: &str, detail: &Value) {
    let open = bot.jobs.iter().find(|(job, info)| job.kind == kind && !info.has_ended());
    let id = open.unwrap_or_else(|| panic!("no job of the kind {kind} is open")).1.id.clone();
    bot.end_job::<Rollback>(&id, status, &detail.to_string()).expect("it is handled");
    are_told_apart(bot);
}

/// What an `assess` job says: name, status and what is shown of each.
fn assessed(status: &str, results: &[(&str, &str, &str)]) -> Value {
    let of = |(name, status, shown): &(&str, &str, &str)| {
        let (bound, detail) = match *name {
            "errors" => ("> 5 %", if *status == "unknown" { "no samples" } else { "" }),
            "p95" => ("> 2 s", ""),
            _ => ("", ""),
        };
        json!({ "name": name, "status": status, "value": null, "shown": shown, "bound": bound, "window_ms": 300_000,
                "unit": "percent", "source": format!("probe shop-{name} (promql)"), "at": "2026-03-01T10:02:00Z", "detail": detail })
    };
    json!({ "status": status, "sentence": "", "results": results.iter().map(of).collect::<Vec<_>>() })
}

/// What a rollback says that was done.
fn done() -> Value {
    json!({
        "service": "shop", "strategy": "release", "from": "v2", "to": "v1", "status": "pass",
        "sentence": "shop runs v1.", "summary": "",
        "stages": [
            { "name": "check", "status": "pass", "sentence": "releases/v1 is there", "took_ms": 12 },
            { "name": "switch", "status": "pass", "sentence": "current points at v1", "took_ms": 3 },
            { "name": "restart", "status": "pass", "sentence": "exited with 0", "took_ms": 4_200 },
        ],
        "safety": [], "writers": "running", "maintenance": false, "minutes_lost": null, "seconds": 4.3,
    })
}

fn verified(status: &str) -> Value {
    let mut said = assessed(status, &[("errors", status, if status == "pass" { "0.2 %" } else { "7.5 %" })]);
    said["results"].as_array_mut().expect("a list").push(json!({
        "name": "health", "status": "pass", "shown": "200", "source": "GET /readyz", "at": "2026-03-01T10:02:00Z"
    }));
    said["sentence"] = json!(if status == "pass" { "All of 2 hold." } else { "1 of 2 does not hold." });
    said
}

/// The shop is rolled back, which is done; whether it helped is looked at next.
fn rolled_back(bot: &mut FakeBot) {
    run(bot, on("run"));
    ends(bot, "rollback", "done", &done());
}

/// Rolls back by a strategy, which is done, and lets its verification come to something: the window passes first.
fn attempt(bot: &mut FakeBot, strategy: &str, verdict: &str) {
    run(bot, on("run").arg("strategy", strategy));
    ends(bot, "rollback", "done", &done());
    verification(bot, verdict);
}

fn verification(bot: &mut FakeBot, verdict: &str) {
    ends(bot, "assess", "done", &verified(verdict));
    while bot.timers.contains_key("verify/shop") {
        bot.when_due::<Rollback>("verify/shop").expect("it is handled");
        ends(bot, "assess", "done", &verified(verdict));
    }
}

fn approve(bot: &mut FakeBot, by: &[(&str, &str)]) {
    let open = bot.approvals.iter().find(|asked| asked.status == "open").expect("an approval is open").id.clone();
    decide(bot, &open, "approved", by);
}

fn decide(bot: &mut FakeBot, id: &ApprovalId, status: &str, by: &[(&str, &str)]) {
    let by = by.iter().map(|(id, name)| person(id, name)).collect();
    bot.decide::<Rollback>(id, status, by).expect("it is heard");
}

fn later(bot: &mut FakeBot, minutes: u64) {
    bot.advance(Duration::from_secs(minutes * 60));
}

fn case(bot: &FakeBot) -> Case {
    serde_json::from_str(&bot.kv["case/shop"]).expect("the attempts are kept")
}

fn evidence(bot: &FakeBot, number: u64) -> Value {
    serde_json::from_str(&bot.kv[&format!("evidence/shop/{number:08}")]).expect("it is kept")
}

/// The message that has a button of this kind, and what the button says back.
fn button(bot: &FakeBot, action: &str, label: &str) -> (MessageRef, String, String) {
    let mut messages: Vec<_> = bot.said.iter().filter_map(Said::message).cloned().collect();
    messages.reverse();
    for message in messages {
        for block in &bot.message(&message).expect("it was said").blocks {
            if let drillbell_sdk::Block::Button(button) = block
                && button.action.split('-').next() == Some(action)
                && button.label.starts_with(label)
            {
                return (message, button.action.clone(), button.value.clone());
            }
        }
    }
    panic!("no message has a button `{action}` that says {label}");
}

/// A button as Ana clicks it.
fn press(bot: &FakeBot, action: &str, label: &str) -> ActionBuilder {
    let (message, action, value) = button(bot, action, label);
    drillbell_sdk::testing::click(&action, &value).card(&message)
}

fn deployed(bot: &mut FakeBot, version: &str) {
    let at_ms = bot.now_ms;
    let recorded = bot.with_deploy("shop", version, at_ms).clone();
    hears(bot, &recorded.version, &recorded.previous, at_ms);
}

fn hears(bot: &mut FakeBot, version: &str, previous: &str, at_ms: u64) {
    let deploy = Deploy {
        service: "shop".to_owned(),
        version: version.to_owned(),
        previous: previous.to_owned(),
        commit: "c3c3c3".to_owned(),
        schema: "none".to_owned(),
        migrations: Vec::new(),
        by: "ci".to_owned(),
        at_ms,
    };
    bot.run(|bot| Rollback::on_deploy(bot, deploy)).expect("it is heard");
}
